"""The seam between the leader and the slices: everything the executor asks of them goes through `Cluster`.

    submit(job)               run a compiled segment on every slice that has rows for it; its finished tasks by slice
    each(work, count, rows)   work that slices do on their own rows: sorting, building join tables
    move(rows, move, keys, spool)    DISTRIBUTE, BROADCAST, ROUND_ROBIN, GATHER; what a cluster would have sent

Results that are handed out while they are made run on threads of their own (streaming.py).

`Rows` are the handles: the leader passes them on and looks inside only after a GATHER. They are freed when the
last reference goes; the statement's cancel word stops whatever runs.

`LocalCluster` is this process: slices are places, its worker pool does their work. Where there are more workers
than slices, several take shares of one slice's rows, and the caller puts together what their sinks hold. A second
implementation, on several machines, would ship fragments of the plan and packed rows instead of sharing memory
(docs/decisions/0011-a-node-is-sent-plans-not-programs.md), and may raise NodeLost, which this one never does.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from ..planner.expressions import ColumnId
from ..planner.physical import Move
from ..records import dataclass
from ..storage.schema import Topology
from . import exchange
from .compile.segment import Segment
from .counters import Counters
from .rows import Rows
from .tasks import Task, run
from .workers import SMALL_ROWS, Workers

if TYPE_CHECKING:
    from .context import Context
    from .spill.chunks import Spool

NewSpool = Callable[[], "Spool"]

MANY = 1 << 62
SHARE_ROWS = 200_000  # fewer rows are not worth dividing a slice's work for


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One segment for all slices: its program, where its rows come from and where they go."""

    segment: Segment
    source: Any  # sources.ScanSource or sources.StoredSource
    sink: Any  # of sinks.py or aggregation.py
    shared: bool = True  # several workers may take shares of one slice
    hand_over: Callable[[Task], None] | None = None  # called behind every window of a task, on its thread
    window: int = 0  # row groups or batches in a window, if not the source's own number

    @property
    def rows(self) -> int:
        """Rows to read, on all slices together."""
        return sum(self.source.rows(i) for i in range(self.source.tasks))

    def tasks(self, threads: int) -> list[list[Task]]:
        """The tasks of each slice: one, or as many as its share of the threads."""
        worth = self.shared and self.rows >= SHARE_ROWS
        shares = max(1, threads // self.source.tasks) if worth else 1
        return [[self._task(i, piece) for piece in self.source.split(i, shares)] for i in range(self.source.tasks)]

    def _task(self, i: int, piece: Any) -> Task:
        piece.window = self.window or piece.window
        return Task(i, piece, [s.probed(i) for s in self.segment.sides], self.sink.state(i, piece.rows))


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows where they are after a move; what each part before it sent to other slices or nodes, and the
    bytes of each part after it."""

    rows: Rows
    sent: exchange.Sent = field(default_factory=list)
    received: list[int] = field(default_factory=list)


class Cluster(Protocol):
    """What the leader may ask of slices; see the module's text."""

    topology: Topology
    workers: Workers

    def submit(self, job: Job) -> list[list[Task]]: ...

    def each(self, work: Callable[[int], None], count: int, rows: int = MANY) -> None: ...

    def move(self, rows: Rows, move: Move, keys: Sequence[ColumnId], spool: NewSpool | None = None) -> Moved: ...


class LocalCluster:
    """All slices in this process."""

    def __init__(self, context: Context, workers: Workers, counters: Counters) -> None:
        self.topology = context.view.topology
        self.workers = workers
        self._context = context
        self._counters = counters

    def submit(self, job: Job) -> list[list[Task]]:
        """Run the program on every slice; the tasks, by slice, hold the sinks' states."""
        template = job.segment.finish()
        if self._context.ticket is not None:
            self._context.ticket.usage.next_segment()
        slices = job.tasks(self.workers.threads)
        tasks = [task for group in slices for task in group]

        def work(i: int) -> None:
            if job.segment.empty or not tasks[i].source.rows:
                return
            with self.workers.arena() as arena:
                start = perf_counter()
                instance = run(tasks[i], template, arena, self._context, job.hand_over)
                self._counters.program(instance, tasks[i].index, start)
            if job.hand_over is not None:
                tasks[i].sink = None  # all handed over: its memory is free for others

        self.workers.run(work, len(tasks), job.rows)
        return slices

    def each(self, work: Callable[[int], None], count: int, rows: int = MANY) -> None:
        """work(0) ... work(count - 1) in parallel, unless it is over few rows."""
        if self._context.ticket is not None and rows >= SMALL_ROWS:
            work = self._context.ticket.usage.counted(work)
        self.workers.run(work, count, rows)

    def move(self, rows: Rows, move: Move, keys: Sequence[ColumnId], spool: NewSpool | None = None) -> Moved:
        """`spool`: for rows that do not fit memory."""
        budget = self._context.budget
        match move:
            case Move.DISTRIBUTE if rows.in_pieces or budget.presses(2 * rows.size, rows.size):
                from .spill.moving import distribute

                assert spool is not None
                return Moved(*distribute(rows, keys, self.topology, self.each, spool()))
            case Move.DISTRIBUTE:
                return Moved(*exchange.distribute(rows, keys, self.topology, partial(self.each, rows=rows.rows)))
            case Move.BROADCAST:
                return Moved(*exchange.broadcast(rows, self.topology, budget))
            case Move.ROUND_ROBIN:
                return Moved(exchange.round_robin(rows, self.topology.slices))
            case Move.GATHER:
                return Moved(exchange.gather(rows, budget))
