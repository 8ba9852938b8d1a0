"""Many inline extents of one row each, as columns: what INSERTs of single rows have left.

    SingleRows(columns, extents)        of the extents that one_row.py has made for these columns; `rest`: the others
    rows.reader(i)                      one of them, for who reads it as any extent (extent.py)
    gathered(readers)                   the rows of several of them, column by column, at once

Opening an extent for a value or two costs a hundred times what taking them out of bytes of a known form does.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .one_row import RowForm
from .schema import Column, ExtentRef
from .vector import Array, ColumnData, from_list


class SingleRows:
    """See the module's text. `values`: a row each, in physical form, of `extents`."""

    def __init__(self, columns: Sequence[Column], extents: Sequence[ExtentRef]) -> None:
        form = RowForm(columns)
        self.values: list[list[Any]] = []
        self.extents: list[ExtentRef] = []
        self.rest: list[ExtentRef] = []
        self._columns = columns
        self._position = {column.id: i for i, column in enumerate(columns)}
        for extent in extents:
            data = extent.data if extent.is_inline and extent.rows == 1 else None
            row = None if data is None else form.values(bytes(data))
            if row is None:
                self.rest.append(extent)
            else:
                self.values.append(row)
                self.extents.append(extent)

    def reader(self, index: int) -> RowReader:
        return RowReader(self, index)

    def position(self, column_id: int) -> int | None:
        return self._position.get(column_id)

    def column(self, position: int, indices: Sequence[int] | None = None) -> ColumnData:
        """A column of some of the rows, or of all."""
        rows = self.values if indices is None else [self.values[i] for i in indices]
        return from_list(self._columns[position].type, [row[position] for row in rows])


class RowReader:
    """One of the rows, as far as rewrites ask an ExtentReader."""

    __slots__ = ("index", "rows")

    row_groups = 1
    group_rows: Array = np.ones(1, np.int64)

    def __init__(self, rows: SingleRows, index: int) -> None:
        self.rows = rows
        self.index = index

    def position(self, column_id: int) -> int | None:
        return self.rows.position(column_id)

    def column(self, group: int, position: int) -> ColumnData:
        return self.rows.column(position, [self.index])
