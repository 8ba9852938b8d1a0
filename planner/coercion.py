"""Types that meet: which one wins, and the cast that makes the other one fit.

    comparison_type   a = b         INTEGER and NUMERIC(8,2)  -> NUMERIC(12,2)
    common_type       CASE, UNION   VARCHAR(3) and VARCHAR(9) -> VARCHAR(9)
    arithmetic_type   a * b         r_numeric_computations201

Every implicit conversion becomes an explicit `Cast` node, or a new literal where the operand is one: the
rest of the planner and the engine never convert silently. Integers of different widths count as one
kind and are not cast. DECIMALs are brought to one scale.

A quoted literal (UNKNOWN) takes the other side's type. Compared with character columns, DECIMALs pull the
text to a number and other numbers become text (c_Supported_data_types, "compatibility").

SUPER takes numbers, booleans and text in, and goes into any type: a Cast from it is NULL where the value has another
dynamic type (query-super, "lax semantics"). cast_super_null_on_error = off makes an error of it (binder/entry.py).
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from ..errors import DatatypeMismatch, NumericOutOfRange
from ..storage.datetimes import DAY, has_zone
from ..storage.types import (
    BIGINT,
    DATE,
    DOUBLE,
    I64_PRECISION,
    INTEGER,
    MAX_PRECISION,
    MAX_VARCHAR,
    REAL,
    SMALLINT,
    SUPER,
    TEXT,
    TIMESTAMP,
    UNKNOWN,
    Kind,
    Physical,
    SqlType,
    decimal,
    varchar,
)
from . import collation
from .constants import read_text
from .expressions import Case, Cast, Expr, Literal, Span

# Digits that an integer has as a DECIMAL (r_numeric_computations201).
_INTEGER_DIGITS = {Kind.SMALLINT: 5, Kind.INTEGER: 10, Kind.BIGINT: 19}
_WIDTH_ORDER = (Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT)
_MOMENTS = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
MIN_DIVISION_SCALE = 4
MAX_SCALE = 38
# Precision of a DECIMAL that a set operation or CASE makes of two smaller ones.
COMMON_PRECISION = 19


def as_decimal(type: SqlType) -> SqlType:
    """The DECIMAL that holds an exact type."""
    return type if type.kind.is_decimal else decimal(_INTEGER_DIGITS[type.kind], 0)


def wider_integer(a: SqlType, b: SqlType) -> SqlType:
    return a if _WIDTH_ORDER.index(a.kind) >= _WIDTH_ORDER.index(b.kind) else b


# -- arithmetic --------------------------------------------------------------------------------


def arithmetic_type(op: str, a: SqlType, b: SqlType) -> SqlType:
    """Result of a numeric `op` ('add', 'subtract', 'multiply', 'divide', 'modulo')."""
    if a.is_integer and b.is_integer:
        return wider_integer(a, b)
    if a.is_float or b.is_float:
        return REAL if a.kind is b.kind is Kind.REAL else DOUBLE
    return _DECIMAL_RULES[op](as_decimal(a), as_decimal(b))


def _sum_type(a: SqlType, b: SqlType) -> SqlType:
    scale = max(a.scale, b.scale)
    whole = max(a.precision - a.scale, b.precision - b.scale)
    return decimal(min(whole + 1 + scale, MAX_PRECISION), scale)


def _product_type(a: SqlType, b: SqlType) -> SqlType:
    scale = min(a.scale + b.scale, MAX_SCALE)
    return decimal(min(a.precision + b.precision + 1, MAX_PRECISION), scale)


def _quotient_type(a: SqlType, b: SqlType) -> SqlType:
    scale = max(MIN_DIVISION_SCALE, a.scale + b.precision - b.scale + 1)
    precision = a.precision - a.scale + b.scale + scale
    if precision > MAX_PRECISION:
        scale = max(MAX_PRECISION + scale - precision, MIN_DIVISION_SCALE)
        precision = MAX_PRECISION
    return decimal(precision, scale)


def _remainder_type(a: SqlType, b: SqlType) -> SqlType:
    scale = max(a.scale, b.scale)
    whole = max(a.precision - a.scale, b.precision - b.scale)
    return decimal(min(whole + scale, MAX_PRECISION), scale)


_DECIMAL_RULES = {
    "add": _sum_type,
    "subtract": _sum_type,
    "multiply": _product_type,
    "divide": _quotient_type,
    "modulo": _remainder_type,
}


# -- types that meet ---------------------------------------------------------------------------


def common_type(a: SqlType, b: SqlType) -> SqlType | None:
    """The type of a CASE, COALESCE or set operation over both; None when there is none."""
    if a == b or b.kind.is_unknown:
        return a
    if a.kind.is_unknown:
        return b
    if a.kind.is_numeric and b.kind.is_numeric:
        return _common_number(a, b)
    if a.kind.is_super or b.kind.is_super:
        return SUPER if goes_into_super(a) and goes_into_super(b) else None
    if a.kind.is_string and b.kind.is_string:
        kind = Kind.CHAR if a.kind is b.kind is Kind.CHAR else Kind.VARCHAR
        if a.case_insensitive != b.case_insensitive:
            raise collation.mixed()
        return SqlType(kind, length=max(a.length, b.length), case_insensitive=a.case_insensitive)
    if a.kind is b.kind and a.is_interval:
        return a if a == b else SqlType(a.kind)
    if a.is_clock and b.is_clock:
        return a if a.kind is Kind.TIMETZ else b
    if a.kind is b.kind is Kind.VARBYTE:
        return a if a.length >= b.length else b
    if a.kind in _MOMENTS and b.kind in _MOMENTS:
        return a if _MOMENTS.index(a.kind) >= _MOMENTS.index(b.kind) else b
    return a if a.kind is b.kind else None


def goes_into_super(type: SqlType) -> bool:
    """Whether values of a type can be SUPER's: numbers, booleans and text can, dates cannot (limitations-super)."""
    if type.is_string:
        return not type.case_insensitive
    return type.is_numeric or type.kind in (Kind.BOOLEAN, Kind.UNKNOWN, Kind.SUPER)


