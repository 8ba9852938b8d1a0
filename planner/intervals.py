"""INTERVAL YEAR TO MONTH and INTERVAL DAY TO SECOND: what is written, and arithmetic with them.

    interval '1-2' year to month       14 months               typed: a value like any other
    interval '1 2:03' day to minute    93,780,000,000 us
    interval '3 days, 1 month'         (1, 259200000000)       without a qualifier: a literal of both kinds

A typed interval is a whole number of months or microseconds, so its arithmetic is that of numbers: AS_NUMBER gives
the number, FROM_NUMBER makes an interval of one, and neither does anything at run time. A literal without a
qualifier becomes typed where it must be a value (`typed`), if it has months or microseconds alone.
Newer than the manual's edition here: docs.aws.amazon.com/redshift/latest/dg/r_interval_data_types.html.
"""
from __future__ import annotations

from collections.abc import Sequence

from ..errors import DatatypeMismatch, NotSupportedError, SqlSyntaxError
from ..storage.dateparts import MICROS, MONTHS, date_part, fitting
from ..storage.datetimes import DAY
from ..storage.interval_text import DAYS, YEARS
from ..storage.intervals import interval_unit
from ..storage.types import BIGINT, DATE, DOUBLE, INTEGER, INTERVAL, TIMESTAMP, Kind, SqlType
from . import build
from .coercion import coerce
from .expressions import Call, Cast, Expr, Literal, Span

AS_NUMBER, FROM_NUMBER = "as_number", "from_number"
_MOMENTS = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)


# -- types and literals ------------------------------------------------------------------------


def interval_type(fields: Sequence[str], digits: int | None, position: int | None = None) -> SqlType:
    """INTERVAL first [TO last] [(digits)]."""
    names = [date_part(f, position) for f in fields]
    kind, order = (Kind.INTERVAL_YM, YEARS) if names[0] in YEARS else (Kind.INTERVAL_DS, DAYS)
    places = [order.index(n) if n in order else -1 for n in names]
    if -1 in places or places != sorted(set(places)):
        shown = " TO ".join(fields).upper()
        raise SqlSyntaxError(f"invalid interval qualifier {shown}", position=position)
    coarse = len(order) - 1 - order.index(names[-1])
    if digits is not None and (kind is Kind.INTERVAL_YM or coarse):
        raise SqlSyntaxError("a precision is for intervals that end in SECOND", position=position)
    if digits is not None and not 0 <= digits <= 6:
        problem = f"INTERVAL({digits}) precision must be between 0 and 6"
        raise SqlSyntaxError(problem, sqlstate="22023", position=position)
    return SqlType(kind, precision=coarse, scale=0 if digits is None else 6 - digits)


_OF_BOTH = Kind.INTERVAL  # members of an Enum are slow to come by


def typed(expr: Expr) -> Expr:
    """A literal of both kinds as a value of one."""
    if expr.type.kind is not _OF_BOTH or not isinstance(expr, Literal):
        return expr
    months, micros = expr.value
    if months and micros:
        start = None if expr.span is None else expr.span[0]
        raise NotSupportedError(
            "an interval of months and of days or seconds is no value of one type", position=start,
            hint="Add both to a date one after the other.",
        )
    kind = Kind.INTERVAL_YM if months else Kind.INTERVAL_DS
    return Literal(months or micros, SqlType(kind), -1, expr.span)


def to_type(expr: Expr, to: SqlType) -> Expr:
    """An interval as one of another qualifier of its kind."""
    expr = typed(expr)
    if expr.type.kind is not to.kind:
        span = getattr(expr, "span", None)
        start = None if span is None else span[0]
        raise DatatypeMismatch(f"a value of type {expr.type} is none of type {to}", position=start)
    if expr.type == to or interval_unit(to) <= interval_unit(expr.type):
        return expr if expr.type == to else from_number(as_number(expr), to)
    number = as_number(expr)
    rest = build.arithmetic("modulo", number, Literal(interval_unit(to), number.type))
    return from_number(build.arithmetic("subtract", number, rest), to)


