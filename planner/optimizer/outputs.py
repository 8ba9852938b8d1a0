"""UNLOAD's rows: each once, on the slices that make them, in the order that the files want.

A partition's rows come side by side on each slice, in the query's order inside it, so that one file a slice is open
at a time:

    order by b, partition by (p)   ->   sorted by p, then b
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..expressions import ColumnRef
from ..logical import Logical, Project, Query, Sort, SortKey
from ..physical import Physical
from .distribution import one_copy
from .inserts import spread_rows
from .joins import narrow

if TYPE_CHECKING:
    from .plan import Planner


def plan_output(planner: Planner, query: Query) -> Physical:
    """The query's rows where they are made."""
    wanted = {ref.id for ref in query.columns}
    return one_copy(narrow(spread_rows(planner, query.plan, wanted), wanted, planner))


def sorted_by(query: Query, keys: Sequence[ColumnRef]) -> Query:
    """The query with its rows sorted by some of its columns first."""
    return replace(query, plan=_sorted(query.plan, tuple([SortKey(key) for key in keys]))) if keys else query


def _sorted(plan: Logical, keys: tuple[SortKey, ...]) -> Logical:
    match plan:
        case Sort():
            return Sort(plan.input, keys + plan.keys)
        case Project(input=Sort() as below):
            computed = {ref.id: expr for ref, expr in plan.columns}
            moved = tuple([SortKey(computed[key.expr.id]) for key in keys if isinstance(key.expr, ColumnRef)])
            return replace(plan, input=Sort(below.input, moved + below.keys))
        case _:
            return Sort(plan, keys)
