"""Informational constraints of CREATE TABLE and ALTER TABLE ADD: PRIMARY KEY, UNIQUE, FOREIGN KEY.

They are not enforced; they are kept for the planner and for catalogue queries, so their columns and
the tables they refer to must be there. One form for all, (kind, columns, references, name):

    ("primary key", ("a", "b"), "", "")      ("foreign key", ("c",), "public.other(x)", "t_to_other")
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from ...errors import InvalidDefinition, ProgrammingError, UndefinedColumn
from ...planner.statements import CreateTable, RelationName
from ...storage.schema import Constraint, Table
from ..access import need
from ..context import Context
from . import names

_REFERENCE = re.compile(r'(?:"?([^".(]+)"?\.)?"?([^".(]+)"?\s*(?:\(([^)]*)\))?')


def constraints_of(statement: CreateTable, context: Context) -> tuple[Constraint, ...]:
    """Column constraints and table constraints, checked, the references resolved."""
    columns = {d.name for d in statement.columns}
    found: list[Constraint] = []
    for d in statement.columns:
        names_of = dict(d.constraint_names)
        if d.primary_key:
            found.append(Constraint("primary key", (d.name,), "", names_of.get("primary key", "")))
        if d.unique:
            found.append(Constraint("unique", (d.name,), "", names_of.get("unique", "")))
        if d.references:
            found.append(Constraint("foreign key", (d.name,), d.references, names_of.get("foreign key", "")))
    found += statement.constraints
    for i, constraint in enumerate(found):
        check(constraint, statement.name.name, columns, found[:i])
    return tuple([resolved(c, statement.name, found, context) for c in found])


def check(constraint: Constraint, table: str, columns: Collection[str], others: Sequence[Constraint]) -> None:
    """What a constraint that joins `others` must fulfil."""
    if constraint.kind == "primary key" and any(c.kind == "primary key" for c in others):
        raise InvalidDefinition(f'multiple primary keys for table "{table}" are not allowed')
    for key in constraint.columns:
        if key not in columns:
            raise UndefinedColumn(f'column "{key}" named in {constraint.kind} constraint does not exist')
    if constraint.name and any(c.name == constraint.name for c in others):
        raise ProgrammingError(f'constraint "{constraint.name}" for relation "{table}" already exists',
                               sqlstate="42710")


def parse_reference(text: str) -> tuple[str | None, str, tuple[str, ...]]:
    """`schema.table(a, b)` -> (schema, table, columns)."""
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        raise InvalidDefinition(f"cannot read the reference {text!r}")
    columns = tuple(c.strip().strip('"') for c in (match[3] or "").split(",") if c.strip())
    return match[1], match[2].strip(), columns


def resolved(constraint: Constraint, table: RelationName, own: Sequence[Constraint], context: Context) -> Constraint:
    """The constraint with schema and columns in its reference, or the error Redshift gives."""
    if not constraint.references:
        return constraint
    return replace(constraint, references=_resolve(constraint.columns, constraint.references, table, own, context))


def _resolve(keys: tuple[str, ...], text: str, table: RelationName, own: Sequence[Constraint], context: Context) -> str:
    schema, name, columns = parse_reference(text)
    if name == table.name and schema in (None, table.schema):
        schema, constraints = names.target_schema(table, context), tuple(own)
    else:
        other = names.table(RelationName(schema, name), context)
        need(context, other, "references")
        schema, constraints = other.schema, other.constraints
    unique = [c.columns for c in constraints if c.kind in ("primary key", "unique")]
    if not columns:
        primary = [c.columns for c in constraints if c.kind == "primary key"]
        if not primary:
            raise ProgrammingError(f'there is no primary key for referenced table "{name}"', sqlstate="42704")
        columns = primary[0]
    if len(columns) != len(keys):
        raise ProgrammingError(
            "number of referencing and referenced columns for foreign key disagree", sqlstate="42830"
        )
    if not any(set(u) == set(columns) for u in unique):
        raise ProgrammingError(
            f'there is no unique constraint matching given keys for referenced table "{name}"',
            sqlstate="42830",
        )
    return f"{schema}.{name}({', '.join(columns)})"


def refers_to(table: Table, target: Table) -> bool:
    """Has `table` a foreign key to `target`?"""
    return any(points_to(c, target) for c in table.constraints)


def points_to(constraint: Constraint, target: Table) -> bool:
    """Is the constraint a foreign key to `target`?"""
    if constraint.kind != "foreign key":
        return False
    return parse_reference(constraint.references)[:2] == (target.schema, target.name)


def pointing_anew(table: Table, renamed: dict[tuple[str, str], tuple[str, str]], old: str = "", new: str = "") -> Table:
    """The table with foreign keys that go on pointing to tables, (schema, name), under their new names; `old`, `new`:
    a column of theirs."""
    changed = []
    for constraint in table.constraints:
        if constraint.kind == "foreign key":
            schema, name, columns = parse_reference(constraint.references)
            if (target := renamed.get((schema or "", name))) is not None:
                keys = ", ".join(new if old and c == old else c for c in columns)
                constraint = replace(constraint, references=f"{target[0]}.{target[1]}({keys})")
        changed.append(constraint)
    return table if tuple(changed) == table.constraints else replace(table, constraints=tuple(changed))


def following_tables(renamed: dict[tuple[str, str], tuple[str, str]], context: Context, old: str = "",
                     new: str = "") -> tuple[Table, ...]:
    """Other tables whose foreign keys change so."""
    others = [t for t in context.view.relations() if isinstance(t, Table) and (t.schema, t.name) not in renamed]
    pairs = [(t, pointing_anew(t, renamed, old, new)) for t in others]
    return tuple(changed for t, changed in pairs if changed is not t)


def without_references(table: Table, targets: set[tuple[str, str]]) -> tuple[Constraint, ...]:
    """The table's constraints but foreign keys to `targets`."""
    return tuple(
        c for c in table.constraints if c.kind != "foreign key" or parse_reference(c.references)[:2] not in targets
    )
