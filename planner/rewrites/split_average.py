"""AVG becomes SUM and COUNT, which slices can add up; STDDEV and VARIANCE become a function of moments.

    Aggregate avg(x) BY g         ->   Project g, avg_divide(s, c)
                                         Aggregate s = sum(x), c = count(x) BY g
    Aggregate stddev_pop(x) BY g  ->   Project g, moments_stddev_pop(m)
                                         Aggregate m = moments(x) BY g

`avg_divide` gives NULL for a count of 0 and the type that Redshift's AVG has. The sum is kept exact:
NUMERIC(38, scale) for integers and decimals, DOUBLE PRECISION for floats. Moments are count, mean and squared
deviations in a string of 24 bytes, which slices can put together (kernels/moments.py). An equal SUM, COUNT or
state that stands beside is not computed twice.
"""
from __future__ import annotations

from ...storage.types import BIGINT, DOUBLE, SqlType, decimal, varchar
from ..expressions import AggregateCall, Call, ColumnRef, Expr
from ..functions.aggregate import DEVIATIONS
from ..logical import Aggregate, Logical, Project
from .context import RewriteContext
from .subjects import SPLIT, SPLIT_CALL, rewrite_where

Calls = tuple[tuple[ColumnRef, AggregateCall], ...]
Pairs = tuple[tuple[ColumnRef, Expr], ...]
STATE = varchar(24)


def split_average(plan: Logical, context: RewriteContext) -> Logical:
    def visit(node: Logical) -> Logical:
        if isinstance(node, Aggregate) and any(call.function in SPLIT for _, call in node.aggregates):
            return _split(node, context)
        return node

    return rewrite_where(plan, SPLIT_CALL, visit)


def _split(node: Aggregate, context: RewriteContext) -> Logical:
    calls, results = without_averages(node.aggregates, context)
    groups: Pairs = tuple([(ref, ref) for ref, _ in node.groups])
    return Project(Aggregate(node.input, node.groups, calls), groups + results)


def without_averages(aggregates: Calls, context: RewriteContext) -> tuple[Calls, Pairs]:
    """(aggregates without AVG and deviations; what each of the given ones is in terms of these)."""
    calls = [(ref, call) for ref, call in aggregates if call.function not in SPLIT]

    def column(call: AggregateCall) -> ColumnRef:
        for ref, other in calls:
            if other == call:
                return ref
        ref = context.fresh(call.type, call.function, nullable=call.function != "count")
        calls.append((ref, call))
        return ref

    results: list[tuple[ColumnRef, Expr]] = []
    for ref, call in aggregates:
        if call.function == "avg":
            total = column(AggregateCall("sum", call.args, sum_type(call.args[0].type), call.distinct))
            count = column(AggregateCall("count", call.args, BIGINT, call.distinct))
            results.append((ref, Call("avg_divide", (total, count), call.type, call.span)))
        elif call.function in DEVIATIONS:
            state = column(AggregateCall("moments", call.args, STATE, call.distinct))
            results.append((ref, Call(f"moments_{call.function}", (state,), call.type, call.span)))
        else:
            results.append((ref, ref))
    return tuple(calls), tuple(results)


def sum_type(type: SqlType) -> SqlType:
    """The type of an exact sum of values of `type`."""
    return decimal(38, type.scale) if type.is_exact else DOUBLE
