"""COPY: files into a table, read by several threads, written in order, shown by one commit.

    files  --parts-->  reader threads (copy_readers.py)  --batches in order-->  TableWriter

Parts are files or ranges of files (storage/formats). They are read at the same time and written in
their order, so that files that are sorted stay so. Rows that cannot be loaded are counted
(copy_findings.py); with as many as MAXERROR the COPY ends with an error that names file, line, column, value
and reason, and nothing is left of it. What it did is kept for the system tables (copy_records.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from ...errors import DataError, NotNullViolation, NotSupportedError, ProgrammingError
from ...planner.statements import Copy
from ...records import dataclass
from ...storage.access.facts import Fact
from ...storage.arrow import from_arrow
from ...storage.formats import COLUMNAR, open_source
from ...storage.formats.source import Source
from ...storage.objects.registry import Objects
from ...storage.schema import Column, Table
from ..access import need_owner
from ..context import Context
from ..result import Result
from . import names
from .copy_findings import Findings
from .copy_readers import Readers
from .copy_records import LoadRecord
from .load import loading
from .targets import Target, refuse_identity, target

# What the progress bar counts as a block.
PROGRESS_BYTES = 1 << 20
# From here on even a single part is read by a thread of its own, while rows before are written.
READ_AHEAD_BYTES = 8 << 20
COMPUPDATE: dict[str, bool | str] = {"on": True, "off": False, "preset": "preset"}

_Batches = Iterator[tuple[int, pa.RecordBatch]]  # with the parts' numbers


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What a COPY says of the load rather than of the files. `limit`: as many errors end it; None: none do."""

    limit: int | None = 1
    check_only: bool = False
    explicit_ids: bool = False
    compupdate: bool | str | None = None
    comprows: int | None = None
    statupdate: str | None = None

    @classmethod
    def taken(cls, options: dict[str, Any], format_: str) -> LoadOptions:
        """Takes its own options out of a statement's."""
        every = bool(options.pop("IGNOREALLERRORS", False))
        maxerror = options.pop("MAXERROR", None)
        if format_ in COLUMNAR and (every or maxerror is not None):
            name = "IGNOREALLERRORS" if every else "MAXERROR"
            raise NotSupportedError(f"COPY option {name} is not supported for {format_.upper()}")
        word = options.pop("COMPUPDATE", None)
        return cls(
            limit=None if every else max(1, maxerror or 0),
            check_only=bool(options.pop("NOLOAD", False)),
            explicit_ids=bool(options.pop("EXPLICIT_IDS", False)),
            compupdate=None if word is None else COMPUPDATE[word],
            comprows=options.pop("COMPROWS", None),
            statupdate=options.pop("STATUPDATE", None),
        )


def run(statement: Copy, context: Context) -> Result:
    """The statement; its result counts the rows."""
    table = names.appended(statement.table, context)
    options = dict(statement.options)
    load = LoadOptions.taken(options, statement.format)
    if load.statupdate is not None:
        need_owner(context, table)
        if load.statupdate == "off":
            context.notice("INFO", "STATUPDATE OFF: statistics are taken while loading all the same")
    into = load_target(table, statement.columns, load.explicit_ids, context)
    objects = Objects(context.session.stores.authorized(statement.authorization))
    source = open_source(statement.source, statement.format, options, context.budget.limit, objects)
    return copy_into(statement, into, source, load, context)


