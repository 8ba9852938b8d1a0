"""Values of fixed width out of Arrow arrays: numbers, booleans, dates, times, intervals as one SQL type has them.

    fixed_values(array, type, name)     int64 (scaled, days, microseconds, months), float64, uint8; 128 bits as words

What stands under NULL is arbitrary still, and whether values fit the declared width is checked by the caller
(arrow.py); what does not fit 64 bits or cannot be rescaled is refused here.
"""
from __future__ import annotations

from typing import Any, Never

import numpy as np
import pyarrow as pa

from ..errors import DatatypeMismatch, NumericOutOfRange
from .fitting import narrow_real, overflow
from .intervals import interval_unit
from .types import Kind, Physical, SqlType
from .vector import Array

_DAY_MICROSECONDS = 86_400_000_000
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def validity(array: pa.Array) -> Array | None:
    bitmap = array.buffers()[0]
    if array.null_count == 0 or bitmap is None:
        return None
    first = array.offset & ~7
    used = np.frombuffer(bitmap, np.uint8, offset=first // 8)
    bits = np.unpackbits(used, count=array.offset - first + len(array), bitorder="little")
    return bits[array.offset - first :]


def fixed_buffer(array: pa.Array, index: int, dtype: Any) -> Array:
    """A fixed-width buffer as a numpy view of the array's own window."""
    buffer = array.buffers()[index]
    if buffer is None:
        return np.zeros(len(array), dtype)
    itemsize = np.dtype(dtype).itemsize
    return np.frombuffer(buffer, dtype, len(array), array.offset * itemsize)


def fixed_values(array: pa.Array, type: SqlType, name: str) -> Array:
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
    words = fixed_buffer(array, 1, np.dtype([("months", "<i4"), ("days", "<i4"), ("nanos", "<i8")]))
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
    values = fixed_buffer(array, 1, f"{'i' if signed else 'u'}{bits // 8}")
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
    valid = validity(array)
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
    values = fixed_buffer(array, 1, np.float64)
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


def mismatch(source: pa.DataType, type: SqlType, name: str) -> Never:
    raise DatatypeMismatch(f'column "{name}" is of type {type} but the data is of type {source}')
