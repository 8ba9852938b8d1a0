"""ORDER BY and LIMIT: every slice sorts its rows, the leader merges and counts them off.

    LimitRows 10                              on the leader
      Exchange return, merge by keys          keeps the order
        SortRows keys, limit 10               on each slice

A key that is an expression becomes a column first, so that sorting and merging read the same values.
An order that nobody sees (inside a join or aggregate, without a limit) is not made at all.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..columns import columns_of_all, physical_columns
from ..expressions import ColumnId, ColumnRef, Expr
from ..logical import Limit, Logical, Project, Sort, SortKey
from ..physical import LimitRows, OnLeader, Physical, Props, SortRows
from .cost import sort_cost
from .distribution import gather, one_copy
from .joins import narrow

if TYPE_CHECKING:
    from .plan import Planner


def plan_sort(
    planner: Planner, node: Sort, needed: set[ColumnId], limit: int | None = None, *, merged: bool = True
) -> Physical:
    """`merged`: one order on the leader, else one on each slice."""
    wanted = needed | columns_of_all([k.expr for k in node.keys])
    source = one_copy(narrow(planner.plan(node.input, wanted, to_leader=merged), wanted, planner))
    source, keys = _with_key_columns(planner, source, node.keys)
    below = source.props
    rows = below.rows if limit is None else min(below.rows, float(limit))
    cost = sort_cost((below.first_cost, below.cost), below.rows)
    props = Props(rows, below.width, *cost, below.distribution, below.also_hashed)
    made = SortRows(source, keys, props, limit)
    return made if not merged or isinstance(below.distribution, OnLeader) else gather(made, keys)


def _with_key_columns(
    planner: Planner, source: Physical, keys: tuple[SortKey, ...]
) -> tuple[Physical, tuple[SortKey, ...]]:
    added: list[tuple[ColumnRef, Expr]] = []
    plain: list[SortKey] = []
    for key in keys:
        expr = key.expr
        if not isinstance(expr, ColumnRef):
            ref = planner.fresh(expr.type, "sort_key")
            added.append((ref, expr))
            expr = ref
        if all(expr.id != other.expr.id for other in plain if isinstance(other.expr, ColumnRef)):
            plain.append(SortKey(expr, key.descending, key.nulls_first))
    if added:
        passed: list[tuple[ColumnRef, Expr]] = [(c, c) for c in physical_columns(source)]
        source = planner.project(source, tuple(passed + added))
    return source, tuple(plain)


def plan_limit(planner: Planner, node: Limit, needed: set[ColumnId]) -> Physical:
    count = None if node.count is None else node.count + node.offset
    source = _limited(planner, node.input, needed, count)
    below = source.props
    rows = max(0.0, below.rows - node.offset)
    rows = rows if node.count is None else min(rows, float(node.count))
    share = min(1.0, (rows + node.offset) / below.rows) if below.rows else 1.0
    total = below.first_cost + (below.cost - below.first_cost) * share
    props = Props(rows, below.width, below.first_cost, total, below.distribution)
    return LimitRows(source, node.count, node.offset, props)


def _limited(planner: Planner, plan: Logical, needed: set[ColumnId], limit: int | None) -> Physical:
    """The input of a limit on the leader, knowing how many of its rows are wanted."""
    match plan:
        case Sort():
            return plan_sort(planner, plan, needed, limit)
        case Project(input=Sort() as below):
            wanted = columns_of_all([e for _, e in plan.columns])
            return planner.project(plan_sort(planner, below, wanted, limit), plan.columns)
        case _:
            source = planner.plan(plan, needed, ordered=True, to_leader=True)
            return gather(narrow(source, needed, planner))

