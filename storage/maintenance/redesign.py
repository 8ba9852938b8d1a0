"""A table's rows under another definition: other slices, another sort key, other encodings.

    with Redesign(db, data, new) as redesign:
        commit(redesign.run())              the definition and the rows, as one delta

Where rows change slices they all pass through a loader (loader.py), which places and sorts them run by run; runs of a
slice that lie across one another are then merged, as VACUUM does. Otherwise each slice is rewritten by itself.
The caller holds the table's write lock, so no row changes meanwhile.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from ..catalog.delta import AddExtents, Delta, DropExtents
from ..load_memory import ChargeBytes
from ..loader import TableWriter
from ..schema import DistStyle, ExtentRef, Table, TableData, TableStatistics
from ..statistics import ColumnSketch
from ..stored import stored_column
from ..vector import ColumnData
from .regions import overlapping
from .rewrite import Rewrite

if TYPE_CHECKING:
    from ..database import Database


class Redesign:
    """See the module's text. `memory`: bytes of rows to hold, told to `charge`."""

    def __init__(
        self, database: Database, data: TableData, new: Table, *, check: Callable[[], None], threads: int,
        charge: ChargeBytes, memory: int, deal_out: bool = False,
    ) -> None:
        """`deal_out`: every row may belong to another slice, whatever the definitions say."""
        self._database = database
        self._data = data
        self._new = new
        self._check = check
        self._charge = charge
        self._memory = memory
        self._deal_out = deal_out
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="warehouse-load")
        self._made: list[ExtentRef] = []
        self._sketches: dict[int, ColumnSketch] = {}

    def run(self) -> Delta:
        """Write the new extents; what the commit must say."""
        old, new = self._data.table, self._new
        moves = self._deal_out or (old.dist_style, old.dist_key) != (new.dist_style, new.dist_key)
        if not moves and _stored_alike(old, new):
            return Delta(replace=(new,))
        replicated = self._redistribute() if moves else self._rewrite_slices()
        return Delta(
            replace=(new,),
            drop_extents=(DropExtents(new, tuple(e.id for e in self._data.extents), keep_sketches=True),),
            add_extents=(AddExtents(new, tuple(self._made), self._sketches, replicated, moved=True),),
        )

    def _rewrite_slices(self) -> bool:
        by_slice: dict[int, list[ExtentRef]] = defaultdict(list)
        for extent in self._data.extents:
            by_slice[extent.slice].append(extent)
        for slice_, extents in sorted(by_slice.items()):
            self._rewrite(slice_, extents)
        return self._data.replicated

    def _rewrite(self, slice_: int, extents: list[ExtentRef]) -> None:
        self._charge(self._memory)
        rewrite = Rewrite(self._database, self._new, extents, self._data.deleted, slice_, check=self._check,
                          pool=self._pool, memory=self._memory)
        try:
            with rewrite:
                found = rewrite.run()
        finally:
            self._charge(-self._memory)
        found.rows.close()
        self._take(found.extents, found.sketches)

    def _redistribute(self) -> bool:
        """Every row through a writer of the new definition; whether they are one copy now."""
        empty = TableData(self._new, (), TableStatistics(0), self._new.dist_style in (DistStyle.ALL, DistStyle.AUTO))
        writer = TableWriter(self._database, self._new, check=self._check, threads=self._threads, charge=self._charge,
                             memory=self._memory, data=empty, columns=range(len(self._new.columns)))
        with writer:
            for batch in self._rows():
                writer.write(batch)
            delta = writer.finish()
        added = delta.add_extents[0] if delta.add_extents else None
        if added is None:
            return empty.replicated
        runs = tuple(replace(e, id=self._database.new_extent()) for e in added.extents)
        self._take(runs, dict(added.sketches))
        if self._new.sort_key:
            self._merge(TableData(self._new, runs, TableStatistics(0), added.replicated))
        return added.replicated

    def _merge(self, data: TableData) -> None:
        for slice_, extents in overlapping(self._database, data):
            sketches = self._sketches  # of all rows already
            self._rewrite(slice_, extents)
            self._sketches = sketches
            for extent in extents:
                self._made.remove(extent)
                self._remove(extent)

    def _rows(self) -> Iterator[list[ColumnData]]:
        for extent in self._data.extents:
            reader = self._database.reader(extent)
            for group in range(reader.row_groups):
                self._check()
                batch = [stored_column(reader, group, column) for column in self._new.columns]
                vector = self._data.deleted.get((extent.id, group))
                if vector is not None:
                    live = np.flatnonzero(~vector.mask()[: int(reader.group_rows[group])])
                    batch = [column.take(live) for column in batch]
                if batch[0].rows:
                    yield batch

    def _take(self, extents: tuple[ExtentRef, ...], sketches: dict[int, ColumnSketch]) -> None:
        self._made.extend(extents)
        for column, sketch in sketches.items():
            known = self._sketches.get(column)
            self._sketches[column] = sketch if known is None else known.merge(sketch)

    def _remove(self, extent: ExtentRef) -> None:
        self._database.forget(extent)
        self._database.unlink(extent)

    def __enter__(self) -> Redesign:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        if error is not None:
            for extent in self._made:
                self._remove(extent)


def _stored_alike(old: Table, new: Table) -> bool:
    """Whether stored rows serve the new definition: no key to sort by anew, no encoding that is asked for."""
    if new.sort_key and (new.sort_key, new.interleaved) != (old.sort_key, old.interleaved):
        return False
    return all(n.encoding in (o.encoding, "auto") for o, n in zip(old.columns, new.columns))
