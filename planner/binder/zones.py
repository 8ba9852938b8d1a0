"""The session's time zone: what a TIMESTAMPTZ has to do with wall clocks, written into the bound plan.

A TIMESTAMPTZ is a moment, kept in UTC. Sessions in UTC (the default) need nothing of this: the wall clock is the
value. In others each operation that looks at the clock gets the zone's conversions round it, and the engine knows of
no session's zone:

    cast(tz as date)             cast(to_zone(tz, Z) as date)          wall clocks of moments
    cast(ts as timestamptz)      from_zone(ts, Z)                      moments of wall clocks
    cast(tz as varchar)          print_zoned(tz, Z)                    with the zone's distance: 2020-01-01 10:00:00-05
    cast(text as timestamptz)    read_zoned(text, Z)                   a zone in the text goes before Z
    extract_hour(tz)             extract_hour(to_zone(tz, Z))
    date_trunc_month(tz)         from_zone(date_trunc_month(to_zone(tz, Z)), Z)
    '2020-01-01 10:00'           literals without a zone (Literal.local): converted here

Months, and days of DATEADD, are added on the wall clock; intervals and smaller parts to the moment. DATEDIFF counts
days and more on wall clocks, hours and less between moments. A TIMETZ is a time of day in UTC whatever the session's
zone. Decision 0023.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...storage.dateparts import DAYS, MONTHS
from ...storage.timezones import to_utc
from ...storage.types import BIGINT, BOOLEAN, TEXT, TIMESTAMP, TIMESTAMPTZ, Kind, SqlType, varchar
from ..coercion import coerce
from ..expressions import Call, Cast, Exists, Expr, InList, Literal, Quantified, ScalarSubquery, Span
from ..logical import Logical, Query
from ..traverse import map_expressions, rewrite, rewrite_plan
from .context import BindContext

UTC = "UTC"
PRINTED = varchar(38)  # with a distance to the second, as zones had before they were agreed on
_ON_THE_CLOCK = ("last_day", "months_between")
_SMALL = ("hour", "minute", "second", "millisecond", "microsecond")


def localised(query: Query, context: BindContext) -> Query:
    """The query in the session's zone, floats printed as the session has it."""
    if (digits := context.settings.get("extra_float_digits", "0")) != "0":
        from .float_digits import with_digits

        query = with_digits(query, int(digits))
    if context.zone == UTC:
        return query
    zone = _Zone(context.zone)
    ctes = tuple([(number, zone.plan(plan), columns) for number, plan, columns in query.ctes])
    query = replace(query, plan=zone.plan(query.plan), ctes=ctes)
    if zone.has_literals:
        context.stable = True  # the plan cache would put another literal in as it stands
    return query


def localised_scalar(expr: Expr, zone: str) -> Expr:
    """An expression outside of queries."""
    return expr if zone == UTC else rewrite(expr, _Zone(zone).expression)


def assigned(value: Any, source: SqlType, to: SqlType, zone: str) -> Expr | None:
    """The conversion of a value to the type of a column in a session's zone; None where the zone does not matter."""
    if zone == UTC or Kind.TIMESTAMPTZ not in (source.kind, to.kind):
        return None
    return localised_scalar(coerce(Literal(value, source), to), zone)


def _zoned(type: SqlType) -> bool:
    return type.kind is Kind.TIMESTAMPTZ


