"""CREATE SCHEMA."""

from __future__ import annotations

from ...errors import ProgrammingError
from ...planner.statements import CreateSchema
from ...storage.access.facts import Fact
from ...storage.catalog.delta import Delta
from ..access import need_database, need_system, user
from ..context import Context
from ..result import Result
from . import names


def run(statement: CreateSchema, context: Context) -> Result:
    name = statement.name
    need_database(context, "create", "create schema")
    check_name(name)
    made = False
    if name in context.view.schemas():
        if not statement.if_not_exists:
            raise ProgrammingError(f'schema "{name}" already exists', sqlstate="42P06")
    else:
        owner = context.user
        if statement.authorization is not None:
            owner = user(context, statement.authorization).name
            if owner != context.user:
                need_system(context, "create schema", "create a schema for another user")
        fact = Fact("schema", name, {"owner": owner})
        made = names.created(Delta(create_schemas=(name,), facts=(fact,)), statement.if_not_exists, context)
    if not made:
        context.notice("INFO", f'Schema "{name}" already exists and will be skipped')
    return Result("CREATE SCHEMA", notices=context.notices)


def check_name(name: str) -> None:
    if name.startswith("pg_"):
        raise ProgrammingError(
            f'unacceptable schema name "{name}"',
            detail='The prefix "pg_" is reserved for system schemas.',
            sqlstate="42939",
        )
