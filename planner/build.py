"""Operators over bound expressions: types decided, casts put in, the node made.

Both the binder (for `a + b`) and the function catalogue (for NULLIF, DECODE, DATEADD ...) build their
expressions here, so that an operator means the same wherever it stands.

    arithmetic("multiply", qty, price)   Call multiply, NUMERIC rules of r_numeric_computations201
    compare("=", ship_date, '1998-9-2')  Compare with the literal read as a DATE
    plus_interval(date, interval)        date_add_months / date_add_days / ts_add_micros

Dates compared with dates that were widened to TIMESTAMP (`date '1994-01-01' + interval '1 year'` is
a TIMESTAMP on Redshift) are compared as dates: the answer is the same and zone maps keep their use.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from ..errors import DatatypeMismatch, Error, NotSupportedError, UndefinedFunction
from ..storage.datetimes import DAY
from ..storage.types import (
    BIGINT,
    DATE,
    I64_PRECISION,
    INTEGER,
    MAX_VARBYTE,
    MAX_VARCHAR,
    SMALLINT,
    SUPER,
    TIMESTAMP,
    TIMESTAMPTZ,
    Kind,
    SqlType,
    decimal,
    varbyte,
    varchar,
)
from . import collation
from .coercion import arithmetic_type, as_decimal, coerce, comparison_type, goes_into_super
from .expressions import And, Call, Cast, Compare, Expr, Literal, Or, Span

SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "modulo": "%"}
MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
MOMENTS = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)


def undefined_operator(symbol: str, left: SqlType | None, right: SqlType, span: Span | None) -> Error:
    """PostgreSQL's words for operands that do not fit."""
    if left is not None and (left.is_super or right.is_super) and (left.case_insensitive or right.case_insensitive):
        return NotSupportedError("Coercing from case insensitive string to SUPER is not supported.",
                                 position=None if span is None else span[0])
    sides = f"{symbol} {_bare(right)}" if left is None else f"{_bare(left)} {symbol} {_bare(right)}"
    return UndefinedFunction(
        f"operator does not exist: {sides}",
        hint="No operator matches the given name and argument types. You may need to add explicit type casts.",
        position=None if span is None else span[0],
    )


def _bare(type: SqlType) -> str:
    return '"unknown"' if type.kind is Kind.UNKNOWN else type.kind.value


def join_spans(left: Expr, right: Expr) -> Span | None:
    """From the start of one operand to the end of the other."""
    a, b = getattr(left, "span", None), getattr(right, "span", None)
    if a is None or b is None:
        return a or b
    return a[0] if a[0] < b[0] else b[0], a[1] if a[1] > b[1] else b[1]


# -- logic -------------------------------------------------------------------------------------


def conjunction(args: Iterable[Expr]) -> Expr:
    """AND of all; nested ones flattened."""
    flat: list[Expr] = []
    for arg in args:
        if isinstance(arg, And):
            flat.extend(arg.args)
        else:
            flat.append(arg)
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(args: Iterable[Expr]) -> Expr:
    """OR of all; nested ones flattened."""
    flat: list[Expr] = []
    for arg in args:
        flat.extend(arg.args if isinstance(arg, Or) else (arg,))
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


# -- arithmetic --------------------------------------------------------------------------------


def arithmetic(key: str, left: Expr, right: Expr, span: Span | None = None) -> Expr:
    """`left op right` for numbers, dates and intervals; of text and VARBYTE, + puts one behind the other."""
    span = span or join_spans(left, right)
    if left.type.kind.is_numeric and right.type.kind.is_numeric:
        return _numeric(key, left, right, span)
    if key == "add" and Kind.VARBYTE in (left.type.kind, right.type.kind):
        return _concat_binary(left, right, span)
    if key == "add" and _both_text(left, right):
        return concat(left, right, span)
    if left.type.is_interval or right.type.is_interval:
        from . import intervals

        return intervals.arithmetic(key, left, right, span)
    if left.type.is_super or right.type.is_super:
        return _super_arithmetic(key, left, right, span)
    if left.type.kind in MOMENTS or right.type.kind in MOMENTS:
        return _date_arithmetic(key, left, right, span)
    left, right = _typed_operands(left, right)
    if not (left.type.is_numeric and right.type.is_numeric):
        raise undefined_operator(SYMBOLS[key], left.type, right.type, span)
    return _numeric(key, left, right, span)


