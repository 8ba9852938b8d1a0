"""A column of a row group as stored, plain in memory: for rewrites, which read all rows of an extent once.

A column that was added to the table after the extent was written is not in it: every row has the column's
`added` value then. Queries read blocks through the buffer cache instead (storage/buffer.py).
"""
from __future__ import annotations

import numpy as np
import pyarrow as pa

from .arrow import from_arrow
from .extent import ExtentReader
from .schema import Column
from .types import Physical
from .vector import ColumnData, from_list


def stored_column(reader: ExtentReader, group: int, column: Column) -> ColumnData:
    """The column's values in a row group, of the type that the table has now."""
    position = reader.position(column.id)
    if position is None:
        return nulls(column, int(reader.group_rows[group]))
    found = reader.column(group, position)
    if found.type == column.type:
        return found
    return ColumnData(column.type, found.rows, found.values, found.valid, found.offsets, found.data)


def nulls(column: Column, rows: int) -> ColumnData:
    """So many NULLs."""
    if column.type.physical is Physical.STR:
        return from_arrow(pa.nulls(rows, pa.large_string()), column.type, column.name)
    first = from_list(column.type, [None])
    return first.take(np.zeros(rows, np.int64))
