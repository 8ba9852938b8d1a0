"""Exact and floating arithmetic: which op, in which width, and when a check is needed.

Every exact value carries a proven range [lo, hi] (zone maps, type limits, and arithmetic on both). From it:

    result fits 64 bits           the plain wrapping op; a faster one for the product of 32-bit values
    result fits its SQL type      no check
    BIGINT may overflow           the checked op (error 22003 for active rows)
    smaller integer may overflow  plain op, then a range check
    DECIMAL may exceed 64 bits    128-bit ops; beyond 38 digits a range check

The width inside never shows: a NUMERIC(38,4) whose values are proven small travels as I64.
Rules of precision and scale are the binder's (r_numeric_computations201); here only values count.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...storage.types import Kind, Physical, SqlType
from .batch import Value
from .constants import float_bits, words128
from .program import Place

if TYPE_CHECKING:
    from .expressions import Compiler

I64_LO, I64_HI = -(1 << 63), (1 << 63) - 1
I128_LO, I128_HI = -(1 << 127), (1 << 127) - 1


def fits64(lo: int, hi: int) -> bool:
    return lo >= I64_LO and hi <= I64_HI


def fits32(lo: int, hi: int) -> bool:
    return lo >= -(1 << 31) and hi < 1 << 31


def widen(c: Compiler, value: Value) -> Value:
    """An I64 value as I128."""
    if value.is_constant or value.carried is Physical.I128:
        return replace(value, carried=Physical.I128)
    out = c.builder.register(Physical.I128)
    c.builder.vector("i64_to_i128", out, value.place)
    return replace(value, carried=Physical.I128, place=out)


def narrow(c: Compiler, value: Value) -> Value:
    """An I128 value whose range fits 64 bits, as I64."""
    if value.carried is Physical.I64 or not fits64(value.lo, value.hi):
        return value
    if value.is_constant:
        return replace(value, carried=Physical.I64)
    out = c.builder.register(Physical.I64)
    c.builder.vector("narrow_i128", out, value.place)  # unchecked: rows that do not count may not fit
    return replace(value, carried=Physical.I64, place=out)


def common_carried(type: SqlType, values: Sequence[Value]) -> Physical:
    """The class in which all of `values` can travel as `type`."""
    if type.physical not in (Physical.I64, Physical.I128):
        return type.physical
    wide = any(v.carried is Physical.I128 and not v.is_null for v in values)
    return Physical.I128 if wide else Physical.I64


def arithmetic(c: Compiler, key: str, type: SqlType, a: Value, b: Value, active: Place | None) -> Value:
    """'add', 'subtract', 'multiply', 'modulo' and 'divide' of two non-NULL-constant values."""
    valid = c.both_valid(a.valid, b.valid)
    if type.physical is Physical.F64:
        return _float(c, key, type, a, b, valid, c.active_where_valid(active, valid))
    if key == "divide":
        return divide(c, type, a, b, valid, c.active_where_valid(active, valid))
    if key == "modulo":
        return _modulo(c, type, a, b, valid, c.active_where_valid(active, valid))
    lo, hi = _interval(key, a, b)
    result = _exact(c, key, type, a, b, valid, lo, hi, c.active_where_valid(active, valid))
    if key == "multiply" and type.kind is Kind.DECIMAL:
        extra = a.type.scale + b.type.scale - type.scale
        if extra > 0:
            result = rescale_down(c, result, extra, "trunc")
    return check_limits(c, replace(result, type=type), c.active_where_valid(active, valid))


def _interval(key: str, a: Value, b: Value) -> tuple[int, int]:
    if key == "add":
        return a.lo + b.lo, a.hi + b.hi
    if key == "subtract":
        return a.lo - b.hi, a.hi - b.lo
    corners = (a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi)
    return min(corners), max(corners)


_SHORT = {"add": "add", "subtract": "sub", "multiply": "mul"}


def _exact(c: Compiler, key: str, type: SqlType, a: Value, b: Value, valid: Place | None, lo: int, hi: int,
           active: Place | None) -> Value:
    both64 = a.carried is Physical.I64 and b.carried is Physical.I64
    if both64 and (fits64(lo, hi) or type.kind is not Kind.DECIMAL):
        return _exact64(c, key, type, a, b, valid, lo, hi, active)
    out = c.builder.register(Physical.I128)
    if key == "multiply" and both64:
        x, y = c.in_register(a), c.in_register(b)
        c.builder.vector("mul_i64_to_i128", out, x.place, y.place)
    else:
        x, y = c.in_register(widen(c, a)), c.in_register(widen(c, b))
        c.builder.vector(f"{_SHORT[key]}_i128", out, x.place, y.place, active)
    made = Value(type, Physical.I128, out, valid, max(lo, I128_LO), min(hi, I128_HI))
    return made if key == "multiply" else mask_null(c, made)  # 0 * y is 0 already


def _exact64(c: Compiler, key: str, type: SqlType, a: Value, b: Value, valid: Place | None, lo: int, hi: int,
             active: Place | None) -> Value:
    out = c.builder.register(Physical.I64)
    op = _SHORT[key]
    if not fits64(lo, hi):
        x, y = c.in_register(a), c.in_register(b)
        c.builder.vector(f"{op}_i64_checked", out, x.place, y.place, active)
        lo, hi = max(lo, I64_LO), min(hi, I64_HI)
    elif b.is_constant:
        _with_constant(c, key, out, a, b.constant)
    elif a.is_constant and key in ("add", "multiply"):
        _with_constant(c, key, out, b, a.constant)
    elif a.is_constant:
        c.builder.vector("rsub_i64_k", out, b.place, k=a.constant)
    elif key == "multiply" and fits32(a.lo, a.hi) and fits32(b.lo, b.hi):
        c.builder.vector("mul_i32", out, a.place, b.place)
    else:
        c.builder.vector(f"{op}_i64", out, a.place, b.place)
    if valid is None:
        return Value(type, Physical.I64, out, None, lo, hi)
    return mask_null(c, Value(type, Physical.I64, out, valid, min(lo, 0), max(hi, 0)))


def _with_constant(c: Compiler, key: str, out: Place, a: Value, constant: int) -> None:
    if key == "multiply":
        multiply_by(c, out, a, constant)
    else:
        c.builder.vector("add_i64_k", out, a.place, k=constant if key == "add" else -constant)


def multiply_by(c: Compiler, out: Place, a: Value, factor: int) -> None:
    """a * factor, which is known to fit 64 bits."""
    narrow = fits32(a.lo, a.hi) and fits32(factor, factor)
    c.builder.vector("mul_i32_k" if narrow else "mul_i64_k", out, a.place, k=factor)


def mask_null(c: Compiler, value: Value) -> Value:
    """Zero under NULL (an invariant of all values)."""
    if value.valid is None:
        return value
    out = c.builder.register(value.carried)
    c.builder.vector(f"mask_{value.carried.value}", out, value.place, value.valid)
    return replace(value, place=out, lo=min(value.lo, 0), hi=max(value.hi, 0))


def check_limits(c: Compiler, value: Value, active: Place | None) -> Value:
    """Raise 22003 for active rows outside the value's SQL type, unless its range proves there is none."""
    low, high = value.type.integer_limits
    if value.lo >= low and value.hi <= high:
        return value
    if value.carried is Physical.I64:
        limits = c.builder.parameters(np.array([low, high], np.int64))
        pc = c.builder.vector("check_range_i64", None, value.place, c=active, k=limits)
    else:
        words = np.concatenate([words128(low), words128(high)])
        pc = c.builder.vector("check_range_i128", None, value.place, c=active, k=c.builder.parameters(words))
    c.builder.limits[pc] = value.type
    return narrow(c, replace(value, lo=max(value.lo, low), hi=min(value.hi, high)))


