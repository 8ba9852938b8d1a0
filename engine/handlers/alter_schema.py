"""ALTER SCHEMA: another name, another owner.

Relations are kept under their schema's name, so all of them get the new one in the same commit, and so do the texts of
bound views (view_texts.py) and foreign keys that name one of them. While there are functions in the schema, which
bound views may call by its name, a new name is refused.
"""

from __future__ import annotations

from dataclasses import replace

from ...errors import DependentObjects, PermissionDenied, ProgrammingError, UndefinedObject
from ...planner.statements import AlterSchema
from ...storage.access.facts import Fact
from ...storage.catalog.delta import Delta
from ...storage.catalog.state import BUILTIN_SCHEMAS
from ...storage.schema import Table, View
from .. import access
from ..context import Context
from ..result import Result
from .constraints import following_tables, pointing_anew
from .create_schema import check_name
from .dependencies import key
from .functions import functions_of_schema
from .view_texts import renamed_schema

TAG = "ALTER SCHEMA"


def run(statement: AlterSchema, context: Context) -> Result:
    name = statement.name
    if name not in context.view.schemas():
        raise UndefinedObject(f'schema "{name}" does not exist', sqlstate="3F000")
    access.need_schema_owner(context, name)
    if statement.action == "owner":
        owner = access.user(context, statement.value)
        if not context.rights.superuser and owner.name != context.user:
            raise PermissionDenied("must be superuser to change the owner of a schema")
        context.session.commit_delta(Delta(facts=(Fact("schema", name, {"owner": owner.name}),)))
    elif statement.action == "rename":
        context.session.commit_delta(_renamed(name, statement.value, context))
    return Result(TAG, notices=context.notices)


def _renamed(name: str, new: str, context: Context) -> Delta:
    if name in BUILTIN_SCHEMAS:
        raise PermissionDenied(f'cannot rename the system schema "{name}"')
    check_name(new)
    if new in context.view.schemas():
        raise ProgrammingError(f'schema "{new}" already exists', sqlstate="42P06")
    inside = context.view.relations(name)
    functions = functions_of_schema(name, context)
    if functions:
        raise DependentObjects(
            f"cannot rename schema {name} because other objects depend on it",
            detail="; ".join(f"function {f.signature} depends on it" for f in functions),
            hint="Drop them first, and make them again.",
        )
    external: tuple[Fact, ...] = ()
    if name in context.view.facts.keys("external schema"):
        from .external_schema import renamed

        external = renamed(name, new, context)
    context.session.lock(context, [r for r in inside if isinstance(r, Table)])
    names = {key(r): (new, r.name) for r in inside if isinstance(r, Table)}
    changed: dict[int, Table | View] = {r.id: r for r in inside}
    changed |= {v.id: v for v in renamed_schema(inside, new, context.view)}
    moved = [replace(r, schema=new) if r.schema == name else r for r in changed.values()]
    tables = [pointing_anew(r, names) if isinstance(r, Table) else r for r in moved]
    return Delta(
        create_schemas=(new,), replace=(*tables, *following_tables(names, context)),
        facts=(*access.facts_of_schema(context, name, new), *external), drop_schemas=(name,),
    )
