"""The seam between the leader and the slices: everything the executor asks of them goes through `Cluster`.

    submit(job)               run a compiled segment on every slice that has rows for it; the finished tasks
    each(work, count)         work that slices do on their own rows: sorting, building join tables
    move(rows, move, keys)    DISTRIBUTE, BROADCAST, ROUND_ROBIN, GATHER; what a cluster would have sent

Results that are handed out while they are made run on threads of their own (streaming.py).

`Rows` are the handles: the leader passes them on and looks inside only after a GATHER. They are freed when the
last reference goes; the statement's cancel word stops whatever runs. `LocalCluster` is this process: slices are
places, its worker pool does their work. A second implementation, on several machines, would ship segments and
rows instead of sharing memory, and may raise NodeLost, which this one never does.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from ..planner.expressions import ColumnId
from ..planner.physical import Move
from ..storage.schema import Topology
from . import exchange
from .compile.segment import Segment
from .counters import Counters
from .rows import Rows
from .tasks import Task, run
from .workers import Workers

if TYPE_CHECKING:
    from .context import Context


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One segment for all slices: its program, where its rows come from and where they go."""

    segment: Segment
    source: Any  # sources.ScanSource or sources.StoredSource
    sink: Any  # of sinks.py or aggregation.py

    @property
    def rows(self) -> int:
        """Rows to read, on all slices together."""
        return sum(self.source.rows(i) for i in range(self.source.tasks))

    def tasks(self) -> list[Task]:
        """One task a slice."""
        return [
            Task(i, self.source.task(i), [s.probed(i) for s in self.segment.sides],
                 self.sink.state(i, self.source.rows(i)))
            for i in range(self.source.tasks)
        ]


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows where they are after a move, and what crossed between slices or nodes."""

    rows: Rows
    count: int = 0
    bytes: int = 0


class Cluster(Protocol):
    """What the leader may ask of slices; see the module's text."""

    topology: Topology
    workers: Workers

    def submit(self, job: Job) -> list[Task]: ...

    def each(self, work: Callable[[int], None], count: int) -> None: ...

    def move(self, rows: Rows, move: Move, keys: Sequence[ColumnId]) -> Moved: ...


class LocalCluster:
    """All slices in this process."""

    def __init__(self, context: Context, workers: Workers, counters: Counters) -> None:
        self.topology = context.view.topology
        self.workers = workers
        self._context = context
        self._counters = counters

    def submit(self, job: Job) -> list[Task]:
        """Run the program on every slice; the tasks hold the sinks' states."""
        template = job.segment.finish()
        tasks = job.tasks()

        def work(i: int) -> None:
            if job.segment.empty or not job.source.rows(i):
                return
            with self.workers.arena() as arena:
                start = perf_counter()
                instance = run(tasks[i], template, arena, self._context)
                self._counters.program(instance, perf_counter() - start)

        self.workers.run(work, len(tasks), job.rows)
        return tasks

    def each(self, work: Callable[[int], None], count: int, rows: int = 1 << 62) -> None:
        """work(0) ... work(count - 1) in parallel."""
        self.workers.run(work, count, rows)

    def move(self, rows: Rows, move: Move, keys: Sequence[ColumnId]) -> Moved:
        match move:
            case Move.DISTRIBUTE:
                return Moved(*exchange.distribute(rows, keys, self.topology, self.each))
            case Move.BROADCAST:
                return Moved(*exchange.broadcast(rows, self.topology))
            case Move.ROUND_ROBIN:
                return Moved(exchange.round_robin(rows, self.topology.slices))
            case Move.GATHER:
                return Moved(exchange.gather(rows))
