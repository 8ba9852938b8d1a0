"""Constants in the text: numbers, quoted text, TRUE, NULL, $1, INTERVAL '1 day', typed literals and CAST.

A cast of a quoted literal is done here, once: `date '1998-12-01'` is a DATE literal, and a bad one is an
error with its place.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, ProgrammingError, SqlSyntaxError, UndefinedObject
from ...storage.characters import fixed_text
from ...storage.dateparts import interval
from ...storage.interval_text import read_interval
from ...storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    INTEGER,
    INTERVAL,
    MAX_VARCHAR,
    SMALLINT,
    TEXT,
    TIMESTAMP,
    UNKNOWN,
    Kind,
    SqlType,
    varchar,
)
from ..build import PRINTED
from ..coercion import coerce, goes_into_super
from ..constants import integer, number, parameter
from ..expressions import Cast, Expr, Literal, Span
from ..intervals import interval_type, to_type, typed
from ..registered import LEADER_TYPES, is_registered
from ..syntax import UNIT_MARK, WHOLE_MARK
from ..typenames import sql_type
from .context import Binder
from .dispatch import binds
from .expressions import ExpressionBinder
from .moments import special

# sqlglot's names of types that are not SQL's.
_TYPE_NAMES = {
    "INT": "integer", "DOUBLE": "double precision", "FLOAT": "real", "UDOUBLE": "double precision",
    "TIMESTAMPTZ": "timestamptz", "TEXT": "text", "BPCHAR": "bpchar", "NCHAR": "char", "NVARCHAR": "varchar",
    "VARBINARY": "varbyte",
}


@binds(exp.Literal)
def _literal(e: ExpressionBinder, node: exp.Literal) -> Expr:
    b, args, meta = e.b, node.args, node._meta
    span = (meta["start"], meta["end"] + 1) if b.has_spans and meta and "start" in meta else None
    known = b.context.literals
    place = -1 if known is None or span is None else len(known)
    text = args["this"]
    made = Literal(text, UNKNOWN, place, span) if args["is_string"] else number(text, span, parameter=place)
    if known is not None and span is not None:
        known.append((span, made.type))
    return made


@binds(exp.National, exp.RawString)
def _text(e: ExpressionBinder, node: Any) -> Expr:
    return Literal(node.this, UNKNOWN, -1, e.span(node))


@binds(exp.Null)
def _null(e: ExpressionBinder, node: exp.Null) -> Expr:
    return Literal(None, UNKNOWN, -1, e.span(node))


@binds(exp.Boolean)
def _boolean(e: ExpressionBinder, node: exp.Boolean) -> Expr:
    return Literal(bool(node.this), BOOLEAN, -1, e.span(node))


@binds(exp.Parameter)
def _parameter(e: ExpressionBinder, node: exp.Parameter) -> Expr:
    name = node.this.name if node.this is not None else ""
    if not name.isdigit():
        raise SqlSyntaxError(f'syntax error at or near "@{name}"', position=e.b.position(node))
    place = int(name)
    if e.b.arguments is not None:
        if not 1 <= place <= len(e.b.arguments):
            raise ProgrammingError(f"there is no parameter ${place}", sqlstate="42P02",
                                   hint=f"The function has {len(e.b.arguments)} arguments.")
        return e.b.arguments[place - 1]
    values = e.b.context.parameters
    if values is None or not 1 <= place <= len(values):
        raise ProgrammingError(
            f"there is no parameter ${place}", sqlstate="42P02", position=e.b.position(node),
            hint=None if values is None else f"The statement was given {len(values)}.",
        )
    made = parameter(values[place - 1], e.span(node))
    known = e.b.context.literals
    if known is None or made.value is None or made.type.kind is Kind.BOOLEAN:  # rules look at NULL and truth
        return made
    known.append((parameter_span(place), made.type))
    return replace(made, parameter=len(known) - 1)


def parameter_span(place: int) -> Span:
    """Where the value of $place stands among the statement's literals: in no place of its text."""
    return -place, -place


@binds(exp.Placeholder)
def _placeholder(e: ExpressionBinder, node: exp.Placeholder) -> Expr:
    raise ProgrammingError(
        "a parameter placeholder has no value", position=e.b.position(node),
        hint="Pass the values as the second argument of execute().",
    )


