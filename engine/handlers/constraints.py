"""Informational constraints of CREATE TABLE: PRIMARY KEY, UNIQUE, FOREIGN KEY.

They are not enforced; they are kept for the planner and for catalogue queries, so their columns and
the tables they refer to must be there. One form for all, (kind, columns, references):

    ("primary key", ("a", "b"), "")      ("foreign key", ("c",), "public.other(x)")
"""

from __future__ import annotations

import re

from ...errors import InvalidDefinition, ProgrammingError, UndefinedColumn
from ...planner.statements import CreateTable, RelationName
from ...storage.schema import Table
from ..access import need
from ..context import Context
from . import names

Constraint = tuple[str, tuple[str, ...], str]
_REFERENCE = re.compile(r'(?:"?([^".(]+)"?\.)?"?([^".(]+)"?\s*(?:\(([^)]*)\))?')


def constraints_of(statement: CreateTable, context: Context) -> tuple[Constraint, ...]:
    """Column constraints and table constraints, checked, the references resolved."""
    columns = {d.name for d in statement.columns}
    found: list[Constraint] = []
    for d in statement.columns:
        if d.primary_key:
            found.append(("primary key", (d.name,), ""))
        if d.unique:
            found.append(("unique", (d.name,), ""))
        if d.references:
            found.append(("foreign key", (d.name,), d.references))
    found += statement.constraints
    if sum(kind == "primary key" for kind, _, _ in found) > 1:
        raise InvalidDefinition(f'multiple primary keys for table "{statement.name.name}" are not allowed')
    for kind, keys, _ in found:
        for key in keys:
            if key not in columns:
                raise UndefinedColumn(f'column "{key}" named in {kind} constraint does not exist')
    return tuple((k, c, _resolve(c, r, statement, found, context) if r else "") for k, c, r in found)


def parse_reference(text: str) -> tuple[str | None, str, tuple[str, ...]]:
    """`schema.table(a, b)` -> (schema, table, columns)."""
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        raise InvalidDefinition(f"cannot read the reference {text!r}")
    columns = tuple(c.strip().strip('"') for c in (match[3] or "").split(",") if c.strip())
    return match[1], match[2].strip(), columns


def _resolve(keys: tuple[str, ...], text: str, statement: CreateTable, own: list[Constraint], context: Context) -> str:
    """The reference with schema and columns, or the error Redshift gives."""
    schema, name, columns = parse_reference(text)
    if name == statement.name.name and schema in (None, statement.name.schema):
        schema, constraints = names.target_schema(statement.name, context), tuple(own)
    else:
        other = names.table(RelationName(schema, name), context)
        need(context, other, "references")
        schema, constraints = other.schema, other.constraints
    unique = [c for kind, c, _ in constraints if kind in ("primary key", "unique")]
    if not columns:
        primary = [c for kind, c, _ in constraints if kind == "primary key"]
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
    for kind, _, reference in table.constraints:
        if kind == "foreign key":
            schema, name, _ = parse_reference(reference)
            if (schema, name) == (target.schema, target.name):
                return True
    return False


def without_references(table: Table, targets: set[tuple[str, str]]) -> tuple[Constraint, ...]:
    """The table's constraints but foreign keys to `targets`."""
    return tuple(c for c in table.constraints if c[0] != "foreign key" or parse_reference(c[2])[:2] not in targets)
