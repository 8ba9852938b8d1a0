"""Dates and times in text: the default formats, DATEFORMAT/TIMEFORMAT patterns, and 'auto'.

A pattern is compiled to a regular expression; its parts are Redshift's:

    YYYY YY   MM MON MONTH   DD   HH24 HH HH12   MI   SS (with a fraction)   AM PM   OF

    'DD.MM.YYYY HH24:MI'   ->   (?P<day>\\d{1,2})\\.(?P<month>\\d{1,2})\\.(?P<year>\\d{4}) ...

What matches is checked as a calendar date (no 31 April) and given in physical form: days, or
microseconds, since 1970-01-01. Two-digit years are 1970 to 2069. Time behind a date is ignored, as COPY
documents; a date without time is midnight.
"""
from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from functools import cache

from ...errors import DataError
from ..datetimes import read_timestamp
from .options import AUTO

DAY_MICROSECONDS = 86_400_000_000
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIRST_TWO_DIGIT_YEAR = 1970
LONGEST_EPOCH = 40  # digits
EPOCH_FACTORS = {"epochsecs": 1_000_000, "epochmillisecs": 1_000}  # microseconds

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.(?P<fraction>\d+))?)?"
_HALF = r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
_OFFSET = r"(?:\s*(?:(?P<zulu>[Zz]|UTC)|(?P<sign>[+-])(?P<zone_hour>\d{1,2})(?::?(?P<zone_minute>\d{2}))?))?"
_TAIL = rf"(?:[ T]+{_TIME}{_HALF}{_OFFSET})?"

_PARTS = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short_year>\d{2})",
    "MONTH": r"(?P<name>[A-Za-z]+)",
    "MON": r"(?P<name>[A-Za-z]{3})",
    "MM": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{1,2})",
    "HH24": r"(?P<hour>\d{1,2})",
    "HH12": r"(?P<hour>\d{1,2})",
    "HH": r"(?P<hour>\d{1,2})",
    "MI": r"(?P<minute>\d{1,2})",
    "SS": r"(?P<second>\d{1,2})(?:\.(?P<fraction>\d+))?",
    "AM": r"(?P<half>[AaPp])\.?[Mm]\.?",
    "PM": r"(?P<half>[AaPp])\.?[Mm]\.?",
    "OF": r"(?P<sign>[+-])(?P<zone_hour>\d{1,2})(?::?(?P<zone_minute>\d{2}))?",
}
_TOKEN = re.compile("|".join(sorted(_PARTS, key=len, reverse=True)), re.IGNORECASE)

# What 'auto' tries beside what a cast reads, in this order; a time of day may follow each.
_AUTO_DATES = (
    "YYYY-MM-DD", "YYYY/MM/DD", "YYYY.MM.DD", "YYYYMMDD", "MM/DD/YYYY", "MM-DD-YYYY", "MM.DD.YYYY",
    "DD-MON-YYYY", "DD MON YYYY", "MON-DD-YYYY", "MON DD YYYY", "MON DD, YYYY", "MONTH DD, YYYY",
    "MONTH DD YYYY", "DD MONTH YYYY", "YYYY-MON-DD", "MM/DD/YY", "YYMMDD",
)  # fmt: skip


def parse_date(text: str, pattern: str | None) -> int:
    """Days since 1970-01-01; ValueError when the text does not fit (`pattern` None: YYYY-MM-DD)."""
    if pattern == AUTO and (found := _as_cast(text, False)) is not None:
        return found // DAY_MICROSECONDS
    for expression in _expressions(pattern, "YYYY-MM-DD"):
        match = expression.fullmatch(text)
        if match is not None:
            return _days(match)
    raise ValueError(text)