@binds(exp.Interval)
def _interval(e: ExpressionBinder, node: exp.Interval) -> Expr:
    unit = node.args.get("unit")
    if not isinstance(node.this, exp.Literal):
        raise NotSupportedError("an INTERVAL needs a constant", position=e.b.position(node))
    if unit is not None and node.this.meta:  # INTERVAL '1' DAY; of INTERVAL '1 day' sqlglot made a new literal
        to, text = _interval_type(e.b, node), node.this.this.replace(UNIT_MARK, "")
        return Literal(read_interval(text, to, e.b.position(node)), to, -1, e.span(node))
    value = interval(node.this.this.removesuffix(WHOLE_MARK), None if unit is None else unit.name, e.b.position(node))
    return Literal(value, INTERVAL, -1, e.span(node))


def _interval_type(b: Binder, node: exp.Interval) -> SqlType:
    """INTERVAL first [TO last] [(digits)], from its syntax."""
    unit = node.args.get("unit")
    ends = [unit] if not isinstance(unit, exp.IntervalSpan) else [unit.this, unit.expression]
    digits: int | None = None
    fields = []
    for end in ends:
        if isinstance(end, exp.Anonymous) and len(end.expressions) == 1:  # SECOND (3)
            digits = int(end.expressions[0].name) if end.expressions[0].name.isdigit() else -1
        fields.append("" if end is None else end.name)
    if not all(fields):
        raise SqlSyntaxError("type interval needs a qualifier: YEAR TO MONTH or DAY TO SECOND",
                             position=b.position(node))
    return interval_type(fields, digits, b.position(node))


# -- CAST ----------------------------------------------------------------------------------------


@binds(exp.Cast)
def _cast(e: ExpressionBinder, node: exp.Cast) -> Expr:
    if node.args.get("default") is not None or node.args.get("action") is not None:
        raise NotSupportedError("CAST ... DEFAULT is not supported by Redshift", position=e.b.position(node))
    if _is_bare_interval(node.args["to"]) and isinstance(node.this, exp.Literal) and node.this.is_string:
        return Literal(interval(node.this.this, None, e.b.position(node)), INTERVAL, -1, e.span(node))
    operand = e.bind(node.this)
    to = cast_type(e.b, node.args["to"], operand.type)
    return cast(e, operand, to, node)


def _is_bare_interval(to: Any) -> bool:
    """'5 days'::interval is INTERVAL '5 days'; as a type of values INTERVAL needs its qualifier."""
    return isinstance(to, exp.DataType) and to.this == exp.DataType.Type.INTERVAL


def cast(e: ExpressionBinder, operand: Expr, to: SqlType, node: Any) -> Expr:
    """CAST(operand AS to)."""
    operand = special(e, operand, to)
    source = operand.type
    span = e.span(node)
    if is_registered(source) or is_registered(to):
        from .catalogue import cast_registered

        return operand if source == to else cast_registered(e, operand, to, node)
    if source.is_interval and to.is_interval and source.kind in (to.kind, Kind.INTERVAL):
        return _cast_interval(operand, to, node, e)
    operand = typed(operand)
    source = operand.type
    if source.case_insensitive and to.is_string:
        to = replace(to, case_insensitive=True)
    if isinstance(operand, Literal):
        if operand.value is not None and to.kind is Kind.VARBYTE and source.kind is Kind.UNKNOWN:
            return Literal(operand.value.encode()[: to.length].hex(), to, -1, operand.span)
        if operand.value is None or (source.kind is Kind.UNKNOWN and not to.is_string):
            return coerce(operand, to)
        if source.kind is Kind.UNKNOWN:
            return Literal(_cut(operand.value, to, operand.span), to, -1, operand.span)
        if source.kind is Kind.DATE and to.kind is Kind.TIMESTAMP:
            return coerce(operand, to)
    if source == to:
        return operand
    if not _castable(source, to):
        raise UndefinedObject(
            f"cannot cast type {source.kind.value} to {to.kind.value}", sqlstate="42846",
            position=e.b.position(node),
        )
    return Cast(operand, to, False, span)


def _cast_interval(operand: Expr, to: SqlType, node: Any, e: ExpressionBinder) -> Expr:
    found = to_type(operand, to) if typed(operand).type.kind is to.kind else None
    if found is None:
        raise UndefinedObject(f"cannot cast type {typed(operand).type} to {to}", sqlstate="42846",
                              position=e.b.position(node))
    return found


def _cut(text: str, to: SqlType, span: Span | None) -> str:
    """Text cut to its type's bytes, never inside a character; CHAR without trailing blanks."""
    data = text.encode()
    if len(data) > to.length:
        text = data[: to.length].decode(errors="ignore")
    return fixed_text(text, None if span is None else span[0]) if to.kind is Kind.CHAR else text


