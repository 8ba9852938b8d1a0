"""The insert step: rows go from the slices that make them into the writers of the slices that keep them.

    slice 0:  window -> rows -> the table's columns --scatter--+--> writer of slice 0 --> its files
    slice 1:  window -> rows -> the table's columns --scatter--+--> writer of slice 1 --> its files

A segment runs as always; whenever a window of it is done, the thread that ran it takes the rows, brings them to
the table's form, sends them to their slices (not at all where they lie right) and fills those slices' writers,
which sort and encode on that thread once a run is full (storage/run_writer.py). So memory holds a few windows
and the runs, nothing waits for the leader, and all workers are busy.

The move right below the step is made here, window by window; what it would send is booked to its Exchange.
The first error ends all slices; the caller drops the files.
"""
from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..planner.physical import Exchange, InsertRows, Move, Physical, SortRows
from ..storage.loader import Piece, TableWriter
from ..storage.placement import REPLICATED
from ..storage.schema import DistStyle
from ..storage.vector import ColumnData
from . import sinks
from .cluster import Job
from .column_data import table_data
from .exchange import Crossing, copies
from .rows import Where
from .steps import step_name

if TYPE_CHECKING:
    from .executor import Executor
    from .tasks import Task

# Row groups (or batches of a collection) whose rows are handed over at a time.
WINDOW = 2


def insert_rows(executor: Executor, node: InsertRows, writer: TableWriter) -> None:
    """Run `node`, whose columns are those that `writer` was made for, in their order."""
    move = node.input if isinstance(node.input, Exchange) and node.input.move is not Move.GATHER else None
    below = node.input if move is None else move.input
    segment, source, where = executor.open_segment(below)
    wanted = {ref.id for ref, _ in node.columns}
    outputs = [(ref, expr) for ref, expr in executor.outputs(below) if ref.id in wanted]
    sink = sinks.CollectSink(segment, outputs, executor.context.budget, step_name(below))
    step = _Step(executor, node, writer, where, move)
    step.run(Job(segment, source, sink, shared=not _is_ordered(below), hand_over=step.take, window=WINDOW))


def _is_ordered(node: Physical) -> bool:
    """Whether a slice's rows come in an order that is asked for: one worker a slice then."""
    while not isinstance(node, SortRows) and hasattr(node, "input"):
        node = node.input
    return isinstance(node, SortRows)


class _Step:
    """What the workers of one insert share."""

    def __init__(
        self, executor: Executor, node: InsertRows, writer: TableWriter, where: Where, move: Exchange | None
    ) -> None:
        self._executor = executor
        self._node = node
        self._writer = writer
        self._move = move
        self._columns = [(ref.id, node.table.columns[position]) for ref, position in node.columns]
        self._on_slices = where is Where.SLICES
        self._stay = self._on_slices and move is None and node.table.dist_style is DistStyle.KEY
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self._sent = Crossing()

    def run(self, job: Job) -> None:
        try:
            self._executor.cluster.submit(job)
        except _Stopped:
            assert self._error is not None
            raise self._error from None
        self._book()

    def take(self, task: Task) -> None:
        """A window's rows, on the thread that made them."""
        if self._error is not None:
            raise _Stopped
        try:
            self._take(task)
        except BaseException as error:
            self._error = error
            raise

    def _take(self, task: Task) -> None:
        self._executor.context.cancel.check()
        part = task.sink.detach()
        if not part.rows:
            return
        columns = [table_data(part.column(id), part.rows, column) for id, column in self._columns]
        pieces = self._writer.scatter(columns, task.index if self._stay else None)
        if self._move is not None:
            self._count_moved(pieces, task.index if self._on_slices else None)
        self._writer.write_pieces(pieces)

    def _count_moved(self, pieces: Sequence[Piece], home: int | None) -> None:
        """Rows that change place, and what sending them would take."""
        topology, sent = self._executor.cluster.topology, Crossing()
        for slice_, columns in pieces:
            rows = columns[0].rows
            if slice_ == REPLICATED:
                times, size = copies(topology), sum(map(_payload_bytes, columns))
                copied = Crossing(times * rows, times * size, (topology.nodes - 1) * size)
                sent = Crossing.of([sent, copied])
            elif slice_ != home:
                sent.count(rows, sum(map(_payload_bytes, columns)), home, slice_, topology)
        with self._lock:
            self._sent = Crossing.of([self._sent, sent])

    def _book(self) -> None:
        counters = self._executor.counters
        counters.finished(self._node, self._writer.rows)
        if self._move is not None:
            counters.finished(self._move, self._writer.rows)
            counters.moved(self._move, self._sent.rows, self._sent.bytes, self._sent.node_bytes)


class _Stopped(Exception):
    """Another slice has failed."""


def _payload_bytes(column: ColumnData) -> int:
    """As Collection.payload_bytes."""
    if column.offsets is not None:
        return column.text_bytes + 4 * column.rows
    return column.rows * (1 if column.fixed.itemsize == 1 else 8)
