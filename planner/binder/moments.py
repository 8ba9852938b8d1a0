"""Date and time literals that mean more than their value: TIMETZ '20:00 PST' before its zone is applied, 'today'.

    extract(hour from timetz '20:00 PST')         20: a literal is not converted to UTC first (r_EXTRACT_function)
    date '2000-01-01' + timetz '20:00 PST'        2000-01-02 04:00:00+00: the day goes on (r_DATE-CONCATENATE_function)
    dateadd(day, 1, 'today')                      now, today, tomorrow, yesterday: by the statement's clock
    timestamp 'epoch' + n * interval '1 second'   seconds since 1970 (r_Dateparts_for_datetime_functions)
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from ...storage.dateparts import ZONE_PARTS
from ...storage.datetimes import DAY, zoned_time
from ...storage.timezones import tzinfo_of
from ...storage.types import BIGINT, TIME, TIMETZ, Kind, SqlType
from ..constants import micros_of
from ..expressions import Expr, Literal

if TYPE_CHECKING:
    from .expressions import ExpressionBinder

_MOMENTS = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
_DAYS = {"now": 0, "today": 0, "tomorrow": 1, "yesterday": -1}
_SECOND = 1_000_000
_ZONE_UNITS = {"timezone": (1, 1 << 40), "timezone_hour": (3600, 1 << 40), "timezone_minute": (60, 60)}


def timetz_literal(node: Any) -> tuple[int, int] | None:
    """(microseconds since midnight, the zone's distance) where the syntax is a TIMETZ literal."""
    if not (isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and node.this.is_string):
        return None
    to = node.args["to"]
    if not (isinstance(to, exp.DataType) and to.this == exp.DataType.Type.TIMETZ):
        return None
    try:
        return zoned_time(node.this.this)
    except ValueError:
        return None  # binding it says what is wrong


def as_written(node: Any, part: str, bound: Expr) -> Expr:
    """What EXTRACT takes a part of: of a TIMETZ literal its own clock, or its own zone."""
    found = timetz_literal(node)
    if found is None:
        return bound
    local, distance = found
    if part not in ZONE_PARTS:
        return Literal(local, TIME, -1, getattr(bound, "span", None))
    unit, modulus = _ZONE_UNITS[part]
    seconds = abs(distance) // _SECOND // unit % modulus
    return Literal(-seconds if distance < 0 else seconds, BIGINT, -1, getattr(bound, "span", None))


def unwrapped(node: Any, bound: Expr, other: Expr) -> Expr:
    """A TIMETZ literal beside a DATE: its time in UTC may lie on the day before or after."""
    found = timetz_literal(node) if other.type.kind is Kind.DATE else None
    return bound if found is None else Literal(found[0] - found[1], TIMETZ, -1, getattr(bound, "span", None))


def special(e: ExpressionBinder, expr: Expr, to: SqlType) -> Expr:
    """'now', 'today', 'tomorrow', 'yesterday', 'epoch' where a date or timestamp is wanted; others as they are."""
    if to.kind not in _MOMENTS or not (isinstance(expr, Literal) and expr.type.kind is Kind.UNKNOWN):
        return expr
    word = str(expr.value).strip().lower()
    if word == "epoch":
        return Literal(0, to, -1, expr.span)
    if word not in _DAYS:
        return expr
    context = e.b.context
    context.stable = True
    now = context.now
    if now.tzinfo is not None:
        now = now.astimezone(tzinfo_of(context.zone))
    micros = micros_of(now.replace(tzinfo=None))
    if word != "now":
        micros = (micros // DAY + _DAYS[word]) * DAY
    local = to.kind is Kind.TIMESTAMPTZ
    return Literal(micros // DAY if to.kind is Kind.DATE else micros, to, -1, expr.span, local)