_MOMENTS = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)


def _castable(source: SqlType, to: SqlType) -> bool:
    if source.is_super or to.is_super:
        return to.kind not in (Kind.INTERVAL, Kind.VARBYTE) if source.is_super else goes_into_super(source)
    if Kind.VARBYTE in (source.kind, to.kind):
        other = to if source.kind is Kind.VARBYTE else source
        return other.is_string or other.is_integer or other.kind is Kind.VARBYTE
    if source.is_sketch or to.is_sketch:
        return source.is_string or to.is_string
    if source.is_string or to.is_string or source.kind is Kind.UNKNOWN:
        return True
    if source.is_interval or to.is_interval:
        return False
    if source.is_numeric and to.is_numeric:
        return True
    if source.kind is to.kind or (source.kind in _MOMENTS and to.kind in _MOMENTS):
        return True
    if to.is_clock:
        return source.is_clock or source.kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
    return (source.is_integer and to.kind is Kind.BOOLEAN) or (source.kind is Kind.BOOLEAN and to.is_integer)


_FLOATS = (exp.DataType.Type.FLOAT, exp.DataType.Type.DOUBLE)  # FLOAT(n); sqlglot may have told DOUBLE PRECISION


_PLAIN = {  # of types without a length or precision
    exp.DType.DATE: DATE, exp.DType.INT: INTEGER, exp.DType.BIGINT: BIGINT, exp.DType.SMALLINT: SMALLINT,
    exp.DType.TIMESTAMP: TIMESTAMP, exp.DType.BOOLEAN: BOOLEAN,
}


def cast_type(b: Binder, node: Any, source: SqlType) -> SqlType:
    """The type a syntax tree names. VARCHAR without a length takes the operand's, as Redshift does in
    expressions."""
    this = node.this
    if node.__class__ is exp.DataType and this in _PLAIN and not node.expressions:
        return _PLAIN[this]
    position = b.position(node)
    if isinstance(node, exp.ObjectIdentifier) and str(this).lower() in LEADER_TYPES:
        return LEADER_TYPES[str(this).lower()]
    if isinstance(this, exp.Interval) or this is exp.DataType.Type.INTERVAL:
        return _interval_type(b, this if isinstance(this, exp.Interval) else exp.Interval())
    if not isinstance(node, exp.DataType) or not isinstance(this, exp.DataType.Type):
        raise NotSupportedError(f'type "{node.sql().lower()}" is not supported', position=position)
    name = this.value.upper()
    if name == "ARRAY":
        return TEXT
    if name == "USERDEFINED":
        kind = str(node.args.get("kind")).lower()
        if kind in LEADER_TYPES:
            return LEADER_TYPES[kind]
        raise UndefinedObject(f'type "{node.args.get("kind")}" does not exist', position=position)
    if name == "NAME":
        return LEADER_TYPES["name"]
    arguments = [_argument(a) for a in node.expressions]
    name = _TYPE_NAMES.get(name, name.lower())
    if name in ("varchar", "text") and not arguments:
        printed = PRINTED.get(source.kind, MAX_VARCHAR)
        return varchar(source.length if source.is_string and source.length else printed)
    return sql_type("float" if arguments and this in _FLOATS else name, arguments, position)


def _argument(node: Any) -> int | str:
    inner = node.this if isinstance(node.this, exp.Expression) else node
    if isinstance(inner, exp.Literal) and inner.this.isdigit():
        return int(inner.this)
    return str(inner.name)


def constant_count(e: ExpressionBinder, node: Any, what: str) -> int | None:
    """A LIMIT, OFFSET or TOP: a whole number that is not negative; None for ALL and NULL."""
    if isinstance(node, exp.Var) and node.name.upper() == "ALL":
        return None
    expr = e.bind(node)
    if not isinstance(expr, Literal):
        raise NotSupportedError(f"{what} needs a constant", position=e.b.position(node))
    if expr.value is None:
        return None
    if expr.type.kind is Kind.UNKNOWN:
        expr = integer(int(expr.value)) if str(expr.value).isdigit() else expr  # type: ignore[assignment]
    if not isinstance(expr, Literal) or not expr.type.is_integer:
        raise ProgrammingError(f"argument of {what} must be a whole number", position=e.b.position(node))
    if expr.value < 0:
        raise ProgrammingError(
            f"{what} must not be negative", sqlstate="2201W" if what != "OFFSET" else "2201X",
            position=e.b.position(node),
        )
    return int(expr.value)
