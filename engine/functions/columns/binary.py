"""VARBYTE over columns, and the bit operators: casts from text, digits to text, lengths, & | # ~."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ....storage.hexadecimal import bytes_of, digits_of
from ....storage.types import Kind, SqlType
from .argument import Argument, Form, like
from .bytes import made, parts


def cast(array: pa.Array, source: SqlType, to: SqlType) -> pa.Array | None:
    """VARCHAR to VARBYTE and back, where no value is cut."""
    if not pa.types.is_large_string(array.type):
        return None
    offsets, data = parts(array)
    longest = int(np.diff(offsets).max()) if len(array) else 0
    if source.kind is Kind.VARCHAR and to.kind is Kind.VARBYTE and longest <= to.length:
        return made(array, 2 * offsets, digits_of(data))
    if source.kind is Kind.VARBYTE and to.kind is Kind.VARCHAR and longest <= 2 * to.length:
        raw = bytes_of(data)
        assert raw is not None
        text = made(array, offsets // 2, raw)
        return text.cast(pa.large_binary()).cast(pa.large_string())  # checks UTF-8; the row form says where it fails
    return None


def _length(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    if args[0].array is None:
        return None
    return pc.divide(pc.binary_length(args[0].array).cast(pa.int64()), 2)


def _same(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    return args[0].array


def _integers(operate: Callable[[Any, Any], Any]) -> Form:
    """& | # of integers: a column with a constant, or with another column."""

    def form(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
        if not to.is_integer:
            return None
        sides = [a.numbers() if a.array is not None else a.constant for a in args]
        arrays = [a.array for a in args if a.array is not None]
        if any(s is None for s in sides) or not arrays:
            return None
        result = pa.array(operate(sides[0], sides[1]), pa.int64())
        for array in arrays:
            if array.null_count:
                result = pc.if_else(array.is_null(), pa.scalar(None, pa.int64()), result)
        return result

    return form


def _not(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    numbers, array = args[0].numbers() if to.is_integer else None, args[0].array
    if array is None:
        return None
    if numbers is not None:
        return like(array, ~numbers)
    offsets, digits = parts(array)
    raw = bytes_of(digits)
    assert raw is not None
    return made(array, offsets, digits_of(~raw))


FORMS: dict[str, Form] = {
    "binary_length": _length,
    "to_hex_binary": _same,
    "bit_and": _integers(np.bitwise_and),
    "bit_or": _integers(np.bitwise_or),
    "bit_xor": _integers(np.bitwise_xor),
    "bit_not": _not,
}
