"""A FULL JOIN by more than equalities is a LEFT JOIN, and the other side's rows that have no partner.

    Join Full ON l.k = r.k and l.a < r.b      Union all
      L                                  ->     Join Left ON l.k = r.k and l.a < r.b
      R                                           L
                                                  R
                                                Project NULL .., R's columns
                                                  Join Anti ON l.k = r.k and l.a < r.b
                                                    R
                                                    L

The hash join marks partners of both sides by their keys, so that it runs those by equalities (and conditions about
one side) alone. Redshift has only these: others come here with compatibility 'extended' (binder/from_clause.py).
Both sides are read twice; one that is large, or gives other rows each time (RANDOM), is computed once for both.
"""
from __future__ import annotations

from collections.abc import Callable

from ..columns import copy_plan, free_columns, output_columns, output_ids, substitute
from ..expressions import ColumnId, ColumnRef, Expr, Literal
from ..logical import Join, JoinKind, Logical, Project, SetKind, SetOperation, WorkingRows
from ..predicates import TRUE, is_volatile, joins_by_keys
from ..traverse import expressions, map_inputs, walk_plan
from .context import RewriteContext
from .subjects import FULL_JOIN, subjects_of

LARGE = 8  # nodes; a table with its filters has fewer
_Reading = tuple[Logical, dict[ColumnId, ColumnRef]]  # a side under new names


def expand_full_joins(plan: Logical, context: RewriteContext) -> Logical:
    if not subjects_of(plan) & FULL_JOIN:
        return plan
    plan = map_inputs(plan, lambda child: expand_full_joins(child, context))
    if not isinstance(plan, Join) or plan.kind is not JoinKind.FULL:
        return plan
    if joins_by_keys(plan.condition, output_ids(plan.right)):
        return plan
    left, right = _readings(plan.left, context), _readings(plan.right, context)
    condition = TRUE if plan.condition is None else plan.condition
    joined, names = _join(JoinKind.LEFT, left(), right(), condition)
    alone, others = _join(JoinKind.ANTI, right(), left(), condition)
    ours, theirs = output_columns(plan.left), output_columns(plan.right)
    columns = (*ours, *theirs)
    first, second = (tuple([context.like(c) for c in columns]) for _ in range(2))
    nulls: list[Expr] = [Literal(None, c.type) for c in ours]
    return SetOperation(
        SetKind.UNION, True, Project(joined, tuple(zip(first, [names[c.id] for c in columns]))),
        Project(alone, tuple(zip(second, [*nulls, *[others[c.id] for c in theirs]]))), columns, first, second,
    )


def _join(kind: JoinKind, kept: _Reading, other: _Reading, condition: Expr) -> _Reading:
    names = {**kept[1], **other[1]}
    return Join(kind, kept[0], other[0], substitute(condition, names)), names


def _readings(side: Logical, context: RewriteContext) -> Callable[[], _Reading]:
    """What gives a side again and again."""
    nodes = walk_plan(side)
    volatile = any(is_volatile(e) for node in nodes for e in expressions(node))
    bound = bool(free_columns(side)) or any(isinstance(node, WorkingRows) for node in nodes)
    if bound or not (volatile or len(nodes) > LARGE):
        return lambda: copy_plan(side, context.like)
    number = context.share(side)

    def reading() -> _Reading:
        use = context.use(number)
        return use, {column.id: ref for ref, column in use.columns}

    return reading
