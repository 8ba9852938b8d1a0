"""Which columns of which tables a workload's plans join, filter, group and order by, and how much work hangs on each.

    select ... from lineitem join orders on l_orderkey = o_orderkey where l_shipdate > '1995-03-15' group by ...

    joins     (lineitem.l_orderkey, orders.o_orderkey)   weight x rows of both sides
    filters   lineitem.l_shipdate                        weight x rows that the filter drops
    groups    orders.o_orderdate                         weight x rows that are grouped
    orders    ...

Columns are followed through projections, casts that keep the hash, shared subplans and groups back to the table they
come from. Of filters only what zone maps can use counts (TableScan.pruning).
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import field
from math import ceil

from ...planner.columns import columns_of
from ...planner.expressions import ColumnId, Expr
from ...planner.optimizer.distribution import key_column
from ...planner.physical import (
    HashAggregate,
    HashJoin,
    Physical,
    PhysicalQuery,
    ProjectColumns,
    Shared,
    SortRows,
    TableScan,
    UnionAll,
    WindowRows,
)
from ...planner.physical_traverse import walk_physical
from ...records import dataclass
from ...storage.schema import CatalogView
from .designs import TableName
from .workload import Query

Column = tuple[TableName, str]  # of a table


@dataclass(frozen=True, slots=True)
class Usage:
    """What plans ask for; figures are rows, times the queries' weights."""

    joins: Counter[tuple[Column, Column]] = field(default_factory=Counter)
    filters: Counter[Column] = field(default_factory=Counter)
    groups: Counter[Column] = field(default_factory=Counter)
    orders: Counter[Column] = field(default_factory=Counter)
    tables: set[TableName] = field(default_factory=set)
    queries: dict[tuple[str, Column], set[str]] = field(default_factory=dict)  # ("join" | "filter" | ..., column)

    def asked(self, kind: str, column: Column) -> list[str]:
        """The queries that use a column so."""
        return sorted(self.queries.get((kind, column), ()))

    def joined(self, table: TableName) -> Counter[str]:
        """The table's join columns."""
        found: Counter[str] = Counter()
        for pair, rows in self.joins.items():
            for owner, column in pair:
                if owner == table:
                    found[column] += rows
        return found

    def of(self, kind: Counter[Column], table: TableName) -> Counter[str]:
        """One of `filters`, `groups`, `orders`, of one table."""
        return Counter({column: rows for (owner, column), rows in kind.items() if owner == table})


def usage_of(plans: Iterable[tuple[Query, PhysicalQuery]], view: CatalogView) -> Usage:
    """Of queries with their plans."""
    usage = Usage()
    for query, plan in plans:
        _add(plan, query, usage, view)
    return usage


def origins(root: Physical) -> dict[ColumnId, Column]:
    """The table's column that each column of a plan is, where it is one."""
    nodes = list(walk_physical(root))
    found: dict[ColumnId, Column] = {}
    for node in nodes:
        if isinstance(node, TableScan):
            name = (node.table.schema, node.table.name)
            found.update((ref.id, (name, node.table.columns[p].name)) for ref, p in node.columns
                         if p < len(node.table.columns))
    renamed = [pair for node in nodes for pair in _renamed(node)]
    while fresh := {new: found[old] for new, old in renamed if new not in found and old in found}:
        found.update(fresh)
    return found


def _renamed(node: Physical) -> list[tuple[ColumnId, ColumnId]]:
    match node:
        case ProjectColumns(columns=pairs) | HashAggregate(groups=pairs):
            return [(ref.id, c.id) for ref, e in pairs if (c := key_column(e)) is not None and c.id != ref.id]
        case Shared():
            return [(new.id, old.id) for new, old in node.columns]
        case UnionAll():
            return [(ref.id, feed.id) for ref, feed in zip(node.columns, node.feeds[0])]
        case _:
            return []


def _add(plan: PhysicalQuery, query: Query, usage: Usage, view: CatalogView) -> None:
    known = origins(plan.root)
    weight = query.weight

    def column(expr: Expr) -> Column | None:
        found = key_column(expr)
        return None if found is None else known.get(found.id)

    def count(kind: str, into: Counter[Column], columns: Iterable[Column | None], rows: float) -> None:
        for found in columns:
            if found is not None:
                into[found] += ceil(rows * weight)
                usage.queries.setdefault((kind, found), set()).add(query.name)

    for node in walk_physical(plan.root):
        match node:
            case TableScan():
                usage.tables.add((node.table.schema, node.table.name))
                dropped = max(1.0, view.data(node.table).statistics.rows - node.props.rows)
                for part in node.pruning:
                    count("filter", usage.filters, [known.get(id) for id in columns_of(part)], dropped)
            case HashJoin():
                rows = node.probe.props.rows + node.build.props.rows
                for probe, build in zip(node.probe_keys, node.build_keys):
                    pair = [c for c in (column(probe), column(build)) if c is not None]
                    if len(pair) == 2:
                        usage.joins[min(pair), max(pair)] += ceil(rows * weight)
                        count("join", Counter(), pair, 0.0)
            case HashAggregate():
                count("group", usage.groups, [column(e) for _, e in node.groups], node.input.props.rows)
            case WindowRows():
                count("group", usage.groups, [column(e) for e in node.partition], node.input.props.rows)
            case SortRows():
                count("order", usage.orders, [column(k.expr) for k in node.keys[:1]], node.input.props.rows)
            case _:
                pass
