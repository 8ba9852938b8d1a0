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

from collections.abc import Callable, Hashable
from dataclasses import fields
from typing import Any

from ..columns import copy_plan, free_columns, output_columns
from ..expressions import Call, ColumnId, ColumnRef, Compare, Expr, Literal
from ..logical import Aggregate, CteRef, Join, Logical, Scan, Sort, SortKey, VirtualScan, Window, WorkingRows
from ..predicates import is_volatile
from ..traverse import children, expressions, inputs, map_inputs, walk_plan
from .context import RewriteContext

Shape = tuple[Hashable, ...]
Likeness = Callable[[Logical], Hashable]


def share_subplans(plan: Logical, context: RewriteContext) -> Logical:
    candidates = [node for node in walk_plan(plan) if _is_candidate(node)]
    for likeness in (_tables, _outlines):  # dearer and dearer: few are left for their shapes
        candidates = [node for group in _alike(candidates, likeness()) for node in group]
        if not candidates:
            return plan
    groups = _alike(candidates, _shape)
    return _replace(plan, groups, context) if groups else plan


def _alike(nodes: list[Logical], likeness: Likeness) -> list[list[Logical]]:
    """Those that are not alone with what `likeness` says of them; None is like nothing."""
    groups: dict[Hashable, list[Logical]] = {}
    for node in nodes:
        found = likeness(node)
        if found is not None:
            groups.setdefault(found, []).append(node)
    return [group for group in groups.values() if len(group) > 1]


def _is_candidate(node: Logical) -> bool:
    if isinstance(node, Aggregate):
        return bool(node.groups)
    return isinstance(node, Join)


def _tables() -> Likeness:
    """The kind of a node and the tables that it reads."""
    known: dict[int, tuple[str, ...]] = {}

    def names(node: Logical) -> tuple[str, ...]:
        found = known.get(id(node))
        if found is None:
            match node:
                case Scan():
                    found = (f"{node.table.schema}.{node.table.name}",)
                case VirtualScan():
                    found = (node.name,)
                case _:
                    found = tuple(sorted([name for below in inputs(node) for name in names(below)]))
            known[id(node)] = found
        return found

    return lambda node: (node.__class__, names(node))


def _outlines() -> Likeness:
    """A number that is the same where shapes are; it says nothing of columns, so each node's is computed once."""
    known: dict[int, int] = {}

    def expression(expr: Expr) -> int:
        match expr:
            case ColumnRef():
                return 0
            case Literal():
                return hash(expr.value)
            case Call():
                return hash((expr.key, *[expression(e) for e in expr.args]))
            case Compare():
                return hash((expr.op, expression(expr.left), expression(expr.right)))
            case _:
                return hash((expr.__class__, *[expression(e) for e in children(expr)]))

    def outline(node: Logical) -> int:
        found = known.get(id(node))
        if found is None:
            own = [expression(e) for e in expressions(node)]
            found = known[id(node)] = hash((node.__class__, *own, *[outline(below) for below in inputs(node)]))
        return found

    return outline


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


def _shape(plan: Logical) -> Shape | None:
    """A value that is equal for plans that differ only in column numbers; None: not to be shared."""
    if free_columns(plan):
        return None
    numbers: dict[ColumnId, int] = {}

    def column(id: ColumnId) -> int:
        return numbers.setdefault(id, len(numbers))

    def expression(expr: Expr) -> Hashable:
        if isinstance(expr, ColumnRef):
            return column(expr.id)
        plain = [getattr(expr, name) for name in _compared(type(expr))]  # type: ignore[arg-type]
        return (type(expr).__name__, *plain, *[expression(e) for e in children(expr)])

    def keys(sorted_by: tuple[SortKey, ...]) -> list[Hashable]:
        return [(expression(k.expr), k.descending, k.nulls_first) for k in sorted_by]

    def node(plan: Logical) -> Hashable:
        below = [node(child) for child in inputs(plan)]
        own: list[Hashable] = [getattr(plan, n) for n in _OWN.get(type(plan).__name__, ())]
        match plan:
            case Scan():
                own += [plan.table.id, tuple([(column(ref.id), at) for ref, at in plan.columns])]
            case VirtualScan():
                own += [plan.name, tuple([(column(ref.id), at) for ref, at in plan.columns])]
            case WorkingRows():
                own += [tuple([(column(ref.id), at) for ref, at in plan.columns])]
            case CteRef():
                own += [plan.cte, tuple([(column(ref.id), made.id) for ref, made in plan.columns])]
            case Sort():
                own += keys(plan.keys)
            case Window():
                own += [len(plan.partition), *map(expression, plan.partition), len(plan.order), *keys(plan.order)]
                own += [expression(call) for _, call in plan.calls]
            case _:
                own += [expression(e) for e in expressions(plan)]
        if not isinstance(plan, (Scan, VirtualScan, CteRef, WorkingRows)):
            own.append(tuple([column(ref.id) for ref in output_columns(plan)]))
        return (type(plan).__name__, *own, *below)

    if any(is_volatile(e) for below in walk_plan(plan) for e in expressions(below)):
        return None
    made = node(plan)
    return made if isinstance(made, tuple) else None


_COMPARED: dict[type, tuple[str, ...]] = {}


def _compared(kind: Any) -> tuple[str, ...]:
    """The names of the fields that tell two expressions of a kind apart."""
    found = _COMPARED.get(kind)
    if found is None:
        found = _COMPARED[kind] = tuple([field.name for field in fields(kind) if field.name not in _NOT_COMPARED])
    return found


# Fields of expressions that are children, or do not tell two of them apart.
_NOT_COMPARED = ("span", "parameter", "order", "args", "arg", "left", "right", "operand", "whens", "default")

# What else tells two nodes of a kind apart, besides expressions, columns and inputs.
_OWN = {
    "Join": ("kind", "null_aware"),
    "Unnest": ("of_object", "outer"),
    "Limit": ("count", "offset"),
    "SetOperation": ("kind", "all"),
    "Recursion": ("number",),
    "WorkingRows": ("number",),
}