def parse_timestamp(text: str, pattern: str | None, zoned: bool = False) -> int:
    """Microseconds since 1970-01-01 (UTC when the text has an offset); ValueError otherwise. With 'auto' a zone counts
    for TIMESTAMPTZ (`zoned`) alone, as in a cast."""
    if pattern == AUTO and (found := _as_cast(text, zoned)) is not None:
        return found
    if pattern in ("epochsecs", "epochmillisecs"):
        factor = EPOCH_FACTORS[pattern]
        if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?", text):
            raise ValueError(text)
        if len(text) > LONGEST_EPOCH:
            raise ValueError(text)
        value = round(float(text) * factor) if "." in text else int(text) * factor
        if not -(1 << 63) <= value < 1 << 63:
            raise ValueError(text)
        return value
    for expression in _expressions(pattern, "YYYY-MM-DD"):
        match = expression.fullmatch(text)
        if match is not None:
            return _days(match) * DAY_MICROSECONDS + _time(match) - _offset(match)
    raise ValueError(text)


def _as_cast(text: str, zoned: bool) -> int | None:
    """What a cast reads: 'auto' knows all of that (automatic-recognition)."""
    try:
        return read_timestamp(text, zoned)
    except DataError as e:
        raise ValueError(str(e)) from e


def parse_time(text: str, zoned: bool = False) -> int:
    """Microseconds since midnight; `zoned`: since midnight UTC, an offset may follow."""
    match = re.fullmatch(_TIME + _HALF + (_OFFSET if zoned else ""), text, re.ASCII)
    if match is None:
        raise ValueError(text)
    return (_time(match) - (_offset(match) if zoned else 0)) % DAY_MICROSECONDS


@cache
def _expressions(pattern: str | None, default: str) -> Sequence[re.Pattern[str]]:
    if pattern == AUTO:
        return tuple(_compile(date) for date in _AUTO_DATES)
    return (_compile(pattern or default),)


def _compile(pattern: str) -> re.Pattern[str]:
    """A pattern as a regular expression; raises ValueError for one without a date."""
    parts, at, has_time = [], 0, False
    for token in _TOKEN.finditer(pattern):
        parts.append(re.escape(pattern[at : token.start()]))
        name = token.group().upper()
        parts.append(_PARTS[name])
        has_time = has_time or name.startswith(("HH", "MI", "SS"))
        at = token.end()
    parts.append(re.escape(pattern[at:]))
    return re.compile("".join(parts) + ("" if has_time else _TAIL), re.ASCII)


def check_pattern(pattern: str) -> None:
    """Raise ValueError for a pattern that does not give year, month and day once each."""
    parts = [token.group().upper() for token in _TOKEN.finditer(pattern)]
    for name, ways in (("year", ("YYYY", "YY")), ("month", ("MM", "MON", "MONTH")), ("day", ("DD",))):
        if sum(part in ways for part in parts) != 1:
            raise ValueError(f"it must have one {name}")
    try:
        _compile(pattern)
    except re.error as e:
        raise ValueError(str(e)) from e


def _days(match: re.Match[str]) -> int:
    groups = match.groupdict()
    if groups.get("year") is not None:
        year = int(groups["year"])
    else:
        year = int(groups["short_year"]) + 2000
        if year >= _FIRST_TWO_DIGIT_YEAR + 100:
            year -= 100
    name = groups.get("name")
    if name is not None:
        month = _MONTHS.index(name[:3].lower()) + 1
    else:
        month = int(groups["month"])
    return datetime.date(year, month, int(groups["day"])).toordinal() - _EPOCH


def _time(match: re.Match[str]) -> int:
    groups = match.groupdict()
    if groups.get("hour") is None:
        return 0
    hour, minute, second = int(groups["hour"]), int(groups.get("minute") or 0), int(groups.get("second") or 0)
    half = groups.get("half")
    if half is not None:
        if not 1 <= hour <= 12:
            raise ValueError(f"hour {hour} before AM or PM")
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"no time of day: {hour}:{minute}:{second}")
    fraction = (groups.get("fraction") or "").ljust(6, "0")[:6]
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + int(fraction)


def _offset(match: re.Match[str]) -> int:
    groups = match.groupdict()
    if groups.get("sign") is None:
        return 0
    minutes = int(groups["zone_hour"]) * 60 + int(groups.get("zone_minute") or 0)
    return (minutes if groups["sign"] == "+" else -minutes) * 60_000_000
