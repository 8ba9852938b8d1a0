"""SELECT (and every other query): plan it, run it, hand the stream on."""

from __future__ import annotations

from ...planner.physical import PhysicalQuery
from ...planner.statements import QueryText, Select
from ..context import Context
from ..execute import execute
from ..result import Result, ResultColumn
from .binding import plan


def run(statement: Select | QueryText, context: Context) -> Result:
    physical = plan(statement.tree if isinstance(statement, Select) else statement, context)
    return Result("SELECT", result_columns(physical), execute(physical, context), notices=context.notices)


def result_columns(physical: PhysicalQuery) -> tuple[ResultColumn, ...]:
    """Names and types as users see them."""
    return tuple(
        ResultColumn(name, ref.type, ref.nullable) for name, ref in zip(physical.names, physical.columns)
    )
