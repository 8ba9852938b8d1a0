"""Time zones over columns: the moments at which a zone's distance from UTC changes.

The names and what they mean are in storage/timezones.py.
A zone is a table of changes, found once for the years that are asked for, so that a column is converted by a
binary search. Local times that daylight saving skips or repeats count as standard time, as in PostgreSQL.
"""
from __future__ import annotations

import zoneinfo
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np

from ...errors import DataError
from ...planner.constants import moment
from ...records import dataclass
from ...storage.datetimes import has_zone
from ...storage.timezones import find_zone
from ...storage.types import TIMESTAMP, TIMESTAMPTZ
from .base import DAY, FIRST_DAY, LAST_DAY, Function, plain
from .text import EPOCH, print_text

_STEP = timedelta(days=10)
_FIRST, _LAST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)  # room for any zone's distance
_FIRST_MICROS, _LAST_MICROS = (FIRST_DAY + 2) * DAY, (LAST_DAY - 2) * DAY
_ALWAYS = -(1 << 62)
_SECOND = 1_000_000
MICROSECOND = timedelta(microseconds=1)
ZONED_YEARS = 10  # years that a table of changes covers: few columns need more than a table or two


@dataclass(frozen=True, slots=True)
class Changes:
    """`offsets[i]` (microseconds east of UTC) holds from `starts[i]` (UTC) on."""

    starts: np.ndarray
    offsets: np.ndarray


def changes(name: str, moments: np.ndarray) -> Changes:
    """The zone's distances at moments (microseconds, UTC or local): only decades that have one are looked through,
    so that a 9999-12-31 among this year's dates costs one table more."""
    zone = find_zone(name)
    if isinstance(zone, int):
        return Changes(np.array([_ALWAYS]), np.array([zone], np.int64))
    if int(moments.min()) < _FIRST_MICROS or int(moments.max()) > _LAST_MICROS:
        raise DataError("timestamp out of range", sqlstate="22008")
    decades: set[int] = set()
    for near in (moments - 2 * DAY, moments + 2 * DAY):
        years = near.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970
        decades.update(np.unique(years // ZONED_YEARS).tolist())
    tables = [_table(zone, decade) for decade in sorted(decades)]
    return Changes(np.concatenate([t.starts for t in tables]), np.concatenate([t.offsets for t in tables]))


@lru_cache(maxsize=512)
def _table(zone: zoneinfo.ZoneInfo, decade: int) -> Changes:
    """The changes of ten years, found by looking every ten days and halving where something changed."""
    at = _FIRST if decade < 1 else datetime(decade * ZONED_YEARS, 1, 1, tzinfo=UTC)
    end = min(at.replace(year=min((decade + 1) * ZONED_YEARS, 9999), month=1, day=1), _LAST)
    offset = _offset(zone, at)
    found = [(_micros(at), offset)]
    while at < end:
        after = min(at + _STEP, end)
        if (now := _offset(zone, after)) != offset:
            found.append((_micros(_change(zone, at, after)), now))
            offset = now
        at = after
    starts, offsets = (np.array(column, np.int64) for column in zip(*found))
    return Changes(starts, offsets)


def _change(zone: zoneinfo.ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first second with the offset of `high`."""
    before = _offset(zone, low)
    while (gap := int((high - low).total_seconds())) > 1:
        middle = low + timedelta(seconds=gap // 2)
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def _offset(zone: zoneinfo.ZoneInfo, at: datetime) -> int:
    distance = at.astimezone(zone).utcoffset()
    return 0 if distance is None else distance // MICROSECOND


def _micros(at: datetime) -> int:
    return (at.replace(tzinfo=None) - EPOCH) // MICROSECOND


# -- single values -----------------------------------------------------------------------------


def to_local(micros: int, zone: str) -> int:
    """UTC to the wall clock of a zone."""
    table = changes(zone, np.array([micros]))
    return micros + int(table.offsets[max(bisect_right(table.starts, micros) - 1, 0)])


def to_utc(local: int, zone: str) -> int:
    """The wall clock of a zone to UTC."""
    table = changes(zone, np.array([local]))
    at = max(bisect_right(local_starts(table), local) - 1, 0)
    return local - int(table.offsets[at])


def local_starts(table: Changes) -> np.ndarray:
    """From which wall-clock time on each distance is taken: an hour that is skipped counts by the distance before
    it, one that comes twice by the distance behind it."""
    return table.starts + table.offsets


def convert(micros: int, source: str, target: str) -> int:
    return to_local(to_utc(micros, source), target)


def printed(micros: int, zone: str) -> str:
    """A moment as the session's zone shows it, with the distance from UTC: 2020-01-01 10:00:00-05."""
    local = to_local(micros, zone)
    return print_text(local, TIMESTAMP) + distance_text(local - micros)


def distance_text(distance: int) -> str:
    """+00, -05, +05:30: microseconds east of UTC."""
    seconds = abs(distance) // _SECOND
    parts = [seconds // 3600, seconds // 60 % 60, seconds % 60]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return ("-" if distance < 0 else "+") + ":".join(f"{p:02d}" for p in parts)


def read(text: str, zone: str, lax: bool) -> int | None:
    """A moment's text; without a zone it is the wall clock of `zone`. `lax`: None for what is none."""
    try:
        micros = moment(text, TIMESTAMPTZ)
        return micros if has_zone(text) else to_utc(micros, zone)
    except DataError:
        if lax:
            return None
        raise


def distance(micros: int, zone: str) -> int:
    """Seconds east of UTC."""
    return (to_local(micros, zone) - micros) // _SECOND


FUNCTIONS: dict[str, Function] = {
    "print_zoned": plain(printed),
    "read_zoned": plain(read),
    "zone_distance": plain(distance),
    "to_zone": plain(to_local),
    "from_zone": plain(to_utc),
    "convert_timezone": plain(convert),
}
