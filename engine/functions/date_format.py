"""TO_CHAR of dates and timestamps, TO_DATE and TO_TIMESTAMP, over single values. Formats: datetime_tokens.py.

Reading goes field by field: blanks before a field are skipped, a number takes as many digits as its field has
(all that follow, when the format goes on with something that is no digit), a name its letters, and text of the
format skips as many characters. Values beyond their range carry over (2001-06-31 is July 1) unless `strict`.
"""
from __future__ import annotations

from calendar import monthrange
from dataclasses import field
from datetime import UTC, date, datetime, timedelta

from ...errors import DataError, InvalidDatetime
from ...records import dataclass
from ...storage.timezones import tzinfo_of
from .base import DAY, Function, plain
from .datetime_tokens import (
    DAYS,
    MONTHS,
    ROMAN_MONTHS,
    Part,
    Token,
    cased,
    ordinal_ending,
    parse_format,
)
from .text import EPOCH, EPOCH_DATE
from .zones import MICROSECOND, distance_text

_JULIAN = 2_440_588  # the Julian day of 1970-01-01


# -- writing -----------------------------------------------------------------------------------


def to_char(micros: int, format: str, zone: str | None = None) -> str:
    """A timestamp in microseconds as the format says, on the wall clock of `zone`."""
    try:
        moment = EPOCH + timedelta(microseconds=micros)
        if zone is not None:
            moment = moment.replace(tzinfo=UTC).astimezone(tzinfo_of(zone))
    except OverflowError:
        raise InvalidDatetime("timestamp out of range", sqlstate="22008") from None
    return "".join(p if isinstance(p, str) else field_text(p, moment) for p in parse_format(format))


def field_text(token: Token, moment: datetime) -> str:
    """One field of a moment; one without a zone is UTC."""
    number = numeric_field(token.name, moment)
    if number is not None:
        value, width = number
        digits = f"{value:0{width}d}" if token.fill else str(value)
        return digits + ordinal_ending(digits, token.ordinal)
    text, width = name_field(token.name, token.case, moment)
    return text.ljust(width) if token.fill else text


def numeric_field(name: str, t: datetime) -> tuple[int, int] | None:
    """(value, width) of a field that is a number."""
    match name:
        case "YYYY" | "YYY" | "YY" | "Y":
            return t.year % 10 ** len(name) if len(name) < 4 else t.year, len(name)
        case "IYYY" | "IYY" | "IY" | "I":
            year = t.isocalendar().year
            return year % 10 ** len(name) if len(name) < 4 else year, len(name)
        case "CC":
            return (t.year + 99) // 100, 2
        case "Q":
            return (t.month + 2) // 3, 1
        case "MM":
            return t.month, 2
        case "W":
            return (t.day + 6) // 7, 1
        case "WW":
            return (t.timetuple().tm_yday + 6) // 7, 2
        case "IW":
            return t.isocalendar().week, 2
        case "DDD":
            return t.timetuple().tm_yday, 3
        case "IDDD":
            return (t.isocalendar().week - 1) * 7 + t.isoweekday(), 3
        case "DD":
            return t.day, 2
        case "D":
            return t.isoweekday() % 7 + 1, 1
        case "ID":
            return t.isoweekday(), 1
        case "J":
            return (t.date() - EPOCH_DATE).days + _JULIAN, 1
        case _:
            return _clock_field(name, t)


def _clock_field(name: str, t: datetime) -> tuple[int, int] | None:
    match name:
        case "HH24":
            return t.hour, 2
        case "HH12" | "HH":
            return (t.hour + 11) % 12 + 1, 2
        case "MI":
            return t.minute, 2
        case "SS":
            return t.second, 2
        case "MS":
            return t.microsecond // 1000, 3
        case "US":
            return t.microsecond, 6
        case "SSSS":
            return (t.hour * 60 + t.minute) * 60 + t.second, 1
        case _:
            return None


def name_field(name: str, case: str, t: datetime) -> tuple[str, int]:
    """(text, width) of a field of letters."""
    match name:
        case "Y,YYY":
            return f"{t.year // 1000},{t.year % 1000:03d}", 0
        case "MONTH":
            return cased(MONTHS[t.month - 1], case), 9
        case "MON":
            return cased(MONTHS[t.month - 1][:3], case), 3
        case "RM":
            return cased(ROMAN_MONTHS[t.month - 1], case), 4
        case "DAY":
            return cased(DAYS[t.weekday()], case), 9
        case "DY":
            return cased(DAYS[t.weekday()][:3], case), 3
        case "AM" | "PM":
            return cased("AM" if t.hour < 12 else "PM", case), 0
        case "A.M." | "P.M.":
            return cased("A.M." if t.hour < 12 else "P.M.", case), 0
        case "AD" | "BC":
            return cased("AD", case), 0
        case "A.D." | "B.C.":
            return cased("A.D.", case), 0
        case "TZ":
            return cased(_zone_text(t), case), 0
        case _:  # OF
            return distance_text(_distance(t)), 0


