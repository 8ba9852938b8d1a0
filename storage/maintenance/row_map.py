"""Where rows went: an extent that is rewritten leaves a map behind, for those who know its rows by their old ids.

A rewrite gives all its rows in their new order; of each it notes the id it had (storage/deletes.py). New ids
follow from the order, since new row groups are filled one after the other:

    old ids      7.0.4   7.0.9   3.1.0   7.0.5 ...       int64s, in memory or, when many, in a file without a name
    new row      0       1       2       3     ...   ->  extent 12, row group 0, row 0, 1, 2, 3 ...

Two need it. The swap looks up the rows that were deleted while the rewrite ran (swap.py). And a transaction
that began before the swap deletes rows by their old ids; when it commits, `MovedRows` turns them into the new
ones. Its maps are kept until no transaction under way is older; those of other processes are in files
(shared_moves.py).
"""
from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ...records import dataclass
from ..catalog.delta import DeleteRows, Delta
from ..catalog.state import CatalogState
from ..deletes import DeleteVector, Group, RowSet, added, first_row_id
from ..schema import ExtentRef
from ..vector import Array

if TYPE_CHECKING:
    from .shared_moves import SharedMoves

# Above this the old ids go to a file.
MEMORY_BYTES = 16 << 20
_READ_ROWS = 1 << 20
_ID_BYTES = 8


class RowMap:
    """The rows of one rewrite. Written once, by one thread; read by one at a time."""

    def __init__(self, file: IO[bytes] | None = None) -> None:
        self._file = file or tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - closed by `close`
        self.saved: Path | None = None  # a file of it that other processes may come to read
        self._rows = 0
        self._starts = np.zeros(1, np.int64)  # the first row of each new row group, and the end
        self._first_ids = np.zeros(0, np.int64)

    def add(self, old_ids: Array) -> None:
        """The ids that the next rows had."""
        self._file.write(np.ascontiguousarray(old_ids, np.int64))
        self._rows += len(old_ids)

    def placed(self, groups: Sequence[tuple[int, int, int]]) -> None:
        """Where they are: (extent, row group, rows) in their order."""
        self._starts = np.concatenate([[0], np.cumsum([rows for _, _, rows in groups], dtype=np.int64)])
        self._first_ids = np.array([first_row_id(extent, group) for extent, group, _ in groups], np.int64)
        assert int(self._starts[-1]) == self._rows

    @staticmethod
    def of_file(file: IO[bytes], size: int, starts: Sequence[int], first_ids: Sequence[int]) -> RowMap:
        """A map whose `size` bytes of old ids begin an open file, which `close` closes."""
        made = RowMap(file)
        made._rows = size // _ID_BYTES
        made._starts, made._first_ids = np.array(starts, np.int64), np.array(first_ids, np.int64)
        return made

    def places(self) -> dict[str, Any]:
        """What `of_file` needs to know beside the ids."""
        return {"starts": self._starts.tolist(), "first_ids": self._first_ids.tolist()}

    def parts(self) -> Iterator[bytes]:
        """The old ids, from end to end."""
        self._file.seek(0)
        for start in range(0, self._rows, _READ_ROWS):
            yield self._file.read(min(_READ_ROWS, self._rows - start) * _ID_BYTES)

    def new_ids(self, gone: RowSet) -> Array:
        """The new ids of old rows; rows that the rewrite did not take along have none."""
        found = []
        for number, part in enumerate(self.parts()):
            old = np.frombuffer(part, np.int64)
            found.append(np.flatnonzero(gone.contains(old)) + number * _READ_ROWS)
        rows = np.concatenate(found) if found else np.zeros(0, np.int64)
        group = np.searchsorted(self._starts, rows, side="right") - 1
        return self._first_ids[group] + rows - self._starts[group]

    def close(self) -> None:
        self._file.close()
        if self.saved is not None:
            self.saved.unlink(missing_ok=True)
            self.saved = None


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """A rewrite as others must know it: the extents that are gone, and the map of their rows."""

    table: int
    extents: frozenset[int]
    rows: RowMap


