"""A column that grows batch by batch into one piece of memory, as narrow as its values are (narrow.py).

Batches are copied in as they come, so that a reader's memory is free again for the next batch; memory
for a whole run is reserved at once and only touched as far as it fills:

    integers | batch 1 | batch 2 | batch 3 |  reserved, untouched ...      |    anew with wider integers when needed
    codes    | batch 1 | batch 2 |  reserved ...     and a dictionary           while there are few different strings
    text     offsets the same way; bytes as the first batch suggests; both grow when that does not suffice

A single batch is kept as it is and never copied.
"""
from __future__ import annotations

from typing import Protocol

import numpy as np

from .coded import MOST_ENTRIES, CodedColumn, code_text
from .narrow import INTEGERS, BlockColumn, NarrowColumn, NarrowText, RunColumn, narrowest
from .narrow import plain as in_full
from .types import Physical, SqlType
from .vector import TEXT_PADDING, Array, ColumnData, empty_column, from_list, value_dtype

_GROWTH = 1.5
# Few rows may be all there are: no memory for a whole run is reserved for them yet.
_MANY_ROWS = 16_384
_NARROW_OFFSETS = (1 << 32) - 1


class ColumnBuilder:
    """Appends columns of one type; `reserve` is the number of rows to be ready for."""

    def __init__(self, type_: SqlType, reserve: int) -> None:
        self.type = type_
        self.rows = 0
        self._reserve = reserve
        self._first: BlockColumn | None = None
        self._values: _Values | None = None
        self._valid: Array | None = None

    @property
    def bytes(self) -> int:
        """Bytes of memory in use."""
        if self._values is None:
            return 0 if self._first is None else _bytes(self._first)
        return self._values.bytes(self.rows) + (0 if self._valid is None else self.rows)

    def append(self, column: BlockColumn) -> None:
        if not column.rows:
            return
        if self.rows == 0:
            self._first, self.rows = column, column.rows
            return
        if self._first is not None:
            first, self._first, self.rows = self._first, None, 0
            needed = first.rows + column.rows
            self._values = _values(self.type, 4 * needed if needed < _MANY_ROWS else max(self._reserve, needed))
            self._copy(first)
        self._copy(column)

    def finish(self) -> RunColumn:
        """All rows. The builder is used up: its memory is the column's now."""
        if self._first is not None:
            return self._first
        if self._values is None:
            return empty_column(self.type)
        return self._values.finish(self.rows, None if self._valid is None else self._valid[: self.rows])

    def _copy(self, column: BlockColumn) -> None:
        assert self._values is not None
        start, stop = self.rows, self.rows + column.rows
        self._values.put(column, start, stop)
        if column.valid is not None and self._valid is None:
            self._valid = np.empty(max(self._reserve, stop), np.uint8)
            self._valid[:start] = 1
        if self._valid is not None:
            self._valid = _with_room(self._valid, start, stop)
            self._valid[start:stop] = 1 if column.valid is None else column.valid
        self.rows = stop


class _Values(Protocol):
    """What a builder's rows are in; rows are put in order."""

    def put(self, column: BlockColumn, start: int, stop: int) -> None: ...

    def bytes(self, rows: int) -> int: ...

    def finish(self, rows: int, valid: Array | None) -> RunColumn: ...


def _values(type_: SqlType, reserve: int) -> _Values:
    match type_.physical:
        case Physical.STR:
            return _Texts(type_, reserve)
        case Physical.I64:
            return _Integers(type_, reserve)
        case _:
            return _Fixed(type_, reserve)


class _Fixed:
    """Values of a width that does not change."""

    def __init__(self, type_: SqlType, reserve: int) -> None:
        self._type = type_
        shape = (reserve, 2) if type_.physical is Physical.I128 else (reserve,)
        self._values = np.empty(shape, value_dtype(type_.physical))

    def put(self, column: BlockColumn, start: int, stop: int) -> None:
        assert isinstance(column, ColumnData)
        self._values = _with_room(self._values, start, stop)
        self._values[start:stop] = column.fixed

    def bytes(self, rows: int) -> int:
        return rows * self._type.physical.width

    def finish(self, rows: int, valid: Array | None) -> RunColumn:
        return ColumnData(self._type, rows, self._values[:rows], valid)


