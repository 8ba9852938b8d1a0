"""Chunks: rows of a collection on disk, and the spool of a step, which writes them.

    spool = Spool(context, node, counters)
    chunks = spool.write(part)          rows of a collection, in the form of packed.py; its memory may go then
    pieces = spool.keep(part)           the same, unless there is memory for it
    part = chunk.load()                 the rows again, in memory that is charged

A chunk is about as large as what a step may hold in any case (MemoryBudget.least). Text is on disk by its bytes
even if it was codes of a dictionary before. One file a spool; it goes when the last of its chunks is dropped.
"""
from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels import abi
from ...planner.expressions import ColumnId, ColumnRef
from ...records import dataclass
from ...storage.types import Physical
from ..collection import Collection, StoredColumn, allocate
from ..context import Charge, MemoryBudget
from ..packed import Head, heads, packed, unpacked
from ..steps import step_name
from .files import Place, SpillFile

if TYPE_CHECKING:
    from ..context import Cancel, Context
    from ..counters import Counters
    from ..rows import Piece

FEWEST_ROWS, MOST_ROWS = 256, 4 * abi.BATCH_ROWS


@dataclass(frozen=True, slots=True)
class ChunkColumn:
    """What is known of a chunk's column: as StoredColumn. `place`: its number on disk."""

    ref: ColumnRef
    carried: Physical
    nullable: bool
    lo: int
    hi: int
    place: int


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Rows on disk."""

    file: SpillFile
    place: Place
    rows: int
    size: int  # bytes in memory
    columns: tuple[ChunkColumn, ...]
    heads: tuple[Head, ...]  # of all that is on disk
    surroundings: Surroundings

    def load(self) -> Collection:
        """The rows; DataCorrupted if they are not what was written."""
        self.surroundings.cancel.check()
        charge = Charge(self.surroundings.budget, self.surroundings.step, self.size)
        whole = unpacked(memoryview(self.file.read(self.place)), self.heads)
        columns = [_named(whole.columns[c.place], c) for c in self.columns]
        heaps = charge.split(min(sum(h.nbytes for h in whole.heaps), charge.bytes))
        return Collection(columns, self.rows, whole.heaps, [charge], [heaps])

    def empty(self) -> Collection:
        """No rows of the same columns."""
        none = [StoredColumn(c.ref, c.carried, c.nullable, allocate(c.carried, 0), _none(c), c.lo, c.hi)
                for c in self.columns]
        return Collection(none)

    def select(self, columns: Sequence[tuple[ColumnRef, ColumnId]]) -> Chunk:
        by_id = {c.ref.id: c for c in self.columns}
        return replace(self, columns=tuple(replace(by_id[old], ref=ref) for ref, old in columns))


def _none(column: ChunkColumn) -> np.ndarray | None:
    return allocate(Physical.BOOL, 0) if column.nullable else None


def _named(column: StoredColumn, wanted: ChunkColumn) -> StoredColumn:
    return replace(column, ref=wanted.ref, nullable=wanted.nullable, lo=wanted.lo, hi=wanted.hi)


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Of the statement, what loading needs; `step`: in messages."""

    budget: MemoryBudget
    cancel: Cancel
    step: str


class Spool:
    """See the module's text. Safe for many threads."""

    def __init__(self, context: Context, node: Any, counters: Counters) -> None:
        self._context = context
        self._node = node
        self._counters = counters
        self._lock = threading.Lock()
        self._file: SpillFile | None = None
        self._surroundings = Surroundings(context.budget, context.cancel, step_name(node))

    @property
    def budget(self) -> MemoryBudget:
        return self._context.budget

    def write(self, part: Collection) -> list[Chunk]:
        """All rows of a collection."""
        return [self._write(part, a, b) for a, b in _cuts(part, self.budget.least)]

    def keep(self, part: Collection) -> list[Piece]:
        """The rows of a result, in memory while much of that is left."""
        budget = self.budget
        if part.rows and budget.used > budget.spill_at // 2 and part.size >= budget.least // 8:
            return [*self.write(part)]
        return [part]

    def _write(self, part: Collection, start: int, stop: int) -> Chunk:
        self._context.cancel.check()
        file = self._made()
        place = file.write(packed(part, start, stop))
        self._counters.spilled(self._node, place.length)
        known = heads(part)
        columns = tuple(
            ChunkColumn(c.ref, c.carried if c.texts is None else Physical.STR, c.valid is not None, h.lo, h.hi, i)
            for i, (c, h) in enumerate(zip(part.columns, known, strict=True))
        )
        texts = sum(c.carried is Physical.STR for c in columns)
        size = place.length + 8 * texts * (stop - start)  # lengths become views
        return Chunk(file, place, stop - start, size, columns, known, self._surroundings)

    def _made(self) -> SpillFile:
        with self._lock:
            if self._file is None:
                self._file = SpillFile(self._context.database.spill_folder)
                self._context.close_at_end(self._file)
            return self._file


def _cuts(part: Collection, target: int) -> Iterator[tuple[int, int]]:
    """Runs of rows of about `target` bytes."""
    if not part.rows:
        return
    each = max(1, part.payload_bytes() // part.rows)
    step = min(max(target // each, FEWEST_ROWS), MOST_ROWS)
    count = -(-part.rows // step)
    for i in range(count):
        yield part.rows * i // count, part.rows * (i + 1) // count
