"""Rows in pieces, taken as collections of a size that suits a step: small pieces together, large ones cut.

    for part in batches(pieces, target): ...        part: about `target` bytes, a piece's rows in order
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..collection import Collection, concatenate

if TYPE_CHECKING:
    from ..rows import Piece


def batches(pieces: Sequence[Piece], target: int) -> Iterator[Collection]:
    """All rows, in order. Text is by its bytes, never codes: as on disk."""
    for lot in lots(pieces, target):
        yield plain(concatenate([p.load() for p in lot]))


def lots(pieces: Sequence[Piece], target: int) -> Iterator[list[Piece]]:
    """All pieces that have rows, in order, in lots of about `target` bytes; nothing is loaded."""
    waiting: list[Piece] = []
    size = 0
    for piece in pieces:
        for some in _cut(piece, target):
            if waiting and size + some.size > target:
                yield waiting
                waiting, size = [], 0
            waiting.append(some)
            size += some.size
    if waiting:
        yield waiting


def _cut(piece: Piece, target: int) -> Iterator[Piece]:
    """A collection that is too large in parts that share its memory."""
    if not isinstance(piece, Collection) or piece.size <= target:
        if piece.rows:
            yield piece
        return
    count = -(-piece.size // target)
    for i in range(count):
        a, b = piece.rows * i // count, piece.rows * (i + 1) // count
        if a < b:
            yield shared(piece, a, b)


def shared(piece: Collection, start: int, stop: int) -> Collection:
    """Rows start .. stop - 1, in the memory of `piece`."""
    piece.trimmed()
    columns = [
        replace(c, values=c.values[start:stop], valid=None if c.valid is None else c.valid[start:stop])
        for c in piece.columns
    ]
    return Collection(columns, stop - start, [*piece.heaps], [*piece.charges], [*piece.heap_charges])


def plain(part: Collection) -> Collection:
    """The rows with strings for codes."""
    for i in range(len(part.columns)):
        part.decode(i)
    return part

