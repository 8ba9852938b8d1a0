"""COPY: files into a table, read by several threads, written in order, shown by one commit.

    part 1  --reader thread-->  queue  --+
    part 2  --reader thread-->  queue  --+--> this thread: TableWriter (its own pool encodes)
    part 3  waits for a thread           |    takes part 1's batches first, then part 2's ...

Parts are files or runs of row groups (storage/formats). They are read at the same time and written in
their order, so that files that are sorted stay so. A row that cannot be loaded ends the COPY with an
error that names file, line, column, value and reason, and nothing is left of it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, Full, Queue
from typing import Any

import pyarrow as pa

from ...errors import NotNullViolation, NotSupportedError
from ...planner.statements import Copy
from ...storage.arrow import from_arrow
from ...storage.formats import open_source
from ...storage.formats.source import Part, Source
from ...storage.schema import Column, Table
from ..context import Context
from ..result import Result
from . import names
from .load import loading
from .targets import Target, refuse_identity, target

# Batches of one part that may wait to be written.
QUEUED_BATCHES = 4
POLL_SECONDS = 0.05
# What the progress bar counts as a block.
PROGRESS_BYTES = 1 << 20
COMPUPDATE = {"on": True, "off": False, "preset": False}


def run(statement: Copy, context: Context) -> Result:
    table = names.table(statement.table, context)
    options = dict(statement.options)
    compupdate = _own_options(options, context)
    into = _target(table, statement.columns, context)
    source = open_source(statement.source, statement.format, options)
    context.progress.step = f"COPY {table.name}"
    context.progress.blocks_total = max(1, source.total_bytes // PROGRESS_BYTES)
    with loading(table, context, into.positions, compupdate=compupdate) as load:
        for batch in _batches(source, into.columns, context):
            load.write(_complete(batch, into))
    context.notice("INFO", f"Load into table '{table.name}' completed, {load.rows} record(s) loaded successfully.")
    return Result("COPY", rowcount=load.rows, notices=context.notices)


def _own_options(options: dict[str, Any], context: Context) -> bool | None:
    """Take out what is not the format's affair; COMPUPDATE's answer."""
    if options.pop("MAXERROR", 0) > 0:
        raise NotSupportedError("COPY MAXERROR above 0 is not supported yet")
    options.pop("ENCODING", None)  # the parser lets UTF-8 alone through
    if options.pop("STATUPDATE", "on") == "off":
        context.notice("INFO", "STATUPDATE OFF: statistics are taken while loading all the same")
    word = options.pop("COMPUPDATE", None)
    return None if word is None else COMPUPDATE[word]


def _target(table: Table, columns: tuple[str, ...], context: Context) -> Target:
    try:
        into = target(table, columns, context)
    except NotNullViolation as error:
        raise NotNullViolation(
            "NOT NULL column without DEFAULT must be included in column list", detail=error.message
        ) from None
    refuse_identity(table, into.given, "cannot load without EXPLICIT_IDS the")
    return into


def _complete(batch: pa.RecordBatch, into: Target) -> Any:
    """The batch with the columns that have a DEFAULT."""
    if not into.filled:
        return batch
    given = [from_arrow(a, c.type, c.name) for a, c in zip(batch.columns, into.columns)]
    return given + into.defaults(batch.num_rows)


# -- reading ------------------------------------------------------------------------------------------


def _batches(source: Source, columns: tuple[Column, ...], context: Context) -> Iterator[pa.RecordBatch]:
    """All batches of all parts, in order."""
    told = _Told(context)
    if len(source.parts) < 2 or context.workers.threads < 2:
        for part in source.parts:
            yield from source.read(part, columns, told)
        return
    readers = _Readers(source, columns, context, told)
    try:
        yield from readers.batches()
    finally:
        readers.stop()


class _Told:
    """Adds bytes that are done to the statement's progress, from any thread."""

    def __init__(self, context: Context) -> None:
        self._progress = context.progress
        self._bytes = 0
        self._lock = threading.Lock()

    def __call__(self, done: int) -> None:
        with self._lock:
            self._bytes += done
            self._progress.blocks_done = min(self._bytes // PROGRESS_BYTES, self._progress.blocks_total)


class _Readers:
    """Reader threads, each with one part at a time, ahead of the writer by a few batches."""

    def __init__(self, source: Source, columns: tuple[Column, ...], context: Context, told: _Told) -> None:
        self._source = source
        self._columns = columns
        self._context = context
        self._told = told
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(context.workers.threads, thread_name_prefix="warehouse-copy")
        self._queues = [Queue[Any](QUEUED_BATCHES) for _ in source.parts]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """What the threads read; an error of theirs is raised here, in its part's turn."""
        for part, queue in zip(self._source.parts, self._queues):
            self._pool.submit(self._read, part, queue)
        for queue in self._queues:
            while (item := self._take(queue)) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item

    def stop(self) -> None:
        self._stopped.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _take(self, queue: Queue[Any]) -> Any:
        while True:
            self._context.cancel.check()
            try:
                return queue.get(timeout=POLL_SECONDS)
            except Empty:
                continue

    def _read(self, part: Part, queue: Queue[Any]) -> None:
        try:
            for batch in self._source.read(part, self._columns, self._told):
                if not self._put(queue, batch):
                    return
        except BaseException as error:
            self._put(queue, error)
        else:
            self._put(queue, None)

    def _put(self, queue: Queue[Any], item: Any) -> bool:
        """False when nobody reads any more."""
        while not self._stopped.is_set():
            try:
                queue.put(item, timeout=POLL_SECONDS)
                return True
            except Full:
                continue
        return False
