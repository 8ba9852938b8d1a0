"""Casts between types, with the checks that their ranges do not make needless.

    integer, DECIMAL -> DECIMAL   rescale (rounding half away from zero), then the precision's limits
    exact -> float                value / 10**scale
    float -> exact                rounded, range-checked
    DATE <-> TIMESTAMP            midnight; back by floor
    TIMESTAMP -> TIME, TIMETZ     what is left of its day; zones are UTC
    text <-> anything             at block level, in Arrow (blocklevel.py)
"""
from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...errors import NotSupportedError
from ...planner.expressions import Cast
from ...storage.types import Kind, Physical, SqlType
from .batch import Value
from .numeric import check_limits, mask_null, narrow, rescale_down, rescale_up, round_real, to_float
from .program import Place

if TYPE_CHECKING:
    from .expressions import Compiler


def emit(c: Compiler, value: Value, expr: Cast, active: Place | None) -> Value:
    return cast(c, value, expr.type, active)


def cast(c: Compiler, value: Value, to: SqlType, active: Place | None) -> Value:
    source = value.type
    if value.is_null:
        return replace(value, type=to, carried=to.physical)
    if source == to or _both_text(source, to):
        return replace(value, type=to)
    if source.is_exact and to.is_exact:
        return _exact(c, value, to, active)
    active = c.active_where_valid(active, value.valid)
    if source.is_exact and to.is_float:
        return round_real(c, to_float(c, c.in_register(value), to), active)
    if source.is_float and to.is_float:
        return round_real(c, replace(c.in_register(value), type=to), active)
    if source.is_float and to.is_exact:
        return _float_to_exact(c, c.in_register(value), to, active)
    return _other(c, c.in_register(value), to, active)


def _exact(c: Compiler, value: Value, to: SqlType, active: Place | None) -> Value:
    before = value.type.scale if value.type.kind is Kind.DECIMAL else 0
    after = to.scale if to.kind is Kind.DECIMAL else 0
    if after > before:
        value = rescale_up(c, value, after - before)
    elif after < before:
        value = rescale_down(c, value, before - after, "down")
    value = replace(value, type=to)
    if value.is_constant:
        low, high = to.integer_limits
        if low <= value.constant <= high:
            return value
        value = c.in_register(value)
    return check_limits(c, value, c.active_where_valid(active, value.valid))


def _float_to_exact(c: Compiler, value: Value, to: SqlType, active: Place | None) -> Value:
    scale = to.scale if to.kind is Kind.DECIMAL else 0
    if to.physical is Physical.I64:
        out = c.builder.register(Physical.I64)
        k = 10**scale if to.kind is Kind.DECIMAL else 0  # 0: halves to even, as PostgreSQL
        c.builder.vector("f64_to_i64", out, value.place, c=active, k=k)
        result = Value(to, Physical.I64, out, value.valid, -(1 << 63), (1 << 63) - 1)
    else:
        out = c.builder.register(Physical.I128)
        c.builder.vector("f64_to_i128", out, value.place, c=active, k=scale)
        result = Value(to, Physical.I128, out, value.valid, -(1 << 127), (1 << 127) - 1)
    return narrow(c, mask_null(c, check_limits(c, result, active)))


MICROSECONDS_PER_DAY = 86_400_000_000
_SAME_VALUES = ((Kind.TIMESTAMP, Kind.TIMESTAMPTZ), (Kind.TIMESTAMPTZ, Kind.TIMESTAMP), (Kind.TIME, Kind.TIMETZ),
                (Kind.TIMETZ, Kind.TIME))
_DATE_LIMIT = ((1 << 63) - 1) // MICROSECONDS_PER_DAY


def _other(c: Compiler, value: Value, to: SqlType, active: Place | None) -> Value:
    kinds = (value.type.kind, to.kind)
    out = c.builder.register(to.physical)
    lo, hi = 0, 0
    if value.type.kind is Kind.BOOLEAN and to.is_integer:
        c.builder.vector("bool_to_i64", out, value.place)
        lo, hi = 0, 1
    elif value.type.is_integer and to.kind is Kind.BOOLEAN:
        c.builder.vector("i64_to_bool", out, value.place)
    elif kinds in ((Kind.DATE, Kind.TIMESTAMP), (Kind.DATE, Kind.TIMESTAMPTZ)):
        c.builder.vector("date_to_ts", out, value.place, c=active)
        lo = max(value.lo, -_DATE_LIMIT) * MICROSECONDS_PER_DAY
        hi = min(value.hi, _DATE_LIMIT) * MICROSECONDS_PER_DAY
    elif kinds in ((Kind.TIMESTAMP, Kind.DATE), (Kind.TIMESTAMPTZ, Kind.DATE)):
        c.builder.vector("ts_to_date", out, value.place)
        lo, hi = value.lo // MICROSECONDS_PER_DAY, value.hi // MICROSECONDS_PER_DAY
    elif kinds in _SAME_VALUES:
        return replace(value, type=to)
    elif value.type.is_temporal and to.is_clock:
        day, midnight = c.builder.register(Physical.I64), c.builder.register(Physical.I64)
        c.builder.vector("ts_to_date", day, value.place)
        c.builder.vector("date_to_ts", midnight, day, c=active)
        c.builder.vector("sub_i64", out, value.place, midnight)
        hi = MICROSECONDS_PER_DAY - 1
    else:
        raise NotSupportedError(f"cannot cast type {value.type} to {to}")
    return mask_null(c, Value(to, to.physical, out, value.valid, lo, hi))


_NO_TEXT = (Kind.SUPER, Kind.VARBYTE, Kind.HLLSKETCH)  # carried as strings, but their bytes are not text


def _both_text(source: SqlType, to: SqlType) -> bool:
    """Whether the bytes stay as they are."""
    if source.physical is not Physical.STR or to.physical is not Physical.STR:
        return False
    return source.kind is to.kind or (source.kind not in _NO_TEXT and to.kind not in _NO_TEXT)


def is_text_cast(expr: Cast) -> bool:
    """Text to or from another kind, SUPER and VARBYTE to or from anything: done in Arrow."""
    source, to = expr.operand.type, expr.type
    if source.kind in _NO_TEXT or to.kind in _NO_TEXT:
        return source != to
    return (source.physical is Physical.STR) != (to.physical is Physical.STR)


def shortens_text(expr: Cast) -> bool:
    """Whether text may lose characters, or the blanks at its end: a CHAR has none."""
    source, to = expr.operand.type, expr.type
    if source.physical is not Physical.STR or not to.is_string or to.length <= 0:
        return False
    return source.length == 0 or source.length > to.length or (to.kind is Kind.CHAR and source.kind is Kind.VARCHAR)


def fallible(expr: Cast) -> bool:
    """Whether a row can fail; widening casts cannot."""
    source, to = expr.operand.type, expr.type
    if source == to or source.is_super:
        return False
    if _both_text(source, to):
        return to.kind is Kind.CHAR is not source.kind  # single-byte characters alone
    if to.is_super:
        return source.is_float
    if source.is_integer and to.is_integer:
        return to.storage_bytes < source.storage_bytes
    if source.physical is Physical.STR:
        return True
    if source.is_exact and to.is_float:
        return False
    return not (source.kind is Kind.BOOLEAN or to.kind is Kind.BOOLEAN)
