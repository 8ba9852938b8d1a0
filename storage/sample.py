"""A small random sample of a column's values, mergeable: for estimates where values are not spread evenly.

Every row has a random *priority* between 0 and 1, and a sample keeps the rows of the smallest. So a sample
of more rows is made of samples of its parts, and each row is as likely as any other to be in it:

    part 1  .01 .04 .09 | ...      part 2  .02 .03 .05 | ...      all that is known below the *reach*
                        reach .09                      reach .05

    merged  .01 .02 .03 .04 .05 | ...                             the smaller reach of the two

NULLs are left out, texts are cut to TEXT_BYTES. A block gives up to BLOCK_VALUES values, a merged sample holds
up to MERGED_VALUES; one whose reach is 1 holds all values there are. Priorities come from a seed made of the
values: the same load writes the same bytes.

    bytes   | count u32 | reach f32 | priorities f32[count] | values; text: lengths u8[count], bytes |
"""
from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..records import dataclass
from .types import BIGINT, BOOLEAN, DOUBLE, Physical, SqlType, decimal, varchar
from .vector import Array, ColumnData, concat, empty_column, from_list, padded_text, value_dtype

BLOCK_VALUES = 64
MERGED_VALUES = 256
TEXT_BYTES = 64
ALL = 1.0  # the reach of a sample that holds every value
_HEAD = struct.Struct("<If")
# What values are kept as: physical classes are all that a sample knows of types.
_TYPES: dict[Physical, SqlType] = {
    Physical.I64: BIGINT,
    Physical.F64: DOUBLE,
    Physical.BOOL: BOOLEAN,
    Physical.I128: decimal(38, 0),
    Physical.STR: varchar(TEXT_BYTES),
}


@dataclass(frozen=True, eq=False)
class Sample:
    """Values and their priorities, the smallest first."""

    priorities: Array  # float32
    data: ColumnData
    reach: float

    @staticmethod
    def of(column: ColumnData, seed: int) -> Sample:
        """A sample of a block."""
        return Sample.drawn(column.type, column.rows, column.valid, column.take, seed)

    @staticmethod
    def drawn(
        type_: SqlType, rows: int, valid: Array | None, take: Callable[[Array], ColumnData], seed: int
    ) -> Sample:
        """The same of rows that `take` gives."""
        live = None if valid is None else np.flatnonzero(valid)
        rows = rows if live is None else len(live)
        if not rows:
            return Sample(np.empty(0, np.float32), empty_column(_TYPES[type_.physical]), ALL)
        places, priorities = _draw(rows, seed)
        data = take(places if live is None else live[places])
        reach = float(priorities[-1]) if rows > BLOCK_VALUES else ALL
        return Sample(priorities, _plain(data), reach)

    @staticmethod
    def unknown(physical: Physical) -> Sample:
        """Of rows that were never sampled: nothing is known, nor of what they are merged with."""
        return Sample(np.empty(0, np.float32), empty_column(_TYPES[physical]), 0.0)

    @property
    def is_complete(self) -> bool:
        return self.reach == ALL

    @cached_property
    def values(self) -> tuple[Any, ...]:
        """In physical form, as Python objects."""
        if self.data.type.physical is Physical.STR:
            return tuple(text.decode("utf-8", "ignore") for text in self.data.to_bytes())
        return tuple(self.data.to_list())

    def merge(self, other: Sample) -> Sample:
        """A sample of the rows of both."""
        reach = min(self.reach, other.reach)
        parts = [part._up_to(reach) for part in (self, other)]
        priorities = np.concatenate([p.priorities for p in parts])
        order = np.argsort(priorities, kind="stable")
        if len(order) > MERGED_VALUES:
            order = order[:MERGED_VALUES]
            reach = float(priorities[order[-1]])
        return Sample(priorities[order], concat([p.data for p in parts]).take(order), reach)

    def _up_to(self, reach: float) -> Sample:
        count = int(np.searchsorted(self.priorities, np.float32(reach), side="right"))
        return self if count == len(self.priorities) else Sample(
            self.priorities[:count], self.data.slice(0, count), reach
        )

    def to_bytes(self) -> bytes:
        head = _HEAD.pack(len(self.priorities), self.reach) + self.priorities.astype("<f4").tobytes()
        if self.data.values is not None:
            return head + self.data.values.tobytes()
        offsets, data = self.data.text
        return head + np.diff(offsets).astype(np.uint8).tobytes() + data[: self.data.text_bytes].tobytes()

    @staticmethod
    def from_bytes(blob: bytes, physical: Physical) -> Sample:
        """Raises ValueError on a blob that is cut or malformed."""
        try:
            count, reach = _HEAD.unpack_from(blob)
        except struct.error as error:
            raise ValueError(f"sample: {error}") from error
        at = _HEAD.size + 4 * count
        priorities = np.frombuffer(blob, "<f4", count, _HEAD.size)
        return Sample(priorities, _read_values(blob[at:], count, _TYPES[physical]), reach)


def _draw(rows: int, seed: int) -> tuple[Array, Array]:
    """Random different places of `rows`, and their priorities: the smallest of as many as there are rows."""
    count = min(rows, BLOCK_VALUES)
    if rows <= 4 * BLOCK_VALUES:
        order, numbers = _uniform([seed, seed ^ rows], rows)
        places, numbers = np.argsort(order, kind="stable")[:count], numbers[:count]
    else:
        drawn = (_uniform([seed], 2 * count)[0] * rows).astype(np.int64)
        _, first = np.unique(drawn, return_index=True)
        places = drawn[np.sort(first)[:count]]
        (numbers,) = _uniform([seed ^ rows], len(places))
    # Gaps between sorted uniform numbers: exponential steps of -log(1 - number) (Renyi).
    steps = -np.log(numbers) / (rows - np.arange(len(places)))
    return places, -np.expm1(-np.cumsum(steps)).astype(np.float32)


def _uniform(seeds: Sequence[int], count: int) -> Array:
    """For each seed, numbers above 0 and below 1 (SplitMix64): float64[seeds][count]."""
    first = np.array(seeds, np.uint64)[:, None]
    words = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + first
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((words ^ (words >> np.uint64(31))) >> np.uint64(12)).astype(np.float64) / 2.0**52 + 2.0**-53


def _plain(data: ColumnData) -> ColumnData:
    """Without NULLs, which are not there, and without the rest of long texts."""
    type_ = _TYPES[data.type.physical]
    if data.values is not None:
        return ColumnData(type_, data.rows, data.values)
    if int(np.diff(data.text[0]).max()) > TEXT_BYTES:
        return from_list(type_, [text[:TEXT_BYTES] for text in data.to_bytes()])
    return ColumnData(type_, data.rows, None, None, data.offsets, data.data)


def _read_values(raw: bytes, count: int, type_: SqlType) -> ColumnData:
    if type_.physical is Physical.STR:
        offsets = np.zeros(count + 1, np.int64)
        if len(raw) >= count:
            np.cumsum(np.frombuffer(raw, np.uint8, count), out=offsets[1:])
        if len(raw) != count + offsets[-1]:
            raise ValueError(f"sample: {len(raw)} bytes do not hold {count} texts")
        return ColumnData(type_, count, None, None, offsets, padded_text(raw[count:]))
    values: Array = np.frombuffer(raw, value_dtype(type_.physical))
    if type_.physical is Physical.I128:
        values = values.reshape(-1, 2)
    if len(values) != count:
        raise ValueError(f"sample: {len(raw)} bytes do not hold {count} values")
    return ColumnData(type_, count, values)
