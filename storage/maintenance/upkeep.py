"""What a database knows of the upkeep of its tables: who is at it, how far, and where rows have gone.

One VACUUM runs at a time (r_VACUUM_command.md): `turn` is held by the one that does. Imports little, for every
database has one.
"""
from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...records import dataclass

if TYPE_CHECKING:
    from ..catalog.delta import Delta
    from ..catalog.state import CatalogState
    from .regions import Range
    from .row_map import Move, MovedRows


@dataclass(slots=True, eq=False)
class Progress:
    """Of the vacuum that runs, or of the last one: `rows` of `total` are written; `total` 0: not known yet."""

    table: str
    status: str
    total: int = 0
    rows: int = 0


class Upkeep:
    """See the module's text. The Database's lock guards all but `turn` and `progress`."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.progress: Progress | None = None
        self.key_ranges: dict[int, tuple[tuple[int, ...], Range]] = {}  # by extent: regions.py
        self._moved: MovedRows | None = None

    def keep_moves(self, commit: int, moves: Sequence[Move], oldest_live: int | None) -> None:
        """Remember where rows are now, as long as a transaction under way does not know it."""
        if not moves:
            return
        if self._moved is None:
            from .row_map import MovedRows

            self._moved = MovedRows()
        self._moved.add(commit, moves)
        self._moved.forget(oldest_live)

    def forget_moves(self, oldest_live: int | None) -> None:
        if self._moved is not None:
            self._moved.forget(oldest_live)

    def translate(self, deltas: Sequence[Delta], seen: CatalogState, newest: CatalogState) -> Sequence[Delta]:
        """The deltas of a transaction with the ids that its rows have now."""
        return deltas if self._moved is None else self._moved.translate(deltas, seen, newest)
