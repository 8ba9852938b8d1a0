"""Plain literals and parameters of VALUES lists, without the binder: what long lists consist of."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import ProgrammingError
from ...storage.types import BOOLEAN, MAX_PRECISION, UNKNOWN, SqlType, decimal
from ..python_values import integer_type, typed

Typed = tuple[Any, SqlType]


def literal(node: exp.Expr, parameters: tuple[Any, ...]) -> Typed | None:
    """(physical value, type) of a literal, NULL, boolean or $n; None for any other expression."""
    if isinstance(node, exp.Literal):
        return (node.this, UNKNOWN) if node.is_string else _number(node.this)
    if isinstance(node, exp.Null):
        return None, UNKNOWN
    if isinstance(node, exp.Boolean):
        return bool(node.this), BOOLEAN
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        positive = _number(node.this.this)
        return None if positive is None else (-positive[0], positive[1])
    if isinstance(node, exp.Parameter):
        return parameter(node, parameters)
    return None


def parameter(node: exp.Parameter, parameters: tuple[Any, ...]) -> Typed:
    number = int(node.this.this)
    if not 1 <= number <= len(parameters):
        raise ProgrammingError(f"there is no parameter ${number}", sqlstate="42P02")
    return typed(parameters[number - 1])


def _number(text: str) -> Typed | None:
    """Whole numbers and plain decimals; None for those with an exponent."""
    if text.isdigit():
        value = int(text)
        return value, integer_type(value)
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    if not digits.isdigit():
        return None
    value = int(digits)
    precision = max(len(digits.lstrip("0")), len(fraction), 1)
    return (value, decimal(precision, len(fraction))) if precision <= MAX_PRECISION else None
