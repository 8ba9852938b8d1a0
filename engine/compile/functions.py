"""Implementation keys to vector ops: one small emitter per function (or family of functions).

The catalogue of signatures is planner/functions/; a test checks that each key there is known here or in
engine/functions/ (block level and Arrow). An emitter gets values already cast to the signature's types and
returns the result; strict functions are NULL when an argument is.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ...errors import InternalError
from ...planner.expressions import Call
from ...planner.functions import FALLIBLE
from ...storage.types import BIGINT, Kind, Physical, SqlType
from . import numeric
from .batch import Value, type_range
from .program import Place
from .text import VECTOR

if TYPE_CHECKING:
    from .expressions import Compiler

Emitter = Callable[["Compiler", Call, list[Value], "Place | None"], Value]

_ARITHMETIC = ("add", "subtract", "multiply", "divide", "modulo")
# What an extraction can yield, as a proven range.
_FIELD_RANGES = {
    "year": (-300000, 300000), "quarter": (1, 4), "month": (1, 12), "day": (1, 31), "dow": (0, 6),
    "doy": (1, 366), "week": (1, 53), "hour": (0, 23), "minute": (0, 59), "second": (0, 59),
    "millisecond": (0, 999), "microsecond": (0, 999_999), "isodow": (1, 7), "decade": (-30000, 30000),
    "century": (-3000, 3000), "millennium": (-300, 300),
}
_TIME_PARTS = ("hour", "minute", "second", "millisecond", "microsecond")
_FLOAT_UNARY = {
    "sqrt": "sqrt_f64", "exp": "exp_f64", "ln": "ln_f64", "log10": "log10_f64", "floor": "floor_f64",
    "ceil": "ceil_f64", "sin": "sin_f64", "cos": "cos_f64", "tan": "tan_f64", "asin": "asin_f64",
    "acos": "acos_f64", "atan": "atan_f64", "trunc": "trunc_f64", "round": "round_f64",
}
_NEVER_FAIL = frozenset(("negate", "abs", "sign", "floor", "ceil", "avg_divide", "date_add_days", "moments_stddev_samp",
                         "moments_stddev_pop", "moments_var_samp", "moments_var_pop", "as_number", "from_number"))


def emit_call(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    """The value of a vector-level function."""
    if expr.key not in NULL_TOLERANT and any(a.is_null for a in args):
        return Value(expr.type, expr.type.physical, constant=None)
    if expr.key in _ARITHMETIC:
        a, b = args
        if a.is_constant and b.is_constant:
            a = c.in_register(a)
        return numeric.arithmetic(c, expr.key, expr.type, a, b, active)
    emitter = EMITTERS.get(expr.key)
    if emitter is not None:
        return emitter(c, expr, args, active)
    if expr.key.startswith(("extract_", "date_part_")):
        return _extract(c, expr, args)
    if expr.key.startswith("date_trunc_"):
        return _trunc(c, expr, args)
    raise InternalError(f"function {expr.key} has no implementation")


def fallible_call(key: str, type: SqlType) -> bool:
    """Whether the function can fail for some row (conservative)."""
    if key.startswith(("extract_", "date_part_", "date_trunc_")) or key in _NEVER_FAIL:
        return False
    return type.physical is not Physical.STR or key in FALLIBLE


def _one(c: Compiler, expr: Call, args: list[Value], op: str, lo: int = 0, hi: int = 0, k: int = 0,
         active: Place | None = None) -> Value:
    """A strict unary op."""
    value = c.in_register(args[0])
    out = c.builder.register(expr.type.physical)
    c.builder.vector(op, out, value.place, c=c.active_where_valid(active, value.valid), k=k)
    return numeric.mask_null(c, Value(expr.type, expr.type.physical, out, value.valid, lo, hi))


def _negate(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    return numeric.negate(c, expr.type, c.in_register(args[0]), active)


def _abs(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    value = c.in_register(args[0])
    if expr.type.physical is Physical.F64:
        return _one(c, expr, [value], "abs_f64")
    out = c.builder.register(value.carried)
    c.builder.vector(f"abs_{value.carried.value}", out, value.place)
    top = max(abs(value.lo), abs(value.hi))
    low = 0 if value.lo <= 0 <= value.hi else min(abs(value.lo), abs(value.hi))
    return numeric.check_limits(c, Value(expr.type, value.carried, out, value.valid, low, top), active)


def _sign(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    value = c.in_register(args[0])
    if value.carried is Physical.F64:
        return _sign_of_float(c, expr, value)
    out = c.builder.register(Physical.I64)
    c.builder.vector(f"sign_{value.carried.value}", out, value.place)
    return Value(expr.type, Physical.I64, out, value.valid, -1, 1)


def _sign_of_float(c: Compiler, expr: Call, value: Value) -> Value:
    """(x > 0) - (x < 0) as a double."""
    parts = []
    for op in ("gt", "lt"):
        mask, number = c.builder.register(Physical.BOOL), c.builder.register(Physical.I64)
        c.builder.vector(f"{op}_f64_k", mask, value.place, k=0)
        c.builder.vector("bool_to_i64", number, mask)
        parts.append(number)
    out = c.builder.register(Physical.I64)
    c.builder.vector("sub_i64", out, parts[0], parts[1])
    sign = Value(BIGINT, Physical.I64, out, value.valid, -1, 1)
    return numeric.mask_null(c, numeric.to_float(c, sign, expr.type))


def _avg_divide(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    """sum / count in the type of AVG; NULL where count is 0 (r_AVG)."""
    total, count = args
    positive = c.place(_positive(c, count))
    valid = c.both_valid(total.valid, positive)
    if expr.type.physical is Physical.F64:
        if total.type.is_exact:
            total = numeric.to_float(c, c.in_register(total), expr.type)
        divisor = numeric.to_float(c, c.in_register(count), expr.type)
        out = c.builder.register(Physical.F64)
        c.builder.vector("div_f64", out, c.in_register(total).place, divisor.place, valid)
        return numeric.mask_null(c, Value(expr.type, Physical.F64, out, valid))
    shifted = replace(expr.type, kind=Kind.DECIMAL, precision=38, scale=expr.type.scale)
    result = numeric.divide(c, shifted, total, count, valid, valid)
    return numeric.mask_null(c, replace(_narrow_to(c, result, expr.type), type=expr.type))


def _deviation(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    """STDDEV_* and VAR_* of a state of kernels/moments.py; NULL where it counts too few values."""
    state, population = c.in_register(args[0]), expr.key.endswith("_pop")
    known, out = c.builder.register(Physical.BOOL), c.builder.register(Physical.F64)
    c.builder.vector("moments_known", known, state.place, k=0 if population else 1)
    c.builder.vector("moments_value", out, state.place, k=population + 2 * expr.key.startswith("moments_stddev"))
    return numeric.mask_null(c, Value(expr.type, Physical.F64, out, c.both_valid(state.valid, known)))


def _positive(c: Compiler, count: Value) -> Place | bool:
    from .comparisons import compare

    return compare(c, ">", count, Value(count.type, Physical.I64, constant=0))


def _narrow_to(c: Compiler, value: Value, type: SqlType) -> Value:
    """An I128 result that must travel as I64 because its type says so (an average lies in its
    argument's range)."""
    if type.physical is Physical.I64 and value.carried is Physical.I128:
        low, high = type.integer_limits
        return numeric.narrow(c, replace(value, lo=max(value.lo, low), hi=min(value.hi, high)))
    return value


def _floor_ceil(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    """FLOOR, CEIL of an exact value: scale 0."""
    if args[0].type.physical is Physical.F64:
        return _one(c, expr, args, _FLOAT_UNARY[expr.key], active=active)
    value = c.in_register(args[0])
    scale = value.type.scale if value.type.kind is Kind.DECIMAL else 0
    if scale == 0:
        return replace(value, type=expr.type)
    whole = numeric.rescale_down(c, value, scale, "trunc")
    back = numeric.rescale_up(c, whole, scale)
    from .comparisons import compare

    op = "<" if expr.key == "floor" else ">"
    off = c.place(compare(c, op, value, replace(back, valid=value.valid)))
    step = c.builder.register(Physical.I64)
    c.builder.vector("bool_to_i64", step, off)
    one = Value(expr.type, Physical.I64, step, None, 0, 1)
    key = "subtract" if expr.key == "floor" else "add"
    return numeric.arithmetic(c, key, expr.type, replace(whole, type=expr.type), one, active)


def _float_unary(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    return numeric.round_real(c, _one(c, expr, args, _FLOAT_UNARY[expr.key], active=active), active)


def _extract(c: Compiler, expr: Call, args: list[Value]) -> Value:
    part = expr.key.split("_", 1)[1].removeprefix("part_")
    unit = "date" if args[0].type.kind is Kind.DATE else "ts"
    lo, hi = _FIELD_RANGES.get(part, type_range(expr.type))
    if unit == "date" and part in _TIME_PARTS:  # a date is midnight
        return _one(c, expr, args, "mul_i64_k", 0, 0, k=0)
    if expr.type.physical is Physical.F64:
        return _one(c, expr, args, f"extract_{part}_{unit}")
    return _one(c, expr, args, f"extract_{part}_{unit}", lo, hi)


def _trunc(c: Compiler, expr: Call, args: list[Value]) -> Value:
    part = expr.key.removeprefix("date_trunc_")
    unit = "date" if args[0].type.kind is Kind.DATE else "ts"
    return _one(c, expr, args, f"date_trunc_{part}_{unit}", *type_range(expr.type))


def _add_days(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    return numeric.arithmetic(c, "add", expr.type, c.in_register(args[0]), args[1], active)


def _add_months(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    value, months = c.in_register(args[0]), args[1]
    op = "date_add_months" if value.type.kind is Kind.DATE else "ts_add_months"
    valid = c.both_valid(value.valid, months.valid)
    out = c.builder.register(Physical.I64)
    if months.is_constant:
        c.builder.vector(f"{op}_k", out, value.place, k=months.constant)
    else:
        c.builder.vector(op, out, value.place, months.place)
    result = Value(expr.type, Physical.I64, out, valid, *type_range(expr.type))
    return numeric.mask_null(c, result)


_CALENDAR_PARTS = ("year", "quarter", "month", "week")
_SUNDAY = 6  # DATEDIFF's weeks begin on Sunday; native weekdays count from Monday
_MICROSECONDS = {"day": 86_400_000_000, "hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000,
                 "millisecond": 1000, "microsecond": 1}


def _date_diff(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    """DATEDIFF: boundaries of a part between two dates or two timestamps."""
    part = expr.key.removeprefix("date_diff_")
    dates = args[0].type.kind is Kind.DATE
    a, b = (c.in_register(v) for v in args)
    valid = c.both_valid(a.valid, b.valid)
    out = c.builder.register(Physical.I64)
    places: list[Place | None] = [a.place, b.place]
    if part in _CALENDAR_PARTS:
        if not dates:
            places = [c.builder.register(Physical.I64) for _ in places]
            for day, value in zip(places, (a, b), strict=True):
                c.builder.vector("ts_to_date", day, value.place)
        c.builder.vector(f"datediff_{part}_date", out, places[0], places[1], k=_SUNDAY)
    elif dates:
        days = c.builder.register(Physical.I64)
        c.builder.vector("sub_i64", days, b.place, a.place)
        c.builder.vector("mul_i64_k", out, days, k=_MICROSECONDS["day"] // _MICROSECONDS[part])
    else:
        c.builder.vector("datediff_k_ts", out, places[0], places[1], k=_MICROSECONDS[part])
    return numeric.mask_null(c, Value(expr.type, Physical.I64, out, valid, *type_range(expr.type)))


NULL_TOLERANT: frozenset[str] = frozenset()

def _same(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    """An interval as its number, and back."""
    return replace(args[0], type=expr.type)


EMITTERS: dict[str, Emitter] = {
    "as_number": _same,
    "from_number": _same,
    "negate": _negate,
    "abs": _abs,
    "sign": _sign,
    "avg_divide": _avg_divide,
    **{f"moments_{name}": _deviation for name in ("stddev_samp", "stddev_pop", "var_samp", "var_pop")},
    "floor": _floor_ceil,
    "ceil": _floor_ceil,
    "date_add_days": _add_days,
    "date_add_months": _add_months,
    "ts_add_months": _add_months,
    "ts_add_micros": _add_days,
    **{k: _float_unary for k in _FLOAT_UNARY if k not in ("floor", "ceil")},
    **{f"date_diff_{part}": _date_diff for part in (*_CALENDAR_PARTS, *_MICROSECONDS)},
    **VECTOR,
}
