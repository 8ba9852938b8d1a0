"""What a step that runs part by part gives: the rows of all runs, slice by slice, on disk if many.

The rows of a run that is large go to disk by themselves; many small ones together, once they are too many.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..collection import Collection
from ..rows import Pieces, Rows, Where, joined, pieces_of
from .batches import batches

if TYPE_CHECKING:
    from ..executor import Executor
    from ..rows import Part, Piece


class Results:
    """See the module's text."""

    def __init__(self, executor: Executor, node: Any) -> None:
        self._spool = executor.spool(node)
        self._budget = executor.context.budget
        self._parts: list[list[Piece]] = []
        self._where = Where.SLICES
        self._loose = 0  # bytes in memory

    @property
    def empty(self) -> bool:
        """Whether no run has been added."""
        return not self._parts

    def add(self, rows: Rows) -> None:
        """The rows of a run; all runs have the same columns, and rows in the same places."""
        self._parts = self._parts or [[] for _ in rows.every()]
        self._where = rows.where
        for kept, part in zip(self._parts, rows.every(), strict=True):
            for piece in pieces_of(part):
                kept += self._kept(piece)
        if self._budget.presses(0, self._loose):
            self._put_out()

    def make_room(self, size: int) -> None:
        """Before a run that will take about `size` bytes: rows of earlier ones leave memory that it does not have."""
        if self._budget.presses(size, self._loose):
            self._put_out()

    def _kept(self, piece: Piece) -> list[Piece]:
        if not isinstance(piece, Collection):
            return [piece]
        found = self._spool().keep(piece)
        self._loose += sum(p.size for p in found if isinstance(p, Collection))
        return found

    def _put_out(self) -> None:
        """All rows in memory to disk."""
        for pieces in self._parts:
            there = [p for p in pieces if not isinstance(p, Collection)]
            here = [p for p in pieces if isinstance(p, Collection)]
            for batch in batches(here, self._budget.least):
                there += self._spool().write(batch)
            pieces[:] = there or here[:1]
        self._loose = 0

    def together(self) -> Rows:
        """The rows of all runs: in one piece a part, if that is no matter."""
        return Rows([self._whole(pieces) for pieces in self._parts], self._where)

    def _whole(self, pieces: list[Piece]) -> Part:
        here: list[Part] = [p for p in pieces if isinstance(p, Collection)]
        return joined(here, self._budget) if len(here) == len(pieces) else Pieces(pieces)
