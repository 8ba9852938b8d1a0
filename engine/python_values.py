"""Python values as typed physical values: what a user passes for `$1` becomes a constant of the plan.

    5            integer, bigint or numeric by size       date       date
    Decimal      numeric(digits, scale)                   datetime   timestamp, with a zone timestamptz
    float        double precision                         time       time
    bool         boolean                                  str        text that takes the type it meets
    None         NULL of any type                         numpy scalars: as their Python values

Anything else (lists, bytes, own classes) is refused by name.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from ..errors import InterfaceError, NotSupportedError, NumericOutOfRange
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
    UNKNOWN,
    SqlType,
    decimal,
)

_EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
_EPOCH = datetime.datetime(1970, 1, 1)
_EPOCH_UTC = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


def typed(value: Any) -> tuple[Any, SqlType]:
    """(value in physical form, its type)."""
    match value:
        case None:
            return None, UNKNOWN
        case bool():
            return value, BOOLEAN
        case int():
            return value, integer_type(value)
        case float():
            return float(value), DOUBLE
        case str():
            return _text(value), UNKNOWN
        case Decimal():
            return _decimal(value)
        case datetime.datetime():
            if value.tzinfo is None:
                return (value - _EPOCH) // _MICROSECOND, TIMESTAMP
            return (value - _EPOCH_UTC) // _MICROSECOND, TIMESTAMPTZ
        case datetime.date():
            return value.toordinal() - _EPOCH_DAY, DATE
        case datetime.time():
            return _time(value), TIME
    if type(value).__module__ == "numpy" and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return typed(_numpy_value(value))
    raise _refusal(value)


def integer_type(value: int) -> SqlType:
    """The type of an integer constant: the narrowest of INTEGER, BIGINT and NUMERIC that holds it."""
    if -(1 << 31) <= value < 1 << 31:
        return INTEGER
    if -(1 << 63) <= value < 1 << 63:
        return BIGINT
    digits = len(str(abs(value)))
    if digits > MAX_PRECISION:
        raise NumericOutOfRange(f"the number {value} has more than {MAX_PRECISION} digits")
    return decimal(digits, 0)


def _text(value: str) -> str:
    if "\x00" in value:
        raise InterfaceError("a text parameter must not hold the character with code 0")
    return str(value)


def _decimal(value: Decimal) -> tuple[int, SqlType]:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise NotSupportedError(f"numeric has no value {value}; pass a float")
    number = int("".join(map(str, digits)) or "0")
    if exponent > 0:
        number *= 10**exponent
    scale = max(0, -exponent)
    precision = max(len(str(number)), scale, 1)
    if precision > MAX_PRECISION:
        raise NumericOutOfRange(f"the number {value} has more than {MAX_PRECISION} digits")
    return -number if sign else number, decimal(precision, scale)


def _time(value: datetime.time) -> int:
    if value.tzinfo is not None:
        raise NotSupportedError("a time with a time zone (TIMETZ) is not supported")
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond


def _numpy_value(value: Any) -> Any:
    if value.dtype.kind == "M":
        value = value.astype("M8[us]" if value.dtype.str[3:] not in ("[D]", "[M]", "[Y]", "[W]") else "M8[D]")
    return value.item()


def _refusal(value: Any) -> Exception:
    name = type(value).__name__
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return InterfaceError(
            f"a parameter cannot be a {name}", hint="For IN, write one placeholder for each value."
        )
    return InterfaceError(f"a parameter cannot be of type {name}")
