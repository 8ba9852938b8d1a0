"""Date parts and interval literals.

    date_part("mons")                  'month'     all spellings of r_Dateparts_for_datetime_functions
    interval("1 year 2 days", None)    (12, 172800000000)   months, microseconds

An interval without units counts seconds; quantities may be fractions (`0.5 days`).
"""
from __future__ import annotations

import re
from fractions import Fraction

from ..errors import InvalidDatetime, ProgrammingError
from ..patterns import pattern
from .datetimes import DAY

_SPELLINGS = {
    "millennium": "millennium millennia mil mils",
    "century": "century centuries c cent cents",
    "decade": "decade decades dec decs",
    "epoch": "epoch",
    "year": "year years y yr yrs",
    "quarter": "quarter quarters qtr qtrs",
    "month": "month months mon mons",
    "week": "week weeks w",
    "dow": "dayofweek dow dw weekday",
    "doy": "dayofyear doy dy yearday",
    "day": "day days d",
    "hour": "hour hours h hr hrs",
    "minute": "minute minutes m min mins",
    "second": "second seconds s sec secs",
    "millisecond": "millisecond milliseconds ms msec msecs msecond mseconds millisec millisecs millisecon",
    "microsecond": "microsecond microseconds us usec usecs usecond useconds microsec microsecs",
    "timezone": "timezone",
    "timezone_hour": "timezone_hour",
    "timezone_minute": "timezone_minute",
}
ZONE_PARTS = ("timezone", "timezone_hour", "timezone_minute")  # of a TIMESTAMPTZ: its distance from UTC
PARTS = {spelling: part for part, names in _SPELLINGS.items() for spelling in names.split()}

# How an interval of one part is made: (months, microseconds).
MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200, "millennium": 12000}
MICROS = {"microsecond": 1, "millisecond": 1000, "second": 1_000_000, "minute": 60_000_000,
          "hour": 3_600_000_000, "day": DAY, "week": 7 * DAY}
DAYS = {"day": 1, "week": 7}
_DAYS_OF_A_MONTH = 30  # what a fraction of a month counts, as in PostgreSQL

_PIECE = pattern(r"\s*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))\s*([A-Za-z]*)\s*,?")
_CLOCK = pattern(r"\s*([+-]?)([0-9]+):([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]{1,6}))?)?\s*,?")
_YEAR_MONTH = pattern(r"\s*([+-]?)([0-9]+)-([0-9]{1,2})\s*\Z")
MOST_MONTHS, MOST_MICROS = 2**31 - 1, 2**63 - 1  # in an INTEGER and a BIGINT


def date_part(name: str, position: int | None = None) -> str:
    """The part's one name; an error for what is none."""
    part = PARTS.get(name.strip().lower())
    if part is None:
        raise ProgrammingError(f'date part "{name.lower()}" not recognized', sqlstate="22023", position=position)
    return part


def interval(text: str, unit: str | None, position: int | None = None) -> tuple[int, int]:
    """(months, microseconds) of INTERVAL 'text' [unit]; `ago` at its end turns it round."""
    if (before := text.rstrip().lower()).endswith(" ago"):
        back = interval(text[: len(before) - 4], unit, position)
        return -back[0], -back[1]
    if match := _YEAR_MONTH.match(text):
        total = int(match.group(2)) * 12 + int(match.group(3))
        return fitting((-total if match.group(1) == "-" else total, 0), position)
    months = micros = Fraction(0)
    at, default = 0, date_part(unit, position) if unit else "second"
    body = text.strip()
    if not body:
        raise _invalid(text, position)
    while at < len(body):
        if match := _CLOCK.match(body, at):
            micros += _clock(match)
        elif match := _PIECE.match(body, at):
            part = date_part(match.group(2), position) if match.group(2) else default
            quantity = Fraction(match.group(1))
            if part in MONTHS:
                months += quantity * MONTHS[part]
            elif part in MICROS:
                micros += quantity * MICROS[part]
            else:
                raise _invalid(text, position)
        else:
            raise _invalid(text, position)
        at = match.end()
    whole = int(months)
    micros += (months - whole) * _DAYS_OF_A_MONTH * DAY
    return fitting((whole, round(micros)), position)


def fitting(value: tuple[int, int], position: int | None) -> tuple[int, int]:
    """(months, microseconds) that the interval types can hold; an error otherwise."""
    if abs(value[0]) > MOST_MONTHS or abs(value[1]) > MOST_MICROS:
        raise InvalidDatetime("interval out of range", sqlstate="22008", position=position)
    return value


def _clock(match: re.Match[str]) -> int:
    sign, hours, minutes, seconds, fraction = match.groups()
    total = ((int(hours) * 60 + int(minutes)) * 60 + int(seconds or 0)) * 1_000_000
    total += int((fraction or "").ljust(6, "0"))
    return -total if sign == "-" else total


def _invalid(text: str, position: int | None) -> InvalidDatetime:
    return InvalidDatetime(f'invalid input syntax for type interval: "{text}"', position=position)
