"""TableWriter: rows into a table's extents, then one delta for the commit.

    with TableWriter(db, table) as writer:          COPY, INSERT, CREATE TABLE AS, write_arrow
        for batch in batches:
            writer.write(batch)                     pa.RecordBatch, or list[ColumnData]
        db.commit(writer.finish())                  leaving without a commit removes all files

Rows are checked (NOT NULL, lengths, ranges), get their IDENTITY values, are placed on slices
(placement.py), sorted by the sort key within each run (run.py) and written as extents. A sorted table gets
one extent per run and slice, an unsorted one goes on with its extent until that is full.

Batches that come from the leader wait in one buffer for all slices. Rows that are made on slices are placed
as they come and never meet in one place; any number of threads may bring them:

    slice 0: rows --scatter--+--> RunWriter of slice 0 --> its files         (run_writer.py)
    slice 1: rows --scatter--+--> RunWriter of slice 1 --> its files

On a table's first big load, columns with ENCODE AUTO (the default) keep the encoding that most of their
blocks chose as their own. An AUTO table that outgrows "small" is taken from ALL to EVEN here: the rows it
has are written again, dealt out, in the same commit.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import Union

import numpy as np
import pyarrow as pa

from .. import errors
from .catalog.delta import AddExtents, Delta, DropExtents
from .database import Database
from .extent import MAX_GROUPS
from .identities import Identities
from .interleave import Interleaver
from .load_encodings import LoadEncodings, sample_of
from .load_files import LoadFiles
from .load_memory import ChargeBytes, LoadMemory, uncounted
from .narrow import plain
from .placement import AUTO_ALL_BYTES, AUTO_ALL_ROWS, REPLICATED, Placement
from .run import GROUP_ROWS, Batch, RunPlan, Values, convert
from .run_writer import RunLimits, RunWriter
from .schema import CatalogView, DistStyle, Table, TableData, TableStatistics
from .stored import constant, stored_column
from .topology import usable_cpus
from .vector import ColumnData

# A run of a sorted table: as much as fits, for long sorted runs skip more blocks. No more than a file holds.
RUN_BYTES = 384 << 20
RUN_ROWS_PER_SLICE = MAX_GROUPS * GROUP_ROWS
# A run of an unsorted table gains nothing from being long.
UNSORTED_RUN_BYTES = 192 << 20
UNSORTED_RUN_ROWS_PER_SLICE = 2 * GROUP_ROWS
# Below this a pool's hand-off costs more than it brings.
PARALLEL_ROWS = 20_000
# Without a bound on memory.
ALL_MEMORY = 1 << 62
# How often one who waits for another load into the same AUTO table looks for a cancel.
LOCK_POLL_SECONDS = 0.1

Workers = Callable[[int], Union[ThreadPoolExecutor, None]]
# Rows of all columns for one slice (or REPLICATED).
Piece = tuple[int, Sequence[ColumnData]]


def _go_on() -> None:
    """The cancel check of a load that nobody can cancel."""


class TableWriter:
    """Writes rows into one table; see the module's text. `scatter` and `write_pieces` are for any thread, the
    rest for one.

    `columns`: positions of the columns that batches have (None: all of them but IDENTITY ones that
    are generated are wanted as well); the others become IDENTITY values or NULL.

    `compupdate`: None chooses encodings for ENCODE AUTO columns, False takes Redshift's fixed
    defaults for them, True chooses for all columns of an empty table, "preset" takes the defaults for all
    columns of an empty table. `comprows`: of how many rows, at least SAMPLE_ROWS a slice, the encodings
    count of which a column's own is chosen (None: all).

    `view`: where the table's rows are as the writer sees them (None: as of the newest commit). `data`: the
    same, for a definition that no view has yet. `inline`: little needs no files (inline.py).

    `charge` is told the bytes that are taken and given back, `memory` is how many to keep to.
    """

    def __init__(
        self,
        database: Database,
        table: Table,
        *,
        columns: Sequence[int] | None = None,
        compupdate: bool | str | None = None,
        comprows: int | None = None,
        check: Callable[[], None] = _go_on,
        threads: int | None = None,
        charge: ChargeBytes = uncounted,
        memory: int = ALL_MEMORY,
        view: CatalogView | None = None,
        data: TableData | None = None,
        inline: bool = False,
    ) -> None:
        if table.id == 0:
            raise errors.InternalError(f"table {table.name} has no id")
        self.database = database
        self.table = table
        self.rows = 0
        self._given = tuple(range(len(table.columns))) if columns is None else tuple(columns)
        self._check = check
        self._threads = threads or usable_cpus()
        self._lock = threading.Lock()  # of what threads share here
        self._charge = _one_at_a_time(charge)
        self._memory = memory
        self._pool: ThreadPoolExecutor | None = None
        self._files = LoadFiles(database, table.id, sample_of(comprows, database.topology.slices), inline=inline)
        self._identities = Identities(database.numbering, table.id)
        self._dropped: tuple[int, ...] = ()
        self._done = False
        self._placement_lock: threading.Lock | None = None
        if table.dist_style is DistStyle.AUTO:
            self._acquire(database.numbering.placement_lock(table.id))
        try:
            self._begin(data or self._current_data(view or database.view()), compupdate)
        except BaseException:
            self._release()
            raise

    def _begin(self, before: TableData, compupdate: bool | str | None) -> None:
        """`before`: the rows that are there, which nobody else places while an AUTO table is written to."""
        self._before = before
        self._encodings = LoadEncodings(compupdate, not before.extents, self.table.sort_key)
        self._interleaver = Interleaver(self.table.index, not before.extents) if self.table.interleaved else None
        self._plan = self._make_plan(before.replicated)
        slices = 1 if before.replicated else self.database.topology.slices
        self._whole = self._writer(self._plan, self._limits(slices), self._memory, self._workers, self._outgrow)
        self._parts: dict[int, RunWriter] = {}

    def _current_data(self, view: CatalogView) -> TableData:
        """Where the table's rows are now; a table that this commit creates has none."""
        found = view.relation(self.table.schema, self.table.name)
        if isinstance(found, Table) and found.id == self.table.id:
            return view.data(found)
        replicated = self.table.dist_style in (DistStyle.ALL, DistStyle.AUTO)
        return TableData(self.table, (), TableStatistics(0), replicated)

    def _make_plan(self, replicated: bool) -> RunPlan:
        columns = tuple(self._encodings.of(i, c) for i, c in enumerate(self._before.table.columns))
        rows = self._before.statistics.rows
        placement = Placement(self.table, self.database.topology.slices, rows, replicated)
        return RunPlan(columns, placement, self.table.sort_key, self._interleaver, self.table.sort_key)

    def _writer(
        self, plan: RunPlan, limits: RunLimits, memory: int, workers: Workers,
        placing: Callable[[bool], None] | None = None,
    ) -> RunWriter:
        held = LoadMemory(self._charge, memory)
        return RunWriter(plan, limits, self._files, held, self._check, workers, placing)

    # -- rows come in --------------------------------------------------------------------------

    def write(self, batch: pa.RecordBatch | Sequence[ColumnData]) -> None:
        """Take a batch of the given columns, in their order."""
        if self._done:
            raise errors.InternalError("the writer is finished")
        values: list[Values] = list(batch.columns if isinstance(batch, pa.RecordBatch) else batch)
        if len(values) != len(self._given):
            raise errors.InternalError(f"a batch of {len(values)} columns, expected {len(self._given)}")
        rows = batch.num_rows if isinstance(batch, pa.RecordBatch) else values[0].rows if values else 0
        if not rows:
            return
        self._whole.add(self._complete(values, rows), rows)
        self._count(rows)

    def scatter(self, columns: Sequence[ColumnData], home: int | None = None) -> list[Piece]:
        """A batch of the given columns as slices' writers take it. `home`: the slice that the rows belong to
        already, by the table's own distribution."""
        rows = columns[0].rows
        values = self._complete(list(columns), rows)
        whole = [plain(convert(v, column)) for v, column in zip(values, self.table.columns)]
        placement = self._plan.placement
        return placement.scatter(whole) if home is None or placement.replicated else [(home, whole)]

    def write_pieces(self, pieces: Sequence[Piece]) -> None:
        """Take what `scatter` made. A slice that another thread is busy with comes last."""
        waiting = [(self._of_slice(slice_), columns, columns[0].rows) for slice_, columns in pieces]
        rows = sum(count for _, _, count in waiting)
        while waiting:
            waiting = [piece for piece in waiting if not piece[0].try_add(*piece[1:])]
            if waiting:
                writer, columns, count = waiting.pop(0)
                writer.add(columns, count)
        self._count(rows)

    def _count(self, rows: int) -> None:
        with self._lock:
            self.rows += rows

    def _of_slice(self, slice_: int) -> RunWriter:
        """The slice's own writer; where there is one place only, the one for all rows."""
        slices = self.database.topology.slices
        if slice_ == REPLICATED or slices == 1:
            return self._whole
        with self._lock:
            if slice_ not in self._parts:
                plan = replace(self._plan, placement=self._plan.placement.on(slice_))
                limits = replace(self._limits(1), bytes=self._limits(1).bytes // slices)
                workers = self._workers if slices < self._threads else _alone
                self._parts[slice_] = self._writer(plan, limits, self._memory // slices, workers)
            return self._parts[slice_]

    def _complete(self, given: list[Values], rows: int) -> Batch:
        """All columns of the table: the given ones, generated IDENTITY values, NULLs."""
        by_position = dict(zip(self._given, given))
        whole: list[Values] = []
        for position, column in enumerate(self.table.columns):
            if position in by_position:
                whole.append(by_position[position])
            elif column.identity is not None:
                whole.append(self._identities.take(column, rows))
            else:
                whole.append(constant(column.type, None, rows))
        return whole

    def _limits(self, slices: int) -> RunLimits:
        """What makes a run of rows for so many slices."""
        if self._is_small_auto:
            return RunLimits(AUTO_ALL_ROWS + 1, AUTO_ALL_BYTES + 1)
        if self.table.sort_key:
            return RunLimits(slices * RUN_ROWS_PER_SLICE, RUN_BYTES)
        return RunLimits(slices * UNSORTED_RUN_ROWS_PER_SLICE, UNSORTED_RUN_BYTES)

    # -- AUTO: from ALL to EVEN ----------------------------------------------------------------

    @property
    def _is_small_auto(self) -> bool:
        return self.table.dist_style is DistStyle.AUTO and self._plan.placement.replicated

    def _outgrow(self, early: bool) -> None:
        """Before a run is written. An AUTO table that has to write early, for want of memory, is not small."""
        if not self._is_small_auto:
            return
        rows = self._before.statistics.rows + self._whole.rows
        size = self._before.statistics.bytes + self._whole.bytes
        if early or rows > AUTO_ALL_ROWS or size > AUTO_ALL_BYTES:
            self._deal_out()

    def _deal_out(self) -> None:
        """Turn the table from ALL to EVEN: its rows join the buffer, its extents are dropped."""
        extents = self._before.extents
        self._dropped = tuple(e.id for e in extents)
        self._before = replace(self._before, statistics=TableStatistics(0), replicated=False)
        self._plan = self._whole.plan = self._make_plan(replicated=False)
        self._whole.limits = self._limits(self.database.topology.slices)
        for extent in extents:
            reader = self.database.open_extent(extent)
            try:
                for group in range(reader.row_groups):
                    batch = [stored_column(reader, group, column) for column in self.table.columns]
                    rows = int(reader.group_rows[group])
                    vector = self._before.deleted.get((extent.id, group))
                    if vector is not None:
                        live = np.flatnonzero(~vector.mask()[:rows])
                        batch, rows = [c.take(live) for c in batch], len(live)
                    self._whole.admit(batch, rows)
            finally:
                reader.close()

    def _workers(self, rows: int) -> ThreadPoolExecutor | None:
        if rows < PARALLEL_ROWS or self._threads < 2:
            return None
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="warehouse-load")
            return self._pool

    # -- the end -------------------------------------------------------------------------------

    def finish(self) -> Delta:
        """Write what is left and sync it; what the commit must name."""
        self._whole.flush()
        self._flush_parts()
        self._files.finish()
        self._done = True
        self._stop_pool()
        self._drop()
        extents = self._files.references()
        if not extents and not self._dropped:
            return Delta()
        added = AddExtents(
            self.table,
            extents,
            self._files.sketches(),
            self._plan.placement.replicated,
            self._identities.following,
            self._encodings.chosen(self._plan.columns, self._files, self.rows),
            None if self._interleaver is None else self._interleaver.built,
        )
        drop = (DropExtents(self.table, self._dropped),) if self._dropped else ()
        return Delta(drop_extents=drop, add_extents=(added,))

    def _flush_parts(self) -> None:
        """End the slices' runs and files: side by side, or one by one if each takes several threads itself."""

        def flush(slice_: int) -> None:
            self._parts[slice_].flush()
            self._files.close(slice_)

        waiting = sum(part.rows for part in self._parts.values())
        pool = self._workers(waiting) if len(self._parts) >= self._threads else None
        for _ in (map if pool is None else pool.map)(flush, sorted(self._parts)):
            pass

    def _drop(self) -> None:
        for writer in (self._whole, *self._parts.values()):
            writer.drop()

    def abort(self) -> None:
        """Remove every file written; the writer cannot be used any more. Fine after `finish`, too."""
        self._done = True
        self._stop_pool()
        self._drop()
        self._files.remove()
        self._release()

    def close(self) -> None:
        """After the commit: let others write to the table. Without a commit: `abort`."""
        if self._done:
            self._release()
        else:
            self.abort()

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.abort()
        else:
            self.close()

    def _stop_pool(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _acquire(self, lock: threading.Lock) -> None:
        while not lock.acquire(timeout=LOCK_POLL_SECONDS):
            self._check()
        self._placement_lock = lock

    def _release(self) -> None:
        if self._placement_lock is not None:
            self._placement_lock.release()
            self._placement_lock = None


def _alone(rows: int) -> None:
    """The threads of a slice's writer where each thread has a slice to write for."""


def _one_at_a_time(charge: ChargeBytes) -> ChargeBytes:
    lock = threading.Lock()

    def locked(amount: int) -> None:
        with lock:
            charge(amount)

    return locked