def _numeric(key: str, left: Expr, right: Expr, span: Span | None) -> Expr:
    """`left op right` for numbers."""
    result, first, second = _number_types(key, left.type, right.type)
    if key == "modulo" and result.is_float:
        raise undefined_operator("%", left.type, right.type, span)
    return Call(key, (coerce(left, first), coerce(right, second)), result, span)


@lru_cache(maxsize=1024)
def _number_types(key: str, a: SqlType, b: SqlType) -> tuple[SqlType, SqlType, SqlType]:
    """Of an operator for numbers: the result's type, and those in which the engine wants the operands for it
    (expressions.py)."""
    result = arithmetic_type(key, a, b)
    if result.is_integer:
        return result, a, b
    if result.is_float:
        return result, result, result
    first, second = as_decimal(a), as_decimal(b)
    if key in ("add", "subtract", "modulo"):
        return result, _at_scale(first, result.scale), _at_scale(second, result.scale)
    return result, first, second


def _at_scale(type: SqlType, scale: int) -> SqlType:
    """A DECIMAL of the given scale with the whole digits of `type`."""
    return decimal(min(type.precision - type.scale + scale, 38), scale)


def _both_text(left: Expr, right: Expr) -> bool:
    """Text beside text (r_NVL2 has firstname + ' ' + lastname); two bare NULLs are numbers."""
    sides = (left, right)
    return all(map(collation.is_text, sides)) and not all(isinstance(e, Literal) and e.value is None for e in sides)


def _typed_operands(left: Expr, right: Expr) -> tuple[Expr, Expr]:
    """Quoted literals and NULLs take the other operand's type."""
    if left.type.kind is Kind.UNKNOWN and right.type.kind is Kind.UNKNOWN:
        if isinstance(left, Literal) and isinstance(right, Literal) and left.value is right.value is None:
            return coerce(left, INTEGER), coerce(right, INTEGER)
        return left, right
    if left.type.kind is Kind.UNKNOWN and right.type.is_numeric:
        return coerce(left, right.type), right
    if right.type.kind is Kind.UNKNOWN and left.type.is_numeric:
        return left, coerce(right, left.type)
    return left, right


def _super_arithmetic(key: str, left: Expr, right: Expr, span: Span | None) -> Expr:
    """Arithmetic on values whose types are known at run time only; NULL unless both are numbers."""
    for side in (left, right):
        if not goes_into_super(side.type):
            raise undefined_operator(SYMBOLS[key], left.type, right.type, span)
    return Call(f"super_{key}", (coerce(left, SUPER), coerce(right, SUPER)), SUPER, span)


def negate(arg: Expr, span: Span | None = None) -> Expr:
    """-arg."""
    if arg.type.is_interval:
        from . import intervals

        return intervals.negated(arg, span)
    if arg.type.kind is Kind.UNKNOWN:
        arg = coerce(arg, INTEGER)
    if arg.type.is_super:
        return Call("super_negate", (arg,), SUPER, span)
    if not arg.type.is_numeric:
        raise undefined_operator("-", None, arg.type, span)
    return Call("negate", (arg,), arg.type, span)