def _distance(t: datetime) -> int:
    distance = t.utcoffset()
    return 0 if distance is None else distance // MICROSECOND


def _zone_text(t: datetime) -> str:
    """A zone's abbreviation; of one that is but a distance, that."""
    name = t.tzname() or "UTC"
    return distance_text(_distance(t)) if name.startswith("UTC") and _distance(t) else name


# -- reading -----------------------------------------------------------------------------------

_DIGITS = frozenset("0123456789")
_WIDTHS = {
    "YYYY": 4, "YYY": 3, "YY": 2, "Y": 1, "IYYY": 4, "IYY": 3, "IY": 2, "I": 1, "CC": 2, "Q": 1, "MM": 2, "W": 1,
    "WW": 2, "IW": 2, "DDD": 3, "IDDD": 3, "DD": 2, "D": 1, "ID": 1, "J": 7, "HH24": 2, "HH12": 2, "HH": 2, "MI": 2,
    "SS": 2, "MS": 3, "US": 6, "SSSS": 5,
}
_SHORT_YEARS = {"YY": 2, "Y": 1, "YYY": 3, "IY": 2, "I": 1, "IYY": 3}


@dataclass(slots=True)
class _Fields:
    """What has been read; a name stands for its number."""

    numbers: dict[str, int] = field(default_factory=dict)
    afternoon: bool | None = None
    era: int = 1


def read(text: str, format: str, strict: bool) -> int:
    """Microseconds of a text in a format; 0001-01-01 with what was not given left out."""
    parts = parse_format(format)
    fields = _Fields()
    at = 0
    for i, part in enumerate(parts):
        if isinstance(part, str):
            at = _skip_text(text, at, part)
            continue
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            break
        follows = parts[i + 1] if i + 1 < len(parts) else None
        at = _read_field(text, at, part, follows, fields)
    return _assembled(fields, text, strict)


def _skip_text(text: str, at: int, part: str) -> int:
    """Text of the format stands for as many characters, but a digit is left for the next field."""
    for c in part:
        if at < len(text) and not (text[at] in _DIGITS and c != text[at]):
            at += 1
    return at


def _bad(text: str, what: str) -> InvalidDatetime:
    return InvalidDatetime(f'invalid value for {what} in "{text}"', sqlstate="22007")


def _read_field(text: str, at: int, token: Token, follows: Part | None, fields: _Fields) -> int:
    name = token.name
    if name in ("TZ", "OF"):
        raise DataError(f'format "{name}" is for TO_CHAR only', sqlstate="0A000")
    if name in _WIDTHS:
        return _read_number(text, at, token, follows, fields)
    if name == "Y,YYY":
        end = at
        while end < len(text) and (text[end] in _DIGITS or text[end] == ","):
            end += 1
        fields.numbers["YYYY"] = int(text[at:end].replace(",", "") or 0)
        return end
    if name in ("MONTH", "MON"):
        return _read_name(text, at, MONTHS, name == "MON", "MM", fields)
    if name in ("DAY", "DY"):
        return _read_name(text, at, DAYS, name == "DY", "", fields)
    if name == "RM":
        for number, roman in sorted(enumerate(ROMAN_MONTHS, start=1), key=lambda m: -len(m[1])):
            if text[at:].upper().startswith(roman):
                fields.numbers["MM"] = number
                return at + len(roman)
        raise _bad(text, name)
    word = text[at : at + len(name)].upper()
    if word in ("AM", "PM", "A.M.", "P.M.") and name[0] in "AP" and name[-2:] not in ("AD", "D."):
        fields.afternoon = word[0] == "P"
    elif word in ("AD", "BC", "A.D.", "B.C."):
        fields.era = -1 if word[0] == "B" else 1
    else:
        raise _bad(text, name)
    return at + len(name)


def _read_number(text: str, at: int, token: Token, follows: Part | None, fields: _Fields) -> int:
    width = _WIDTHS[token.name]
    if not token.fill or not _digits_follow(follows):
        width = len(text)
    if token.name in ("MS", "US"):
        width = min(width, 6)
    signed = text[at : at + 1] in ("+", "-") and token.name == "YYYY"
    end = at + signed
    while end < len(text) and end - at - signed < width and text[end] in _DIGITS:
        end += 1
    if end == at + signed:
        raise _bad(text, token.name)
    value = int(text[at:end])
    if token.name in ("MS", "US"):  # a fraction: '.5' is 500 milliseconds
        value = int(text[at:end].ljust(6, "0")[:6])
    elif token.name in _SHORT_YEARS and end - at <= _SHORT_YEARS[token.name]:
        value = _full_year(value, _SHORT_YEARS[token.name])
    fields.numbers[_FIELD.get(token.name, token.name)] = value
    return end + (len(token.ordinal) if token.ordinal else 0)


