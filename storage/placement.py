"""Which slice each row of a load goes to: the table's distribution style at work.

    KEY     the hash of the distribution key (distribution.py): equal keys meet on one slice
    EVEN    each batch is dealt out in equal runs, going on where the table left off; runs and not
            single rows, so that neighbours stay together and zone maps stay narrow
    ALL     one copy, on no slice (REPLICATED): it counts as present on every node
    AUTO    ALL while the table is small, then EVEN

                   rows 0..9, 4 slices, 2 rows there before:  2 2 2 3 3 3 0 0 1 1

`place` names the slice of each row of a run that a slice's sort will gather anyway; `scatter` takes a batch
apart at once, for rows that are made on slices and go to each slice's own writer.

A table counts as small up to AUTO_ALL_ROWS rows and AUTO_ALL_BYTES. Redshift does not publish its own
threshold; ours is one row group, which no second worker could help to read anyway.
"""
from __future__ import annotations

import copy
import threading
from collections.abc import Sequence

import numpy as np

from ..errors import InternalError
from .distribution import hash_column, slice_of_hash
from .schema import DistStyle, Table
from .vector import Array, ColumnData

# The slice number of rows that are stored once and present everywhere.
REPLICATED = -1
AUTO_ALL_ROWS = 65_536
AUTO_ALL_BYTES = 64 << 20
FEW_SLICES = 8
# Fewer rows are numbered with numpy's own integers, which it takes values by without another look.
MANY_ROWS = 1 << 18


def slice_of_next(table: Table, slices: int, rows_before: int, replicated: bool) -> int | None:
    """Where a single row goes; None: its distribution key decides."""
    if replicated:
        return REPLICATED
    if slices == 1:
        return 0
    return None if table.dist_style is DistStyle.KEY else rows_before % slices


class Placement:
    """Places the rows of one load, batch after batch. For any thread."""

    def __init__(self, table: Table, slices: int, rows_before: int, replicated: bool) -> None:
        """`replicated`: ALL, or AUTO that is still small."""
        self.key = table.dist_key if table.dist_style is DistStyle.KEY else None
        if table.dist_style is DistStyle.KEY and self.key is None:
            raise InternalError(f"table {table.name} has DISTSTYLE KEY and no DISTKEY")
        self.replicated = replicated
        self.slices = slices
        # EVEN: what the table had counts as dealt in turn, so that this slice is the next; then how many each has got.
        self.next = rows_before % slices
        self._counts: Array | None = None
        self._lock = threading.Lock()
        self.single: int | None = None  # the one slice that all rows go to, if it is one
        if replicated:
            self.single = REPLICATED
        elif slices == 1:
            self.single = 0

    def on(self, slice_: int) -> Placement:
        """The placement of rows that are known to belong to this slice."""
        other = copy.copy(self)
        other.single = slice_
        return other

    def place(self, rows: int, key: ColumnData | None) -> Array:
        """The slice of each row, uint16. `key`: the distribution key's values, for KEY."""
        if key is not None:
            return slice_of_hash(hash_column(key), self.slices).astype(np.uint16)
        slices, counts = zip(*self.deal(rows))
        return np.repeat(np.array(slices, np.uint16), counts)

    def deal(self, rows: int) -> list[tuple[int, int]]:
        """EVEN: (slice, how many of the next rows), in their order."""
        with self._lock:
            dealt = self._dealt
            first = int(dealt.sum()) % self.slices
            levels = _levels(dealt, rows)
            counts, self._counts = levels - dealt, levels
        order = [(i + first) % self.slices for i in range(self.slices)]
        return [(slice_, int(counts[slice_])) for slice_ in order]

    @property
    def _dealt(self) -> Array:
        """EVEN: rows dealt to each slice."""
        if self._counts is None:
            self._counts = (np.arange(self.slices) < self.next).astype(np.int64)
        return self._counts

    def take_back(self, slice_: int, rows: int) -> None:
        """These rows were not stored yet and will be placed again."""
        if self.single is None:
            with self._lock:
                self._dealt[slice_] -= rows

    def scatter(self, columns: Sequence[ColumnData]) -> list[tuple[int, Sequence[ColumnData]]]:
        """A batch of all columns by slice, rows in their order; slices without rows are left out."""
        if self.single is not None:
            return [(self.single, columns)]
        rows = columns[0].rows
        if self.key is not None:
            by_slice = rows_by_slice(self.place(rows, columns[self.key]))
            return [(slice_, [c.take(own) for c in columns]) for slice_, own in by_slice]
        pieces: list[tuple[int, Sequence[ColumnData]]] = []
        at = 0
        for slice_, count in self.deal(rows):
            if count:
                pieces.append((slice_, [c.slice(at, at + count) for c in columns]))
            at += count
        return pieces


def _levels(dealt: Array, rows: int) -> Array:
    """How many rows each slice has when `rows` more are dealt as evenly as can be."""
    levels = dealt.copy()
    open_ = np.ones(len(dealt), bool)
    while True:
        level, extra = divmod(int(dealt[open_].sum()) + rows, int(open_.sum()))
        if bool((dealt[open_] <= level).all()):
            levels[open_] = level
            levels[np.flatnonzero(open_)[:extra]] += 1
            return levels
        open_ &= dealt <= level  # the others have more than their share already


def rows_by_slice(slice_of: Array) -> list[tuple[int, Array]]:
    """(slice, its rows in their order) for every slice that has rows."""
    counts = np.bincount(slice_of)
    slices = np.flatnonzero(counts).tolist()
    if len(slices) <= FEW_SLICES:  # a pass for each takes less memory and time than a sort
        return [(slice_, _few_bytes(np.flatnonzero(slice_of == slice_))) for slice_ in slices]
    order = _few_bytes(np.argsort(slice_of, kind="stable"))  # uint16: a radix sort
    ends = np.cumsum(counts)
    return [(slice_, order[ends[slice_] - counts[slice_] : ends[slice_]]) for slice_ in slices]


def _few_bytes(rows: Array) -> Array:
    """Row numbers in as few bytes as a run needs."""
    return rows.astype(np.uint32) if len(rows) >= MANY_ROWS else rows
