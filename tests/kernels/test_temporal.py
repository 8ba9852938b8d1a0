"""Date and timestamp ops against datetime, which covers the years 1 to 9999."""
from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest
from warehouse.kernels import abi

EPOCH = dt.date(1970, 1, 1)
DAY = 86_400_000_000
LIMITS = (dt.date(1, 1, 1) - EPOCH).days, (dt.date(9999, 12, 31) - EPOCH).days
_random = random.Random(7)


def days(year: int, month: int, day: int) -> int:
    return (dt.date(year, month, day) - EPOCH).days


DATES = [
    *LIMITS, 0, -1, 1, 58, 59, 60,
    *(days(y, m, d) for y in (1582, 1600, 1700, 1899, 1900, 1999, 2000, 2001, 2004, 2020, 2100)
      for m, d in ((1, 1), (1, 31), (2, 28), (3, 1), (4, 30), (12, 28), (12, 31))),
    *(days(y, 2, 29) for y in (1600, 1904, 2000, 2020)),
    *(_random.randrange(*LIMITS) for _ in range(600)),
]
TIMES = [0, 1, DAY - 1, 43_200_000_000, 3_599_999_999, 3_600_000_000, 86_399_123_456, 61_000_001]
STAMPS = [d * DAY + TIMES[i % len(TIMES)] for i, d in enumerate(DATES)]


def date(d: int) -> dt.date:
    return EPOCH + dt.timedelta(days=d)


def parts(d: dt.date) -> dict[str, int]:
    return {
        "millennium": (d.year + 999) // 1000, "century": (d.year + 99) // 100, "decade": d.year // 10 + 1,
        "year": d.year, "quarter": (d.month + 2) // 3, "month": d.month, "week": d.isocalendar()[1],
        "day": d.day, "dow": d.isoweekday() % 7, "doy": d.timetuple().tm_yday,
        "epoch": (d - EPOCH).days * 86400,
    }


