"""An open cursor: a query planned by DECLARE, run by the first FETCH, read a few rows at a time.

    DECLARE   the query is bound and planned; what it sees stays pinned: later changes of the transaction do not show
    FETCH     the first one runs the query and keeps its whole result, in memory or, beyond MEMORY_BYTES, in a file
              of Arrow batches that has no name and is gone with the cursor; then rows are cut out of it
    end       CLOSE, or the end of the transaction

The position is that of the row fetched last: 0 is before the first row, `rows + 1` behind the last (fetch.md).
"""
from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from ..planner.physical import PhysicalQuery
from ..storage.schema import CatalogView
from .context import Context
from .execute import execute
from .result import ResultColumn, with_schema

MEMORY_BYTES = 64 << 20


class Rows:
    """A result at rest; batches in memory first, the others in a file."""

    def __init__(self, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        self._kept: list[pa.RecordBatch] = []
        self._file: Any = None
        self._reader: Any = None
        self.bytes = 0
        ends = [0]
        writer = None
        for batch in batches:
            if self.bytes + batch.nbytes <= MEMORY_BYTES and writer is None:
                self._kept.append(batch)
            else:
                if writer is None:
                    self._file = tempfile.TemporaryFile(prefix="warehouse-cursor-")  # noqa: SIM115
                    writer = pa.ipc.new_file(self._file, schema)
                writer.write_batch(batch)
            self.bytes += batch.nbytes
            ends.append(ends[-1] + batch.num_rows)
        if writer is not None:
            writer.close()
            self._reader = pa.ipc.open_file(self._file)
        self._ends = np.array(ends)
        self.rows = ends[-1]

    def slices(self, start: int, stop: int) -> Iterator[pa.RecordBatch]:
        """Rows start..stop-1."""
        number = int(np.searchsorted(self._ends, start, side="right")) - 1
        while start < stop:
            taken = min(stop, int(self._ends[number + 1])) - start
            if taken:
                yield self._batch(number).slice(start - int(self._ends[number]), taken)
            start, number = start + taken, number + 1

    def _batch(self, number: int) -> pa.RecordBatch:
        kept = len(self._kept)
        return self._kept[number] if number < kept else self._reader.get_batch(number - kept)

    def close(self) -> None:
        self._kept.clear()
        if self._file is not None:
            self._file.close()


def _own_turn(plan: PhysicalQuery, context: Context) -> Iterator[pa.RecordBatch]:
    """A cursor's rows have their turn in workload management from the first FETCH to their end, not a FETCH's."""
    try:
        yield from execute(plan, context)
    finally:
        if context.ticket is not None:
            context.ticket.end(ok=True)


class OpenCursor:
    """See the module's text. `release` lets go of what the cursor sees."""

    def __init__(self, name: str, plan: PhysicalQuery, columns: tuple[ResultColumn, ...], context: Context,
                 release: Callable[[], None]) -> None:
        self.name = name
        self.columns = columns
        self.declared: datetime = context.now
        self.fetched = 0
        self._plan = plan
        self._view: CatalogView = context.view
        self._release = release
        self._position = 0
        self.result: Rows | None = None

    def fetch(self, count: int | None, schema: pa.Schema, context: Context) -> list[pa.RecordBatch]:
        """The next `count` rows (None: all that are left; 0: the present row once more)."""
        if self.result is None:
            batches = _own_turn(self._plan, replace(context, view=self._view, ticket=None))
            self.result = Rows(schema, (with_schema(b, schema) for b in batches))
        rows, at = self.result.rows, self._position
        if count == 0:
            return list(self.result.slices(at - 1, at)) if 1 <= at <= rows else []
        stop = rows + 1 if count is None else at + count
        self._position = min(stop, rows + 1)
        self.fetched += max(0, min(stop, rows) - at)
        return list(self.result.slices(min(at, rows), min(stop, rows)))

    def close(self) -> None:
        if self.result is not None:
            self.result.close()
        self._release()
