"""TableWriter: rows into a table's extents, then one delta for the commit.

    with TableWriter(db, table) as writer:          COPY, INSERT, CREATE TABLE AS, write_arrow
        for batch in batches:
            writer.write(batch)                     pa.RecordBatch, or list[ColumnData]
        db.commit(writer.finish())                  leaving without a commit removes all files

Rows are checked (NOT NULL, lengths, ranges), get their IDENTITY values, are placed on slices
(placement.py), sorted by the sort key within each run (run.py) and written as extents. Memory is bounded
by the run: RUN_BYTES of values. A sorted table gets one extent per run and slice, an unsorted one goes on
with its extent until that is full.

On a table's first big load, columns with ENCODE AUTO (the default) keep the encoding that most of their
blocks chose as their own. An AUTO table that outgrows "small" is taken from ALL to EVEN here: the rows it
has are written again, dealt out, in the same commit.
"""
from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from .. import errors
from .catalog.delta import AddExtents, Delta, DropExtents
from .catalog.folder import sync_folder
from .database import Database
from .encodings.registry import AUTO, by_code, default_for
from .extent import EncodedGroup, ExtentReader, ExtentSummary, ExtentWriter
from .placement import AUTO_ALL_BYTES, AUTO_ALL_ROWS, REPLICATED, Placement
from .run import GROUP_ROWS, Batch, RunBuffer, RunPlan, Values, convert, encode_run
from .schema import Column, DistStyle, ExtentRef, Table, TableData, TableStatistics
from .statistics import ColumnSketch
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
ALL_FOLDER = "all"
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
    ) -> None:
        """`columns`: positions of the columns that batches have (None: all of them but IDENTITY ones that
        are generated are wanted as well); the others become IDENTITY values or NULL.

        `compupdate`: None chooses encodings for ENCODE AUTO columns, False takes Redshift's fixed
        defaults for them, True chooses for all columns of an empty table.
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
        self._transaction = database.new_transaction()
        self._lock: threading.Lock | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._open: dict[int, ExtentWriter] = {}
        self._finished: list[tuple[int, ExtentSummary]] = []
        self._folders: set[Path] = set()
        self._files = 0
        self._identity: dict[int, int] = {}
        self._encodings: dict[int, Counter[int]] = {}
        self._dropped: tuple[int, ...] = ()
        self._done = False
        if table.dist_style is DistStyle.AUTO:
            self._acquire(database.placement_lock(table.id))
        try:
            self._before = self._current_data()
            self._compupdate = compupdate
            self._plan = self._make_plan(self._before.replicated)
            self._buffer = self._new_buffer()
        except BaseException:
            self._release()
            raise

    def _current_data(self) -> TableData:
        """Where the table's rows are now; a table that this commit creates has none."""
        view = self.database.view()
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
        self._buffer.add(self._complete(values, rows), self._workers(rows))
        self.rows += rows
        if self._is_full():
            self._flush(last=False)

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
        if self._plan.placement.replicated and self.table.dist_style is DistStyle.AUTO:
            return AUTO_ALL_ROWS + 1
        slices = 1 if self._plan.placement.replicated else self.database.topology.slices
        return slices * (RUN_ROWS_PER_SLICE if self.table.sort_key else UNSORTED_RUN_ROWS_PER_SLICE)

    def _run_bytes(self) -> int:
        if self._plan.placement.replicated and self.table.dist_style is DistStyle.AUTO:
            return AUTO_ALL_BYTES + 1
        return RUN_BYTES if self.table.sort_key else UNSORTED_RUN_BYTES

    def _is_full(self) -> bool:
        return self._buffer.rows >= self._run_rows() or self._buffer.bytes >= self._run_bytes()

    def _new_buffer(self) -> RunBuffer:
        return RunBuffer(self._plan.columns, min(self._run_rows() + GROUP_ROWS, MAX_RESERVED_ROWS))

    # -- AUTO: from ALL to EVEN ----------------------------------------------------------------

    def _outgrows_all(self) -> bool:
        if self.table.dist_style is not DistStyle.AUTO or not self._plan.placement.replicated:
            return False
        rows = self._before.statistics.rows + self._buffer.rows
        return rows > AUTO_ALL_ROWS or self._before.statistics.bytes + self._buffer.bytes > AUTO_ALL_BYTES

    def _deal_out(self) -> None:
        """Turn the table from ALL to EVEN: its rows join the buffer, its extents are dropped."""
        if self._before.deleted:
            raise errors.InternalError(f"table {self.table.name} has deleted rows")
        for extent in self._before.extents:
            reader = ExtentReader(self.database.extent_path(extent))
            try:
                for group in range(reader.row_groups):
                    batch = [
                        self._stored_column(reader, group, column) for column in self.table.columns
                    ]
                    self._buffer.add(batch)
            finally:
                reader.close()
        self._dropped = tuple(e.id for e in self._before.extents)
        self._before = replace(self._before, statistics=TableStatistics(0), replicated=False)
        self._plan = self._make_plan(replicated=False)

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
                self._close(piece.slice)
            for group in piece.groups:
                self._append(piece.slice, group)
        if rest:
            self._buffer.add(rest)

    def _workers(self, rows: int) -> ThreadPoolExecutor | None:
        if rows < PARALLEL_ROWS or self._threads < 2:
            return None
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="warehouse-load")
        return self._pool

    def _append(self, slice_: int, group: EncodedGroup) -> None:
        writer = self._open.get(slice_)
        if writer is not None and writer.full:
            self._close(slice_)
            writer = None
        if writer is None:
            writer = self._open[slice_] = ExtentWriter(self._new_path(slice_), self._plan.columns)
        writer.append_group(group)
        for column, block in zip(self.table.columns, group.blocks):
            self._encodings.setdefault(column.id, Counter())[block.encoding] += group.rows

    def _new_path(self, slice_: int) -> Path:
        name = ALL_FOLDER if slice_ == REPLICATED else str(slice_)
        folder = self.database.data_folder() / str(self.table.id) / name
        if folder not in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        self._files += 1
        return folder / f"{self._transaction}-{self._files - 1}.ext"

    def _close(self, slice_: int) -> None:
        writer = self._open.pop(slice_, None)
        if writer is not None:
            try:
                summary = writer.finish(sync=self.database.durable)
            except BaseException:
                writer.abort()
                raise
            self._finished.append((slice_, summary))

    # -- the end -------------------------------------------------------------------------------

    def finish(self) -> Delta:
        """Write what is left and sync it; what the commit must name."""
        self._flush(last=True)
        for slice_ in list(self._open):
            self._close(slice_)
        self._done = True
        self._stop_pool()
        if not self._finished and not self._dropped:
            return Delta()
        if self.database.durable:
            self._sync_folders()
        added = AddExtents(
            self.table,
            tuple(self._reference(slice_, summary) for slice_, summary in self._finished),
            self._sketches(),
            self._plan.placement.replicated,
            self._identity,
            self._chosen_encodings(),
        )
        drop = (DropExtents(self.table, self._dropped),) if self._dropped else ()
        return Delta(drop_extents=drop, add_extents=(added,))

    def _sync_folders(self) -> None:
        """Make the files' names durable, up to the data folder."""
        data = self.database.data_folder()
        for folder in {*self._folders, data / str(self.table.id), data}:
            sync_folder(folder)

    def _reference(self, slice_: int, summary: ExtentSummary) -> ExtentRef:
        path = os.path.relpath(summary.path, self.database.data_folder())
        return ExtentRef(0, path, slice_, summary.rows, summary.bytes, summary.row_groups)

    def _sketches(self) -> dict[int, ColumnSketch]:
        merged: dict[int, ColumnSketch] = {}
        for _, summary in self._finished:
            for column, sketch in summary.sketches.items():
                merged[column] = merged[column].merge(sketch) if column in merged else sketch
        return merged

    def _chosen_encodings(self) -> dict[int, str]:
        """Encodings to record: of a first load that is a sample worth the name."""
        if self._before.extents or self.rows < SAMPLE_ROWS or self._compupdate is False:
            return {}
        return {
            column.id: by_code(self._encodings[column.id].most_common(1)[0][0]).name
            for column in self._plan.columns
            if column.encoding == AUTO
        }

    def abort(self) -> None:
        """Remove every file written; the writer cannot be used any more. Fine after `finish`, too."""
        self._done = True
        self._stop_pool()
        self._buffer = self._new_buffer()
        for writer in self._open.values():
            writer.abort()
        for _, summary in self._finished:
            summary.path.unlink(missing_ok=True)
        self._open, self._finished = {}, []
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