def copy_into(
    statement: Copy, into: Target, source: Source, load: LoadOptions, context: Context, job: int | None = None,
    facts: tuple[Fact, ...] = (),
) -> Result:
    """Load a source. `job`: the COPY JOB that does it; `facts`: what is part of the same commit."""
    table = into.table
    findings = Findings(table.name, load.limit)
    record = LoadRecord(statement, into, source, findings, context, job)
    context.progress.step = f"COPY {table.name}"
    context.progress.blocks_total = max(1, source.total_bytes // PROGRESS_BYTES)
    record.begin()
    try:
        batches = _batches(source, into.columns, context, findings)
        rows = _check(batches, into, record) if load.check_only else _load(batches, into, load, context, facts, record)
    except BaseException:
        record.end(None)
        raise
    _tell(table, rows, findings, load, context)
    loaded = 0 if load.check_only else rows
    record.end(loaded)
    return Result("COPY", rowcount=loaded, notices=context.notices)


def _load(
    batches: _Batches, into: Target, load: LoadOptions, context: Context, facts: tuple[Fact, ...], record: LoadRecord
) -> int:
    with loading(
        into.table, context, into.positions, compupdate=load.compupdate, comprows=load.comprows, facts=facts
    ) as writer:
        for part, batch in batches:
            record.loaded(part, batch.num_rows)
            with _telling_file(record, part):
                writer.write(_complete(batch, into))
    return writer.rows


def _check(batches: _Batches, into: Target, record: LoadRecord) -> int:
    """NOLOAD: the rows are read and converted, and that is all."""
    rows = 0
    for part, batch in batches:
        record.loaded(part, batch.num_rows)
        with _telling_file(record, part):
            for values, column in zip(batch.columns, into.columns):
                data = from_arrow(values, column.type, column.name)
                if data.null_count and (not column.nullable or column.primary_key):
                    raise NotNullViolation(f'null value in column "{column.name}" violates not-null constraint')
        rows += batch.num_rows
    return rows


@contextmanager
def _telling_file(record: LoadRecord, part: int) -> Iterator[None]:
    """A value that the table does not take is told with its file (of formats that have no lines to tell of)."""
    try:
        yield
    except DataError as error:
        where = f'file "{record.file(part)}"'
        error.detail = where if error.detail is None else f"{where}, {error.detail}"
        raise


def _tell(table: Table, rows: int, findings: Findings, load: LoadOptions, context: Context) -> None:
    done = "checked, none is loaded (NOLOAD)" if load.check_only else "loaded successfully"
    context.notice("INFO", f"Load into table '{table.name}' completed, {rows} record(s) {done}.")
    if findings.errors:
        context.notice(
            "INFO",
            f"Load into table '{table.name}' completed, {findings.errors} record(s) could not be loaded.  "
            "Check 'stl_load_errors' system table for details.",
        )
    if findings.replaced:
        context.notice(
            "INFO",
            f"Load into table '{table.name}' completed, {findings.replaced} record(s) were loaded with replacements "
            "made for ACCEPTINVCHARS.  Check 'stl_replacements' system table for details.",
        )


def load_target(table: Table, columns: tuple[str, ...], explicit_ids: bool, context: Context) -> Target:
    """The columns that are loaded. IDENTITY columns are among them with EXPLICIT_IDS, or by name where they are
    GENERATED BY DEFAULT (copy-parameters-column-mapping)."""
    identities = [c.name for c in table.columns if c.identity is not None]
    if explicit_ids:
        if not identities:
            raise ProgrammingError(f"EXPLICIT_IDS: table {table.name} has no IDENTITY column")
        absent = [name for name in identities if columns and name not in columns]
        if absent:
            raise ProgrammingError(f'EXPLICIT_IDS: IDENTITY column "{absent[0]}" is missing in the column list')
    elif not columns and identities:
        columns = tuple(c.name for c in table.columns if c.identity is None or c.default_sql == "identity")
    try:
        into = target(table, columns, context)
    except NotNullViolation as error:
        raise NotNullViolation(
            "NOT NULL column without DEFAULT must be included in column list", detail=error.message
        ) from None
    if not explicit_ids:
        refuse_identity(table, into.given, "cannot load without EXPLICIT_IDS the")
    return into


def _complete(batch: pa.RecordBatch, into: Target) -> Any:
    """The batch with the columns that have a DEFAULT."""
    if not into.filled:
        return batch
    given = [from_arrow(a, c.type, c.name) for a, c in zip(batch.columns, into.columns)]
    return given + into.defaults(batch.num_rows)


# -- reading ------------------------------------------------------------------------------------------


def _batches(
    source: Source, columns: tuple[Column, ...], context: Context, findings: Findings
) -> _Batches:
    """All batches of all parts, in order, with the parts' numbers."""
    told = _Told(context)
    few = len(source.parts) < 2 and source.total_bytes < READ_AHEAD_BYTES
    if few or context.workers.threads < 2:
        for number, part in enumerate(source.parts):
            own = findings.of_part()
            try:
                for batch in source.read(part, columns, told, own):
                    findings.add(number, own.take())
                    yield number, batch
            finally:
                last = own.take()
                findings.add(number, last)
            findings.read(part, last)
        return
    readers = Readers(source, columns, context, told, findings)
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
