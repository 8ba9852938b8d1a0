"""What a Parquet footer says of values: bounds as plans have them, about how many are different.

    raw bytes   --by the type that the file means-->  int, date, datetime, Decimal, text  --physical_value-->  physical
"""
from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ...formats.values import WIDE
from ...types import Kind, Physical, SqlType
from .base import Bounds
from .parquet_footer import BOOLEAN, DOUBLE, FLOAT, INT32, INT64, INT96, Chunk

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)
_TO_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_MOST_BITS = 17  # of codes; writers give dictionaries of more values up
_WIDTHS = {BOOLEAN: 1, INT32: 4, FLOAT: 4, INT64: 8, DOUBLE: 8, INT96: 12}
_CODED = (2, 8)  # encodings with a dictionary: PLAIN_DICTIONARY, RLE_DICTIONARY


def bounds_of(chunk: Chunk, stored: pa.DataType, type: SqlType, rows: int) -> Bounds:
    """Of a column's values in a row group."""
    distinct = _distinct(chunk, rows)
    if chunk.nulls == rows or chunk.low is None or chunk.high is None:
        return Bounds(nulls=chunk.nulls, distinct=distinct)
    try:
        low = physical_value(_value(chunk.low, chunk, stored, upper=False), type)
        high = physical_value(_value(chunk.high, chunk, stored, upper=True), type)
    except (ValueError, TypeError, OverflowError):
        return Bounds(nulls=chunk.nulls, distinct=distinct)
    return Bounds(low, high, chunk.nulls, distinct)


def _value(raw: bytes, chunk: Chunk, stored: pa.DataType, *, upper: bool) -> Any:
    """A bound; TypeError for one that cannot be told."""
    if len(raw) != _WIDTHS.get(chunk.type, len(raw)):
        raise TypeError("a bound of another width")
    if pa.types.is_decimal(stored):  # integers have their low byte first, bytes their high one
        number = int.from_bytes(raw, "little" if chunk.type in _WIDTHS else "big", signed=True)
        return Decimal(number).scaleb(-stored.scale, WIDE)
    if pa.types.is_integer(stored):
        number = int.from_bytes(raw, "little", signed=True)
        if number < 0 and not pa.types.is_signed_integer(stored):
            raise TypeError("of which order it is, is not sure")
        return number
    if pa.types.is_date32(stored):
        return date.fromordinal(int.from_bytes(raw, "little", signed=True) + _EPOCH_DAY)
    if pa.types.is_timestamp(stored):
        count = int.from_bytes(raw, "little", signed=True)
        if stored.unit == "ns":  # cut or rounded, a value stays inside
            passed = -(-count // 1000) if upper else count // 1000
        else:
            passed = count * _TO_MICROSECONDS[stored.unit]
        return _EPOCH + timedelta(microseconds=passed)
    if pa.types.is_boolean(stored):
        return raw != b"\0"
    if pa.types.is_string(stored) or pa.types.is_binary(stored):
        return raw
    raise TypeError(f"bounds of {stored}")


def _distinct(chunk: Chunk, rows: int) -> float | None:
    """About how many values a dictionary has, told by its size and that of the codes, whose bits grow with it:

        rows * bits / 8 + values * (4 + their width) = the chunk's bytes        values = 2 ** bits at most
    """
    if not any(encoding in _CODED for encoding in chunk.encodings) or not rows:
        return None
    width = _WIDTHS.get(chunk.type, 12)
    bits = 0
    while bits <= _MOST_BITS and rows * bits / 8 + 2**bits * width * 0.75 < chunk.unpacked:
        bits += 1
    return None if bits > _MOST_BITS else float(2**bits)


def physical_value(value: Any, type: SqlType) -> Any:
    """A value of statistics as plans have it; TypeError for what bounds nothing there."""
    match type.kind:
        case Kind.SMALLINT | Kind.INTEGER | Kind.BIGINT if isinstance(value, int):
            return value
        case Kind.DECIMAL if isinstance(value, (int, Decimal)):
            scaled = Decimal(value).scaleb(type.scale, WIDE)
            if scaled != scaled.to_integral_value():
                raise TypeError("a finer scale is rounded")
            return int(scaled)
        case Kind.DATE if isinstance(value, date) and not isinstance(value, datetime):
            return value.toordinal() - _EPOCH_DAY
        case Kind.TIMESTAMP | Kind.TIMESTAMPTZ if isinstance(value, datetime):
            passed = value.replace(tzinfo=None) - _EPOCH
            return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
        case Kind.VARCHAR | Kind.CHAR if isinstance(value, (str, bytes)):
            return value if isinstance(value, str) else value.decode(errors="strict")
        case _ if type.physical is Physical.BOOL and isinstance(value, bool):
            return value
        case _:
            raise TypeError(f"{value!r} is no {type}")
