"""Rows on disk by the hash of their keys, so that equal keys meet in one partition of a size that fits memory.

    hashes of the keys  ->  partition 0 .. count - 1  ->  chunks of each, written batch by batch

The bits that decide differ from level to level: a partition that is still too large is divided by others. Slices
are chosen by the same hashes, which are mixed once more here: what all rows of a slice have in common does not
matter. Rows with a NULL among their keys meet nothing in a join; there they are dealt out in turn (`nulls_meet`
False), lest they all fall into one partition.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...kernels.hashing import hash_array
from ...kernels.partition import partition_permutation
from ...planner.expressions import ColumnId
from ...records import dataclass
from ...storage.types import Physical
from ..collection import Collection, narrowed, widened
from ..rows import Pieces, Rows, pieces_of
from .batches import batches, shared

if TYPE_CHECKING:
    from ..joins import Parallel
    from ..rows import Part, Piece
    from .chunks import Spool

MOST_PARTITIONS = 64
MOST_LEVELS = 8  # of partitions within partitions
_MIX = (
    0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93,
    0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB,
)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """How rows are divided. `wide`: keys that are hashed in 128 bits (by any side of a join)."""

    keys: tuple[ColumnId, ...]
    wide: tuple[bool, ...]
    count: int
    level: int = 0
    nulls_meet: bool = True
    drop_nulls: bool = False

    def targets(self, part: Collection) -> np.ndarray:
        """int64: the partition of each row."""
        hashes: np.ndarray | None = None
        null = np.zeros(part.rows, bool)
        for key, wide in zip(self.keys, self.wide, strict=True):
            column = part.column(key)
            column = widened(column) if wide else narrowed(column)
            hashes = hash_array(column.values, column.carried.value, column.valid, hashes)
            if column.valid is not None:
                null |= column.valid == 0
        assert hashes is not None
        targets = _partition(hashes, self.count, self.level)
        if not self.nulls_meet and null.any():
            targets[null] = np.arange(int(null.sum())) % self.count
        return targets


def _partition(hashes: np.ndarray, count: int, level: int) -> np.ndarray:
    mixed = (hashes ^ (hashes >> np.uint64(29))) * np.uint64(_MIX[level % len(_MIX)])
    return ((mixed >> np.uint64(32)) * np.uint64(count) >> np.uint64(32)).astype(np.int64)


def is_wide(rows: Rows, key: ColumnId) -> bool:
    """Whether some piece carries the key in 128 bits."""
    columns = (next(c for c in piece.columns if c.ref.id == key) for piece in rows.pieces())
    return any(c.carried is Physical.I128 for c in columns)


def count_for(size: int, room: int) -> int:
    """Partitions that fit `room` each, with some to spare for those that come out larger."""
    return min(max(2, -(-3 * size // (2 * max(room, 1)))), MOST_PARTITIONS)


def divided(rows: Rows, split: Split, spool: Spool, parallel: Parallel) -> list[Rows]:
    """The rows of each partition; `rows` are forgotten."""
    found: list[list[list[Piece]]] = [[] for _ in rows.every()]
    target = max(spool.budget.room // (4 * len(rows)), spool.budget.least)

    def work(i: int) -> None:
        found[i] = divided_part(rows.part(i), split, spool, target)

    parallel(work, len(rows))
    none = [pieces_of(part)[0].empty() for part in rows.every()]
    rows.forget()
    return [
        Rows([Pieces(part[p] or [empty]) for part, empty in zip(found, none, strict=True)], rows.where)
        for p in range(split.count)
    ]


def divided_part(part: Part, split: Split, spool: Spool, target: int) -> list[list[Piece]]:
    """The chunks of each partition."""
    made: list[list[Piece]] = [[] for _ in range(split.count)]
    for batch in batches(pieces_of(part), target):
        some = _without_nulls(batch, split.keys) if split.drop_nulls else batch
        order, offsets = partition_permutation(split.targets(some), split.count)
        ordered = some.take(order)
        for p in range(split.count):
            a, b = int(offsets[p]), int(offsets[p + 1])
            if a < b:
                made[p] += spool.write(shared(ordered, a, b))
    return made


def _without_nulls(part: Collection, keys: Sequence[ColumnId]) -> Collection:
    valid = np.ones(part.rows, bool)
    for key in keys:
        flags = part.column(key).valid
        if flags is not None:
            valid &= flags != 0
    return part if valid.all() else part.take(np.flatnonzero(valid))
