"""Arrow arrays of Python values, without Arrow's own conversion, which imports pandas wherever that is installed.

    array_of(["a", None], pa.string())          as pa.array does

Half a second, that a process's first query of a system table or the command line's first table would take. For
types that are rare here, Arrow's own conversion is called.
"""
from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa

# array.array's
_CODES = {
    pa.int64(): "q", pa.int32(): "i", pa.int16(): "h", pa.float64(): "d", pa.float32(): "f", pa.timestamp("us"): "q",
}
_EXACT = Context(prec=76)  # the host program's may round
_EPOCH, _MICROSECOND = datetime(1970, 1, 1), timedelta(microseconds=1)


def array_of(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """An array of `kind`; None is NULL. What does not fit: Type-, Value-, Overflow- or AttributeError."""
    there = [value is not None for value in values]
    valid = None if all(there) else _bits(np.array(there, bool))
    if kind == pa.timestamp("us"):
        values = [_micros(value) if isinstance(value, datetime) else value for value in values]
    if kind in _CODES:
        plain = [0 if value is None else value for value in values] if valid is not None else values
        data = [pa.py_buffer(array(_CODES[kind], plain))]
    elif kind == pa.bool_():
        data = [_bits(np.fromiter([value is True for value in values], bool, len(values)))]
    elif kind == pa.string():
        texts = [b"" if value is None else value.encode() for value in values]
        joined = b"".join(texts)
        if len(joined) >= 1 << 31:
            return pa.array(values, kind)
        data = [pa.py_buffer(array("i", accumulate(map(len, texts), initial=0))), pa.py_buffer(joined)]
    elif pa.types.is_decimal128(kind):
        data = [pa.py_buffer(b"".join([_word(value, kind) for value in values]))]
    else:
        return pa.array(values, kind)
    return pa.Array.from_buffers(kind, len(values), [valid, *data])


def _micros(moment: datetime) -> int:
    """Since 1970; of one with a zone, by UTC's clock."""
    return ((moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)) - _EPOCH) // _MICROSECOND


def _word(value: Decimal | int | None, kind: pa.Decimal128Type) -> bytes:
    """A decimal's 16 bytes; ValueError if it has more digits than its type."""
    if value is None:
        return bytes(16)
    shifted = Decimal(value).scaleb(kind.scale, _EXACT)
    number = int(shifted)
    if number != shifted or abs(number) >= 10**kind.precision:
        raise ValueError(f"{value} does not fit {kind}")
    return number.to_bytes(16, "little", signed=True)


def text_scalar(text: str) -> pa.Scalar:
    return array_of([text], pa.string())[0]


def _bits(flags: np.ndarray) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))
