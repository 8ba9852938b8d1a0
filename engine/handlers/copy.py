"""COPY: files into a table, read by several threads, written in order, shown by one commit.

    files  --parts-->  reader threads (copy_readers.py)  --batches in order-->  TableWriter

Parts are files or runs of row groups (storage/formats). They are read at the same time and written in
their order, so that files that are sorted stay so. A row that cannot be loaded ends the COPY with an
error that names file, line, column, value and reason, and nothing is left of it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ...errors import NotNullViolation, NotSupportedError
from ...planner.statements import Copy
from ...storage.arrow import from_arrow
from ...storage.formats import open_source
from ...storage.formats.source import Source
from ...storage.objects.registry import Objects
from ...storage.schema import Column, Table
from ..context import Context
from ..result import Result
from . import names
from .copy_readers import Readers
from .load import loading
from .targets import Target, refuse_identity, target

# What the progress bar counts as a block.
PROGRESS_BYTES = 1 << 20
COMPUPDATE = {"on": True, "off": False, "preset": False}


def run(statement: Copy, context: Context) -> Result:
    table = names.appended(statement.table, context)
    options = dict(statement.options)
    compupdate = _own_options(options, context)
    into = _target(table, statement.columns, context)
    objects = Objects(context.session.stores)
    source = open_source(statement.source, statement.format, options, context.budget.limit, objects)
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
    readers = Readers(source, columns, context, told)
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
