"""Arrow arrays of files as the table's columns: what a file has more of than a column takes is cut.

Text beyond a CHAR's or VARCHAR's bytes is cut at a whole character, without an error (r_CREATE_EXTERNAL_TABLE). What
numbers, dates and nested values become is arrow.py's.
"""
from __future__ import annotations

import numpy as np
import pyarrow as pa

from ..arrow import arrow_type, from_arrow
from ..types import Kind, SqlType
from ..vector import ColumnData

_TEXT = (Kind.VARCHAR, Kind.CHAR)


def column_of(array: pa.Array, type: SqlType, name: str) -> ColumnData:
    """An array of a file as a column of the table."""
    if pa.types.is_null(array.type):
        array = pa.nulls(len(array), arrow_type(type))
    elif type.kind in _TEXT:
        array = cut(array, type.length)
    return from_arrow(array, type, name)


def cut(array: pa.Array, limit: int) -> pa.Array:
    """The texts with at most `limit` bytes each; most arrays are as they were."""
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        array = (array.dictionary_decode() if pa.types.is_dictionary(array.type) else array).cast(pa.large_string())
    dtype = np.int64 if pa.types.is_large_string(array.type) else np.int32
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return array
    offsets = np.frombuffer(buffer, dtype, len(array) + 1, array.offset * np.dtype(dtype).itemsize)
    if int(np.diff(offsets).max()) <= limit:
        return array
    return pa.array([None if text is None else _cut(text, limit) for text in array.to_pylist()], pa.large_string())


def _cut(text: str, limit: int) -> str:
    raw = text.encode()
    return text if len(raw) <= limit else raw[:limit].decode(errors="ignore")
