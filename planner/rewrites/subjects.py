"""What stands in a plan that rules are about, so that each goes only where there is something for it.

    subjects_of(plan)                 bits: those of the plan's expressions (contents.py), and its kinds of nodes
    rewrite_where(plan, wanted, f)    as traverse.rewrite_plan, but parts without any of `wanted` are left as they are

Kept in a slot of each node (logical.py): when a rule has changed a plan, only nodes that are new are looked at again.
What stands in the plans of subqueries is not told, but whether there are any, and whether they read a shared subplan.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Any

from ..contents import COMPARES_BY_KEY, READS_SHARED, is_keyed, traits_of
from ..expressions import Expr, Literal
from ..functions.aggregate import DEVIATIONS
from ..logical import (
    Aggregate,
    CteRef,
    DependentJoin,
    Filter,
    GroupingSets,
    Join,
    JoinKind,
    Limit,
    Logical,
    PlanContents,
    Project,
    Recursion,
    Scan,
    SetOperation,
    Sort,
    Unnest,
    Values,
    VirtualScan,
    Window,
    WorkingRows,
)
from ..traverse import PlanFunction, expressions, inputs, map_inputs

# Aggregates that become windows (order_aggregates), and those that become others (split_average).
ORDERED = ("listagg", "percentile_cont", "percentile_disc", "hll_sketch", "hll_combine")
SPLIT = ("avg", *DEVIATIONS)

(
    JOIN, LEFT_JOIN, RIGHT_JOIN, FULL_JOIN, SEMI_JOIN, SINGLE_JOIN, DEPENDENT_JOIN, GROUPING_SETS, SET_OPERATION,
    AGGREGATE, DISTINCT_CALL, ORDERED_CALL, SPLIT_CALL, DECIDED,
) = (1 << bit for bit in range(8, 22))
OUTER_JOIN = LEFT_JOIN | RIGHT_JOIN | FULL_JOIN | SINGLE_JOIN

def subjects_of(plan: Logical) -> int:
    try:
        return plan.subjects
    except AttributeError:
        found = _OWN[plan.__class__](plan)
        for below in inputs(plan):
            found |= subjects_of(below)
        _put(plan, found)
        return found


def rewrite_where(plan: Logical, wanted: int, f: PlanFunction) -> Logical:
    """Bottom up: f is applied to every node that holds, or has below it, something of `wanted`."""

    def visit(node: Logical) -> Logical:
        return f(map_inputs(node, visit)) if subjects_of(node) & wanted else node

    return visit(plan)


def nodes_where(plan: Logical, wanted: int) -> list[Logical]:
    """As traverse.walk_plan, of the parts that hold something of `wanted`."""
    found = [plan] if subjects_of(plan) & wanted else []
    for node in found:  # grows while it is gone through
        found += [below for below in inputs(node) if subjects_of(below) & wanted]
    return found


_put: Callable[[Logical, int], None] = PlanContents.subjects.__set__  # type: ignore[attr-defined]


# -- by class: what a node itself adds ---------------------------------------------------------------------


def _of_all(exprs: Iterable[Expr]) -> int:
    return reduce(or_, map(traits_of, exprs), 0)


def _of_node(plan: Logical) -> int:
    return _of_all(expressions(plan))


def _of_filter(plan: Filter) -> int:
    return traits_of(plan.predicate) | (DECIDED if plan.predicate.__class__ is Literal else 0)


def _of_join(plan: Join) -> int:
    found, condition = _KINDS[plan.kind], plan.condition
    if condition is None:
        return found
    return found | traits_of(condition) | (DECIDED if condition.__class__ is Literal else 0)


_KINDS = {
    JoinKind.INNER: JOIN, JoinKind.CROSS: JOIN, JoinKind.ANTI: JOIN, JoinKind.LEFT: JOIN | LEFT_JOIN,
    JoinKind.RIGHT: JOIN | RIGHT_JOIN, JoinKind.FULL: JOIN | FULL_JOIN, JoinKind.SEMI: JOIN | SEMI_JOIN,
    JoinKind.SINGLE: JOIN | SINGLE_JOIN,
}


def _of_calls(plan: Aggregate | GroupingSets) -> int:
    found = AGGREGATE if plan.__class__ is Aggregate else AGGREGATE | GROUPING_SETS
    for _, expr in plan.groups:
        found |= traits_of(expr) | (COMPARES_BY_KEY if is_keyed(expr.type) else 0)
    for _, call in plan.aggregates:
        found |= traits_of(call) | _CALLS.get(call.function, 0)
        if call.distinct:
            found |= DISTINCT_CALL | _keyed(call.args)
        if call.order:
            found |= _keyed([key.expr for key in call.order])
    return found


_CALLS = {**dict.fromkeys(ORDERED, ORDERED_CALL), **dict.fromkeys(SPLIT, SPLIT_CALL)}


def _keyed(exprs: Iterable[Expr]) -> int:
    """Of what is compared as a whole."""
    return COMPARES_BY_KEY if any(is_keyed(expr.type) for expr in exprs) else 0


def _of_window(plan: Window) -> int:
    return _of_node(plan) | _keyed([*plan.partition, *[key.expr for key in plan.order]])


def _of_sort(plan: Sort) -> int:
    return _of_node(plan) | _keyed([key.expr for key in plan.keys])


_OWN: dict[type, Callable[[Any], int]] = {
    **dict.fromkeys((Scan, VirtualScan, WorkingRows, Limit, Recursion), lambda plan: 0),
    CteRef: lambda plan: READS_SHARED,
    SetOperation: lambda plan: SET_OPERATION,
    Values: lambda plan: _of_node(plan) if plan.rows else DECIDED,
    **dict.fromkeys((Project, Unnest), _of_node),
    Filter: _of_filter,
    Join: _of_join,
    DependentJoin: lambda plan: _of_join(plan) | DEPENDENT_JOIN,
    **dict.fromkeys((Aggregate, GroupingSets), _of_calls),
    Window: _of_window,
    Sort: _of_sort,
}
