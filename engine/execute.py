"""A physical plan to a stream of Arrow record batches on the leader.

    execute(plan, context)  ->  schema-less iterator of pa.RecordBatch, in the order of the result

Parts of the result come from streaming.py, as the slices make them or whole; they are handed out 65,536 rows
at a time. Result types are Redshift's: a NUMERIC(38,4) that travelled in 64 bits becomes decimal128(38, 4) here.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..kernels import memory, pack
from ..planner.physical import PhysicalQuery
from ..storage.arrow import arrow_type, to_arrow
from ..storage.types import Physical, SqlType
from ..storage.vector import TEXT_PADDING, ColumnData
from .collection import Collection, StoredColumn, narrowed, widened
from .executor import Executor
from .streaming import stream
from .workers import pool

if TYPE_CHECKING:
    from .context import Context

RESULT_ROWS = 65_536


def execute(plan: PhysicalQuery, context: Context) -> Iterator[pa.RecordBatch]:
    """Run `plan`; counters of its steps go to context.counters by node identity."""
    executor = Executor(plan, context, context.workers or pool(1))
    schema = pa.schema([pa.field(n, arrow_type(c.type)) for n, c in zip(plan.names, plan.columns, strict=True)])
    parts = stream(executor, plan.root)
    try:
        for part in parts:
            yield from _batches(part, plan, schema, context)
    finally:
        parts.close()
        context.counters.update(executor.counters.steps)


def _batches(part: Collection, plan: PhysicalQuery, schema: pa.Schema, context: Context) -> Iterator[pa.RecordBatch]:
    """A part of the result in record batches."""
    columns = [part.column(c.id) for c in plan.columns]
    for start in range(0, part.rows, RESULT_ROWS):
        context.cancel.check()
        end = min(start + RESULT_ROWS, part.rows)
        arrays = [to_arrow(column_data(c, ref.type, start, end))
                  for c, ref in zip(columns, plan.columns, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def column_data(column: StoredColumn, type: SqlType, start: int, end: int) -> ColumnData:
    """Rows start..end-1 of a stored column, as storage and Arrow take them."""
    valid = None if column.valid is None else column.valid[start:end]
    if valid is not None and valid.all():
        valid = None
    rows = end - start
    if type.physical is Physical.STR:
        offsets, data = text_of(column.values[start:end])
        return ColumnData(type, rows, None, valid, offsets, data)
    cut = StoredColumn(column.ref, column.carried, column.nullable, column.values[start:end], valid)
    if type.physical is Physical.I128:
        values = widened(cut).values.view(np.uint64)
    else:
        values = narrowed(cut).values
    return ColumnData(type, rows, values, valid)


def text_of(views: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets and bytes of string views."""
    offsets = memory.empty(len(views) + 1, np.int64)
    offsets[0] = 0
    np.cumsum(views[:, 1], out=offsets[1:])
    data = memory.empty(int(offsets[-1]) + TEXT_PADDING, np.uint8)
    views = np.ascontiguousarray(views)
    pack.native("copy_text")(memory.address(views), len(views), memory.address(data))
    return offsets, data


def collection_data(part: Collection, types: list[SqlType]) -> list[ColumnData]:
    """A collection's columns for a table writer."""
    return [column_data(c, t, 0, part.rows) for c, t in zip(part.columns, types, strict=True)]
