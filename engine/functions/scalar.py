"""Functions over single physical values: what constant folding calls, and the reference for native ops.

`FUNCTIONS[key](args, argument types, result type)`; arguments are not NULL unless the key is in
NULL_TOLERANT. Dates are days, timestamps microseconds since 1970-01-01. This module has the ones in daily use;
rarer ones stand by subject in the modules beside it and are put into the same table.
"""
from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from ...errors import DataError, InvalidDatetime, NumericOutOfRange
from ...planner.functions.system import LEADER_SLICE
from ...storage.types import Kind, SqlType
from ..compile.numeric import round_div
from . import (
    arrays,
    binary,
    catalogue,
    conversions,
    date_format,
    dates,
    hashes,
    json_text,
    maths,
    number_format,
    regexp,
    semistructured,
    sketches,
    strings,
    super_numbers,
    zones,
)
from .base import DAY, Function
from .text import EPOCH, EPOCH_DATE

_UNITS = {"hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000, "millisecond": 1000, "microsecond": 1}


def _scale(type: SqlType) -> int:
    return type.scale if type.kind is Kind.DECIMAL else 0


# -- numbers -----------------------------------------------------------------------------------


def _cased(text: str, function: str) -> str:
    """As Arrow has it for columns: a character for a character."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return str(getattr(pc, function)(pa.scalar(text)).as_py())


def _float(function: Callable[[float], float]) -> Function:
    def call(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
        try:
            return function(args[0])
        except ValueError:
            raise DataError("input is out of range for the function") from None
        except OverflowError:
            raise NumericOutOfRange("value out of range: overflow") from None

    return call


def _floor(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
    return math.floor(args[0]) * 1.0 if types[0].is_float else args[0] // 10 ** _scale(types[0])


def _ceil(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
    return math.ceil(args[0]) * 1.0 if types[0].is_float else -(-args[0] // 10 ** _scale(types[0]))


def _round(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
    return _to_digits(args, types, to, "down")


def _trunc(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
    return _to_digits(args, types, to, "trunc")


def _to_digits(args: list[Any], types: Sequence[SqlType], to: SqlType, how: str) -> Any:
    """ROUND and TRUNC of x to n digits (default 0), in the argument's type."""
    digits = args[1] if len(args) > 1 else 0
    if types[0].is_float:
        scaled = args[0] * 10.0**digits
        whole = math.floor(abs(scaled) + (0.5 if how == "down" else 0.0))
        return math.copysign(whole, scaled) / 10.0**digits
    drop = _scale(types[0]) - digits
    value = args[0] if drop <= 0 else round_div(args[0], 10**drop, how) * 10**drop
    shift = _scale(to) - _scale(types[0])
    return value * 10**shift if shift >= 0 else value // 10**-shift


def _power(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
    try:
        return math.pow(args[0], args[1])
    except ValueError:
        if args[0] == 0:
            raise DataError("zero raised to a negative power is undefined", sqlstate="2201F") from None
        raise DataError("a negative number raised to a non-integer power yields a complex result",
                        sqlstate="2201F") from None
    except OverflowError:
        raise NumericOutOfRange("value out of range: overflow") from None


def _log(function: Callable[[float], float]) -> Function:
    def call(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
        if args[0] <= 0:
            what = "zero" if args[0] == 0 else "a negative number"
            raise DataError(f"cannot take logarithm of {what}")
        return function(args[0])

    return call


# -- dates -------------------------------------------------------------------------------------


def _as_date(value: int, type: SqlType) -> date:
    days = value if type.kind is Kind.DATE else value // DAY
    try:
        return EPOCH_DATE + timedelta(days=days)
    except OverflowError:
        raise InvalidDatetime("date out of range") from None


def _days(value: date) -> int:
    return (value - EPOCH_DATE).days


def add_months(value: date, months: int) -> date:
    total = value.year * 12 + value.month - 1 + months
    year, month = divmod(total, 12)
    try:
        return date(year, month + 1, min(value.day, monthrange(year, month + 1)[1]))
    except ValueError:
        raise InvalidDatetime("date out of range") from None


def _add_months(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    moved = _days(add_months(_as_date(args[0], types[0]), args[1]))
    return moved if types[0].kind is Kind.DATE else moved * DAY + args[0] % DAY


def _add_months_sticky(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    """ADD_MONTHS: the last day of a month stays a last day (r_ADD_MONTHS)."""
    start = _as_date(args[0], types[0])
    moved = add_months(start, args[1])
    if start.day == monthrange(start.year, start.month)[1]:
        moved = moved.replace(day=monthrange(moved.year, moved.month)[1])
    time_of_day = 0 if types[0].kind is Kind.DATE else args[0] % DAY
    return _days(moved) * DAY + time_of_day if to.kind is not Kind.DATE else _days(moved)


def _last_day(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    day = _as_date(args[0], types[0])
    return _days(day.replace(day=monthrange(day.year, day.month)[1]))


def field_of(part: str, value: int, type: SqlType) -> int:
    """A field of a date or timestamp as EXTRACT gives it."""
    if type.is_clock:
        micros = value
    else:
        micros = value % DAY if type.kind is not Kind.DATE else 0
    if part in _UNITS:
        return {"hour": micros // _UNITS["hour"], "minute": micros // _UNITS["minute"] % 60,
                "second": micros // 1_000_000 % 60, "millisecond": micros // 1000 % 1000,
                "microsecond": micros % 1_000_000}[part]
    if part == "epoch":
        return value * 86_400 if type.kind is Kind.DATE else value // 1_000_000
    day = _as_date(value, type)
    match part:
        case "year":
            return day.year
        case "quarter":
            return (day.month + 2) // 3
        case "month":
            return day.month
        case "day":
            return day.day
        case "dow":
            return day.isoweekday() % 7
        case "isodow":
            return day.isoweekday()
        case "doy":
            return day.timetuple().tm_yday
        case "week":
            return day.isocalendar().week
        case "decade":
            return day.year // 10 + 1
        case "century":
            return (day.year + 99) // 100
        case _:
            return (day.year + 999) // 1000


def truncated(part: str, value: int, type: SqlType) -> int:
    """DATE_TRUNC in the argument's own type."""
    if part in _UNITS:
        return value if type.kind is Kind.DATE else value - value % _UNITS[part]
    day = _as_date(value, type)
    match part:
        case "day":
            start = day
        case "week":
            start = day - timedelta(days=day.weekday())
        case "month":
            start = day.replace(day=1)
        case "quarter":
            start = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            start = day.replace(month=1, day=1)
        case "decade":
            start = date(day.year // 10 * 10, 1, 1)
        case "century":
            start = date((day.year - 1) // 100 * 100 + 1, 1, 1)
        case _:
            start = date((day.year - 1) // 1000 * 1000 + 1, 1, 1)
    return _days(start) if type.kind is Kind.DATE else _days(start) * DAY


def difference(part: str, start: int, end: int, type: SqlType) -> int:
    """DATEDIFF: boundaries of `part` between two values of one type."""
    if part in _UNITS:
        unit = _UNITS[part]
        scale = DAY if type.kind is Kind.DATE else 1
        return end * scale // unit - start * scale // unit
    a, b = _as_date(start, type), _as_date(end, type)
    months = (b.year - a.year) * 12 + b.month - a.month
    match part:
        case "day":
            return _days(b) - _days(a)
        case "week":
            return (_days(b) + 4) // 7 - (_days(a) + 4) // 7  # weeks begin on Sunday
        case "month":
            return months
        case "quarter":
            return (b.year * 4 + (b.month - 1) // 3) - (a.year * 4 + (a.month - 1) // 3)
        case "year":
            return b.year - a.year
        case "decade":
            return b.year // 10 - a.year // 10
        case "century":
            return (b.year - 1) // 100 - (a.year - 1) // 100
        case _:
            return (b.year - 1) // 1000 - (a.year - 1) // 1000


PARTS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond",
         "decade", "century", "millennium")
FIELDS = (*PARTS, "dow", "isodow", "doy", "epoch")


def _field(part: str) -> Function:
    return lambda a, t, to: field_of(part, a[0], t[0])


def _truncate(part: str) -> Function:
    return lambda a, t, to: truncated(part, a[0], t[0])


def _difference(part: str) -> Function:
    return lambda a, t, to: difference(part, a[0], a[1], t[0])


# -- text --------------------------------------------------------------------------------------


def _substring(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str:
    """SUBSTRING(s, start[, count]): characters, start from 1; a start below 1 eats into the count."""
    text, start = args[0], args[1]
    if len(args) < 3:
        return str(text[max(start - 1, 0):])
    if args[2] < 0:
        raise DataError("negative substring length not allowed")
    end = start - 1 + args[2]
    return str(text[max(start - 1, 0): max(end, 0)])


def _left(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str:
    text, count = args
    return str(text[:count] if count >= 0 else text[: len(text) + count] if -count < len(text) else "")


def _right(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str:
    text, count = args
    return str(text[max(len(text) - count, 0):] if count >= 0 else text[-count:])


def _trim(strip: Callable[[str, str], str]) -> Function:
    return lambda a, t, to: strip(a[0], a[1] if len(a) > 1 else " ")


def _octets(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    return len(args[0].encode())


NULL_TOLERANT: frozenset[str] = semistructured.NULL_TOLERANT | {"object_transform"}

FUNCTIONS: dict[str, Function] = {
    **catalogue.FUNCTIONS,
    "negate": lambda a, t, to: -a[0],
    "abs": lambda a, t, to: abs(a[0]),
    "sign": lambda a, t, to: type(a[0])((a[0] > 0) - (a[0] < 0)),
    "floor": _floor,
    "ceil": _ceil,
    "round": _round,
    "trunc": _trunc,
    "power": _power,
    "sqrt": _float(math.sqrt),
    "exp": _float(math.exp),
    "ln": _log(math.log),
    "log10": _log(math.log10),
    **{name: _float(getattr(math, name)) for name in ("sin", "cos", "tan", "asin", "acos", "atan")},
    "date_add_days": lambda a, t, to: a[0] + a[1],
    "ts_add_micros": lambda a, t, to: a[0] + a[1],
    "date_add_months": _add_months,
    "ts_add_months": _add_months,
    "add_months": _add_months_sticky,
    "as_number": lambda a, t, to: a[0],
    "from_number": lambda a, t, to: a[0],
    "clock_add": lambda a, t, to: (a[0] + a[1]) % DAY,
    "last_day": _last_day,
    **{f"extract_{p}": _field(p) for p in FIELDS},
    **{f"date_trunc_{p}": _truncate(p) for p in PARTS},
    **{f"date_diff_{p}": _difference(p) for p in PARTS},
    "substring": _substring,
    "length": lambda a, t, to: len(a[0]),
    "octet_length": _octets,
    "upper": lambda a, t, to: a[0].upper() if a[0].isascii() else _cased(a[0], "utf8_upper"),
    "lower": lambda a, t, to: a[0].lower() if a[0].isascii() else _cased(a[0], "utf8_lower"),
    "trim": _trim(str.strip),
    "ltrim": _trim(str.lstrip),
    "rtrim": _trim(str.rstrip),
    "concat": lambda a, t, to: a[0] + a[1],
    "strpos": lambda a, t, to: a[0].find(a[1]) + 1,
    "left": _left,
    "right": _right,
    "slice_num": lambda a, t, to: LEADER_SLICE,
    **{
        key: function
        for family in (arrays, binary, conversions, date_format, dates, hashes, json_text, maths, number_format, regexp,
                       semistructured, sketches, strings, super_numbers, zones)
        for key, function in family.FUNCTIONS.items()
    },
}

__all__ = ["EPOCH", "FIELDS", "FUNCTIONS", "NULL_TOLERANT", "PARTS"]
