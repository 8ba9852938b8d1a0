"""What a running query has taken so far: processor time, rows, blocks, bytes on disk. Fed by the threads that work for
it, read by whoever watches.

    a task begins, ends       its thread's processor time, booked to its slice; its program's counters while it runs
    the caller goes in, out   of the execution: its own processor time

Programs count in their tables natively (kernels/vm.py), so rows are seen while a task runs for minutes; a thread's
processor clock is read from outside only while it is known to be alive, inside its task.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...kernels import abi
from ...planner.physical import ExternalScan, TableScan
from ..compile.program import Instance
from ..counters import Counters
from .estimates import Outline

MB = 1 << 20


class Usage:
    """See the module's text. Safe for several threads."""

    def __init__(self, outline: Outline | None, scans: Sequence[Any] = ()) -> None:
        """`scans`: (numbers, ...) of the statement's scans of external tables, as Context has them."""
        self._outline = outline
        self._scans = scans
        self._lock = threading.Lock()
        self._cpu = 0  # nanoseconds of ended tasks and of the caller
        self._tasks: dict[int, tuple[int, int, Instance | None, int]] = {}  # token: thread, its clock, program, slice
        self._next = 0
        self._slices: dict[int, tuple[int, int]] = {}  # processor time and rows read, by slice
        self._caller = 0
        self._since = 0
        self._counters: list[Counters] = []
        self._pairs = 0
        self._elsewhere: dict[str, float] | None = None
        self.returned = 0
        self.segment = 0.0  # when the present segment began, monotonic
        self._longest = 0.0  # seconds of those before it
        self._ended = 0.0

    # -- what happens ------------------------------------------------------------------------------

    def resume(self, counters: Counters | None = None) -> None:
        """The caller's thread works for the query from here on."""
        if counters is not None:
            self._counters.append(counters)
        self._caller = threading.get_ident()
        self._since = time.thread_time_ns()

    def pause(self) -> None:
        """The caller's thread goes elsewhere; or another one ends the query, to whom that thread's time is unknown."""
        if self._caller:
            with self._lock:
                if self._caller == threading.get_ident():
                    self._cpu += time.thread_time_ns() - self._since
                self._caller = 0

    def begin(self, instance: Instance | None, slice: int) -> int:
        """A task begins on this thread; its token."""
        with self._lock:
            self._next += 1
            self._tasks[self._next] = (threading.get_ident(), time.thread_time_ns(), instance, slice)
            return self._next

    def end(self, token: int) -> None:
        now = time.thread_time_ns()
        with self._lock:
            thread, since, instance, slice = self._tasks.pop(token)
            if thread != self._caller:
                self._cpu += now - since
            if instance is not None:
                _add(self._slices, slice, now - since, _scanned(instance))
                self._pairs += self._loop_rows(instance)

    def next_segment(self) -> None:
        """The query goes on with another segment."""
        now = time.monotonic()
        if self.segment:
            self._longest = max(self._longest, now - self.segment)
        self.segment = now

    def counted(self, work: Callable[[int], None]) -> Callable[[int], None]:
        """The same work, its time booked."""

        def run(i: int) -> None:
            token = self.begin(None, -1)
            try:
                work(i)
            finally:
                self.end(token)

        return run

    # -- what it comes to --------------------------------------------------------------------------

    def closed(self) -> Mapping[str, float]:
        """When the query is over: its metrics, reckoned when somebody asks for them."""
        self._ended = time.monotonic()
        return _Final(self)

    def adopt(self, metrics: dict[str, float]) -> None:
        """What another process has counted for the query."""
        self._elsewhere = metrics

    @property
    def external_bytes(self) -> int:
        """Scanned in external tables."""
        return sum(numbers.bytes for numbers, *_ in self._scans) if self._scans else 0

    @property
    def processor(self) -> int:
        """Microseconds of processor time of what has ended."""
        return self._cpu // 1000

    def metrics(self) -> dict[str, float]:
        """By the names of wlm/metrics.py; also slices, and the most that one of them took."""
        with self._lock:
            cpu, slices = self._cpu, dict(self._slices)
            running = list(self._tasks.values())
            for thread, since, instance, slice in running:
                spent = _clock(thread) - since
                if thread != self._caller:
                    cpu += spent
                if instance is not None:
                    _add(slices, slice, spent, _scanned(instance))
            if self._caller:
                cpu += max(0, _clock(self._caller) - self._since)
        found = self._counted([instance for _, _, instance, _ in running if instance is not None])
        found["query_cpu_time"] = cpu / 1e9
        found["return_row_count"] = self.returned
        times, rows = [t for t, _ in slices.values()], [r for _, r in slices.values()]
        found["scan_row_count"] = sum(rows)
        found["slices"] = len(slices)
        found["max_cpu_time"] = max(times, default=0) / 1e9
        found["max_rows"] = max(rows, default=0)
        if sum(times):
            found["cpu_skew"] = max(times) * len(times) / sum(times)
        if self._elsewhere is not None:
            found |= self._elsewhere | {"return_row_count": self.returned}
        elif self.segment:
            found["segment_execution_time"] = max(self._longest, (self._ended or time.monotonic()) - self.segment)
        return found

    def _counted(self, running: list[Instance]) -> dict[str, float]:
        """What the plan's steps have counted, and the programs that run now."""
        outline = self._outline
        joins = outline.joins if outline is not None else ()
        rows: dict[int, int] = {}
        blocks = spilled = 0
        by_slice: dict[int, int] = {}  # blocks read
        for counters in self._counters:
            for node, step in list(counters.steps.items()):
                rows[node] = rows.get(node, 0) + step.rows
                blocks += step.blocks_read
                spilled += step.bytes_spilled
                for slice, share in list(step.slices.items()):
                    if share.blocks:
                        by_slice[slice] = by_slice.get(slice, 0) + share.blocks
        if joins:
            for instance in running:
                _add_rows(instance, rows)
        found: dict[str, float] = {}
        if by_slice:
            found["io_skew"] = max(by_slice.values()) * len(by_slice) / sum(by_slice.values())
            found["max_blocks_read"] = max(by_slice.values())
        if self._scans:
            found["spectrum_scan_row_count"] = sum(numbers.rows for numbers, *_ in self._scans)
            found["spectrum_scan_size_mb"] = self.external_bytes / MB
        return found | {
            "query_blocks_read": blocks,
            "query_temp_blocks_to_disk": -(-spilled // MB),
            "join_row_count": sum(rows.get(n, 0) for n in joins),
            "nested_loop_join_row_count": self._pairs + sum(self._loop_rows(i) for i in running),
        }

    def _loop_rows(self, instance: Instance) -> int:
        """Pairs of rows that a program's nested loops have made, before any condition: the most rows that one of a
        join's own block ops was given."""
        loops = self._outline.loops if self._outline is not None else ()
        if not loops:
            return 0
        most = dict.fromkeys(loops, 0)
        for pc, node in enumerate(instance.template.builder.owners):
            if id(node) in most and instance.words[pc, abi.I_LEVEL] != abi.LEVEL_VECTOR:
                most[id(node)] = max(most[id(node)], int(instance.words[pc, abi.I_ROWS]))
        return sum(most.values())


class _Final(Mapping[str, float]):
    """A query's metrics that are reckoned when first asked for: most are never."""

    __slots__ = ("_found", "_usage")

    def __init__(self, usage: Usage) -> None:
        self._usage: Usage | None = usage
        self._found: dict[str, float] = {}

    def _all(self) -> dict[str, float]:
        usage = self._usage
        if usage is not None:
            self._found = usage.metrics()
            self._usage = None
        return self._found

    def __getitem__(self, name: str) -> float:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


def _add(slices: dict[int, tuple[int, int]], slice: int, time: int, rows: int) -> None:
    spent, read = slices.get(slice, (0, 0))
    slices[slice] = spent + time, read + rows


def _clock(thread: int) -> int:
    """Processor time of a thread that is alive, in nanoseconds."""
    return time.clock_gettime_ns(time.pthread_getcpuclockid(thread))


def _scanned(instance: Instance) -> int:
    """Rows that a program has read out of a table: its first instruction is the source."""
    owners = instance.template.builder.owners
    reads = bool(owners) and isinstance(owners[0], TableScan | ExternalScan)
    return int(instance.words[0, abi.I_ROWS]) if reads else 0


def _add_rows(instance: Instance, rows: dict[int, int]) -> None:
    """Rows that each node of a running program has put out: those given to the block op behind it."""
    owners = instance.template.builder.owners
    words = instance.words
    for pc in range(len(owners) - 1):
        node = owners[pc]
        if node is not None and owners[pc + 1] is not node:
            behind = pc + 1
            while behind < len(words) - 1 and words[behind, abi.I_LEVEL] == abi.LEVEL_VECTOR:
                behind += 1
            rows[id(node)] = rows.get(id(node), 0) + int(words[behind, abi.I_ROWS])