class _Integers:
    """int64 values in the narrowest integers that hold them all."""

    def __init__(self, type_: SqlType, reserve: int) -> None:
        self._type = type_
        self._values = np.empty(reserve, INTEGERS[0])

    def put(self, column: BlockColumn, start: int, stop: int) -> None:
        assert isinstance(column, ColumnData)
        kind = narrowest(column.fixed)
        if kind.itemsize > self._values.dtype.itemsize:
            wider = np.empty(len(self._values), kind)
            wider[:start] = self._values[:start]
            self._values = wider
        self._values = _with_room(self._values, start, stop)
        self._values[start:stop] = column.fixed

    def bytes(self, rows: int) -> int:
        return rows * self._values.dtype.itemsize

    def finish(self, rows: int, valid: Array | None) -> RunColumn:
        return NarrowColumn(self._type, rows, self._values[:rows], valid)


class _Texts:
    """Strings: as codes while there are few different ones, then in full."""

    def __init__(self, type_: SqlType, reserve: int) -> None:
        self._type = type_
        self._reserve = reserve
        self._codes: Array | None = np.empty(reserve, np.uint8)
        self._entries: dict[bytes, int] = {}
        self._offsets = np.zeros(1, np.uint32)
        self._data = np.empty(TEXT_PADDING, np.uint8)

    def put(self, column: BlockColumn, start: int, stop: int) -> None:
        if self._codes is not None:
            coded = column if isinstance(column, CodedColumn) else code_text(column)
            if coded is not None and self._put_codes(coded, start, stop):
                return
            self._to_full(start)
        self._put_text(in_full(column), start, stop)

    def bytes(self, rows: int) -> int:
        if self._codes is not None:
            return rows
        return rows * self._offsets.dtype.itemsize + int(self._offsets[rows])

    def finish(self, rows: int, valid: Array | None) -> RunColumn:
        if self._codes is not None:
            return CodedColumn(self._type, rows, self._codes[:rows], self._dictionary(), valid)
        end = int(self._offsets[rows])
        self._data[end : end + TEXT_PADDING] = 0
        return NarrowText(self._type, rows, self._offsets[: rows + 1], self._data, valid)

    def _put_codes(self, coded: CodedColumn, start: int, stop: int) -> bool:
        """False: the dictionary would get too large."""
        assert self._codes is not None
        texts = coded.entries.to_bytes()
        if len(self._entries.keys() | texts) > MOST_ENTRIES:
            return False
        places = [self._entries.setdefault(text, len(self._entries)) for text in texts]
        self._codes = _with_room(self._codes, start, stop)
        np.take(np.array(places, np.uint8), coded.codes, out=self._codes[start:stop])
        return True

    def _dictionary(self) -> ColumnData:
        return from_list(self._type, list(self._entries))

    def _to_full(self, rows: int) -> None:
        codes, self._codes = self._codes, None
        self._offsets = np.empty(max(self._reserve, rows) + 1, np.uint32)
        self._offsets[0] = 0
        if rows and codes is not None:
            self._put_text(CodedColumn(self._type, rows, codes[:rows], self._dictionary()).plain(), 0, rows)
        self._entries.clear()

    def _put_text(self, column: ColumnData, start: int, stop: int) -> None:
        offsets, data = column.text
        end, length = int(self._offsets[start]), column.text_bytes
        self._offsets = _with_room(self._offsets, start + 1, stop + 1)
        if end + length > _NARROW_OFFSETS and self._offsets.dtype.itemsize == 4:
            self._offsets = self._offsets.astype(np.int64)
        if len(self._data) < end + length + TEXT_PADDING:
            needed = end + length + TEXT_PADDING
            if not end:  # the first batch: expect the others to be like it
                needed = needed * (self._reserve // max(1, column.rows) + 1)
            self._data = _grown(self._data, end, needed)
        self._data[end : end + length] = data[:length]
        self._offsets[start + 1 : stop + 1] = offsets[1 : column.rows + 1] + end


def _with_room(array: Array, used: int, needed: int) -> Array:
    return array if len(array) >= needed else _grown(array, used, needed)


def _grown(array: Array, used: int, needed: int) -> Array:
    """A longer copy of the first `used` elements."""
    size = max(needed, int(len(array) * _GROWTH))
    out = np.empty((size, *array.shape[1:]), array.dtype)
    used = min(used, len(array))
    out[:used] = array[:used]
    return out


def _bytes(column: BlockColumn) -> int:
    if isinstance(column, CodedColumn):
        return column.rows
    if column.values is not None:
        return int(column.values.nbytes)
    return 8 * column.rows + column.text_bytes
