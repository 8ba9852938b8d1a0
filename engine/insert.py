"""The insert step: rows go from the slices that make them into the writers of the slices that keep them.

    slice 0:  window -> rows -> the table's columns --scatter--+--> writer of slice 0 --> its files
    slice 1:  window -> rows -> the table's columns --scatter--+--> writer of slice 1 --> its files

A segment runs as always; whenever a window of it is done (handing_over.py), the thread that ran it takes the rows,
brings them to the table's form, sends them to their slices (not at all where they lie right) and fills those slices'
writers, which sort and encode on that thread once a run is full (storage/run_writer.py). So memory holds a few
windows and the runs, nothing waits for the leader, and all workers are busy.

The move right below the step is made here, window by window; what it would send is booked to its Exchange.
The first error ends all slices; the caller drops the files.
"""
from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..planner.physical import Exchange, InsertRows, Move
from ..storage.loader import Piece, TableWriter
from ..storage.placement import REPLICATED
from ..storage.schema import DistStyle
from ..storage.vector import ColumnData
from .column_data import table_data
from .exchange import Crossing, copied
from .handing_over import hand_over
from .rows import Where

if TYPE_CHECKING:
    from .executor import Executor
    from .tasks import Task


def insert_rows(executor: Executor, node: InsertRows, writer: TableWriter) -> None:
    """Run `node`, whose columns are those that `writer` was made for, in their order."""
    move = node.input if isinstance(node.input, Exchange) and node.input.move is not Move.GATHER else None
    below = node.input if move is None else move.input
    wanted = {ref.id for ref, _ in node.columns}
    outputs = [(ref, expr) for ref, expr in executor.outputs(below) if ref.id in wanted]
    step = _Step(executor, node, writer, move)
    hand_over(executor, below, outputs, step.take)
    step.book()


class _Step:
    """What the workers of one insert share."""

    def __init__(self, executor: Executor, node: InsertRows, writer: TableWriter, move: Exchange | None) -> None:
        self._executor = executor
        self._node = node
        self._writer = writer
        self._move = move
        self._columns = [(ref.id, node.table.columns[position]) for ref, position in node.columns]
        self._may_stay = move is None and node.table.dist_style is DistStyle.KEY
        self._lock = threading.Lock()
        self._sent = [Crossing() for _ in range(executor.cluster.topology.slices)]  # by the slice that made them
        self._received = [0] * executor.cluster.topology.slices

    def take(self, task: Task, where: Where) -> None:
        """A window's rows, on the thread that made them."""
        self._executor.context.cancel.check()
        part = task.sink.detach()
        if not part.rows:
            return
        home = task.index if where is Where.SLICES else None
        columns = [table_data(part.column(id), part.rows, column) for id, column in self._columns]
        pieces = self._writer.scatter(columns, home if self._may_stay else None)
        self._count(pieces, home)
        self._writer.write_pieces(pieces)

    def _count(self, pieces: Sequence[Piece], home: int | None) -> None:
        """Rows that a slice keeps; those that change place, and what sending them would take."""
        topology, sent = self._executor.cluster.topology, Crossing()
        for slice_, columns in pieces if self._move is not None else ():
            rows = columns[0].rows
            if slice_ == REPLICATED:
                sent.add(copied(rows, sum(map(_payload_bytes, columns)), topology))
            elif slice_ != home:
                sent.count(rows, sum(map(_payload_bytes, columns)), home, slice_, topology)
        with self._lock:
            for slice_, columns in pieces:
                self._received[max(slice_, 0)] += columns[0].rows
            self._sent[home or 0].add(sent)

    def book(self) -> None:
        counters = self._executor.counters
        counters.inserted(self._node, self._received)
        if self._move is not None:
            counters.inserted(self._move, self._received)
            counters.moved(self._move, self._sent)


def _payload_bytes(column: ColumnData) -> int:
    """As Collection.payload_bytes."""
    if column.offsets is not None:
        return column.text_bytes + 4 * column.rows
    return column.rows * (1 if column.fixed.itemsize == 1 else 8)
