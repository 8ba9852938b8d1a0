"""An outer join whose condition asks a subquery about both rows of a pair: the pairs are answered first.

The condition of an outer join decides over pairs of rows and drops none of the side that is kept. So the subquery
cannot become a join above it, nor one of a side alone. Which pairs of values it lets pass is asked of an inner join
of both sides, and the outer join then reads the answer:

    Join Left ON p(l, r) and EXISTS (q(l, r))       Join Left ON p(l, r) and l.a = l2 (null-safe)
      L                                        ->     L
      R                                               Join Inner ON r.b = r2 (null-safe)
                                                        R
                                                        Distinct l2 := l.a, r2 := r.b
                                                          the rows of L Inner Join R ON p(l, r) that q lets pass

A FULL JOIN is that, and beside it (UNION ALL) the rows of R that no passing pair has:

    Join Anti ON p(l, r) and r.b = r2
      R
      Join Inner ON l.a = l2
        L
        Distinct l2, r2 (as above)

Part of `extract_subqueries.py`, which removes the subqueries from the inner join.
"""
from __future__ import annotations

from collections.abc import Set

from ...errors import NotSupportedError
from ...records import dataclass
from ..collation import with_collation
from ..columns import copy_plan, output_columns, substitute
from ..expressions import ColumnId, ColumnRef, Expr, Literal
from ..logical import Aggregate, Join, JoinKind, Logical, Project, SetKind, SetOperation
from ..nulls import never_null
from ..predicates import conjoin, is_volatile, null_safe_equal
from ..traverse import expressions, walk_plan
from .context import RewriteContext

_Side = tuple[Logical, list[ColumnRef]]  # a side of a join, and its columns that subqueries ask about


def join_of_pairs(
    join: Join, plain: Expr | None, asked: Set[ColumnId], passing: Logical, context: RewriteContext
) -> Logical:
    """The LEFT or FULL JOIN by what its subqueries have let pass.

    `plain` is the condition without them, `asked` the columns that they read, `passing` the inner join under the
    whole condition. What reads the join keeps its columns' names, so that the sides below it are the copies.
    """
    for node in (*walk_plan(join.left), *walk_plan(join.right)):  # each side is read more than once
        if any(is_volatile(e) for e in expressions(node)):
            raise NotSupportedError("a subquery about both sides of an outer join is not supported where a side has a "
                                    "volatile function")
    outer = [c for c in output_columns(join.left) if c.id in asked]
    inner = [c for c in output_columns(join.right) if c.id in asked]
    spelled = [(c.id, with_collation(c, False)) for c in (*outer, *inner)]  # a subquery may tell 'a' from 'A'
    found = {id: context.fresh(e.type, "pair") for id, e in spelled}
    pairs = _Pairs(Aggregate(passing, tuple([(found[id], e) for id, e in spelled]), ()), found, plain, context)
    if join.kind is JoinKind.FULL:
        return _full(pairs, (join.left, outer), (join.right, inner))
    joined, names = pairs.join(JoinKind.LEFT, (join.left, outer), (join.right, inner))
    columns = output_columns(join.left) + output_columns(join.right)
    return Project(joined, tuple([(c, names[c.id]) for c in columns]))


def _full(pairs: _Pairs, left: _Side, right: _Side) -> Logical:
    """The left join, and the right side's rows that no pair has, with NULLs beside them."""
    joined, names = pairs.join(JoinKind.LEFT, left, right)
    alone, right_names = pairs.copy().join(JoinKind.ANTI, right, left)
    ours, theirs = output_columns(left[0]), output_columns(right[0])
    columns = (*ours, *theirs)
    first, second = (tuple([pairs.context.like(c) for c in columns]) for _ in range(2))
    pieces: list[Expr] = [*(Literal(None, c.type) for c in ours), *(right_names[c.id] for c in theirs)]
    return SetOperation(
        SetKind.UNION, True,
        Project(joined, tuple(zip(first, [names[c.id] for c in columns]))), Project(alone, tuple(zip(second, pieces))),
        columns, first, second,
    )


@dataclass(slots=True)
class _Pairs:
    """Which pairs of values a join's subqueries let pass, to be joined with the sides that they came from."""

    plan: Logical  # distinct, with the columns `found`
    found: dict[ColumnId, ColumnRef]  # by the column of the side
    plain: Expr | None  # what else the pairs' rows must satisfy
    context: RewriteContext

    def join(self, kind: JoinKind, kept: _Side, other: _Side) -> tuple[Join, dict[ColumnId, ColumnRef]]:
        """A LEFT or ANTI join of copies of two sides by the pairs, and the copies' columns by the sides' own."""
        never = never_null(kept[0]) | never_null(other[0])
        keeping, names = copy_plan(kept[0], self.context.like)
        matching, matching_names = copy_plan(other[0], self.context.like)
        names = {**names, **matching_names}

        def same(columns: list[ColumnRef]) -> list[Expr]:
            return [
                e for c in columns
                for e in null_safe_equal(with_collation(names[c.id], False), self.found[c.id], c.id not in never)
            ]

        matched = Join(JoinKind.INNER, matching, self.plan, conjoin(same(other[1])))
        plain = [] if self.plain is None else [substitute(self.plain, names)]
        return Join(kind, keeping, matched, conjoin([*plain, *same(kept[1])])), names

    def copy(self) -> _Pairs:
        """The same pairs, for a second place in the plan."""
        plan, names = copy_plan(self.plan, self.context.like)
        return _Pairs(plan, {key: names[c.id] for key, c in self.found.items()}, self.plain, self.context)
