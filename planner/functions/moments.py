"""Comparisons of moments, time zones, and what lies between two dates.

The engine's zone functions: `to_zone` (TIMESTAMP or TIMESTAMPTZ, zone) gives the wall clock there, `from_zone`
(TIMESTAMP, zone) the moment at which a wall clock there shows it, `convert_timezone` (TIMESTAMP, from, to) both.
"""
from __future__ import annotations

from datetime import UTC

from ...errors import NotSupportedError
from ...storage.dateparts import interval
from ...storage.datetimes import DAY
from ...storage.timezones import tzinfo_of
from ...storage.types import DATE, DOUBLE, INTEGER, TIMESTAMP, TIMESTAMPTZ, Kind, varchar
from ..expressions import Call, Cast, Expr, Literal
from .signature import Signature, Site, anything, dates, moment, string, timestamps, zoned
from .string import three_way

_DAYS_OF_A_MONTH = 30  # in comparisons of intervals, as in PostgreSQL


def _compared(names: str, a: object, b: object) -> Signature:
    return Signature(tuple(names.split()), "three_way", (a, b), INTEGER, build=three_way)  # type: ignore[arg-type]


def _interval_cmp(site: Site, args: tuple[Expr, ...]) -> Expr:
    """INTERVAL_CMP of two interval literals."""
    if args[0].type.kind is args[1].type.kind and args[0].type.kind in (Kind.INTERVAL_YM, Kind.INTERVAL_DS):
        return three_way(site, args)
    sizes = []
    for arg in args:
        if not isinstance(arg, Literal) or not (arg.type.is_interval or arg.type.kind is Kind.UNKNOWN):
            raise NotSupportedError("INTERVAL_CMP takes interval literals", position=site.position)
        if arg.value is None:
            return Literal(None, INTEGER, -1, site.span)
        months, micros = _pair(arg, site)
        sizes.append(months * _DAYS_OF_A_MONTH * DAY + micros)
    return Literal((sizes[0] > sizes[1]) - (sizes[0] < sizes[1]), INTEGER, -1, site.span)


def _pair(arg: Literal, site: Site) -> tuple[int, int]:
    """(months, microseconds) of an interval literal."""
    if isinstance(arg.value, str):
        return interval(arg.value, None, site.position)
    if arg.type.kind is Kind.INTERVAL:
        months, micros = arg.value
        return months, micros
    return (arg.value, 0) if arg.type.kind is Kind.INTERVAL_YM else (0, arg.value)


def _convert(site: Site, args: tuple[Expr, ...]) -> Expr:
    """CONVERT_TIMEZONE([from,] to, timestamp); without `from` it is UTC."""
    if len(args) == 2:
        return Call("to_zone", (args[1], args[0]), TIMESTAMP, site.span)
    return Call("convert_timezone", (args[2], args[0], args[1]), TIMESTAMP, site.span)


def _timezone(site: Site, args: tuple[Expr, ...]) -> Expr:
    """TIMEZONE(zone, x) and x AT TIME ZONE zone."""
    zone, at = args
    if at.type.kind is Kind.TIMESTAMPTZ:
        return Call("to_zone", (at, zone), TIMESTAMP, site.span)
    return Call("from_zone", (at, zone), TIMESTAMPTZ, site.span)


def _next_day(site: Site, args: tuple[Expr, ...]) -> Expr:
    at = args[0] if args[0].type.kind is Kind.DATE else Cast(args[0], DATE, True, site.span)
    return Call("next_day", (at, args[1]), DATE, site.span)


def _year(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Call("extract_year", args, INTEGER, site.span)


def _timeofday(site: Site, args: tuple[Expr, ...]) -> Expr:
    """The statement's clock as text: `Thu Sep 19 22:53:50.333525 2013 UTC`."""
    site.context.stable = True
    now = site.context.now
    now = (now if now.tzinfo is not None else now.replace(tzinfo=UTC)).astimezone(tzinfo_of(site.context.zone))
    return Literal(now.strftime("%a %b %d %H:%M:%S.%f %Y %Z"), varchar(64), -1, site.span)


FUNCTIONS: tuple[Signature, ...] = (
    _compared("date_cmp", dates, dates),
    _compared("date_cmp_timestamp", dates, timestamps),
    _compared("date_cmp_timestamptz", dates, zoned),
    _compared("timestamp_cmp", timestamps, timestamps),
    _compared("timestamp_cmp_date", timestamps, dates),
    _compared("timestamp_cmp_timestamptz", timestamps, zoned),
    _compared("timestamptz_cmp", zoned, zoned),
    _compared("timestamptz_cmp_date", zoned, dates),
    _compared("timestamptz_cmp_timestamp", zoned, timestamps),
    Signature(("interval_cmp",), "interval_cmp", (anything, anything), INTEGER, build=_interval_cmp),
    Signature(("convert_timezone",), "convert_timezone", (string, timestamps), TIMESTAMP, fallible=True,
              build=_convert),
    Signature(("convert_timezone",), "convert_timezone", (string, string, timestamps), TIMESTAMP, fallible=True,
              build=_convert),
    Signature(("timezone",), "to_zone", (string, zoned), TIMESTAMP, fallible=True, build=_timezone),
    Signature(("timezone",), "from_zone", (string, timestamps), TIMESTAMPTZ, fallible=True, build=_timezone),
    Signature(("months_between",), "months_between", (moment, moment), DOUBLE, fallible=True),
    Signature(("next_day",), "next_day", (moment, string), DATE, fallible=True, build=_next_day),
    Signature(("date_part_year",), "extract_year", (dates,), INTEGER, build=_year),
    Signature(("timeofday",), "timeofday", (), varchar(64), volatility="stable", build=_timeofday),
)
# The last four are made by the session's zone (binder/zones.py, datetime.py).
KEYS = ("to_zone", "from_zone", "convert_timezone", "next_day", "print_zoned", "read_zoned", "to_char_zoned",
        "zone_distance")
