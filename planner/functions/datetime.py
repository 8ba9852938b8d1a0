"""Date and time functions.

Results of DATEADD, DATE_TRUNC and ADD_MONTHS are TIMESTAMPs on Redshift, also for a DATE. Where the work
can be done in days it is, and the widening cast comes last: comparisons with dates see through it.
"""
from __future__ import annotations

from datetime import UTC, datetime

from ...errors import NumericOutOfRange, ProgrammingError
from ...storage.dateparts import DAYS, MICROS, MONTHS, ZONE_PARTS
from ...storage.datetimes import DAY
from ...storage.timezones import tzinfo_of
from ...storage.types import BIGINT, DATE, DOUBLE, INTEGER, TIMESTAMP, TIMESTAMPTZ, TIMETZ, Kind, SqlType, varchar
from .. import build
from ..coercion import coerce
from ..constants import micros_of
from ..expressions import Call, Case, Cast, Expr, IsNull, Literal
from ..intervals import as_number, part_of, typed
from .signature import Signature, Site, by_arguments, clock, counted, lapses, moment, timestamps, whole

_CLOCK_PARTS = ("hour", "minute", "second", "millisecond", "microsecond")
_EXTRACTED = (*MONTHS, *DAYS, *_CLOCK_PARTS, "dow", "doy", "epoch")


def _bad_part(site: Site, type: SqlType) -> ProgrammingError:
    return ProgrammingError(
        f'date part "{site.part}" is not supported by {site.name.upper()} for type {type}', sqlstate="22023",
        position=site.position,
    )


# -- moving a moment ---------------------------------------------------------------------------


def _times(count: Expr, factor: int, type: SqlType) -> Expr:
    """count * factor in `type`."""
    count = coerce(count, type)
    if factor == 1:
        return count
    if isinstance(count, Literal) and count.value is not None:
        low, high = type.integer_limits
        if not low <= count.value * factor <= high:
            raise NumericOutOfRange(f"{type} out of range", position=count.span and count.span[0])
        return Literal(count.value * factor, type, -1, count.span)
    return build.arithmetic("multiply", count, Literal(factor, type))


def _date_add(site: Site, args: tuple[Expr, ...]) -> Expr:
    """DATEADD(part, count, moment)."""
    count, at = args
    if site.part in MONTHS:
        months = _times(count, MONTHS[site.part], INTEGER)
        if site.part == "year":
            return _years(site, at, months)
        if at.type.kind is Kind.DATE:
            return Cast(Call("date_add_months", (at, months), DATE, site.span), TIMESTAMP, True, site.span)
        return Call("ts_add_months", (at, months), at.type, site.span)
    if site.part in DAYS and at.type.kind is Kind.DATE:
        days = _times(count, DAYS[site.part], INTEGER)
        return Cast(Call("date_add_days", (at, days), DATE, site.span), TIMESTAMP, True, site.span)
    if site.part in DAYS and at.type.kind is Kind.TIMESTAMPTZ and site.context.zone != "UTC":
        clock = Call("to_zone", (at, _zone(site)), TIMESTAMP, site.span)
        moved = Call("ts_add_micros", (clock, _times(count, MICROS[site.part], BIGINT)), TIMESTAMP, site.span)
        return Call("from_zone", (moved, _zone(site)), TIMESTAMPTZ, site.span)
    if site.part in MICROS:
        at = coerce(at, TIMESTAMP) if at.type.kind is Kind.DATE else at
        return Call("ts_add_micros", (at, _times(count, MICROS[site.part], BIGINT)), at.type, site.span)
    raise _bad_part(site, at.type)


def _years(site: Site, at: Expr, months: Expr) -> Expr:
    """Years from a 29 February to a year that has none end on 1 March; as months they end in February."""
    key = "date_add_months" if at.type.kind is Kind.DATE else "ts_add_months"
    moved = Call(key, (at, months), at.type, site.span)
    leap_day = build.conjunction((_day_is(at, 29), _day_is(moved, 28)))
    step = (Call("date_add_days", (moved, Literal(1, INTEGER)), DATE, site.span) if at.type.kind is Kind.DATE
            else Call("ts_add_micros", (moved, Literal(DAY, BIGINT)), at.type, site.span))
    after = Case(((build.conjunction((leap_day, _month_is(at, 2))), step),), moved, at.type, site.span)
    return Cast(after, TIMESTAMP, True, site.span) if at.type.kind is Kind.DATE else after


def _day_is(at: Expr, day: int) -> Expr:
    return build.compare("=", Call("extract_day", (at,), INTEGER), Literal(day, INTEGER))


def _month_is(at: Expr, month: int) -> Expr:
    return build.compare("=", Call("extract_month", (at,), INTEGER), Literal(month, INTEGER))


def _add_months(site: Site, args: tuple[Expr, ...]) -> Expr:
    """ADD_MONTHS keeps the last day of a month the last day, which DATEADD does not."""
    return Call("add_months", (coerce(args[0], TIMESTAMP), args[1]), TIMESTAMP, site.span)


