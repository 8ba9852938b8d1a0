"""Columns of stored tables that a plan filters, joins or groups by: the predicate columns of ANALYZE (r_ANALYZE.md)."""
from __future__ import annotations

from collections.abc import Iterable

from .columns import collect_columns
from .expressions import ColumnId, Expr
from .physical import FilterRows, HashAggregate, HashJoin, Physical, TableScan
from .physical_traverse import expressions_of, walk_physical


def predicate_columns(root: Physical) -> set[tuple[int, int]]:
    """(table id, Column.id) of each."""
    scans: list[TableScan] = []
    used: set[ColumnId] = set()
    for node in walk_physical(root):
        exprs: Iterable[Expr] = ()
        if isinstance(node, TableScan):
            scans.append(node)
            exprs = () if node.filter is None else (node.filter,)
        elif isinstance(node, HashAggregate):
            exprs = [expr for _, expr in node.groups]
        elif isinstance(node, (FilterRows, HashJoin)):
            exprs = expressions_of(node)
        for expr in exprs:
            collect_columns(expr, used)
    return {
        (scan.table.id, scan.table.columns[position].id)
        for scan in scans for ref, position in scan.columns if ref.id in used
    }
