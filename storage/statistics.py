"""Column sketches: distinct values, NULLs, widths, bounds and a sample of a column, small and mergeable.

An extent's footer has one per column; the catalogue merges them into the table's (a commit adds its
rows to what is known). Distinct values are counted with HyperLogLog over the hash of distribution.py:

    hash   | 12 bits: register | 52 bits: rank = position of the first 1 |
    register[r] = highest rank seen        4,096 registers, an error of about 1.6 %

Merging takes the maximum of each register. Bounds are proofs (zones.py) for as long as only rows are
added; whoever deletes rows keeps them, which stays true. Everything else is an estimate.

    ColumnSketch.of(column data)   .merge(other)   .statistics() -> schema.ColumnStatistics
    .to_bytes() / .from_bytes():  | head | low | high | registers, zlib | sample (sample.py), zlib |
"""
from __future__ import annotations

import math
import struct
import zlib
from functools import reduce
from typing import Any

import numpy as np

from ..kernels import memory, pack
from ..records import dataclass
from .distribution import hash_column
from .sample import Sample
from .schema import ColumnStatistics
from .types import Physical
from .vector import Array, ColumnData
from .zones import Bounded, Bounds, bounds, key_prefix

PRECISION = 12
REGISTERS = 1 << PRECISION
_ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)
_FEW = 2.5  # values for each register: up to there empty registers are counted
# So many empty registers leave no doubt of that: each adds 1 to the sum in the estimate's denominator.
_CLEARLY_FEW = int(_ALPHA * REGISTERS / _FEW) + 1
# version, physical, bounded, 0, rows, nulls, bytes, length of registers; then the length of the sample
_HEAD = struct.Struct("<BBBBQQQI")
_SAMPLE_LENGTH = struct.Struct("<I")
_VERSION = 2
_WITHOUT_SAMPLE = 1  # the version before samples, and without their length
_PHYSICAL = tuple(Physical)
_MAX_CODE_POINT = 0x10FFFF


@dataclass(frozen=True, slots=True, eq=False)
class ColumnSketch:
    """What is known of the values of one column in some rows."""

    physical: Physical
    rows: int
    nulls: int
    total_bytes: int  # of values, for the average width
    bounds: Bounds
    registers: Array  # uint8[REGISTERS]
    sample: Sample

    @staticmethod
    def of(column: ColumnData, known: Bounds | None = None) -> ColumnSketch:
        """The sketch of some rows (`known`: their bounds, when there already)."""
        registers = np.zeros(REGISTERS, np.uint8)
        hashes = hash_column(column)
        add_hashes(registers, hashes, column.valid)
        text = column.type.physical is Physical.STR
        size = column.text_bytes if text else column.rows * column.type.storage_bytes
        found = known if known is not None else bounds(column)
        sample = Sample.of(column, int(hashes.sum(dtype=np.uint64)))
        return ColumnSketch(column.type.physical, column.rows, column.null_count, size, found, registers, sample)

    def merge(self, other: ColumnSketch) -> ColumnSketch:
        """The sketch of both sets of rows."""
        return ColumnSketch(
            self.physical,
            self.rows + other.rows,
            self.nulls + other.nulls,
            self.total_bytes + other.total_bytes,
            _merge_bounds(self.bounds, other.bounds),
            np.maximum(self.registers, other.registers),
            self.sample.merge(other.sample),
        )

    def distinct(self) -> float:
        """About how many different values are not NULL; never more than there are rows."""
        live = self.rows - self.nulls
        return min(float(live), estimate_distinct(self.registers)) if live else 0.0

    def statistics(self) -> ColumnStatistics:
        """As the planner reads it; bounds in physical form."""
        low, high = self._physical_bounds()
        exact = self.bounds.state is not Bounded.UNKNOWN
        width = self.total_bytes / self.rows if self.rows else 0.0
        return ColumnStatistics(self.distinct(), self.nulls, low, high, width, exact, sample=self.sample)

    def _physical_bounds(self) -> tuple[Any, Any]:
        if self.bounds.state is not Bounded.KNOWN:
            return None, None
        low, high = self.bounds.low, self.bounds.high
        match self.physical:
            case Physical.STR:
                return key_prefix(int(low)).decode("utf-8", "ignore"), text_above(int(high))
            case Physical.BOOL:
                return bool(low), bool(high)
            case Physical.I128:
                return (None if low == -(1 << 63) else low), (None if high == (1 << 63) - 1 else high)
            case _:
                return low, high

    def to_bytes(self) -> bytes:
        packed = zlib.compress(self.registers.tobytes(), 1)
        sample = zlib.compress(self.sample.to_bytes(), 1)
        code = _PHYSICAL.index(self.physical)
        head = _HEAD.pack(
            _VERSION, code, self.bounds.state, 0, self.rows, self.nulls, self.total_bytes, len(packed)
        )
        form = _bound_struct(self.physical)
        return head + _SAMPLE_LENGTH.pack(len(sample)) + form.pack(self.bounds.low, self.bounds.high) + packed + sample

    @staticmethod
    def from_bytes(blob: bytes) -> ColumnSketch:
        """Raises ValueError on a blob that is cut or malformed."""
        try:
            version, code, state, _, rows, nulls, size, length = _HEAD.unpack_from(blob)
            if version not in (_VERSION, _WITHOUT_SAMPLE):
                raise ValueError(f"column sketch of unknown version {version}")
            physical = _PHYSICAL[code]
            at, sampled = _HEAD.size, 0
            if version == _VERSION:
                (sampled,) = _SAMPLE_LENGTH.unpack_from(blob, at)
                at += _SAMPLE_LENGTH.size
            form = _bound_struct(physical)
            low, high = form.unpack_from(blob, at)
            at += form.size
            raw = zlib.decompress(blob[at : at + length])
            sample = Sample.unknown(physical)
            if version == _VERSION:
                sample = Sample.from_bytes(zlib.decompress(blob[at + length :]), physical)
        except (struct.error, zlib.error, IndexError) as error:
            raise ValueError(f"column sketch: {error}") from error
        if at + length + sampled != len(blob) or len(raw) != REGISTERS:
            raise ValueError(f"column sketch: {len(blob)} bytes do not hold {REGISTERS} registers")
        found = Bounds(Bounded(state), low, high)
        return ColumnSketch(physical, rows, nulls, size, found, np.frombuffer(raw, np.uint8), sample)


