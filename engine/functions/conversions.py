"""TRY_CAST, TO_HEX and the Teradata-like readers of numbers, over single values."""
from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

from ...errors import DataError, InvalidText, NumericOutOfRange
from ...storage.types import BIGINT, Kind, SqlType
from .base import Function

_SIGNED = re.compile(r"(?P<sign>[+-]?)(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?P<after>[+-]?)")
_IGNORED = str.maketrans("", "", "/,:% ")
_DIGITS = 60  # more than any type has
_WIDE = Context(prec=120)


def try_cast(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
    """CAST, but NULL for what cannot be converted."""
    from ..evaluate import cast

    try:
        return cast(args[0], types[0], to, False)
    except DataError:
        return None


def to_hex(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str:
    """Hexadecimal digits; negative numbers in two's complement of their width."""
    return f"{args[0] & ((1 << (64 if types[0] == BIGINT else 32)) - 1):x}"


def read_number(text: str) -> Decimal:
    """A number with its sign in front or behind; a blank text is 0."""
    bare = text.translate(_IGNORED)
    if not bare:
        return Decimal(0)
    found = _SIGNED.fullmatch(bare)
    if found is None or (found["sign"] and found["after"]):
        raise InvalidText(f'invalid input syntax for type numeric: "{text}"')
    try:
        value = _WIDE.create_decimal(found["number"])
    except InvalidOperation:
        raise InvalidText(f'invalid input syntax for type numeric: "{text}"') from None
    if value and value.adjusted() > _DIGITS:
        raise NumericOutOfRange(f'value "{text}" is out of range for type numeric')
    return value.copy_negate() if "-" in (found["sign"], found["after"]) else value


def text_to_int(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    """TEXT_TO_INT_ALT: what stands behind the point is cut off."""
    return _within(int(read_number(args[0]).to_integral_value(ROUND_DOWN)), args[0], to)


def text_to_numeric(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    """TEXT_TO_NUMERIC_ALT: rounded to the scale, halves to even."""
    value = read_number(args[0])
    return _within(int(_WIDE.scaleb(value, to.scale).to_integral_value(ROUND_HALF_EVEN)), args[0], to)


def _within(value: int, text: str, to: SqlType) -> int:
    low, high = to.integer_limits
    if not low <= value <= high:
        name = "numeric" if to.kind is Kind.DECIMAL else str(to)
        raise NumericOutOfRange(f'value "{text}" is out of range for type {name}')
    return value


FUNCTIONS: dict[str, Function] = {
    "try_cast": try_cast,
    "to_hex": to_hex,
    "text_to_int_alt": text_to_int,
    "text_to_numeric_alt": text_to_numeric,
}
