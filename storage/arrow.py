"""Arrow arrays to ColumnData and back, with the checks a load needs.

`from_arrow` takes what readers and users hand over (any integer width, decimals, dictionary or view
strings, timestamps of any unit) and gives the physical form of one SQL type, or a clear error:

    int8..uint64, decimal, double  ->  integers, DECIMAL (rescaled, rounded half away from zero), floats
    date32, date64, timestamp      ->  DATE, TIMESTAMP (nanoseconds are cut to microseconds)
    string, large_string, view,
    binary, dictionary of these    ->  CHAR, VARCHAR: length counted in bytes, trailing blanks beyond
                                       the length dropped, anything longer refused

Buffers are shared where layout and width agree (int64, double, text), so converting costs a pass over
the values at most. `to_arrow` is the way out: results, COPY's counterpart and tests use it.
"""
from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from ..errors import InternalError, NotSupportedError, NumericOutOfRange
from .arrow_texts import binary_column, documents, mismatch, text_column
from .fitting import check_range, narrow_real, overflow
from .hexadecimal import bytes_of
from .intervals import interval_unit
from .types import Kind, Physical, SqlType
from .vector import Array, ColumnData, concat, empty_column

_DAY_MICROSECONDS = 86_400_000_000
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
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
    valid = _validity(array)
    if type.kind is Kind.VARBYTE:
        return binary_column(array, valid, type, name)
    if type.is_super:
        array = documents(array, name)
        valid = _validity(array)
    if type.is_sketch:
        from .sketches import checked

        array = checked(array)
    if type.physical is Physical.STR:
        return text_column(array, valid, type, name)
    values = _fixed(array, type, name)
    if valid is not None:
        keep = valid.astype(bool) if values.ndim == 1 else valid.astype(bool)[:, None]
        values = np.where(keep, values, values.dtype.type(0))
    check_range(values, type, name)
    return ColumnData(type, len(array), values, valid)


