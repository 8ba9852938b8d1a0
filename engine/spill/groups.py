"""Groups that do not fit memory: partial results on disk, by the hash of their keys, merged one partition at a time.

    task:    groups so far  --hash of the keys-->  partition 0 .. n - 1 on disk, the table begins anew   (put)
    end:     partition 0 of all tasks of a slice -> merged as the results of several workers are -> groups
             partition 1 ...                                                                        (from_disk)

What is merged in one partition may itself be too much: it goes to partitions of its own, by other bits of the hash.
A partial aggregate's groups are merged by the final one anyway; they are only put on disk.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...planner.physical import HashAggregate
from ..aggregation import AggregateSink
from ..collection import Collection
from ..compile.segment import Segment
from ..group_steps import group_spill, grouped, merging
from ..rows import Pieces, Rows, Where
from ..sources import StoredSource
from .chunks import Spool
from .partitions import MOST_LEVELS, Split, count_for, divided_part, is_wide
from .results import Results

if TYPE_CHECKING:
    from ..executor import Executor
    from ..rows import Part, Piece
    from ..tasks import Task

FEWEST_PARTITIONS = 8
# A table's groups are divided in lots: each makes a chunk a partition, so few lots make fewer, larger chunks.
LOTS = 4  # at most
GROWTH = 3  # a table that grows is there twice, the new one twice as large
ROOM_SHARE = 4  # ... and none that is smaller than this part of the memory that the table has just given back


class GroupSpill:
    """Where the groups of one aggregate's tasks go."""

    def __init__(self, node: HashAggregate, spool: Spool, level: int, rows: float) -> None:
        """`rows`: groups that are expected in all."""
        self._keys = tuple(ref.id for ref, _ in node.groups)
        self._apart = node.phase != "partial"
        self._spool = spool
        self._level = level
        self._count = 1
        if self._apart:
            self._count = max(count_for(_width(node) * int(rows), spool.budget.room), FEWEST_PARTITIONS)

    def put(self, found: list[list[Piece]], part: Collection) -> None:
        """Groups of one task; `found`: its pieces by partition, added to."""
        found.extend([] for _ in range(self._count - len(found)))
        if not self._apart:
            found[0] += self._spool.write(part)
            return
        wide = tuple(is_wide(Rows([part], Where.LEADER), key) for key in self._keys)
        split = Split(self._keys, wide, self._count, self._level)
        target = max(self._spool.budget.least, part.size // LOTS, self._spool.budget.room // ROOM_SHARE)
        for pieces, more in zip(found, divided_part(part, split, self._spool, target), strict=True):
            pieces += more


def from_disk(executor: Executor, node: HashAggregate, slices: Sequence[Sequence[Task]], sink: AggregateSink,
              where: Where, level: int = 0) -> Rows:
    """All groups of an aggregate of which some task's are on disk."""
    if node.phase == "partial":
        return Rows([_as_they_are(tasks, sink) for tasks in slices], where)
    found, none = _partitions(slices, sink)
    results = Results(executor, node)
    for p in range(len(found[0])):
        parts = [Pieces([empty, *part[p]]) for empty, part in zip(none, found, strict=True)]
        for part in found:
            part[p] = []
        if any(part.rows for part in parts) or results.empty:
            results.make_room(GROWTH * _width(node) * sum(part.rows for part in parts))
            results.add(_merged(executor, node, parts, where, level + 1))
    return results.together()


def _width(node: HashAggregate) -> int:
    """Bytes of a group in a table, about."""
    return 16 * (len(node.groups) + len(node.aggregates)) + 24


def _as_they_are(tasks: Sequence[Task], sink: AggregateSink) -> Part:
    """The groups of a slice's tasks, on disk and in memory."""
    return Pieces(p for t in tasks for p in [*(c for found in t.sink.spilled for c in found), sink.finish(t.sink)])


def _partitions(slices: Sequence[Sequence[Task]], sink: AggregateSink,
                ) -> tuple[list[list[list[Piece]]], list[Collection]]:
    """All groups on disk, by slice and partition; and for each slice no groups, in the same columns."""
    found: list[list[list[Piece]]] = []
    none: list[Collection] = []
    for tasks in slices:
        for task in tasks:
            task.sink.spill(sink)
        none.append(sink.finish(tasks[0].sink))
        found.append([[p for t in tasks for p in t.sink.spilled[n]] for n in range(len(tasks[0].sink.spilled))])
        for task in tasks:
            task.sink = None  # its memory is free for others
    return found, none


def _merged(executor: Executor, node: HashAggregate, parts: Sequence[Part], where: Where, level: int) -> Rows:
    """The groups of one partition."""
    segment, source = Segment(), StoredSource(parts, node)
    source.emit(segment)
    segment.builder.node = node
    spill = group_spill(executor, node, level, sum(p.rows for p in parts)) if level < MOST_LEVELS else None
    slices, sink = grouped(executor, merging(node), segment, source, spill, shared=False)
    if any(task.sink.spilled for tasks in slices for task in tasks):
        return from_disk(executor, node, slices, sink, where, level)
    return Rows([sink.finish(tasks[0].sink) for tasks in slices], where)
