"""Unnesting rows that do not fit memory: lot by lot, what comes out to disk. One row's array is not cut."""
from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from ...planner.expressions import ColumnId
from ...planner.physical import UnnestRows
from .. import unnest
from ..rows import Pieces, Rows, pieces_of
from .batches import batches

if TYPE_CHECKING:
    from ..executor import Executor
    from ..rows import Part, Piece


def unnested(executor: Executor, rows: Rows, value: ColumnId, node: UnnestRows, keep: AbstractSet[ColumnId]) -> Rows:
    """As unnest.run, for each part of `rows`; only the columns to keep."""
    budget, spool = executor.context.budget, executor.spool(node)
    done: list[Part] = list(rows.every())

    def work(i: int) -> None:
        pieces = pieces_of(done[i])
        found: list[Piece] = []
        for lot in batches(pieces, budget.least):
            made = unnest.run(lot, value, node, budget)
            made.columns = [c for c in made.columns if c.ref.id in keep]
            found += spool().keep(made)
        none = unnest.run(pieces[0].empty(), value, node, budget)
        done[i] = Pieces([*found, none])

    executor.cluster.each(work, len(done))
    return Rows(done, rows.where).keep(keep)
