"""Names in sight: what `x`, `t.x` and `*` mean at one place of a query.

    Scope ----- relations: Relation(alias "t", names, columns) ...      one per item of FROM
          ----- unqualified: name -> expression, or AMBIGUOUS
          ----- star: what `*` stands for, in order: the relations' columns, or `merged` (USING columns once, first)
          ----- parent: the query around a subquery; found there = correlated

A lookup that leaves a scope marks it as correlated, so that a CTE that depends on its surroundings is
not computed once for all.
"""
from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from ...errors import AmbiguousColumn, Error, UndefinedColumn, UndefinedTable
from ...records import dataclass
from ..expressions import ColumnId, ColumnRef, Expr

if TYPE_CHECKING:
    from ...storage.schema import Column

AMBIGUOUS = object()
NamedExpr = tuple[str, Expr]


@dataclass(slots=True)
class Relation:
    """One item of FROM: its alias, and its columns by name (AMBIGUOUS where a name stands twice)."""

    alias: str | None
    names: tuple[str, ...]
    columns: tuple[ColumnRef, ...]
    schema: str | None = None
    element: ColumnRef | None = None  # of an array in FROM, whose attributes `alias.name` means
    unseen: int = 0  # how many of the last columns `*` leaves out
    by_name: dict[str, Any] = field(default_factory=dict)
    unnamed: tuple[Column, ...] = ()  # of a table, if some are left out: the text does not name them (named_columns.py)

    def __post_init__(self) -> None:
        self.by_name.update(zip(self.names, self.columns))
        if len(self.by_name) < len(self.names):
            self.by_name.update({name: AMBIGUOUS for name in self.names if self.names.count(name) > 1})

    def nullable(self) -> Relation:
        """The same on the side of an outer join that may be missing."""
        return Relation(self.alias, self.names, tuple([_filled_up(c) for c in self.columns]), self.schema,
                        None if self.element is None else _filled_up(self.element), self.unseen, unnamed=self.unnamed)

    @property
    def known(self) -> list[str]:
        """All names that one may have meant, for hints."""
        return [*self.names, *[c.name for c in self.unnamed]]

    @property
    def star(self) -> list[NamedExpr]:
        """What `*` stands for."""
        seen = len(self.columns) - self.unseen
        return list(zip(self.names[:seen], self.columns[:seen]))


@dataclass(slots=True)
class Scope:
    """See the module's text."""

    parent: Scope | None = None
    relations: list[Relation] = field(default_factory=list)
    merged: list[NamedExpr] | None = None
    unqualified: dict[str, Any] = field(default_factory=dict)
    correlated: bool = False
    is_block: bool = True  # of a query; not what only marks the border of a common table expression
    skipped: int = 0  # query blocks between this one and where the name looked up last was found
    later: tuple[str, ...] = ()  # aliases of FROM that are not in sight here, for hints

    def add(self, relation: Relation) -> None:
        self.relations.append(relation)
        if self.merged is not None:
            self.merged.extend(relation.star)
        _merge(self.unqualified, relation.by_name)

    @property
    def star(self) -> list[NamedExpr]:
        """What `*` stands for."""
        if self.merged is not None:
            return self.merged
        return [named for relation in self.relations for named in relation.star]

    @staticmethod
    def joined(first: Scope, *others: Scope) -> Scope:
        """The names of all of them."""
        whole = Scope(first.parent, list(first.relations), None, dict(first.unqualified))
        for other in others:
            whole.relations.extend(other.relations)
            _merge(whole.unqualified, other.unqualified)
        if any(scope.merged is not None for scope in (first, *others)):
            whole.merged = [named for scope in (first, *others) for named in scope.star]
        return whole

    def nullable(self) -> Scope:
        """The names of the side of an outer join that may be missing."""
        relations = [r.nullable() for r in self.relations]
        filled = {column.id: column for relation in relations for column in relation.columns}
        merged = None if self.merged is None else [(name, _nullable(e, filled)) for name, e in self.merged]
        names = {name: _nullable(e, filled) for name, e in self.unqualified.items()}
        return Scope(self.parent, relations, merged, names)

    # -- lookups -----------------------------------------------------------------------------------

    def find(self, name: str, table: str | None, position: int | None, schema: str | None = None) -> Expr | None:
        """The column of that name here or in a query around; None when there is none."""
        scope: Scope | None = self
        passed: list[Scope] = []
        while scope is not None:
            found = scope._here(name, table, position, schema)
            if found is not None:
                for inner in passed:
                    inner.correlated = True
                self.skipped = sum(inner.is_block for inner in passed)
                return found
            passed.append(scope)
            scope = scope.parent
        return None

    def _here(self, name: str, table: str | None, position: int | None, schema: str | None) -> Expr | None:
        if table is None:
            found = self.unqualified.get(name)
        else:
            relation = self.relation(table, schema)
            if relation is None:
                return None
            found = relation.by_name.get(name)
            if found is None:
                raise self._unknown_of(relation, name, position)
        if found is AMBIGUOUS:
            raise AmbiguousColumn(f'column reference "{name}" is ambiguous', position=position)
        return found  # type: ignore[no-any-return]

    def relation(self, alias: str, schema: str | None = None) -> Relation | None:
        for relation in self.relations:
            if relation.alias == alias and (schema is None or relation.schema == schema):
                return relation
        return None

    # -- errors --------------------------------------------------------------------------------------

    def _unknown_of(self, relation: Relation, name: str, position: int | None) -> Error:
        return UndefinedColumn(
            f"column {relation.alias}.{name} does not exist",
            hint=near(name, relation.known), position=position,
        )

    def unknown(self, name: str, table: str | None, position: int | None, also: Iterable[str] = ()) -> Error:
        """The error for a name that `find` did not find."""
        if table is not None:
            aliases = [r.alias for s in self.chain() for r in s.relations if r.alias]
            hidden = table in self.later
            return UndefinedTable(
                f'invalid reference to FROM-clause entry for table "{table}"' if hidden
                else f'missing FROM-clause entry for table "{table}"',
                hint=f'There is an entry for table "{table}", but it cannot be referenced from this part of the '
                     "query." if hidden else near(table, aliases),
                position=position,
            )
        names = [n for scope in self.chain() for n in scope.known()]
        return UndefinedColumn(f'column "{name}" does not exist', hint=near(name, [*names, *also]),
                               position=position)

    def known(self) -> list[str]:
        """All names that one without a table may have meant here, for hints."""
        return [*self.unqualified, *[name for relation in self.relations for name in relation.known]]

    def chain(self) -> list[Scope]:
        """This scope and those around it."""
        found, scope = [], self
        while scope is not None:
            found.append(scope)
            scope = scope.parent  # type: ignore[assignment]
        return found


def _merge(into: dict[str, Any], names: dict[str, Any]) -> None:
    both = into.keys() & names.keys()
    into.update(names)
    into.update(dict.fromkeys(both, AMBIGUOUS))


def _nullable(expr: Any, filled: dict[ColumnId, ColumnRef]) -> Any:
    """A column's form in `filled`; all else, AMBIGUOUS among it, as it is."""
    if not isinstance(expr, ColumnRef):
        return expr
    return filled.get(expr.id) or _filled_up(expr)


def _filled_up(ref: ColumnRef) -> ColumnRef:
    return ColumnRef(ref.id, ref.type, ref.name, True, ref.span)


def near(name: str, names: Sequence[str] | Iterable[str]) -> str | None:
    """A hint with the name that was probably meant."""
    found = difflib.get_close_matches(name, list(dict.fromkeys(names)), n=1, cutoff=0.6)
    return f'Did you mean "{found[0]}"?' if found else None