@lru_cache(maxsize=1024)
def _common_number(a: SqlType, b: SqlType) -> SqlType:
    if a.is_float or b.is_float:
        return REAL if a.kind is b.kind is Kind.REAL else DOUBLE
    if a.is_integer and b.is_integer:
        return wider_integer(a, b)
    return _common_decimal(as_decimal(a), as_decimal(b))


def _common_decimal(a: SqlType, b: SqlType) -> SqlType:
    """max scale, and min(max whole digits + scale, 19): but never less than either side needs."""
    scale = max(a.scale, b.scale)
    whole = max(a.precision - a.scale, b.precision - b.scale)
    limit = COMMON_PRECISION if max(a.precision, b.precision) <= COMMON_PRECISION else MAX_PRECISION
    return decimal(min(whole + scale, limit), scale)


def comparison_type(a: SqlType, b: SqlType) -> SqlType | None:
    """The type in which both are compared; None when they cannot be."""
    if (a.kind.is_decimal and b.kind.is_exact) or (b.kind.is_decimal and a.kind.is_exact):
        left, right = as_decimal(a), as_decimal(b)
        scale = max(left.scale, right.scale)
        whole = max(left.precision - left.scale, right.precision - right.scale)
        if scale == 0 and whole <= I64_PRECISION and BIGINT in (a, b):
            return BIGINT  # which holds all of both; DECIMAL(19) has not its least value
        return decimal(min(whole + scale, MAX_PRECISION), scale)
    shared = common_type(a, b)
    if shared is not None:
        return TEXT if shared.kind is Kind.UNKNOWN else shared
    for text, other in ((a, b), (b, a)):
        if text.is_string and other.kind is Kind.DECIMAL:
            return other
        if text.is_string and other.is_numeric:
            return varchar(MAX_VARCHAR)
        if text.is_string and (other.is_temporal or other.kind is Kind.BOOLEAN):
            return other
        if text.is_integer and other.kind is Kind.BOOLEAN:  # likevegas = 1 (r_logical_condition)
            return other
    return None


# -- casts -------------------------------------------------------------------------------------


def coerce(expr: Expr, to: SqlType, span: Span | None = None) -> Expr:
    """`expr` as a value of type `to`: itself, a converted literal, or an implicit Cast."""
    source = expr.type
    if source is to or source == to:
        return expr
    if source.kind.is_interval and to.kind.is_interval:
        from .intervals import to_type

        return to_type(expr, to)
    if isinstance(expr, Literal):
        converted = _literal(expr, to)
        if converted is not None:
            return converted
    if source.kind.is_unknown and isinstance(expr, Case):
        whens = tuple((c, coerce(r, to)) for c, r in expr.whens)
        return Case(whens, coerce(expr.default, to), to, expr.span)
    if source.physical is Physical.STR and source.kind is to.kind and 0 < source.length <= to.length:
        return expr  # a shorter text is a longer one already
    return Cast(expr, to, True, span or getattr(expr, "span", None))