class MovedRows:
    """The moves that a live transaction may not know of. The Database's lock guards it."""

    def __init__(self, elsewhere: SharedMoves | None = None) -> None:
        """`elsewhere`: the moves of other processes, who are told of these."""
        self._moves: list[tuple[int, Move]] = []  # (commit, move), ascending
        self._elsewhere = elsewhere

    def stage(self, move: Move) -> None:
        """It is about to be committed."""
        if self._elsewhere is not None:
            self._elsewhere.stage(move)

    def add(self, commit: int, moves: Sequence[Move]) -> None:
        """They were committed."""
        self._moves.extend((commit, move) for move in moves)
        if self._elsewhere is not None:
            self._elsewhere.publish(commit, moves)

    def forget(self, oldest_live: int | None) -> None:
        """Let go of the moves that every transaction under way has seen."""
        while self._moves and (oldest_live is None or self._moves[0][0] <= oldest_live):
            self._moves.pop(0)[1].rows.close()

    def translate(self, deltas: Sequence[Delta], seen: CatalogState, newest: CatalogState) -> Sequence[Delta]:
        """The deltas of a transaction that sees `seen`, for the newest state: rows under the ids they have there."""
        borrowed = [] if self._elsewhere is None else list(self._elsewhere.since(seen.seq))
        try:
            since = [(commit, move) for commit, move in self._moves if commit > seen.seq]
            moves = [move for _, move in sorted([*since, *borrowed], key=lambda found: found[0])]
            gone: dict[int, RowSet] = {}  # by table: the vectors of a transaction's deltas grow
            return [self._translated(delta, moves, seen, newest, gone) for delta in deltas] if moves else deltas
        finally:
            for _, move in borrowed:
                move.rows.close()

    def _translated(self, delta: Delta, moves: list[Move], seen: CatalogState, newest: CatalogState,
                    gone: dict[int, RowSet]) -> Delta:
        changes = []
        for change in delta.delete_rows:
            own = [m for m in moves if m.table == change.table.id]
            moved = frozenset().union(*(m.extents for m in own))
            if any(extent in moved for extent, _ in change.vectors) and change.table.id in newest.entries:
                rows, found = gone.setdefault(change.table.id, RowSet()), RowSet()
                self._follow(_fresh(change, seen, moved), own, found)
                touched = found.vectors()
                for key, vector in touched.items():
                    rows.add_vector(key, vector)
                every = {key: v for key, v in rows.vectors().items() if key in touched}
                left = {key: v for key, v in change.vectors.items() if key[0] not in moved}
                change = replace(change, vectors={**left, **added(every, newest.entries[change.table.id].deleted)})
            changes.append(change)
        return replace(delta, delete_rows=tuple(changes))

    @staticmethod
    def _follow(rows: RowSet, moves: list[Move], found: RowSet) -> None:
        """Rows from move to move, until they are where nothing has moved them away."""
        for i, move in enumerate(moves):
            ids = move.rows.new_ids(rows)
            step = RowSet()
            step.add(ids)
            later = frozenset().union(*(m.extents for m in moves[i + 1 :]))
            for key, vector in step.vectors().items():
                (rows if key[0] in later else found).add_vector(key, vector)


def _fresh(change: DeleteRows, seen: CatalogState, extents: frozenset[int]) -> RowSet:
    """The rows that the change itself takes out of these extents."""
    before = seen.entries[change.table.id].deleted if change.table.id in seen.entries else {}
    return difference({k: v for k, v in change.vectors.items() if k[0] in extents}, before)


def misses_extents(deltas: Sequence[Delta], seen: CatalogState, newest: CatalogState) -> bool:
    """Whether rows are to be deleted in extents that the newest state has no longer."""
    for change in [change for delta in deltas for change in delta.delete_rows]:
        before, now = seen.entries.get(change.table.id), newest.entries.get(change.table.id)
        if before is not None and now is not None and before.extents is not now.extents:
            gone = {e.id for e in before.extents}.difference([e.id for e in now.extents])
            if any(extent in gone for extent, _ in change.vectors):
                return True
    return False


def difference(vectors: Mapping[Group, DeleteVector], before: Mapping[Group, DeleteVector]) -> RowSet:
    """The rows of `vectors` that are not in `before`."""
    rows = RowSet()
    for key, vector in vectors.items():
        fresh = vector.without(before.get(key))
        if fresh is not None:
            rows.add_vector(key, fresh)
    return rows


def placed_groups(extents: Sequence[ExtentRef], rows: Sequence[int]) -> list[tuple[int, int, int]]:
    """(extent, row group, rows) of row groups that fill the extents one after the other."""
    numbers = iter(rows)
    return [(extent.id, group, next(numbers)) for extent in extents for group in range(extent.row_groups)]
