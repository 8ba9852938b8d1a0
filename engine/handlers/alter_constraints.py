"""ALTER TABLE ADD table_constraint, DROP CONSTRAINT (r_ALTER_TABLE.md): the definition changes and nothing is checked.

    add .... the rules of CREATE TABLE (constraints.py); a primary key takes columns that are NOT NULL already
    drop ... by the name that the catalogue shows (engine/virtual/constraints.py); what foreign keys of tables refer to
             goes with CASCADE only, and takes them along. Columns of a dropped primary key stay NOT NULL
"""

from __future__ import annotations

from dataclasses import replace

from ...errors import DependentObjects, InvalidDefinition, ProgrammingError, UndefinedObject
from ...planner.statements import AddConstraint, DropConstraint, RelationName
from ...storage.catalog.delta import Delta
from ...storage.schema import Constraint, Table
from ..access import need_owner
from ..context import Context
from ..result import Result
from ..virtual.constraints import constraint_names, constraints_of
from . import names
from .constraints import check, parse_reference, points_to, resolved

TAG = "ALTER TABLE"


def run(statement: AddConstraint | DropConstraint, context: Context) -> Result:
    need_owner(context, names.table(statement.table, context), "alter", "alter table")
    table = names.locked(statement.table, context, closed=True)
    if isinstance(statement, AddConstraint):
        changed: tuple[Table, ...] = (_added(table, statement, context),)
    else:
        changed = _dropped(table, statement, context)
    context.session.commit_delta(Delta(replace=changed))
    return Result(TAG, notices=context.notices)


def _added(table: Table, statement: AddConstraint, context: Context) -> Table:
    new = statement.constraint
    check(new, table.name, {c.name for c in table.columns}, table.constraints)
    if new.name and new.name in constraint_names(table):
        raise ProgrammingError(f'constraint "{new.name}" for relation "{table.name}" already exists', sqlstate="42710",
                              position=statement.position)
    primary = new.columns if new.kind == "primary key" else ()
    for column in table.columns:
        if column.name in primary and column.nullable:
            raise InvalidDefinition(f'a primary key cannot be added on the nullable column "{column.name}"',
                                    hint="Only columns that were made NOT NULL can be in it.",
                                    position=statement.position)
    new = resolved(new, RelationName(table.schema, table.name), table.constraints, context)
    return _with_constraints(table, (*table.constraints, new))


def _dropped(table: Table, statement: DropConstraint, context: Context) -> tuple[Table, ...]:
    found = [c for c in constraints_of(table) if c.name == statement.name]
    if not found:
        raise UndefinedObject(f'constraint "{statement.name}" does not exist', position=statement.position)
    gone = table.constraints[found[0].number - 1]
    rest = table.constraints[: found[0].number - 1] + table.constraints[found[0].number :]
    users = {} if _still_unique(gone, rest) else _foreign_keys(table, gone, context)
    if users and not statement.cascade:
        raise DependentObjects(
            f"cannot drop constraint {statement.name} on table {table.name} because other objects depend on it",
            detail="; ".join([f"a foreign key of table {t.name} depends on it" for t in users]),
            hint="Use DROP ... CASCADE to drop the dependent objects too.", position=statement.position,
        )
    mine = users.pop(table, ())
    others = [_with_constraints(t, tuple([c for c in t.constraints if c not in keys])) for t, keys in users.items()]
    return (_with_constraints(table, tuple([c for c in rest if c not in mine])), *others)


def _still_unique(gone: Constraint, rest: tuple[Constraint, ...]) -> bool:
    """Nothing can depend on it, or something else says the same."""
    same = [c for c in rest if c.kind != "foreign key" and set(c.columns) == set(gone.columns)]
    return gone.kind == "foreign key" or bool(same)


def _foreign_keys(table: Table, gone: Constraint, context: Context) -> dict[Table, tuple[Constraint, ...]]:
    """Tables with their foreign keys that refer to the constraint's columns."""
    found = {}
    for other in context.view.relations():
        keys = tuple([
            c for c in (other.constraints if isinstance(other, Table) else ())
            if points_to(c, table) and set(parse_reference(c.references)[2]) == set(gone.columns)
        ])
        if keys and isinstance(other, Table):
            found[table if other.id == table.id else other] = keys
    return found


def _with_constraints(table: Table, constraints: tuple[Constraint, ...]) -> Table:
    """The table with these; its columns say whether they are in the primary key."""
    primary = {name for c in constraints if c.kind == "primary key" for name in c.columns}
    columns = tuple([replace(c, primary_key=c.name in primary) for c in table.columns])
    return replace(table, columns=columns, constraints=constraints)
