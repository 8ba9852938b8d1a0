"""Groups that no partner asks for are not made: a semi join is copied below an aggregate.

TPC-H Q17 wants avg(l_quantity) of 200 parts, not of all 200,000:

    join on l_partkey = p_partkey             join on l_partkey = p_partkey
      part (200 rows)                    ->     part (200 rows)
      Aggregate avg BY l_partkey                Aggregate avg BY l_partkey
        lineitem                                  Join Semi ON l_partkey = p_partkey'
                                                    lineitem
                                                    part' (200 rows, read again)

Done in a join graph, where it is known which columns are equal: the partner may be any leaf with a column
of the group's class (or the right side of a semi join on it) that keeps few of the group's values and is
cheap to read twice.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..columns import copy_plan
from ..expressions import ColumnId, ColumnRef, Compare
from ..logical import Aggregate, Filter, Join, JoinKind, Logical, Project, Scan
from ..traverse import walk_plan
from .distribution import key_column
from .join_graph import INNER_KINDS, JoinGraph, Leaf

if TYPE_CHECKING:
    from .plan import Planner

WORTHWHILE_ROWS = 20_000  # below so many rows an aggregate is cheap anyway
MOST_KEPT = 0.3  # of the groups
MOST_READ = 0.5  # rows read again, of the rows that are read to be aggregated

_REPLACEABLE = (JoinKind.LEFT, JoinKind.SINGLE, JoinKind.SEMI, JoinKind.ANTI)


def reduce_aggregates(planner: Planner, graph: JoinGraph) -> None:
    """What can be told by looking at the plan comes first: estimates of what is not planned yet are made for few."""
    for leaf in graph.leaves:
        aggregate = _aggregate_of(leaf.plan)
        if aggregate is None or leaf.null_aware:
            continue
        for column, root in _asked_columns(graph, leaf):
            group = _group_of(leaf.plan, column)
            if group is None:
                continue
            partners = [p for p in _partners(graph, leaf, root) if p[1].type == group.type and _is_filtered(p[0])]
            if not partners:
                continue
            if planner.estimator.rows(aggregate.input) < WORTHWHILE_ROWS:
                break
            partner = _best_partner(planner, partners, group, aggregate)
            if partner is not None:
                leaf.plan = _reduced(planner, leaf.plan, column, *partner)
                break


def _aggregate_of(plan: Logical) -> Aggregate | None:
    while isinstance(plan, (Filter, Project)):
        plan = plan.input
    return plan if isinstance(plan, Aggregate) and plan.groups else None


def _asked_columns(graph: JoinGraph, leaf: Leaf) -> list[tuple[ColumnId, ColumnId]]:
    """Columns of the leaf that must equal columns of other leaves, with the others' class."""
    found: list[tuple[ColumnId, ColumnId]] = []
    if leaf.kind in INNER_KINDS:
        found.extend([(m[leaf.index].id, root) for root, m in graph.classes.items() if leaf.index in m])
    elif leaf.kind in _REPLACEABLE:
        for outer, inner in leaf.keys:
            left, right = key_column(outer), key_column(inner)
            if left is not None and right is not None:
                found.append((right.id, graph.root(left.id)))
    return found


def _group_of(plan: Logical, column: ColumnId) -> ColumnRef | None:
    """The column of the aggregate's input that `column` of its output groups by."""
    match plan:
        case Filter():
            return _group_of(plan.input, column)
        case Project():
            inner = next((e for ref, e in plan.columns if ref.id == column), None)
            return _group_of(plan.input, inner.id) if isinstance(inner, ColumnRef) else None
        case Aggregate():
            expr = next((e for ref, e in plan.groups if ref.id == column), None)
            return expr if isinstance(expr, ColumnRef) else None
        case _:
            return None


def _best_partner(
    planner: Planner, partners: list[tuple[Logical, ColumnRef]], group: ColumnRef, aggregate: Aggregate
) -> tuple[Logical, ColumnRef] | None:
    """The plan and column that keep the fewest groups."""
    estimator = planner.estimator
    rows = estimator.rows(aggregate.input)
    groups = estimator.distinct(group, rows)
    best: tuple[float, Logical, ColumnRef] | None = None
    for other, column in partners:
        if _read(planner, other) > MOST_READ * _read(planner, aggregate.input):
            continue
        kept = estimator.distinct(column, estimator.rows(other)) / max(1.0, groups)
        if kept <= MOST_KEPT and (best is None or kept < best[0]):
            best = kept, other, column
    return None if best is None else best[1:]


def _partners(graph: JoinGraph, leaf: Leaf, root: ColumnId) -> list[tuple[Logical, ColumnRef]]:
    found: list[tuple[Logical, ColumnRef]] = []
    for other in graph.leaves:
        if other.index == leaf.index:
            continue
        member = graph.classes.get(root, {}).get(other.index)
        if other.kind in INNER_KINDS and member is not None:
            found.append((other.plan, member))
        elif other.kind in INNER_KINDS and root in other.ids and root not in graph.classes:
            column = next((c for key in leaf.keys if (c := key_column(key[0])) and c.id == root), None)
            found.extend([(other.plan, column)] if column is not None else [])
        elif other.kind is JoinKind.SEMI:
            for outer, inner in other.keys:
                left, right = key_column(outer), key_column(inner)
                if left is not None and right is not None and graph.root(left.id) == root:
                    found.append((other.plan, right))
    return found


def _is_filtered(plan: Logical) -> bool:
    """A table with a filter."""
    nodes = walk_plan(plan)
    return all(isinstance(n, (Scan, Filter, Project)) for n in nodes) and any(isinstance(n, Filter) for n in nodes)


def _read(planner: Planner, plan: Logical) -> float:
    return sum([planner.estimator.rows(n) for n in walk_plan(plan) if isinstance(n, Scan)])


def _reduced(
    planner: Planner, plan: Logical, column: ColumnId, partner: Logical, partner_column: ColumnRef
) -> Logical:
    match plan:
        case Filter():
            return Filter(_reduced(planner, plan.input, column, partner, partner_column), plan.predicate)
        case Project():
            inner = next(e for ref, e in plan.columns if ref.id == column)
            assert isinstance(inner, ColumnRef)
            return Project(_reduced(planner, plan.input, inner.id, partner, partner_column), plan.columns)
        case Aggregate():
            group = next(e for ref, e in plan.groups if ref.id == column)
            copy, names = copy_plan(partner, planner.like)
            condition = Compare("=", group, names[partner_column.id])
            semi = Join(JoinKind.SEMI, plan.input, copy, condition)
            return Aggregate(semi, plan.groups, plan.aggregates)
        case _:
            raise AssertionError("only filters and projections stand above the aggregate")
