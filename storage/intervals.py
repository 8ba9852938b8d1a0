"""Values of the interval types: their smallest step, and their text in the style that Redshift calls postgres:
`1 year 2 mons`, `3 days 04:05:06.5`."""
from __future__ import annotations

from .types import Kind, SqlType

_DAY = 86_400_000_000
_STEPS = (1, 60_000_000, 3_600_000_000, _DAY)  # of a type that ends in SECOND, MINUTE, HOUR, DAY


def interval_unit(type: SqlType) -> int:
    """The smallest step of an interval type, in months or microseconds."""
    if type.kind is Kind.INTERVAL_YM:
        return 12 if type.precision else 1
    return _STEPS[type.precision] * 10**type.scale


def cut(value: int, type: SqlType) -> int:
    """The value without what is finer than its type."""
    unit = interval_unit(type)
    return abs(value) // unit * unit * (-1 if value < 0 else 1)


def months_text(months: int) -> str:
    """An INTERVAL YEAR TO MONTH."""
    years, rest = divmod(abs(months), 12)
    sign = -1 if months < 0 else 1
    parts = [_counted(sign * years, "year")] if years else []
    if rest or not years:
        parts.append(_counted(sign * rest, "mon"))
    return " ".join(parts)


def micros_text(micros: int) -> str:
    """An INTERVAL DAY TO SECOND."""
    days, rest = divmod(abs(micros), _DAY)
    seconds, fraction = divmod(rest, 1_000_000)
    sign = "-" if micros < 0 else ""
    clock = f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if fraction:
        clock += f".{fraction:06d}".rstrip("0")
    parts = [_counted(-days if micros < 0 else days, "day")] if days else []
    return " ".join([*parts, clock] if rest or not days else parts)


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
