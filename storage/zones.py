"""Zone maps: the smallest and largest value of a block, in 8 bytes each, to skip what cannot match.

Bounds are **proofs**: no live value lies outside, though none need reach them. Each physical class has
a monotonous image in one 64-bit word, its **key**; pruning compares keys, never strictly:

    I64, BOOL   the value                                 int64
    F64         the value; no bounds when there is a NaN  float64
    I128        the value, cut to int64's range: the range's own ends mean "unbounded"   int64
    STR         the first 8 bytes, big endian, zeros behind                             uint64
                  lower bound: trailing blanks are taken for zeros, since comparisons ignore them
                  no bounds for a case-insensitive collation, nor where texts hold zero bytes

    'SHIP' <= v <= 'TRUCK'    low 0x53484950_00000000    high 0x54525543_4b000000
    v = 'TRUCKS' may be in a block only if  low <= text_key('TRUCKS') and text_key(.., lower=True) <= high

So for text, compare a constant's plain key with `low` and its `lower=True` key with `high`.
"""
from __future__ import annotations

import enum
from typing import Any

import numpy as np

from ..kernels import memory, pack
from ..records import dataclass
from .types import Physical, SqlType
from .vector import Array, ColumnData

KEY_BYTES = 8
_INT64_LOW, _INT64_HIGH = -(1 << 63), (1 << 63) - 1


class Bounded(enum.IntEnum):
    """What bounds say. The numbers are in files."""

    UNKNOWN = 0  # there may be anything
    KNOWN = 1
    EMPTY = 2  # there is no live value


@dataclass(frozen=True, slots=True)
class Bounds:
    """Keys of one block's smallest and largest live value (0 unless KNOWN)."""

    state: Bounded
    low: int | float = 0
    high: int | float = 0


# Whether some value is NULL; the smallest and largest key of the others, _INT64_LOW and _INT64_HIGH where nothing is
# known, None where there is no other.
Proof = tuple[bool, "tuple[int | float, int | float] | None"]


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """A column's bounds over an extent's row groups: arrays, so that pruning is one comparison; or plain numbers, of
    one row group alone."""

    low: Any  # keys: int64, float64 or uint64
    high: Any
    known: Any  # bool: low and high mean something
    nulls: Any  # int64
    rows: Any  # int64

    @property
    def unknown(self) -> Any:
        return self.known ^ True

    def proof(self, groups: Array | slice) -> Proof:
        """Of arrays, what they prove about all rows of some row groups."""
        nulls, rows = self.nulls[groups], self.rows[groups]
        nullable, live = bool(nulls.any()), nulls < rows
        if not live.any():
            return nullable, None
        low, high, known = self.low[groups][live], self.high[groups][live], self.known[groups][live]
        if not known.all():
            return nullable, (_INT64_LOW, _INT64_HIGH)
        return nullable, (low.min().item(), high.max().item())

    def proof_of_one(self) -> Proof:
        """The same of plain numbers."""
        if self.nulls >= self.rows:
            return self.nulls > 0, None
        return self.nulls > 0, (self.low, self.high) if self.known else (_INT64_LOW, _INT64_HIGH)


_KEY_DTYPES: dict[Physical, Any] = {
    Physical.I64: np.int64,
    Physical.BOOL: np.int64,
    Physical.I128: np.int64,
    Physical.F64: np.float64,
    Physical.STR: np.uint64,
}


def key_dtype(type: SqlType) -> np.dtype[Any]:
    return np.dtype(_KEY_DTYPES[type.physical])


def bounds(column: ColumnData) -> Bounds:
    """The bounds of a column's live values."""
    if column.rows == 0 or column.null_count == column.rows:
        return Bounds(Bounded.EMPTY)
    if column.type.physical is Physical.STR:
        return _text_bounds(column)
    values = column.fixed
    if column.valid is not None:
        values = values[column.valid == 1]
    match column.type.physical:
        case Physical.F64:
            low, high = float(values.min()), float(values.max())
            if np.isnan(low) or np.isnan(high):
                return Bounds(Bounded.UNKNOWN)
            return Bounds(Bounded.KNOWN, low, high)
        case Physical.I128:
            return Bounds(Bounded.KNOWN, *_wide_range(values))
        case _:
            return Bounds(Bounded.KNOWN, int(values.min()), int(values.max()))


def _wide_range(values: Array) -> tuple[int, int]:
    low, high = values[:, 0].view(np.int64), values[:, 1].view(np.int64)
    clamped = np.where(high == low >> 63, low, np.where(high < 0, _INT64_LOW, _INT64_HIGH))
    return int(clamped.min()), int(clamped.max())


def _text_bounds(column: ColumnData) -> Bounds:
    if column.type.case_insensitive:
        return Bounds(Bounded.UNKNOWN)
    offsets, data = column.text
    valid = None if column.valid is None else np.ascontiguousarray(column.valid)
    found, offsets = np.empty(2, np.uint64), np.ascontiguousarray(offsets)
    zeros = pack.native("text_key_bounds")(
        memory.address(offsets), memory.address(data), 0 if valid is None else memory.address(valid),
        column.rows, memory.address(found),
    )
    return Bounds(Bounded.UNKNOWN) if zeros else Bounds(Bounded.KNOWN, int(found[0]), int(found[1]))


def text_key(text: str | bytes, lower: bool = False) -> int:
    """The key of a constant; `lower`: as it is compared with upper bounds."""
    raw = text.encode() if isinstance(text, str) else text
    raw = raw[:KEY_BYTES]
    if lower:
        raw = raw.rstrip(b" ")
    return int.from_bytes(raw.ljust(KEY_BYTES, b"\0"), "big")


def key_prefix(key: int) -> bytes:
    """The bytes that a text key stands for."""
    return int(key).to_bytes(KEY_BYTES, "big").rstrip(b"\0")
