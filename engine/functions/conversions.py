"""TRY_CAST, TO_HEX and the Teradata-like readers of numbers, over single values."""
from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Any

from ...errors import DataError, NumericOutOfRange
from ...storage.types import BIGINT, Kind, SqlType
from .base import Function, plain
from .teradata_text import WIDE, format_of, read_number
from .text import print_float


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


def text_to_int(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    """TEXT_TO_INT_ALT(text [, format]): what stands behind the point is cut off."""
    return _within(int(_read(args, to).to_integral_value(ROUND_DOWN)), args[0], to)


def text_to_numeric(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    """TEXT_TO_NUMERIC_ALT(text [, format]): rounded to the scale, halves to even."""
    return _within(int(WIDE.scaleb(_read(args, to), to.scale).to_integral_value(ROUND_HALF_EVEN)), args[0], to)


def _read(args: list[Any], to: SqlType) -> Decimal:
    return read_number(args[0], format_of(args[1]) if len(args) > 1 else None, to.scale)


def _within(value: int, text: str, to: SqlType) -> int:
    low, high = to.integer_limits
    if not low <= value <= high:
        name = "numeric" if to.kind is Kind.DECIMAL else str(to)
        raise NumericOutOfRange(f'value "{text}" is out of range for type {name}')
    return value


FUNCTIONS: dict[str, Function] = {
    "try_cast": try_cast,
    "print_float": plain(print_float),
    "to_hex": to_hex,
    "text_to_int_alt": text_to_int,
    "text_to_numeric_alt": text_to_numeric,
}
