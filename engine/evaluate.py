"""Bound expressions evaluated one row at a time, in plain Python.

Three uses: constant folding in the planner, VALUES and DEFAULT expressions (a handful of rows, where a
program would cost more than it saves), and as the slow reference that the compiled expressions are tested
against. Values are in physical form (storage/types.py); None is NULL; errors carry the expression's place.
"""
from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import DataError, DivisionByZero, Error, InternalError, NumericOutOfRange, StringTooLong
from ..planner.expressions import (
    And,
    Call,
    Case,
    Cast,
    ColumnRef,
    Compare,
    Expr,
    InList,
    IsNull,
    Like,
    Literal,
    Not,
    Or,
)
from ..planner.like import like_matches
from ..storage.characters import fixed_text
from ..storage.intervals import cut
from ..storage.types import MAX_VARCHAR, Kind, Physical, SqlType
from .compile.casts import MICROSECONDS_PER_DAY
from .compile.numeric import round_div


class CannotEvaluate(Exception):
    """The expression needs something a constant does not have (a column, a volatile function)."""


def evaluate(expr: Expr, row: Mapping[int, Any] | None = None) -> Any:
    """The value of `expr`; `row` gives columns by id. DataError for bad values, CannotEvaluate else."""
    match expr:
        case Literal():
            return expr.value
        case ColumnRef():
            if row is None or expr.id not in row:
                raise CannotEvaluate(expr.name)
            return row[expr.id]
        case Call():
            return _placed(expr, lambda: _call(expr, [evaluate(a, row) for a in expr.args]))
        case Cast():
            value = evaluate(expr.operand, row)
            return _placed(expr, lambda: cast(value, expr.operand.type, expr.type, expr.implicit))
        case Case():
            for condition, result in expr.whens:
                if evaluate(condition, row) is True:
                    return evaluate(result, row)
            return evaluate(expr.default, row)
        case _:
            return _boolean(expr, row)


def _placed(expr: Call | Cast, work: Callable[[], Any]) -> Any:
    """Run `work`; an error of a value gets the expression's position."""
    try:
        return work()
    except DataError as error:
        if error.position is None and expr.span is not None:
            error.position = expr.span[0]
        raise


def _boolean(expr: Expr, row: Mapping[int, Any] | None) -> bool | None:
    match expr:
        case And():
            return _connect(expr.args, row, False)
        case Or():
            return _connect(expr.args, row, True)
        case Not():
            value = evaluate(expr.arg, row)
            return None if value is None else not value
        case IsNull():
            return (evaluate(expr.arg, row) is None) is not expr.negated
        case Compare():
            return compare(expr.op, evaluate(expr.left, row), evaluate(expr.right, row))
        case InList():
            value = evaluate(expr.arg, row)
            if value is None:
                return None
            found = _order(value) in {_order(v) for v in expr.values}
            if not found and expr.has_null:
                return None
            return found is not expr.negated
        case Like():
            value = evaluate(expr.arg, row)
            if value is None:
                return None
            return like_matches(value, expr.pattern, expr.escape, expr.case_insensitive) is not expr.negated
        case _:
            raise CannotEvaluate(type(expr).__name__)


def _connect(args: tuple[Expr, ...], row: Mapping[int, Any] | None, decisive: bool) -> bool | None:
    """AND (False decides) or OR (True does): what stands behind the decisive argument is not evaluated."""
    unknown = False
    for arg in args:
        value = evaluate(arg, row)
        if value is decisive:
            return decisive
        unknown = unknown or value is None
    return None if unknown else not decisive


def _order(value: Any) -> Any:
    """NaN is greatest and equal to itself; text compares by its bytes, without trailing blanks."""
    if isinstance(value, float):
        return (1, 0.0) if math.isnan(value) else (0, value)
    return value.rstrip(" ").encode() if isinstance(value, str) else value


