"""The proleptic Gregorian calendar in multiplications and shifts, so that loops over it vectorise.

After C. Neri and L. Schneider, "Euclidean affine functions and their application to calendar algorithms".
Days count from 1970-01-01; years begin in March inside, so that a leap day is the last day:

    days --shift to >= 0--> N      century C = (4N + 3) / 146097,  then year in it,  then month and day

Divisions by constants are written as (x * m) >> s with m exact over the range that occurs: 64-bit
lanes have no division and no upper half of a product. EPOCH shifts by whole 400-year cycles, so days
within +-536 million (1.4 million years) are right; outside answers are meaningless but harmless.
Redshift's dates end in 294276 AD.
"""
from __future__ import annotations

from .intrinsics import inline

_CYCLES = 3670
YEAR_SHIFT = 400 * _CYCLES
_EPOCH = 719468 + 146097 * _CYCLES
_WEEK_SHIFT = 7 * (1 << 27)  # makes day numbers positive without changing the weekday

DAY = 86_400_000_000  # microseconds
HOUR = 3_600_000_000
MINUTE = 60_000_000
SECOND = 1_000_000


@inline
def civil(days):
    """(year, month 1..12, day 1..31); year 0 is 1 BC."""
    n1 = 4 * (days + _EPOCH) + 3
    century = (n1 * 963315389) >> 47  # / 146097 below 2**32
    n2 = (n1 - century * 146097) | 3
    p2 = n2 * 2939745
    day_of_year = ((p2 & 0xFFFFFFFF) * 1531969483) >> 54  # / 11758980 below 2**32; from 1 March
    n3 = 2141 * day_of_year + 197913
    month = n3 >> 16
    day = ((n3 & 65535) * 31345) >> 26  # / 2141 below 2**16
    next_year = day_of_year >= 306
    year = 100 * century + (p2 >> 32) - YEAR_SHIFT
    return year + next_year, month - 12 * next_year, day + 1


@inline
def hundredth(x):
    """x // 100 for 0 <= x < 2**24."""
    return (x * 21474837) >> 31


@inline
def third(x):
    """x // 3 for 0 <= x < 12."""
    return (x * 11) >> 5


@inline
def days_of(year, month, day):
    """The day number of a date."""
    early = month <= 2
    y = year + YEAR_SHIFT - early
    c = hundredth(y)
    m = month + 12 * early
    return ((1461 * y) >> 2) - c + (c >> 2) + ((979 * m - 2919) >> 5) + day - 1 - _EPOCH


@inline
def month_length(year, month):
    y = year + YEAR_SHIFT
    c = hundredth(y)
    leap = ((y & 3) == 0) & ((y != c * 100) | ((c & 3) == 0))
    return 28 + leap if month == 2 else 30 + ((month + (month >> 3)) & 1)


@inline
def weekday(days):
    """0 = Monday ... 6 = Sunday."""
    x = days + 3 + _WEEK_SHIFT
    return x - 7 * ((x * 2454267027) >> 34)


@inline
def week_number(days, first):
    """Weeks since the one of 1970-01-01, counted by their first day (0 = Monday, 6 = Sunday)."""
    x = days + 3 + _WEEK_SHIFT - first
    return ((x * 2454267027) >> 34) - (_WEEK_SHIFT // 7)


@inline
def split_months(total):
    """(year, month) of a number of months since the year 0."""
    t = total + 12 * YEAR_SHIFT
    year = (t * 2863311531) >> 35
    return year - YEAR_SHIFT, t - 12 * year + 1


@inline
def add_months(days, months):
    """The same day `months` later, or the last one of a shorter month."""
    year, month, day = civil(days)
    year, month = split_months(12 * year + month - 1 + months)
    return days_of(year, month, min(day, month_length(year, month)))


@inline
def iso_week(days):
    """The number of the ISO week: a week belongs to the year of its Thursday."""
    thursday = days - weekday(days) + 3
    year, _, _ = civil(thursday)
    return (((thursday - days_of(year, 1, 1)) * 293) >> 11) + 1  # / 7 below 400