def concat(left: Expr, right: Expr, span: Span | None = None) -> Expr:
    """left || right."""
    span = span or join_spans(left, right)
    if Kind.VARBYTE in (left.type.kind, right.type.kind):
        return _concat_binary(left, right, span)
    if not (left.type.is_string or right.type.is_string
            or left.type.kind in _TEXTLIKE or right.type.kind in _TEXTLIKE):
        raise undefined_operator("||", left.type, right.type, span)
    left, right = collation.matched((as_text(left), as_text(right)))
    length = min((left.type.length or MAX_VARCHAR) + (right.type.length or MAX_VARCHAR), MAX_VARCHAR)
    joined = Call("concat", (left, right), varchar(length), span)
    return collation.with_collation(joined, True) if collation.insensitive(left) else joined


def _concat_binary(left: Expr, right: Expr, span: Span | None) -> Expr:
    """VARBYTE || VARBYTE, VARBYTE + VARBYTE; quoted text is its bytes."""
    kinds = {left.type.kind, right.type.kind} - {Kind.UNKNOWN}
    if kinds != {Kind.VARBYTE}:
        raise undefined_operator("||", left.type, right.type, span)
    left, right = (coerce(e, varbyte()) if e.type.kind is Kind.UNKNOWN else e for e in (left, right))
    length = min((left.type.length or MAX_VARBYTE) + (right.type.length or MAX_VARBYTE), MAX_VARBYTE)
    return Call("concat", (left, right), varbyte(length), span)


_TEXTLIKE = (Kind.UNKNOWN, Kind.SUPER)
# How long a value of each kind can get when it is printed.
PRINTED = {
    Kind.SMALLINT: 6, Kind.INTEGER: 11, Kind.BIGINT: 20, Kind.REAL: 15, Kind.DOUBLE: 25, Kind.DECIMAL: 40,
    Kind.BOOLEAN: 5, Kind.DATE: 13, Kind.TIME: 15, Kind.TIMETZ: 18, Kind.TIMESTAMP: 29, Kind.TIMESTAMPTZ: 35,
    Kind.INTERVAL_YM: 24, Kind.INTERVAL_DS: 32,
}


_NOT_TEXT = {  # kind: the hint
    Kind.VARBYTE: "TO_HEX, FROM_VARBYTE and CAST make text of it.",
    Kind.HLLSKETCH: "CAST makes text of it.",
}


def as_text(expr: Expr) -> Expr:
    """Any expression as VARCHAR."""
    type = expr.type
    if type.kind in _NOT_TEXT:
        span = getattr(expr, "span", None)
        raise DatatypeMismatch(
            f"a value of type {type.kind.value} is not text", position=None if span is None else span[0],
            hint=_NOT_TEXT[type.kind],
        )
    if type.kind is Kind.VARCHAR:
        return expr
    if type.kind is Kind.UNKNOWN and isinstance(expr, Literal):
        return coerce(expr, varchar(max(len((expr.value or "").encode()), 1)))
    length = type.length if type.kind is Kind.CHAR else PRINTED.get(type.kind, MAX_VARCHAR)
    return coerce(expr, replace(varchar(length or MAX_VARCHAR), case_insensitive=type.case_insensitive))


# -- dates -------------------------------------------------------------------------------------


def _date_arithmetic(key: str, left: Expr, right: Expr, span: Span | None) -> Expr:
    """date +- integer, date - date, timestamp - timestamp."""
    if left.type.kind is Kind.UNKNOWN and right.type.kind in MOMENTS and key == "subtract":
        left = coerce(left, right.type)
    if right.type.kind is Kind.UNKNOWN and left.type.kind in MOMENTS and key == "subtract":
        right = coerce(right, left.type)
    if key == "add" and left.type.is_integer:
        left, right = right, left
    if left.type.kind is Kind.DATE and right.type.is_integer and key in ("add", "subtract"):
        days = coerce(right, INTEGER) if right.type.kind is Kind.SMALLINT else right
        if key == "subtract":
            days = _negative(days)
        return Call("date_add_days", (left, days), DATE, span)
    if key == "add" and Kind.DATE in (left.type.kind, right.type.kind) and (left.type.is_clock or right.type.is_clock):
        day, clock = (left, right) if left.type.kind is Kind.DATE else (right, left)
        type = TIMESTAMP if clock.type.kind is Kind.TIME else TIMESTAMPTZ  # a TIMETZ is a time of day in UTC
        return Call("ts_add_micros", (coerce(day, TIMESTAMP), clock), type, span)
    if key == "subtract" and left.type.kind is right.type.kind is Kind.DATE:
        # the days between: date_diff counts from its first argument to its second
        return Call("date_diff_day", (right, left), BIGINT, span)
    if key == "subtract" and left.type.kind in MOMENTS and right.type.kind in MOMENTS:
        from . import intervals

        return intervals.difference(left, right, span)
    raise undefined_operator(SYMBOLS[key], left.type, right.type, span)


