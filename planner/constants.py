"""Constants: text and Python values to physical ones, typed as Redshift types its literals.

    1            INTEGER            3000000000   BIGINT       beyond   NUMERIC(n,0)
    1.00         NUMERIC(3,2)       1e5          DOUBLE PRECISION
    'abc'        UNKNOWN            until it meets a type; then `read_text` makes the value

`parameter` types the values a client binds to $1, $2 ...
"""
from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from ..errors import (
    DataError,
    InterfaceError,
    InvalidDatetime,
    InvalidText,
    NumericOutOfRange,
    SqlSyntaxError,
)
from ..storage.datetimes import DAY, read_date, read_time, read_timestamp, read_timetz
from ..storage.number_text import read_number
from ..storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    MAX_PRECISION,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    TIMETZ,
    UNKNOWN,
    Kind,
    SqlType,
    decimal,
    varbyte,
)
from .expressions import Literal, Span

FEW_DIGITS = 9  # so few are an INTEGER, whichever they are

_TRUE = frozenset(("t", "true", "y", "yes", "1", "on"))
_FALSE = frozenset(("f", "false", "n", "no", "0", "off"))
_EPOCH = date(1970, 1, 1).toordinal()
NULL = Literal(None, UNKNOWN)


def number(text: str, span: Span | None = None, negative: bool = False, parameter: int = -1) -> Literal:
    """A numeric literal as written; `parameter`: its number in the statement."""
    if len(text) <= FEW_DIGITS and text.isascii() and text.isdecimal():
        return Literal(-int(text) if negative else int(text), INTEGER, parameter, span)
    if "e" in text or "E" in text:
        try:
            value = float(text)
        except ValueError:
            raise InvalidText(f'invalid number "{text}"', position=_start(span)) from None
        if math.isinf(value):
            raise NumericOutOfRange(f'"{text}" is out of range for type double precision', position=_start(span))
        return Literal(-value if negative else value, DOUBLE, parameter, span)
    whole, _, fraction = text.partition(".")
    if not (whole + fraction).isdigit():
        raise SqlSyntaxError(f'syntax error at or near "{text}"', position=_start(span))
    value, scale = int((whole + fraction) or "0"), len(fraction)
    if negative:
        value = -value
    if "." not in text:
        return integer(value, span, parameter)
    digits = max(len(whole.lstrip("0")) + scale, 1)
    if digits > MAX_PRECISION:
        raise NumericOutOfRange(
            f"a numeric literal has at most {MAX_PRECISION} digits", position=_start(span)
        )
    return Literal(value, _decimal_of(value, max(digits, scale), scale), parameter, span)


def _decimal_of(value: int, digits: int, scale: int) -> SqlType:
    """The DECIMAL of a literal; one of 19 digits, which is kept in 64 bits, does not hold all numbers of 19."""
    type = decimal(digits, scale)
    low, high = type.integer_limits
    return type if low <= value <= high else decimal(digits + 1, scale)


def integer(value: int, span: Span | None = None, parameter: int = -1) -> Literal:
    """A whole number in the smallest of INTEGER, BIGINT, NUMERIC that holds it."""
    if -(1 << 31) <= value < 1 << 31:
        return Literal(value, INTEGER, parameter, span)
    if -(1 << 63) <= value < 1 << 63:
        return Literal(value, BIGINT, parameter, span)
    digits = len(str(abs(value)))
    if digits > MAX_PRECISION:
        raise NumericOutOfRange(f"{value} is out of range for every numeric type", position=_start(span))
    return Literal(value, _decimal_of(value, digits, 0), parameter, span)


