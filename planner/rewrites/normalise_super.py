"""SUPER values and case-insensitive text are compared by keys of their own, wherever a plan compares whole rows.

    Aggregate BY s             ->   Aggregate any_value(s) BY super_normal(s)
    Aggregate count(DISTINCT s)     Aggregate count(DISTINCT super_normal(s))
    Sort s                          Sort super_rank(s)
    Window PARTITION BY s           Window PARTITION BY super_normal(s)
    Join ON s = t                   Join ON super_normal(s) = super_normal(t)

Equal values can be spelled in several ways (1 and 1.0, attributes in another order), and the bytes of a value do not
sort as ORDER BY wants it (storage/semistructured/keys.py). A group shows one of its values as it was. Operators that
people write are bound that way already (planner/build.py); this is about what the binder and the rules before make.
Case-insensitive text is compared by keys as well (planner/collation.py). HLLSKETCH values, which cannot be compared,
are refused in these places.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...errors import InternalError, NotSupportedError
from ...storage.types import TEXT
from ..build import compare, comparison_key
from ..contents import COMPARES_BY_KEY, is_keyed, traits_of
from ..expressions import AggregateCall, Call, ColumnRef, Compare, Expr, InList, Like
from ..logical import Aggregate, Logical, Sort, SortKey, Window
from ..traverse import map_expressions, rewrite
from .context import RewriteContext
from .subjects import rewrite_where


def normalise_super(plan: Logical, context: RewriteContext) -> Logical:
    def visit(node: Logical) -> Logical:
        match node:
            case Aggregate() if any(is_keyed(e.type) for e in _whole(node)):
                node = _grouped(node, context)
            case Sort() if any(is_keyed(key.expr.type) for key in node.keys):
                node = replace(node, keys=_keys(node.keys))
            case Window() if any(is_keyed(e.type) for e in (*node.partition, *[key.expr for key in node.order])):
                partition = tuple([_normal(e) for e in node.partition])
                node = replace(node, partition=partition, order=_keys(node.order))
        return map_expressions(node, lambda e: rewrite(e, _compared) if traits_of(e) & COMPARES_BY_KEY else e)

    return rewrite_where(plan, COMPARES_BY_KEY, visit)


def _whole(node: Aggregate) -> Iterator[Expr]:
    """What an aggregate compares: its groups, and the arguments of calls that are distinct or in an order."""
    yield from [e for _, e in node.groups]
    for _, call in node.aggregates:
        if call.distinct:
            yield from call.args
        yield from [key.expr for key in call.order]


def _grouped(node: Aggregate, context: RewriteContext) -> Aggregate:
    groups: list[tuple[ColumnRef, Expr]] = []
    calls: list[tuple[ColumnRef, AggregateCall]] = []
    for ref, expr in node.groups:
        _check(expr)
        if expr.type.is_super or expr.type.case_insensitive:
            key = comparison_key(expr)
            groups.append((context.fresh(key.type, ref.name, ref.nullable), key))
            calls.append((ref, AggregateCall("any_value", (expr,), expr.type)))
        else:
            groups.append((ref, expr))
    calls += [(ref, _distinct(call)) for ref, call in node.aggregates]
    return Aggregate(node.input, tuple(groups), tuple(calls))


def _distinct(call: AggregateCall) -> AggregateCall:
    args = tuple([_normal(a) for a in call.args]) if call.distinct else call.args
    return replace(call, args=args, order=_keys(call.order))


def _normal(expr: Expr) -> Expr:
    _check(expr)
    return comparison_key(expr)


def _keys(keys: tuple[SortKey, ...]) -> tuple[SortKey, ...]:
    for key in keys:
        _check(key.expr)
    return tuple([replace(k, expr=_rank(k.expr)) for k in keys])


def _check(expr: Expr) -> None:
    """HLLSKETCH values are neither sorted nor compared (hyperloglog-functions-limitations)."""
    if expr.type.is_sketch:
        span = getattr(expr, "span", None)
        raise NotSupportedError(
            "HLLSKETCH columns are not supported in ORDER BY, GROUP BY, DISTINCT, PARTITION BY and set operations "
            "without ALL", position=None if span is None else span[0],
        )


def _rank(expr: Expr) -> Expr:
    """The key by which an expression is sorted."""
    if not expr.type.is_super:
        return comparison_key(expr)
    return Call("super_rank", (expr,), TEXT, getattr(expr, "span", None))


def _without_case(expr: Compare) -> bool:
    return expr.left.type.case_insensitive or expr.right.type.case_insensitive


def _compared(expr: Expr) -> Expr:
    if isinstance(expr, Compare) and (expr.left.type.is_super or _without_case(expr)):
        return compare(expr.op, expr.left, expr.right, expr.span)
    if isinstance(expr, (InList, Like)) and expr.arg.type.case_insensitive:
        raise InternalError("case-insensitive text is searched by its key only")
    return expr
