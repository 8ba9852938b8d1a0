"""Moving rows between slices: distribute by hash, broadcast, gather, round robin.

    DISTRIBUTE    hash of the keys -> slice; each slice's rows are regrouped by target, targets concatenate
    BROADCAST     one collection that all slices share; a cluster would send it to every other node
    GATHER        one collection on the leader

In one process nothing is copied that need not be: a broadcast is a concatenation, strings stay where they
are (views and heaps move along). What a cluster *would* move is counted: rows whose slice changes and their bytes, and
of these the bytes that change node (slice -> node is the catalogue's table).
"""
from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..kernels.hashing import hash_array, hash_codes
from ..kernels.partition import partition_permutation
from ..planner.expressions import ColumnId
from ..records import dataclass
from ..storage.distribution import slice_of_hash
from ..storage.schema import Topology
from ..storage.types import Physical
from .collection import Collection, StoredColumn, concatenate, empty_like, narrowed, unify_texts, widened
from .joins import Parallel
from .rows import Part, Pieces, Rows, Where, size_of

if TYPE_CHECKING:
    from .context import MemoryBudget
    from .rows import Piece


@dataclass(slots=True)
class Crossing:
    """What a part of the rows sends in a move: rows and bytes that leave their slice; of these the bytes that leave
    their node."""

    rows: int = 0
    bytes: int = 0
    node_bytes: int = 0

    def count(self, rows: int, size: int, home: int | None, target: int, topology: Topology) -> None:
        """Rows of slice `home` (None: of the leader) for slice `target`."""
        if home == target:
            return
        self.rows += rows
        self.bytes += size
        if home is None or topology.node_of_slice[home] != topology.node_of_slice[target]:
            self.node_bytes += size * (topology.nodes > 1)

    def add(self, other: Crossing) -> None:
        self.rows += other.rows
        self.bytes += other.bytes
        self.node_bytes += other.node_bytes


Sent = list[Crossing]  # by part


def distribute(rows: Rows, keys: Sequence[ColumnId], topology: Topology,
               parallel: Parallel) -> tuple[Rows, Sent, list[int]]:
    """Rows by the hash of `keys`; also what each part sends to other slices, and the bytes that each slice has then."""
    slices = topology.slices
    unify_texts(rows.parts)
    split: list[list[Collection]] = [[] for _ in rows.parts]
    moved = [Crossing() for _ in rows.parts]
    sizes: list[list[int]] = [[] for _ in rows.parts]

    def work(i: int) -> None:
        part = rows.parts[i].trimmed()
        targets = slice_of_hash(hashes_of(part, keys), slices).astype(np.int64)
        order, offsets = partition_permutation(targets, slices)
        ordered = part.take(order)
        split[i] = [ordered.take(slice(int(offsets[t]), int(offsets[t + 1]))) for t in range(slices)]
        home = i if rows.where is Where.SLICES else None
        sizes[i] = [share.payload_bytes() for share in split[i]]
        for t, share in enumerate(split[i]):
            moved[i].count(share.rows, sizes[i][t], home, t, topology)

    parallel(work, len(rows.parts))
    parts: list[Collection] = [empty_like(rows.parts[0].columns)] * slices

    def join(t: int) -> None:
        parts[t] = concatenate([s[t] for s in split])

    parallel(join, slices)
    return Rows(parts, Where.SLICES), moved, [sum(column) for column in zip(*sizes, strict=True)]


def hashes_of(part: Collection, keys: Sequence[ColumnId]) -> np.ndarray:
    """Combined hash of the key columns, as tables are distributed (storage/distribution.py)."""
    hashes: np.ndarray | None = None
    for key in keys:
        column = _as_stored(part.column(key))
        if column.texts is None:
            hashes = hash_array(column.values, column.carried.value, column.valid, hashes)
        else:  # the hash of the text, as tables have it
            hashes = hash_codes(column.values, column.texts.hashes, hashes)
    assert hashes is not None
    return hashes


def _as_stored(column: StoredColumn) -> StoredColumn:
    """In the width that its type has on disk, which decides the hash: the engine may carry a DECIMAL(30, 2) in
    64 bits where its values are known to fit."""
    return widened(column) if column.ref.type.physical is Physical.I128 else narrowed(column)


def round_robin(rows: Rows, slices: int) -> Rows:
    """Rows dealt in contiguous shares (replicated or leader rows spread over the slices)."""
    if rows.in_pieces:
        return Rows(_dealt(rows, slices), Where.SLICES)
    whole = rows.single().trimmed()
    bounds = [whole.rows * t // slices for t in range(slices + 1)]
    return Rows([whole.take(slice(a, b)) for a, b in pairwise(bounds)], Where.SLICES)


def _dealt(rows: Rows, slices: int) -> list[Part]:
    """Whole pieces in contiguous shares of about as many rows."""
    pieces = rows.pieces()
    shares: list[list[Piece]] = [[] for _ in range(slices)]
    before = 0
    for piece in pieces:
        shares[min(before * slices // max(rows.rows, 1), slices - 1)].append(piece)
        before += piece.rows
    return [Pieces(share or [pieces[0].empty()]) for share in shares]


def broadcast(rows: Rows, topology: Topology, budget: MemoryBudget) -> tuple[Rows, Sent, list[int]]:
    """Every node gets all rows; each slice's rows travel to all nodes but its own. Otherwise as `distribute`."""
    sizes = [size_of(part) for part in rows.every()]
    sent = [copied(part.rows, size, topology) for part, size in zip(rows.every(), sizes, strict=True)]
    return Rows([rows.together(budget)], Where.SHARED), sent, [sum(sizes)]


def copied(rows: int, size: int, topology: Topology) -> Crossing:
    """What rows send that every node gets."""
    times = copies(topology)
    return Crossing(rows * times, size * times, size * (topology.nodes - 1))


def copies(topology: Topology) -> int:
    """How often a broadcast row is sent."""
    return max(topology.slices - 1 if topology.nodes == 1 else topology.nodes - 1, 0)


def gather(rows: Rows, budget: MemoryBudget) -> Rows:
    return Rows([rows.together(budget)], Where.LEADER)
