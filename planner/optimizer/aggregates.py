"""Grouping over slices: once where the groups lie together, else in two phases.

    groups hold the distribution key      HashAggregate single           nothing moves

    few groups                            HashAggregate final            on the leader
                                            Exchange return
                                              HashAggregate partial      on each slice

    many groups                           HashAggregate final
                                            Exchange dist by the groups
                                              HashAggregate partial      (left out where it would
                                                                          not make fewer rows)

A partial COUNT is summed, a partial SUM too; functions that cannot be merged see their rows together.
Rows are always read as one copy: a replicated input must not be counted once a slice.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ...records import dataclass
from ...storage.distribution import family
from ..columns import columns_of_all
from ..expressions import AggregateCall, ColumnId, ColumnRef, Expr
from ..logical import Aggregate
from ..physical import (
    Distribution,
    HashAggregate,
    Hashed,
    Move,
    OnLeader,
    Physical,
    Props,
)
from ..rewrites.split_distinct import MERGE
from .cost import aggregate_cost
from .distribution import LEADER, PARTITIONED, exchange, gather, is_hashed_by, key_column, one_copy
from .joins import narrow

if TYPE_CHECKING:
    from .plan import Planner

LEADER_GROUPS = 20_000  # so many groups the leader merges by itself, when the rows are wanted there
USEFUL_REDUCTION = 0.6  # a partial phase that keeps more of its rows than this is left out

Groups = tuple[tuple[ColumnRef, Expr], ...]
Calls = tuple[tuple[ColumnRef, AggregateCall], ...]


def plan_aggregate(planner: Planner, node: Aggregate, to_leader: bool) -> Physical:
    used = columns_of_all([e for _, e in node.groups] + [a for _, a in node.aggregates])
    source = one_copy(planner.plan(node.input, used))
    rows = planner.estimator.rows(node)
    step = _Step(planner, node.groups, node.aggregates, rows)
    if isinstance(source.props.distribution, OnLeader):
        return step.make(source, "single", LEADER)
    if planner.slices == 1:
        return step.make(source, "single", PARTITIONED)
    place = _collocated(source, node.groups)
    if place is not None:
        return step.make(source, "single", place)
    source = narrow(source, used, planner)
    if not node.groups:
        if not _mergeable(node.aggregates):
            return step.make(gather(source), "single", LEADER)
        return step.two_phases(source, to_leader=True)
    per_slice = planner.estimator.groups([e for _, e in node.groups], source.props.rows / planner.slices)
    reduces = per_slice * planner.slices <= USEFUL_REDUCTION * source.props.rows
    to_leader = to_leader and rows <= LEADER_GROUPS
    if _mergeable(node.aggregates) and (reduces or to_leader):
        return step.two_phases(source, to_leader)
    moved = exchange(source, Move.DISTRIBUTE, tuple([e for _, e in node.groups]))
    return step.make(moved, "single", _by_groups(node.groups))


def _mergeable(calls: Calls) -> bool:
    return all(call.function in MERGE and not call.distinct for _, call in calls)


def _by_groups(groups: Groups) -> Distribution:
    return Hashed(tuple([ref.id for ref, _ in groups]), tuple([family(ref.type) for ref, _ in groups]))


def _collocated(source: Physical, groups: Groups) -> Distribution | None:
    """Where the rows lie, in terms of the groups, if each group is on one slice."""
    outer: dict[ColumnId, ColumnRef] = {}
    for ref, expr in groups:
        column = key_column(expr)
        if column is not None:
            outer.setdefault(column.id, ref)
    found = is_hashed_by(source.props, set(outer))
    if found is None:
        return None
    return Hashed(tuple([outer[c].id for c in found.columns]), found.families)


@dataclass(frozen=True, slots=True)
class _Step:
    planner: Planner
    groups: Groups
    calls: Calls
    rows: float

    def make(
        self, source: Physical, phase: str, place: Distribution, calls: Calls | None = None,
        groups: Groups | None = None, rows: float | None = None,
    ) -> HashAggregate:
        calls = self.calls if calls is None else calls
        groups = self.groups if groups is None else groups
        rows = self.rows if rows is None else rows
        below = source.props
        columns = len(groups) + len(calls)
        cost = aggregate_cost((below.first_cost, below.cost), below.rows, rows, columns)
        refs = tuple([ref for ref, _ in groups]) + tuple([ref for ref, _ in calls])
        props = Props(rows, self.planner.estimator.width(refs), *cost, place)
        return HashAggregate(source, groups, calls, phase, props)

    def two_phases(self, source: Physical, to_leader: bool) -> Physical:
        planner = self.planner
        keys: Groups = tuple([(planner.like(ref), e) for ref, e in self.groups])
        parts: Calls = tuple([(planner.like(ref), call) for ref, call in self.calls])
        for (new, _), (old, _) in zip((*keys, *parts), (*self.groups, *self.calls)):
            planner.estimator.columns[new.id] = planner.estimator.column(old)
        slices = planner.slices
        rows = slices * planner.estimator.groups([e for _, e in keys], source.props.rows / slices)
        partial = self.make(source, "partial", PARTITIONED, parts, keys, min(rows, source.props.rows + slices))
        groups: Groups = tuple([(ref, key) for (ref, _), (key, _) in zip(self.groups, keys)])
        calls: Calls = tuple([
            (ref, AggregateCall(MERGE[call.function], (part,), call.type, False, call.span))
            for (ref, call), (part, _) in zip(self.calls, parts)
        ])
        if to_leader:
            return self.make(gather(partial), "final", LEADER, calls, groups)
        moved = exchange(partial, Move.DISTRIBUTE, tuple([key for key, _ in keys]))
        return self.make(moved, "final", _by_groups(self.groups), calls, groups)
