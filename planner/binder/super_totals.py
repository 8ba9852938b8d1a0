"""SUM, AVG, MIN and MAX over SUPER: aggregates of parts that have SQL types, put together again.

    sum(s)   super_total(sum(middle), sum(float part), max(scale), sum(high), sum(low))      NULL without numbers
    avg(s)   super_average(the same, count(middle), count(float part))
    max(s)   super_of_ranked(max(super_ranked(s)))                                 as ORDER BY sorts

Exact numbers are added up exactly; with floats among them the result is a float. A number has up to 38 digits at any
scale, more than a sum's column can add up, so that it comes in three parts, of which most numbers have the middle one
alone (the others are NULL):

    high: above 10**14 | middle: 14 digits, and SUPER_SUM_SCALE behind the point | low: what is behind those

DISTINCT takes numbers that fit one part only: equal parts do not make equal numbers. Values that are no numbers do not
count (query-super, "dynamic typing"). A result has the scale of the value with the most digits behind the point.
"""
from __future__ import annotations

from collections.abc import Callable

from ...storage.types import BIGINT, DOUBLE, INTEGER, SUPER, SUPER_SUM_SCALE, TEXT, decimal
from ..expressions import AggregateCall, Call, ColumnRef, Expr, Literal, Span

PART, END = decimal(38, SUPER_SUM_SCALE), decimal(38, 0)
Column = Callable[[AggregateCall], ColumnRef]


def total(name: str, arg: Expr, distinct: bool, column: Column, span: Span | None) -> Expr:
    """SUM or AVG of `arg`; `column` gives the result column of an aggregate."""
    whole = "super_exact_part" if distinct else "super_middle_part"
    exact, floating = Call(whole, (arg,), PART, span), Call("super_float_part", (arg,), DOUBLE, span)
    ends = [Call(f"super_{end}_part", (arg,), END, span) for end in ("high", "low")]
    parts: list[Expr] = [
        column(AggregateCall("sum", (exact,), PART, distinct, span)),
        column(AggregateCall("sum", (floating,), DOUBLE, distinct, span)),
        column(AggregateCall("max", (Call("decimal_scale", (arg,), INTEGER, span),), INTEGER, False, span)),
        *[Literal(None, END) if distinct else column(AggregateCall("sum", (end,), END, False, span)) for end in ends],
    ]
    if name == "sum":
        return Call("super_total", tuple(parts), SUPER, span)
    counts = [column(AggregateCall("count", (part,), BIGINT, distinct, span)) for part in (exact, floating)]
    return Call("super_average", (*parts, *counts), SUPER, span)


def extreme(call: AggregateCall, column: Column) -> Expr:
    """MIN or MAX: of keys that sort as ORDER BY does, and hold the value (storage/semistructured/keys.py)."""
    key = Call("super_ranked", call.args, TEXT, call.span)
    ranked = column(AggregateCall(call.function, (key,), TEXT, False, call.span))
    return Call("super_of_ranked", (ranked,), call.type, call.span)


def is_total(name: str, args: list[Expr]) -> bool:
    return name in ("sum", "avg") and len(args) == 1 and args[0].type.kind.is_super
