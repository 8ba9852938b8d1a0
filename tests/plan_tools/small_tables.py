"""Four small tables with NULLs, in three distribution designs, with random rows: data for plan tests."""
from __future__ import annotations

import random
from typing import Any

from warehouse.planner.binder.context import BindContext
from warehouse.planner.binder.entry import bind_query
from warehouse.planner.logical import Query
from warehouse.planner.parse import parse_script
from warehouse.storage.access.facts import NO_FACTS
from warehouse.storage.schema import (
    Column,
    ColumnStatistics,
    DistStyle,
    Table,
    TableData,
    TableStatistics,
    Topology,
)
from warehouse.storage.types import BIGINT, INTEGER, SqlType, decimal, varchar

Data = dict[str, list[tuple[Any, ...]]]

SCHEMA: dict[str, tuple[tuple[str, SqlType, bool], ...]] = {
    "t": (("a", INTEGER, True), ("b", INTEGER, True), ("c", BIGINT, False), ("d", decimal(8, 2), True),
          ("s", varchar(10), True)),
    "u": (("a", INTEGER, True), ("b", INTEGER, False), ("e", INTEGER, True), ("s", varchar(10), True)),
    "v": (("b", INTEGER, True), ("k", INTEGER, False)),
    "w": (("k", INTEGER, False), ("name", varchar(10), False)),
}

# table -> position of its DISTKEY, or its style
DESIGNS: dict[str, dict[str, int | str]] = {
    "key": {"t": 0, "u": 0, "v": 0, "w": "all"},
    "even": {"t": "even", "u": "even", "v": "even", "w": "even"},
    "mixed": {"t": 1, "u": "all", "v": "all", "w": 0},
}


class View:
    """A CatalogView over the small tables. `scales`: how many times larger the statistics claim a table
    to be, so that other plans win."""

    facts = NO_FACTS

    def __init__(self, design: str, topology: Topology, data: Data, scales: dict[str, int]) -> None:
        self.snapshot, self.topology = 1, topology
        self.tables: dict[str, TableData] = {}
        for number, (name, columns) in enumerate(SCHEMA.items()):
            place = DESIGNS[design][name]
            style = {"all": DistStyle.ALL, "even": DistStyle.EVEN}.get(str(place), DistStyle.KEY)
            key = place if isinstance(place, int) else None
            listed = tuple([Column(i, c, type, null) for i, (c, type, null) in enumerate(columns)])
            table = Table(number, "public", name, listed, style, key)
            statistics = _statistics(data[name], scales.get(name, 1))
            self.tables[name] = TableData(table, (), statistics, style is DistStyle.ALL)

    def relation(self, schema: str | None, name: str) -> Table | None:
        return self.tables[name].table if name in self.tables else None

    def data(self, table: Table) -> TableData:
        return self.tables[table.name]

    def schemas(self) -> tuple[str, ...]:
        return ("public",)

    def relations(self, schema: str | None = None) -> tuple[Table, ...]:
        return tuple([d.table for d in self.tables.values()])


def _statistics(rows: list[tuple[Any, ...]], scale: int) -> TableStatistics:
    columns = {}
    for i, values in enumerate(zip(*rows)):
        known = [v for v in values if v is not None]
        if known:
            columns[i] = ColumnStatistics(len(set(known)) * scale, 0, min(known), max(known))
    return TableStatistics(len(rows) * scale, 0, columns)


def random_data(seed: int, most: int = 9) -> Data:
    choose = random.Random(seed)
    data: Data = {}
    for name, columns in SCHEMA.items():
        rows = []
        for _ in range(choose.randint(0, most)):
            row = []
            for _, type, nullable in columns:
                value: Any = choose.randint(0, 4)
                if type.is_string:
                    value = choose.choice(["A", "b", "cc", "B"])
                elif type.scale:
                    value *= 100
                row.append(None if nullable and choose.random() < 0.25 else value)
            rows.append(tuple(row))
        data[name] = rows
    return data


def bind(sql: str, view: View) -> Query:
    (parsed,) = parse_script(sql)
    context = BindContext(settings={"compatibility": "extended"})
    return bind_query(parsed.statement.tree, view, context)
