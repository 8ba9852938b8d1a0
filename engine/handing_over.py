"""Rows that leave a segment window by window, on the threads that make them: INSERT's and UNLOAD's way out.

    slice 0:  window -> take(task)
    slice 1:  window -> take(task)      at the same time; the first error ends all slices and is raised

`take` gets the rows by `task.sink.detach()`; so memory holds a few windows, and nothing waits for the leader.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..planner.expressions import ColumnRef, Expr
from ..planner.physical import Physical, SortRows
from . import sinks
from .cluster import Job
from .rows import Where
from .steps import step_name

if TYPE_CHECKING:
    from .executor import Executor
    from .tasks import Task

# Row groups (or batches of a collection) whose rows are handed over at a time.
WINDOW = 2
Take = Callable[["Task", Where], None]


def hand_over(
    executor: Executor, node: Physical, outputs: Sequence[tuple[ColumnRef, Expr]], take: Take, *, shared: bool = True
) -> None:
    """Run `node` and give each window's `outputs` to `take`, with where the rows are (on the leader, or each on its
    task's slice). `shared`: several threads may take turns with one slice's rows, unless they are in an order."""
    segment, source, where = executor.open_segment(node)
    sink = sinks.CollectSink(segment, outputs, executor.context.budget, step_name(node))
    first = _First(take, where)
    shared = shared and not _is_ordered(node)
    try:
        executor.cluster.submit(Job(segment, source, sink, shared=shared, hand_over=first.take, window=WINDOW))
    except _Stopped:
        assert first.error is not None
        raise first.error from None


def _is_ordered(node: Physical) -> bool:
    """Whether a slice's rows come in an order that is asked for: one worker a slice then."""
    while not isinstance(node, SortRows) and hasattr(node, "input"):
        node = node.input
    return isinstance(node, SortRows)


class _First:
    """Keeps the first error of all threads."""

    def __init__(self, take: Take, where: Where) -> None:
        self._take = take
        self._where = where
        self.error: BaseException | None = None

    def take(self, task: Task) -> None:
        if self.error is not None:
            raise _Stopped
        try:
            self._take(task, self._where)
        except BaseException as error:
            self.error = error
            raise


class _Stopped(Exception):
    """Another slice has failed."""
