"""What stands in a plan that rules are about, so that each goes only where there is something for it.

    subjects_of(plan)                 bits: those of the plan's expressions (contents.py), and its kinds of nodes
    rewrite_where(plan, wanted, f)    as traverse.rewrite_plan, but parts without any of `wanted` are left as they are

Kept in a slot of each node (logical.py): when a rule has changed a plan, only nodes that are new are looked at again.
What stands in the plans of subqueries is not told, but whether there are any, and whether they read a shared subplan.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..contents import COMPARES_BY_KEY, READS_SHARED, is_keyed, traits_of
from ..expressions import ColumnRef, Expr, Literal
from ..functions.aggregate import DEVIATIONS
from ..logical import (
    Aggregate,
    CteRef,
    DependentJoin,
    Filter,
    GroupingSets,
    Join,
    JoinKind,
    Logical,
    PlanContents,
    Project,
    SetOperation,
    Sort,
    SortKey,
    Unnest,
    Values,
    Window,
)
from ..traverse import OVER_ONE, SOURCES, PlanFunction, inputs, map_inputs

# Aggregates that become windows (order_aggregates), and those that become others (split_average).
ORDERED = ("listagg", "percentile_cont", "percentile_disc", "hll_sketch", "hll_combine")
SPLIT = ("avg", *DEVIATIONS)

(
    JOIN, LEFT_JOIN, RIGHT_JOIN, FULL_JOIN, SEMI_JOIN, SINGLE_JOIN, DEPENDENT_JOIN, GROUPING_SETS, SET_OPERATION,
    AGGREGATE, DISTINCT_CALL, ORDERED_CALL, SPLIT_CALL, DECIDED, PROJECTION,
) = (1 << bit for bit in range(8, 23))
OUTER_JOIN = LEFT_JOIN | RIGHT_JOIN | FULL_JOIN | SINGLE_JOIN

def subjects_of(plan: Logical) -> int:
    found: int | None = getattr(plan, "subjects", None)
    if found is None:
        kind = plan.__class__
        found = _OWN[kind](plan) if kind in _OWN else 0
        if kind in OVER_ONE:
            found |= subjects_of(plan.input)  # type: ignore[union-attr]
        elif kind is Join:
            found |= subjects_of(plan.left) | subjects_of(plan.right)  # type: ignore[union-attr]
        elif kind not in SOURCES:
            for below in inputs(plan):
                found |= subjects_of(below)
        _put(plan, found)
    return found


_put: Callable[[Logical, int], None] = vars(PlanContents)["subjects"].__set__


def rewrite_where(plan: Logical, wanted: int, f: PlanFunction) -> Logical:
    """Bottom up: f is applied to every node that holds, or has below it, something of `wanted`."""

    def visit(node: Logical) -> Logical:
        return f(map_inputs(node, visit)) if node.subjects & wanted else node

    return visit(plan) if subjects_of(plan) & wanted else plan


def nodes_where(plan: Logical, wanted: int) -> list[Logical]:
    """As traverse.walk_plan, of the parts that hold something of `wanted`."""
    found = [plan] if subjects_of(plan) & wanted else []
    for node in found:  # grows while it is gone through
        if node.__class__ not in SOURCES:
            found += [below for below in inputs(node) if below.subjects & wanted]
    return found


# -- by class: what a node itself adds ---------------------------------------------------------------------


def _of_pairs(pairs: Iterable[tuple[ColumnRef, Expr]]) -> int:
    found = 0
    for _, expr in pairs:
        if expr.__class__ is not ColumnRef:
            found |= traits_of(expr)
    return found


def _of_all(exprs: Iterable[Expr], whole: bool = False) -> int:
    """`whole`: of what is compared as a whole."""
    found = 0
    for expr in exprs:
        if expr.__class__ is not ColumnRef:
            found |= traits_of(expr)
        if whole and is_keyed(expr.type):
            found |= COMPARES_BY_KEY
    return found


def _of_filter(plan: Filter) -> int:
    return traits_of(plan.predicate) | (DECIDED if plan.predicate.__class__ is Literal else 0)


def _of_join(plan: Join | DependentJoin) -> int:
    found, condition = _KINDS[plan.kind], plan.condition
    if plan.__class__ is DependentJoin:
        found |= DEPENDENT_JOIN
    if condition is not None:
        found |= traits_of(condition) | (DECIDED if condition.__class__ is Literal else 0)
    return found


_KINDS = {
    JoinKind.INNER: JOIN, JoinKind.CROSS: JOIN, JoinKind.ANTI: JOIN, JoinKind.LEFT: JOIN | LEFT_JOIN,
    JoinKind.RIGHT: JOIN | RIGHT_JOIN, JoinKind.FULL: JOIN | FULL_JOIN, JoinKind.SEMI: JOIN | SEMI_JOIN,
    JoinKind.SINGLE: JOIN | SINGLE_JOIN,
}


def _of_calls(plan: Aggregate | GroupingSets) -> int:
    found = AGGREGATE if plan.__class__ is Aggregate else AGGREGATE | GROUPING_SETS
    found |= _of_all([expr for _, expr in plan.groups], whole=True)
    for _, call in plan.aggregates:
        found |= traits_of(call) | _CALLS.get(call.function, 0)
        if call.distinct:
            found |= DISTINCT_CALL | _of_all(call.args, whole=True)
        if call.order:
            found |= _of_keys(call.order)
    return found


_CALLS = {**dict.fromkeys(ORDERED, ORDERED_CALL), **dict.fromkeys(SPLIT, SPLIT_CALL)}


def _of_keys(keys: Iterable[SortKey]) -> int:
    return _of_all([key.expr for key in keys], whole=True)


def _of_window(plan: Window) -> int:
    return _of_all(plan.partition, whole=True) | _of_keys(plan.order) | _of_pairs(plan.calls)


_OWN: dict[type, Callable[[Any], int]] = {
    CteRef: lambda plan: READS_SHARED,
    SetOperation: lambda plan: SET_OPERATION,
    Values: lambda plan: _of_all([expr for row in plan.rows for expr in row]) if plan.rows else DECIDED,
    Project: lambda plan: _of_pairs(plan.columns) | PROJECTION,
    Unnest: lambda plan: traits_of(plan.value),
    Filter: _of_filter,
    **dict.fromkeys((Join, DependentJoin), _of_join),
    **dict.fromkeys((Aggregate, GroupingSets), _of_calls),
    Window: _of_window,
    Sort: lambda plan: _of_keys(plan.keys),
}