def compare(op: str, a: Any, b: Any) -> bool | None:
    if a is None or b is None:
        return None
    a, b = _order(a), _order(b)
    match op:
        case "=":
            return bool(a == b)
        case "<>":
            return bool(a != b)
        case "<":
            return bool(a < b)
        case "<=":
            return bool(a <= b)
        case ">":
            return bool(a > b)
        case ">=":
            return bool(a >= b)
    raise InternalError(f"unknown comparison {op}")


def _call(expr: Call, args: list[Any]) -> Any:
    if expr.key in ("add", "subtract", "multiply", "divide", "modulo"):
        if any(a is None for a in args):
            return None
        return _arithmetic(expr, args[0], args[1])
    if expr.key == "avg_divide":
        return _avg(expr, args[0], args[1])
    from .functions import scalar  # many modules, which the constants of most queries do without

    function = scalar.FUNCTIONS.get(expr.key)
    if function is None:
        raise CannotEvaluate(expr.key)
    if expr.key not in scalar.NULL_TOLERANT and any(a is None for a in args):
        return None
    value = function(args, [a.type for a in expr.args], expr.type)
    limit = expr.type.text_limit if expr.type.kind in (Kind.VARBYTE, Kind.SUPER) else MAX_VARCHAR
    if isinstance(value, str) and len(value) * 4 > limit and len(value.encode()) > limit:
        longest = limit // 2 if expr.type.kind is Kind.VARBYTE else limit
        raise StringTooLong(f"the result is longer than {longest} bytes")
    return checked(value, expr.type) if isinstance(value, int) and not isinstance(value, bool) else value


def _arithmetic(expr: Call, a: Any, b: Any) -> Any:
    type = expr.type
    if type.physical is Physical.F64:
        return as_real(_float_arithmetic(expr.key, a, b), type)
    match expr.key:
        case "add":
            return checked(a + b, type)
        case "subtract":
            return checked(a - b, type)
        case "multiply":
            extra = _scale(expr.args[0].type) + _scale(expr.args[1].type) - type.scale
            product = a * b
            if type.kind is Kind.DECIMAL and extra > 0:
                product = round_div(product, 10**extra, "trunc")
            return checked(product, type)
    if b == 0:
        raise DivisionByZero("division by zero")
    if expr.key == "modulo":
        return math.fmod(a, b) if isinstance(a, float) else (abs(a) % abs(b)) * (-1 if a < 0 else 1)
    if type.kind is not Kind.DECIMAL:
        return checked(truncated(a, b), type)
    return checked(divide_decimal(a, b, type.scale - _scale(expr.args[0].type) + _scale(expr.args[1].type)), type)


def truncated(a: int, b: int) -> int:
    """a / b cut off toward zero."""
    whole = abs(a) // abs(b)
    return whole if (a < 0) == (b < 0) else -whole


def divide_decimal(a: int, b: int, power: int) -> int:
    """a * 10**power / b, cut off."""
    return truncated(a * 10**power, b) if power >= 0 else truncated(a, b * 10**-power)


def _float_arithmetic(key: str, a: float, b: float) -> float:
    result = _unchecked(key, a, b)
    if math.isinf(result) and math.isfinite(a) and math.isfinite(b):
        raise NumericOutOfRange("value out of range: overflow")
    return result


def _unchecked(key: str, a: float, b: float) -> float:
    if key in ("divide", "modulo") and b == 0:
        raise DivisionByZero("division by zero")
    match key:
        case "add":
            return a + b
        case "subtract":
            return a - b
        case "multiply":
            return a * b
        case "divide":
            return a / b
        case _:
            return math.fmod(a, b)


def _avg(expr: Call, total: Any, count: Any) -> Any:
    if total is None or not count:
        return None
    if expr.type.physical is Physical.F64:
        return float(total) / count
    return divide_decimal(total, count, _scale(expr.type) - _scale(expr.args[0].type))


def _scale(type: SqlType) -> int:
    return type.scale if type.kind is Kind.DECIMAL else 0


