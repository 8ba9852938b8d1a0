"""Arrow values to Python's: the same objects that Arrow's own slow conversion makes."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from warehouse.client.rows import column_values, rows_of
from warehouse.errors import DataError

ARRAYS = {
    "int": pa.array([1, None, -(2**63)], pa.int64()),
    "small": pa.array([1, None, 3], pa.int16()),
    "float": pa.array([1.5, None, float("inf")]),
    "bool": pa.array([True, None, False]),
    "text": pa.array(["a", None, "é"]),
    "date": pa.array([datetime.date(2020, 2, 29), None, datetime.date(1, 1, 1)]),
    "timestamp": pa.array([datetime.datetime(2020, 1, 1, 1, 2, 3, 4), None], pa.timestamp("us")),
    "timestamptz": pa.array([0, None, 1], pa.timestamp("us", "UTC")),
    "time": pa.array([datetime.time(1, 2, 3), None], pa.time64("us")),
    "decimal": pa.array([Decimal("1.50"), None, Decimal("-0.01")], pa.decimal128(38, 2)),
    "largest decimals": pa.array([Decimal(10**38 - 1), None, Decimal(1 - 10**38), Decimal(-1), Decimal(2**64)],
                                 pa.decimal128(38, 0)),
    "decimals of 64 bits": pa.array([Decimal(10**18 - 1).scaleb(-18), None, Decimal(1 - 10**18).scaleb(-18)],
                                    pa.decimal128(18, 18)),
    "seconds": pa.array([5, None, 0], pa.timestamp("s")),
    "empty": pa.array([], pa.decimal128(5, 1)),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_like_arrow(name: str) -> None:
    array = ARRAYS[name]
    values = column_values(array)
    assert values == array.to_pylist()
    assert [type(v) for v in values] == [type(v) for v in array.to_pylist()]
    assert list(map(str, values)) == list(map(str, array.to_pylist())) or name == "timestamptz"
    assert column_values(array.slice(1)) == array.to_pylist()[1:]


def test_timestamptz_is_utc() -> None:
    assert column_values(ARRAYS["timestamptz"])[0] == datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def test_rows_are_tuples() -> None:
    batch = pa.record_batch({"a": [1, 2], "b": ["x", None]})
    assert list(rows_of(batch)) == [(1, "x"), (2, None)]


@pytest.mark.parametrize("type_", [pa.date32(), pa.timestamp("us")])
def test_years_python_cannot_hold(type_: pa.DataType) -> None:
    far = 4_000_000 if pa.types.is_date(type_) else 4_000_000 * 86_400_000_000
    storage = pa.array(np.array([0, far], "i4" if pa.types.is_date(type_) else "i8"))
    with pytest.raises(DataError, match="years 1 to 9999"):
        column_values(storage.cast(type_))