# -- intervals as numbers ----------------------------------------------------------------------


def as_number(expr: Expr) -> Expr:
    """Months as an INTEGER, microseconds (of timestamps too) as a BIGINT."""
    type = INTEGER if expr.type.kind is Kind.INTERVAL_YM else BIGINT
    if isinstance(expr, Literal):
        return Literal(expr.value, type, -1, expr.span)
    return Call(AS_NUMBER, (expr,), type, getattr(expr, "span", None))


def from_number(number: Expr, type: SqlType, span: Span | None = None) -> Expr:
    wanted = INTEGER if type.kind is Kind.INTERVAL_YM else BIGINT
    if number.type != wanted:
        number = Cast(number, wanted, True, span)
    return Call(FROM_NUMBER, (number,), type, span)


# -- arithmetic --------------------------------------------------------------------------------


def arithmetic(key: str, left: Expr, right: Expr, span: Span | None) -> Expr:
    """interval +- interval, moment +- interval, interval * number, interval / number."""
    if key in ("add", "subtract"):
        return _sum(key, left, right, span)
    if key == "multiply" and not left.type.is_interval:
        left, right = right, left
    if key in ("multiply", "divide") and (right.type.is_numeric or right.type.kind is Kind.UNKNOWN):
        return _scaled(key, left, right, span)
    raise build.undefined_operator(build.SYMBOLS[key], left.type, right.type, span)


def _sum(key: str, left: Expr, right: Expr, span: Span | None) -> Expr:
    if left.type.is_interval and right.type.is_interval:
        return _both(key, left, right, span)
    if key == "add" and left.type.is_interval:
        left, right = right, left
    if left.type.kind is Kind.UNKNOWN and right.type.is_interval:
        left = coerce(left, TIMESTAMP)
    sign = 1 if key == "add" else -1
    if left.type.kind in _MOMENTS and isinstance(right, Literal) and right.value is not None:
        months, micros = _pair(right)
        return build.plus_interval(left, months * sign, micros * sign, span)
    if not right.type.is_interval or not (left.type.kind in _MOMENTS or left.type.is_clock):
        raise build.undefined_operator(build.SYMBOLS[key], left.type, right.type, span)
    right = typed(right)
    number = as_number(right) if sign > 0 else build.negate(as_number(right), span)
    if left.type.is_clock:
        if right.type.kind is Kind.INTERVAL_YM:
            raise build.undefined_operator(build.SYMBOLS[key], left.type, right.type, span)
        return Call("clock_add", (left, number), left.type, span)
    left = coerce(left, TIMESTAMP) if left.type.kind is Kind.DATE else left
    moved = "ts_add_months" if right.type.kind is Kind.INTERVAL_YM else "ts_add_micros"
    return Call(moved, (left, number), left.type, span)


def _pair(expr: Literal) -> tuple[int, int]:
    """(months, microseconds) of a literal of any interval type."""
    if expr.type.kind is Kind.INTERVAL:
        months, micros = expr.value
        return months, micros
    return (expr.value, 0) if expr.type.kind is Kind.INTERVAL_YM else (0, expr.value)


def _both(key: str, left: Expr, right: Expr, span: Span | None) -> Expr:
    sign = 1 if key == "add" else -1
    literals = [e for e in (left, right) if isinstance(e, Literal) and e.value is not None]
    if len(literals) == 2:
        (a, b), (c, d) = _pair(literals[0]), _pair(literals[1])
        return Literal(fitting((a + sign * c, b + sign * d), span and span[0]), INTERVAL, -1, span)
    left, right = typed(left), typed(right)
    if left.type.kind is not right.type.kind:
        raise build.undefined_operator(build.SYMBOLS[key], left.type, right.type, span)
    total = build.arithmetic(key, as_number(left), as_number(right), span)
    return from_number(total, SqlType(left.type.kind), span)


