"""Record batches to Python rows: tuples of int, Decimal, float, bool, str (of VARBYTE too), date, datetime, time, None.

Arrow's own conversion is fast for numbers and text, and slow (0.5 to 0.8 us a value) for dates,
timestamps and decimals; those go through numpy, which makes the same objects 3 to 40 times faster.

A date or timestamp that Python's classes cannot hold (before year 1, after 9999) is a DataError that
says so; read it as text with a cast, or as Arrow.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

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


def column_values(array: pa.Array, sql: str = "") -> list[Any]:
    """One column's values as Python objects, None for NULL; `sql` names a type that Arrow has no word for."""
    kind = array.type
    if sql == "timetz":
        return [None if v is None else v.replace(tzinfo=datetime.UTC) for v in array.to_pylist()]
    if pa.types.is_date32(kind):
        return _checked(array.to_numpy(zero_copy_only=False).tolist(), kind)
    if pa.types.is_timestamp(kind):
        naive = array.cast(pa.timestamp("us")) if kind.tz is not None else array
        values = _checked(naive.to_numpy(zero_copy_only=False).tolist(), kind)
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
        return _texts(array)
    if pa.types.is_decimal(kind):
        return array.to_numpy(zero_copy_only=False).tolist()
    return array.to_pylist()


def _texts(array: pa.Array) -> list[Any]:
    """VARBYTE as redshift_connector gives it: its bytes read as UTF-8."""
    try:
        texts: list[Any] = array.cast(pa.string()).to_pylist()
    except pa.ArrowInvalid:
        raise DataError(
            "a binary value is not valid UTF-8 and has no form as a Python string", sqlstate="22021",
            hint="fetch TO_HEX of it, or the result as Arrow",
        ) from None
    return texts


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
