"""Planning never changes the answer: bound plans and their physical plans give the same rows.

Small random tables with many NULLs and duplicates, three distribution designs, three topologies. The two
evaluators are in reference.py: one takes the bound plan literally, the other runs the physical plan on
simulated slices and checks every claim about where rows are.
"""
from __future__ import annotations

import importlib.util
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse.errors import CardinalityViolation, DataError
from warehouse.planner.binder.context import BindContext
from warehouse.planner.binder.entry import bind_query
from warehouse.planner.optimize import optimize
from warehouse.planner.parse import parse_script
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


def _load(name: str) -> Any:
    path = Path(__file__).parent / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"planner_tests_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


reference = _load("reference")
conftest = _load("conftest")
random_sql = _load("random_sql")

SCHEMA: dict[str, tuple[tuple[str, SqlType, bool], ...]] = {
    "t": (("a", INTEGER, True), ("b", INTEGER, True), ("c", BIGINT, False), ("d", decimal(8, 2), True),
          ("s", varchar(10), True)),
    "u": (("a", INTEGER, True), ("b", INTEGER, False), ("e", INTEGER, True), ("s", varchar(10), True)),
    "v": (("b", INTEGER, True), ("k", INTEGER, False)),
    "w": (("k", INTEGER, False), ("name", varchar(10), False)),
}
Data = dict[str, list[tuple[Any, ...]]]

DESIGNS = {
    "key": {"t": 0, "u": 0, "v": 0, "w": "all"},
    "even": {"t": "even", "u": "even", "v": "even", "w": "even"},
    "mixed": {"t": 1, "u": "all", "v": "all", "w": 0},
}

QUERIES = [
    line for line in (Path(__file__).parent / "queries.sql").read_text().splitlines()
    if not line.startswith("--")
]


class View:
    """`scales`: how many times larger the statistics claim a table to be, so that other plans win."""

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
    data = {}
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


def check(sql: str, data: Data, design: str, topology: Topology, scales: dict[str, int]) -> None:
    view = View(design, topology, data, scales)
    (parsed,) = parse_script(sql)
    query = bind_query(parsed.statement.tree, view, BindContext(settings={"compatibility": "extended"}))
    try:
        expected = [
            tuple([row[c.id] for c in query.columns])
            for row in reference.Logical(data, query.ctes).rows(query.plan, {})
        ]
    except (CardinalityViolation, DataError):
        return
    plan = optimize(query, view, conftest.fold)
    found = reference.Cluster(data, topology.slices).run(plan)
    assert Counter(found) == Counter(expected)
    if "order by" in sql and "(select" not in sql:
        assert found == expected


SCALES = ({}, {"t": 1_000_000}, {"u": 1_000_000, "v": 1000}, {"v": 1_000_000, "w": 1_000_000})
TOPOLOGIES = ((1, 1), (1, 2), (2, 2), (1, 3))


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("sql", QUERIES)
def test_each_query(sql: str, design: str) -> None:
    for seed, (topology, scales) in enumerate(zip(TOPOLOGIES, SCALES)):
        check(sql, random_data(seed), design, Topology.even(*topology), scales)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1 << 32))
def test_random_queries(seed: int) -> None:
    choose = random.Random(seed)
    sql = random_sql.random_query(choose)
    design, topology = choose.choice(list(DESIGNS)), choose.choice(TOPOLOGIES)
    scales = {name: choose.choice([1, 100, 10_000, 1_000_000]) for name in SCHEMA}
    check(sql, random_data(seed, 5), design, Topology.even(*topology), scales)
