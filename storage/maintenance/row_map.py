"""Where rows went: an extent that is rewritten leaves a map behind, for those who know its rows by their old ids.

A rewrite gives all its rows in their new order; of each it notes the id it had (storage/deletes.py). New ids
follow from the order, since new row groups are filled one after the other:

    old ids      7.0.4   7.0.9   3.1.0   7.0.5 ...       int64s, in memory or, when many, in a file without a name
    new row      0       1       2       3     ...   ->  extent 12, row group 0, row 0, 1, 2, 3 ...

Two need it. The swap looks up the rows that were deleted while the rewrite ran (swap.py). And a transaction
that began before the swap deletes rows by their old ids; when it commits, `MovedRows` turns them into the new
ones. Its maps are kept until no transaction under way is older.
"""
from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ...records import dataclass
from ..catalog.delta import DeleteRows, Delta
from ..catalog.state import CatalogState
from ..deletes import DeleteVector, Group, RowSet, added, first_row_id
from ..schema import ExtentRef
from ..vector import Array

# Above this the old ids go to a file.
MEMORY_BYTES = 16 << 20
_READ_ROWS = 1 << 20
_ID_BYTES = 8


class RowMap:
    """The rows of one rewrite. Written once, by one thread; read by one at a time."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - closed by `close`
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

    def new_ids(self, gone: RowSet) -> Array:
        """The new ids of old rows; rows that the rewrite did not take along have none."""
        self._file.seek(0)
        found = []
        for start in range(0, self._rows, _READ_ROWS):
            old = np.frombuffer(self._file.read(_READ_ROWS * _ID_BYTES), np.int64)
            found.append(np.flatnonzero(gone.contains(old)) + start)
        rows = np.concatenate(found) if found else np.zeros(0, np.int64)
        group = np.searchsorted(self._starts, rows, side="right") - 1
        return self._first_ids[group] + rows - self._starts[group]

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """A rewrite as others must know it: the extents that are gone, and the map of their rows."""

    table: int
    extents: frozenset[int]
    rows: RowMap


class MovedRows:
    """The moves that a live transaction may not know of. The Database's lock guards it."""

    def __init__(self) -> None:
        self._moves: list[tuple[int, Move]] = []  # (commit, move), ascending

    def add(self, commit: int, moves: Iterable[Move]) -> None:
        self._moves.extend((commit, move) for move in moves)

    def forget(self, oldest_live: int | None) -> None:
        """Let go of the moves that every transaction under way has seen."""
        while self._moves and (oldest_live is None or self._moves[0][0] <= oldest_live):
            self._moves.pop(0)[1].rows.close()

    def translate(self, deltas: Sequence[Delta], seen: CatalogState, newest: CatalogState) -> Sequence[Delta]:
        """The deltas of a transaction that sees `seen`, for the newest state: rows under the ids they have there."""
        since = [move for commit, move in self._moves if commit > seen.seq]
        if not since:
            return deltas
        gone: dict[int, RowSet] = {}  # by table: the vectors of a transaction's deltas grow
        return [self._translated(delta, since, seen, newest, gone) for delta in deltas]

    def _translated(self, delta: Delta, moves: list[Move], seen: CatalogState, newest: CatalogState,
                    gone: dict[int, RowSet]) -> Delta:
        changes = []
        for change in delta.delete_rows:
            own = [m for m in moves if m.table == change.table.id]
            moved = frozenset().union(*(m.extents for m in own))
            if any(extent in moved for extent, _ in change.vectors) and change.table.id in newest.entries:
                rows = gone.setdefault(change.table.id, RowSet())
                self._follow(_fresh(change, seen, moved), own, rows)
                present = newest.entries[change.table.id].deleted
                left = {key: v for key, v in change.vectors.items() if key[0] not in moved}
                change = replace(change, vectors={**left, **added(rows.vectors(), present)})
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
