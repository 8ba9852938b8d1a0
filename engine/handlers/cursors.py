"""DECLARE, FETCH, CLOSE: a transaction's cursor (engine/cursors.py).

One cursor may be open in a session. On a cluster of one node FETCH gives at most 1,000 rows at a time and knows no
ALL (fetch.md); compatibility 'extended' does without that limit.
"""
from __future__ import annotations

from ...errors import NotSupportedError, OperationalError, ProgrammingError
from ...planner.statements import CloseCursor, DeclareCursor, Fetch, Select
from ..context import Context
from ..cursors import OpenCursor
from ..result import Result
from .binding import plan
from .select import result_columns

SINGLE_NODE_ROWS = 1000


def run(statement: DeclareCursor | Fetch | CloseCursor, context: Context) -> Result:
    match statement:
        case DeclareCursor():
            return _declare(statement, context)
        case Fetch():
            return _fetch(statement, context)
        case CloseCursor():
            _find(statement, context)
            context.session.block.close_cursor()
            return Result("CLOSE CURSOR")


def _declare(statement: DeclareCursor, context: Context) -> Result:
    block = context.session.block
    if context.transaction.single:
        raise OperationalError("DECLARE CURSOR may only be used in transaction blocks", sqlstate="25P01",
                               position=statement.position)
    if block.cursor is not None:
        same = block.cursor.name == statement.name
        raise ProgrammingError(
            f'cursor "{statement.name}" already exists' if same else "only one cursor may be open in a session",
            detail=None if same else f'Cursor "{block.cursor.name}" is open.', hint="CLOSE it first.",
            sqlstate="42P03", position=statement.position,
        )
    query = statement.query
    physical = plan(query.tree if isinstance(query, Select) else query, context)
    columns = result_columns(physical, context.settings)
    block.cursor = OpenCursor(statement.name, physical, columns, context, context.transaction.pin())
    return Result("DECLARE CURSOR")


def _fetch(statement: Fetch, context: Context) -> Result:
    cursor = _find(statement, context)
    _check_size(statement, context)
    schema = Result("FETCH", cursor.columns).schema
    return Result("FETCH", cursor.columns, cursor.fetch(statement.count, schema, context), notices=context.notices)


def _check_size(statement: Fetch, context: Context) -> None:
    if context.view.topology.nodes > 1 or context.settings["compatibility"] == "extended":
        return
    hint = f"FETCH FORWARD {SINGLE_NODE_ROWS} repeatedly, or use a topology of several nodes."
    if statement.count is None:
        raise NotSupportedError("FETCH ALL is not supported for single-node clusters", hint=hint,
                                position=statement.position)
    if statement.count > SINGLE_NODE_ROWS:
        raise NotSupportedError(
            f"Fetch size {statement.count} exceeds the limit of {SINGLE_NODE_ROWS} for a single node configuration",
            hint=hint, position=statement.position,
        )


def _find(statement: Fetch | CloseCursor, context: Context) -> OpenCursor:
    cursor: OpenCursor | None = context.session.block.cursor
    if cursor is None or cursor.name != statement.name:
        raise ProgrammingError(f'cursor "{statement.name}" does not exist', sqlstate="34000",
                               position=statement.position)
    return cursor
