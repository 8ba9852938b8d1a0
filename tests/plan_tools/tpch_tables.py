"""TPC-H tables with the statistics of scale factor 1, without any data: plans can be made, not run."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from warehouse.engine.evaluate import evaluate
from warehouse.planner.binder.context import BindContext
from warehouse.planner.binder.entry import bind_query
from warehouse.planner.explain import explain
from warehouse.planner.logical import Query
from warehouse.planner.optimize import optimize
from warehouse.planner.parse import parse_script
from warehouse.planner.physical import PhysicalQuery
from warehouse.storage.schema import (
    Column,
    ColumnStatistics,
    DistStyle,
    Table,
    TableData,
    TableStatistics,
    Topology,
    View,
)
from warehouse.storage.types import BIGINT, DATE, INTEGER, SqlType, char, decimal, varchar

MONEY = decimal(15, 2)
DAY_92, DAY_98 = 8035, 10440  # 1992-01-01, 1998-08-02


# name: (rows, DISTKEY or "all", (column, type, distinct, low, high)...)
TPCH: dict[str, tuple[int, str, tuple[tuple[str, SqlType, float, Any, Any], ...]]] = {
    "region": (5, "all", (
        ("r_regionkey", INTEGER, 5, 0, 4), ("r_name", char(25), 5, "AFRICA", "MIDDLE EAST"),
        ("r_comment", varchar(152), 5, None, None))),
    "nation": (25, "all", (
        ("n_nationkey", INTEGER, 25, 0, 24), ("n_name", char(25), 25, "ALGERIA", "VIETNAM"),
        ("n_regionkey", INTEGER, 5, 0, 4), ("n_comment", varchar(152), 25, None, None))),
    "supplier": (10_000, "all", (
        ("s_suppkey", INTEGER, 10_000, 1, 10_000), ("s_name", char(25), 10_000, None, None),
        ("s_address", varchar(40), 10_000, None, None), ("s_nationkey", INTEGER, 25, 0, 24),
        ("s_phone", char(15), 10_000, None, None), ("s_acctbal", MONEY, 9_955, -99_822, 999_323),
        ("s_comment", varchar(101), 9_999, None, None))),
    "customer": (150_000, "c_custkey", (
        ("c_custkey", INTEGER, 150_000, 1, 150_000), ("c_name", varchar(25), 150_000, None, None),
        ("c_address", varchar(40), 150_000, None, None), ("c_nationkey", INTEGER, 25, 0, 24),
        ("c_phone", char(15), 150_000, "10-100", "34-999"), ("c_acctbal", MONEY, 140_000, -99_999, 999_999),
        ("c_mktsegment", char(10), 5, "AUTOMOBILE", "MACHINERY"),
        ("c_comment", varchar(117), 149_000, None, None))),
    "part": (200_000, "p_partkey", (
        ("p_partkey", INTEGER, 200_000, 1, 200_000), ("p_name", varchar(55), 199_997, "almond", "yellow"),
        ("p_mfgr", char(25), 5, "Manufacturer#1", "Manufacturer#5"),
        ("p_brand", char(10), 25, "Brand#11", "Brand#55"),
        ("p_type", varchar(25), 150, "ECONOMY ANODIZED BRASS", "STANDARD POLISHED TIN"),
        ("p_size", INTEGER, 50, 1, 50), ("p_container", char(10), 40, "JUMBO BAG", "WRAP PKG"),
        ("p_retailprice", MONEY, 20_000, 90_100, 209_899), ("p_comment", varchar(23), 130_000, None, None))),
    "partsupp": (800_000, "ps_partkey", (
        ("ps_partkey", INTEGER, 200_000, 1, 200_000), ("ps_suppkey", INTEGER, 10_000, 1, 10_000),
        ("ps_availqty", INTEGER, 9_999, 1, 9_999), ("ps_supplycost", MONEY, 99_900, 100, 100_000),
        ("ps_comment", varchar(199), 799_000, None, None))),
    "orders": (1_500_000, "o_orderkey", (
        ("o_orderkey", BIGINT, 1_500_000, 1, 6_000_000), ("o_custkey", INTEGER, 99_996, 1, 149_999),
        ("o_orderstatus", char(1), 3, "F", "P"), ("o_totalprice", MONEY, 1_460_000, 85_000, 55_000_000),
        ("o_orderdate", DATE, 2_406, DAY_92, DAY_98),
        ("o_orderpriority", char(15), 5, "1-URGENT", "5-LOW"), ("o_clerk", char(15), 1_000, None, None),
        ("o_shippriority", INTEGER, 1, 0, 0), ("o_comment", varchar(79), 1_480_000, None, None))),
    "lineitem": (6_001_215, "l_orderkey", (
        ("l_orderkey", BIGINT, 1_500_000, 1, 6_000_000), ("l_partkey", INTEGER, 200_000, 1, 200_000),
        ("l_suppkey", INTEGER, 10_000, 1, 10_000), ("l_linenumber", INTEGER, 7, 1, 7),
        ("l_quantity", MONEY, 50, 100, 5_000), ("l_extendedprice", MONEY, 930_000, 90_100, 10_490_000),
        ("l_discount", MONEY, 11, 0, 10), ("l_tax", MONEY, 9, 0, 8), ("l_returnflag", char(1), 3, "A", "R"),
        ("l_linestatus", char(1), 2, "F", "O"), ("l_shipdate", DATE, 2_526, DAY_92 + 1, DAY_98 + 121),
        ("l_commitdate", DATE, 2_466, DAY_92 + 30, DAY_98 + 90),
        ("l_receiptdate", DATE, 2_555, DAY_92 + 2, DAY_98 + 151),
        ("l_shipinstruct", char(25), 4, "COLLECT COD", "TAKE BACK RETURN"),
        ("l_shipmode", char(10), 7, "AIR", "TRUCK"), ("l_comment", varchar(44), 4_500_000, None, None))),
}


def tpch_table(number: int, name: str, design: str) -> tuple[Table, TableData]:
    rows, key, columns = TPCH[name]
    listed = tuple([Column(i, c[0], c[1], nullable=False) for i, c in enumerate(columns)])
    style, position = DistStyle.EVEN, None
    if design == "all" or (design == "key" and key == "all"):
        style = DistStyle.ALL
    elif design == "key":
        style = DistStyle.KEY
        position = next(c.id for c in listed if c.name == key)
    table = Table(number, "public", name, listed, style, position)
    statistics = {
        i: ColumnStatistics(float(distinct), 0, low, high, float(type.length or type.storage_bytes))
        for i, (_, type, distinct, low, high) in enumerate(columns)
    }
    return table, TableData(table, (), TableStatistics(rows, rows * 100, statistics), style is DistStyle.ALL)


@dataclass
class FakeView:
    """A CatalogView over tables that exist by name only."""

    topology: Topology
    tables: dict[str, TableData]
    views: dict[str, View] = field(default_factory=dict)
    snapshot: int = 1

    def relation(self, schema: str | None, name: str) -> Table | View | None:
        if name in self.views:
            return self.views[name]
        return self.tables[name].table if name in self.tables and schema in (None, "public") else None

    def data(self, table: Table) -> TableData:
        return self.tables[table.name]

    def schemas(self) -> tuple[str, ...]:
        return ("public",)

    def relations(self, schema: str | None = None) -> tuple[Table | View, ...]:
        return tuple([data.table for data in self.tables.values()])


@dataclass
class Planning:
    """Plans SQL texts over TPC-H tables: `design` is key, even or all."""

    nodes: int = 1
    slices_per_node: int = 2
    design: str = "key"
    extra: Sequence[tuple[Table, TableStatistics]] = ()

    def view(self) -> FakeView:
        tables = {}
        for i, name in enumerate(TPCH):
            table, data = tpch_table(i + 1, name, self.design)
            tables[name] = data
        for table, statistics in self.extra:
            tables[table.name] = TableData(table, (), statistics, table.dist_style is DistStyle.ALL)
        return FakeView(Topology.even(self.nodes, self.slices_per_node), tables)

    def bind(self, sql: str) -> Query:
        (parsed,) = parse_script(sql)
        return bind_query(parsed.statement.tree, self.view(), BindContext())

    def plan(self, sql: str) -> PhysicalQuery:
        return optimize(self.bind(sql), self.view(), evaluate)

    def explain(self, sql: str) -> list[str]:
        return explain(self.plan(sql))

    def on(self, nodes: int, slices_per_node: int) -> Planning:
        return replace(self, nodes=nodes, slices_per_node=slices_per_node)