@pytest.mark.parametrize("part", list(parts(EPOCH)))
def test_extract(ops: Any, part: str) -> None:
    ops.check("i64 -> i64", f"extract_{part}_date", lambda d: parts(date(d))[part], DATES)
    if part != "epoch":
        ops.check("i64 -> i64", f"extract_{part}_ts", lambda t: parts(date(t // DAY))[part], STAMPS)


@pytest.mark.parametrize(("part", "reference"), [
    ("epoch", lambda t: t // 1_000_000),
    ("hour", lambda t: t % DAY // 3_600_000_000),
    ("minute", lambda t: t // 60_000_000 % 60),
    ("second", lambda t: t // 1_000_000 % 60),
    ("millisecond", lambda t: t // 1000 % 1000),
    ("microsecond", lambda t: t % 1_000_000),
])
def test_extract_time(ops: Any, part: str, reference: Callable[[int], int]) -> None:
    ops.check("i64 -> i64", f"extract_{part}_ts", reference, STAMPS)


TRUNCATIONS: dict[str, Callable[[dt.date], dt.date]] = {
    "millennium": lambda d: dt.date((d.year - 1) // 1000 * 1000 + 1, 1, 1),
    "century": lambda d: dt.date((d.year - 1) // 100 * 100 + 1, 1, 1),
    "decade": lambda d: dt.date(max(d.year // 10 * 10, 1), 1, 1),
    "year": lambda d: d.replace(month=1, day=1),
    "quarter": lambda d: d.replace(month=(d.month - 1) // 3 * 3 + 1, day=1),
    "month": lambda d: d.replace(day=1),
    "week": lambda d: d - dt.timedelta(days=d.weekday()),
}


@pytest.mark.parametrize("unit", TRUNCATIONS)
def test_trunc(ops: Any, unit: str) -> None:
    """From the year 10 on: the first decade begins in the year 0, which datetime does not have."""
    dates = [d for d in DATES if d >= days(10, 1, 1)]
    truncate = TRUNCATIONS[unit]
    ops.check("i64 -> i64", f"date_trunc_{unit}_date", lambda d: (truncate(date(d)) - EPOCH).days, dates)
    stamps = [d * DAY + TIMES[i % len(TIMES)] for i, d in enumerate(dates)]
    ops.check("i64 -> i64", f"date_trunc_{unit}_ts", lambda t: (truncate(date(t // DAY)) - EPOCH).days * DAY, stamps)


@pytest.mark.parametrize(("unit", "length"), [
    ("day", DAY), ("hour", 3_600_000_000), ("minute", 60_000_000), ("second", 1_000_000), ("millisecond", 1000),
    ("microsecond", 1),
])
def test_trunc_time(ops: Any, unit: str, length: int) -> None:
    ops.check("i64 -> i64", f"date_trunc_{unit}_ts", lambda t: t // length * length, STAMPS)


def month_end(year: int, month: int) -> int:
    following = dt.date(year + month // 12, month % 12 + 1, 1)
    return (following - dt.timedelta(days=1)).day


def moved(d: int, months: int) -> int:
    start = date(d)
    total = start.year * 12 + start.month - 1 + months
    year, month = total // 12, total % 12 + 1
    return days(year, month, min(start.day, month_end(year, month)))


MIDDLE = [d for d in DATES if days(1000, 1, 1) < d < days(9000, 1, 1)]
MONTHS = [0, 1, -1, 11, 12, 13, -12, -13, 1200, -1200, 2, -11, 6]


def test_add_months(ops: Any) -> None:
    ops.check("i64 i64 -> i64", "date_add_months", moved, MIDDLE, MONTHS)
    for k in MONTHS:
        ops.check("i64 -> i64", "date_add_months_k", lambda d, k=k: moved(d, k), MIDDLE, k=k)
    stamps = [d * DAY + TIMES[i % len(TIMES)] for i, d in enumerate(MIDDLE)]
    ops.check("i64 i64 -> i64", "ts_add_months", lambda t, m: moved(t // DAY, m) * DAY + t % DAY, stamps, MONTHS)
    ops.check("i64 -> i64", "ts_add_months_k", lambda t: moved(t // DAY, -5) * DAY + t % DAY, stamps, k=-5)


def test_conversion(ops: Any) -> None:
    ops.check("i64 -> i64", "ts_to_date", lambda t: t // DAY, STAMPS)
    ops.check("i64 -> i64", "date_to_ts", lambda d: d * DAY, DATES)
    ops.check_failure("i64 -> i64", "date_to_ts", abi.ERR_BAD_DATE, (5,), (1 << 60,))


def test_differences(ops: Any) -> None:
    other = DATES[3:] + DATES[:3]

    def quarters(d: int) -> int:
        return date(d).year * 4 + (date(d).month - 1) // 3

    ops.check("i64 i64 -> i64", "datediff_year_date", lambda x, y: date(y).year - date(x).year, DATES, other)
    ops.check("i64 i64 -> i64", "datediff_quarter_date", lambda x, y: quarters(y) - quarters(x), DATES, other)
    ops.check("i64 i64 -> i64", "datediff_month_date",
              lambda x, y: (date(y).year - date(x).year) * 12 + date(y).month - date(x).month, DATES, other)
    for first, shift in ((0, 3), (6, -3)):  # 1970-01-01 was a Thursday
        ops.check("i64 i64 -> i64", "datediff_week_date",
                  lambda x, y, s=shift: (y + s) // 7 - (x + s) // 7, DATES, other, k=first)
    ops.check("i64 i64 -> i64", "datediff_k_ts", lambda x, y: y // 60_000_000 - x // 60_000_000, STAMPS,
              STAMPS[5:] + STAMPS[:5], k=60_000_000)


def test_before_christ_and_far_future(ops: Any) -> None:
    """Outside datetime: the calendar repeats every 400 years of 146,097 days."""
    for cycles in (-12, 700):
        shift = cycles * 146_097
        rows = [d + shift for d in MIDDLE]
        got = ops.call("i64 -> i64", "extract_year_date", [rows], rows=len(rows)).values
        for d, year in zip(MIDDLE, got):
            expected = date(d).year + cycles * 400
            assert year == (expected if expected > 0 else expected - 1)
        ops.check("i64 -> i64", "extract_day_date", lambda d, s=shift: date(d - s).day, rows)
        ops.check("i64 -> i64", "date_trunc_year_date",
                  lambda d, s=shift: days(date(d - s).year, 1, 1) + s, rows)
