"""Constraints as the catalogue shows them: with their names, or those that PostgreSQL gives to those that have none.

    t(a primary key, b references u(x), unique (b, c))  ->  t_pkey, t_b_fkey, t_b_c_key
"""

from __future__ import annotations

from ...records import dataclass
from ...storage.schema import Constraint, Table, View

_SUFFIX = {"primary key": "pkey", "unique": "key", "foreign key": "fkey"}
_LETTER = {"primary key": "p", "unique": "u", "foreign key": "f"}


@dataclass(frozen=True, slots=True)
class NamedConstraint:
    """`number`: its place among the table's; `references`: (schema, table, columns) of a foreign key."""

    number: int
    name: str
    kind: str  # 'primary key', 'unique', 'foreign key'
    columns: tuple[str, ...]
    references: tuple[str, str, tuple[str, ...]] | None = None
    named: bool = False  # by the user

    @property
    def letter(self) -> str:
        """pg_constraint.contype"""
        return _LETTER[self.kind]


def constraints_of(relation: Table | View) -> tuple[NamedConstraint, ...]:
    """A table's constraints, each with a name of its own."""
    if not isinstance(relation, Table):
        return ()
    from ..handlers.constraints import parse_reference

    found: list[NamedConstraint] = []
    taken = {c.name for c in relation.constraints if c.name}
    for number, constraint in enumerate(relation.constraints, start=1):
        name = constraint.name or _made_up(relation, constraint, taken)
        taken.add(name)
        references = None
        if constraint.references:
            schema, table, named = parse_reference(constraint.references)
            references = (schema or relation.schema, table, named)
        found.append(NamedConstraint(number, name, constraint.kind, constraint.columns, references,
                                     named=bool(constraint.name)))
    return tuple(found)


def _made_up(relation: Table, constraint: Constraint, taken: set[str]) -> str:
    middle = "" if constraint.kind == "primary key" else "".join(f"_{c}" for c in constraint.columns)
    name = base = f"{relation.name}{middle}_{_SUFFIX[constraint.kind]}"
    repeat = 0
    while name in taken:
        repeat += 1
        name = f"{base}{repeat}"
    return name


def constraint_names(relation: Table | View) -> set[str]:
    return {c.name for c in constraints_of(relation)}
