"""Window steps over sorted rows in pieces: as many whole partitions at a time as fit memory.

    pieces     | a a a b | b b c c | c c c d |
    computed     a a a     b b                     the partitions that end in a piece, those that began before it
                                     c c c c c  d   from all their pieces

One partition that does not fit memory has its columns in files (mapped.py).
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...kernels.windows import changes
from ...planner.expressions import ColumnRef
from ...planner.physical import WindowRows
from .. import windows
from ..collection import Collection, concatenate
from ..ordering import key_values
from ..rows import Pieces, Rows, pieces_of
from .batches import batches, plain
from .mapped import computed

if TYPE_CHECKING:
    from ..executor import Executor
    from ..rows import Part, Piece


def window(executor: Executor, rows: Rows, node: WindowRows) -> Rows:
    """As windows.run, for each part of `rows`."""
    budget = executor.context.budget
    at_once = min(executor.cluster.workers.threads, len(rows))
    target = max(budget.room // (4 * at_once), budget.least)
    done: list[Part] = list(rows.every())

    def work(i: int) -> None:
        pieces = pieces_of(rows.part(i))
        found = [*_Windows(executor, node, target).run(pieces)]
        done[i] = Pieces(found) if found else windows.run(pieces[0].empty(), node, budget)

    executor.cluster.each(work, len(rows))
    return Rows(done, rows.where)


class _Windows:
    """One part's partitions; `target`: bytes of rows that are computed in memory."""

    def __init__(self, executor: Executor, node: WindowRows, target: int) -> None:
        self._context = executor.context
        self._node = node
        self._target = target
        self._spool = executor.spool(node)
        self._keys = [e.id for e in node.partition if isinstance(e, ColumnRef)]
        self._open: list[Piece] = []  # rows of the partition that has not ended

    def run(self, pieces: Sequence[Piece]) -> Iterator[Piece]:
        """All rows with the results."""
        last: Collection | None = None
        for part in batches(pieces, self._target):
            starts = self._starts(last, part)
            last = part.take(slice(part.rows - 1, part.rows))
            if not len(starts):
                self._keep(part)
                continue
            first, border = int(starts[0]), int(starts[-1])
            if first:
                self._keep(part.take(slice(0, first)))
            yield from self._ended()
            if first < border:
                yield from self._spool().keep(self._computed(part.take(slice(first, border))))
            self._keep(part.take(slice(border, part.rows)))
        yield from self._ended()

    def _starts(self, last: Collection | None, part: Collection) -> np.ndarray:
        """Where partitions begin; `last`: the row before the part."""
        if last is None:
            return np.flatnonzero(changes(key_values(part, self._keys), part.rows))
        both = plain(concatenate([last, part]))
        return np.flatnonzero(changes(key_values(both, self._keys), both.rows)[1:])

    def _keep(self, part: Collection) -> None:
        self._open += self._spool().keep(part)

    def _ended(self) -> Iterator[Piece]:
        """The open partition, whose rows are all there."""
        pieces, self._open = self._open, []
        if sum(p.size for p in pieces) > self._target and len(pieces) > 1:
            context = self._context
            for part in computed(pieces, self._node, context.database.spill_folder, context.cancel):
                yield from self._spool().write(part)
        elif pieces:
            yield from self._spool().keep(self._computed(plain(concatenate([p.load() for p in pieces]))))

    def _computed(self, part: Collection) -> Collection:
        return windows.run(part, self._node, self._context.budget)
