"""What the name of a time zone means.

    'America/New_York'      with daylight saving time, from the system's or tzdata's rules
    'PST', 'EDT'            a fixed distance (CONVERT_TIMEZONE, "Using a time zone abbreviation")
    'GMT+2', 'NEWZONE-2:15' POSIX: hours *west* of Greenwich, whatever the letters in front say
    'PST8PDT'               POSIX with daylight saving: only where the rules know it by that name

Local times that daylight saving skips or repeats count as standard time, as in PostgreSQL. Columns are converted in
engine/functions/zones.py.
"""
from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from ..errors import DataError
from ..patterns import pattern

_HOURS = {
    "utc": 0, "gmt": 0, "z": 0, "zulu": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "met": 1, "mez": 1, "cest": 2,
    "mest": 2, "mesz": 2, "eet": 2, "sast": 2, "eest": 3, "msk": 3, "msd": 4, "pkt": 5, "ist": 2, "ict": 7, "wib": 7,
    "hkt": 8, "sgt": 8, "awst": 8, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "nst": -3.5,
    "ndt": -2.5, "ast": -4, "adt": -3, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8,
    "pdt": -7, "akst": -9, "akdt": -8, "hst": -10, "acst": 9.5, "acdt": 10.5, "brt": -3, "art": -3, "clt": -3,
}
_NAMED = pattern(r"[A-Za-z_/]+")
_ISO = pattern(r"([+-]?)([0-9]{1,2})(?::?([0-9]{2}))?")
_MOST = 16 * 60  # minutes: no zone is further from UTC
_POSIX = pattern(r"[A-Za-z_/]*\s*(?P<sign>[+-]?)(?P<hours>[0-9]{1,2})(?::(?P<minutes>[0-9]{2}))?")
_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)


_SUMMER = ("adt", "aedt", "acdt", "akdt", "bst", "cdt", "cest", "edt", "eest", "mdt", "mest", "mesz", "msd", "ndt",
           "nzdt", "pdt", "west")


def abbreviations() -> list[tuple[str, float, bool]]:
    """(abbreviation, hours east of UTC, whether it is one of daylight saving time)."""
    return [(name.upper(), hours, name in _SUMMER) for name, hours in sorted(_HOURS.items())]


@lru_cache(maxsize=256)
def find_zone(name: str) -> int | zoneinfo.ZoneInfo:
    """A fixed distance from UTC in microseconds, or a zone with rules."""
    bare = name.strip()
    hours = _HOURS.get(bare.lower())
    if hours is not None:
        return int(hours * 3_600_000_000)
    found = _POSIX.fullmatch(bare)
    if found is not None:
        west = (int(found["hours"]) * 60 + int(found["minutes"] or 0)) * 60_000_000
        return west if found["sign"] == "-" else -west
    rules = _by_rules(bare)
    if rules is None:
        raise DataError(f'time zone "{name}" not recognized', sqlstate="22023")
    return rules


def _by_rules(name: str) -> zoneinfo.ZoneInfo | None:
    for spelled in (name, _spellings().get(name.lower(), "")):
        try:
            if spelled:
                return zoneinfo.ZoneInfo(spelled)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    """Zone names by their lower case: PostgreSQL does not mind case."""
    return {name.lower(): name for name in zoneinfo.available_timezones()}


def session_zone(text: str) -> str:
    """A zone as SET timezone keeps and shows it: a full name, POSIX letters and hours west, or +hh:mm east of UTC.
    Abbreviations are refused, as they say nothing about daylight saving (r_timezone_config)."""
    bare = text.strip()
    if found := _ISO.fullmatch(bare):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes < _MOST:
            return f"{found[1] or '+'}{minutes // 60:02d}:{minutes % 60:02d}" if minutes else "UTC"
    elif bare.lower() in ("utc", "gmt", "zulu", "etc/utc"):
        return "UTC"
    elif (rules := _by_rules(bare)) is not None:
        return str(rules.key)
    elif _NAMED.fullmatch(bare) is None and _POSIX.fullmatch(bare):
        distance = find_zone(bare)
        if isinstance(distance, int) and abs(distance) < _MOST * 60_000_000:
            return bare
    raise DataError(f'time zone "{text}" not recognized', sqlstate="22023")


def shown_zone(setting: str) -> str:
    """What session_zone gave, as Arrow takes it: a name of IANA's, or +hh:mm."""
    zone = find_zone(zone_name(setting))
    if not isinstance(zone, int):
        return str(zone.key)
    minutes = abs(zone) // 60_000_000
    return f"{'-' if zone < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def zone_name(setting: str) -> str:
    """What session_zone gave, as find_zone takes it: there, signs count to the west."""
    if setting[0] not in "+-":
        return setting
    return f"UTC{'-' if setting[0] == '+' else '+'}{setting[1:]}"


def tzinfo_of(name: str) -> tzinfo:
    """A zone for Python's datetimes."""
    zone = find_zone(name)
    return timezone(zone * _MICROSECOND) if isinstance(zone, int) else zone


def to_utc(local: int, name: str) -> int:
    """A wall clock (microseconds since 1970-01-01) of a zone as UTC."""
    zone = find_zone(name)
    if isinstance(zone, int):
        return local - zone
    try:
        moment = (_EPOCH + local * _MICROSECOND).replace(tzinfo=zone)
    except OverflowError:
        raise DataError("timestamp out of range", sqlstate="22008") from None
    distances = (moment.replace(fold=fold).utcoffset() for fold in (0, 1))
    return local - min(0 if d is None else d // _MICROSECOND for d in distances)