def _validity(array: pa.Array) -> Array | None:
    bitmap = array.buffers()[0]
    if array.null_count == 0 or bitmap is None:
        return None
    first = array.offset & ~7
    used = np.frombuffer(bitmap, np.uint8, offset=first // 8)
    bits = np.unpackbits(used, count=array.offset - first + len(array), bitorder="little")
    return bits[array.offset - first :]


def _buffer(array: pa.Array, index: int, dtype: Any) -> Array:
    """A fixed-width buffer as a numpy view of the array's own window."""
    buffer = array.buffers()[index]
    if buffer is None:
        return np.zeros(len(array), dtype)
    itemsize = np.dtype(dtype).itemsize
    return np.frombuffer(buffer, dtype, len(array), array.offset * itemsize)


def _fixed(array: pa.Array, type: SqlType, name: str) -> Array:
    """Values of a type that is not text; what stands under NULL is arbitrary still."""
    source = array.type
    match type.kind:
        case Kind.SMALLINT | Kind.INTEGER | Kind.BIGINT:
            return _to_scaled(array, 38, 0, type, name)[0]
        case Kind.DECIMAL:
            values, high = _to_scaled(array, type.precision, type.scale, type, name)
            if type.physical is Physical.I64:
                return values
            return np.stack([values.view(np.uint64), high.view(np.uint64)], axis=1)
        case Kind.REAL | Kind.DOUBLE:
            return _to_float(array, type, name)
        case Kind.BOOLEAN if pa.types.is_boolean(source):
            return _bits(array)
        case Kind.DATE:
            return _to_days(array, type, name)
        case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
            return _to_microseconds(array, type, name)
        case Kind.TIME | Kind.TIMETZ if pa.types.is_time(source):
            values = _integers(array)
            return _rescale_time(values, source.unit, type, name)
        case Kind.INTERVAL_DS if pa.types.is_duration(source):
            return _cut(_rescale_time(_integers(array), source.unit, type, name), type)
        case Kind.INTERVAL_YM if source == pa.month_day_nano_interval():
            return _months(array, type, name)
        case _:
            mismatch(source, type, name)


def _months(array: pa.Array, type: SqlType, name: str) -> Array:
    """Of intervals that have months alone."""
    words = _buffer(array, 1, np.dtype([("months", "<i4"), ("days", "<i4"), ("nanos", "<i8")]))
    _check_no_live((words["days"] != 0) | (words["nanos"] != 0), array, type, name)
    return _cut(words["months"].astype(np.int64), type)


def _cut(values: Array, type: SqlType) -> Array:
    """Without what is finer than an interval type's last field."""
    return values - np.fmod(values, interval_unit(type))


def _bits(array: pa.Array) -> Array:
    buffer = array.buffers()[1]
    if buffer is None:
        return np.zeros(len(array), np.uint8)
    first = array.offset & ~7
    used = np.frombuffer(buffer, np.uint8, offset=first // 8)
    bits = np.unpackbits(used, count=array.offset - first + len(array), bitorder="little")
    return bits[array.offset - first :]


def _integers(array: pa.Array) -> Array:
    """An integer-like array (dates and times too) as int64."""
    bits = array.type.bit_width
    signed = not pa.types.is_unsigned_integer(array.type)
    values = _buffer(array, 1, f"{'i' if signed else 'u'}{bits // 8}")
    return values if values.dtype == np.int64 else values.astype(np.int64)


def _to_scaled(array: pa.Array, precision: int, scale: int, type: SqlType, name: str) -> tuple[Array, Array]:
    """(low word, high word) of exact numbers at `scale`; high is the sign when values are 64 bits."""
    source = array.type
    if pa.types.is_uint64(source):
        array = array.cast(pa.decimal128(20, 0))
        source = array.type
    if pa.types.is_integer(source):
        values = _integers(array)
        if scale == 0 and type.physical is Physical.I64:
            return values, values
        array = _exact_cast(array, pa.decimal128(19, 0), type, name)
        source = array.type
    if pa.types.is_floating(source):
        array = _from_float(array, scale, type, name)
        source = array.type
    if not pa.types.is_decimal(source):
        mismatch(source, type, name)
    if source.bit_width < 128:
        array = array.cast(pa.decimal128(38, source.scale))
    if source.bit_width > 128 or source.scale != scale:
        array = _rescale_decimal(array, scale, type, name)
    words = _decimal_words(array)
    low, high = words[:, 0], words[:, 1]
    if type.physical is Physical.I64:
        low = np.ascontiguousarray(low)
        wrong = high != low >> 63
        if wrong.any():
            _check_no_live(wrong, array, type, name)
    return low, high


def _decimal_words(array: pa.Array) -> Array:
    buffer = array.buffers()[1]
    if buffer is None:
        return np.zeros((len(array), 2), np.int64)
    return np.frombuffer(buffer, np.int64, 2 * len(array), array.offset * 16).reshape(-1, 2)


def _check_no_live(wrong: Array, array: pa.Array, type: SqlType, name: str) -> None:
    valid = _validity(array)
    if valid is not None:
        wrong = wrong & valid.astype(bool)
    if wrong.any():
        overflow(array[int(np.argmax(wrong))], type, name)


def _rescale_decimal(array: pa.Array, scale: int, type: SqlType, name: str) -> pa.Array:
    """To decimal128 at `scale`, rounding half away from zero; wide intermediates cannot overflow."""
    wide = _exact_cast(array, pa.decimal256(76, max(array.type.scale, scale)), type, name)
    if array.type.scale > scale:
        wide = _round(wide, scale, "half_towards_infinity")
    return _exact_cast(wide, pa.decimal128(38, scale), type, name)


def _from_float(array: pa.Array, scale: int, type: SqlType, name: str) -> pa.Array:
    """Floats as decimals: integers round half to even, DECIMAL half away from zero."""
    values = array.cast(pa.float64())
    if type.kind is not Kind.DECIMAL:
        values = _round(values, 0, "half_to_even")
        return _exact_cast(values, pa.decimal128(38, 0), type, name)
    scaled = _round(values, scale, "half_towards_infinity")
    return _exact_cast(scaled, pa.decimal128(38, scale), type, name)


def _round(array: pa.Array, digits: int, mode: str) -> pa.Array:
    import pyarrow.compute as pc  # slow to import, and few loads round

    return pc.round(array, ndigits=digits, round_mode=mode)


def _exact_cast(array: pa.Array, target: pa.DataType, type: SqlType, name: str) -> pa.Array:
    try:
        return array.cast(target)
    except pa.ArrowInvalid as error:
        raise NumericOutOfRange(
            f'value out of range for column "{name}" of type {type}', detail=str(error)
        ) from error


def _to_float(array: pa.Array, type: SqlType, name: str) -> Array:
    source = array.type
    if not (pa.types.is_floating(source) or pa.types.is_integer(source) or pa.types.is_decimal(source)):
        mismatch(source, type, name)
    if array.type != pa.float64():
        array = array.cast(pa.float64(), safe=False)
    values = _buffer(array, 1, np.float64)
    if type.kind is Kind.REAL:
        narrow, wrong = narrow_real(values)
        _check_no_live(wrong, array, type, name)
        return narrow
    return values


def _to_days(array: pa.Array, type: SqlType, name: str) -> Array:
    source = array.type
    if pa.types.is_date32(source):
        return _integers(array)
    if pa.types.is_date64(source):
        return _integers(array) // 86_400_000
    if pa.types.is_timestamp(source):
        return _integers(array) // (86_400 * _PER_SECOND[source.unit])
    mismatch(source, type, name)


def _to_microseconds(array: pa.Array, type: SqlType, name: str) -> Array:
    source = array.type
    if pa.types.is_date32(source):
        return _integers(array) * _DAY_MICROSECONDS
    if pa.types.is_date64(source):
        return _rescale_time(_integers(array), "ms", type, name)
    if pa.types.is_timestamp(source):
        return _rescale_time(_integers(array), source.unit, type, name)
    mismatch(source, type, name)


def _rescale_time(values: Array, unit: str, type: SqlType, name: str) -> Array:
    if unit == "us":
        return values
    if unit == "ns":
        return values // 1_000
    factor = 1_000_000 // _PER_SECOND[unit]
    if len(values) and int(np.abs(values).max()) > ((1 << 63) - 1) // factor:
        raise NumericOutOfRange(f'value out of range for column "{name}" of type {type}')
    return values * factor


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
    return to_arrow(ColumnData(type, len(numbers), np.asarray(numbers.fill_null(0)), _validity(numbers)))


def _bytes(digits: Array) -> Array:
    data = bytes_of(digits)
    if data is None:
        raise InternalError("a VARBYTE value is not written in hexadecimal digits")
    return data


def _narrow_dtype(type: SqlType) -> str:
    return ("f" if type.is_float else "i") + str(type.storage_bytes)
