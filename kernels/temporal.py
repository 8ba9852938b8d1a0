"""Dates (days) and timestamps (microseconds, both since 1970-01-01): parts, truncation, arithmetic.

    extract_{part}_date, extract_{part}_ts
        part = millennium century decade year quarter month week day dow doy epoch;
        _ts also hour minute second millisecond microsecond (both within the second, as Redshift)
    date_trunc_{unit}_date, date_trunc_{unit}_ts
        unit = millennium century decade year quarter month week; _ts also day ... microsecond
    date_add_months_k  date_add_months   ts_add_months_k  ts_add_months      months in k, or in b
    ts_to_date (floor)   date_to_ts (fails outside 64 bits)
    datediff_{year quarter month}_date   boundaries between a and b, positive when b is later
    datediff_week_date                   k = the week's first day, 0 Monday ... 6 Sunday
    datediff_k_ts                        boundaries of units of k microseconds

Weeks begin on Monday (ISO 8601); dow: 0 = Sunday. The year before 1 is -1. Other
datediffs over timestamps are ts_to_date, then the date's. But for date_to_ts all are total: values outside
the calendar's range give meaningless numbers, never an error. TIME values are timestamps of day 0.
"""
from __future__ import annotations

from functools import partial
from typing import Any

from . import elementwise
from .abi import ERR_BAD_DATE, OK
from .calendar import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    add_months,
    civil,
    days_of,
    iso_week,
    third,
    week_number,
    weekday,
)
from .failing import fail, is_active, padded
from .intrinsics import i64p, inline
from .registry import op

LAST_DAY = ((1 << 63) - 1) // DAY

_unary = partial(elementwise.unary, __name__, i64p)
_binary = partial(elementwise.binary, __name__, i64p)
_with_constant = partial(elementwise.with_constant, __name__, i64p)

# -- parts ---------------------------------------------------------------------------------------------


@inline
def _year(days):
    year, _, _ = civil(days)
    return year - (year <= 0)


@inline
def _ages(year, length):
    """Centuries and millennia begin with the year 1 of each; there is no year 0 and no age 0."""
    return (year + length - 1) // length if year > 0 else -((length - year) // length)


@inline
def _century(days):
    return _ages(civil(days)[0], 100)


@inline
def _millennium(days):
    return _ages(civil(days)[0], 1000)


@inline
def _quarter(days):
    return third(civil(days)[1] - 1) + 1


@inline
def _day_of_year(days):
    return days - days_of(civil(days)[0], 1, 1) + 1


@inline
def _day_of_week(days):
    day = weekday(days) + 1
    return 0 if day == 7 else day


