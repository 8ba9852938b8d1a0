"""DEFAULT expressions: checked when the table is made, evaluated anew by each statement."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import Error, InvalidDefinition, NotSupportedError
from ...planner.binder import check_assignable
from ...planner.expressions import Expr
from ...planner.statements import ColumnDefinition
from ...storage.schema import Column
from ..context import Context
from ..evaluate import CannotEvaluate, evaluate
from .assignment import assign
from .binding import bind_expression, bind_expression_text


def check_default(definition: ColumnDefinition, context: Context) -> None:
    """The default binds without columns, subqueries and users' functions, and its value fits the column."""
    _refuse(definition, context)
    expr = bind_expression(definition.default, context, "DEFAULT")
    column = Column(0, definition.name, definition.type)
    check_assignable(expr.type, column, definition.position)
    try:
        assign(value_of(expr), expr.type, column, context.settings.zone)
    except NotSupportedError:
        raise
    except Error as error:
        raise InvalidDefinition(
            f'the default of column "{definition.name}" does not fit its type {definition.type}',
            detail=error.message,
            position=definition.position,
        ) from error


def _refuse(definition: ColumnDefinition, context: Context) -> None:
    """What a DEFAULT cannot have (r_CREATE_TABLE_NEW)."""
    made = {name for _, name in context.view.facts.directory.functions}
    for node in definition.default.walk():
        found = "a subquery" if isinstance(node, exp.Query) else ""
        if isinstance(node, exp.Anonymous) and node.name.lower() in made:
            found = "a user-defined function"
        if found:
            raise InvalidDefinition(f"cannot use {found} in a DEFAULT expression", sqlstate="0A000",
                                    position=definition.position)


def default_value(column: Column, context: Context) -> Any:
    """The physical value of a column's DEFAULT for this statement; None without one."""
    if column.default_sql is None or column.identity is not None:
        return None
    expr = bind_expression_text(column.default_sql, context)
    return assign(value_of(expr), expr.type, column, context.settings.zone)


def value_of(expr: Expr) -> Any:
    """The value of an expression without columns."""
    try:
        return evaluate(expr)
    except CannotEvaluate as reason:
        raise NotSupportedError(f"cannot evaluate {reason} here; use INSERT ... SELECT") from None
