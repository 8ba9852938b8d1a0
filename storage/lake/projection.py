"""Partition projection (Athena): partitions that are computed from table properties instead of registered.

    'projection.enabled'='true'
    'projection.year.type'='integer', 'projection.year.range'='2010,2016'      2010 2011 ... 2016  [interval, digits]
    'projection.city.type'='enum',    'projection.city.values'='rome,oslo'     rome oslo
    'projection.day.type'='date',     'projection.day.range'='2020-01-01,NOW'  [format, interval, interval.unit]
    'projection.user.type'='injected'                                          what the query's filter says it is
    'storage.location.template'='s3://b/${city}/${day}/'                       else location/year=2010/city=rome/...

A partition may have no folder: then it has no rows. Formats are Java's, of the letters y M d H m s S and quoted text.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ... import errors
from ...records import dataclass
from ..types import Kind
from .definition import Field, Partition, Source
from .partitions import folder_name, parse_value

MAX_VALUES = 1_000_000  # of one column: a range by mistake should not fill memory
_TOKEN = re.compile(r"'((?:[^']|'')*)'|y+|M+|d+|H+|m+|s+|S+|[^A-Za-z']+|[A-Za-z]")
_PLACES = {"y": "year", "M": "month", "d": "day", "H": "hour", "m": "minute", "s": "second", "S": "fraction"}
_NOW = re.compile(r"\s*NOW\s*(?:([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?\s*)?", re.IGNORECASE)
_UNITS = {
    "WEEKS": timedelta(weeks=1), "DAYS": timedelta(days=1), "HOURS": timedelta(hours=1),
    "MINUTES": timedelta(minutes=1), "SECONDS": timedelta(seconds=1), "MILLISECONDS": timedelta(milliseconds=1),
}  # fmt: skip


def is_projected(source: Source) -> bool:
    return bool(source.keys) and source.option("projection.enabled").strip().lower() == "true"


@dataclass(frozen=True, slots=True)
class Value:
    """A partition column's value: as text of its folder, and in physical form."""

    text: str
    physical: Any


def values_of(source: Source, key: Field, injected: Sequence[str] | None) -> Iterator[Value]:
    """All values of a column. `injected`: what the query gives; an error without it where it is needed."""
    kind = source.option(f"projection.{key.name}.type").strip().lower()
    match kind:
        case "enum":
            texts: Iterator[str] = iter(_given(source, key, "values").split(","))
        case "integer":
            texts = _integers(source, key)
        case "date":
            yield from _dates(source, key)
            return
        case "injected":
            if injected is None:
                raise errors.ProgrammingError(
                    f'the injected partition column "{key.name}" of "{source.name}" needs a value in the WHERE clause')
            texts = iter(injected)
        case "":
            raise errors.InvalidDefinition(
                f'table "{source.name}" is configured for partition projection, but its partition column "{key.name}" '
                "is not")
        case _:
            raise errors.InvalidDefinition(
                f"projection.{key.name}.type is enum, integer, date or injected, not '{kind}'")
    for text in texts:
        yield Value(text, parse_value(text, key))


def partition_of(source: Source, values: Sequence[Value]) -> Partition:
    """The partition of one value a column."""
    texts = tuple(v.text for v in values)
    template = source.option("storage.location.template")
    if not template:
        return Partition(texts, source.location.rstrip("/") + "/" + folder_name(source, texts))
    for key, text in zip(source.keys, texts, strict=True):
        if f"${{{key.name}}}" not in template:
            raise errors.InvalidDefinition(f"storage.location.template has no placeholder for column \"{key.name}\"")
        template = template.replace(f"${{{key.name}}}", text)
    return Partition(texts, template)


def _given(source: Source, key: Field, name: str, otherwise: str | None = None) -> str:
    found = source.option(f"projection.{key.name}.{name}", otherwise or "")
    if not found:
        raise errors.InvalidDefinition(f'the table property "projection.{key.name}.{name}" is missing')
    return found


