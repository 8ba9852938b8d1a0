"""SUM, AVG, MIN and MAX over SUPER: aggregates of parts that have SQL types, put together again.

    sum(s)   super_total(sum(exact part), sum(float part), max(scale))            NULL without numbers
    avg(s)   super_average(the same, count(exact part), count(float part))
    max(s)   super_of_ranked(max(super_ranked(s)))                                 as ORDER BY sorts

Exact numbers are added up exactly, at PART_SCALE digits behind the point; with floats among them the result is a
float. Values that are no numbers do not count (query-super, "dynamic typing"). A result has the scale of the value
with the most digits behind the point.
"""
from __future__ import annotations

from collections.abc import Callable

from ...storage.types import BIGINT, DOUBLE, INTEGER, SUPER, TEXT, SqlType, decimal
from ..expressions import AggregateCall, Call, ColumnRef, Expr, Span

PART_SCALE = 12
PART = decimal(38, PART_SCALE)
Column = Callable[[AggregateCall], ColumnRef]


def total(name: str, arg: Expr, distinct: bool, column: Column, span: Span | None) -> Expr:
    """SUM or AVG of `arg`; `column` gives the result column of an aggregate."""
    exact, floating = Call("super_exact_part", (arg,), PART, span), Call("super_float_part", (arg,), DOUBLE, span)
    parts = [
        column(AggregateCall("sum", (exact,), PART, distinct, span)),
        column(AggregateCall("sum", (floating,), DOUBLE, distinct, span)),
        column(AggregateCall("max", (Call("decimal_scale", (arg,), INTEGER, span),), INTEGER, False, span)),
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


def is_total(name: str, types: list[SqlType]) -> bool:
    return name in ("sum", "avg") and len(types) == 1 and types[0].is_super
