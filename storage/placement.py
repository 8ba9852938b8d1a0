"""Which slice each row of a load goes to: the table's distribution style at work.

    KEY     the hash of the distribution key (distribution.py): equal keys meet on one slice
    EVEN    each batch is dealt out in equal runs, going on where the table left off; runs and not
            single rows, so that neighbours stay together and zone maps stay narrow
    ALL     one copy, on no slice (REPLICATED): it counts as present on every node
    AUTO    ALL while the table is small, then EVEN

                   rows 0..9, 4 slices, 2 rows there before:  2 2 2 3 3 3 0 0 1 1

A table counts as small up to AUTO_ALL_ROWS rows and AUTO_ALL_BYTES. Redshift does not publish its own
threshold; ours is one row group, which no second worker could help to read anyway.
"""
from __future__ import annotations

import numpy as np

from ..errors import InternalError
from .distribution import hash_column, slice_of_hash
from .schema import DistStyle, Table
from .vector import Array, ColumnData

# The slice number of rows that are stored once and present everywhere.
REPLICATED = -1
AUTO_ALL_ROWS = 65_536
AUTO_ALL_BYTES = 64 << 20


class Placement:
    """Places the rows of one load, batch after batch."""

    def __init__(self, table: Table, slices: int, rows_before: int, replicated: bool) -> None:
        """`replicated`: ALL, or AUTO that is still small."""
        self.key = table.dist_key if table.dist_style is DistStyle.KEY else None
        if table.dist_style is DistStyle.KEY and self.key is None:
            raise InternalError(f"table {table.name} has DISTSTYLE KEY and no DISTKEY")
        self.replicated = replicated
        self.slices = slices
        self._next = rows_before % slices

    @property
    def single(self) -> int | None:
        """The one slice that all rows go to, if it is one."""
        if self.replicated:
            return REPLICATED
        return 0 if self.slices == 1 else None

    def place(self, rows: int, key: ColumnData | None) -> Array:
        """The slice of each row, uint16. `key`: the distribution key's values, for KEY."""
        if key is not None:
            return slice_of_hash(hash_column(key), self.slices).astype(np.uint16)
        share, extra = divmod(rows, self.slices)
        order = (np.arange(self.slices) + self._next) % self.slices
        counts = np.full(self.slices, share)
        counts[:extra] += 1
        self._next = (self._next + rows) % self.slices
        return np.repeat(order, counts).astype(np.uint16)


def rows_by_slice(slice_of: Array) -> list[tuple[int, Array]]:
    """(slice, its rows in their order) for every slice that has rows."""
    order = np.argsort(slice_of, kind="stable")  # uint16: a radix sort
    counts = np.bincount(slice_of)
    ends = np.cumsum(counts)
    return [
        (slice_, order[end - count : end])
        for slice_, (count, end) in enumerate(zip(counts.tolist(), ends.tolist()))
        if count
    ]