def _whole(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise errors.InvalidDefinition(f"{name} is a whole number, not '{text}'") from None


def _range(source: Source, key: Field) -> tuple[str, str]:
    low, separator, high = _given(source, key, "range").partition(",")
    if not separator or "," in high:
        raise errors.InvalidDefinition(f"projection.{key.name}.range has two values with a comma between")
    return low.strip(), high.strip()


def _integers(source: Source, key: Field) -> Iterator[str]:
    name = f"projection.{key.name}"
    low, high = (_whole(text, f"{name}.range") for text in _range(source, key))
    step = _whole(_given(source, key, "interval", "1"), f"{name}.interval")
    digits = _whole(_given(source, key, "digits", "0"), f"{name}.digits")
    if step < 1:
        raise errors.InvalidDefinition(f"{name}.interval is a positive number")
    _check_count((high - low) // step, key)
    for number in range(low, high + 1, step):
        yield f"{'-' if number < 0 else ''}{abs(number):0{digits}d}" if digits else str(number)


def _check_count(count: int, key: Field) -> None:
    if count > MAX_VALUES:
        raise errors.InvalidDefinition(f'partition column "{key.name}" is projected to more than {MAX_VALUES} values')


# -- dates ---------------------------------------------------------------------------------------------


def _dates(source: Source, key: Field) -> Iterator[Value]:
    pattern = _given(source, key, "format")
    parts = _parts(pattern)
    now = datetime.now(UTC).replace(tzinfo=None)
    low, high = (_moment(text, parts, now, pattern) for text in _range(source, key))
    finest = next((u for letter, u in (("S", "MILLISECONDS"), ("s", "SECONDS"), ("m", "MINUTES"), ("H", "HOURS"),
                                       ("d", "DAYS"), ("M", "MONTHS")) if letter in parts), "YEARS")
    unit = source.option(f"projection.{key.name}.interval.unit", finest).strip().upper()
    if finest not in ("DAYS", "MONTHS", "YEARS") and not source.option(f"projection.{key.name}.interval.unit"):
        raise errors.InvalidDefinition(f'the table property "projection.{key.name}.interval.unit" is missing')
    every = _whole(_given(source, key, "interval", "1"), f"projection.{key.name}.interval")
    if every < 1:
        raise errors.InvalidDefinition(f"projection.{key.name}.interval is a positive number")
    after = _stepper(unit, every, key)
    count, moment = 0, low
    while moment <= high:
        _check_count(count, key)
        yield Value(_text(moment, parts), _physical(moment, key, parts))
        count += 1
        moment = after(low, count)


def _stepper(unit: str, every: int, key: Field) -> Callable[[datetime, int], datetime]:
    """(first moment, n) -> the n-th moment after it."""
    if unit in ("MONTHS", "YEARS"):
        months = every * (12 if unit == "YEARS" else 1)
        return lambda first, n: _add_months(first, n * months)
    step = _UNITS.get(unit)
    if step is None:
        raise errors.InvalidDefinition(f"projection.{key.name}.interval.unit '{unit}' is no unit of time")
    return lambda first, n: first + n * every * step


def _add_months(moment: datetime, months: int) -> datetime:
    place = moment.year * 12 + moment.month - 1 + months
    year, month = place // 12, place % 12 + 1
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    return moment.replace(year=year, month=month, day=min(moment.day, last))


def _parts(pattern: str) -> list[str]:
    """Letters of fields (one each), and other text with a quote before it."""
    found: list[str] = []
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        if text[0] in _PLACES:
            if text in ("y", "yy") or (text[0] == "M" and len(text) > 2):
                raise errors.NotSupportedError(f"{text} of date format '{pattern}' is not supported")
            found += [text[0], f"#{len(text)}"]
        elif text[0] == "'":
            found.append("'" + (token[1].replace("''", "'") or "'"))
        elif text.isalpha():
            raise errors.NotSupportedError(f"the letter {text} of date format '{pattern}' is not supported")
        else:
            found.append("'" + text)
    return found


def _moment(text: str, parts: Sequence[str], now: datetime, pattern: str) -> datetime:
    """An end of a range: a date of the format, or relative to now."""
    relative = _NOW.fullmatch(text)
    if relative is not None:
        moment = now
        if relative[1]:
            count = int(relative[2]) * (1 if relative[1] == "+" else -1)
            unit = relative[3].upper() + "S"
            months = {"YEARS": 12, "MONTHS": 1}.get(unit)
            moment = _add_months(now, count * months) if months else now + count * _UNITS[unit]
        return _moment(_text(moment, parts), parts, now, pattern)  # as fine as the format
    expression = "".join(_expression(a, b) for a, b in zip(parts, [*parts[1:], ""], strict=True))
    found = re.fullmatch(expression, text)
    if found is None:
        raise errors.InvalidDefinition(f"'{text}' is no date of the format '{pattern}'")
    given = {name: value for name, value in found.groupdict().items() if value}
    usual = {"year": 1970, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}
    year, month, day, hour, minute, second = (int(given.get(name, value)) for name, value in usual.items())
    try:
        return datetime(year, month, day, hour, minute, second, int(given.get("fraction", "").ljust(6, "0")[:6]))
    except ValueError:
        raise errors.InvalidDefinition(f"'{text}' is no date of the format '{pattern}'") from None


def _expression(part: str, following: str) -> str:
    if part[0] == "#":
        return ""
    if part[0] == "'":
        return re.escape(part[1:])
    width = int(following[1:])
    return f"(?P<{_PLACES[part]}>\\d{{{'1,2' if width == 1 else width}}})"


def _text(moment: datetime, parts: Sequence[str]) -> str:
    made = []
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        if part[0] == "'":
            made.append(part[1:])
        elif part[0] != "#":
            width = int(following[1:])
            number = moment.microsecond if part == "S" else getattr(moment, _PLACES[part])
            made.append(f"{number:06d}"[:width] if part == "S" else f"{number:0{width}d}")
    return "".join(made)


def _physical(moment: datetime, key: Field, parts: Sequence[str]) -> Any:
    match key.type.sql.kind:
        case Kind.DATE:
            return (moment.date() - datetime(1970, 1, 1).date()).days
        case Kind.TIMESTAMP:
            return (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)
        case _:
            return parse_value(_text(moment, parts), key)