def _date_diff(site: Site, args: tuple[Expr, ...]) -> Expr:
    """DATEDIFF(part, from, to): boundaries of the part between both."""
    a, b = args
    if a.type.kind is not Kind.DATE or b.type.kind is not Kind.DATE:
        zoned = Kind.TIMESTAMPTZ in (a.type.kind, b.type.kind)
        a, b = (coerce(x, TIMESTAMPTZ if zoned else TIMESTAMP) for x in (a, b))
    if site.part not in MONTHS and site.part not in MICROS:
        raise _bad_part(site, a.type)
    return Call(f"date_diff_{site.part}", (a, b), BIGINT, site.span)


def _date_trunc(site: Site, args: tuple[Expr, ...]) -> Expr:
    (at,) = args
    if site.part not in MONTHS and site.part not in MICROS:
        raise _bad_part(site, at.type)
    if at.type.kind is Kind.DATE and (site.part in MONTHS or site.part in DAYS):
        cut = at if site.part == "day" else Call(f"date_trunc_{site.part}", (at,), DATE, site.span)
        return Cast(cut, TIMESTAMP, True, site.span)
    at = coerce(at, TIMESTAMP) if at.type.kind is Kind.DATE else at
    return Call(f"date_trunc_{site.part}", (at,), at.type, site.span)


# -- times of day ------------------------------------------------------------------------------


def _clock_add(site: Site, args: tuple[Expr, ...]) -> Expr:
    """DATEADD over a time of day, which goes on behind midnight from the start."""
    count, at = args
    if site.part not in _CLOCK_PARTS:
        raise _bad_part(site, at.type)
    return Call("clock_add", (at, _times(count, MICROS[site.part], BIGINT)), at.type, site.span)


def _clock_diff(site: Site, args: tuple[Expr, ...]) -> Expr:
    a, b = args
    if site.part not in _CLOCK_PARTS:
        raise _bad_part(site, a.type)
    if a.type != b.type:
        a, b = coerce(a, TIMETZ), coerce(b, TIMETZ)
    return Call(f"date_diff_{site.part}", (a, b), BIGINT, site.span)


# -- parts of a moment -------------------------------------------------------------------------


def _extracted(site: Site, at: Expr) -> Expr:
    """The part as an integer (EPOCH needs a BIGINT)."""
    if site.part in ZONE_PARTS and at.type.kind is Kind.TIMESTAMPTZ and site.context.zone != "UTC":
        return _distance(site, at)
    if site.part in ZONE_PARTS and at.type.kind is Kind.TIMESTAMPTZ:
        return Case(((IsNull(at, True), Literal(0, INTEGER)),), Literal(None, INTEGER), INTEGER, site.span)
    if at.type.kind is Kind.TIMETZ and site.part in ZONE_PARTS:  # values are UTC
        return Case(((IsNull(at, True), Literal(0, INTEGER)),), Literal(None, INTEGER), INTEGER, site.span)
    if at.type.is_clock and site.part not in (*_CLOCK_PARTS, "epoch"):
        raise _bad_part(site, at.type)
    if site.part not in _EXTRACTED:
        raise _bad_part(site, at.type)
    if at.type.kind is Kind.DATE and site.part in _CLOCK_PARTS:
        at = coerce(at, TIMESTAMP)
    return Call(f"extract_{site.part}", (at,), BIGINT if site.part == "epoch" else INTEGER, site.span)


def _distance(site: Site, at: Expr) -> Expr:
    """How far east of UTC the session's zone is at a moment: seconds, or their hours or minutes."""
    distance: Expr = Call("zone_distance", (at, _zone(site)), INTEGER, site.span)
    if site.part == "timezone":
        return distance
    unit, modulus = (3600, 1 << 30) if site.part == "timezone_hour" else (60, 60)
    whole = build.arithmetic("divide", distance, Literal(unit, INTEGER), site.span)
    return build.arithmetic("modulo", whole, Literal(modulus, INTEGER), site.span)


def _zone(site: Site) -> Literal:
    return Literal(site.context.zone, varchar(max(len(site.context.zone), 1)))


def _extract(site: Site, args: tuple[Expr, ...]) -> Expr:
    """EXTRACT(part FROM moment): INTEGER, of a TIMESTAMPTZ a DOUBLE (r_EXTRACT_function)."""
    found = _extracted(site, args[0])
    return Cast(found, DOUBLE, True, site.span) if args[0].type.kind is Kind.TIMESTAMPTZ else found


def _extract_interval(site: Site, args: tuple[Expr, ...]) -> Expr:
    found = part_of(args[0], site.part, site.span)
    if found is None:
        raise _bad_part(site, typed(args[0]).type)
    return found if site.part == "epoch" else coerce(found, INTEGER)


