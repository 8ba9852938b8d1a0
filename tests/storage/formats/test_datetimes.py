"""Patterns and automatic recognition of dates and times."""
from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as s
from warehouse.storage.formats.datetimes import check_pattern, parse_date, parse_time, parse_timestamp

EPOCH = datetime.datetime(1970, 1, 1)


@given(s.datetimes(), s.sampled_from([None, "auto"]))
def test_the_default_formats_read_iso_text(moment: datetime.datetime, pattern: str | None) -> None:
    expected = (moment - EPOCH) // datetime.timedelta(microseconds=1)
    assert parse_timestamp(f"{moment:%H:%M:%S.%f}".join([f"{moment.date()} ", ""]), pattern) == expected
    assert parse_date(str(moment.date()), pattern) == (moment - EPOCH).days


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("29/02/2024", "DD/MM/YYYY"), ("02-29-24", "MM-DD-YY"), ("Feb 29, 2024", "MON DD, YYYY"),
        ("29february2024", "DDMONTHYYYY"), ("20240229", "YYYYMMDD"), ("2024-02-29 10:11", "YYYY-MM-DD HH24:MI"),
        ("2024-02-29T10:11:12", None), ("2024-02-29", "auto"), ("2024/02/29", "auto"), ("02/29/2024", "auto"),
        ("29-Feb-2024", "auto"), ("February 29, 2024", "auto"), ("20240229", "auto"), ("2024.02.29", "auto"),
    ],
)  # fmt: skip
def test_dates(text: str, pattern: str | None) -> None:
    assert parse_date(text, pattern) == 19782


@pytest.mark.parametrize(
    ("text", "pattern", "seconds"),
    [
        ("1970-01-01 10:00:00", None, 36000), ("1970-01-01 10:00:00+02", None, 28800),
        ("1970-01-01 10:00:00-0130", None, 41400), ("1970-01-01 10:00:00Z", None, 36000),
        ("1970-01-01", None, 0), ("1970-01-01 12:00 AM", "auto", 0), ("1970-01-01 1:05 pm", "auto", 47100),
        ("01.01.1970 12:30:01 PM", "DD.MM.YYYY HH12:MI:SS AM", 45001), ("90", "epochsecs", 90),
        ("90000", "epochmillisecs", 90), ("1.5", "epochsecs", 1.5),
    ],
)  # fmt: skip
def test_timestamps(text: str, pattern: str | None, seconds: float) -> None:
    assert parse_timestamp(text, pattern) == seconds * 1_000_000


@pytest.mark.parametrize(
    "text",
    ["J2450091 04:05:06", "19960108 040506", "960108 040506", "1996.008 04:05:06", "8 Jan 04:05:06 1996 PST",
     "01/08/1996 04:05:06.00 PST", "1996-01-08 04:05:06-08", "01.08.1996 04:05:06 PST", "1996-01-08T04:05:06Z"],
)  # fmt: skip
def test_what_auto_recognises_beside_patterns(text: str) -> None:
    moment = datetime.datetime(1996, 1, 8, 4, 5, 6)
    assert parse_timestamp(text, "auto") == (moment - EPOCH) // datetime.timedelta(microseconds=1)
    assert parse_date(text, "auto") == (moment - EPOCH).days


def test_auto_applies_a_zone_for_timestamptz_alone() -> None:
    assert parse_timestamp("1970-01-01 10:00:00 PST", "auto") == 36_000_000_000
    assert parse_timestamp("1970-01-01 10:00:00 PST", "auto", zoned=True) == 64_800_000_000
    with pytest.raises(ValueError, match="NOWHERE"):
        parse_timestamp("1970-01-01 10:00:00 NOWHERE", "auto")


def test_times() -> None:
    assert parse_time("01:02:03.000004") == 3_723_000_004
    assert parse_time("11:59 PM") == (23 * 60 + 59) * 60_000_000


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2023-02-29", None), ("2024-13-01", None), ("24-01-01", None), ("2024-01-01x", None), ("", "auto"),
        ("13/13/2024", "auto"), ("2024-01-01", "DD.MM.YYYY"), ("Foo 1, 2024", "MON DD, YYYY"),
        ("2024-01-01 24:00:00", None), ("2024-01-01 13:00 PM", "auto"), ("2024-01-01 10:60", None),
    ],
)  # fmt: skip
def test_no_dates(text: str, pattern: str | None) -> None:
    with pytest.raises(ValueError):
        parse_timestamp(text, pattern)


@pytest.mark.parametrize("text", ["24:00:00", "1", "10:61", "x"])
def test_no_times(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


@pytest.mark.parametrize("pattern", ["hello", "DD DD", ""])
def test_patterns_that_cannot_be(pattern: str) -> None:
    with pytest.raises(ValueError):
        check_pattern(pattern)
