"""Computes once what stands twice in a plan.

    Join Cross                                       Join Cross
      Aggregate sum(c) BY k                            Aggregate sum(c) BY k
        Join s, n, ps         (TPC-H Q11)       ->       Shared 0
      Aggregate sum(c)                                 Aggregate sum(c)
        Join s, n, ps                                    Shared 0

Two subplans are the same if they differ only in column numbers (and spans). Looked at are joins and
grouped aggregates from the top down, and only where two of them read the same tables. Columns are matched
by their place in the output. A volatile function makes a subplan unlike any other.
"""
from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any

from ..columns import copy_plan, output_columns
from ..contents import IS_VOLATILE
from ..expressions import ColumnId, ColumnRef, Expr
from ..logical import (
    Aggregate,
    CteRef,
    Join,
    Limit,
    Logical,
    Recursion,
    Scan,
    SetOperation,
    Sort,
    SortKey,
    Unnest,
    Values,
    VirtualScan,
    Window,
    WorkingRows,
)
from ..traverse import children, expressions, inputs, map_inputs
from .context import RewriteContext
from .subjects import subjects_of

Places = dict[ColumnId, int]


def share_subplans(plan: Logical, context: RewriteContext) -> Logical:
    shapes = _Shapes()
    found = [alike for group in _reading_the_same(plan) for alike in shapes.alike(group)]
    return _replace(plan, found, context) if found else plan


def _reading_the_same(plan: Logical) -> list[list[Logical]]:
    """Joins and grouped aggregates that are not the only ones of their kind over their tables: cheaply told, and few
    are left for their shapes. What lies below comes first. Tables are told by the sum of their hashes."""
    groups: dict[tuple[type, int], list[Logical]] = {}

    def tables(node: Logical) -> int:
        kind = node.__class__
        if kind is Scan:
            return hash((node.table.id,))  # type: ignore[union-attr]
        if kind is VirtualScan:
            return hash(node.name)  # type: ignore[union-attr]
        found = 0
        for below in inputs(node):
            found += tables(below)
        if kind is Join or (kind is Aggregate and node.groups):  # type: ignore[union-attr]
            groups.setdefault((kind, found), []).append(node)
        return found

    tables(plan)
    return [group for group in groups.values() if len(group) > 1]


def _replace(plan: Logical, groups: list[list[Logical]], context: RewriteContext) -> Logical:
    """Each first seen from the top; what lies inside a shared subplan stays as it is."""
    group_of = {id(node): i for i, group in enumerate(groups) for node in group}
    shared: dict[int, tuple[int, tuple[ColumnRef, ...]]] = {}
    top = _outermost(plan, group_of)
    wanted = {i for i in set(top) if top.count(i) > 1}

    def visit(node: Logical) -> Logical:
        group = group_of.get(id(node))
        if group is None or group not in wanted:
            return map_inputs(node, visit)
        context.literals.pin_plan(node)  # the same only as long as their constants are
        if group not in shared:
            number = context.share(copy_plan(node, context.like)[0])
            shared[group] = number, context.ctes[number][2]
        number, made = shared[group]
        pairs = zip(output_columns(node), made)
        renamed = [(ColumnRef(ref.id, ref.type, ref.name, c.nullable, ref.span), c) for ref, c in pairs]
        return CteRef(number, tuple(renamed))

    return visit(plan)


def _outermost(plan: Logical, group_of: dict[int, int]) -> list[int]:
    """The groups of the nodes that no other candidate of a group encloses."""
    found: list[int] = []
    stack = [plan]
    while stack:
        node = stack.pop()
        group = group_of.get(id(node))
        if group is None:
            stack.extend(inputs(node))
        else:
            found.append(group)
    return found


# -- shapes --------------------------------------------------------------------------------------


