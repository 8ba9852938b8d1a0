"""Columns of a run that waits to be sorted and written: each as narrow as its values are.

A run is gathered in an order that jumps all over it, so what it costs is cache misses, and how long it may be is a
question of memory. A row of TPC-H's lineitem takes 175 bytes as ColumnData and 60 like this:

    integers, dates, decimals up to 64 bits   NarrowColumn   int8, int16, int32 or int64, as the values need
    text                                      NarrowText     offsets as uint32 where they suffice
    text of up to 256 different values        CodedColumn    one byte a row (coded.py)
    anything else                             ColumnData

`take` and `slice` give the rows of a row group as encoders want them: ColumnData, or CodedColumn. All arrays may have
more elements than there are rows (builder.py).
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Union

import numpy as np

from ..records import dataclass
from .coded import CodedColumn
from .types import SqlType
from .vector import Array, ColumnData, gather_text

INTEGERS = tuple(np.dtype(f"i{size}") for size in (1, 2, 4, 8))


@dataclass(frozen=True, slots=True, eq=False)
class NarrowColumn:
    """`rows` values of a type of 64 bits."""

    type: SqlType
    rows: int
    values: Array
    valid: Array | None = None

    @property
    def raw_bytes(self) -> int:
        return self.rows * self.type.storage_bytes

    def take(self, rows: Array) -> ColumnData:
        valid = None if self.valid is None else self.valid[rows]
        return ColumnData(self.type, len(rows), self.values[rows].astype(np.int64), valid)

    def slice(self, start: int, stop: int) -> ColumnData:
        values = self.values[start:stop].astype(np.int64)
        return ColumnData(self.type, len(values), values, None if self.valid is None else self.valid[start:stop])


@dataclass(frozen=True, slots=True, eq=False)
class NarrowText:
    """`rows` strings; offsets and data as in ColumnData."""

    type: SqlType
    rows: int
    offsets: Array
    data: Array
    valid: Array | None = None

    @property
    def text_bytes(self) -> int:
        return int(self.offsets[self.rows])

    @property
    def raw_bytes(self) -> int:
        return self.rows * (self.type.storage_bytes or 4) + self.text_bytes

    def take(self, rows: Array) -> ColumnData:
        valid = None if self.valid is None else self.valid[rows]
        ends = np.empty(2 * len(rows) + 1, np.int64)  # where each string begins and ends
        ends[0:-1:2], ends[1::2], ends[-1] = self.offsets[rows], self.offsets[1:][rows], 0
        offsets, data = gather_text(ends, self.data, np.arange(0, 2 * len(rows), 2))
        return ColumnData(self.type, len(rows), None, valid, offsets, data)

    def slice(self, start: int, stop: int) -> ColumnData:
        offsets = self.offsets[start : stop + 1].astype(np.int64)
        first = int(offsets[0])
        offsets -= first
        valid = None if self.valid is None else self.valid[start:stop]
        return ColumnData(self.type, len(offsets) - 1, None, valid, offsets, self.data[first:])


# What encoders take, and what a run holds.
BlockColumn = Union[ColumnData, CodedColumn]
RunColumn = Union[ColumnData, CodedColumn, NarrowColumn, NarrowText]


def plain(column: RunColumn) -> ColumnData:
    """All rows as ColumnData."""
    match column:
        case ColumnData():
            return column
        case CodedColumn():
            return column.plain()
        case _:
            return column.slice(0, column.rows)


def held_bytes(columns: Sequence[RunColumn]) -> int:
    """What a run's columns take in memory, about."""
    return sum(map(_held, columns))


def _held(column: RunColumn) -> int:
    match column:
        case CodedColumn():
            return column.rows
        case NarrowText():
            return column.offsets.itemsize * column.rows + column.text_bytes
        case NarrowColumn():
            return int(column.values.nbytes)
        case _:
            return 8 * column.rows + column.text_bytes if column.values is None else int(column.values.nbytes)


def lengths(column: RunColumn, rows: Array | None) -> Array:
    """int64 bytes of the strings at `rows` (None: of all)."""
    if isinstance(column, CodedColumn):
        codes = column.codes if rows is None else column.codes[rows]
        return np.diff(column.entries.text[0])[codes]
    assert isinstance(column, ColumnData | NarrowText) and column.offsets is not None
    found = np.diff(column.offsets[: column.rows + 1])
    return (found if rows is None else found[rows]).astype(np.int64)


def narrowest(values: Array) -> np.dtype[np.signedinteger]:
    """The integers that hold all int64 values."""
    if not len(values):
        return INTEGERS[0]
    bits = max((v if v >= 0 else ~v).bit_length() for v in (int(values.min()), int(values.max())))
    return next(kind for kind in INTEGERS if bits < 8 * kind.itemsize)
