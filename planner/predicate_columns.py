"""Columns of stored tables that a plan filters, joins or groups by: the predicate columns of ANALYZE (r_ANALYZE.md)."""
from __future__ import annotations

from collections.abc import Iterator

from .expressions import ColumnRef, Expr
from .physical import FilterRows, HashAggregate, HashJoin, Physical, TableScan
from .physical_traverse import walk_physical
from .traverse import walk


def predicate_columns(root: Physical) -> set[tuple[int, int]]:
    """(table id, Column.id) of each."""
    nodes = list(walk_physical(root))
    stored = {
        ref.id: (node.table.id, node.table.columns[position].id)
        for node in nodes if isinstance(node, TableScan) for ref, position in node.columns
    }
    used = (e.id for node in nodes for expr in _predicates(node) for e in walk(expr) if isinstance(e, ColumnRef))
    return {stored[id] for id in used if id in stored}


def _predicates(node: Physical) -> Iterator[Expr]:
    match node:
        case TableScan(filter=expr) | FilterRows(predicate=expr):
            if expr is not None:
                yield expr
        case HashJoin():
            yield from node.probe_keys
            yield from node.build_keys
            if node.residual is not None:
                yield node.residual
        case HashAggregate():
            yield from [e for _, e in node.groups]
