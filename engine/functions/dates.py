"""Rare date functions over single values: MONTHS_BETWEEN and NEXT_DAY."""
from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ...errors import DataError, InvalidDatetime
from ...storage.types import Kind, SqlType
from .base import DAY, Function, plain
from .text import EPOCH, EPOCH_DATE

# Every spelling of a day of the week (r_NEXT_DAY), Monday first.
_WEEKDAYS = {
    name: i
    for i, names in enumerate(
        ("m mo mon monday", "t tu tue tues tuesday", "w we wed wednesday", "th thu thurs thursday", "f fr fri friday",
         "sa sat saturday", "s su sun sunday")
    )
    for name in names.split()
}
_DAYS_OF_A_MONTH = 31  # MONTHS_BETWEEN counts parts of a month so


def _moment(value: int, type: SqlType) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=value * DAY if type.kind is Kind.DATE else value)
    except OverflowError:
        raise InvalidDatetime("timestamp out of range", sqlstate="22008") from None


def _last(day: datetime) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


def months_between(a: datetime, b: datetime) -> float:
    """Whole between equal days of months and between last days, whatever the time; else in 31sts of a month."""
    months = (a.year - b.year) * 12 + a.month - b.month
    if a.day == b.day or (_last(a) and _last(b)):
        return float(months)
    return months + ((a - datetime(a.year, a.month, 1)) - (b - datetime(b.year, b.month, 1))) / timedelta(
        days=_DAYS_OF_A_MONTH)


def weekday(name: str) -> int:
    """0 for Monday to 6."""
    found = _WEEKDAYS.get(name.strip().lower())
    if found is None:
        raise DataError(f'"{name}" is no day of the week', sqlstate="22023")
    return found


def next_day(days: int, name: str) -> int:
    """The first such weekday behind a date."""
    try:
        today = (EPOCH_DATE + timedelta(days=days)).weekday()
    except OverflowError:
        raise InvalidDatetime("date out of range", sqlstate="22008") from None
    return days + (weekday(name) - today - 1) % 7 + 1


def _between(args: list[Any], types: Sequence[SqlType], to: SqlType) -> float:
    return months_between(_moment(args[0], types[0]), _moment(args[1], types[1]))


FUNCTIONS: dict[str, Function] = {
    "months_between": _between,
    "next_day": plain(next_day),
}
