"""Dates and times written as text, to their physical values: days or microseconds since 1970-01-01.

Redshift's input formats with DateStyle ISO, MDY:

    2008-01-08   20080108   080108   2008.008   J2454474   1/8/2008   01-08-2008   13.08.2008 (day first, if it must be)
    January 8, 2008   08-Jan-2008   Jan-08-2008   2008-Jan-08   08-Jan-08   (70-99 are 19xx, 00-69 are 20xx)

A time may follow, or stand before the year (`17 Dec 07:37:16 1997`): `04:05`, `04:05:06.789`, `040506`, `04:05 PM`;
behind it a zone: `Z`, `+02`, `-08:00`, `PST`, `US/Pacific`. TIMESTAMP and TIME drop the zone, TIMESTAMPTZ and TIMETZ
apply it. Functions return None for text of no known form and raise ValueError for a date that does not exist, DataError
for a zone that does not; their callers make the errors.
"""
from __future__ import annotations

import calendar
import re
from datetime import date

from ..patterns import pattern

DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1).toordinal()
_MONTHS = {
    name: i + 1
    for i, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december")
    )
    for name in names.split()
}
_ISO = pattern(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_COMPACT = pattern(r"([0-9]{4})([0-9]{2})([0-9]{2})(?![0-9])")
_SLASHED = pattern(r"([0-9]{4})[/.]([0-9]{1,2})[/.]([0-9]{1,2})")
_AMERICAN = pattern(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4}|[0-9]{2})(?![0-9])")
_MONTH_FIRST = pattern(r"([A-Za-z]{3,9})[- ]\s*([0-9]{1,2})(?:,\s*|-|\s+)([0-9]{4}|[0-9]{2})(?![0-9])")
_DAY_FIRST = pattern(r"([0-9]{1,2})[- ]([A-Za-z]{3,9})[- ]([0-9]{4}|[0-9]{2})(?![0-9])")
_TIME = pattern(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*(am|pm)?", re.IGNORECASE
)
_COMPACT_TIME = pattern(r"([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]{1,9}))?(?![0-9])")
_DAY_OF_YEAR = pattern(r"([0-9]{4})\.([0-9]{3})(?![0-9])")
_JULIAN = pattern(r"[Jj]([0-9]{5,7})(?![0-9])")
_PLAIN_DATE = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_JULIAN_EPOCH = 2_440_588
_SHORT = pattern(r"([0-9]{2})([0-9]{2})([0-9]{2})(?![0-9])")
_YEAR_NAME_DAY = pattern(r"([0-9]{4})[- ]([A-Za-z]{3,9})[- ]([0-9]{1,2})(?![0-9])")
_CLOCK = pattern(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:\s*[ap]m\b)?", re.IGNORECASE)
# What stands behind a time of day: the year, where the date before it has none, and a zone.
_BEHIND = pattern(
    r"(?:\s+(\d{4}))?\s*([+-]\d{1,2}(?::?\d{2})?|[A-Za-z][A-Za-z_/]*(?:[+-]\d{1,2}(?::\d{2})?)?)?\s*\Z"
)
_DATE_AND_OFFSET = pattern(r"([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})\s*([+-][0-9]{1,2}(?::?[0-9]{2})?)")
_OFFSET = pattern(r"([+-])([0-9]{1,2}):?([0-9]{2})?")


def read_date(text: str) -> int | None:
    """Days; a time of day and a zone behind the date are read and dropped."""
    if _PLAIN_DATE.fullmatch(text):
        return date.fromisoformat(text).toordinal() - _EPOCH
    micros = read_timestamp(text)
    return None if micros is None else micros // DAY


def read_timestamp(text: str, zone: bool = False) -> int | None:
    """Microseconds. With `zone` the text's zone is applied (UTC when there is none)."""
    found = _taken_apart(text)
    if found is None:
        return None
    date_text, clock, name = found
    at = _date_at(date_text)
    if at is None:
        return None
    days, rest = at
    micros = _time_of(clock or rest.lstrip(" T")) if clock or rest else 0
    if micros is None or (clock and rest.strip(" T")):
        return None
    return _to_utc(days * DAY + micros, name, zone)


def has_zone(text: str) -> bool:
    """Whether a timestamp's text says its zone."""
    found = _taken_apart(text)
    return found is not None and bool(found[2])


def read_time(text: str) -> int | None:
    """Microseconds since midnight; a zone is dropped."""
    found = zoned_time(text)
    return None if found is None else found[0]


def read_timetz(text: str) -> int | None:
    """Microseconds since midnight UTC."""
    found = zoned_time(text)
    return None if found is None else (found[0] - found[1]) % DAY


