"""DROP TABLE, VIEW and SCHEMA; without CASCADE refused while other objects depend on them."""

from __future__ import annotations

from dataclasses import replace

from ...errors import DependentObjects, ProgrammingError, UndefinedObject, UndefinedTable
from ...planner.statements import Drop, RelationName
from ...storage.catalog.delta import Delta
from ...storage.schema import ExternalTable, Table, View
from ..access import facts_of_schema, need_owner, need_schema_owner
from ..context import Context
from ..result import Result
from ..virtual import find_virtual
from . import names
from .constraints import refers_to, without_references
from .dependencies import dependents, key
from .functions import facts_of, functions_of_schema


def run(statement: Drop, context: Context) -> Result:
    find = _drop_schemas if statement.kind == "schema" else _drop_relations
    dropped = find(statement, replace(context, notices=[])).drop
    tables = [t for t in dropped if isinstance(t, Table)]
    context.session.lock(context, tables)
    context.session.close_tables(context, tables)
    delta = find(statement, context)  # as it is now that nobody else changes it
    if delta:
        context.session.commit_delta(delta)
    if statement.kind == "table" and context.view.facts.keys("external schema"):
        from .alter_external import drop_elsewhere

        drop_elsewhere(statement.names, context)
    return Result(f"DROP {statement.kind.upper()}", notices=context.notices)


def _drop_relations(statement: Drop, context: Context) -> Delta:
    targets: list[Table | View] = []
    external: list[ExternalTable] = []
    for name in statement.names:
        outside = names.external(name, context) if statement.kind == "table" else None
        if outside is not None:
            external.append(outside)
            continue
        found = _target(statement.kind, name, statement.if_exists, context)
        if found is not None and found not in targets:
            targets.append(found)
    delta = _with_dependents(targets, statement.cascade, context, statement.kind)
    if not external:
        return delta
    from .alter_external import drop

    return replace(delta, facts=drop(external, context))


def _target(kind: str, name: RelationName, if_exists: bool, context: Context) -> Table | View | None:
    found = names.find(name, context)
    if found is not None:
        need_owner(context, found, "drop", f"drop {kind}")
    if found is None and find_virtual(name.schema, name.name) is not None:
        raise names.system_relation(name)
    if found is None:
        if if_exists:
            context.notice("INFO", f'{kind.capitalize()} "{name.name}" does not exist and will be skipped')
            return None
        near = names.undefined(name, context)
        raise UndefinedTable(f'{kind} "{name.name}" does not exist', hint=near.hint, position=name.position)
    actual = "view" if isinstance(found, View) else "table"
    if actual != kind:
        raise ProgrammingError(
            f'"{name.name}" is not a {kind}',
            hint=f"Use DROP {actual.upper()} to remove a {actual}.",
            sqlstate="42809",
            position=name.position,
        )
    return found


def _with_dependents(targets: list[Table | View], cascade: bool, context: Context, kind: str) -> Delta:
    """The delta that drops `targets`, and with CASCADE what depends on them."""
    keys = {key(t) for t in targets}
    views = [v for v in dependents(keys, context.view) if v not in targets]
    referring = [
        t
        for t in context.view.relations()
        if isinstance(t, Table) and t not in targets and any(isinstance(d, Table) and refers_to(t, d) for d in targets)
    ]
    if not cascade and (views or referring):
        first = targets[0].name if targets else ""
        raise DependentObjects(
            f"cannot drop {kind} {first} because other objects depend on it",
            detail="; ".join(
                [f"view {v.name} depends on it" for v in views]
                + [f"a foreign key of table {t.name} depends on it" for t in referring]
            ),
            hint="Use DROP ... CASCADE to drop the dependent objects too.",
        )
    replaced = tuple(replace(t, constraints=without_references(t, keys)) for t in referring)
    return Delta(drop=(*targets, *views), replace=replaced)


def _drop_schemas(statement: Drop, context: Context) -> Delta:
    dropped: list[str] = []
    inside: list[Table | View] = []
    for name in statement.names:
        if name.name not in context.view.schemas():
            if not statement.if_exists:
                raise UndefinedObject(f'schema "{name.name}" does not exist', sqlstate="3F000", position=name.position)
            context.notice("INFO", f'Schema "{name.name}" does not exist and will be skipped')
        elif name.name not in dropped:
            need_schema_owner(context, name.name, "drop schema")
            dropped.append(name.name)
            inside += context.view.relations(name.name)
    functions = [f for name in dropped for f in functions_of_schema(name, context)]
    if functions and not statement.cascade:
        raise DependentObjects(f"cannot drop schema {dropped[0]} because other objects depend on it",
                               detail="; ".join(f"function {f.signature} depends on it" for f in functions),
                               hint="Use DROP ... CASCADE to drop the dependent objects too.")
    facts = tuple(f for name in dropped for f in facts_of_schema(context, name))
    facts += tuple(f for made in functions for f in facts_of(made, context))
    if statement.database or any(name in context.view.facts.keys("external schema") for name in dropped):
        from .external_schema import dropped as dropped_external

        facts += dropped_external(dropped, statement.database, statement.cascade, context)
    if not statement.cascade:
        return Delta(drop_schemas=tuple(dropped), facts=facts)  # the commit refuses schemas that hold something
    below = _with_dependents(inside, True, context, "schema")
    return Delta(drop=below.drop, replace=below.replace, facts=facts, drop_schemas=tuple(dropped))
