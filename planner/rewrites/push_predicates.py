"""Moves each predicate as close to the rows it speaks of as it can go.

    Filter o.d < 5 AND l.k = o.k           Join Inner ON l.k = o.k
      Join Cross                     ->      Scan l
        Scan l                               Filter o.d < 5
        Scan o                                 Scan o

Going down, a node takes the conjuncts from above and hands each to the child whose columns it uses:
through projections (the expression put in for the column), below aggregates (on group columns) and windows
(on partition columns: whole partitions go), into
both sides of a union, to the preserved side of an outer join. A region of inner joins is taken as a
whole: its conjuncts and what they imply (infer_predicates) are shared out to the leaves, the rest
becomes join conditions, each at the lowest join that has its columns.

An expression that can fail (1/x, a cast of text) never passes a join, an aggregate or a filter that
stood in front of it; conjuncts keep their order. Volatile functions stay where they are.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..columns import columns_of, output_columns, output_ids, substitute
from ..contents import CAN_FAIL, CAN_FOLD, CAN_SIMPLIFY, IS_VOLATILE, is_volatile, traits_of
from ..expressions import ColumnId, ColumnRef, Expr, Literal
from ..logical import (
    Aggregate,
    Filter,
    Join,
    JoinKind,
    Logical,
    Project,
    SetOperation,
    Sort,
    Unnest,
    Window,
)
from ..predicates import TRUE, conjoin, conjuncts
from ..traverse import SOURCES, map_inputs
from .context import RewriteContext
from .infer_predicates import infer

INNER_KINDS = (JoinKind.INNER, JoinKind.CROSS)


def push_predicates(plan: Logical, context: RewriteContext) -> Logical:
    return _push(plan, [])


def _filtered(plan: Logical, parts: Sequence[Expr]) -> Logical:
    predicate = conjoin(parts)
    return plan if predicate is None else Filter(plan, predicate)


def _push(plan: Logical, parts: list[Expr]) -> Logical:
    """The plan with `parts` (over its output columns) applied as low as possible."""
    way = _WAYS.get(plan.__class__)
    if way is not None:
        return way(plan, parts)
    return _filtered(plan if plan.__class__ in SOURCES else map_inputs(plan, lambda child: _push(child, [])), parts)


def _filter(plan: Filter, parts: list[Expr]) -> Logical:
    predicate = plan.predicate
    flat = predicate.__class__ is not Literal and not traits_of(predicate) & (CAN_SIMPLIFY | CAN_FOLD)
    if flat and not parts and plan.input.__class__ in SOURCES:
        return plan
    return _push(plan.input, conjuncts(predicate) + parts)


def _sort(plan: Sort, parts: list[Expr]) -> Logical:
    source = _push(plan.input, parts)
    return plan if source is plan.input else Sort(source, plan.keys)


def _movable(expr: Expr) -> bool:
    return not traits_of(expr) & (CAN_FAIL | IS_VOLATILE)


def _project(plan: Project, parts: list[Expr]) -> Logical:
    moving: list[Expr] = []
    staying: list[Expr] = []
    if parts:
        names: dict[ColumnId, Expr] = {ref.id: e for ref, e in plan.columns}
        for conjunct in parts:
            inner = substitute(conjunct, names)
            if is_volatile(inner):
                staying.append(conjunct)
            else:
                moving.append(inner)
    source = _push(plan.input, moving)
    return _filtered(plan if source is plan.input else Project(source, plan.columns), staying)


def _aggregate(plan: Aggregate, parts: list[Expr]) -> Logical:
    moving: list[Expr] = []
    staying: list[Expr] = []
    if parts:
        keys: dict[ColumnId, Expr] = {ref.id: e for ref, e in plan.groups}
        for conjunct in parts:
            used = columns_of(conjunct)
            fits = used and used <= keys.keys() and _movable(conjunct)
            if fits and not any(is_volatile(keys[c]) for c in used):
                moving.append(substitute(conjunct, keys))
            else:
                staying.append(conjunct)
    source = _push(plan.input, moving)
    return _filtered(plan if source is plan.input else Aggregate(source, plan.groups, plan.aggregates), staying)


def _window(plan: Window, parts: list[Expr]) -> Logical:
    keys = {e.id for e in plan.partition if isinstance(e, ColumnRef)}
    moving = [c for c in parts if (used := columns_of(c)) and used <= keys and _movable(c)]
    staying = [c for c in parts if c not in moving]
    return _filtered(Window(_push(plan.input, moving), plan.partition, plan.order, plan.calls), staying)


def _unnest(plan: Unnest, parts: list[Expr]) -> Logical:
    """What does not speak of the elements goes below them."""
    below = output_ids(plan.input)
    moving = [c for c in parts if columns_of(c) <= below and _movable(c)]
    staying = [c for c in parts if c not in moving]
    return _filtered(replace(plan, input=_push(plan.input, moving)), staying)


def _union(plan: SetOperation, parts: list[Expr]) -> Logical:
    left, right, moving = plan.left, plan.right, [c for c in parts if _movable(c)]
    if moving:
        left_names: dict[ColumnId, Expr] = {c.id: f for c, f in zip(plan.columns, plan.left_columns)}
        right_names: dict[ColumnId, Expr] = {c.id: f for c, f in zip(plan.columns, plan.right_columns)}
        left = _push(left, [substitute(c, left_names) for c in moving])
        right = _push(right, [substitute(c, right_names) for c in moving])
    else:
        left, right = _push(left, []), _push(right, [])
    made: Logical = plan
    if left is not plan.left or right is not plan.right:
        made = SetOperation(
            plan.kind, plan.all, left, right, plan.columns, plan.left_columns, plan.right_columns
        )
    return _filtered(made, [c for c in parts if not _movable(c)])


# -- regions of inner joins ----------------------------------------------------------------------


def _join(plan: Join, parts: list[Expr]) -> Logical:
    return _region(plan, parts) if plan.kind in INNER_KINDS else _outer(plan, parts)


def _region(plan: Join, parts: list[Expr]) -> Logical:
    leaves: list[Logical] = []
    known: list[Expr] = []
    _collect(plan, leaves, known)
    known.extend(parts)
    known.extend(infer(known))
    home = {ref.id: place for place, leaf in enumerate(leaves) for ref in output_columns(leaf)}
    own: list[list[Expr]] = [[] for _ in leaves]
    shared: list[list[Expr]] = [[] for _ in leaves]  # at the join with the leaf that is the last to be there
    above: list[Expr] = []
    outer: list[Expr] = []
    for conjunct in known:
        if not _movable(conjunct):
            above.append(conjunct)
            continue
        used = columns_of(conjunct)
        places = {home.get(id, len(leaves)) for id in used}
        last = max(places, default=1)
        if last == len(leaves):
            outer.append(conjunct)
        else:
            (own if len(places) == 1 else shared)[last].append(conjunct)
    pushed = [_push(leaf, own[i]) for i, leaf in enumerate(leaves)]
    return _filtered(_filtered(_joined(pushed, shared), outer), above)


def _collect(plan: Logical, leaves: list[Logical], known: list[Expr]) -> None:
    """Leaves and conjuncts of a tree of inner joins and filters, left to right."""
    match plan:
        case Join(kind=JoinKind.INNER | JoinKind.CROSS):
            _collect(plan.left, leaves, known)
            _collect(plan.right, leaves, known)
            known.extend(conjuncts(plan.condition))
        case Filter(input=Join(kind=JoinKind.INNER | JoinKind.CROSS)):
            _collect(plan.input, leaves, known)
            known.extend(conjuncts(plan.predicate))
        case _:
            leaves.append(plan)


def _joined(leaves: list[Logical], shared: list[list[Expr]]) -> Logical:
    """Left-deep in the order of the text; the optimizer finds the real order."""
    plan = leaves[0]
    for leaf, parts in zip(leaves[1:], shared[1:]):
        condition = conjoin(parts)
        kind = JoinKind.CROSS if condition is None else JoinKind.INNER
        plan = Join(kind, plan, leaf, condition)
    return plan


# -- other joins ---------------------------------------------------------------------------------


def _outer(plan: Join, parts: list[Expr]) -> Logical:
    """LEFT, SINGLE, SEMI, ANTI, FULL: what may go left, what may go right, what stays."""
    left_ids, right_ids = output_ids(plan.left), output_ids(plan.right)
    left: list[Expr] = []
    right: list[Expr] = []
    above: list[Expr] = []
    on: list[Expr] = []
    for conjunct in parts:
        to_left = plan.kind is not JoinKind.FULL and columns_of(conjunct) <= left_ids and _movable(conjunct)
        (left if to_left else above).append(conjunct)
    for conjunct in conjuncts(plan.condition):
        used = columns_of(conjunct)
        if plan.kind is JoinKind.FULL or not used or not _movable(conjunct) or plan.null_aware:
            on.append(conjunct)
        elif used <= right_ids:
            right.append(conjunct)
        elif used <= left_ids and plan.kind is JoinKind.SEMI:
            left.append(conjunct)
        else:
            on.append(conjunct)
    if plan.kind not in (JoinKind.FULL, JoinKind.SINGLE) and not plan.null_aware:
        implied = infer(left, on)
        right.extend([c for c in implied if columns_of(c) <= right_ids])
    condition = conjoin(on)
    new_left, new_right = _push(plan.left, left), _push(plan.right, right)
    join = Join(plan.kind, new_left, new_right, TRUE if condition is None else condition, plan.null_aware)
    return _filtered(join, above)


_WAYS: dict[type, Callable[[Any, list[Expr]], Logical]] = {
    Filter: _filter, Project: _project, Aggregate: _aggregate, Window: _window, Join: _join, Sort: _sort,
    Unnest: _unnest, SetOperation: _union,
}
