"""Plain literals and parameters of VALUES lists, without the binder: what long lists consist of."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import ProgrammingError
from ...planner import constants
from ...planner.expressions import Literal
from ...storage.types import BOOLEAN, UNKNOWN


def literal(node: exp.Expr, parameters: tuple[Any, ...]) -> Literal | None:
    """The constant that a literal, NULL, boolean or $n is; None for any other expression."""
    if isinstance(node, exp.Literal):
        return Literal(node.this, UNKNOWN) if node.is_string else constants.number(node.this)
    if isinstance(node, exp.Null):
        return constants.NULL
    if isinstance(node, exp.Boolean):
        return Literal(bool(node.this), BOOLEAN)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return constants.number(node.this.this, negative=True)
    if isinstance(node, exp.Parameter) and isinstance(node.this, exp.Literal):
        return parameter(int(node.this.this), parameters)
    return None


def parameter(number: int, parameters: tuple[Any, ...]) -> Literal:
    if not 1 <= number <= len(parameters):
        raise ProgrammingError(f"there is no parameter ${number}", sqlstate="42P02")
    return constants.parameter(parameters[number - 1])