def rescale_up(c: Compiler, value: Value, digits: int) -> Value:
    """Times 10**digits, in the width that holds it."""
    factor = 10**digits
    lo, hi = value.lo * factor, value.hi * factor
    if value.is_constant:
        carried = Physical.I64 if fits64(lo, lo) else Physical.I128
        return replace(value, constant=value.constant * factor, lo=lo, hi=hi, carried=carried)
    if value.carried is Physical.I64 and fits64(lo, hi):
        out = c.builder.register(Physical.I64)
        multiply_by(c, out, value, factor)
        return replace(value, place=out, lo=lo, hi=hi)
    wide = widen(c, value)
    out = c.builder.register(Physical.I128)
    c.builder.vector("rescale_up_i128", out, wide.place, k=digits)
    return replace(wide, place=out, lo=max(lo, I128_LO), hi=min(hi, I128_HI))


def rescale_down(c: Compiler, value: Value, digits: int, how: str) -> Value:
    """Divided by 10**digits; how: 'down' rounds half away from zero, 'trunc' truncates."""
    factor = 10**digits
    lo, hi = round_div(value.lo, factor, how), round_div(value.hi, factor, how)
    if value.is_constant:
        done = round_div(value.constant, factor, how)
        return replace(value, constant=done, lo=done, hi=done)
    out = c.builder.register(value.carried)
    if value.carried is Physical.I64 and digits <= 18:
        c.builder.vector(f"rescale_{how}_i64", out, value.place, k=factor)
    else:
        value = widen(c, value)
        out = c.builder.register(Physical.I128)
        c.builder.vector(f"rescale_{how}_i128", out, value.place, k=digits)
    return narrow(c, replace(value, place=out, lo=lo, hi=hi))


