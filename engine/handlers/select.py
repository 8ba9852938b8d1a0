"""SELECT (and every other query): plan it, run it, hand the stream on."""

from __future__ import annotations

from ...planner.physical import PhysicalQuery
from ...planner.statements import Select
from ..context import Context
from ..execute import execute
from ..result import Result, ResultColumn
from .binding import plan


def run(statement: Select, context: Context) -> Result:
    return stream(plan(statement.tree, context), context)


def stream(physical: PhysicalQuery, context: Context) -> Result:
    """The result of a plan, its rows still to come."""
    return Result(
        "SELECT",
        result_columns(physical),
        execute(physical, context),
        notices=context.notices,
    )


def result_columns(physical: PhysicalQuery) -> tuple[ResultColumn, ...]:
    return tuple(ResultColumn(name, ref.type, ref.nullable) for name, ref in zip(physical.names, physical.columns))
