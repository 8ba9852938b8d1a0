"""COMMENT ON: a text kept beside a relation, a column, a constraint, a schema or the database; NULL takes it away."""

from __future__ import annotations

from ...errors import ProgrammingError, UndefinedColumn, UndefinedObject
from ...planner.statements import Comment
from ...storage.access.facts import Fact, of_relation
from ...storage.access.privileges import DATABASE_OBJECT, schema_object
from ...storage.catalog.delta import Delta
from ...storage.schema import Table, View
from .. import access
from ..context import Context
from ..result import Result
from ..virtual.constraints import constraint_names
from ..virtual.relations import columns_of
from . import names


def run(statement: Comment, context: Context) -> Result:
    value = None if statement.text is None else {"text": statement.text}
    context.session.commit_delta(Delta(facts=(Fact("comment", _key(statement, context), value),)))
    return Result("COMMENT", notices=context.notices)


def _key(statement: Comment, context: Context) -> str:
    name = statement.name
    if statement.kind == "database":
        if name.name != context.session.database_label:
            raise UndefinedObject(f'database "{name.name}" does not exist', sqlstate="3D000", position=name.position)
        access.need_system(context, "alter database", "comment on the database")
        return DATABASE_OBJECT
    if statement.kind == "schema":
        if name.name not in context.view.schemas():
            raise UndefinedObject(f'schema "{name.name}" does not exist', sqlstate="3F000", position=name.position)
        access.need_schema_owner(context, name.name)
        return schema_object(name.name)
    return of_relation(_relation(statement, context).id) + _part(statement, context)


def _relation(statement: Comment, context: Context) -> Table | View:
    found = names.find(statement.name, context)
    if found is None:
        raise names.undefined(statement.name, context)
    access.need_owner(context, found)
    wanted = {"view": View, "table": Table}.get(statement.kind)
    if wanted is not None and not isinstance(found, wanted):
        raise ProgrammingError(f'"{found.name}" is not a {statement.kind}', sqlstate="42809",
                               position=statement.name.position)
    return found


def _part(statement: Comment, context: Context) -> str:
    """Which part of the relation: nothing, a column's number, `c` and a constraint's name."""
    relation = _relation(statement, context)
    if statement.kind == "column":
        for column in columns_of(relation, context):
            if column.name == statement.part:
                return str(column.number)
        raise UndefinedColumn(f'column "{statement.part}" of relation "{relation.name}" does not exist')
    if statement.kind == "constraint":
        if statement.part not in constraint_names(relation):
            raise UndefinedObject(f'constraint "{statement.part}" for table "{relation.name}" does not exist')
        return f"c{statement.part}"
    return ""
