"""AVG becomes SUM and COUNT, which slices can add up.

    Aggregate avg(x) BY g   ->   Project g, avg_divide(s, c)
                                   Aggregate s = sum(x), c = count(x) BY g

`avg_divide` gives NULL for a count of 0 and the type that Redshift's AVG has. The sum is kept exact:
NUMERIC(38, scale) for integers and decimals, DOUBLE PRECISION for floats. An equal SUM or COUNT that
stands beside the AVG is not computed twice.
"""
from __future__ import annotations

from ...storage.types import BIGINT, DOUBLE, SqlType, decimal
from ..expressions import AggregateCall, Call, ColumnRef, Expr
from ..logical import Aggregate, Logical, Project
from ..traverse import rewrite_plan
from .context import RewriteContext

Calls = tuple[tuple[ColumnRef, AggregateCall], ...]
Pairs = tuple[tuple[ColumnRef, Expr], ...]


def split_average(plan: Logical, context: RewriteContext) -> Logical:
    def visit(node: Logical) -> Logical:
        if isinstance(node, Aggregate) and any(call.function == "avg" for _, call in node.aggregates):
            return _split(node, context)
        return node

    return rewrite_plan(plan, visit)


def _split(node: Aggregate, context: RewriteContext) -> Logical:
    calls, results = without_averages(node.aggregates, context)
    groups: Pairs = tuple([(ref, ref) for ref, _ in node.groups])
    return Project(Aggregate(node.input, node.groups, calls), groups + results)


def without_averages(aggregates: Calls, context: RewriteContext) -> tuple[Calls, Pairs]:
    """(aggregates without AVG; what each of the given ones is in terms of these)."""
    calls = [(ref, call) for ref, call in aggregates if call.function != "avg"]

    def column(call: AggregateCall) -> ColumnRef:
        for ref, other in calls:
            if other == call:
                return ref
        ref = context.fresh(call.type, call.function, nullable=call.function != "count")
        calls.append((ref, call))
        return ref

    results: list[tuple[ColumnRef, Expr]] = []
    for ref, call in aggregates:
        if call.function != "avg":
            results.append((ref, ref))
            continue
        total = column(AggregateCall("sum", call.args, sum_type(call.args[0].type), call.distinct))
        count = column(AggregateCall("count", call.args, BIGINT, call.distinct))
        results.append((ref, Call("avg_divide", (total, count), call.type, call.span)))
    return tuple(calls), tuple(results)


def sum_type(type: SqlType) -> SqlType:
    """The type of an exact sum of values of `type`."""
    return decimal(38, type.scale) if type.is_exact else DOUBLE
