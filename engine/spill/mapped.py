"""One window partition that does not fit memory: its columns as memory that is a file's.

Window functions see a partition as arrays, and read them here and there: the rows of a frame, the row so many rows
away, a running total. Rather than cut each function in pieces, the arrays are put where the system may take their
pages back: into nameless files, mapped (memory.placed). The functions are the same.

    pieces on disk --needed columns--> mapped arrays --functions--> mapped results
    pieces on disk  +  their slices of the results  -->  pieces on disk

Disk is taken before it is written to, so a full one is DiskFull; pages that were used are let go after each function.
What comes from chunks has its checksum verified on the way in; the mapped copy has none: it is the step's own
memory, only in another place (decision 0028).
"""
from __future__ import annotations

import mmap
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...kernels import memory, pack
from ...planner.expressions import ColumnId, ColumnRef
from ...planner.physical import WindowRows
from ...storage.types import Physical
from ...storage.vector import TEXT_PADDING
from ..collection import Collection, StoredColumn, allocate, widened
from ..window_functions import compute
from ..windows import Step
from .batches import plain
from .files import mapped

if TYPE_CHECKING:
    from ..context import Cancel
    from ..rows import Piece
    from .chunks import ChunkColumn

HEAP_BYTES = 4 << 20  # of strings in one file, at least


class Arrays:
    """Makes arrays in files; see the module's text."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._maps: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()

    def make(self, size: int) -> np.ndarray:
        """`size` bytes of zeros; the file goes with the last array in it."""
        made = mapped(self._folder, size)
        self._maps.add(made)
        return np.frombuffer(made, np.uint8)

    def release(self) -> None:
        """Let go of the pages: they are the system's to keep or to write, and come back when they are read."""
        for each in list(self._maps):
            each.madvise(mmap.MADV_DONTNEED)


def computed(pieces: Sequence[Piece], node: WindowRows, folder: Path | None, cancel: Cancel) -> Iterator[Collection]:
    """The rows of one partition with the results of all calls, piece by piece."""
    arrays = Arrays(folder)
    with memory.placed(arrays.make):
        step = Step(_columns(pieces, node), (), node.order)
        made: list[StoredColumn] = []
        for ref, call in node.calls:
            cancel.check()
            made.append(compute(step, ref, call))
            arrays.release()
    start = 0
    for piece in pieces:
        part = piece.load()
        stop = start + part.rows
        part.columns += [_slice(column, start, stop) for column in made]
        part.heaps += step.heaps
        yield part
        start = stop
        arrays.release()


def _slice(column: StoredColumn, start: int, stop: int) -> StoredColumn:
    valid = None if column.valid is None else memory.padded(column.valid[start:stop])
    values = allocate(column.carried, stop - start)
    values[:] = column.values[start:stop]
    return replace(column, values=values, valid=valid)


def _columns(pieces: Sequence[Piece], node: WindowRows) -> Collection:
    """The columns that the step reads, of all pieces."""
    kept = {c.ref.id for c in pieces[0].columns}  # a key that no call asks for went with the sort
    wanted = [id for id in dict.fromkeys(e.id for e in _read(node)) if id in kept]
    rows = sum(p.rows for p in pieces)
    whole = Collection([_room(pieces, id, rows) for id in wanted], rows)
    heap = _Heap(whole.heaps)
    start = 0
    for piece in pieces:
        part = plain(piece.select([(c.ref, c.ref.id) for c in whole.columns]).load())
        for into, column in zip(whole.columns, part.columns, strict=True):
            _fill(into, column, start, part.rows, heap)
        start += part.rows
    return whole


def _read(node: WindowRows) -> Iterator[ColumnRef]:
    for _, call in node.calls:
        yield from (e for e in call.args if isinstance(e, ColumnRef))
    yield from (key.expr for key in node.order if isinstance(key.expr, ColumnRef))


def _room(pieces: Sequence[Piece], id: ColumnId, rows: int) -> StoredColumn:
    """An empty column that takes that of all pieces."""
    found = [next(c for c in p.columns if c.ref.id == id) for p in pieces]
    carried = next((Physical.I128 for c in found if c.carried is Physical.I128), _carried(found[0]))
    nullable = any(c.nullable for c in found)
    valid = memory.zeros(rows, np.uint8) if nullable else None
    return StoredColumn(found[0].ref, carried, nullable, allocate(carried, rows), valid,
                        min(c.lo for c in found), max(c.hi for c in found))


def _carried(column: StoredColumn | ChunkColumn) -> Physical:
    texts = isinstance(column, StoredColumn) and column.texts is not None
    return Physical.STR if texts else column.carried


def _fill(into: StoredColumn, column: StoredColumn, start: int, rows: int, heap: _Heap) -> None:
    stop = start + rows
    if into.carried is Physical.STR:
        into.values[start:stop] = heap.put(column.values[:rows])
    else:
        column = widened(column) if into.carried is Physical.I128 else column
        into.values[start:stop] = column.values[:rows]
    if into.valid is not None:
        into.valid[start:stop] = 1 if column.valid is None else column.valid[:rows]


class _Heap:
    """Room for strings, in large arrays."""

    def __init__(self, heaps: list[np.ndarray]) -> None:
        self._heaps = heaps
        self._used = self._size = 0

    def put(self, views: np.ndarray) -> np.ndarray:
        """The strings of `views`, copied; views of them."""
        views = np.ascontiguousarray(views)
        ends = np.cumsum(views[:, 1])
        size = int(ends[-1]) if len(ends) else 0
        if self._used + size > self._size:
            self._used, self._size = 0, max(size, HEAP_BYTES)
            self._heaps.append(memory.empty(self._size + TEXT_PADDING, np.uint8))
        address = memory.address(self._heaps[-1]) + self._used
        pack.native("copy_text")(memory.address(views), len(views), address)
        self._used += size
        return np.stack([address + ends - views[:, 1], views[:, 1]], axis=1)