def zoned_time(text: str) -> tuple[int, int] | None:
    """(microseconds since midnight, the zone's distance from UTC) of a time of day; a date in front counts for the
    zone alone."""
    if not text.isascii():
        return None
    text = text.strip()
    if _CLOCK.search(text) is None:
        micros = _time_of(re.sub(r"\s*(z|utc)\Z", "", text, flags=re.IGNORECASE))
        return None if micros is None else (micros, 0)
    found = _taken_apart(text)
    if found is None:
        return None
    date_text, clock, name = found
    micros = _time_of(clock)
    at = _date_at(date_text) if date_text else (None, "")
    if micros is None or at is None or at[1].strip(" T"):
        return None
    local = micros + (0 if at[0] is None else at[0] * DAY)
    if name and at[0] is None and not _is_fixed(name):
        raise ValueError("a zone with daylight saving time needs a date")
    return micros, local - _to_utc(local, name, True)


def _taken_apart(text: str) -> tuple[str, str, str] | None:
    """(date, time of day, zone) of a moment's text; without a colon the time is left with the date."""
    if not text.isascii():  # int() would read the digits of other scripts
        return None
    text = text.strip()
    match = _CLOCK.search(text)
    if match is None or text[match.start() - 1] in "+-":
        zoned = _DATE_AND_OFFSET.fullmatch(text)
        if zoned is not None:
            return zoned.group(1), "", zoned.group(2)
    if match is None:
        zulu = re.search(r"(?<=\d)\s*(z|utc)\Z", text, re.IGNORECASE)
        return (text, "", "") if zulu is None else (text[: zulu.start()], "", "Z")
    behind = _BEHIND.match(text, match.end())
    if behind is None:
        return None
    before = text[: match.start()].rstrip(" T")
    if behind.group(1):
        before += " " + behind.group(1)
    return before, match.group(), behind.group(2) or ""


def _to_utc(local: int, zone: str, applied: bool) -> int:
    """A wall clock in UTC, or as it is; what is no zone is an error in both cases."""
    if not zone:
        return local
    if match := _OFFSET.fullmatch(zone):
        minutes = int(match.group(2)) * 60 + int(match.group(3) or 0)
        shift = (minutes if match.group(1) == "+" else -minutes) * 60_000_000
        return local - shift if applied else local
    from .timezones import to_utc

    found = to_utc(local, zone)
    return found if applied else local


def _is_fixed(zone: str) -> bool:
    from .timezones import find_zone

    return _OFFSET.fullmatch(zone) is not None or isinstance(find_zone(zone), int)


def _date_at(text: str) -> tuple[int, str] | None:
    """(days, what follows) of the date that `text` begins with."""
    if match := _DAY_OF_YEAR.match(text):
        first, day = date(int(match.group(1)), 1, 1), int(match.group(2))
        if not 1 <= day <= 365 + calendar.isleap(first.year):
            raise ValueError("day of year out of range")
        return first.toordinal() + day - 1 - _EPOCH, text[match.end() :]
    if match := _JULIAN.match(text):
        return int(match.group(1)) - _JULIAN_EPOCH, text[match.end() :]
    if match := _ISO.match(text) or _SLASHED.match(text) or _COMPACT.match(text):
        year, month, day = (int(g) for g in match.groups())
    elif match := _AMERICAN.match(text):
        month, day, year = (int(match.group(1)), int(match.group(2)), _year(match.group(3)))
        if month > 12 and match.group().count(".") == 2:
            month, day = day, month
    elif match := _MONTH_FIRST.match(text):
        month, day, year = _MONTHS.get(match.group(1).lower(), 0), int(match.group(2)), _year(match.group(3))
    elif match := _DAY_FIRST.match(text):
        day, month, year = int(match.group(1)), _MONTHS.get(match.group(2).lower(), 0), _year(match.group(3))
    elif match := _YEAR_NAME_DAY.match(text):
        year, month, day = int(match.group(1)), _MONTHS.get(match.group(2).lower(), 0), int(match.group(3))
    elif match := _SHORT.match(text):
        year, month, day = _year(match.group(1)), int(match.group(2)), int(match.group(3))
    else:
        return None
    if month == 0:
        return None
    return date(year, month, day).toordinal() - _EPOCH, text[match.end() :]


def _year(text: str) -> int:
    value = int(text)
    if len(text) == 2:
        value += 1900 if value >= 70 else 2000
    return value


def _time_of(text: str) -> int | None:
    text = text.strip()
    match = _TIME.fullmatch(text)
    half = None
    if match is not None:
        hour, minute, second, fraction, half = match.groups()
    elif (match := _COMPACT_TIME.fullmatch(text)) is not None:
        hour, minute, second, fraction = match.groups()
    else:
        return None
    hours, minutes, seconds = int(hour), int(minute), int(second or 0)
    if half is not None:
        if not 1 <= hours <= 12:
            raise ValueError("hour must be in 1..12")
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    if hours > 24 or minutes > 59 or seconds > 60 or (hours == 24 and (minutes or seconds)):
        raise ValueError("time out of range")
    micros = int(((fraction or "") + "0000000")[:7])
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + (micros + 5) // 10
