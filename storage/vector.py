"""ColumnData: the values of one column of some rows, plain in memory, between files and programs.

It is what loading, sorting, distributing and encoding pass around, and what the reference decoders
give back. Programs (kernels/abi.py) read the same layout.

    physical   values             offsets          data
    I64        int64[rows]        -                -
    F64        float64[rows]      -                -
    BOOL       uint8[rows] 0/1    -                -
    I128       uint64[rows][2]    -                -          (low word, high word: two's complement)
    STR        -                  int64[rows + 1]  uint8[>= offsets[rows] + TEXT_PADDING]

Invariants, kept by everything here and assumed by everything that reads it:

  - `valid` is uint8[rows] (1 = valid), or None when no row is NULL;
  - a value under NULL is 0, a string under NULL is empty;
  - offsets start at 0 and never fall; text is UTF-8, a CHAR value has no trailing blanks;
  - TEXT_PADDING bytes behind the text are readable, so that kernels may load whole words.

Arrays may be views of foreign memory (Arrow buffers): never write into them.
"""
from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InternalError
from ..kernels import memory, pack
from ..records import dataclass
from .types import Physical, SqlType

TEXT_PADDING = 32
_MASK64 = (1 << 64) - 1
_DTYPES: dict[Physical, np.dtype[Any]] = {
    Physical.I64: np.dtype(np.int64),
    Physical.F64: np.dtype(np.float64),
    Physical.BOOL: np.dtype(np.uint8),
    Physical.I128: np.dtype(np.uint64),
}

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class ColumnData:
    """`rows` values of one type; see the module's text for the arrays each physical class has."""

    type: SqlType
    rows: int
    values: Array | None = None
    valid: Array | None = None
    offsets: Array | None = None
    data: Array | None = None

    @property
    def null_count(self) -> int:
        return 0 if self.valid is None else self.rows - int(np.count_nonzero(self.valid))

    @property
    def fixed(self) -> Array:
        """The values of a column that is not text."""
        if self.values is None:
            raise InternalError(f"a column of type {self.type} has no array of values")
        return self.values

    @property
    def text(self) -> tuple[Array, Array]:
        """Offsets and bytes of a text column (the bytes include the padding)."""
        if self.offsets is None or self.data is None:
            raise InternalError(f"a column of type {self.type} is not text")
        return self.offsets, self.data

    @property
    def text_bytes(self) -> int:
        """Bytes of text without padding; 0 for other types."""
        return 0 if self.offsets is None else int(self.offsets[self.rows])

    @property
    def raw_bytes(self) -> int:
        """Bytes the values take on disk when nothing encodes them (Redshift's RAW)."""
        return self.rows * (self.type.storage_bytes or 4) + self.text_bytes

    def slice(self, start: int, stop: int) -> ColumnData:
        """Rows start..stop-1, sharing memory (offsets are rebased)."""
        start, stop = max(0, start), min(self.rows, stop)
        stop = max(start, stop)
        valid = None if self.valid is None else self.valid[start:stop]
        if self.values is not None:
            return ColumnData(self.type, stop - start, self.values[start:stop], valid)
        offsets, data = self.text
        first = int(offsets[start])
        window = offsets[start : stop + 1] - first if first else offsets[start : stop + 1]
        return ColumnData(self.type, stop - start, None, valid, window, data[first:])

    def take(self, indices: Array) -> ColumnData:
        """The rows at `indices` (each 0..rows-1), in that order."""
        indices = np.asarray(indices, np.int64)
        valid = None if self.valid is None else self.valid[indices]
        if self.values is not None:
            return ColumnData(self.type, len(indices), self.values[indices], valid)
        offsets, data = self.text
        new_offsets, new_data = gather_text(offsets, data, indices)
        return ColumnData(self.type, len(indices), None, valid, new_offsets, new_data)

    def to_bytes(self) -> list[bytes]:
        """The strings of a text column."""
        offsets, data = self.text
        whole = data[: self.text_bytes].tobytes()
        return [whole[a:b] for a, b in itertools.pairwise(offsets.tolist())]

    def to_list(self) -> list[Any]:
        """Physical values as Python objects, None for NULL: for tests and messages, not for speed."""
        if self.values is None:
            out: list[Any] = [text.decode("utf-8", "replace") for text in self.to_bytes()]
        elif self.type.physical is Physical.I128:
            out = [_join_words(low, high) for low, high in self.values.tolist()]
        elif self.type.physical is Physical.BOOL:
            out = [bool(v) for v in self.values.tolist()]
        else:
            out = self.values.tolist()
        if self.valid is None:
            return out
        return [v if ok else None for v, ok in zip(out, self.valid.tolist())]


