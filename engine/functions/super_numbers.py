"""Numbers in SUPER values: operators, rounding, and what SUM and AVG add up (query-super, "Dynamic typing").

A value of another dynamic type gives NULL. Two numbers follow the rules of the SQL types that they have: 1 is a BIGINT,
1.5 a DECIMAL, 1e0 a DOUBLE (semistructured.scalar).
"""
from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any

from ...errors import NumericOutOfRange
from ...planner.expressions import Literal
from ...storage.semistructured import form
from ...storage.types import INTEGER, MAX_PRECISION, SUPER_SUM_SCALE, SqlType, decimal
from .base import Function
from .semistructured import scalar, to_super
from .text import print_text

_DIGITS = 37  # that a number may have behind the point
_MIDDLE = 14  # digits before it that are in the middle part of a sum


def _arithmetic(key: str) -> Function:
    """An operator over two numbers, by the rules of the SQL types that they have."""

    def work(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
        from ...planner import build
        from ..evaluate import evaluate

        if any(form.kind(a) != "number" for a in args):
            return None
        left, right = (Literal(*scalar(a)) for a in args)
        if not left.type.is_integer or not right.type.is_integer:
            left, right = _narrow(left), _narrow(right)
        if key == "modulo" and (left.type.is_float or right.type.is_float):
            return None
        made = build.arithmetic(key, left, right)
        return to_super(evaluate(made), made.type)

    return work


def _narrow(number: Literal) -> Literal:
    """A whole number beside another type has the digits of an INTEGER if it can, as literals in SQL."""
    fits = number.type.is_integer and -(1 << 31) <= number.value < 1 << 31
    return Literal(number.value, INTEGER) if fits else number


def _rounded(rounding: str) -> Function:
    def work(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
        text = args[0]
        if form.kind(text) != "number" or ("." not in text and "e" not in text):
            return text if form.kind(text) == "number" else None
        whole = Decimal(text).quantize(Decimal(1), rounding, Context(prec=400))
        return form.from_float(float(whole)) if "e" in text else form.number(str(whole))

    return work


def _negate(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    if form.kind(args[0]) != "number":
        return None
    return form.number(args[0].removeprefix("-")) if args[0][0] == "-" else form.number("-" + args[0])


def _abs(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    return str(args[0].removeprefix("-")) if form.kind(args[0]) == "number" else None


def _sign(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    if form.kind(args[0]) != "number":
        return None
    value = Decimal(args[0])
    sign = (value > 0) - (value < 0)
    return form.from_float(float(sign)) if "e" in args[0] else str(sign)


def _exact_part(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int | None:
    """An exact number as one of the DECIMAL that is added up."""
    text = args[0]
    if form.EXACT.fullmatch(text) is None:
        return None
    if form.scale(text) > to.scale:
        raise NumericOutOfRange(f"SUM and AVG of DISTINCT values take at most {to.scale} digits behind the point")
    value = int(text.replace(".", "")) * 10 ** (to.scale - form.scale(text))
    if abs(value) >= 10**to.precision:
        raise NumericOutOfRange(f"the number {text} is too large for SUM and AVG of DISTINCT values")
    return value


def _split(text: str) -> tuple[int, int, int] | None:
    """(high, middle, low) of an exact number (planner/binder/super_totals.py)."""
    if form.EXACT.fullmatch(text) is None:
        return None
    value = int(text.replace(".", "")) * 10 ** (_DIGITS - form.scale(text))
    sign, value = (-1, -value) if value < 0 else (1, value)
    rest, low = divmod(value, 10 ** (_DIGITS - SUPER_SUM_SCALE))
    high, middle = divmod(rest, 10 ** (_MIDDLE + SUPER_SUM_SCALE))
    return sign * high, sign * middle, sign * low


def _middle_part(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int | None:
    parts = _split(args[0])
    return None if parts is None else parts[1]


def _end_part(place: int) -> Function:
    """The high or the low part, NULL where there is nothing."""

    def work(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int | None:
        text = args[0]
        if len(text) <= _MIDDLE and form.scale(text) <= SUPER_SUM_SCALE:
            return None
        parts = _split(text)
        return None if parts is None else parts[place] or None

    return work


def _float_part(args: list[Any], types: Sequence[SqlType], to: SqlType) -> float | None:
    return float(args[0]) if "e" in args[0] and form.kind(args[0]) == "number" else None


def _sum_of(middle: int | None, high: int | None, low: int | None) -> int:
    """Of the parts' sums, with all digits that a number may have behind the point."""
    rest = (high or 0) * 10 ** (_MIDDLE + SUPER_SUM_SCALE) + (middle or 0)
    return rest * 10 ** (_DIGITS - SUPER_SUM_SCALE) + (low or 0)


def _printed(value: int, scale: int) -> str:
    if abs(value) >= 10**MAX_PRECISION:
        raise NumericOutOfRange("Numeric data overflow (result precision)")
    return print_text(value, decimal(MAX_PRECISION, scale))


def _total(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    middle, floating, scale, high, low = args
    if floating is not None:
        return form.from_float(floating + _sum_of(middle, high, low) / 10**_DIGITS)
    return None if middle is None else _printed(_sum_of(middle, high, low) // 10 ** (_DIGITS - scale), scale)


def _average(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    """The total by the count, cut off as AVG does it: of whole numbers a whole number."""
    from ..evaluate import truncated

    middle, floating, scale, high, low, *counts = args
    total = _sum_of(middle, high, low)
    if floating is not None:
        return form.from_float((floating + total / 10**_DIGITS) / sum(counts))
    if middle is None:
        return None
    return _printed(truncated(total, counts[0] * 10 ** (_DIGITS - scale)), scale)


FUNCTIONS: dict[str, Function] = {
    **{f"super_{op}": _arithmetic(op) for op in ("add", "subtract", "multiply", "divide", "modulo")},
    "super_negate": _negate,
    "super_abs": _abs,
    "super_sign": _sign,
    "super_ceil": _rounded(ROUND_CEILING),
    "super_floor": _rounded(ROUND_FLOOR),
    "super_trunc": _rounded(ROUND_DOWN),
    "super_round": _rounded(ROUND_HALF_UP),
    "super_exact_part": _exact_part,
    "super_middle_part": _middle_part,
    "super_high_part": _end_part(0),
    "super_low_part": _end_part(2),
    "super_float_part": _float_part,
    "super_total": _total,
    "super_average": _average,
}
