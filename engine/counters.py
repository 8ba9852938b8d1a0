"""What each step did, in all and on each slice: rows, time, blocks read and skipped, bytes moved. EXPLAIN ANALYZE,
the query history and the system tables read it. Keys are plan nodes by identity; the executor adds to it from worker
threads.

    Counters.steps[id(node)]            StepCounters     of all slices together
    Counters.steps[id(node)].slices[2]  SliceCounters    slice 2's share; slices that did nothing have none

What is on the leader, and rows that all slices share, count as slice 0's. Times are perf_counter's.
"""
from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import field
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from ..kernels import abi
from ..records import dataclass
from .rows import size_of

if TYPE_CHECKING:
    from .compile.program import Instance
    from .exchange import Sent
    from .pruning import RowGroup
    from .rows import Rows


@dataclass(slots=True)
class SliceCounters:
    """One step's share on one slice. `read`: rows of the row groups that a scan opened, `deleted`: of them; `sent`: to
    other slices, or to the leader; `built`: of a join's inner side."""

    rows: int = 0
    bytes: int = 0  # of the rows, where the step kept them
    begun: float = 0.0
    ended: float = 0.0
    read: int = 0
    deleted: int = 0
    blocks: int = 0
    sent: int = 0
    bytes_sent: int = 0
    built: int = 0
    bytes_built: int = 0


@dataclass(slots=True)
class StepCounters:
    rows: int = 0
    seconds: float = 0.0  # of all workers together
    blocks_read: int = 0
    blocks_skipped: int = 0
    rows_moved: int = 0
    bytes_moved: int = 0  # to other slices
    node_bytes: int = 0  # of these, to other nodes
    build_rows: int = 0
    bytes_spilled: int = 0  # written to disk for want of memory
    files_read: int = 0  # of external tables
    files_skipped: int = 0
    memory: int = 0  # bytes that the step's rows took
    ended: float = 0.0  # 0: rows were handed on as they were made
    filtered: bool = False  # by the keys of a join above (key_filters.py)
    slices: dict[int, SliceCounters] = field(default_factory=dict)

    @property
    def milliseconds(self) -> float:
        return self.seconds * 1000

    def slice(self, number: int) -> SliceCounters:
        found = self.slices.get(number)
        if found is None:
            found = self.slices[number] = SliceCounters()
        return found


class Counters:
    """Counters of one plan's run, by id(plan node)."""

    def __init__(self) -> None:
        self.steps: dict[int, StepCounters] = {}
        self.clock = time() - perf_counter()  # add it to a time here for seconds since 1970
        self.begun = perf_counter()
        self._lock = threading.Lock()

    def step(self, node: Any) -> StepCounters:
        found = self.steps.get(id(node))
        if found is None:
            with self._lock:
                found = self.steps.setdefault(id(node), StepCounters())
        return found

    def finished(self, node: Any, rows: Rows, kept: bool = False) -> None:
        """A node has put out all of its rows; `kept`: and they were all there before any was read."""
        step = self.step(node)
        step.rows = 0
        step.ended = perf_counter()
        step.memory = max(step.memory, rows.size) if kept else step.memory
        for i, part in enumerate(rows.every()):
            step.rows += part.rows
            if part.rows or i in step.slices:
                share = step.slice(i)
                share.rows = part.rows
                if kept:
                    share.bytes = size_of(part)

    def inserted(self, node: Any, rows: Sequence[int]) -> None:
        """Rows that came to each slice's part of a table."""
        step = self.step(node)
        step.ended = perf_counter()
        step.rows = sum(rows)
        for i, count in enumerate(rows):
            if count:
                step.slice(i).rows = count

    def scan(self, node: Any, groups: list[list[RowGroup]], skipped: int) -> None:
        """What a scan opens, by slice, and how many row groups it does not."""
        step, columns = self.step(node), len(node.columns)
        step.blocks_skipped += skipped * columns
        for i, opened in enumerate(groups):
            if opened:
                share = step.slice(i)
                share.blocks += len(opened) * columns
                share.read += sum([g.rows for g in opened])
                share.deleted += sum([g.deleted.rows for g in opened if g.deleted is not None])
                step.blocks_read += len(opened) * columns

    def moved(self, node: Any, sent: Sent, received: Sequence[int] = ()) -> None:
        """What each slice sent to others, and bytes that each has then."""
        step = self.step(node)
        with self._lock:
            for i, crossing in enumerate(sent):
                step.rows_moved += crossing.rows
                step.bytes_moved += crossing.bytes
                step.node_bytes += crossing.node_bytes
                share = step.slice(i)
                share.sent += crossing.rows
                share.bytes_sent += crossing.bytes
            for i, size in enumerate(received):
                if size:
                    step.slice(i).bytes += size

    def returned(self, node: Any, slice: int, rows: int, size: int) -> None:
        """Rows that a slice sent to the leader, which is no move between slices."""
        step = self.step(node)
        with self._lock:
            share = step.slice(slice)
            share.sent += rows
            share.bytes_sent += size

    def spilled(self, node: Any, size: int) -> None:
        step = self.step(node)
        with self._lock:
            step.bytes_spilled += size

    def built(self, node: Any, rows: Rows) -> None:
        """A join's inner side is there."""
        step = self.step(node)
        step.memory = max(step.memory, rows.size)
        for i, part in enumerate(rows.every()):
            step.build_rows += part.rows
            if part.rows:
                share = step.slice(i)
                share.built += part.rows
                share.bytes_built += size_of(part)

    def program(self, instance: Instance, slice: int, begun: float) -> None:
        """Book a run's native counters to the plan nodes that its instructions belong to.

        Cycles are shared out over the run's time; a node's rows are those given to what comes behind it.
        """
        owners = instance.template.builder.owners
        levels, rows, cycles = instance.words[:, (abi.I_LEVEL, abi.I_ROWS, abi.I_CYCLES)].T.tolist()
        ended = perf_counter()
        scale = (ended - begun) / max(sum(cycles), 1)
        with self._lock:
            for pc, node in enumerate(owners):
                if node is None:
                    continue
                step = self.steps.get(id(node))
                if step is None:
                    step = self.steps[id(node)] = StepCounters()
                step.seconds += cycles[pc] * scale
                if pc + 1 == len(owners) or owners[pc + 1] is not node:
                    given = rows[_next_block(levels, pc + 1)]
                    share = step.slice(slice)
                    step.rows += given
                    share.rows += given
                    share.begun = min(share.begun, begun) if share.begun else begun
                    share.ended = max(share.ended, ended)


def _next_block(levels: list[int], pc: int) -> int:
    """The first block op at or behind `pc`, or else the last one: only those count rows."""
    while pc < len(levels) and levels[pc] == abi.LEVEL_VECTOR:
        pc += 1
    while pc == len(levels) or levels[pc] == abi.LEVEL_VECTOR:
        pc -= 1
    return pc
