"""Delete vectors: which rows of an immutable row group are gone.

An extent is never changed. DELETE and UPDATE write, for each row group they touch, a new vector that holds all
rows of the group deleted so far; it takes the place of the group's old one in the same commit:

    extent 7, row group 2      rows  0 1 2 3 4 5 ...         vector {1, 4}   ->   scans see 0 2 3 5 ...

A row has a **row id**, an int64 that is true as long as its extent lives:

    bits 22..62  extent      bits 16..21  row group      bits 0..15  row        (extent.py: 64 groups of 65,536)

On disk and in memory a vector is the shorter of two forms: sorted uint16 row numbers, or a bitmap.

    V1   | kind u8: 0 numbers, 1 bitmap | body |
"""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import DataCorrupted
from ..records import dataclass
from .schema import Column
from .types import BIGINT
from .vector import Array

ROW_BITS, GROUP_BITS = 16, 6
GROUP_ROWS = 1 << ROW_BITS
_NUMBERS, _BITMAP = b"\x00", b"\x01"
_BITMAP_BYTES = GROUP_ROWS // 8

Group = tuple[int, int]  # (extent id, row group)
# The column of row ids that a scan gives where a statement asks for it; no user's column can have its name.
ROW_ID = Column(-1, "\0row id", BIGINT, nullable=False)


@dataclass(frozen=True, slots=True)
class DeleteVector:
    """The deleted rows of one row group: `rows` of them, `data` as on disk."""

    rows: int
    data: bytes

    @staticmethod
    def from_bytes(data: bytes) -> DeleteVector:
        """As read from the catalogue; DataCorrupted when it cannot be one."""
        kind, body = data[:1], data[1:]
        if kind == _NUMBERS and body and len(body) % 2 == 0:
            numbers = np.frombuffer(body, "<u2")
            if (np.diff(numbers.astype(np.int32)) > 0).all():
                return DeleteVector(len(numbers), data)
        if kind == _BITMAP and len(body) == _BITMAP_BYTES:
            rows = int(np.unpackbits(np.frombuffer(body, np.uint8)).sum())
            if rows:
                return DeleteVector(rows, data)
        raise DataCorrupted(f"a delete vector of {len(data)} bytes is damaged")

    def mask(self) -> Array:
        """bool[65,536]: True = deleted."""
        body = self.data[1:]
        if self.data[:1] == _BITMAP:
            return np.unpackbits(np.frombuffer(body, np.uint8), bitorder="little").view(bool)
        mask = np.zeros(GROUP_ROWS, bool)
        mask[np.frombuffer(body, "<u2")] = True
        return mask

    def union(self, other: DeleteVector | None) -> DeleteVector:
        """The rows of both."""
        return self if other is None else _from_mask(self.mask() | other.mask())

    def without(self, other: DeleteVector | None) -> DeleteVector | None:
        """The rows that are not in `other`; None when there are none."""
        if other is None:
            return self
        left = self.mask() & ~other.mask()
        return _from_mask(left) if left.any() else None

    def covers(self, other: DeleteVector) -> bool:
        """Whether every row of `other` is in this one."""
        return not (other.mask() & ~self.mask()).any()


def _from_mask(mask: Array) -> DeleteVector:
    numbers = np.flatnonzero(mask)
    if 2 * len(numbers) < _BITMAP_BYTES:
        return DeleteVector(len(numbers), _NUMBERS + numbers.astype("<u2").tobytes())
    return DeleteVector(len(numbers), _BITMAP + np.packbits(mask, bitorder="little").tobytes())


def first_row_id(extent: int, group: int) -> int:
    """The row id of a row group's row 0."""
    return (extent << GROUP_BITS | group) << ROW_BITS


class RowSet:
    """Row ids, each once: a bit per row of the row groups they are in."""

    def __init__(self) -> None:
        self.rows = 0
        self._masks: dict[int, Array] = {}

    def add(self, row_ids: Array) -> Array:
        """bool[n]: which of the ids are new; of equal ones in `row_ids` the first is."""
        fresh = np.zeros(len(row_ids), bool)
        groups = row_ids >> ROW_BITS
        for group in np.unique(groups).tolist():
            places = np.flatnonzero(groups == group)
            rows, first = np.unique(row_ids[places] & (GROUP_ROWS - 1), return_index=True)
            mask = self._masks.setdefault(group, np.zeros(GROUP_ROWS, bool))
            unseen = ~mask[rows]
            mask[rows] = True
            fresh[places[first[unseen]]] = True
        self.rows += int(fresh.sum())
        return fresh

    def add_vector(self, key: Group, vector: DeleteVector) -> None:
        """All rows of a vector."""
        group = key[0] << GROUP_BITS | key[1]
        mask = self._masks.setdefault(group, np.zeros(GROUP_ROWS, bool))
        before = int(mask.sum())
        mask |= vector.mask()
        self.rows += int(mask.sum()) - before

    def contains(self, row_ids: Array) -> Array:
        """bool[n]: which of the ids are in the set."""
        found = np.zeros(len(row_ids), bool)
        groups = row_ids >> ROW_BITS
        for group in np.intersect1d(groups, list(self._masks)).tolist():
            places = np.flatnonzero(groups == group)
            found[places] = self._masks[group][row_ids[places] & (GROUP_ROWS - 1)]
        return found

    def vectors(self) -> dict[Group, DeleteVector]:
        """A vector per row group."""
        low = (1 << GROUP_BITS) - 1
        return {(group >> GROUP_BITS, group & low): _from_mask(mask) for group, mask in self._masks.items()}

    @property
    def nbytes(self) -> int:
        return GROUP_ROWS * len(self._masks)


def added(vectors: Mapping[Group, DeleteVector], before: Mapping[Group, DeleteVector]) -> dict[Group, DeleteVector]:
    """The vectors that take the places of those in `before`: of each touched group, all rows."""
    return {key: vector.union(before.get(key)) for key, vector in vectors.items()}
