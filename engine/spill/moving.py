"""Moves and limits over rows in pieces: one piece after the other, what does not fit memory to disk again."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...kernels.partition import partition_permutation
from ...planner.expressions import ColumnId
from ...storage.distribution import slice_of_hash
from ...storage.schema import Topology
from ..collection import Collection
from ..exchange import Crossing, Sent, hashes_of
from ..joins import Parallel
from ..rows import Pieces, Rows, Where, pieces_of
from .batches import batches, shared

if TYPE_CHECKING:
    from ..rows import Piece
    from .chunks import Spool


def distribute(rows: Rows, keys: Sequence[ColumnId], topology: Topology, parallel: Parallel,
               spool: Spool) -> tuple[Rows, Sent, list[int]]:
    """As exchange.distribute."""
    slices = topology.slices
    split: list[list[list[Piece]]] = [[[] for _ in range(slices)] for _ in rows.every()]
    moved = [Crossing() for _ in range(len(rows))]
    sizes = [[0] * slices for _ in range(len(rows))]
    target = max(spool.budget.room // (4 * len(rows)), spool.budget.least)

    def work(i: int) -> None:
        for batch in batches(pieces_of(rows.part(i)), target):
            order, offsets = partition_permutation(slice_of_hash(hashes_of(batch, keys), slices).astype("i8"), slices)
            ordered = batch.take(order)
            for t in range(slices):
                share = shared(ordered, int(offsets[t]), int(offsets[t + 1]))
                size = share.payload_bytes()
                sizes[i][t] += size
                moved[i].count(share.rows, size, i if rows.where is Where.SLICES else None, t, topology)
                split[i][t] += spool.keep(share)

    parallel(work, len(rows))
    none = rows.pieces()[0].empty()
    parts = [Pieces([none, *(p for share in split for p in share[t])]) for t in range(slices)]
    return Rows(parts, Where.SLICES), moved, [sum(column) for column in zip(*sizes, strict=True)]


def limited(rows: Rows, offset: int, count: int | None) -> Rows:
    """Rows offset .. offset + count - 1 of the leader's."""
    pieces = rows.pieces()
    found: list[Piece] = []
    left = rows.rows if count is None else count
    for piece in pieces:
        skipped = min(offset, piece.rows)
        offset -= skipped
        taken = min(piece.rows - skipped, left)
        left -= taken
        if taken == piece.rows:
            found.append(piece)
        elif taken > 0:
            found.append(_some(piece, skipped, skipped + taken))
    return Rows([Pieces(found or [pieces[0].empty()])], Where.LEADER)


def _some(piece: Piece, start: int, stop: int) -> Collection:
    return piece.load().take(slice(start, stop))
