"""Window steps over sorted rows in pieces: as many whole partitions at a time as fit memory.

    pieces     | a a a b | b b c c | c c c d |
    computed   a a a       b b b     c c c c c     d        the last partition of a lot waits for what follows

One partition that does not fit memory is error 53200.
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
from .batches import batches, plain, shared

if TYPE_CHECKING:
    from ..executor import Executor
    from ..rows import Part, Piece


def window(executor: Executor, rows: Rows, node: WindowRows) -> Rows:
    """As windows.run, for each part of `rows`."""
    budget = executor.context.budget
    at_once = min(executor.cluster.workers.threads, len(rows))
    target = max(budget.room // (4 * at_once), budget.least)
    spool = executor.spool(node)
    done: list[Part] = list(rows.every())

    def work(i: int) -> None:
        found: list[Piece] = []
        for lot in _whole_partitions(batches(pieces_of(rows.part(i)), target), node):
            found += spool().keep(windows.run(lot, node, budget))
        done[i] = Pieces(found) if found else windows.run(pieces_of(rows.part(i))[0].empty(), node, budget)

    executor.cluster.each(work, len(rows))
    return Rows(done, rows.where)


def _whole_partitions(parts: Iterator[Collection], node: WindowRows) -> Iterator[Collection]:
    """The same rows, cut where a partition ends."""
    keys = [e.id for e in node.partition if isinstance(e, ColumnRef)]
    waiting: Collection | None = None
    for part in parts:
        whole = part if waiting is None else plain(concatenate([waiting, part]))
        border = _last_start(whole, keys)
        if border:
            yield shared(whole, 0, border)
        waiting = shared(whole, border, whole.rows)
    if waiting is not None:
        yield waiting


def _last_start(part: Collection, keys: Sequence[int]) -> int:
    """Where the last partition begins."""
    return int(np.flatnonzero(changes(key_values(part, keys), part.rows))[-1])