def _interval_part(site: Site, args: tuple[Expr, ...]) -> Expr:
    """DATE_PART of an interval: seconds come with their fraction."""
    value = typed(args[0])
    if site.part in ("second", "millisecond", "epoch") and value.type.kind is Kind.INTERVAL_DS:
        number = as_number(value)
        if site.part != "epoch":
            number = build.arithmetic("modulo", number, Literal(60_000_000, BIGINT))
        unit = Literal(1000.0 if site.part == "millisecond" else 1e6, DOUBLE)
        return build.arithmetic("divide", Cast(number, DOUBLE, True), unit, site.span)
    return Cast(_extract_interval(site, args), DOUBLE, True, site.span)


def _date_part(site: Site, args: tuple[Expr, ...]) -> Expr:
    """DATE_PART: always DOUBLE; seconds come with their fraction."""
    (at,) = args
    if site.part in ("second", "millisecond") and at.type.kind is not Kind.DATE:
        scale = {"second": 1_000_000, "millisecond": 1000}[site.part]
        micros = Call("extract_microsecond", (at,), INTEGER, site.span)
        seconds = Call("extract_second", (at,), INTEGER, site.span)
        total = build.arithmetic("add", build.arithmetic("multiply", seconds, Literal(1_000_000, BIGINT)), micros)
        return build.arithmetic("divide", coerce(total, DOUBLE), Literal(float(scale), DOUBLE), site.span)
    return Cast(_extracted(site, at), DOUBLE, True, site.span)


def _date_of(site: Site, args: tuple[Expr, ...]) -> Expr:
    """TRUNC(timestamp), DATE(x): the day."""
    return args[0] if args[0].type.kind is Kind.DATE else Cast(args[0], DATE, False, site.span)


# -- now ---------------------------------------------------------------------------------------


def _local(site: Site) -> datetime:
    """The statement's clock in the session's zone, without a zone."""
    now = site.context.now
    site.context.stable = True
    return now if now.tzinfo is None else now.astimezone(tzinfo_of(site.context.zone)).replace(tzinfo=None)


def _sysdate(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Literal(micros_of(_local(site)), TIMESTAMP, -1, site.span)


def _getdate(site: Site, args: tuple[Expr, ...]) -> Expr:
    """To the second (r_GETDATE)."""
    return Literal(micros_of(_local(site).replace(microsecond=0)), TIMESTAMP, -1, site.span)


def _current_date(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Literal(micros_of(_local(site)) // DAY, DATE, -1, site.span)


def _current_timestamp(site: Site, args: tuple[Expr, ...]) -> Expr:
    now = site.context.now
    site.context.stable = True
    if now.tzinfo is not None:
        now = now.astimezone(UTC).replace(tzinfo=None)
    return Literal(micros_of(now), TIMESTAMPTZ, -1, site.span)


FUNCTIONS: tuple[Signature, ...] = (
    Signature(("dateadd", "date_add"), "date_add_days", (counted, moment), by_arguments, fallible=True,
              takes_part=True, build=_date_add),
    Signature(("dateadd", "date_add"), "clock_add", (counted, clock), by_arguments, fallible=True,
              takes_part=True, build=_clock_add),
    Signature(("datediff", "date_diff"), "date_diff_day", (moment, moment), BIGINT, takes_part=True,
              build=_date_diff),
    Signature(("datediff", "date_diff"), "date_diff_hour", (clock, clock), BIGINT, takes_part=True,
              build=_clock_diff),
    Signature(("date_trunc",), "date_trunc_day", (moment,), by_arguments, takes_part=True, build=_date_trunc),
    Signature(("add_months",), "add_months", (moment, whole), TIMESTAMP, fallible=True, build=_add_months),
    Signature(("last_day",), "last_day", (moment,), DATE),
    Signature(("extract",), "extract_day", (moment,), INTEGER, takes_part=True, build=_extract),
    Signature(("extract",), "extract_hour", (clock,), INTEGER, takes_part=True, build=_extract),
    Signature(("date_part", "pgdate_part"), "extract_day", (moment,), DOUBLE, takes_part=True, build=_date_part),
    Signature(("date_part", "pgdate_part"), "extract_hour", (clock,), DOUBLE, takes_part=True,
              build=_date_part),
    Signature(("extract",), "extract", (lapses,), INTEGER, takes_part=True, build=_extract_interval),
    Signature(("date_part", "pgdate_part"), "date_part", (lapses,), DOUBLE, takes_part=True, build=_interval_part),
    Signature(("trunc", "date"), "date", (moment,), DATE, build=_date_of),
    Signature(("sysdate",), "sysdate", (), TIMESTAMP, volatility="stable", build=_sysdate),
    Signature(("getdate",), "getdate", (), TIMESTAMP, volatility="stable", build=_getdate),
    Signature(("now",), "now", (), TIMESTAMPTZ, volatility="stable", leader_only=True, build=_current_timestamp),
    Signature(("current_date",), "current_date", (), DATE, volatility="stable", build=_current_date),
    Signature(("current_timestamp",), "current_timestamp", (), TIMESTAMPTZ, volatility="stable",
              leader_only=True, build=_current_timestamp),
    Signature(("timestamp",), "timestamp", (timestamps,), TIMESTAMP, build=lambda site, args: args[0]),
)
