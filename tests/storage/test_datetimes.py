"""Dates and times as text: every documented input form, and round trips."""
from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.planner.constants import micros_of
from warehouse.storage.datetimes import DAY, read_date, read_time, read_timestamp

EPOCH = date(1970, 1, 1)


def days(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - EPOCH).days


@pytest.mark.parametrize(
    "text",
    ["2008-01-08", "20080108", "2008/1/8", "1/8/2008", "01-08-2008", "01.08.2008", "January 8, 2008", "Jan-08-2008",
     "08-Jan-2008", "Jan-08-08", "08-Jan-08", "8 january 2008", "01/08/08", "  2008-01-08  ", "2008-01-08 10:11:12",
     "20080108 04:05:06.789", "2008-01-08T10:11"],
)
def test_dates(text: str) -> None:
    assert read_date(text) == days(2008, 1, 8)


def test_years_of_two_digits() -> None:
    assert read_date("01/02/69") == days(2069, 1, 2)
    assert read_date("01/02/70") == days(1970, 1, 2)


@pytest.mark.parametrize("text", ["", "hello", "2008", "2008-01", "20080", "Foo 8, 2008", "2008-01-08 x", "12:30"])
def test_no_dates(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize("text", ["2008-13-01", "2008-02-30", "2007-02-29", "13/01/2008", "0000-01-01"])
def test_dates_that_do_not_exist(text: str) -> None:
    with pytest.raises(ValueError):
        read_date(text)


@pytest.mark.parametrize(
    ("text", "micros"),
    [("04:05", 14_700_000_000), ("04:05:06", 14_706_000_000), ("04:05:06.789", 14_706_789_000),
     ("040506", 14_706_000_000), ("04:05 PM", 57_900_000_000), ("12:00 AM", 0), ("00:00:00.0000004", 0),
     ("00:00:00.0000005", 1), ("24:00:00", DAY)],
)
def test_times(text: str, micros: int) -> None:
    assert read_time(text) == micros


@pytest.mark.parametrize("text", ["25:00", "10:61", "13:00 PM", "24:00:01"])
def test_times_that_do_not_exist(text: str) -> None:
    with pytest.raises(ValueError):
        read_time(text)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2020-01-01 10:00", 10), ("2020-01-01 10:00+02", 8), ("2020-01-01 10:00:00-08:30", 18.5),
     ("2020-01-01 10:00Z", 10), ("2020-01-01 10:00 UTC", 10), ("2020-01-01", 0)],
)
def test_timestamps_with_a_zone(text: str, hours: float) -> None:
    assert read_timestamp(text, zone=True) == days(2020, 1, 1) * DAY + int(hours * 3_600_000_000)


def test_a_timestamp_drops_the_zone() -> None:
    assert read_timestamp("2020-01-01 10:00+02") == read_timestamp("2020-01-01 10:00")


@given(st.dates())
def test_iso_dates_come_back(value: date) -> None:
    found = read_date(value.isoformat())
    assert found is not None and EPOCH + timedelta(days=found) == value


@given(st.datetimes())
def test_iso_timestamps_come_back(value: datetime) -> None:
    assert read_timestamp(value.isoformat(sep=" ")) == micros_of(value)