_FIELD = {"YYY": "YYYY", "YY": "YYYY", "Y": "YYYY", "IYY": "IYYY", "IY": "IYYY", "I": "IYYY", "HH": "HH12"}


def _digits_follow(part: Part | None) -> bool:
    """Whether the format goes on with digits, so that a number must stop in time."""
    return part[0] in _DIGITS if isinstance(part, str) else part is not None and part.name in _WIDTHS


def _full_year(value: int, digits: int) -> int:
    """70 to 99 are in the last century, as PostgreSQL reads short years."""
    if digits == 2:
        return value + (1900 if value >= 70 else 2000)
    return value + (2000 if digits == 1 or value < 520 else 1000)


def _read_name(text: str, at: int, names: tuple[str, ...], short: bool, into: str, fields: _Fields) -> int:
    for number, name in sorted(enumerate(names, start=1), key=lambda n: -len(n[1])):
        wanted = name[:3] if short else name
        if text[at : at + len(wanted)].lower() == wanted.lower():
            if into:
                fields.numbers[into] = number
            return at + len(wanted)
    raise _bad(text, "a month's name" if into else "a day's name")


def _assembled(fields: _Fields, text: str, strict: bool) -> int:
    n = fields.numbers
    hour = n.get("HH24", n.get("HH12", 0))
    if fields.afternoon is not None:
        if strict and not 1 <= hour <= 12:
            raise _out_of_range(text)
        hour = hour % 12 + (12 if fields.afternoon else 0)
    micros = n.get("MS", 0) + n.get("US", 0)
    minute, second = n.get("MI", 0), n.get("SS", 0)
    if strict and not (0 <= hour <= 23 and minute <= 59 and second <= 59):
        raise InvalidDatetime(
            f"date/time field time value out of range: {hour}:{minute}:{second}.{micros // 100_000}", sqlstate="22008"
        )
    seconds = n.get("SSSS", (hour * 60 + minute) * 60 + second)
    try:
        day = _day(fields, strict)
        return (day - EPOCH_DATE).days * DAY + seconds * 1_000_000 + micros
    except (ValueError, OverflowError):
        raise _out_of_range(text) from None


def _out_of_range(text: str) -> InvalidDatetime:
    return InvalidDatetime(f'date/time field value out of range: "{text}"', sqlstate="22008")


def _day(fields: _Fields, strict: bool) -> date:
    n = fields.numbers
    if "J" in n:
        return EPOCH_DATE + timedelta(days=n["J"] - _JULIAN)
    if "IYYY" in n and ("IW" in n or "IDDD" in n):
        if "IDDD" in n:
            return date.fromisocalendar(n["IYYY"], 1, 1) + timedelta(days=n["IDDD"] - 1)
        return date.fromisocalendar(n["IYYY"], n["IW"], n.get("ID", 1))
    year = n.get("YYYY", n.get("IYYY", 1)) or 1
    if fields.era < 0:
        raise ValueError("a year before 1")
    if "CC" in n and "YYYY" not in n:
        year = (n["CC"] - 1) * 100 + 1
    if "DDD" in n and "MM" not in n:
        return date(year, 1, 1) + timedelta(days=n["DDD"] - 1)
    if "WW" in n and "MM" not in n:
        return date(year, 1, 1) + timedelta(days=(n["WW"] - 1) * 7)
    month, day = n.get("MM", (n.get("Q", 1) - 1) * 3 + 1), n.get("DD", (n.get("W", 1) - 1) * 7 + 1)
    if strict and not (1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        raise InvalidDatetime(f"date/time field date value out of range: {year}-{month}-{day}", sqlstate="22008")
    months = year * 12 + max(month, 1) - 1
    return date(months // 12, months % 12 + 1, 1) + timedelta(days=max(day, 1) - 1)


def to_timestamp(text: str, format: str, strict: bool) -> int:
    return read(text, format, strict)


def to_date(text: str, format: str, strict: bool) -> int:
    if not text.strip():
        raise InvalidDatetime(f'invalid value for a date: "{text}"', sqlstate="22007")
    return read(text, format, strict) // DAY


FUNCTIONS: dict[str, Function] = {
    "to_char_datetime": lambda a, t, to: to_char(a[0], a[1]),
    "to_char_zoned": plain(to_char),
    "to_timestamp": plain(to_timestamp),
    "to_date": plain(to_date),
}