def from_list(type: SqlType, items: Sequence[Any]) -> ColumnData:
    """A column of Python values in physical form (scaled ints, days, `str`); None is NULL."""
    valid: Array | None = np.fromiter((v is not None for v in items), np.uint8, len(items))
    if valid is not None and valid.all():
        valid = None
    match type.physical:
        case Physical.STR:
            texts = [b"" if v is None else v if isinstance(v, bytes) else str(v).encode() for v in items]
            offsets = np.zeros(len(items) + 1, np.int64)
            np.cumsum([len(t) for t in texts], out=offsets[1:])
            return ColumnData(type, len(items), None, valid, offsets, padded_text(b"".join(texts)))
        case Physical.I128:
            words = [(int(v or 0) & _MASK64, (int(v or 0) >> 64) & _MASK64) for v in items]
            return ColumnData(type, len(items), np.array(words, np.uint64).reshape(-1, 2), valid)
        case physical:
            values = np.array([0 if v is None else v for v in items], _DTYPES[physical])
            return ColumnData(type, len(items), values, valid)


def empty_column(type: SqlType) -> ColumnData:
    return from_list(type, ())


def value_dtype(physical: Physical) -> np.dtype[Any]:
    """The numpy dtype of `values` (I128: of each word)."""
    return _DTYPES[physical]


def concat(columns: Sequence[ColumnData]) -> ColumnData:
    """One column after the other; all of one type, at least one."""
    if len(columns) == 1:
        return columns[0]
    first, rows = columns[0], sum(c.rows for c in columns)
    valid = None
    if any(c.valid is not None for c in columns):
        valid = np.concatenate([np.ones(c.rows, np.uint8) if c.valid is None else c.valid for c in columns])
    if first.values is not None:
        return ColumnData(first.type, rows, np.concatenate([c.fixed for c in columns]), valid)
    offsets = np.zeros(rows + 1, np.int64)
    data = np.empty(sum(c.text_bytes for c in columns) + TEXT_PADDING, np.uint8)
    row = at = 0
    for c in columns:
        c_offsets, c_data = c.text
        offsets[row + 1 : row + c.rows + 1] = c_offsets[1:] + at
        data[at : at + c.text_bytes] = c_data[: c.text_bytes]
        row, at = row + c.rows, at + c.text_bytes
    data[at:] = 0
    return ColumnData(first.type, rows, None, valid, offsets, data)


def padded_text(text: bytes | memoryview | Array) -> Array:
    """A copy of `text` as bytes with the padding behind it."""
    source = np.frombuffer(text, np.uint8) if not isinstance(text, np.ndarray) else text
    data = np.empty(len(source) + TEXT_PADDING, np.uint8)
    data[: len(source)] = source
    data[len(source) :] = 0
    return data


def gather_text(offsets: Array, data: Array, indices: Array) -> tuple[Array, Array]:
    """Offsets and padded bytes of the strings at `indices`; `data` has the padding too."""
    offsets, indices = np.ascontiguousarray(offsets), np.ascontiguousarray(indices, np.int64)
    out = np.empty(len(indices) + 1, np.int64)
    total = pack.native("gather_offsets")(
        memory.address(offsets), memory.address(indices), len(indices), memory.address(out)
    )
    gathered = np.empty(total + TEXT_PADDING, np.uint8)
    pack.native("gather_strings")(
        memory.address(offsets), memory.address(data), memory.address(indices), len(indices),
        memory.address(out), memory.address(gathered),
    )
    gathered[total:] = 0
    return out, gathered


def _join_words(low: int, high: int) -> int:
    value = (high << 64) | low
    return value - (1 << 128) if high >> 63 else value
