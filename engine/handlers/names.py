"""Finding the relation a statement names, with the errors users know."""

from __future__ import annotations

import difflib

from ...errors import Error, InvalidDefinition, NotSupportedError, ProgrammingError, UndefinedObject, UndefinedTable
from ...planner.statements import RelationName
from ...storage.catalog.delta import Delta
from ...storage.schema import ExternalTable, Table, View
from ...storage.temporary import PG_TEMP, TemporaryDatabase
from ..access import need, need_database, need_schema
from ..context import Context
from ..virtual import VIRTUAL_TABLES, find_virtual

SYSTEM_SCHEMAS = ("pg_catalog", "information_schema")


def find(name: RelationName, context: Context) -> Table | View | None:
    """The table or view, or None."""
    return context.view.relation(name.schema, name.name)


def external(name: RelationName, context: Context) -> ExternalTable | None:
    """The external table, or None."""
    if name.schema is None or not context.view.facts.keys("external schema"):
        return None
    from ..lake.tables import find as find_external

    return find_external(name.schema, name.name, context)


def table(name: RelationName, context: Context) -> Table:
    """The base table a statement changes or reads; an error that says what it is otherwise."""
    found = find(name, context)
    if isinstance(found, Table):
        return found
    if found is None and external(name, context) is not None:
        raise NotSupportedError(
            f'cannot change external table "{name}"', position=name.position,
            hint="External tables are read, and added to by INSERT; ALTER TABLE changes their definition.",
        )
    if isinstance(found, View):
        raise ProgrammingError(f'"{name.name}" is a view, not a table', sqlstate="42809", position=name.position)
    if find_virtual(name.schema, name.name) is not None:
        raise system_relation(name)
    raise undefined(name, context)


def locked(name: RelationName, context: Context, needs: str = "", *, closed: bool = False) -> Table:
    """The base table a statement is to write, its write lock taken, as the statement sees it from now on; `needs`: a
    privilege on it, `closed`: nobody else may read it either."""
    wanted = table(name, context)
    if needs:
        need(context, wanted, needs)
    context.session.lock(context, [wanted])
    if closed:
        context.session.close_tables(context, [wanted])
    found = table(name, context)
    context.transaction.check_newest(found)
    return found


def appended(name: RelationName, context: Context) -> Table:
    """The base table a statement adds rows to, its write lock taken: what others added meanwhile does not matter."""
    wanted = table(name, context)
    need(context, wanted, "insert")
    context.session.lock(context, [wanted])
    return table(name, context)


def undefined(name: RelationName, context: Context) -> Error:
    """The error for a name that is not there, with a near name or the missing schema."""
    if name.schema is not None and name.schema not in context.view.schemas():
        return UndefinedObject(f'schema "{name.schema}" does not exist', sqlstate="3F000", position=name.position)
    names = {r.name for r in context.view.relations(name.schema)}
    near = difflib.get_close_matches(name.name, names, n=1)
    error = UndefinedTable(
        f'relation "{name}" does not exist',
        hint=f'Did you mean "{near[0]}"?' if near else None,
        position=name.position,
    )
    error.relation = name.schema, name.name
    return error


def system_relation(name: RelationName) -> ProgrammingError:
    return ProgrammingError(
        f'permission denied: "{name.name}" is a system catalog', sqlstate="42501", position=name.position
    )


def new_table_schema(name: RelationName, temporary: bool, context: Context) -> tuple[str, bool]:
    """(the schema a new table goes to, is it temporary). A name with # in front means a temporary table."""
    if not temporary and not name.name.startswith("#") and name.schema != PG_TEMP:
        return target_schema(name, context, "create table"), False
    need_database(context, "temporary")
    made: TemporaryDatabase = context.session.make_temporary()
    if name.schema not in (None, PG_TEMP, made.schema):
        raise ProgrammingError("cannot create temporary relation in non-temporary schema", sqlstate="42P16",
                               hint="Temporary tables are in a schema of their own.", position=name.position)
    return made.schema, True


def target_schema(name: RelationName, context: Context, system: str = "") -> str:
    """The schema a new relation goes to, in which the user may create (by privilege, or by a system permission)."""
    schema = _target_schema(name, context)
    if schema in context.view.facts.keys("external schema"):
        raise InvalidDefinition(f'schema "{schema}" is an external schema: it holds external tables alone',
                                sqlstate="42809", position=name.position)
    need_schema(context, schema, "create", system)
    return schema


def _target_schema(name: RelationName, context: Context) -> str:
    """The one named, or the first of the search path that exists."""
    schemas = context.view.schemas()
    if name.schema is not None:
        if name.schema in SYSTEM_SCHEMAS:
            raise system_relation(name)
        if name.schema not in schemas:
            raise undefined(name, context)
        return name.schema
    for schema in context.search_path:
        if schema in schemas and schema not in SYSTEM_SCHEMAS:
            return schema
    raise UndefinedObject("no schema has been selected to create in", sqlstate="3F000")


def is_taken(schema: str, name: str, context: Context) -> bool:
    return context.view.relation(schema, name) is not None or f"{schema}.{name}" in VIRTUAL_TABLES


def created(delta: Delta, if_not_exists: bool, context: Context) -> bool:
    """Make what a CREATE says; False: another session has made one of that name meanwhile, which IF NOT EXISTS allows
    a statement by itself."""
    try:
        context.session.commit_delta(delta)
    except ProgrammingError as error:
        if not if_not_exists or not context.transaction.single or error.sqlstate not in ("42P06", "42P07"):
            raise
        return False
    return True
