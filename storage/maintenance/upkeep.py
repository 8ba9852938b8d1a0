"""What a database knows of the upkeep of its tables: who is at it, how far, and where rows have gone.

One VACUUM runs at a time (r_VACUUM_command.md): `turn` is held by the one that does. Imports little, for every
database has one.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...records import dataclass
from ..sharing.files import FileLock, is_locked

if TYPE_CHECKING:
    from ..catalog.delta import Delta
    from ..catalog.state import CatalogState, TableEntry
    from ..sharing.shared import Shared
    from .regions import Range
    from .row_map import Move, MovedRows


# So many inline extents of a table are worth a file (flush.py). While rows go on coming and nobody reads, the worker
# waits for some more; beyond the last number it is high time.
FLUSH_EXTENTS, MANY_EXTENTS, OVERDUE_EXTENTS = 64, 128, 256


@dataclass(slots=True, eq=False)
class Progress:
    """Of the vacuum that runs, or of the last one: `rows` of `total` are written; `total` 0: not known yet."""

    table: str
    status: str
    total: int = 0
    rows: int = 0
    started: float = field(default_factory=time.monotonic)


class Turn:
    """Whose turn it is to vacuum, over all processes that share the folder (`path`: of the lock file)."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self._file = None if path is None else FileLock(path)

    def try_take(self) -> bool:
        if not self._lock.acquire(blocking=False):
            return False
        if self._file is not None and not self._file.try_acquire():
            self._lock.release()
            return False
        return True

    def give_back(self) -> None:
        if self._file is not None:
            self._file.release()
        self._lock.release()

    @property
    def is_taken_elsewhere(self) -> bool:
        """Whether another process has it."""
        return self._file is not None and not self._file.held and is_locked(self._file.path)


class Activity:
    """Whether statements run, for who waits until none does. Safe for several threads.

    `begun`, `passed`: how many have begun, how many rows have come by themselves; who looks twice sees whether any did.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.running = self.begun = self.passed = 0
        self._ended = time.monotonic()

    def begin(self) -> None:
        with self._lock:
            self.running += 1
            self.begun += 1

    def end(self) -> None:
        with self._lock:
            self.running -= 1
            self._ended = time.monotonic()

    def passing(self) -> None:
        """A row has been inserted by itself, too quickly for anybody to wait for its end."""
        self.passed += 1
        self._ended = time.monotonic()

    def quiet_for(self) -> float:
        """Seconds since the last statement ended; 0 while one runs."""
        with self._lock:
            return 0.0 if self.running else time.monotonic() - self._ended


class Upkeep:
    """See the module's text. The Database's lock guards all but `turn`, `activity` and `progress`; `worker` is
    engine/maintenance/worker.py's."""

    def __init__(self, lock: Path | None = None, shared: Shared | None = None) -> None:
        """`shared`: what a folder shares with other processes, which have to be told where rows have gone."""
        self._shared = shared
        self.turn = Turn(lock)
        self.flush_turn = Turn(None if lock is None else lock.with_name("flush"))
        self.inline: dict[int, int] = {}  # tables with many inline extents: how many
        self.overdue = False  # whether it is high time for one of them
        self.activity = Activity()
        self.worker: Any = None
        self.progress: Progress | None = None
        self.key_ranges: dict[int, tuple[tuple[int, ...], Range]] = {}  # by extent: regions.py
        self.column_bytes: dict[int, Mapping[int, int]] = {}  # by extent: sizes.py
        self.predicates: dict[int, set[int]] = {}  # by table: ids of columns that queries had predicates on
        self.wanted_keys: dict[int, dict[int, float]] = {}  # by AUTO table and Column.id: bytes moved for want of it
        self._moved: MovedRows | None = None

    def want_key(self, table: int, column: int, size: float) -> None:
        """A query moves so many bytes that it would not if the column were the table's distribution key."""
        wanted = self.wanted_keys.setdefault(table, {})
        wanted[column] = wanted.get(column, 0.0) + size

    def note_inline(self, state: CatalogState, tables: Iterable[int]) -> None:
        """After a commit that has added inline extents to these tables: wake the worker, if it is time."""
        for table in tables:
            entry = state.entries.get(table)
            if entry is not None:
                self.note_rows(entry)

    def note_rows(self, entry: TableEntry) -> None:
        """The same of one table."""
        count = entry.inline_extents
        if count >= FLUSH_EXTENTS:
            told = entry.table.id in self.inline and count % FLUSH_EXTENTS
            self.inline[entry.table.id] = count
            self.overdue = self.overdue or count >= OVERDUE_EXTENTS
            if self.worker is not None and not told:
                self.worker.wake()

    def take_inline(self, least: int = FLUSH_EXTENTS) -> list[int]:
        """Tables with at least so many inline extents; they are noted again with the next commit."""
        found = [table for table, count in list(self.inline.items()) if count >= least]
        for table in found:
            self.inline.pop(table, None)
        self.overdue = max(list(self.inline.values()), default=0) >= OVERDUE_EXTENTS
        return found

    def forget_extent(self, extent: int) -> None:
        self.key_ranges.pop(extent, None)
        self.column_bytes.pop(extent, None)

    def stage_move(self, move: Move) -> None:
        """A rewrite is about to be committed."""
        self._moved_rows().stage(move)

    def keep_moves(self, commit: int, moves: Sequence[Move], oldest_live: int | None) -> None:
        """Remember where rows are now, as long as a transaction under way does not know it."""
        if moves:
            moved = self._moved_rows()
            moved.add(commit, moves)
            moved.forget(oldest_live)

    def forget_moves(self, oldest_live: int | None) -> None:
        if self._moved is not None:
            self._moved.forget(oldest_live)

    def translate(self, deltas: Sequence[Delta], seen: CatalogState, newest: CatalogState) -> Sequence[Delta]:
        """The deltas of a transaction with the ids that its rows have now."""
        if seen is newest or not any(delta.delete_rows for delta in deltas):
            return deltas
        from .row_map import misses_extents

        return self._moved_rows().translate(deltas, seen, newest) if misses_extents(deltas, seen, newest) else deltas

    def _moved_rows(self) -> MovedRows:
        if self._moved is None:
            from .row_map import MovedRows
            from .shared_moves import SharedMoves

            self._moved = MovedRows(None if self._shared is None else SharedMoves(self._shared))
        return self._moved
