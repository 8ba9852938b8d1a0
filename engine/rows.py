"""Where the rows of a finished subplan are: one part a slice, one shared, or one on the leader.

A part is a collection; or **pieces**, one after the other, where the statement has little memory left: collections
that nobody has put together, and chunks of rows on disk (spill/chunks.py):

    Rows.part(i)     the part as it is, for steps that take rows piece by piece
    Rows.parts       all parts as collections: pieces are loaded and put together, or there is no memory (53200)
"""
from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Union

from ..planner.expressions import ColumnId, ColumnRef
from .collection import Collection, concatenate

if TYPE_CHECKING:
    from .context import MemoryBudget
    from .spill.chunks import Chunk

    Piece = Union[Collection, Chunk]
Columns = Sequence[tuple[ColumnRef, ColumnId]]


class Where(enum.Enum):
    SLICES = "slices"  # parts[i] is slice i's
    SHARED = "shared"  # one part that every slice sees (replicated)
    LEADER = "leader"  # one part, on the leader


class Pieces:
    """Rows in pieces of the same columns; at least one piece."""

    __slots__ = ("pieces",)

    def __init__(self, pieces: Iterable[Piece]) -> None:
        every = list(pieces)
        self.pieces: list[Piece] = [p for p in every if p.rows] or every[:1]

    @property
    def rows(self) -> int:
        return sum(p.rows for p in self.pieces)

    @property
    def size(self) -> int:
        return sum(p.size for p in self.pieces)

    def loaded(self) -> Collection:
        return concatenate([p.load() for p in self.pieces])

    def select(self, columns: Columns) -> Pieces:
        return Pieces([p.select(columns) for p in self.pieces])


Part = Union[Collection, Pieces]


class Rows:
    """See the module's text."""

    __slots__ = ("_parts", "where")

    def __init__(self, parts: Sequence[Part], where: Where) -> None:
        self._parts = list(parts)
        self.where = where

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def parts(self) -> list[Collection]:
        for i, part in enumerate(self._parts):
            if isinstance(part, Pieces):
                self._parts[i] = part.loaded()
        return self._parts  # type: ignore[return-value]

    def part(self, i: int) -> Part:
        return self._parts[i]

    def every(self) -> list[Part]:
        """All parts as they are."""
        return self._parts

    @property
    def in_pieces(self) -> bool:
        return any(isinstance(p, Pieces) for p in self._parts)

    @property
    def rows(self) -> int:
        return sum(p.rows for p in self._parts)

    @property
    def size(self) -> int:
        """Bytes that the rows take in memory, or would take."""
        return sum(p.size for p in self._parts)

    def single(self) -> Collection:
        """All rows in one collection, in slice order."""
        return concatenate(self.parts)

    def together(self, budget: MemoryBudget) -> Part:
        """All rows in one part, in slice order; in pieces where memory is short."""
        part = joined(self._parts, budget)
        return part if isinstance(part, Pieces) else part.trimmed()

    def pieces(self) -> list[Piece]:
        """All rows, in slice order."""
        return [piece for part in self._parts for piece in pieces_of(part)]

    def keep(self, ids: AbstractSet[ColumnId]) -> Rows:
        """Only the columns `ids`; the rows' memory goes with those nobody else has."""
        for i, part in enumerate(self._parts):
            if isinstance(part, Pieces):
                self._parts[i] = part.select([(c.ref, c.ref.id) for c in part.pieces[0].columns if c.ref.id in ids])
            else:
                part.columns = [c for c in part.columns if c.ref.id in ids]
        return self

    def forget(self) -> None:
        """Who has read the rows lets go of them, though others may hold the handle."""
        self._parts.clear()

    def select(self, columns: Columns) -> Rows:
        """The rows with these columns (new name, id here): the same memory."""
        return Rows([p.select(columns) for p in self._parts], self.where)


def size_of(part: Part) -> int:
    """Bytes that sending the rows would take."""
    return part.size if isinstance(part, Pieces) else part.payload_bytes()


def pieces_of(part: Part) -> list[Piece]:
    return part.pieces if isinstance(part, Pieces) else [part]


def joined(parts: Sequence[Part], budget: MemoryBudget) -> Part:
    """All rows of all parts, in order; as they are where putting them together would take too much memory."""
    if len(parts) == 1:
        return parts[0]
    if any(isinstance(p, Pieces) for p in parts) or (budget.used > budget.spill_at // 2 and _presses(parts, budget)):
        return Pieces(piece for part in parts for piece in pieces_of(part))
    return concatenate(parts)  # type: ignore[arg-type]


def _presses(parts: Sequence[Part], budget: MemoryBudget) -> bool:
    size = sum(p.size for p in parts)
    return sum(p.rows > 0 for p in parts) > 1 and budget.presses(size, size)
