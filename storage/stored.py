"""A column of a row group as stored, plain in memory: for rewrites, which read all rows of an extent once.

A column that was added to the table after the extent was written is not in it: every row has the column's
`added` value then. Queries read blocks through the buffer cache instead (storage/buffer.py).
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .extent import ExtentReader
from .schema import Column
from .types import SqlType
from .vector import ColumnData, from_list

if TYPE_CHECKING:
    from .single_rows import RowReader


def stored_column(reader: ExtentReader | RowReader, group: int, column: Column) -> ColumnData:
    """The column's values in a row group, of the type that the table has now."""
    position = reader.position(column.id)
    if position is None:
        return constant(column.type, column.added, int(reader.group_rows[group]))
    found = reader.column(group, position)
    if found.type == column.type:
        return found
    return ColumnData(column.type, found.rows, found.values, found.valid, found.offsets, found.data)


def constant(type: SqlType, value: Any, rows: int) -> ColumnData:
    """So many times the value, in physical form."""
    return from_list(type, [value]).take(np.zeros(rows, np.int64))
