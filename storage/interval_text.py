"""Text of the interval types: what a cast, a literal and COPY read.

    read_interval("1-2", INTERVAL YEAR TO MONTH)            14 months
    read_interval("3 days 04:05:06.5", ... DAY TO SECOND)   273,906,500,000 us      as intervals.py prints it

A bare number counts the last field of the type; fields finer than that are cut off. Which words mean which field is
in dateparts.py. https://docs.aws.amazon.com/redshift/latest/dg/r_interval_data_types.html
"""
from __future__ import annotations

import re

from ..errors import InvalidDatetime
from .dateparts import MICROS, fitting, interval
from .datetimes import DAY
from .intervals import cut
from .types import Kind, SqlType

YEARS, DAYS = ("year", "month"), ("day", "hour", "minute", "second")
_DAY_AND_CLOCK = re.compile(
    r"\s*(?P<sign>[+-]?)(?:(?P<day>\d+)\s+)?(?P<a>\d+)(?::(?P<b>\d{1,2}))?(?::(?P<c>\d{1,2}))?"
    r"(?:\.(?P<fraction>\d+))?\s*\Z"
)


def read_interval(text: str, to: SqlType, position: int | None = None) -> int:
    """Quoted text as a value of an interval type: months or microseconds."""
    order = YEARS if to.kind is Kind.INTERVAL_YM else DAYS
    unit = order[len(order) - 1 - to.precision]
    found = _day_and_clock(text, unit) if to.kind is Kind.INTERVAL_DS else None
    months, micros = interval(text, unit, position) if found is None else fitting((0, found), position)
    if to.kind is Kind.INTERVAL_YM:
        return cut(months, to)
    if months:
        raise InvalidDatetime(f'invalid input syntax for type {to}: "{text}"', position=position)
    return cut(micros, to)


def _day_and_clock(text: str, unit: str) -> int | None:
    """`1 2:03:04.5`: the fields end in the qualifier's last one; `2:03` is hours and minutes unless that is SECOND."""
    match = _DAY_AND_CLOCK.match(text)
    if match is None or not (match["day"] or match["b"]):
        return None
    parts = [int(match[name]) for name in "abc" if match[name] is not None]
    if match["day"] or len(parts) != 2 or unit != "second":
        seconds = sum(p * f for p, f in zip(parts, (3600, 60, 1)))
    else:
        seconds = parts[0] * 60 + parts[1]
    total = int(match["day"] or 0) * DAY + seconds * MICROS["second"]
    total += int((match["fraction"] or "").ljust(6, "0")[:6])
    return -total if match["sign"] == "-" else total
