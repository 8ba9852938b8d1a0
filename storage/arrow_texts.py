"""Arrow's strings, binary values and documents as columns of text: the part of arrow.py for what has no fixed width.

Lengths and bytes are shared with the array where they can be; text is cut to its type's length and refused beyond it.
"""
from __future__ import annotations

import numpy as np
import pyarrow as pa

from ..errors import InvalidText
from .arrow_numbers import mismatch
from .fitting import empty_nulls, fit_length
from .hexadecimal import padded_digits
from .types import SqlType
from .vector import TEXT_PADDING, Array, ColumnData, padded_text

_TEXT_LIKE = (pa.types.is_string_view, pa.types.is_binary, pa.types.is_large_binary)
_BINARY = (pa.types.is_fixed_size_binary, pa.types.is_binary_view)


def documents(array: pa.Array, name: str) -> pa.Array:
    """SUPER values: JSON of text, and of whatever else an array holds."""
    from .semistructured.arrow import from_json, from_values  # with json, which few loads need

    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
        return from_json(array, name)
    return from_values(array, name)


def text_column(array: pa.Array, valid: Array | None, type: SqlType, name: str) -> ColumnData:
    source = array.type
    if not (pa.types.is_string(source) or pa.types.is_large_string(source)):
        if not any(holds(source) for holds in _TEXT_LIKE):
            mismatch(source, type, name)
        try:
            array = array.cast(pa.large_string())
        except pa.ArrowInvalid as error:
            raise InvalidText(f'invalid UTF-8 in column "{name}"', detail=str(error)) from error
        source = array.type
    offsets = _buffer_of_offsets(array)
    data = _text_bytes(array, offsets)
    offsets = offsets - offsets[0] if offsets[0] else offsets
    if valid is not None:
        offsets, data = empty_nulls(offsets, data, valid)
    offsets, data = fit_length(offsets, data, type, name)
    return ColumnData(type, len(array), None, valid, offsets, data)


def binary_column(array: pa.Array, valid: Array | None, type: SqlType, name: str) -> ColumnData:
    """VARBYTE of binary values, or of text as UTF-8."""
    if not any(holds(array.type) for holds in (*_TEXT_LIKE, *_BINARY, pa.types.is_string, pa.types.is_large_string)):
        mismatch(array.type, type, name)
    array = array.cast(pa.large_binary())
    offsets = np.frombuffer(array.buffers()[1], np.int64, len(array) + 1, array.offset * 8)
    data = padded_digits(_text_bytes(array, offsets)[: int(offsets[-1] - offsets[0])])
    offsets = 2 * (offsets - offsets[0])
    if valid is not None:
        offsets, data = empty_nulls(offsets, data, valid)
    offsets, data = fit_length(offsets, data, type, name)
    return ColumnData(type, len(array), None, valid, offsets, data)


def _buffer_of_offsets(array: pa.Array) -> Array:
    dtype = np.dtype(np.int64 if pa.types.is_large_string(array.type) else np.int32)
    buffer = array.buffers()[1]
    if buffer is None or len(array) == 0:
        return np.zeros(len(array) + 1, np.int64)
    offsets = np.frombuffer(buffer, dtype, len(array) + 1, array.offset * dtype.itemsize)
    return offsets.astype(np.int64, copy=False)


def _text_bytes(array: pa.Array, offsets: Array) -> Array:
    """The window's bytes with readable padding: a view when the buffer goes on far enough."""
    buffer = array.buffers()[2]
    first, last = int(offsets[0]), int(offsets[-1])
    if buffer is None or first == last:
        return np.zeros(TEXT_PADDING, np.uint8)
    whole = np.frombuffer(buffer, np.uint8)
    if len(whole) - last >= TEXT_PADDING:
        return whole[first : last + TEXT_PADDING]
    return padded_text(whole[first:last])
