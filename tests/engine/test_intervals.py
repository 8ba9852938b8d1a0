"""Intervals on the ways in and out: Python values, Arrow, parameters, Parquet. SQL: tests/slt/types/intervals.slt."""
from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse
from hypothesis import given
from hypothesis import strategies as st
from warehouse.client.rows import IntervalYearToMonth
from warehouse.planner.constants import read_text
from warehouse.storage.intervals import micros_text, months_text
from warehouse.storage.types import Kind, SqlType


@pytest.fixture
def cursor() -> Any:
    with warehouse.connect(":memory:", nodes=1, slices_per_node=2) as connection:
        yield connection.cursor()


@given(st.integers(-(1 << 31), (1 << 31) - 1))
def test_months_are_read_as_printed(months: int) -> None:
    assert read_text(months_text(months), SqlType(Kind.INTERVAL_YM)) == months


@given(st.integers(-(1 << 60), 1 << 60))
def test_microseconds_are_read_as_printed(micros: int) -> None:
    assert read_text(micros_text(micros), SqlType(Kind.INTERVAL_DS)) == micros


def test_rows(cursor: Any) -> None:
    cursor.execute("select interval '1-2' year to month, interval '-90' minute, null::interval month")
    assert [column[1] for column in cursor.description] == [1188, 1190, 1188]
    assert cursor.fetchall() == [(IntervalYearToMonth(14), timedelta(minutes=-90), None)]
    assert str(IntervalYearToMonth(14)) == "1 year 2 mons"


def test_parameters(cursor: Any) -> None:
    cursor.execute("select %s, timestamp '2020-01-01' + %s", (timedelta(days=1, microseconds=5), timedelta(hours=2)))
    row = cursor.fetchall()[0]
    assert row[0] == timedelta(days=1, microseconds=5) and row[1].hour == 2


def test_arrow_in_and_out(cursor: Any) -> None:
    cursor.execute("create table t (y interval year, d interval day to minute)")
    lengths = pa.array([None, timedelta(seconds=90), timedelta(seconds=-90)], pa.duration("ns"))
    months = pa.array([pa.MonthDayNano((14, 0, 0)), None, pa.MonthDayNano((-14, 0, 0))], pa.month_day_nano_interval())
    cursor.connection.write_arrow("t", pa.table({"y": months, "d": lengths}))
    table = cursor.execute("select y, d from t order by d").fetch_arrow_table()
    assert [str(field.type) for field in table.schema] == ["month_day_nano_interval", "duration[us]"]
    assert table.column("d").to_pylist() == [timedelta(minutes=-1), timedelta(minutes=1), None]
    assert sorted(v.months for v in table.column("y").to_pylist() if v is not None) == [-12, 12]


def test_days_are_no_months(cursor: Any) -> None:
    cursor.execute("create table t (y interval year to month)")
    days = pa.array([pa.MonthDayNano((1, 1, 0))], pa.month_day_nano_interval())
    with pytest.raises(warehouse.DataError, match="out of range"):
        cursor.connection.write_arrow("t", pa.table({"y": days}))


def test_copy_of_parquet(cursor: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"d": pa.array([timedelta(seconds=5), None], pa.duration("us"))}), tmp_path / "1.parquet")
    cursor.execute("create table t (d interval day to second)")
    cursor.execute(f"copy t from '{tmp_path}/' format parquet")
    assert sorted(cursor.execute("select d from t").fetchall(), key=str) == [(None,), (timedelta(seconds=5),)]
