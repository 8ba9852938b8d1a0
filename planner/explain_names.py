"""The names of columns in EXPLAIN: what a column stands for, not what number it has.

    a base column        its name, with the table's alias where two tables have one of that name
    a computed column    the expression, down to base columns: sum(l_extendedprice * (1 - l_discount))
    any other            the name that it has in the plan

A plan makes hundreds of columns and prints few: an expression becomes text when it is first asked for.
"""
from __future__ import annotations

from collections.abc import Iterator

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
        nodes = _all_nodes(root)
        self._name_bases(nodes)
        for node in nodes:  # where several give a column, the lowest says what it is
            for ref, expr in _made(node):
                if not (isinstance(expr, ColumnRef) and expr.id == ref.id):
                    self._made[ref.id] = expr

    def _name_bases(self, nodes: list[Physical]) -> None:
        aliases: dict[str, set[str]] = {}
        owners: dict[ColumnId, tuple[str, str]] = {}
        for node in nodes:
            if isinstance(node, (TableScan, ExternalScan, VirtualTableScan)):
                for ref, position in node.columns:
                    name = ref.name if isinstance(node, VirtualTableScan) else node.table.columns[position].name
                    aliases.setdefault(name, set()).add(node.alias)
                    owners[ref.id] = (node.alias, name)
        for column, (alias, name) in owners.items():
            self._texts[column] = f"{alias}.{name}" if len(aliases[name]) > 1 else name

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


def _made(node: Physical) -> Iterator[tuple[ColumnRef, Expr]]:
    """The columns that a node gives, and what they are over its input."""
    match node:
        case ProjectColumns() | Shared():
            yield from node.columns
        case HashAggregate():
            yield from node.groups
            for ref, call in node.aggregates:
                yield ref, _total(call, node.phase)
        case WindowRows():
            yield from node.calls
        case UnionAll():
            yield from zip(node.columns, node.feeds[0])
        case _:
            return  # of recursions and all others the columns' own names


def _total(call: AggregateCall, phase: str) -> Expr:
    """The final phase adds up partial columns: it prints as what it computes in the end."""
    return call.args[0] if phase == "final" and isinstance(call.args[0], ColumnRef) else call
