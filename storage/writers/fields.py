"""Arrow columns as `write_rows` takes them: the description of a column of text, numbers or moments.

What the kernel cannot print (floats, intervals, VARBYTE) becomes text here first:

    REAL, DOUBLE   the shortest text that reads back as the value: 0.1, 1e+20, NaN, Infinity
    VARBYTE        hexadecimal digits
    intervals      as a cast prints them (storage/intervals.py)

Moments print as everywhere: 2020-01-31, 12:00:00.5, with +00 where there is a time zone; booleans as t and f.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from ...kernels import text_rows_layout as layout
from ..hexadecimal import digits_of
from ..intervals import micros_text, months_text
from ..types import Kind

Array = np.ndarray

KINDS = {
    Kind.SMALLINT: layout.INT16,
    Kind.INTEGER: layout.INT32,
    Kind.BIGINT: layout.INT64,
    Kind.DECIMAL: layout.DECIMAL,
    Kind.BOOLEAN: layout.BOOLEAN,
    Kind.DATE: layout.DATE,
    Kind.TIMESTAMP: layout.TIMESTAMP,
    Kind.TIMESTAMPTZ: layout.TIMESTAMPTZ,
    Kind.TIME: layout.TIME,
    Kind.TIMETZ: layout.TIMETZ,
}
_BYTES = {layout.INT16: 2, layout.INT32: 4, layout.DATE: 4, layout.DECIMAL: 16, layout.BOOLEAN: 0}


def kind_of(kind: Kind) -> int:
    """The kernel's kind of a column."""
    return KINDS.get(kind, layout.TEXT)


def as_printed(array: pa.Array, kind: Kind) -> pa.Array:
    """The column as the kernel takes it: text in place of what it cannot print."""
    match kind:
        case Kind.REAL | Kind.DOUBLE:
            return _floats(array)
        case Kind.VARBYTE:
            return _digits(array)
        case Kind.INTERVAL_YM:
            return _printed(array, lambda value: months_text(value.months))
        case Kind.INTERVAL_DS:
            return _printed(array.cast(pa.int64()), micros_text)
        case _:
            return array


def describe(words: Array, array: pa.Array, kind: int) -> None:
    """Fill in the words that differ between batches: where values, nulls and offsets are."""
    buffers, first = array.buffers(), array.offset
    words[layout.FIRST] = first
    words[layout.VALIDITY] = 0 if array.null_count == 0 or buffers[0] is None else buffers[0].address
    if kind == layout.TEXT:
        words[layout.OFFSETS] = 0 if buffers[1] is None else buffers[1].address + 4 * first
        words[layout.VALUES] = 0 if buffers[2] is None else buffers[2].address
    else:
        words[layout.VALUES] = buffers[1].address + _BYTES.get(kind, 8) * first


def _printed(array: pa.Array, text: Callable[[Any], str]) -> pa.Array:
    return pa.array([None if value is None else text(value) for value in array.to_pylist()], pa.string())


def _floats(array: pa.Array) -> pa.Array:
    import pyarrow.compute as pc  # slow to import

    texts = array.cast(pa.string())
    finite = pc.is_finite(array)
    if pc.all(finite).as_py() is not False:
        return texts
    names = pc.if_else(pc.is_nan(array), "NaN", pc.if_else(pc.greater(array, 0), "Infinity", "-Infinity"))
    return pc.if_else(finite, texts, names)


def _digits(array: pa.Array) -> pa.Array:
    if array.null_count == len(array):
        return pa.nulls(len(array), pa.string())
    offsets = np.frombuffer(array.buffers()[1], np.int32, len(array) + 1, 4 * array.offset)
    data = array.buffers()[2]
    used = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]] if data is not None else np.zeros(0, np.uint8)
    doubled = 2 * (offsets - offsets[0]).astype(np.int32)
    valid = None
    if array.null_count:
        valid = pa.py_buffer(np.packbits(np.asarray(array.is_valid()), bitorder="little"))
    return pa.StringArray.from_buffers(len(array), pa.py_buffer(doubled), pa.py_buffer(digits_of(used)), valid)
