"""Results that are handed out while they are being made.

A query whose rows need no gathering point (no sort, no group above the last segment) streams: each slice's
task hands over what a window of row groups gave and goes on, a bounded queue between it and the reader.

    slice 0: window -> rows --+
    slice 1: window -> rows --+--> queue (QUEUED parts) --> leader --> record batches --> fetch

So memory holds a few windows, not the result (a window of which a join makes much is handed over in parts); the
first rows come early; LIMIT stops the slices when it has enough, and closing the stream cancels them. Results that
are small, sorted or grouped come whole from the executor.
"""
from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..planner.physical import Exchange, LimitRows, Move, Physical
from ..records import dataclass
from . import sinks
from .cluster import Job
from .collection import Collection
from .context import CLOSED_TEXT
from .exchange import size_of
from .rows import pieces_of
from .steps import step_name
from .tasks import Task, run

if TYPE_CHECKING:
    from .compile.program import Template
    from .executor import Executor

QUEUED = 4  # parts waiting for the reader
WINDOW_ROW_GROUPS = 2  # handed over at a time
STREAM_ROWS = 200_000  # fewer source rows are not worth threads of their own
WAIT_SECONDS = 0.05  # between looks at the stop flag


def stream(executor: Executor, root: Physical) -> Generator[Collection, None, None]:
    """The rows of `root` in parts, as they come."""
    limit, offset, gather = None, 0, root
    if isinstance(gather, LimitRows):
        limit, offset, gather = gather.count, gather.offset, gather.input
    if not _streams(executor, gather):
        for piece in executor.run(root).pieces():
            yield piece.load()
        return
    assert isinstance(gather, Exchange)
    for part in _parts(executor, gather):
        taken = part
        if offset:
            skipped = min(offset, part.rows)
            offset -= skipped
            taken = part.take(slice(skipped, part.rows))
        if limit is not None:
            taken = taken.take(slice(0, min(limit, taken.rows)))
            limit -= taken.rows
        yield taken
        if limit == 0:
            return


def _streams(executor: Executor, node: Physical) -> bool:
    return (isinstance(node, Exchange) and node.move is Move.GATHER and not node.merge_keys
            and not executor.is_breaker(node.input))


def _parts(executor: Executor, gather: Exchange) -> Iterator[Collection]:
    node = gather.input
    segment, source, _ = executor.open_segment(node)
    budget, spool = executor.context.budget, executor.spool(node)
    sink = sinks.CollectSink(segment, executor.outputs(node), budget, step_name(node), spool)
    job = Job(segment, source, sink)
    if job.rows < STREAM_ROWS:
        for group in executor.cluster.submit(job):
            for task in group:
                part = sink.finish(task.sink)
                executor.counters.returned(gather, task.index, part.rows, size_of(part))
                for piece in pieces_of(part):
                    yield piece.load()
        return
    tasks = [task for group in job.tasks(executor.cluster.workers.threads) for task in group]
    for task in tasks:
        task.source.window = WINDOW_ROW_GROUPS
    if executor.context.ticket is not None:
        executor.context.ticket.usage.next_segment()
    running = _Running(executor, gather, segment.finish(), tasks)
    try:
        yield from running.parts()
    finally:
        running.stop()


@dataclass(frozen=True, slots=True)
class _Ended:
    """A worker's last word."""

    error: BaseException | None


class _Stopped(Exception):
    """The reader has gone."""


class _Running:
    """Threads that run a segment's tasks and the queue they fill."""

    def __init__(self, executor: Executor, gather: Exchange, template: Template, tasks: list[Task]) -> None:
        self._executor = executor
        self._gather = gather
        self._template = template
        self._pending = iter(tasks)
        self._lock = threading.Lock()
        self._queue: Queue[Collection | _Ended] = Queue(QUEUED)
        self._stop = threading.Event()
        count = min(executor.cluster.workers.threads, len(tasks))
        self._threads = [threading.Thread(target=self._work, name="warehouse-stream", daemon=True)
                         for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def parts(self) -> Iterator[Collection]:
        """What the tasks hand over, until all have ended; the first error is raised."""
        alive = len(self._threads)
        while alive:
            try:
                item = self._queue.get(timeout=WAIT_SECONDS)
            except Empty:
                self._executor.context.cancel.check()
                continue
            if isinstance(item, _Ended):
                alive -= 1
                if item.error is not None:
                    raise item.error
            else:
                yield item

    def stop(self) -> None:
        """Let the tasks end, and wait for them."""
        self._stop.set()
        if any(t.is_alive() for t in self._threads):
            self._executor.context.cancel.set(CLOSED_TEXT)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        error: BaseException | None = None
        try:
            while (task := self._next()) is not None:
                with self._executor.cluster.workers.arena() as arena:
                    start = perf_counter()
                    instance = run(task, self._template, arena, self._executor.context, self._hand_over)
                    self._executor.counters.program(instance, task.index, start)
        except _Stopped:
            pass
        except BaseException as caught:
            error = caught
        with suppress(_Stopped):
            self._put(_Ended(error))

    def _next(self) -> Task | None:
        with self._lock:
            return next(self._pending, None)

    def _hand_over(self, task: Any) -> None:
        part = task.sink.detach()
        if part.rows:
            self._executor.counters.returned(self._gather, task.index, part.rows, part.payload_bytes())
            self._put(part)

    def _put(self, item: Collection | _Ended) -> None:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=WAIT_SECONDS)
                return
            except Full:
                continue
        raise _Stopped
