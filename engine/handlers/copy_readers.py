"""The reader threads of a COPY, each with one part at a time, ahead of the writer by a few batches.

    part 1  --reader thread-->  queue  --+
    part 2  --reader thread-->  queue  --+--> batches(): part 1's first, then part 2's ...
    part 3  waits for a thread           |

Batches that wait are charged to the statement's memory, of which all readers together keep to a share. The
part whose turn it is goes on even when there is none: its batch passes uncharged, one at a time, and the
writer makes room for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, Full, Queue
from typing import Any

import pyarrow as pa

from ...errors import OutOfMemory
from ...storage.formats.source import Part, Progress, Source
from ...storage.schema import Column
from ..context import Context
from .copy_findings import Findings
from .load import STEP

# Batches of one part that may wait to be written.
QUEUED_BATCHES = 4
POLL_SECONDS = 0.05
# Of a statement's memory, and at most, what batches that wait keep to: enough that nobody waits for a reader.
WAITING_SHARE = 0.125
WAITING_BYTES = 96 << 20


class Readers:
    """`batches` gives all batches of all parts in order; `stop` must be called in the end."""

    def __init__(
        self, source: Source, columns: tuple[Column, ...], context: Context, told: Progress, findings: Findings
    ) -> None:
        self._source = source
        self._columns = columns
        self._context = context
        self._told = told
        self._findings = findings
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(context.workers.threads, thread_name_prefix="warehouse-copy")
        self._queues = [Queue[Any](QUEUED_BATCHES) for _ in source.parts]
        self._turn = 0
        self._waiting = 0  # bytes of batches in queues
        self._given_back = threading.Condition()

    def batches(self) -> Iterator[tuple[int, pa.RecordBatch]]:
        """What the threads read, with the parts' numbers; an error of theirs is raised here, in its part's turn."""
        for number, part in enumerate(self._source.parts):
            self._pool.submit(self._read, part, number)
        for number, queue in enumerate(self._queues):
            self._next_turn(number)
            while True:
                item, charged, found = self._take(queue)
                self._give_back(charged)
                self._findings.add(number, found)
                if item is None:
                    self._findings.read(self._source.parts[number], found)
                    break
                if isinstance(item, BaseException):
                    raise item
                yield number, item

    def stop(self) -> None:
        """Wait for the threads; batches that nobody took are let go."""
        self._stopped.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for queue in self._queues:
            while not queue.empty():
                queue.get()
        self._give_back(self._waiting)

    def _next_turn(self, number: int) -> None:
        with self._given_back:
            self._turn = number
            self._given_back.notify_all()

    def _take(self, queue: Queue[Any]) -> Any:
        while True:
            self._context.cancel.check()
            try:
                return queue.get(timeout=POLL_SECONDS)
            except Empty:
                continue

    def _read(self, part: Part, number: int) -> None:
        queue, own = self._queues[number], self._findings.of_part()
        try:
            for batch in self._source.read(part, self._columns, self._told, own):
                charged = self._charge(batch.nbytes, number)
                if charged is None or not self._put(queue, (batch, charged, own.take())):
                    return
        except BaseException as error:
            self._put(queue, (error, 0, own.take()))
        else:
            self._put(queue, (None, 0, own.take()))

    def _charge(self, amount: int, number: int) -> int | None:
        """What is charged for a batch of part `number`, once it may wait; None when nobody reads any more."""
        with self._given_back:
            while not self._stopped.is_set():
                if self._has_room(amount):
                    self._waiting += amount
                    return amount
                if number == self._turn and self._queues[number].empty():
                    return 0
                self._given_back.wait(POLL_SECONDS)
        return None

    def _has_room(self, amount: int) -> bool:
        """Is the batch charged now?"""
        budget = self._context.budget
        if self._waiting + amount > min(budget.limit * WAITING_SHARE, WAITING_BYTES):
            return False
        try:
            budget.charge(amount, STEP)
        except OutOfMemory:
            return False
        return True

    def _give_back(self, amount: int) -> None:
        with self._given_back:
            self._waiting -= amount
            self._context.budget.release(amount)
            self._given_back.notify_all()

    def _put(self, queue: Queue[Any], item: Any) -> bool:
        """False when nobody reads any more."""
        while not self._stopped.is_set():
            try:
                queue.put(item, timeout=POLL_SECONDS)
                return True
            except Full:
                continue
        return False
