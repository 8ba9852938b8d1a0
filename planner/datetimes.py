"""Dates and times written as text, to their physical values: days or microseconds since 1970-01-01.

Redshift's input formats with DateStyle ISO, MDY:

    2008-01-08   20080108   1/8/2008   01-08-2008   January 8, 2008   08-Jan-2008   Jan-08-2008
    08-Jan-08    Jan-08-08  (two digits: 70-99 are 19xx, 00-69 are 20xx)

A time may follow: `04:05`, `04:05:06.789`, `040506`, `04:05 PM`; for TIMESTAMPTZ a zone (`Z`, `+02`,
`-08:00`, `UTC`) too. Functions return None for text of no known form and raise ValueError for a date
that does not exist; literals.py makes the errors.
"""
from __future__ import annotations

import re
from datetime import date

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
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?!\d)")
_SLASHED = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})")
_AMERICAN = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})[- ]\s*(\d{1,2})(?:,\s*|-|\s+)(\d{4}|\d{2})(?!\d)")
_DAY_FIRST = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3,9})[- ](\d{4}|\d{2})(?!\d)")
_TIME = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*(am|pm)?", re.IGNORECASE
)
_COMPACT_TIME = re.compile(r"(\d{2})(\d{2})(\d{2})(?:\.(\d{1,9}))?(?!\d)")
_ZONE = re.compile(r"(?:(z|utc|gmt)|([+-])(\d{1,2}):?(\d{2})?)\s*\Z", re.IGNORECASE)


def read_date(text: str) -> int | None:
    """Days; a time of day behind the date is read and dropped."""
    found = _date_at(text.strip())
    if found is None:
        return None
    days, rest = found
    if rest and _time_of(rest.lstrip(" T")) is None:
        return None
    return days


def read_timestamp(text: str, zone: bool = False) -> int | None:
    """Microseconds. With `zone` the text's zone is applied (UTC when there is none)."""
    text = text.strip()
    found = _date_at(text)
    if found is None:
        return None
    days, rest = found
    rest, shift = _split_zone(rest, zone)
    if not rest.strip():
        return days * DAY - shift
    micros = _time_of(rest.lstrip(" T"))
    return None if micros is None else days * DAY + micros - shift


def read_time(text: str) -> int | None:
    """Microseconds since midnight."""
    return _time_of(text.strip())


def _date_at(text: str) -> tuple[int, str] | None:
    """(days, what follows) of the date that `text` begins with."""
    if match := _ISO.match(text) or _SLASHED.match(text) or _COMPACT.match(text):
        year, month, day = (int(g) for g in match.groups())
    elif match := _AMERICAN.match(text):
        month, day, year = (int(match.group(1)), int(match.group(2)), _year(match.group(3)))
    elif match := _MONTH_FIRST.match(text):
        month, day, year = _MONTHS.get(match.group(1).lower(), 0), int(match.group(2)), _year(match.group(3))
    elif match := _DAY_FIRST.match(text):
        day, month, year = int(match.group(1)), _MONTHS.get(match.group(2).lower(), 0), _year(match.group(3))
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


def _split_zone(rest: str, zone: bool) -> tuple[str, int]:
    """What follows a date without its time zone, and the zone's distance from UTC."""
    match = _ZONE.search(rest) if ":" in rest or rest.strip().lower() in ("z", "utc") else None
    if match is None:
        return rest, 0
    if match.group(1) or not zone:  # a TIMESTAMP drops a zone
        return rest[: match.start()].rstrip(), 0
    minutes = int(match.group(3)) * 60 + int(match.group(4) or 0)
    return rest[: match.start()].rstrip(), (minutes if match.group(2) == "+" else -minutes) * 60_000_000


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
