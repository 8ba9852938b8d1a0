"""CREATE EXTERNAL SCHEMA, and what DROP SCHEMA takes away of one.

An external schema is a schema like others (GRANT, ALTER SCHEMA, COMMENT), of which a fact says which database of the
data catalogue it shows. No local relation can be made in it.
"""
from __future__ import annotations

from ...errors import NotSupportedError, ProgrammingError, UndefinedObject
from ...planner.statements import CreateExternalSchema
from ...storage.access.facts import Fact
from ...storage.catalog.delta import Delta
from ...storage.lake.catalogue import GLUE, SCHEMA, ExternalSchema, database_fact, dropped_database
from ..access import need_database
from ..context import Context
from ..lake.tables import refuse_block
from ..result import Result
from .create_schema import check_name

TAG = "CREATE SCHEMA"


def run(statement: CreateExternalSchema, context: Context) -> Result:
    need_database(context, "create", "create schema")
    if statement.create_database:
        refuse_block("CREATE EXTERNAL SCHEMA ... CREATE EXTERNAL DATABASE", context)
    name = statement.name
    check_name(name)
    if name in context.view.schemas():
        if not statement.if_not_exists:
            raise ProgrammingError(f'schema "{name}" already exists', sqlstate="42P06")
        context.notice("INFO", f'Schema "{name}" already exists and will be skipped')
        return Result(TAG, notices=context.notices)
    facts = [Fact("schema", name, {"owner": context.user}), _schema(statement, context).fact()]
    if context.settings["data_catalogue"] == GLUE:
        _check_glue(statement, context)
    elif statement.database not in context.view.facts.lake.databases:
        if not statement.create_database:
            raise UndefinedObject(f'external database "{statement.database}" does not exist', sqlstate="3D000",
                                  hint="CREATE EXTERNAL DATABASE IF NOT EXISTS makes it.")
        facts.append(database_fact(statement.database))
        context.notice("INFO", f'External database "{statement.database}" created')
    context.session.commit_delta(Delta(create_schemas=(name,), facts=tuple(facts)))
    return Result(TAG, notices=context.notices)


def _schema(statement: CreateExternalSchema, context: Context) -> ExternalSchema:
    return ExternalSchema(statement.name, statement.database, context.database.new_id(),
                          context.settings["data_catalogue"], statement.region, statement.options)


def _check_glue(statement: CreateExternalSchema, context: Context) -> None:
    from ...storage.lake.glue import GlueCatalogue

    glue = GlueCatalogue.of(statement.region)
    if glue.has_database(statement.database):
        return
    if not statement.create_database:
        raise UndefinedObject(f'database "{statement.database}" does not exist in AWS Glue', sqlstate="3D000")
    glue.make_database(statement.database)
    context.notice("INFO", f'External database "{statement.database}" created')


def dropped(names: list[str], database: bool, cascade: bool, context: Context) -> tuple[Fact, ...]:
    """Facts that go with schemas; `database`: with the databases that they show, and those databases' other schemas
    keep their names."""
    lake = context.view.facts.lake
    schemas = [lake.schemas[name] for name in names if name in lake.schemas]
    facts = [Fact(SCHEMA, schema.name) for schema in schemas]
    if not database:
        return tuple(facts)
    if not schemas:
        context.notice("INFO", "No external database exists")
    if any(schema.catalogue == GLUE for schema in schemas):
        raise NotSupportedError("databases of AWS Glue are not dropped here")
    for wanted in dict.fromkeys(schema.database for schema in schemas):
        if wanted not in lake.databases:
            context.notice("INFO", f'External database "{wanted}" does not exist')
            continue
        inside = [source.name for source in lake.sources(wanted)]
        if inside and not cascade:
            raise ProgrammingError(
                f'cannot drop external database "{wanted}" because other objects depend on it',
                detail=f"It holds {', '.join(inside[:5])}{' and more' if len(inside) > 5 else ''}.",
                hint="Use DROP ... CASCADE to drop the dependent objects too.", sqlstate="2BP01",
            )
        facts += dropped_database(lake, wanted)
    return tuple(facts)


def renamed(name: str, new: str, context: Context) -> tuple[Fact, ...]:
    """What gives an external schema's database to its new name."""
    lake = context.view.facts.lake
    found = lake.schemas.get(name)
    if found is None:
        return ()
    moved = ExternalSchema(new, found.database, found.id, found.catalogue, found.region, found.options)
    return Fact(SCHEMA, name), moved.fact()