class _Shapes:
    """Numbers for plans, the same for those that differ only in column numbers. A column is told by its place among
    those that a node's inputs make, so that a node's number follows from those of its inputs."""

    def __init__(self) -> None:
        self._of: dict[int, int] = {}  # by the node's identity
        self._numbers: dict[Hashable, int] = {}

    def of(self, node: Logical) -> int:
        found = self._of.get(id(node))
        if found is None:
            shape = (node.__class__, *_own(node), *map(self.of, inputs(node)))
            found = self._of[id(node)] = self._numbers.setdefault(shape, len(self._numbers))
        return found

    def alike(self, group: list[Logical]) -> list[list[Logical]]:
        """Those of the group that are not alone with their number. One that differs from all others in an input is
        not looked at further."""
        left = [[node for node in group if not subjects_of(node) & IS_VOLATILE]]
        ways = (lambda node: self.of(inputs(node)[0]), lambda node: self.of(inputs(node)[-1]), self.of)
        for way in ways:
            left = [alike for nodes in left for alike in _grouped(nodes, way)]
        same = {id(node) for nodes in left for node in nodes}
        for node in group:
            if id(node) not in same:  # the same as nothing, nor is what stands over it
                self._of[id(node)] = self._numbers.setdefault(id(node), len(self._numbers))
        return left


def _grouped(nodes: list[Logical], way: Callable[[Logical], int]) -> list[list[Logical]]:
    groups: dict[int, list[Logical]] = {}
    for node in nodes:
        groups.setdefault(way(node), []).append(node)
    return [group for group in groups.values() if len(group) > 1]


def _own(plan: Logical) -> list[Hashable]:
    """What tells two nodes over the same inputs apart."""
    kind = plan.__class__
    made = _MADE.get(kind)
    if made is not None:
        return made(plan)
    places = {ref.id: at for at, ref in enumerate([ref for source in inputs(plan) for ref in output_columns(source)])}
    own: list[Hashable] = [getattr(plan, name) for name in _OWN.get(kind, ())]
    match plan:
        case Sort():
            return _keys(plan.keys, places)
        case Window():
            own = [len(plan.partition), len(plan.order), *_keys(plan.order, places)]
            return own + _expressions([*plan.partition, *[call for _, call in plan.calls]], places)
        case Unnest():
            own.append(plan.position is None)
    return own + _expressions(expressions(plan), places)


# Of nodes that read no columns.
_MADE: dict[type, Callable[[Any], list[Hashable]]] = {
    Scan: lambda plan: [plan.table.id, *[at for _, at in plan.columns]],
    VirtualScan: lambda plan: [plan.name, *[at for _, at in plan.columns]],
    WorkingRows: lambda plan: [plan.number, *[at for _, at in plan.columns]],
    CteRef: lambda plan: [plan.cte, *[made.id for _, made in plan.columns]],
    Values: lambda plan: [len(plan.columns), *_expressions(expressions(plan), {})],
    Limit: lambda plan: [plan.count, plan.offset],
}


def _expressions(exprs: Iterable[Expr], places: Places) -> list[Hashable]:
    found: list[Hashable] = []
    for expr in exprs:
        kind = expr.__class__
        if kind is ColumnRef:
            found.append(places[expr.id])  # type: ignore[union-attr]
        else:
            own = _COMPARED.get(kind) or _compared(kind)
            found.append((kind, own(expr), *_expressions(children(expr), places)))
    return found


def _keys(keys: tuple[SortKey, ...], places: Places) -> list[Hashable]:
    exprs = _expressions([key.expr for key in keys], places)
    return [(expr, key.descending, key.nulls_first) for expr, key in zip(exprs, keys)]


_COMPARED: dict[type, Callable[[Any], Hashable]] = {}


def _compared(kind: Any) -> Callable[[Any], Hashable]:
    """What gives the fields that tell two expressions of a kind apart."""
    names = [field.name for field in fields(kind) if field.name not in _NOT_COMPARED]
    found = _COMPARED[kind] = attrgetter(*names) if names else lambda expr: None
    return found


# Fields of expressions that are children, or do not tell two of them apart.
_NOT_COMPARED = ("span", "parameter", "order", "args", "arg", "left", "right", "operand", "whens", "default")

# What else tells two nodes of a kind apart, besides expressions, columns and inputs.
_OWN: dict[type, tuple[str, ...]] = {
    Join: ("kind", "null_aware"),
    Unnest: ("of_object", "outer"),
    SetOperation: ("kind", "all"),
    Recursion: ("number",),
}
