"""Aggregates as steps of a plan: a segment's rows are grouped on all slices, by one worker a slice or several.

    aggregate(executor, node, filters)     the groups: on each slice those of its rows, or at the leader

Where one worker groups a slice its groups are the result; where several do, and they are few, what each made is
grouped once more. Groups that do not fit the statement's memory go to disk (spill/groups.py).
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import InternalError
from ..planner.expressions import AggregateCall
from ..planner.physical import HashAggregate
from .aggregation import AggregateSink
from .cluster import Job
from .collection import Collection, concatenate
from .compile.segment import Segment
from .key_filters import Passed, below_groups
from .rows import Rows, Where
from .sources import StoredSource
from .workers import once

if TYPE_CHECKING:
    from .executor import Executor
    from .spill.groups import GroupSpill
    from .tasks import Task

# How partial results are put together, where not by the same function.
_MERGED = {"count": "sum", "moments": "merge_moments"}
MERGE_WORTH = 8  # rows a group from which several workers group one slice and merge


def aggregate(executor: Executor, node: HashAggregate, filters: Sequence[Passed]) -> Rows:
    segment, source, where = executor.open_segment(node.input, below_groups(node, filters))
    segment.builder.node = node
    few = node.props.rows * MERGE_WORTH < node.input.props.rows
    slices, sink = grouped(executor, node, segment, source, group_spill(executor, node, 0, node.props.rows), few)
    if any(task.sink.spilled for tasks in slices for task in tasks):
        from .spill.groups import from_disk

        return from_disk(executor, node, slices, sink, where)
    parts = _merged(executor, node, [[sink.finish(t.sink) for t in tasks] for tasks in slices])
    if not node.groups and where is Where.SLICES and node.phase != "partial" and len(parts) > 1:
        raise InternalError("an aggregate without groups must be gathered before its final phase")
    return Rows(parts, where)


def grouped(executor: Executor, node: HashAggregate, segment: Segment, source: Any,
            spill: Callable[[], GroupSpill] | None, shared: bool) -> tuple[list[list[Task]], AggregateSink]:
    """Group a segment's rows; the tasks' sinks hold the groups. `shared`: by several workers a slice."""
    sink = AggregateSink(segment, node, executor.context.budget, spill)
    return executor.cluster.submit(Job(segment, source, sink, shared)), sink


def group_spill(executor: Executor, node: HashAggregate, level: int, rows: float) -> Callable[[], GroupSpill]:
    """Where the node's groups go that do not fit memory."""

    def made() -> GroupSpill:
        from .spill.groups import GroupSpill

        return GroupSpill(node, executor.spool(node)(), level, rows)

    return once(made)


def _merged(executor: Executor, node: HashAggregate, partials: list[list[Collection]]) -> list[Collection]:
    """One collection a slice, of what one or several workers made of it."""
    parts = [concatenate(p) for p in partials]
    if all(len(p) == 1 for p in partials):
        return parts
    segment, source = Segment(), StoredSource(parts, node)
    source.emit(segment)
    slices, sink = grouped(executor, merging(node), segment, source, None, shared=False)
    return [sink.finish(tasks[0].sink) for tasks in slices]


def merging(node: HashAggregate) -> HashAggregate:
    """The aggregate that puts together what several workers made of one slice."""
    calls = tuple((ref, AggregateCall(_MERGED.get(call.function, call.function), (ref,), ref.type))
                  for ref, call in node.aggregates)
    return replace(node, groups=tuple((ref, ref) for ref, _ in node.groups), aggregates=calls)