_PARTS: dict[str, Any] = {
    "millennium": _millennium,
    "century": _century,
    "decade": inline(lambda days: civil(days)[0] // 10 + 1),  # the first is 0001 to 0009
    "year": _year,
    "quarter": _quarter,
    "month": inline(lambda days: civil(days)[1]),
    "week": iso_week,
    "day": inline(lambda days: civil(days)[2]),
    "dow": _day_of_week,
    "doy": _day_of_year,
}


def _of_day(expression: Any) -> Any:
    """The date's expression on a timestamp's day."""
    return inline(lambda ts: expression(ts // DAY))


for _part, _expression in _PARTS.items():
    _unary(f"extract_{_part}_date", _expression)
    _unary(f"extract_{_part}_ts", _of_day(_expression))

_unary("extract_epoch_date", inline(lambda days: days * 86400))
_unary("extract_epoch_ts", inline(lambda ts: ts // SECOND))
_unary("extract_hour_ts", inline(lambda ts: ts // HOUR - ts // DAY * 24))
_unary("extract_minute_ts", inline(lambda ts: ts // MINUTE - ts // HOUR * 60))
_unary("extract_second_ts", inline(lambda ts: ts // SECOND - ts // MINUTE * 60))
_unary("extract_millisecond_ts", inline(lambda ts: ts // 1000 - ts // SECOND * 1000))
_unary("extract_microsecond_ts", inline(lambda ts: ts - ts // SECOND * SECOND))


# -- truncation ------------------------------------------------------------------------------------------


@inline
def _first_of_age(days, length):
    """The first day of a century or millennium; the one before the year 1 begins in -99 or -999."""
    return days_of((civil(days)[0] - 1) // length * length + 1, 1, 1)


@inline
def _trunc_quarter(days):
    year, month, _ = civil(days)
    return days_of(year, third(month - 1) * 3 + 1, 1)


_TRUNCATIONS: dict[str, Any] = {
    "millennium": inline(lambda days: _first_of_age(days, 1000)),
    "century": inline(lambda days: _first_of_age(days, 100)),
    "decade": inline(lambda days: days_of(civil(days)[0] // 10 * 10, 1, 1)),
    "year": inline(lambda days: days_of(civil(days)[0], 1, 1)),
    "quarter": _trunc_quarter,
    "month": inline(lambda days: days - civil(days)[2] + 1),
    "week": inline(lambda days: days - weekday(days)),
}


def _midnight_of(expression: Any) -> Any:
    """The date's expression on a timestamp's day, answered as a timestamp."""
    return inline(lambda ts: expression(ts // DAY) * DAY)


for _unit, _expression in _TRUNCATIONS.items():
    _unary(f"date_trunc_{_unit}_date", _expression)
    _unary(f"date_trunc_{_unit}_ts", _midnight_of(_expression))

_unary("date_trunc_day_ts", inline(lambda ts: ts // DAY * DAY))
_unary("date_trunc_hour_ts", inline(lambda ts: ts // HOUR * HOUR))
_unary("date_trunc_minute_ts", inline(lambda ts: ts // MINUTE * MINUTE))
_unary("date_trunc_second_ts", inline(lambda ts: ts // SECOND * SECOND))
_unary("date_trunc_millisecond_ts", inline(lambda ts: ts // 1000 * 1000))


# -- arithmetic --------------------------------------------------------------------------------------------


@inline
def _ts_add_months(ts, months):
    days = ts // DAY
    return add_months(days, months) * DAY + (ts - days * DAY)


_binary("date_add_months", add_months)
_with_constant("date_add_months_k", add_months)
_binary("ts_add_months", _ts_add_months)
_with_constant("ts_add_months_k", _ts_add_months)
_unary("ts_to_date", inline(lambda ts: ts // DAY))


@op("date_to_ts")
def date_to_ts(out, a, b, c, k, n, frame):
    o, x = i64p(out), i64p(a)
    outside = 0
    for i in range(padded(n)):
        outside |= (x[i] > LAST_DAY) | (x[i] < -LAST_DAY)
        o[i] = x[i] * DAY
    if outside != 0:
        for i in range(n):
            if (x[i] > LAST_DAY or x[i] < -LAST_DAY) and is_active(c, i):
                return fail(frame, ERR_BAD_DATE, i)
    return OK


@inline
def _months(days):
    year, month, _ = civil(days)
    return year * 12 + month


@inline
def _quarters(days):
    year, month, _ = civil(days)
    return year * 4 + third(month - 1)


_binary("datediff_year_date", inline(lambda x, y: civil(y)[0] - civil(x)[0]))
_binary("datediff_quarter_date", inline(lambda x, y: _quarters(y) - _quarters(x)))
_binary("datediff_month_date", inline(lambda x, y: _months(y) - _months(x)))


@op("datediff_week_date")
def datediff_week_date(out, a, b, c, k, n, frame):
    o, x, y = i64p(out), i64p(a), i64p(b)
    for i in range(padded(n)):
        o[i] = week_number(y[i], k) - week_number(x[i], k)
    return OK


@op("datediff_k_ts")
def datediff_k_ts(out, a, b, c, k, n, frame):
    o, x, y = i64p(out), i64p(a), i64p(b)
    for i in range(padded(n)):
        o[i] = y[i] // k - x[i] // k
    return OK