def round_div(value: int, factor: int, how: str) -> int:
    """Integer division toward zero, or half away from zero."""
    sign = -1 if value < 0 else 1
    whole, rest = divmod(abs(value), factor)
    if how == "down" and 2 * rest >= factor:
        whole += 1
    return sign * whole


def divide(c: Compiler, type: SqlType, a: Value, b: Value, valid: Place | None, active: Place | None,
           rounding: int = 0) -> Value:
    """Integers truncate toward zero; decimals to the result's scale (digits beyond are cut off)."""
    if type.kind is not Kind.DECIMAL:
        x, y = c.in_register(a), c.in_register(b)
        out = c.builder.register(Physical.I64)
        c.builder.vector("div_i64", out, x.place, y.place, active)
        top = max(abs(a.lo), abs(a.hi))
        result = mask_null(c, Value(type, Physical.I64, out, valid, max(-top, I64_LO), min(top, I64_HI)))
        return check_limits(c, result, active)
    power = type.scale - a.type.scale + b.type.scale
    x, y = c.in_register(widen(c, a)), c.in_register(widen(c, b))
    words = c.builder.parameters(np.array([power, rounding], np.int64))
    out = c.builder.register(Physical.I128)
    c.builder.vector("div_decimal", out, x.place, y.place, active, k=words)
    top = max(abs(a.lo), abs(a.hi)) * 10 ** max(power, 0) + 1
    result = Value(type, Physical.I128, out, valid, max(-top, I128_LO), min(top, I128_HI))
    return check_limits(c, result, active)


def _modulo(c: Compiler, type: SqlType, a: Value, b: Value, valid: Place | None, active: Place | None) -> Value:
    wide = Physical.I128 in (a.carried, b.carried)
    if wide:
        a, b = widen(c, a), widen(c, b)
    x, y = c.in_register(a), c.in_register(b)
    carried = Physical.I128 if wide else Physical.I64
    out = c.builder.register(carried)
    c.builder.vector(f"mod_{carried.value}", out, x.place, y.place, active)
    top = max(abs(b.lo), abs(b.hi))
    return narrow(c, mask_null(c, Value(type, carried, out, valid, -top, top)))


_FLOAT = {"add": "add_f64", "subtract": "sub_f64", "multiply": "mul_f64", "divide": "div_f64",
          "modulo": "mod_f64", "power": "pow_f64"}


def _float(c: Compiler, key: str, type: SqlType, a: Value, b: Value, valid: Place | None,
           active: Place | None) -> Value:
    x, y = c.in_register(a), c.in_register(b)
    out = c.builder.register(Physical.F64)
    c.builder.vector(_FLOAT[key], out, x.place, y.place, active)
    result = mask_null(c, Value(type, Physical.F64, out, valid))
    return round_real(c, result, active)


def round_real(c: Compiler, value: Value, active: Place | None) -> Value:
    """REAL results keep single precision."""
    if value.type.kind is not Kind.REAL:
        return value
    out = c.builder.register(Physical.F64)
    c.builder.vector("round_f32", out, value.place, c=active)
    return replace(value, place=out)


def negate(c: Compiler, type: SqlType, a: Value, active: Place | None) -> Value:
    if type.physical is Physical.F64:
        out = c.builder.register(Physical.F64)
        c.builder.vector("neg_f64", out, a.place)
        return Value(type, Physical.F64, out, a.valid)
    zero = Value(type, Physical.I64, constant=0)
    return arithmetic(c, "subtract", type, zero, a, active)


def to_float(c: Compiler, value: Value, type: SqlType) -> Value:
    """An exact value divided by 10**scale as a double."""
    out = c.builder.register(Physical.F64)
    op = "i64_to_f64" if value.carried is Physical.I64 else "i128_to_f64"
    scale = value.type.scale if value.type.kind is Kind.DECIMAL else 0
    c.builder.vector(op, out, value.place, k=10**scale if value.carried is Physical.I64 else scale)
    return Value(type, Physical.F64, out, value.valid)


__all__ = [
    "arithmetic", "check_limits", "common_carried", "divide", "fits64", "float_bits", "mask_null", "narrow",
    "negate", "rescale_down", "rescale_up", "round_div", "round_real", "to_float", "widen",
]
