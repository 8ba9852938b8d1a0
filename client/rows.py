"""Record batches to Python rows: tuples of int, Decimal, float, bool, str, date, datetime, time, None.

VARBYTE comes as hexadecimal digits, the form in which Redshift gives it out (r_VARBYTE_type): `bytes.fromhex` makes
bytes of them, Arrow has them as they are (decision 0041).

Arrow's own conversion is fast for numbers and text, and slow (0.5 to 2 us a value) for dates, timestamps and
decimals; those are made of the numbers in its buffers, 4 to 40 times faster. (Arrow's to_numpy is fast too, but
imports pandas where that is installed, which would cost a process's first rows half a second.)

A date or timestamp that Python's classes cannot hold (before year 1, after 9999) is a DataError that
says so; read it as text with a cast, or as Arrow.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from ..errors import DataError
from ..records import dataclass
from ..storage.arrow import sql_kind
from ..storage.intervals import months_text


@dataclass(frozen=True, slots=True)
class IntervalYearToMonth:
    """A value of INTERVAL YEAR TO MONTH, which Python has no class for."""

    months: int

    def __str__(self) -> str:
        return months_text(self.months)


def rows_of(batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    """The rows of a batch as tuples."""
    columns = [column_values(array, sql_kind(field)) for array, field in zip(batch.columns, batch.schema)]
    return zip(*columns)


def with_floats(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Its decimals as floats: what numeric_to_float asks for."""
    for i, field in enumerate(batch.schema):
        if pa.types.is_decimal(field.type):
            batch = batch.set_column(i, field.name, batch.column(i).cast(pa.float64()))
    return batch


def column_values(array: pa.Array, sql: str = "") -> list[Any]:
    """One column's values as Python objects, None for NULL; `sql` names a type that Arrow has no word for."""
    kind = array.type
    if sql == "timetz":
        return [None if v is None else v.replace(tzinfo=datetime.UTC) for v in array.to_pylist()]
    if pa.types.is_date32(kind):
        return _checked(_with_nulls(_numbers(array, np.int32).astype("datetime64[D]").tolist(), array), kind)
    if pa.types.is_timestamp(kind):
        micros = array if kind.unit == "us" else array.cast(pa.timestamp("us"))
        values = _checked(_with_nulls(_numbers(micros, np.int64).view("datetime64[us]").tolist(), array), kind)
        if kind.tz is None:
            return values
        utc = datetime.UTC
        moments = [None if v is None else v.replace(tzinfo=utc) for v in values]
        return moments if kind.tz == "UTC" else _in_zone(moments, kind)
    if pa.types.is_interval(kind):
        return [None if v is None else IntervalYearToMonth(v.months) for v in array.to_pylist()]
    if pa.types.is_duration(kind):
        micros = array.cast(pa.int64()).to_pylist()
        return [None if v is None else datetime.timedelta(microseconds=v) for v in micros]
    if pa.types.is_binary(kind):
        return [None if v is None else v.hex() for v in array.to_pylist()]
    if pa.types.is_decimal(kind):
        return _decimals(array)
    return array.to_pylist()


def _numbers(array: pa.Array, dtype: type[np.generic], each: int = 1) -> np.ndarray:
    """What an array's data buffer holds, `each` numbers a value; at nulls anything."""
    data = array.buffers()[1]
    if data is None:
        return np.zeros(each * len(array), dtype)
    return np.frombuffer(data, dtype)[each * array.offset : each * (array.offset + len(array))]


def _with_nulls(values: list[Any], array: pa.Array) -> list[Any]:
    """`values` with None where the array is NULL."""
    valid = array.buffers()[0]
    if array.null_count and valid is not None:
        bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")
        for i in np.flatnonzero(bits[array.offset : array.offset + len(array)] == 0).tolist():
            values[i] = None
    return values


_EXACT = decimal.Context(prec=76)  # the host program's may round


def _decimals(array: pa.Array) -> list[Any]:
    kind = array.type
    if kind.bit_width != 128:
        return array.to_pylist()
    words = _numbers(array, np.int64, 2)
    numbers = words[::2].tolist()
    if kind.precision > 18:
        low = words[::2].view(np.uint64).tolist()
        numbers = [high << 64 | each for high, each in zip(words[1::2].tolist(), low, strict=True)]
    unit, times = decimal.Decimal(1).scaleb(-kind.scale), _EXACT.multiply
    return _with_nulls([times(number, unit) for number in numbers], array)


def _in_zone(moments: list[datetime.datetime | None], kind: pa.DataType) -> list[datetime.datetime | None]:
    """Moments with the clock of the result's zone."""
    from ..storage.timezones import tzinfo_of, zone_name

    zone = tzinfo_of(zone_name(kind.tz))
    try:
        return [None if v is None else v.astimezone(zone) for v in moments]
    except OverflowError:
        raise _outside(kind) from None


def _checked(values: list[Any], kind: pa.DataType) -> list[Any]:
    """numpy gives plain ints where Python's class is too narrow."""
    for value in values:
        if value.__class__ is int:
            raise _outside(kind)
    return values


def _outside(kind: pa.DataType) -> DataError:
    return DataError(
        f"a {'date' if pa.types.is_date(kind) else 'timestamp'} lies outside the years 1 to 9999, "
        "which Python's datetime cannot hold",
        hint="cast it to varchar, or fetch the result as Arrow",
        sqlstate="22008",
    )
