"""WITH RECURSIVE: the leader runs the step over the rows that came last until none come.

    rows = seed
    while rows:     keep rows;  working table = rows;  rows = step

The plan of the step is made once. Rows stay on their slices between rounds; subplans that do not read the
working table are shared ones and keep their rows (planner/optimizer/recursion.py), those that do are
forgotten before each round. The rows of all rounds go to disk where they are too many (spill/results.py).
What can go wrong is that it never ends: rounds and rows are limited.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ProgrammingError
from ..planner.expressions import ColumnId, ColumnRef
from ..planner.physical import Physical, RecursiveUnion, Shared, WorkingTable
from ..planner.physical_traverse import walk_physical
from .rows import Rows

if TYPE_CHECKING:
    from .executor import Executor

MAX_ROUNDS = 10_000
MAX_ROWS = 1 << 28


class Recursions:
    """The recursions of one statement; they may stand inside each other's seeds, never in their steps."""

    def __init__(self) -> None:
        self._working: dict[int, tuple[RecursiveUnion, Rows]] = {}

    def run(self, executor: Executor, node: RecursiveUnion) -> Rows:
        """All rows of the recursion."""
        from .spill.results import Results

        changing = _readers(node)
        every = Results(executor, node)
        rows = self._part(executor, node.seed, node.columns, node.seed_feed)
        every.add(rows)
        rounds, total = 0, rows.rows
        while rows.rows:
            rounds += 1
            executor.context.cancel.check()
            self._check(rounds, total)
            self._working[node.number] = node, rows
            for number in changing:
                executor.shared.pop(number, None)
            rows = self._part(executor, node.step, node.columns, node.step_feed)
            every.add(rows)
            total += rows.rows
        self._working.pop(node.number, None)
        return every.together()

    @staticmethod
    def _part(executor: Executor, node: Physical, columns: tuple[ColumnRef, ...], feed: tuple[ColumnRef, ...]) -> Rows:
        return executor.on_slices(executor.collect(node, list(zip(columns, feed, strict=True))))

    def working(self, executor: Executor, node: WorkingTable) -> Rows:
        """The rows that came last, under the names of this place."""
        recursion, rows = self._working[node.number]
        keep = {c.id for c, _ in executor.outputs(node)}
        columns: list[tuple[ColumnRef, ColumnId]] = [
            (ref, recursion.columns[place].id) for ref, place in node.columns if ref.id in keep
        ]
        return rows.select(columns)

    @staticmethod
    def _check(rounds: int, rows: int) -> None:
        if rounds > MAX_ROUNDS:
            raise ProgrammingError(
                "Recursive CTE out of working buffers.", sqlstate="54000",
                detail=f"The recursion did not end within {MAX_ROUNDS} rounds.",
                hint="Limit its depth by a condition in the WHERE clause of the recursive member.",
            )
        if rows > MAX_ROWS:
            raise ProgrammingError(
                "Exceeded recursive CTE max rows limit.", sqlstate="54000",
                detail=f"The recursion gave more than {MAX_ROWS} rows.",
            )


def _readers(node: RecursiveUnion) -> list[int]:
    """The shared subplans of the step that read the working table."""
    return [
        n.id for n in walk_physical(node.step) if isinstance(n, Shared)
        and any(isinstance(w, WorkingTable) and w.number == node.number for w in walk_physical(n.input))
    ]