def parameter(value: Any, span: Span | None = None) -> Literal:
    """A value bound by the client, or by EXECUTE, which has typed it already."""
    match value:
        case Literal():
            return Literal(value.value, value.type, -1, span)
        case None:
            return Literal(None, UNKNOWN, -1, span)
        case bool():
            return Literal(value, BOOLEAN, -1, span)
        case int():
            return integer(value, span)
        case float():
            return Literal(value, DOUBLE, -1, span)
        case str():
            return Literal(value, UNKNOWN, -1, span)
        case bytes() | bytearray() | memoryview():
            data = bytes(value)
            return Literal(data.hex(), varbyte(max(len(data), 1)), -1, span)
        case timedelta():
            return Literal(value // timedelta(microseconds=1), SqlType(Kind.INTERVAL_DS), -1, span)
        case Decimal():
            return _from_decimal(value, span)
        case datetime():
            return _from_datetime(value, span)
        case date():
            return Literal(value.toordinal() - _EPOCH, DATE, -1, span)
        case time():
            return _from_time(value, span)
        case _:
            return _converted(value, span)


def _converted(value: Any, span: Span | None) -> Literal:
    """numpy scalars and the like, through their own conversion to Python."""
    if hasattr(value, "item"):
        try:
            plain = value.item()
        except (TypeError, ValueError):  # an array of several
            plain = value
        if type(plain) is not type(value):
            return parameter(plain, span)
    raise InterfaceError(
        f"a value of type {type(value).__name__} cannot be bound as a parameter",
        hint="None, bool, int, float, Decimal, str, bytes, date, time, datetime and timedelta can be",
    )


def _from_decimal(value: Decimal, span: Span | None) -> Literal:
    if not value.is_finite():
        return Literal(float(value), DOUBLE, -1, span)
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    scaled = int("".join(map(str, digits)) or "0") * 10 ** max(exponent, 0)
    scale = max(-exponent, 0)
    precision = max(len(str(scaled)), scale, 1)
    if precision > MAX_PRECISION:
        raise NumericOutOfRange(f"a NUMERIC parameter has at most {MAX_PRECISION} digits: {value}")
    return Literal(-scaled if sign else scaled, _decimal_of(scaled, precision, scale), -1, span)


def _from_time(value: time, span: Span | None) -> Literal:
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    micros = seconds * 1_000_000 + value.microsecond
    if value.tzinfo is None:
        return Literal(micros, TIME, -1, span)
    distance = value.utcoffset()
    if distance is None:
        raise InterfaceError("a time whose zone has daylight saving time cannot be bound as a parameter")
    return Literal((micros - distance // timedelta(microseconds=1)) % DAY, TIMETZ, -1, span)


def _from_datetime(value: datetime, span: Span | None) -> Literal:
    zone = value.tzinfo is not None
    if zone:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return Literal(micros_of(value), TIMESTAMPTZ if zone else TIMESTAMP, -1, span)


def micros_of(value: datetime) -> int:
    """Microseconds since 1970-01-01 of a naive datetime."""
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return (value.toordinal() - _EPOCH) * DAY + seconds * 1_000_000 + value.microsecond


# -- text that meets a type ----------------------------------------------------------------------


def read_text(text: str, to: SqlType, position: int | None = None) -> Any:
    """The physical value of quoted text as a value of `to`; DataError classes where it is none."""
    try:
        return _read(text, to)
    except DataError as error:
        error.position = position
        raise


def _read(text: str, to: SqlType) -> Any:
    if to.kind.is_temporal:
        return moment(text, to)
    if to.kind.is_numeric:
        return read_number(text, to)
    match to.kind:
        case Kind.BOOLEAN:
            word = text.strip().lower()
            if word in _TRUE or word in _FALSE:
                return word in _TRUE
            raise InvalidText(f'invalid input syntax for type boolean: "{text}"')
        case Kind.CHAR:
            return text.rstrip(" ")
        case Kind.INTERVAL_YM | Kind.INTERVAL_DS:
            from ..storage.interval_text import read_interval

            return read_interval(text, to)
        case Kind.SUPER:
            from ..storage.semistructured.form import quoted

            return quoted(text)
        case Kind.VARBYTE:
            return text.encode().hex()
        case Kind.HLLSKETCH:
            from ..storage.sketches import parse

            return parse(text)
        case _:
            return text


def moment(text: str, to: SqlType) -> int:
    """A date, time of day or timestamp."""
    try:
        match to.kind:
            case Kind.DATE:
                value = read_date(text)
            case Kind.TIME:
                value = read_time(text)
            case Kind.TIMETZ:
                value = read_timetz(text)
            case _:
                value = read_timestamp(text, to.kind is Kind.TIMESTAMPTZ)
    except ValueError:
        raise InvalidDatetime(f'date/time field value out of range: "{text}"', sqlstate="22008") from None
    if value is None or not text.isascii():
        raise InvalidDatetime(f'invalid input syntax for type {to}: "{text}"')
    return value


def _start(span: Span | None) -> int | None:
    return None if span is None else span[0]
