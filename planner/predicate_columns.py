"""Columns of stored tables that a plan filters, joins or groups by: the predicate columns of ANALYZE (r_ANALYZE.md)."""
from __future__ import annotations

from .columns import collect_columns, columns_of_all
from .expressions import ColumnId
from .physical import FilterRows, HashAggregate, HashJoin, Physical, TableScan
from .physical_traverse import expressions_of, walk_physical


def predicate_columns(root: Physical) -> set[tuple[int, int]]:
    """(table id, Column.id) of each."""
    stored: dict[ColumnId, tuple[int, int]] = {}
    used: set[ColumnId] = set()
    for node in walk_physical(root):
        if isinstance(node, TableScan):
            columns = node.table.columns
            for ref, position in node.columns:
                stored[ref.id] = node.table.id, columns[position].id
            if node.filter is not None:
                collect_columns(node.filter, used)
        elif isinstance(node, HashAggregate):
            used |= columns_of_all([expr for _, expr in node.groups])
        elif isinstance(node, (FilterRows, HashJoin)):
            used |= columns_of_all(expressions_of(node))
    return {stored[id] for id in used if id in stored}
