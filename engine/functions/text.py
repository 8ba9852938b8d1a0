"""Physical values to and from text, one at a time: what a cast to VARCHAR prints and one from it reads.

Formats are Redshift's output formats: ISO dates, timestamps with up to six fractional digits, booleans
'true'/'false' as CAST gives them, decimals with all digits of their scale.
"""
from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import Any

from ...errors import InvalidText
from ...planner.constants import moment
from ...storage.interval_text import read_interval
from ...storage.intervals import micros_text, months_text
from ...storage.number_text import read_number
from ...storage.types import Kind, SqlType

EPOCH_DATE = date(1970, 1, 1)
EPOCH = datetime(1970, 1, 1)
_CYCLE_DAYS = 146_097  # 400 years
_DAY = 86_400_000_000  # microseconds
_TRUE = frozenset(("t", "true", "y", "yes", "1", "on"))
_FALSE = frozenset(("f", "false", "n", "no", "0", "off"))


def print_text(value: Any, type: SqlType) -> str:
    match type.kind:
        case Kind.BOOLEAN:
            return "true" if value else "false"
        case Kind.DECIMAL:
            return _print_decimal(value, type.scale)
        case Kind.REAL | Kind.DOUBLE:
            return print_float(value, 6 if type.kind is Kind.REAL else 15)
        case Kind.DATE:
            return _print_date(value)
        case Kind.TIMESTAMP:
            return _print_timestamp(value)
        case Kind.TIMESTAMPTZ:
            return _print_timestamp(value, "+00")
        case Kind.TIME:
            return str(_print_timestamp(value)[11:])
        case Kind.INTERVAL_YM:
            return months_text(value)
        case Kind.INTERVAL_DS:
            return micros_text(value)
        case Kind.TIMETZ:
            return str(_print_timestamp(value)[11:]) + "+00"
        case _:
            return str(value)


def _print_decimal(value: int, scale: int) -> str:
    digits = str(abs(value)).rjust(scale + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)


def print_float(value: float, digits: int) -> str:
    """As C's %g has it; a session may want other digits (planner/binder/float_digits.py)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return f"{value:.{digits}g}"


def _print_date(days: int) -> str:
    try:
        return (EPOCH_DATE + timedelta(days=days)).isoformat()
    except OverflowError:
        text, era = _far(days)
        return text + era


def _print_timestamp(micros: int, zone: str = "") -> str:
    try:
        moment = EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        days, rest = divmod(micros, _DAY)
        text, era = _far(days)
        return f"{text} {_print_timestamp(rest)[11:]}{zone}{era}"
    text = moment.strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")
    return text + (f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else "") + zone


def _far(days: int) -> tuple[str, str]:
    """A date that Python's calendar does not know, and its era: after 9999, before year 1. The calendar repeats itself
    every 400 years."""
    cycles, days = divmod(days, _CYCLE_DAYS)
    near = EPOCH_DATE + timedelta(days=days)
    year = near.year + 400 * cycles
    return f"{year if year > 0 else 1 - year:04d}-{near:%m-%d}", "" if year > 0 else " BC"


def parse_text(text: str, type: SqlType) -> Any:
    """Read `text` as a value; InvalidText or InvalidDatetime name the text and the type."""
    bare = text.strip()
    match type.kind:
        case Kind.SMALLINT | Kind.INTEGER | Kind.BIGINT | Kind.DECIMAL | Kind.REAL | Kind.DOUBLE:
            return read_number(text, type)
        case Kind.BOOLEAN:
            if bare.lower() in _TRUE:
                return True
            if bare.lower() in _FALSE:
                return False
            raise InvalidText(f'invalid input syntax for type boolean: "{text}"')
        case Kind.DATE | Kind.TIMESTAMP | Kind.TIMESTAMPTZ | Kind.TIME | Kind.TIMETZ:
            return moment(text, type)
        case Kind.INTERVAL_YM | Kind.INTERVAL_DS:
            return read_interval(text, type)
        case _:
            return text
