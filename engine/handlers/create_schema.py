"""CREATE SCHEMA."""

from __future__ import annotations

from ...errors import ProgrammingError
from ...planner.statements import CreateSchema
from ...storage.catalog.delta import Delta
from ..context import Context
from ..result import Result


def run(statement: CreateSchema, context: Context) -> Result:
    name = statement.name
    if name.startswith("pg_"):
        raise ProgrammingError(
            f'unacceptable schema name "{name}"',
            detail='The prefix "pg_" is reserved for system schemas.',
            sqlstate="42939",
        )
    if name in context.view.schemas():
        if not statement.if_not_exists:
            raise ProgrammingError(f'schema "{name}" already exists', sqlstate="42P06")
        context.notice("INFO", f'Schema "{name}" already exists and will be skipped')
    else:
        context.session.commit_delta(Delta(create_schemas=(name,)))
    return Result("CREATE SCHEMA", notices=context.notices)
