"""What a step that runs partition by partition gives: the rows of all runs, slice by slice, on disk if many."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..collection import Collection
from ..rows import Pieces, Rows, pieces_of

if TYPE_CHECKING:
    from ..executor import Executor
    from ..rows import Part, Piece

class Results:
    """See the module's text."""

    def __init__(self, executor: Executor, node: Any) -> None:
        self._spool = executor.spool(node)
        self.found: list[Rows] = []

    def add(self, rows: Rows) -> None:
        kept: list[Part] = []
        for part in rows.every():
            pieces = (self._kept(p) for p in pieces_of(part))
            kept.append(Pieces(p for some in pieces for p in some))
        self.found.append(Rows(kept, rows.where))

    def _kept(self, piece: Piece) -> list[Piece]:
        return self._spool().keep(piece) if isinstance(piece, Collection) else [piece]

    def together(self) -> Rows:
        first = self.found[0]
        parts = [Pieces(p for rows in self.found for p in pieces_of(rows.part(i))) for i in range(len(first))]
        return Rows(parts, first.where)
