"""Date functions over columns: calendar arithmetic by numpy's datetime64, time zones by a search in their changes."""
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from ....storage.types import Kind, SqlType
from .. import dates, zones
from ..base import DAY, FIRST_DAY, LAST_DAY
from .argument import Argument, Form, constants, like

_MONDAY = 3  # 1970-01-01 was a Thursday


def _zone(convert: Callable[..., np.ndarray]) -> Form:
    """TIMEZONE and its like with constant zones."""

    def form(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
        given, micros = constants(args[1:]), args[0].numbers()
        if given is None or micros is None or args[0].array is None or len(micros) == 0:
            return None
        if args[0].array.null_count:
            micros = np.where(np.asarray(args[0].array.is_valid()), micros, 0)
        return like(args[0].array, convert(micros, *given))

    return form


def _to_local(micros: np.ndarray, zone: str) -> np.ndarray:
    table = zones.changes(zone, micros)
    return micros + table.offsets[np.maximum(np.searchsorted(table.starts, micros, "right") - 1, 0)]


def _to_utc(local: np.ndarray, zone: str) -> np.ndarray:
    table = zones.changes(zone, local)
    at = np.searchsorted(zones.local_starts(table), local, "right") - 1
    return local - table.offsets[np.maximum(at, 0)]


def _convert(local: np.ndarray, source: str, target: str) -> np.ndarray:
    return _to_local(_to_utc(local, source), target)


def _days(argument: Argument, type: SqlType) -> np.ndarray | None:
    """Days since 1970-01-01 of a column of dates or timestamps, where Python's calendar has them all."""
    values = argument.numbers()
    if values is None or argument.array is None:
        return None
    days = values if type.kind is Kind.DATE else values // DAY
    if argument.array.null_count:
        days = np.where(np.asarray(argument.array.is_valid()), days, 0)
    return days if _in_calendar(days) else None


def _in_calendar(days: np.ndarray) -> bool:
    return len(days) == 0 or (int(days.min()) >= FIRST_DAY and int(days.max()) <= LAST_DAY)


def _month_of(days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(months since 1970-01, the first day of that month)."""
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    return months.astype(np.int64), months.astype("datetime64[D]").astype(np.int64)


def _first_of(months: np.ndarray) -> np.ndarray:
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _last_day(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    days = _days(args[0], types[0])
    if days is None:
        return None
    return like(args[0].array, _first_of(_month_of(days)[0] + 1) - 1)


def _next_day(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    days, given = _days(args[0], types[0]), constants(args[1:])
    if days is None or given is None:
        return None
    wanted = dates.weekday(given[0])
    return like(args[0].array, days + (wanted - (days + _MONDAY) % 7 - 1) % 7 + 1)


def _add_months(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    """ADD_MONTHS of timestamps by a constant: a last day stays a last day."""
    days, given = _days(args[0], types[0]), constants(args[1:])
    values = args[0].numbers()
    if days is None or given is None or values is None or types[0].kind is Kind.DATE or abs(given[0]) > 12_000:
        return None
    months, first = _month_of(days)
    target = months + given[0]
    start, after = _first_of(target), _first_of(target + 1)
    day = days - first
    last = days == _first_of(months + 1) - 1
    moved = np.where(last, after - 1, np.minimum(start + day, after - 1))
    if not _in_calendar(moved):
        return None
    return like(args[0].array, moved * DAY + (values - values // DAY * DAY))


FORMS: dict[str, Form] = {
    "to_zone": _zone(_to_local),
    "from_zone": _zone(_to_utc),
    "convert_timezone": _zone(_convert),
    "add_months": _add_months,
    "last_day": _last_day,
    "next_day": _next_day,
}
