"""Arrow arrays of files as the table's columns: what a file has more of than a column takes is cut.

Text beyond a CHAR's or VARCHAR's bytes is cut at a whole character, without an error (r_CREATE_EXTERNAL_TABLE). What
numbers, dates and nested values become is arrow.py's.
"""
from __future__ import annotations

import numpy as np
import pyarrow as pa

from ...errors import DataCorrupted
from ...kernels import abi, memory
from ..arrow import arrow_type, from_arrow
from ..encodings import packing
from ..native import NULL_BYTES_PER_VECTOR, NativeColumn, text_views
from ..types import Kind
from ..vector import Array, ColumnData
from .definition import Field
from .formats.records import nested

_TEXT = (Kind.VARCHAR, Kind.CHAR)


def column_of(array: pa.Array, field: Field) -> ColumnData:
    """An array of a file as a column of the table."""
    type, name = field.type.sql, field.name
    if field.type.is_nested and pa.types.is_nested(array.type):
        array = nested(array, field.type)
    elif pa.types.is_null(array.type):
        array = pa.nulls(len(array), arrow_type(type))
    elif type.kind in _TEXT:
        array = cut(array, type.length)
    return from_arrow(array, type, name)


def coded_column(array: pa.DictionaryArray, field: Field) -> tuple[NativeColumn, Array | None]:
    """A dictionary array as codes over strings for native code, and which rows are NULL (bitmap)."""
    entries = column_of(array.dictionary, field)
    offsets, text = entries.text
    lengths = np.diff(offsets)
    rows = len(array)
    codes = np.zeros(rows, np.int64)
    valid = None
    if array.indices.null_count:
        valid = array.indices.is_valid().to_numpy(zero_copy_only=False)
        codes[:] = array.indices.fill_null(0).to_numpy(zero_copy_only=False)
    elif rows:
        codes[:] = array.indices.to_numpy(zero_copy_only=False)
    if entries.valid is not None and entries.null_count:
        raise DataCorrupted(f'the dictionary of column "{field.name}" has a NULL')
    if not len(lengths):
        lengths = np.zeros(1, np.int64)  # what codes under NULLs mean
    if rows and not (int(codes.min()) >= 0 and int(codes.max()) < len(lengths)):
        raise DataCorrupted(f'a code of column "{field.name}" points outside its dictionary')
    packed = packing.pack(codes, allow_delta=False)
    data = memory.padded(text)
    made = NativeColumn(
        abi.DK_DICT_STR, rows, packed.words, meta=packing.meta_words(packed.table),
        dictionary=text_views(lengths, data), dictionary_rows=len(lengths), keep=(data,),
    )
    return made, None if valid is None else null_bits(valid)


def null_bits(valid: Array) -> Array:
    """The bitmap of native code, 1 for NULL, of rows that are valid."""
    bits = np.zeros(-(-len(valid) // abi.VECTOR_ROWS) * NULL_BYTES_PER_VECTOR, np.uint8)
    packed = np.packbits(valid == 0, bitorder="little")
    bits[: len(packed)] = packed
    return bits


def cut(array: pa.Array, limit: int) -> pa.Array:
    """The texts with at most `limit` bytes each; most arrays are as they were."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        array = array.cast(pa.large_string())
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
