"""Aggregates of values in order become window functions whose result one row of each group carries.

    Aggregate listagg(s ORDER d), sum(x) BY g   ->   Aggregate any_value(w), sum(x) BY g
                                                       Window w := listagg(s) BY g ORDER d (first row only)

So LISTAGG, MEDIAN and percentiles share moves, sorts and kernels with windows: rows go to the slice of their
group and are sorted by group and key. HyperLogLog sketches need no order, only the values of a group together.
Group expressions become columns below, for both nodes to use.
"""
from __future__ import annotations

from ..columns import output_columns
from ..expressions import AggregateCall, ColumnRef, Expr, WindowCall
from ..logical import Aggregate, Logical, Project, SortKey, Window
from .context import RewriteContext
from .subjects import ORDERED, ORDERED_CALL, rewrite_where


def order_aggregates(plan: Logical, context: RewriteContext) -> Logical:
    def visit(node: Logical) -> Logical:
        if isinstance(node, Aggregate) and any(_ordered(call) for _, call in node.aggregates):
            return _over_windows(node, context)
        return node

    return rewrite_where(plan, ORDERED_CALL, visit)


def _ordered(call: AggregateCall) -> bool:
    """Sketches are made of distinct values: split_distinct comes first."""
    return call.function in ORDERED and not (call.distinct and call.function == "hll_sketch")


def _over_windows(node: Aggregate, context: RewriteContext) -> Logical:
    source, groups = _with_group_columns(node, context)
    keys = tuple([e for _, e in groups])
    windows: dict[tuple[SortKey, ...], list[tuple[ColumnRef, WindowCall]]] = {}
    calls: list[tuple[ColumnRef, AggregateCall]] = []
    for ref, call in node.aggregates:
        if not _ordered(call):
            calls.append((ref, call))
            continue
        made = context.fresh(call.type, call.function)
        window = WindowCall(call.function, call.args, call.type, distinct=call.distinct, once=True, span=call.span)
        windows.setdefault(call.order, []).append((made, window))
        calls.append((ref, AggregateCall("any_value", (made,), call.type, False, call.span)))
    for order, pairs in windows.items():
        source = Window(source, keys, order, tuple(pairs))
    return Aggregate(source, groups, tuple(calls))


def _with_group_columns(
    node: Aggregate, context: RewriteContext
) -> tuple[Logical, tuple[tuple[ColumnRef, Expr], ...]]:
    """The input with a column for each group expression, and the groups by these."""
    if all(isinstance(e, ColumnRef) for _, e in node.groups):
        return node.input, node.groups
    groups: list[tuple[ColumnRef, Expr]] = []
    columns: list[tuple[ColumnRef, Expr]] = [(c, c) for c in output_columns(node.input)]
    for ref, expr in node.groups:
        if isinstance(expr, ColumnRef):
            groups.append((ref, expr))
            continue
        column = context.fresh(expr.type, ref.name)
        columns.append((column, expr))
        groups.append((ref, column))
    return Project(node.input, tuple(columns)), tuple(groups)
