"""Aggregates over DISTINCT values become two levels of grouping.

    Aggregate count(DISTINCT x), sum(y) BY g   ->   Aggregate count(x), sum(s) BY g
                                                      Aggregate s = sum(y) BY g, x

Several different DISTINCT arguments: one such aggregate for each, joined on g (NULLs equal). Their
common input is computed once. MIN and MAX do not care about DISTINCT and just lose it.
COUNT over no row is 0, but a sum of no counts is NULL: without groups that is put right above.
"""
from __future__ import annotations

from collections.abc import Sequence

from ..columns import substitute
from ..expressions import AggregateCall, Case, ColumnRef, Expr, IsNull, Literal
from ..logical import Aggregate, Join, JoinKind, Logical, Project
from ..nulls import never_null
from ..predicates import conjoin, null_safe_equal
from .context import RewriteContext
from .subjects import DISTINCT_CALL, rewrite_where

Calls = tuple[tuple[ColumnRef, AggregateCall], ...]

# What adds up partial results of a function (also used between slices).
MERGE = {
    "count": "sum", "sum": "sum", "min": "min", "max": "max", "any_value": "any_value",
    "bool_and": "bool_and", "bool_or": "bool_or", "bit_and": "bit_and", "bit_or": "bit_or",
    "moments": "merge_moments", "merge_moments": "merge_moments",
}
_INDIFFERENT = frozenset({"min", "max", "any_value", "bool_and", "bool_or", "bit_and", "bit_or"})


def split_distinct(plan: Logical, context: RewriteContext) -> Logical:
    def visit(node: Logical) -> Logical:
        if isinstance(node, Aggregate) and any(call.distinct for _, call in node.aggregates):
            return _split(_without_needless(node), context)
        return node

    return rewrite_where(plan, DISTINCT_CALL, visit)


def _without_needless(node: Aggregate) -> Aggregate:
    calls = tuple([
        (ref, AggregateCall(c.function, c.args, c.type, False, c.span))
        if c.function in _INDIFFERENT else (ref, c)
        for ref, c in node.aggregates
    ])
    return Aggregate(node.input, node.groups, calls)


def _split(node: Aggregate, context: RewriteContext) -> Logical:
    plain = tuple([(ref, c) for ref, c in node.aggregates if not c.distinct])
    sets: list[tuple[tuple[Expr, ...], Calls]] = []
    for ref, call in node.aggregates:
        if not call.distinct:
            continue
        for i, (args, calls) in enumerate(sets):
            if args == call.args:
                sets[i] = (args, (*calls, (ref, call)))
                break
        else:
            sets.append((call.args, ((ref, call),)))
    if not sets:
        return node
    if len(sets) == 1 and all(c.function in MERGE for _, c in plain):
        return _two_levels(node, sets[0][0], sets[0][1], plain, context)
    return _joined(node, [calls for _, calls in sets], plain, context)


def _two_levels(
    node: Aggregate, args: tuple[Expr, ...], distinct: Calls, plain: Calls, context: RewriteContext
) -> Logical:
    keys = [(context.like(ref), e) for ref, e in node.groups]
    values = [(context.fresh(e.type, "value"), e) for e in args]
    partial = [(context.fresh(c.type, ref.name), c) for ref, c in plain]
    inner = Aggregate(node.input, tuple(keys + values), tuple(partial))
    refs = tuple([v for v, _ in values])
    calls: list[tuple[ColumnRef, AggregateCall]] = []
    for ref, c in distinct:
        calls.append((ref, AggregateCall(c.function, refs, c.type, False, c.span)))
    zeros: set[int] = set()
    for (ref, c), (part, _) in zip(plain, partial):
        calls.append((ref, AggregateCall(MERGE[c.function], (part,), c.type, False, c.span)))
        if c.function == "count" and not node.groups:
            zeros.add(ref.id)
    groups = tuple([(ref, key) for (ref, _), (key, _) in zip(node.groups, keys)])
    outer = Aggregate(inner, groups, tuple(calls))
    return zero_counts(outer, zeros, context) if zeros else outer


def zero_counts(outer: Aggregate, zeros: set[int], context: RewriteContext) -> Logical:
    """The aggregate with 0 in the place of NULL in the columns `zeros`: counts that were summed."""
    made = [(context.like(ref), call) for ref, call in outer.aggregates]
    columns: list[tuple[ColumnRef, Expr]] = [(ref, ref) for ref, _ in outer.groups]
    for (ref, _), (value, _) in zip(outer.aggregates, made):
        zero = Case(((IsNull(value, negated=True), value),), Literal(0, value.type), value.type)
        columns.append((ref, zero if ref.id in zeros else value))
    return Project(Aggregate(outer.input, outer.groups, tuple(made)), tuple(columns))


def _joined(node: Aggregate, sets: Sequence[Calls], plain: Calls, context: RewriteContext) -> Logical:
    """One aggregate per distinct argument (and one for the rest), joined on the groups."""
    every = [*([plain] if plain else []), *sets]
    number = context.share(node.input)
    never = never_null(node.input)
    plan: Logical | None = None
    first: tuple[ColumnRef, ...] = ()
    for calls in every:
        branch, keys = _branch(node, calls, number, context)
        if plan is None:
            plan, first = branch, keys
            continue
        on = [
            e
            for (_, group), a, b in zip(node.groups, first, keys)
            for e in null_safe_equal(a, b, not isinstance(group, ColumnRef) or group.id not in never)
        ]
        kind = JoinKind.INNER if on else JoinKind.CROSS
        plan = Join(kind, plan, branch, conjoin(on))
    assert plan is not None
    columns: list[tuple[ColumnRef, Expr]] = [(ref, key) for (ref, _), key in zip(node.groups, first)]
    columns.extend([(ref, ref) for ref, _ in node.aggregates])
    return Project(plan, tuple(columns))


def _branch(
    node: Aggregate, calls: Calls, number: int, context: RewriteContext
) -> tuple[Logical, tuple[ColumnRef, ...]]:


    use = context.use(number)
    names: dict[int, Expr] = {made.id: ref for ref, made in use.columns}
    keys = tuple([context.like(ref) for ref, _ in node.groups])
    groups = tuple([(key, substitute(e, names)) for key, (_, e) in zip(keys, node.groups)])
    renamed = tuple([(ref, substitute(c, names)) for ref, c in calls])
    branch = Aggregate(use, groups, renamed)  # type: ignore[arg-type]
    if any(c.distinct for _, c in calls):
        return _split(branch, context), keys
    return branch, keys


