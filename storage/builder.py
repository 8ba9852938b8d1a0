"""A column that grows batch by batch into one piece of memory, ready to be sorted and encoded.

Batches are copied in as they come, so that a reader's memory is free again for the next batch; memory
for a whole run is reserved at once and only touched as far as it fills:

    values   | batch 1 | batch 2 | batch 3 |  reserved, untouched ...                |
    text     offsets the same way; bytes as the first batch suggests; both grow when that does not suffice

A single batch is kept as it is and never copied.
"""
from __future__ import annotations

import numpy as np

from .types import Physical, SqlType
from .vector import TEXT_PADDING, Array, ColumnData, empty_column, value_dtype

_GROWTH = 1.5
# Few rows may be all there are: no memory for a whole run is reserved for them yet.
_MANY_ROWS = 16_384


class ColumnBuilder:
    """Appends ColumnData of one type; `reserve` is the number of rows to be ready for."""

    def __init__(self, type_: SqlType, reserve: int) -> None:
        self.type = type_
        self.rows = 0
        self._reserve = reserve
        self._first: ColumnData | None = None
        self._values: Array | None = None
        self._valid: Array | None = None
        self._offsets: Array | None = None
        self._data: Array | None = None

    @property
    def bytes(self) -> int:
        """Bytes of memory in use."""
        if self._first is not None:
            return _bytes(self._first)
        valid = 0 if self._valid is None else self.rows
        if self._offsets is not None:
            return 8 * self.rows + int(self._offsets[self.rows]) + valid
        return self.rows * self.type.physical.width + valid

    def append(self, column: ColumnData) -> None:
        if not column.rows:
            return
        if self.rows == 0:
            self._first, self.rows = column, column.rows
            return
        if self._first is not None:
            first, self._first, self.rows = self._first, None, 0
            self._allocate(first.rows + column.rows)
            self._copy(first)
        self._copy(column)

    def finish(self) -> ColumnData:
        """All rows. The builder is used up: its memory is the column's now."""
        if self._first is not None:
            return self._first
        if self.rows == 0:
            return empty_column(self.type)
        valid = None if self._valid is None else self._valid[: self.rows]
        if self._values is not None:
            return ColumnData(self.type, self.rows, self._values[: self.rows], valid)
        assert self._offsets is not None and self._data is not None
        end = int(self._offsets[self.rows])
        self._data[end : end + TEXT_PADDING] = 0
        return ColumnData(self.type, self.rows, None, valid, self._offsets[: self.rows + 1], self._data)

    def _allocate(self, needed: int) -> None:
        if needed < _MANY_ROWS:
            self._reserve = 4 * needed
        capacity = max(self._reserve, needed)
        match self.type.physical:
            case Physical.STR:
                self._offsets = np.empty(capacity + 1, np.int64)
                self._offsets[0] = 0
                self._data = np.empty(TEXT_PADDING, np.uint8)
            case Physical.I128:
                self._values = np.empty((capacity, 2), np.uint64)
            case physical:
                self._values = np.empty(capacity, value_dtype(physical))

    def _copy(self, column: ColumnData) -> None:
        start, stop = self.rows, self.rows + column.rows
        self._reserve_rows(stop)
        if column.valid is not None and self._valid is None:
            capacity = len(self._values) if self._values is not None else stop
            self._valid = np.empty(max(capacity, self._reserve), np.uint8)
            self._valid[:start] = 1
        if self._valid is not None:
            self._valid[start:stop] = 1 if column.valid is None else column.valid
        if self._values is not None:
            self._values[start:stop] = column.fixed
        else:
            self._copy_text(column, start)
        self.rows = stop

    def _reserve_rows(self, rows: int) -> None:
        for name in ("_values", "_valid", "_offsets"):
            array = getattr(self, name)
            room = rows + 1 if name == "_offsets" else rows
            if array is not None and len(array) < room:
                setattr(self, name, _grown(array, self.rows + 1, room))

    def _copy_text(self, column: ColumnData, start: int) -> None:
        assert self._offsets is not None and self._data is not None
        offsets, data = column.text
        end, length = int(self._offsets[start]), column.text_bytes
        if len(self._data) < end + length + TEXT_PADDING:
            needed = end + length + TEXT_PADDING
            if not end:  # the first batch: expect the others to be like it
                needed = needed * (self._reserve // max(1, column.rows) + 1)
            self._data = _grown(self._data, end, needed)
        self._data[end : end + length] = data[:length]
        np.add(offsets[1 : column.rows + 1], end, out=self._offsets[start + 1 : start + column.rows + 1])


def _grown(array: Array, used: int, needed: int) -> Array:
    """A longer copy of the first `used` elements."""
    size = max(needed, int(len(array) * _GROWTH))
    out = np.empty((size, *array.shape[1:]), array.dtype)
    used = min(used, len(array))
    out[:used] = array[:used]
    return out


def _bytes(column: ColumnData) -> int:
    if column.values is not None:
        return int(column.values.nbytes)
    return 8 * column.rows + column.text_bytes
