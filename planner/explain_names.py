"""The names of columns in EXPLAIN: what a column stands for, not what number it has.

    a base column        its name, with the table's alias where two tables have one of that name
    a computed column    the expression, down to base columns: sum(l_extendedprice * (1 - l_discount))
    any other            the name that it has in the plan

A plan makes hundreds of columns and prints few: an expression becomes text when it is first asked for.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .columns import physical_inputs
from .expressions import AggregateCall, ColumnId, ColumnRef, Expr
from .physical import (
    ExternalScan,
    HashAggregate,
    Physical,
    ProjectColumns,
    Shared,
    TableScan,
    UnionAll,
    VirtualTableScan,
    WindowRows,
)
from .rendering import show


class Names:
    """Of the columns of one plan."""

    def __init__(self, root: Physical) -> None:
        self._texts: dict[ColumnId, str] = {}
        self._made: dict[ColumnId, Expr] = {}
        bases: list[tuple[str, ColumnId, str]] = []  # alias, column, name
        aliases: dict[str, set[str]] = {}  # by name
        for node in _all_nodes(root):  # where several give a column, the lowest says what it is
            pairs_of = _MADE.get(node.__class__)
            if pairs_of is not None:
                for ref, expr in pairs_of(node):
                    if expr.__class__ is not ColumnRef or expr.id != ref.id:  # type: ignore[union-attr]
                        self._made[ref.id] = expr
            elif node.__class__ in _SCANS:
                for id, name in _base_names(node):
                    aliases.setdefault(name, set()).add(node.alias)  # type: ignore[union-attr]
                    bases.append((node.alias, id, name))  # type: ignore[union-attr]
        for alias, id, name in bases:
            self._texts[id] = f"{alias}.{name}" if len(aliases[name]) > 1 else name

    def text(self, expr: Expr) -> str:
        return show(expr, self.name)

    def name(self, ref: ColumnRef) -> str:
        """What a column is called."""
        text = self._texts.get(ref.id)
        if text is None:
            made = self._made.pop(ref.id, None)  # gone while its text is made: no column is told by itself
            text = ref.name if made is None else self.text(made)
            self._texts[ref.id] = text
        return text

    def bare(self, ref: ColumnRef) -> str:
        """The name without an alias; of an expression the column's own name."""
        text = self.name(ref)
        return text.split(".")[-1] if text.replace(".", "").replace("_", "").isalnum() else ref.name


def _all_nodes(root: Physical) -> list[Physical]:
    """Parents before children, each once."""
    nodes, seen = [root], {id(root)}
    for node in nodes:
        for below in physical_inputs(node):
            if id(below) not in seen:
                seen.add(id(below))
                nodes.append(below)
    return nodes


def _total(call: AggregateCall, phase: str) -> Expr:
    """The final phase adds up partial columns: it prints as what it computes in the end."""
    return call.args[0] if phase == "final" and isinstance(call.args[0], ColumnRef) else call


# The columns that a node gives, and what they are over its input; of recursions and all others the columns' own names.
_MADE: dict[type, Callable[[Any], Iterable[tuple[ColumnRef, Expr]]]] = {
    **dict.fromkeys((ProjectColumns, Shared), lambda node: node.columns),
    HashAggregate: lambda node: (
        *node.groups, *[(ref, _total(call, node.phase)) for ref, call in node.aggregates]
    ),
    WindowRows: lambda node: node.calls,
    UnionAll: lambda node: zip(node.columns, node.feeds[0]),
}
_SCANS = (TableScan, ExternalScan, VirtualTableScan)


def _base_names(node: Any) -> list[tuple[ColumnId, str]]:
    """The columns of a scan, and what the table calls them."""
    if isinstance(node, VirtualTableScan):
        return [(ref.id, ref.name) for ref, _ in node.columns]
    columns = node.table.columns
    return [(ref.id, columns[position].name) for ref, position in node.columns]
