"""TableWriter: rows into a table's extents, then one delta for the commit.

    with TableWriter(db, table) as writer:          COPY, INSERT, CREATE TABLE AS, write_arrow
        for batch in batches:
            writer.write(batch)                     pa.RecordBatch, or list[ColumnData]
        db.commit(writer.finish())                  leaving without a commit removes all files

Rows are checked (NOT NULL, lengths, ranges), get their IDENTITY values, are placed on slices
(placement.py), sorted by the sort key within each run (run.py) and written as extents. A sorted table gets
one extent per run and slice, an unsorted one goes on with its extent until that is full.

Memory is bounded by the run: RUN_BYTES of values. Where there is less of it, runs end earlier, down to a
row group each; less than that is OutOfMemory (load_memory.py).

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

import numpy as np
import pyarrow as pa

from .. import errors
from .catalog.delta import AddExtents, Delta, DropExtents
from .database import Database
from .encodings.registry import AUTO, default_for
from .extent import GROUP_BYTES, ExtentReader
from .load_files import LoadFiles
from .load_memory import ChargeBytes, LoadMemory, batch_bytes, rows_of, rows_within, run_cost, uncounted
from .placement import AUTO_ALL_BYTES, AUTO_ALL_ROWS, Placement
from .run import GROUP_ROWS, Batch, RunBuffer, RunPlan, Values, convert, encode_run
from .schema import CatalogView, Column, DistStyle, Table, TableData, TableStatistics
from .topology import usable_cpus
from .types import Physical
from .vector import ColumnData, from_list

# A run of a sorted table: as much as fits, for long sorted runs skip more blocks.
RUN_BYTES = 640 << 20
RUN_ROWS_PER_SLICE = 2 << 20
# A run of an unsorted table gains nothing from being long.
UNSORTED_RUN_BYTES = 192 << 20
UNSORTED_RUN_ROWS_PER_SLICE = 2 * GROUP_ROWS
# What a run reserves (not touches) memory for at once.
MAX_RESERVED_ROWS = 8 << 20
# Below this a pool's hand-off costs more than it brings.
PARALLEL_ROWS = 20_000
# Redshift's COMPROWS: fewer rows are no sample to choose a column's encoding for good by.
SAMPLE_ROWS = 100_000
# Without a bound on memory.
ALL_MEMORY = 1 << 62
# How often one who waits for another load into the same AUTO table looks for a cancel.
LOCK_POLL_SECONDS = 0.1


def _go_on() -> None:
    """The cancel check of a load that nobody can cancel."""


class TableWriter:
    """Writes rows into one table; see the module's text. For one thread."""

    def __init__(
        self,
        database: Database,
        table: Table,
        *,
        columns: Sequence[int] | None = None,
        compupdate: bool | None = None,
        check: Callable[[], None] = _go_on,
        threads: int | None = None,
        charge: ChargeBytes = uncounted,
        memory: int = ALL_MEMORY,
        view: CatalogView | None = None,
    ) -> None:
        """`columns`: positions of the columns that batches have (None: all of them but IDENTITY ones that
        are generated are wanted as well); the others become IDENTITY values or NULL.

        `compupdate`: None chooses encodings for ENCODE AUTO columns, False takes Redshift's fixed
        defaults for them, True chooses for all columns of an empty table.

        `view`: where the table's rows are as the writer sees them (None: as of the newest commit).

        `charge` is told the bytes that are taken and given back, `memory` is how many to keep to.
        """
        if table.id == 0:
            raise errors.InternalError(f"table {table.name} has no id")
        if table.interleaved:
            raise errors.NotSupportedError("INTERLEAVED sort keys are not supported")
        self.database = database
        self.table = table
        self.rows = 0
        self._given = tuple(range(len(table.columns))) if columns is None else tuple(columns)
        self._check = check
        self._threads = threads or usable_cpus()
        self._memory = LoadMemory(charge, memory)
        self._lock: threading.Lock | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._files = LoadFiles(database, table.id)
        self._identity: dict[int, int] = {}
        self._dropped: tuple[int, ...] = ()
        self._done = False
        if table.dist_style is DistStyle.AUTO:
            self._acquire(database.placement_lock(table.id))
        try:
            self._before = self._current_data(view or database.view())
            self._compupdate = compupdate
            self._plan = self._make_plan(self._before.replicated)
            self._buffer = self._new_buffer()
        except BaseException:
            self._release()
            raise

    def _current_data(self, view: CatalogView) -> TableData:
        """Where the table's rows are now; a table that this commit creates has none."""
        found = view.relation(self.table.schema, self.table.name)
        if isinstance(found, Table) and found.id == self.table.id:
            return view.data(found)
        replicated = self.table.dist_style in (DistStyle.ALL, DistStyle.AUTO)
        return TableData(self.table, (), TableStatistics(0), replicated)

    def _make_plan(self, replicated: bool) -> RunPlan:
        columns = tuple(self._with_encoding(i, c) for i, c in enumerate(self._before.table.columns))
        rows = self._before.statistics.rows
        placement = Placement(self.table, self.database.topology.slices, rows, replicated)
        return RunPlan(columns, placement, self.table.sort_key)

    def _with_encoding(self, position: int, column: Column) -> Column:
        if column.primary_key:
            column = replace(column, nullable=False)
        if self._compupdate is True and not self._before.extents:
            return replace(column, encoding=AUTO)
        if self._compupdate is False and column.encoding == AUTO:
            return replace(column, encoding=default_for(column.type, position in self.table.sort_key))
        return column

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
        self._admit(self._complete(values, rows), rows)
        self.rows += rows
        if self._is_full():
            self._flush(last=False)

    def _admit(self, batch: Batch, rows: int) -> None:
        """Buffer rows of all columns, in parts when there is no memory for all of them at once."""
        if self._make_room(batch_bytes(batch, self._plan.columns), rows):
            self._buffer.add(batch, self._workers(rows))
            self._settle()
            return
        for start, stop in ((0, rows // 2), (rows // 2, rows)):
            self._admit([rows_of(values, start, stop) for values in batch], stop - start)

    def _make_room(self, size: int, rows: int) -> bool:
        """Hold memory for so many more rows and bytes; what is buffered is written out if need be. False:
        only a part of the rows may fit. Not enough for a row group: OutOfMemory."""
        while True:
            rows_then, size_then = self._buffer.rows + rows, self._buffer.bytes + size
            parts = (rows_then > GROUP_ROWS or size_then > GROUP_BYTES) and rows_then > 1
            wanted = run_cost(rows_then, size_then) + size
            if not (parts and self._buffer.rows and wanted > self._memory.share):
                try:
                    self._memory.hold(wanted)
                    return True
                except errors.OutOfMemory:
                    if not parts:
                        raise
            if not self._buffer.rows:
                return False
            self._write_early()

    def _settle(self) -> None:
        """Hold what the buffered rows take, now that it is known; out with them if that is too much."""
        try:
            self._memory.hold(run_cost(self._buffer.rows, self._buffer.bytes))
        except errors.OutOfMemory:
            self._write_early()

    def _complete(self, given: list[Values], rows: int) -> Batch:
        """All columns of the table: the given ones, generated IDENTITY values, NULLs."""
        by_position = dict(zip(self._given, given))
        whole: list[Values] = []
        for position, column in enumerate(self.table.columns):
            if position in by_position:
                whole.append(by_position[position])
            elif column.identity is not None:
                whole.append(self._identity_values(column, rows))
            else:
                whole.append(_nulls(column, rows))
        return whole

    def _identity_values(self, column: Column, rows: int) -> ColumnData:
        assert column.identity is not None
        seed, step = column.identity
        first, following = self.database.take_identity(self.table.id, column.id, seed, step, rows)
        least, most = column.type.integer_limits
        if not least <= following - step <= most:
            raise errors.NumericOutOfRange(f'the IDENTITY values of column "{column.name}" are used up')
        self._identity[column.id] = following
        return ColumnData(column.type, rows, np.arange(rows, dtype=np.int64) * step + first)

    def _run_rows(self) -> int:
        """How many rows make a run."""
        if self._is_small_auto:
            return AUTO_ALL_ROWS + 1
        slices = 1 if self._plan.placement.replicated else self.database.topology.slices
        return slices * (RUN_ROWS_PER_SLICE if self.table.sort_key else UNSORTED_RUN_ROWS_PER_SLICE)

    def _run_bytes(self) -> int:
        if self._is_small_auto:
            return AUTO_ALL_BYTES + 1
        return RUN_BYTES if self.table.sort_key else UNSORTED_RUN_BYTES

    def _is_full(self) -> bool:
        return self._buffer.rows >= self._run_rows() or self._buffer.bytes >= self._run_bytes()

    def _new_buffer(self) -> RunBuffer:
        rows = min(self._run_rows(), rows_within(self._plan.columns, self._memory.share))
        return RunBuffer(self._plan.columns, min(rows + GROUP_ROWS, MAX_RESERVED_ROWS))

    # -- AUTO: from ALL to EVEN ----------------------------------------------------------------

    @property
    def _is_small_auto(self) -> bool:
        return self.table.dist_style is DistStyle.AUTO and self._plan.placement.replicated

    def _outgrows_all(self) -> bool:
        if not self._is_small_auto:
            return False
        rows = self._before.statistics.rows + self._buffer.rows
        return rows > AUTO_ALL_ROWS or self._before.statistics.bytes + self._buffer.bytes > AUTO_ALL_BYTES

    def _deal_out(self) -> None:
        """Turn the table from ALL to EVEN: its rows join the buffer, its extents are dropped."""
        extents = self._before.extents
        self._dropped = tuple(e.id for e in extents)
        self._before = replace(self._before, statistics=TableStatistics(0), replicated=False)
        self._plan = self._make_plan(replicated=False)
        for extent in extents:
            reader = ExtentReader(self.database.extent_path(extent))
            try:
                for group in range(reader.row_groups):
                    batch = [
                        self._stored_column(reader, group, column) for column in self.table.columns
                    ]
                    rows = int(reader.group_rows[group])
                    vector = self._before.deleted.get((extent.id, group))
                    if vector is not None:
                        live = np.flatnonzero(~vector.mask()[:rows])
                        batch, rows = [c.take(live) for c in batch], len(live)
                    self._admit(batch, rows)
            finally:
                reader.close()

    def _stored_column(self, reader: ExtentReader, group: int, column: Column) -> ColumnData:
        position = reader.position(column.id)
        if position is None:
            return _nulls(column, int(reader.group_rows[group]))
        return reader.column(group, position)

    # -- rows go out ---------------------------------------------------------------------------

    def _flush(self, *, last: bool) -> None:
        if self._outgrows_all():
            self._deal_out()
        if not self._buffer.rows or (not last and not self._is_full()):
            return
        run, self._buffer = self._buffer, self._new_buffer()
        groups, rest = encode_run(
            self._plan, run.take(), self._workers(run.rows), last=last, check=self._check
        )
        for piece in groups:
            if self.table.sort_key:
                self._files.close(piece.slice)
            for group in piece.groups:
                self._files.append(piece.slice, group, self._plan.columns)
        if rest:
            self._buffer.add(rest)
        self._memory.hold(run_cost(self._buffer.rows, self._buffer.bytes))

    def _write_early(self) -> None:
        """Memory is short: write the rows that are there, though they make no whole run. An AUTO table
        that gets here is not small."""
        if self._is_small_auto:
            self._deal_out()
        self._flush(last=True)

    def _workers(self, rows: int) -> ThreadPoolExecutor | None:
        if rows < PARALLEL_ROWS or self._threads < 2:
            return None
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="warehouse-load")
        return self._pool

    # -- the end -------------------------------------------------------------------------------

    def finish(self) -> Delta:
        """Write what is left and sync it; what the commit must name."""
        self._flush(last=True)
        self._files.finish()
        self._done = True
        self._stop_pool()
        self._memory.hold(0)
        extents = self._files.references()
        if not extents and not self._dropped:
            return Delta()
        added = AddExtents(
            self.table,
            extents,
            self._files.sketches(),
            self._plan.placement.replicated,
            self._identity,
            self._chosen_encodings(),
        )
        drop = (DropExtents(self.table, self._dropped),) if self._dropped else ()
        return Delta(drop_extents=drop, add_extents=(added,))

    def _chosen_encodings(self) -> dict[int, str]:
        """Encodings to record: of a first load that is a sample worth the name."""
        if self._before.extents or self.rows < SAMPLE_ROWS or self._compupdate is False:
            return {}
        return {
            column.id: self._files.most_used_encoding(column)
            for column in self._plan.columns
            if column.encoding == AUTO
        }

    def abort(self) -> None:
        """Remove every file written; the writer cannot be used any more. Fine after `finish`, too."""
        self._done = True
        self._stop_pool()
        self._buffer = self._new_buffer()
        self._memory.hold(0)
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
        self._lock = lock

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _nulls(column: Column, rows: int) -> ColumnData:
    if column.type.physical is Physical.STR:
        return convert(pa.nulls(rows, pa.large_string()), column)
    first = from_list(column.type, [None])
    return first.take(np.zeros(rows, np.int64))
