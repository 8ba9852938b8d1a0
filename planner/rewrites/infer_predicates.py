"""What follows from equalities: a = b AND a < 5 implies b < 5.

Columns that a conjunction makes equal form a class. A comparison of one member with constants holds
for all members of the same type, and each member can then be filtered where it is read:

    o_orderkey = l_orderkey AND o_orderkey = 7   ->   ... AND l_orderkey = 7

Used by push_predicates on the conjuncts of one region of inner joins, and to carry what is known of a
left row over to the right side of semi, anti and left joins.
"""
from __future__ import annotations

from collections.abc import Iterable

from ..columns import columns_of, substitute
from ..expressions import ColumnId, ColumnRef, Compare, Expr, InList, Like, Literal, Or
from ..predicates import can_fail, disjuncts


class Equalities:
    """Classes of columns of one type that are equal to each other (union and find)."""

    def __init__(self) -> None:
        self._parent: dict[ColumnId, ColumnId] = {}
        self._refs: dict[ColumnId, ColumnRef] = {}

    def __bool__(self) -> bool:
        return bool(self._refs)

    def root(self, column: ColumnId) -> ColumnId:
        while (parent := self._parent.get(column, column)) != column:
            column = parent
        return column

    def add(self, conjunct: Expr) -> None:
        if conjunct.__class__ is not Compare or conjunct.op != "=":  # type: ignore[union-attr]
            return
        left, right = conjunct.left, conjunct.right
        if isinstance(left, ColumnRef) and isinstance(right, ColumnRef) and _alike(left, right):
            for ref in (left, right):
                self._refs.setdefault(ref.id, ref)
                self._parent.setdefault(ref.id, ref.id)
            self._parent[self.root(left.id)] = self.root(right.id)

    def members(self, column: ColumnId) -> list[ColumnRef]:
        if column not in self._parent:
            return []
        root = self.root(column)
        return [ref for i, ref in self._refs.items() if self.root(i) == root]


def _alike(left: ColumnRef, right: ColumnRef) -> bool:
    """The same comparison with a constant means the same for both."""
    a, b = left.type, right.type
    return a == b or (a.is_integer and b.is_integer)


def infer(parts: Iterable[Expr], equal: Iterable[Expr] = ()) -> list[Expr]:
    """New conjuncts that follow from `parts`, with the equalities among them and in `equal`."""
    known = list(parts)
    classes = Equalities()
    for conjunct in (*known, *equal):
        classes.add(conjunct)
    found: list[Expr] = []
    said: dict[frozenset[ColumnId], list[Expr]] = {}  # of each set of columns
    for conjunct in known if classes else ():
        column = _restricted_column(conjunct)
        if column is None:
            continue
        for member in classes.members(column.id):
            if member.id != column.id:
                copy = substitute(conjunct, {column.id: member})
                reads = columns_of(copy)
                about = said.setdefault(reads, [c for c in known if columns_of(c) == reads])
                if copy not in about:
                    about.append(copy)
                    found.append(copy)
    return found


def _restricted_column(conjunct: Expr) -> ColumnRef | None:
    """The column, if the conjunct compares exactly one plain column with constants."""
    match conjunct:
        case Compare(left=ColumnRef() as ref, right=other) | Compare(left=other, right=ColumnRef() as ref):
            return ref if isinstance(other, Literal) else None
        case InList(arg=ColumnRef() as ref) | Like(arg=ColumnRef() as ref):
            return ref
        case Or():
            refs = [_restricted_column(d) for d in disjuncts(conjunct)]
            first = refs[0]
            same = len(columns_of(conjunct)) == 1 and all(r is not None for r in refs)
            return first if same and not can_fail(conjunct) else None
        case _:
            return None
