"""Arrow arrays to ColumnData and back, with the checks a load needs.

`from_arrow` takes what readers and users hand over (any integer width, decimals, dictionary or view
strings, timestamps of any unit) and gives the physical form of one SQL type, or a clear error:

    int8..uint64, decimal, double  ->  integers, DECIMAL (rescaled, rounded half away from zero), floats
    date32, date64, timestamp      ->  DATE, TIMESTAMP (nanoseconds are cut to microseconds)
    string, large_string, view,
    binary, dictionary of these    ->  CHAR, VARCHAR: length counted in bytes, trailing blanks beyond
                                       the length dropped, anything longer refused

Buffers are shared where layout and width agree (int64, double, text), so converting costs a pass over
the values at most. Text is in arrow_texts.py, other values are in arrow_numbers.py; `for_load` keeps small
dictionaries of text as codes (coded.py). `to_arrow` is the way out: results, COPY's counterpart and tests use it.
"""
from __future__ import annotations

import numpy as np
import pyarrow as pa

from ..errors import InternalError, NotSupportedError, StringTooLong
from .arrow_numbers import fixed_buffer, fixed_values, validity
from .arrow_texts import binary_column, documents, text_column
from .coded import MOST_ENTRIES, CodedColumn, distinct_entries
from .fitting import check_range
from .hexadecimal import bytes_of
from .narrow import BlockColumn
from .types import Kind, Physical, SqlType
from .vector import Array, ColumnData, concat, empty_column, from_list

_KEY = b"sql_type"
_METADATA = {Kind.TIMETZ: {_KEY: b"timetz"}}
_MAX_STRING_BYTES = (1 << 31) - 1


def arrow_type(type: SqlType) -> pa.DataType:
    """The Arrow type a column of `type` has in results."""
    match type.kind:
        case Kind.SMALLINT:
            return pa.int16()
        case Kind.INTEGER:
            return pa.int32()
        case Kind.BIGINT:
            return pa.int64()
        case Kind.REAL:
            return pa.float32()
        case Kind.DOUBLE:
            return pa.float64()
        case Kind.DECIMAL:
            return pa.decimal128(type.precision, type.scale)
        case Kind.BOOLEAN:
            return pa.bool_()
        case Kind.CHAR | Kind.VARCHAR | Kind.UNKNOWN | Kind.SUPER | Kind.HLLSKETCH:
            return pa.string()
        case Kind.VARBYTE:
            return pa.binary()
        case Kind.DATE:
            return pa.date32()
        case Kind.TIMESTAMP:
            return pa.timestamp("us")
        case Kind.TIMESTAMPTZ:
            return pa.timestamp("us", tz="UTC")
        case Kind.TIME | Kind.TIMETZ:
            return pa.time64("us")
        case Kind.INTERVAL_YM:
            return pa.month_day_nano_interval()
        case Kind.INTERVAL_DS:
            return pa.duration("us")
        case Kind.INTERVAL:
            raise InternalError("a literal of type interval has no Arrow form")


def arrow_field(name: str, type: SqlType, zone: str = "UTC") -> pa.Field:
    """A result's field. What Arrow has no type for is told by its metadata, for those who print values.
    `zone`: the session's, by a name or as +hh:mm."""
    kind = pa.timestamp("us", tz=zone) if type.kind is Kind.TIMESTAMPTZ else arrow_type(type)
    return pa.field(name, kind, metadata=_METADATA.get(type.kind))


def sql_kind(field: pa.Field) -> str:
    """The SQL type that the metadata of a field names; empty where the Arrow type says it all."""
    return "" if not field.metadata else field.metadata.get(_KEY, b"").decode()


# -- Arrow to ColumnData ------------------------------------------------------------------------------


def from_arrow(array: pa.Array | pa.ChunkedArray, type: SqlType, name: str = "?column?") -> ColumnData:
    """The values of `array` as `type`; `name` is the column that errors speak of."""
    if isinstance(array, pa.ChunkedArray):
        if array.num_chunks == 0:
            return empty_column(type)
        return concat([from_arrow(chunk, type, name) for chunk in array.chunks])
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_null(array.type):
        array = pa.nulls(len(array), arrow_type(type))
    valid = validity(array)
    if type.kind is Kind.VARBYTE:
        return binary_column(array, valid, type, name)
    if type.is_super:
        array = documents(array, name)
        valid = validity(array)
    if type.is_sketch:
        from .sketches import checked

        array = checked(array)
    if type.physical is Physical.STR:
        return text_column(array, valid, type, name)
    values = fixed_values(array, type, name)
    if valid is not None:
        keep = valid.astype(bool) if values.ndim == 1 else valid.astype(bool)[:, None]
        values = np.where(keep, values, values.dtype.type(0))
    check_range(values, type, name)
    return ColumnData(type, len(array), values, valid)


