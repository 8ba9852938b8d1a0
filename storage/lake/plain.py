"""Arrays without NULLs whose values stand in memory as the table's column has them: taken as they are.

    int32 as INTEGER, int64 as BIGINT, date32 as DATE, timestamp(us) as TIMESTAMP, double       Arrow's own bytes
    decimal64(15,2) as DECIMAL(15,2)       the same (Parquet: footers.py)
    decimal128(15,2) as DECIMAL(15,2)      the low word of each value, once the high ones are seen to be its sign
    string as VARCHAR                      Arrow's bytes and offsets, once they are seen to fit

Most columns of most files are of this kind, and each pass over a column that is saved shows in a query's time. Every
value is held against the range that the program is compiled for: outside of it None is answered, as for all other
arrays, which columns.py takes and which are told what is wrong.
"""
from __future__ import annotations

import numpy as np
import pyarrow as pa

from ...kernels import abi, memory
from ..native import NativeColumn
from ..types import Kind, Physical, SqlType
from ..vector import TEXT_PADDING, Array
from .cleansing import is_utf8

_FIXED: dict[Kind, pa.DataType] = {
    Kind.SMALLINT: pa.int16(), Kind.INTEGER: pa.int32(), Kind.BIGINT: pa.int64(), Kind.DATE: pa.date32(),
}  # fmt: skip


def plain_column(array: pa.Array, type: SqlType, low: int, high: int) -> NativeColumn | None:
    """The array as it is; None where it must be looked at. low, high: the proven range of an exact type."""
    if array.null_count or not len(array):
        return None
    if type.kind is Kind.VARCHAR and pa.types.is_string(array.type):
        return _text(array, type)
    if type.kind is Kind.DOUBLE and array.type == pa.float64():
        return NativeColumn(abi.DK_RAW_FLOAT, len(array), _words(array, np.dtype(np.float64)), 8, whole=_ends(array))
    if type.physical is not Physical.I64:
        return None
    if array.type == _FIXED.get(type.kind) or _is_same_moment(array.type, type) or _is_same_decimal(array.type, type):
        values = _words(array, np.dtype(f"i{type.storage_bytes}"))
        if not _within(values, low, high):
            return None
    elif type.kind is Kind.DECIMAL and pa.types.is_decimal128(array.type) and array.type.scale == type.scale:
        found = _low_words(array, low, high)
        if found is None or type.storage_bytes != 8:
            return None
        values = found
    else:
        return None
    return NativeColumn(abi.DK_RAW_INT, len(array), values, type.storage_bytes, whole=_ends(array))


def _is_same_moment(stored: pa.DataType, type: SqlType) -> bool:
    return type.kind is Kind.TIMESTAMP and pa.types.is_timestamp(stored) and stored.unit == "us"


def _is_same_decimal(stored: pa.DataType, type: SqlType) -> bool:
    """Unscaled values of eight bytes."""
    return (
        type.kind is Kind.DECIMAL and pa.types.is_decimal64(stored) and stored.scale == type.scale
        and type.storage_bytes == 8
    )  # fmt: skip


def _ends(array: pa.Array) -> bool:
    """Whether it ends with a vector: native code then reads nothing behind it."""
    return len(array) % abi.VECTOR_ROWS == 0


def _words(array: pa.Array, dtype: np.dtype) -> Array:
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype.itemsize)


def _within(values: Array, low: int, high: int) -> bool:
    """Whether all values lie between; where none may be negative, one pass tells, for those are large without sign."""
    if low == 0:
        return int(values.view(f"u{values.itemsize}").max()) <= high
    return int(values.min()) >= low and int(values.max()) <= high


def _low_words(array: pa.Array, low: int, high: int) -> Array | None:
    """The values of decimals; None where one is out of the range, or wider than 64 bits."""
    words = np.frombuffer(array.buffers()[1], np.int64, 2 * len(array), array.offset * 16)
    values = memory.empty(len(array), np.int64)
    values[:] = words[0::2]
    if not _within(values, low, high):
        return None
    signs = not words[1::2].any() if low == 0 else np.array_equal(words[1::2], values >> 63)
    return values if signs else None


def _text(array: pa.Array, type: SqlType) -> NativeColumn | None:
    offsets = np.frombuffer(array.buffers()[1], np.int32, len(array) + 1, array.offset * 4)
    first, last = int(offsets[0]), int(offsets[-1])
    if int((offsets[1:] - offsets[:-1]).max()) > type.length or array.buffers()[2] is None or not is_utf8(array):
        return None
    data = memory.empty(last - first + TEXT_PADDING, np.uint8)
    data[: last - first] = np.frombuffer(array.buffers()[2], np.uint8)[first:last]
    data[last - first :] = 0
    return NativeColumn(abi.DK_RAW_STR, len(array), data, offsets=(offsets - first).view(np.uint32))
