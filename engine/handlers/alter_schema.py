"""ALTER SCHEMA: another name, another owner.

Relations are kept under their schema's name, so all of them get the new one in the same commit. While a view reads
something of the schema, its text would go on naming the old one: then a new name is refused.
"""

from __future__ import annotations

from dataclasses import replace

from ...errors import DependentObjects, PermissionDenied, ProgrammingError, UndefinedObject
from ...planner.statements import AlterSchema
from ...storage.access.facts import Fact
from ...storage.catalog.delta import Delta
from ...storage.catalog.state import BUILTIN_SCHEMAS
from ...storage.schema import Table
from .. import access
from ..context import Context
from ..result import Result
from .constraints import refers_to
from .create_schema import check_name
from .dependencies import dependents, key
from .functions import functions_of_schema

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
    views = [v.name for v in dependents({key(r) for r in inside}, context.view)]
    tables = [
        t.name for t in context.view.relations()
        if isinstance(t, Table) and any(isinstance(r, Table) and refers_to(t, r) for r in inside)
    ]
    functions = functions_of_schema(name, context)
    if views or tables or functions:
        raise DependentObjects(
            f"cannot rename schema {name} because other objects depend on it",
            detail="; ".join([f"view {v} depends on it" for v in views]
                             + [f"a foreign key of table {t} depends on it" for t in tables]
                             + [f"function {f.signature} depends on it" for f in functions]),
            hint="Drop them first, and make them again.",
        )
    external: tuple[Fact, ...] = ()
    if name in context.view.facts.keys("external schema"):
        from .external_schema import renamed

        external = renamed(name, new, context)
    context.session.lock(context, [r for r in inside if isinstance(r, Table)])
    return Delta(
        create_schemas=(new,), replace=tuple(replace(r, schema=new) for r in inside),
        facts=(*access.facts_of_schema(context, name, new), *external), drop_schemas=(name,),
    )