def checked(value: int, type: SqlType) -> int:
    low, high = type.integer_limits
    if not low <= value <= high:
        if type.kind is Kind.DECIMAL:
            raise NumericOutOfRange("Numeric data overflow (result precision)")
        raise NumericOutOfRange(f"{type} out of range")
    return value


def as_real(value: float, type: SqlType) -> float:
    """Single precision for REAL."""
    if type.kind is not Kind.REAL or not math.isfinite(value):
        return value
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        raise NumericOutOfRange("real out of range") from None
    return rounded


def cast(value: Any, source: SqlType, to: SqlType, implicit: bool = True) -> Any:
    """CAST of a physical value."""
    if value is None or source == to:
        return value
    if to.is_string and source.kind is Kind.UNKNOWN:
        return _text(value, to, implicit)
    if source.is_exact and to.is_exact:
        shift = _scale(to) - _scale(source)
        return checked(value * 10**shift if shift >= 0 else round_div(value, 10**-shift, "down"), to)
    from .functions import binary, semistructured
    from .functions.text import parse_text, print_text

    if to.is_super:
        return semistructured.to_super(value, source)
    if source.is_super:
        return semistructured.lax(value, to, implicit)
    if to.is_sketch:
        from ..storage.sketches import parse

        return parse(value)
    if Kind.VARBYTE in (source.kind, to.kind):
        return binary.cast(value, source, to, implicit)
    if source.physical is Physical.STR:
        return _text(value, to, implicit) if to.physical is Physical.STR else parse_text(value, to)
    if to.physical is Physical.STR:
        return _text(print_text(value, source), to, implicit)
    if source.is_interval and to.is_interval:
        return cut(value, to)
    if source.is_exact and to.is_float:
        return as_real(value / 10 ** _scale(source), to)
    if source.is_float:
        return _from_float(value, to)
    return _cast_other(value, source, to)


def _from_float(value: float, to: SqlType) -> Any:
    if to.is_float:
        return as_real(value, to)
    if not math.isfinite(value):
        raise NumericOutOfRange(f"{to} out of range")
    if to.is_integer:
        return checked(round(value), to)  # halves to the even number, as the native op has it
    scaled = value * 10 ** _scale(to)
    if math.isinf(scaled):
        raise NumericOutOfRange("Numeric data overflow (result precision)")
    return checked(int(math.copysign(math.floor(abs(scaled) + 0.5), scaled)), to)


def _cast_other(value: Any, source: SqlType, to: SqlType) -> Any:
    kinds = (source.kind, to.kind)
    if source.kind is Kind.BOOLEAN and to.is_integer:
        return int(value)
    if source.is_integer and to.kind is Kind.BOOLEAN:
        return value != 0
    if kinds in ((Kind.DATE, Kind.TIMESTAMP), (Kind.DATE, Kind.TIMESTAMPTZ)):
        return value * MICROSECONDS_PER_DAY
    if kinds in ((Kind.TIMESTAMP, Kind.DATE), (Kind.TIMESTAMPTZ, Kind.DATE)):
        return value // MICROSECONDS_PER_DAY
    if to.is_clock and source.kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
        return value % MICROSECONDS_PER_DAY
    if source.physical is to.physical:
        return value
    raise CannotEvaluate(f"cast from {source} to {to}")


def _text(value: str, to: SqlType, implicit: bool) -> str:
    """Text cut to a declared length in bytes by an explicit cast; CHAR values drop trailing blanks."""
    if to.length and not implicit:
        raw = value.encode()
        if len(raw) > to.length:
            value = raw[: to.length].decode(errors="ignore")
    return fixed_text(value) if to.kind is Kind.CHAR else value


def fold(expr: Expr) -> Literal | None:
    """A literal for a constant expression, or None where it must be left for run time."""
    try:
        value = evaluate(expr)
    except (CannotEvaluate, Error):
        return None
    return Literal(value, expr.type, -1, getattr(expr, "span", None))