class _Zone:
    """The rewriting for one statement. `has_literals`: some were converted."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.name = Literal(zone, varchar(len(zone)))
        self.has_literals = False

    def plan(self, plan: Logical) -> Logical:
        return rewrite_plan(plan, lambda node: map_expressions(node, lambda expr: rewrite(expr, self.expression)))

    def expression(self, expr: Expr) -> Expr:
        match expr:
            case Literal(local=True, value=value) if value is not None:
                self.has_literals = True
                return Literal(to_utc(value, self.zone), TIMESTAMPTZ, -1, expr.span)
            case InList(local=True):
                self.has_literals = True
                values = tuple([to_utc(value, self.zone) for value in expr.values])
                return replace(expr, values=values, local=False)
            case Cast() if _zoned(expr.operand.type) != _zoned(expr.type):
                return self._cast(expr)
            case Call(key="try_cast") if _zoned(expr.args[0].type) or _zoned(expr.type):
                return self._try_cast(expr)
            case Call():
                return self._call(expr)
            case ScalarSubquery() | Exists() | Quantified():
                return replace(expr, plan=self.plan(expr.plan))
            case _:
                return expr

    # -- conversions -------------------------------------------------------------------------------

    def clock(self, moment: Expr, span: Span | None = None) -> Expr:
        """The wall clock of a TIMESTAMPTZ, a TIMESTAMP."""
        return Call("to_zone", (moment, self.name), TIMESTAMP, span)

    def moment(self, clock: Expr, span: Span | None = None) -> Expr:
        return Call("from_zone", (clock, self.name), TIMESTAMPTZ, span)

    def _cast(self, expr: Cast) -> Expr:
        source, to = expr.operand.type, expr.type
        if _zoned(source):
            if to.kind is Kind.TIMESTAMP:
                return self.clock(expr.operand, expr.span)
            if to.kind in (Kind.DATE, Kind.TIME):
                return Cast(self.clock(expr.operand, expr.span), to, expr.implicit, expr.span)
            if to.is_string:
                printed = Call("print_zoned", (expr.operand, self.name), PRINTED, expr.span)
                return printed if to.length >= PRINTED.length else Cast(printed, to, expr.implicit, expr.span)
            return expr
        if source.kind is Kind.TIMESTAMP:
            return self.moment(expr.operand, expr.span)
        if source.kind is Kind.DATE:
            return self.moment(Cast(expr.operand, TIMESTAMP, True, expr.span), expr.span)
        return self._read(expr.operand, source.is_super, expr.span)

    def _read(self, operand: Expr, lax: bool, span: Span | None) -> Expr:
        """Text as a TIMESTAMPTZ; `lax`: NULL for what is none."""
        text = operand if operand.type.kind is Kind.VARCHAR else Cast(operand, TEXT, True, span)
        return Call("read_zoned", (text, self.name, Literal(lax, BOOLEAN)), TIMESTAMPTZ, span)

    def _try_cast(self, expr: Call) -> Expr:
        operand = expr.args[0]
        if operand.type.is_string or operand.type.kind is Kind.UNKNOWN:
            return self._read(operand, True, expr.span)
        plain = self._cast(Cast(operand, expr.type, False, expr.span))
        return replace(expr, args=(plain,)) if plain.type != expr.type else plain

    # -- functions ---------------------------------------------------------------------------------

    def _call(self, expr: Call) -> Expr:
        if expr.key == "to_timestamp":
            return self.moment(replace(expr, type=TIMESTAMP), expr.span)
        if not any(_zoned(a.type) for a in expr.args):
            return expr
        key, _, part = expr.key.rpartition("_")
        match key:
            case "extract" if part != "epoch":
                return replace(expr, args=self._clocks(expr))
            case "date_trunc":
                return self._truncated(expr, part)
            case "date_diff" if part in MONTHS or part in DAYS:
                return replace(expr, args=self._clocks(expr))
        match expr.key:
            case "ts_add_months":
                return self.moment(replace(expr, args=self._clocks(expr), type=TIMESTAMP), expr.span)
            case "to_char_datetime":
                return Call("to_char_zoned", (*expr.args, self.name), expr.type, expr.span)
            case name if name in _ON_THE_CLOCK:
                return replace(expr, args=self._clocks(expr))
        return expr

    def _clocks(self, expr: Call) -> tuple[Expr, ...]:
        return tuple([self.clock(a, expr.span) if _zoned(a.type) else a for a in expr.args])

    def _truncated(self, expr: Call, part: str) -> Expr:
        """Of parts of a day what is cut off is taken from the moment: when clocks are put back, an hour comes twice."""
        moment = expr.args[0]
        clock = self.clock(moment, expr.span)
        cut = replace(expr, args=(clock,), type=TIMESTAMP)
        if part not in _SMALL:
            return self.moment(cut, expr.span)
        return Call("ts_add_micros", (moment, Call("date_diff_microsecond", (clock, cut), BIGINT, expr.span)),
                    TIMESTAMPTZ, expr.span)
