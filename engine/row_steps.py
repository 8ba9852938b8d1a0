"""Steps that take all rows of their input and leave as many, in another order, with more columns, or fewer of them.

    sort, window, unnest, limit     (executor, node) -> rows; each slice by itself, on several threads

Where rows do not fit the statement's memory, spill/ has the same step over pieces of them.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..planner.physical import LimitRows, SortRows, UnnestRows, WindowRows
from . import ordering, windows
from . import unnest as unnesting
from .collection import Collection
from .key_filters import Passed
from .rows import Rows, Where

if TYPE_CHECKING:
    from .executor import Executor


def sort(executor: Executor, node: SortRows, filters: Sequence[Passed]) -> Rows:
    passed = filters if node.limit is None else ()
    rows, ids = executor.with_columns(node.input, [k.expr for k in node.keys], passed)
    keep = {c.id for c, _ in executor.outputs(node)}  # keys that nobody reads above are not put in order
    if executor.presses(rows, rows.size if node.limit is None else 0):
        from .spill.sorting import sort as sorted_on_disk

        return sorted_on_disk(executor, rows, ids, node.keys, node.limit, keep, node)
    parts: list[Collection] = list(rows.parts)

    def work(i: int) -> None:
        parts[i] = ordering.sort(rows.parts[i].trimmed(), ids, node.keys, node.limit, keep)

    executor.cluster.each(work, len(parts), rows.rows)
    return Rows(parts, rows.where)


def window(executor: Executor, node: WindowRows, filters: Sequence[Passed]) -> Rows:
    rows = executor.run(node.input, windows.through(node, filters))
    if executor.presses(rows, 16 * len(node.calls) * rows.rows):
        from .spill.windows import window as windowed_on_disk

        return windowed_on_disk(executor, rows, node).keep({c.id for c, _ in executor.outputs(node)})
    parts: list[Collection] = list(rows.parts)

    def work(i: int) -> None:
        parts[i] = windows.run(rows.parts[i].trimmed(), node, executor.context.budget)

    executor.cluster.each(work, len(parts), rows.rows)
    return Rows(parts, rows.where).keep({c.id for c, _ in executor.outputs(node)})


def unnest(executor: Executor, node: UnnestRows) -> Rows:
    rows, (id,) = executor.with_columns(node.input, [node.value])
    keep = {c.id for c, _ in executor.outputs(node)}
    if executor.presses(rows, 2 * rows.size):
        from .spill.unnest import unnested

        return unnested(executor, rows, id, node, keep)
    parts: list[Collection] = list(rows.parts)

    def work(i: int) -> None:
        parts[i] = unnesting.run(parts[i].trimmed(), id, node, executor.context.budget)

    executor.cluster.each(work, len(parts), rows.rows)
    return Rows(parts, rows.where).keep(keep)


def limit(executor: Executor, node: LimitRows) -> Rows:
    rows = executor.run(node.input)
    if rows.in_pieces:
        from .spill.moving import limited

        return limited(rows, node.offset, node.count)
    whole = rows.single().trimmed()
    end = whole.rows if node.count is None else min(whole.rows, node.offset + node.count)
    return Rows([whole.take(slice(min(node.offset, whole.rows), end))], Where.LEADER)