def _literal(expr: Literal, to: SqlType) -> Literal | None:
    """A literal of the new type, when its value can be converted exactly here."""
    value, source = expr.value, expr.type
    if value is None:
        return Literal(None, to, expr.parameter, expr.span, expr.local)
    if source.kind.is_exact and to.kind.is_exact:
        return _rescaled(expr, to)
    zoned = to.kind is Kind.TIMESTAMPTZ
    if source.kind.is_unknown:
        start = None if expr.span is None else expr.span[0]
        local = zoned and not has_zone(value)
        return Literal(read_text(value, to, start), to, expr.parameter, expr.span, local)
    if source.is_exact and to.kind is Kind.DOUBLE:
        scale = source.scale if source.kind is Kind.DECIMAL else 0
        return Literal(value / 10**scale, to, expr.parameter, expr.span)
    if source.kind is Kind.DATE and to.kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
        return Literal(value * DAY, to, expr.parameter, expr.span, zoned)
    if source.is_string and to.kind is Kind.VARCHAR:
        return Literal(value, to, expr.parameter, expr.span)
    return None


def _rescaled(expr: Literal, to: SqlType) -> Literal | None:
    before = expr.type.scale if expr.type.kind.is_decimal else 0
    after = to.scale if to.kind.is_decimal else 0
    if after < before:
        return None
    value = expr.value * 10 ** (after - before)
    low, high = to.integer_limits
    if not low <= value <= high:
        start = None if expr.span is None else expr.span[0]
        raise NumericOutOfRange(f"a constant is out of range for type {to}", position=start)
    return Literal(value, to, expr.parameter, expr.span)


def settle(expr: Expr) -> Expr:
    """An expression that goes into a result: UNKNOWN becomes VARCHAR of the literal's size, an INTERVAL one of the
    two types."""
    if expr.type.kind.is_interval:
        from .intervals import typed

        return typed(expr)
    if not expr.type.kind.is_unknown:
        return expr
    if isinstance(expr, Literal):
        expr = replace(expr, parameter=-1)  # its length is part of the type
    return coerce(expr, settled(expr))


def settled(expr: Expr) -> SqlType:
    """The type `settle` gives."""
    if expr.type.kind is not Kind.UNKNOWN:
        return expr.type
    if isinstance(expr, Literal):
        return varchar(max(len((expr.value or "").encode()), 1))
    return TEXT


def unify(exprs: Iterable[Expr], what: str, position: int | None = None) -> tuple[tuple[Expr, ...], SqlType]:
    """All expressions cast to their common type, and that type. `what`: CASE, COALESCE ... for errors."""
    exprs = collation.matched([settle(e) if e.type.kind.is_interval else e for e in exprs])
    type = UNKNOWN
    for expr in exprs:
        shared = expr.type if type is UNKNOWN or type is expr.type else common_type(type, expr.type)
        if shared is None:
            raise DatatypeMismatch(f"{what} types {type} and {expr.type} cannot be matched", position=position)
        type = shared
    if type.kind.is_unknown:
        if all(isinstance(e, Literal) and e.value is None for e in exprs):
            return exprs, type
        type = varchar()
    if type.kind.is_string:
        length = max([_bytes(e) for e in exprs])
        type = type if type.length == length else replace(type, length=length)
    return tuple([coerce(e, type) for e in exprs]), type


def _bytes(expr: Expr) -> int:
    """Bytes that a value of `expr` may need as text."""
    if expr.type.kind.is_unknown and isinstance(expr, Literal):
        return max(len((expr.value or "").encode()), 1)
    return expr.type.length or MAX_VARCHAR


# What an expression of one type may become without being asked, for function arguments.
_IMPLICIT = {
    SMALLINT.kind: (INTEGER.kind, BIGINT.kind, Kind.DECIMAL, Kind.REAL, Kind.DOUBLE),
    INTEGER.kind: (BIGINT.kind, Kind.DECIMAL, Kind.REAL, Kind.DOUBLE),
    BIGINT.kind: (Kind.DECIMAL, Kind.REAL, Kind.DOUBLE),
    Kind.DECIMAL: (Kind.REAL, Kind.DOUBLE),
    Kind.REAL: (Kind.DOUBLE,),
    Kind.CHAR: (Kind.VARCHAR,),
    Kind.VARCHAR: (Kind.CHAR,),
    DATE.kind: (TIMESTAMP.kind, Kind.TIMESTAMPTZ),
    TIMESTAMP.kind: (Kind.TIMESTAMPTZ,),
    Kind.TIMESTAMPTZ: (TIMESTAMP.kind,),
    Kind.TIME: (Kind.TIMETZ,),
    Kind.TIMETZ: (Kind.TIME,),
}


def converts(source: SqlType, to: Kind) -> bool:
    """Whether an argument of `source` is taken where `to` is asked for."""
    return source.kind is to or source.kind in (Kind.UNKNOWN, Kind.SUPER) or to in _IMPLICIT.get(source.kind, ())