def for_load(array: pa.Array, type: SqlType, name: str) -> BlockColumn:
    """As `from_arrow`; text in a small dictionary stays codes over it."""
    if pa.types.is_dictionary(array.type) and type.kind in (Kind.CHAR, Kind.VARCHAR):
        words = array.dictionary
        if len(array) and len(words) < MOST_ENTRIES and not words.null_count:
            try:
                return _codes(array, type, name)
            except StringTooLong:
                pass  # the error below tells the row
    return from_arrow(array, type, name)


def _codes(array: pa.DictionaryArray, type: SqlType, name: str) -> CodedColumn:
    indices, valid, count = array.indices, validity(array.indices), len(array.dictionary)
    places = fixed_buffer(indices, 1, indices.type.to_pandas_dtype())
    if valid is not None:
        places = np.where(valid == 1, places, count)  # one more entry: ''
    used = np.flatnonzero(np.bincount(places, minlength=count + 1))
    texts = from_arrow(array.dictionary.take(pa.array(used[used < count])), type, name).to_bytes()
    texts += [b""] * int(used[-1] == count)
    entries, codes = distinct_entries(texts)
    renumbered = np.zeros(count + 1, np.uint8)
    renumbered[used] = codes
    return CodedColumn(type, len(array), renumbered[places], from_list(type, entries), valid)


# -- ColumnData to Arrow ------------------------------------------------------------------------------


def to_arrow(column: ColumnData) -> pa.Array:
    """The column as an Arrow array of `arrow_type(column.type)`."""
    target, rows = arrow_type(column.type), column.rows
    bitmap, nulls = None, 0
    if column.valid is not None:
        bitmap, nulls = pa.py_buffer(np.packbits(column.valid, bitorder="little")), column.null_count
    match column.type.physical:
        case Physical.STR:
            offsets, data = column.text
            if column.type.kind is Kind.VARBYTE:
                offsets, data = offsets // 2, _bytes(data[: column.text_bytes])
            if column.text_bytes > _MAX_STRING_BYTES:
                raise NotSupportedError(f"{column.text_bytes} bytes of text in one batch; the limit is 2 GB")
            narrow = pa.py_buffer(offsets.astype(np.int32))
            buffers = [bitmap, narrow, pa.py_buffer(data[: int(offsets[rows])])]
        case Physical.BOOL:
            buffers = [bitmap, pa.py_buffer(np.packbits(column.fixed, bitorder="little"))]
        case Physical.I128:
            buffers = [bitmap, pa.py_buffer(np.ascontiguousarray(column.fixed))]
        case Physical.I64 if column.type.kind is Kind.INTERVAL_YM:
            fields = np.zeros((rows, 4), np.int32)
            fields[:, 0] = column.fixed
            buffers = [bitmap, pa.py_buffer(fields)]
        case Physical.I64 if column.type.kind is Kind.DECIMAL:
            words = np.empty((rows, 2), np.int64)
            words[:, 0] = column.fixed
            np.right_shift(column.fixed, 63, out=words[:, 1])
            buffers = [bitmap, pa.py_buffer(words)]
        case _:
            dtype = _narrow_dtype(column.type)
            buffers = [bitmap, pa.py_buffer(np.ascontiguousarray(column.fixed.astype(dtype, copy=False)))]
    return pa.Array.from_buffers(target, rows, buffers, nulls)


def of_numbers(numbers: pa.Array, type: SqlType) -> pa.Array:
    """Days, microseconds or months, as int32 or int64, as an array of `arrow_type(type)`."""
    if type.kind is not Kind.INTERVAL_YM:
        return numbers.cast(arrow_type(type))
    return to_arrow(ColumnData(type, len(numbers), np.asarray(numbers.fill_null(0)), validity(numbers)))


def _bytes(digits: Array) -> Array:
    data = bytes_of(digits)
    if data is None:
        raise InternalError("a VARBYTE value is not written in hexadecimal digits")
    return data


def _narrow_dtype(type: SqlType) -> str:
    return ("f" if type.is_float else "i") + str(type.storage_bytes)
