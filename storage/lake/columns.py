"""Arrow arrays of files as the table's columns, and dictionary arrays as codes over strings.

What does not fit is cleansing.py's affair, what numbers, dates and nested values become arrow.py's. plain.py takes
arrays that need neither.
"""
from __future__ import annotations

import numpy as np
import pyarrow as pa

from ...errors import DataCorrupted
from ...kernels import abi, memory
from ..arrow import arrow_type, from_arrow
from ..encodings import packing
from ..native import NULL_BYTES_PER_VECTOR, NativeColumn, raw_column, text_views
from ..vector import Array, ColumnData
from .cleansing import Handling, fitting
from .definition import Field
from .formats.records import nested

PLAIN = Handling()


def column_of(array: pa.Array, field: Field, handling: Handling = PLAIN) -> ColumnData:
    """An array of a file as a column of the table; `handling`: of values that do not fit."""
    type, name = field.type.sql, field.name
    if field.type.is_nested and pa.types.is_nested(array.type):
        array = nested(array, field.type)
    elif pa.types.is_null(array.type):
        array = pa.nulls(len(array), arrow_type(type))
    else:
        array = fitting(array, field, handling)
    return from_arrow(array, type, name)


class SeenDictionary:
    """The dictionary of a column's batch, made ready for native code: (entries, lengths, their bytes, views)."""

    def __init__(self) -> None:
        self._array: pa.Array | None = None
        self._ready: tuple[ColumnData, Array, Array, Array] | None = None

    def of(self, array: pa.Array, field: Field, handling: Handling) -> tuple[ColumnData, Array, Array, Array]:
        if self._ready is None or self._array is None or not self._array.equals(array):
            entries = column_of(array, field, handling)
            offsets, text = entries.text
            lengths = np.diff(offsets) if len(array) else np.zeros(1, np.int64)  # what codes under NULLs mean
            data = memory.padded(text)
            views = memory.padded(text_views(lengths, data).reshape(-1))
            self._array, self._ready = array, (entries, lengths, data, views)
        return self._ready


def coded_column(
    array: pa.DictionaryArray, field: Field, handling: Handling, seen: SeenDictionary
) -> tuple[NativeColumn, Array | None]:
    """A dictionary array as codes over strings for native code, and which rows are NULL (bitmap). `seen`: the
    dictionary of the batch before, which is most often the same."""
    entries, lengths, data, views = seen.of(array.dictionary, field, handling)
    rows = len(array)
    codes = np.empty(-(-rows // packing.VECTOR_ROWS) * packing.VECTOR_ROWS, np.int64)
    codes[rows:] = 0
    valid = None
    if entries.valid is not None:  # a value that does not fit is NULL in each of its rows
        array = pa.DictionaryArray.from_arrays(array.indices, array.dictionary).cast(array.type.value_type)
        whole = column_of(array, field, handling)
        return raw_column(whole), None if whole.valid is None else null_bits(whole.valid)
    if array.indices.null_count:
        valid = array.indices.is_valid().to_numpy(zero_copy_only=False)
        codes[:rows] = array.indices.fill_null(0).to_numpy(zero_copy_only=False)
    elif rows:
        codes[:rows] = array.indices.to_numpy(zero_copy_only=False)
    if rows and int(codes.view(np.uint64).max()) >= len(lengths):  # a negative one is large without its sign
        raise DataCorrupted(f'a code of column "{field.name}" points outside its dictionary')
    packed = packing.pack(codes, allow_delta=False)
    made = NativeColumn(
        abi.DK_DICT_STR, rows, packed.words, meta=packing.meta_words(packed.table),
        dictionary=views, dictionary_rows=len(lengths), keep=(data,),
    )
    return made, None if valid is None else null_bits(valid)


def null_bits(valid: Array) -> Array:
    """The bitmap of native code, 1 for NULL, of rows that are valid."""
    bits = np.zeros(-(-len(valid) // abi.VECTOR_ROWS) * NULL_BYTES_PER_VECTOR, np.uint8)
    packed = np.packbits(valid == 0, bitorder="little")
    bits[: len(packed)] = packed
    return bits