def merge_all(sketches: list[ColumnSketch]) -> ColumnSketch:
    """The sketch of all rows of at least one sketch."""
    return reduce(ColumnSketch.merge, sketches)


def _bound_struct(physical: Physical) -> struct.Struct:
    form = {Physical.F64: "<dd", Physical.STR: "<QQ"}.get(physical, "<qq")
    return struct.Struct(form)


def _merge_bounds(a: Bounds, b: Bounds) -> Bounds:
    if a.state is Bounded.EMPTY:
        return b
    if b.state is Bounded.EMPTY:
        return a
    if Bounded.UNKNOWN in (a.state, b.state):
        return Bounds(Bounded.UNKNOWN)
    return Bounds(Bounded.KNOWN, min(a.low, b.low), max(a.high, b.high))


def text_above(key: int) -> str | None:
    """A text that no string with this key exceeds: the prefix, rounded up unless it is the whole string.

    'abcdefgh' -> 'abcdefgi'; None when nothing is above (U+10FFFF all along).
    """
    prefix = key_prefix(key)
    if len(prefix) < 8:
        return prefix.decode("utf-8", "replace")
    text = prefix.decode("utf-8", "ignore")
    for place in range(len(text) - 1, -1, -1):
        point = ord(text[place]) + 1
        if point == 0xD800:
            point = 0xE000  # surrogates are no characters
        if point <= _MAX_CODE_POINT:
            return text[:place] + chr(point)
    return None


# -- HyperLogLog --------------------------------------------------------------------------------------


def add_hashes(registers: Array, hashes: Array, valid: Array | None = None) -> None:
    """Raise the registers that the hashes of live rows reach, in place."""
    live = None if valid is None else np.ascontiguousarray(valid)
    pack.native("sketch_add")(
        memory.address(hashes), 0 if live is None else memory.address(live), len(hashes), PRECISION,
        memory.address(registers),
    )


def estimate_distinct(registers: Array) -> float:
    """HyperLogLog's estimate, by linear counting while registers are empty."""
    empty = REGISTERS - int(np.count_nonzero(registers))
    if empty >= _CLEARLY_FEW:
        return REGISTERS * math.log(REGISTERS / empty)
    raw = _ALPHA * REGISTERS * REGISTERS / float(np.exp2(-registers.astype(np.float64)).sum())
    if empty and raw <= _FEW * REGISTERS:
        return REGISTERS * math.log(REGISTERS / empty)
    return raw