def _negative(expr: Expr) -> Expr:
    if isinstance(expr, Literal) and expr.value is not None:
        return Literal(-expr.value, expr.type, -1, expr.span)
    return Call("negate", (expr,), expr.type, getattr(expr, "span", None))


def plus_interval(moment: Expr, months: int, micros: int, span: Span | None = None) -> Expr:
    """A DATE or TIMESTAMP moved by a constant interval; always a TIMESTAMP (r_interval_literals)."""
    if moment.type.kind is Kind.DATE and micros % DAY == 0:
        if months or not micros:
            moment = Call("date_add_months", (moment, Literal(months, INTEGER)), DATE, span)
        if micros:
            moment = Call("date_add_days", (moment, Literal(micros // DAY, INTEGER)), DATE, span)
        return Cast(moment, TIMESTAMP, True, span)
    moment = coerce(moment, TIMESTAMPTZ if moment.type.kind is Kind.TIMESTAMPTZ else TIMESTAMP)
    if months:
        moment = Call("ts_add_months", (moment, Literal(months, INTEGER)), moment.type, span)
    if micros:
        moment = Call("ts_add_micros", (moment, Literal(micros, BIGINT)), moment.type, span)
    return moment


# -- comparison --------------------------------------------------------------------------------


def compare(op: str, left: Expr, right: Expr, span: Span | None = None) -> Compare:
    """`left op right`, both sides cast to the type they are compared in."""
    span = span or join_spans(left, right)
    a, b = left.type, right.type
    if (a.kind.is_integer and b.kind.is_integer) or (a.kind in _PLAIN and a == b):
        return Compare(op, left, right, span)
    if (a.kind.is_super or b.kind.is_super) and op not in ("=", "<>"):
        return _compare_super(op, left, right, span)
    left, right = comparable(op, left, right, span)
    return Compare(op, left, right, span)


def _compare_super(op: str, left: Expr, right: Expr, span: Span | None) -> Compare:
    """Which of two SUPER values is smaller; NULL where they have different types (query-super, "dynamic typing")."""
    _check_super(op, left, right, span)
    order = Call("super_compare", (coerce(left, SUPER), coerce(right, SUPER)), SMALLINT, span)
    return Compare(op, order, Literal(0, SMALLINT), span)


def _check_super(op: str, left: Expr, right: Expr, span: Span | None) -> None:
    if not (goes_into_super(left.type) and goes_into_super(right.type)):
        raise undefined_operator(op, left.type, right.type, span)


def normal(expr: Expr) -> Expr:
    """The form of a SUPER expression in which equal values have equal bytes."""
    expr = coerce(expr, SUPER)
    if isinstance(expr, Literal) and expr.value is not None:
        from ..storage.semistructured import keys

        return Literal(keys.normal(expr.value), SUPER, -1, expr.span)
    if isinstance(expr, Call) and expr.key == "super_normal":
        return expr
    return Call("super_normal", (expr,), SUPER, getattr(expr, "span", None))


def comparison_key(expr: Expr) -> Expr:
    """What equal values of an expression share: text without case, SUPER in its normal form, all else as it is."""
    if expr.type.is_super:
        return normal(expr)
    return collation.key(expr) if collation.insensitive(expr) else expr


_PLAIN = frozenset((Kind.BOOLEAN, Kind.DATE, Kind.DECIMAL, Kind.REAL, Kind.DOUBLE))  # compared with their like


def comparable(op: str, left: Expr, right: Expr, span: Span | None = None) -> tuple[Expr, Expr]:
    """Both operands in one type."""
    a, b = left.type, right.type
    if (a.kind.is_integer and b.kind.is_integer) or (a.kind in _PLAIN and a == b):
        return left, right
    if a.kind.is_interval or b.kind.is_interval:
        left, right = _intervals(left, right)
        a, b = left.type, right.type
    if a.kind.is_sketch or b.kind.is_sketch:
        raise undefined_operator(op, a, b, span)
    if a.kind.is_super or b.kind.is_super:
        _check_super(op, left, right, span)
        return normal(left), normal(right)
    if a.case_insensitive or b.case_insensitive:
        found = collation.keys(left, right)
        if found is not None:
            return found
        left, right = collation.plain(left), collation.plain(right)
        a, b = left.type, right.type
    if a == b and a.kind not in (Kind.UNKNOWN, Kind.TIMESTAMP):
        return left, right
    if Kind.DATE in (a.kind, b.kind) or a.kind is b.kind is Kind.TIMESTAMP:
        narrow_left, narrow_right = _as_date(left), _as_date(right)
        if narrow_left is not None and narrow_right is not None:
            return narrow_left, narrow_right
    type = comparison_type(a, b)
    if type is None:
        raise undefined_operator(op, a, b, span)
    if type.is_string:
        return _texts(left, right)
    return _compared(left, type), _compared(right, type)


def _intervals(left: Expr, right: Expr) -> tuple[Expr, Expr]:
    """Both operands with a type; an INTERVAL of nothing takes the other's kind."""
    from .intervals import typed

    if isinstance(right, Literal) and right.value == (0, 0):
        return typed(left), Literal(0, typed(left).type, -1, right.span)
    return typed(left), typed(right)


def _compared(expr: Expr, type: SqlType) -> Expr:
    """One side of a comparison in `type`; a DECIMAL keeps its own precision."""
    source = expr.type
    if type.kind is Kind.DECIMAL and source.is_exact:
        exact = decimal(I64_PRECISION + 1, 0) if source == BIGINT else as_decimal(source)
        return coerce(expr, _at_scale(exact, type.scale)) if source != exact or exact.scale != type.scale else expr
    return coerce(expr, type)


def _as_date(expr: Expr) -> Expr | None:
    """The DATE behind an expression that is one, or that is one widened to TIMESTAMP."""
    if expr.type.kind is Kind.DATE:
        return expr
    if isinstance(expr, Cast) and expr.type.kind is Kind.TIMESTAMP and expr.operand.type.kind is Kind.DATE:
        return expr.operand
    if isinstance(expr, Literal) and expr.type.kind is Kind.UNKNOWN:
        return coerce(expr, DATE)  # '1998-09-02' against a DATE
    if isinstance(expr, Literal) and expr.type.kind is Kind.TIMESTAMP and expr.value is not None:
        return Literal(expr.value // DAY, DATE, -1, expr.span) if expr.value % DAY == 0 else None
    return None


def _texts(left: Expr, right: Expr) -> tuple[Expr, Expr]:
    """CHAR with CHAR, else VARCHAR; a literal compared with CHAR loses its trailing blanks."""
    kinds = (left.type.kind, right.type.kind)
    if Kind.CHAR in kinds and all(k in (Kind.CHAR, Kind.UNKNOWN) for k in kinds):
        fixed = left.type if left.type.kind is Kind.CHAR else right.type
        return tuple(  # type: ignore[return-value]
            coerce(e, fixed) if e.type.kind is Kind.UNKNOWN else e for e in (left, right)
        )
    return as_text(left), as_text(right)
