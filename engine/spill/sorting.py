"""ORDER BY over rows that do not fit memory: rows by ranges of the keys, each range sorted in memory.

    some rows        -> pivots p0 < p1 < ...       at equal steps of a sample's order
    all rows, lot by lot:  sorted together with the pivots, so that these stand where the ranges meet

        rows before p0 | rows equal to p0 | rows between p0 and p1 | rows equal to p1 | ...      to disk

    each range       -> into memory, sorted, handed on; one that is too large is divided again

Rows equal to a pivot are in order already, however many they are; all other ranges lack the pivots' rows, so that
dividing comes to an end. ORDER BY ... LIMIT keeps the first rows of each lot instead, if they are few.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.windows import changes
from ...planner.expressions import ColumnId
from ...planner.logical import SortKey
from ...planner.physical import Exchange
from .. import ordering
from ..collection import Collection, concatenate
from ..rows import Pieces, Rows, pieces_of
from .batches import batches, plain, shared

if TYPE_CHECKING:
    from ..executor import Executor
    from ..rows import Piece
    from .chunks import Spool

SAMPLED_PIECES, SAMPLED_ROWS = 8, 1 << 12
MOST_PIVOTS = 31
_COPIES = 4  # of rows, while they are sorted: they, their order and sort words, the rows in order


def sort(executor: Executor, rows: Rows, ids: Sequence[ColumnId], keys: Sequence[SortKey], limit: int | None,
         keep: AbstractSet[ColumnId], node: Any) -> Rows:
    """As ordering.sort, for each part of `rows`, which are forgotten; columns that are not to be kept go."""
    parts = rows.every()
    done: list[Pieces] = [Pieces([pieces_of(p)[0].empty()]) for p in parts]
    budget = executor.context.budget
    at_once = min(executor.cluster.workers.threads, len(parts))

    def work(i: int) -> None:
        pieces, parts[i] = pieces_of(parts[i]), done[i]
        step = _Sort(executor, ids, keys, node, max(budget.room // (_COPIES * at_once), budget.least))
        made = [*step.pieces(pieces)] if limit is None else step.first(pieces, limit)
        done[i] = Pieces(made or done[i].pieces)

    executor.cluster.each(work, len(parts))
    return Rows(done, rows.where).keep(keep)


def merge(executor: Executor, rows: Rows, node: Exchange) -> Rows:
    """Rows gathered from sorted slices, in one order."""
    keep = {c.ref.id for c in rows.pieces()[0].columns}
    return sort(executor, rows, ordering.merge_ids(node.merge_keys), node.merge_keys, None, keep, node)


class _Sort:
    """One part's sort; `target`: bytes of rows that may be sorted in memory."""

    def __init__(self, executor: Executor, ids: Sequence[ColumnId], keys: Sequence[SortKey], node: Any,
                 target: int) -> None:
        self._executor = executor
        self._ids, self._keys = ids, keys
        self._node = node
        self._target = target
        self._results = executor.spool(node)

    def first(self, pieces: Sequence[Piece], limit: int) -> list[Piece]:
        """The first `limit` rows; of many, the ranges that they are in are sorted."""
        rows = max(sum(p.rows for p in pieces), 1)
        if limit * sum(p.size for p in pieces) // rows > self._target:
            return self._sorted_until(limit, list(pieces))
        best: Collection | None = None
        for batch in batches(pieces, self._target):
            whole = batch if best is None else concatenate([best, batch])
            best = ordering.sort(plain(whole), self._ids, self._keys, limit)
        return [] if best is None else [best]

    def _sorted_until(self, limit: int, pieces: list[Piece]) -> list[Piece]:
        found: list[Piece] = []
        for piece in self.pieces(pieces):
            found.append(piece if piece.rows <= limit else piece.load().take(slice(0, limit)))
            limit -= found[-1].rows
            if not limit:
                break
        return found

    def pieces(self, pieces: list[Piece]) -> Iterator[Piece]:
        """All rows in order."""
        if sum(p.size for p in pieces) <= self._target or not sum(p.rows for p in pieces):
            whole = plain(concatenate([p.load() for p in pieces]))
            yield from self._results().keep(ordering.sort(whole, self._ids, self._keys, None))
            return
        pivots = self._pivots(pieces)
        ranges = self._divided(pieces, pivots)
        pieces.clear()
        for number, found in enumerate(ranges):
            ranges[number] = []
            if number % 2:
                yield from found  # equal to a pivot
            elif found:
                yield from self.pieces(found)

    def _pivots(self, pieces: Sequence[Piece]) -> Collection:
        """Keys of some rows, different ones, in order."""
        size = sum(p.size for p in pieces)
        count = min(2 * size // self._target + 1, MOST_PIVOTS)
        chosen = [p for p in pieces if p.rows]
        step = -(-len(chosen) // SAMPLED_PIECES)
        sample = concatenate([self._some(p) for p in chosen[::step]])
        ordered = ordering.sort(sample, self._ids, self._keys, None)
        places = np.unique(np.linspace(0, ordered.rows - 1, count + 2).astype(np.int64)[1:-1])
        pivots = ordered.take(places)
        return pivots.take(np.flatnonzero(changes(ordering.key_values(pivots, self._ids), pivots.rows)))

    def _some(self, piece: Piece) -> Collection:
        """Keys of rows all over a piece."""
        part = self._key_columns(plain(piece.load()))
        return part.take(np.arange(0, part.rows, -(-part.rows // SAMPLED_ROWS)))

    def _key_columns(self, part: Collection) -> Collection:
        unique = dict.fromkeys(self._ids)
        return part.select([(part.column(id).ref, id) for id in unique])

    def _divided(self, pieces: Sequence[Piece], pivots: Collection) -> list[list[Piece]]:
        """The rows of each range, and equal to each pivot, in turn."""
        ranges: list[list[Piece]] = [[] for _ in range(2 * pivots.rows + 1)]
        spool = self._executor.spool(self._node)()
        for batch in batches(pieces, self._target):
            self._deal(batch, pivots, ranges, spool)
        return ranges

    def _deal(self, batch: Collection, pivots: Collection, ranges: list[list[Piece]], spool: Spool) -> None:
        few = pivots.rows
        both = concatenate([pivots, self._key_columns(batch), pivots])
        order = ordering.order_of(plain(both), self._ids, self._keys)
        if order is None:
            order = np.arange(both.rows)
        is_own = (order >= few) & (order < few + batch.rows)
        before = np.empty(both.rows, np.int64)  # by row: how many of the batch's stand before it
        before[order] = np.cumsum(is_own) - is_own
        bounds = np.zeros(2 * few + 2, np.int64)
        bounds[1:-1:2], bounds[2:-1:2] = before[:few], before[few + batch.rows :]
        bounds[-1] = batch.rows
        bounds = np.maximum.accumulate(bounds)  # should two pivots be equal after all
        ordered = batch.take(np.ascontiguousarray(order[is_own] - few))
        for number in range(2 * few + 1):
            a, b = int(bounds[number]), int(bounds[number + 1])
            if a < b:
                ranges[number] += spool.write(shared(ordered, a, b))