def _scaled(key: str, left: Expr, right: Expr, span: Span | None) -> Expr:
    if right.type.kind is Kind.UNKNOWN:
        right = coerce(right, DOUBLE)
    if left.type.kind is Kind.INTERVAL:
        found = _scaled_literal(key, left, right)
        if found is not None:
            return Literal(fitting(found, span and span[0]), INTERVAL, -1, span)
    left = typed(left)
    number, type = as_number(left), SqlType(left.type.kind)
    if key == "multiply" and right.type.is_integer:
        return from_number(build.arithmetic(key, number, right, span), type, span)
    product = build.arithmetic(key, coerce(number, DOUBLE), coerce(right, DOUBLE), span)
    if type.kind is Kind.INTERVAL_YM:  # there is no part of a month
        product = Call("trunc", (product,), DOUBLE, span)
    return from_number(product, type, span)


def _scaled_literal(key: str, left: Expr, right: Expr) -> tuple[int, int] | None:
    """A literal times (or by) a whole number, where it comes out even."""
    if not (isinstance(left, Literal) and isinstance(right, Literal) and right.type.is_integer):
        return None
    months, micros = left.value
    if key == "multiply":
        return months * right.value, micros * right.value
    if right.value == 0 or months % right.value or micros % right.value:
        return None
    return months // right.value, micros // right.value


def difference(left: Expr, right: Expr, span: Span | None) -> Expr:
    """timestamp - timestamp: INTERVAL DAY TO SECOND."""
    if DATE in (left.type, right.type) or left.type != right.type:
        wide = max((left.type.kind, right.type.kind), key=_MOMENTS.index)
        wide = Kind.TIMESTAMP if wide is Kind.DATE else wide
        left, right = coerce(left, SqlType(wide)), coerce(right, SqlType(wide))
    total = build.arithmetic("subtract", as_number(left), as_number(right), span)
    return from_number(total, SqlType(Kind.INTERVAL_DS), span)


def negated(arg: Expr, span: Span | None) -> Expr:
    if arg.type.kind is Kind.INTERVAL and isinstance(arg, Literal):
        months, micros = arg.value
        return Literal((-months, -micros), INTERVAL, -1, span)
    return from_number(build.negate(as_number(arg), span), SqlType(arg.type.kind), span)


# -- parts -------------------------------------------------------------------------------------

# part -> (what the number is divided by, what the quotient is taken modulo of)
_OF_MONTHS = {"year": (12, 0), "month": (1, 12), **{p: (MONTHS[p], 0) for p in ("decade", "century", "millennium")}}
_OF_MICROS = {"day": (DAY, 0), "hour": (MICROS["hour"], 24), "minute": (MICROS["minute"], 60),
              "second": (MICROS["second"], 60), "millisecond": (1000, 1000), "microsecond": (1, 1_000_000),
              "epoch": (MICROS["second"], 0)}
_YEAR_SECONDS, _MONTH_SECONDS = 31_557_600, 2_592_000  # 365.25 and 30 days, as in PostgreSQL


def part_of(expr: Expr, part: str, span: Span | None) -> Expr | None:
    """EXTRACT(part FROM interval) as an integer; None where the interval has no such part."""
    expr = typed(expr)
    number = as_number(expr)
    months = expr.type.kind is Kind.INTERVAL_YM
    if months and part == "epoch":
        years, rest = (_quotient(number, *_OF_MONTHS[p], span) for p in YEARS)
        in_years = build.arithmetic("multiply", coerce(years, BIGINT), Literal(_YEAR_SECONDS, BIGINT))
        in_months = build.arithmetic("multiply", coerce(rest, BIGINT), Literal(_MONTH_SECONDS, BIGINT))
        return build.arithmetic("add", in_years, in_months)
    if months and part == "quarter":
        return build.arithmetic("add", _quotient(_quotient(number, 1, 12, span), 3, 0, span), Literal(1, INTEGER))
    found = (_OF_MONTHS if months else _OF_MICROS).get(part)
    return None if found is None else _quotient(number, *found, span)


def _quotient(number: Expr, divisor: int, modulus: int, span: Span | None) -> Expr:
    if divisor != 1:
        number = build.arithmetic("divide", number, Literal(divisor, number.type), span)
    return number if not modulus else build.arithmetic("modulo", number, Literal(modulus, number.type), span)
