"""Numbers in text, for literals and casts: what PostgreSQL 8's input functions take, rounded and checked.

    read_number(" 42 ", INTEGER)               42
    read_number("1.005", decimal(5, 2))        101     (as the type's integer: halves away from zero)
    read_number("1e400", DOUBLE)               NumericOutOfRange

Digits are the ten of ASCII: Python's own int() and float() would also read "1_0" and digits of other scripts.
"""
from __future__ import annotations

import math
import struct

from ..errors import InvalidText, NumericOutOfRange
from ..patterns import pattern
from .types import Kind, SqlType

_INTEGER = pattern(r"\s*[+-]?[0-9]+\s*")
_NUMBER = pattern(r"\s*([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,5}))?\s*")
_ENDLESS = pattern(r"\s*[+-]?(?:inf|infinity|nan)\s*")
_MOST_DIGITS = 80  # more than any type holds


def read_number(text: str, type: SqlType) -> int | float:
    """The value of a text as an integer type's, a DECIMAL's (scaled) or a float type's; InvalidText or
    NumericOutOfRange name the text and the type."""
    if type.is_float:
        return _float(text, type)
    return _decimal(text, type) if type.kind is Kind.DECIMAL else _integer(text, type)


def _integer(text: str, type: SqlType) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise InvalidText(f'invalid input syntax for integer: "{text}"')
    value = int(text) if len(text) < 4_000 else 10**_MOST_DIGITS  # int() has a limit of its own
    low, high = type.integer_limits
    if not low <= value <= high:
        raise NumericOutOfRange(f'value "{text}" is out of range for type {type}')
    return value


def _decimal(text: str, type: SqlType) -> int:
    match = _NUMBER.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise InvalidText(f'invalid input syntax for type numeric: "{text}"')
    whole, fraction = match[2] or "", match[3] or ""
    digits = (whole + fraction).lstrip("0") or "0"
    shift = int(match[4] or 0) - len(fraction) + type.scale
    if digits == "0":
        return 0
    if len(digits) + shift > _MOST_DIGITS:
        raise NumericOutOfRange("Numeric data overflow (result precision)", detail=f'"{text}" as {type}')
    if shift >= 0:
        value = int(digits) * 10**shift
    else:
        kept = digits[: max(len(digits) + shift + 1, 0)]  # and one digit to round by
        value = (int(kept or "0") + 5) // 10
    if value > type.integer_limits[1]:
        raise NumericOutOfRange("Numeric data overflow (result precision)", detail=f'"{text}" as {type}')
    return -value if match[1] == "-" else value


def _float(text: str, type: SqlType) -> float:
    if _ENDLESS.fullmatch(text.lower()) is not None:
        return float(text)
    match = _NUMBER.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise InvalidText(f'invalid input syntax for type {type}: "{text}"')
    value = float(text)
    if type.kind is Kind.REAL:
        try:
            value = struct.unpack("<f", struct.pack("<f", value))[0]
        except OverflowError:
            value = math.inf
    if math.isinf(value):
        raise NumericOutOfRange(f'"{text}" is out of range for type {type}')
    return value
