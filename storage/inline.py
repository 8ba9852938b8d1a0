"""Inline extents: the rows of small commits, kept in the catalogue itself until they are worth a file.

An extent of its own costs a commit two more fsyncs, of a file and of its folder, where SQLite's one would do. So what
a load writes for a slice stays in memory as long as it is small (Database.inline_bytes), and goes with the commit, as
it would lie in a file (extent.py) but without sketches:

    extents          id 7   path inline/734003-0   rows 1 ...
    inline_extents   extent_id 7   data BLOB                          dropped together with the extent

(A commit of a single row is in a table of its own at first: catalog/row_commits.py.)

A process keeps the bytes with its reference (schema.py: ExtentRef.data), so snapshots, transactions and plans that are
sent elsewhere carry them, and a commit that drops the extent deletes the BLOB at once: who still sees it has it.
Nothing is left to unlink.

A table's sketches in the catalogue are those of its files alone, for writing them anew would cost more than the row.
Those of inline extents are made from their values when statistics are asked for (`InlineSketches`) and join the
table's when the extents are dropped by a rewrite (catalog/state.py).

A rewrite always makes files: the background worker and VACUUM turn inline extents into real ones, FLUSH_EXTENTS at a
time (maintenance/flush.py).
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .extent import ExtentReader
from .schema import INLINE, Column, ExtentRef
from .statistics import ColumnSketch
from .stored import stored_column
from .vector import concat


def inline_name(transaction: int, number: int) -> str:
    """As a file's name: it begins with the number of the transaction that wrote it."""
    return f"{INLINE}{transaction}-{number}"


class InlineSketches:
    """Sketches of a table's inline extents, column by column as they are asked for; of the extents that came since
    the last time only the values are read. Those of extents that are gone stay in, as those of deleted rows do, until
    they are half of all: bounds hold, counts are estimates. Shared by the states of a table; for any thread."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[frozenset[int], ColumnSketch]] = {}  # by Column.id: of which extents

    def of(self, column: Column, extents: Sequence[ExtentRef]) -> ColumnSketch:
        """The sketch of all rows of some inline extents, at least one, and perhaps of a few more."""
        ids = frozenset([e.id for e in extents])
        known, sketch = self._known.get(column.id, (frozenset[int](), None))
        if sketch is None or 2 * len(known - ids) > len(ids):
            known, sketch = frozenset(), None
        came = [e for e in extents if e.id not in known]
        if came:
            found = _sketch(column, [_open(e) for e in came])
            sketch = found if sketch is None else sketch.merge(found)
        assert sketch is not None
        self._known[column.id] = known | ids, sketch
        return sketch


def sketches_of(columns: Sequence[Column], extents: Sequence[ExtentRef]) -> dict[int, ColumnSketch]:
    """The sketches of all rows of inline extents, by Column.id."""
    readers = [_open(e) for e in extents]
    return {column.id: _sketch(column, readers) for column in columns}


def _open(extent: ExtentRef) -> ExtentReader:
    return ExtentReader(Path(extent.path), extent.data)


def _sketch(column: Column, readers: Sequence[ExtentReader]) -> ColumnSketch:
    return ColumnSketch.of(concat([stored_column(r, group, column) for r in readers for group in range(r.row_groups)]))


def merged(first: Mapping[int, ColumnSketch], second: Mapping[int, ColumnSketch]) -> Mapping[int, ColumnSketch]:
    """Of the rows of both, of which one may have none."""
    if not first or not second:
        return first or second
    return {id: first[id].merge(sketch) for id, sketch in second.items() if id in first}
