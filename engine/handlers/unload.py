"""UNLOAD: a query's rows into objects, from the slices that make them; all objects appear at the end, or none.

    PARALLEL ON    each slice writes its own files, on the threads that make its rows (engine/handing_over.py)
    PARALLEL OFF   one series of files, in the query's order, from the leader's stream

The files themselves are storage/writers' affair. The manifest is written last: once it is there, all it names is.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ...errors import Error, NotSupportedError, OperationalError, ProgrammingError, UndefinedColumn
from ...planner.expressions import ColumnRef
from ...planner.logical import Query
from ...planner.statements import Unload
from ...planner.syntax import has_limit, parse_query
from ...records import dataclass
from ...storage.objects.registry import Objects
from ...storage.types import Kind
from ...storage.writers.base import OutColumn, WrittenFile
from ...storage.writers.options import LARGEST_FILE, ROW_GROUP_BYTES, FileOptions
from ...storage.writers.output import Output
from ..context import Charge, Context
from ..execute import execute, unload
from ..result import Result
from ..unload_history import Unloaded
from .binding import bind, plan_output
from .create_table_as import column_type
from .unload_manifest import manifest

STEP = "unload"  # in messages
# Of a statement's memory, what files' row groups may take before they are written; at least so much each.
UNLOAD_SHARE, LEAST_GROUP_BYTES = 0.25, 1 << 16
EMPTY_TARGET = (
    "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually removing "
    "the target files in S3, or using the ALLOWOVERWRITE option."
)
# What a column that PARTITION BY names may be of (r_UNLOAD).
_KEYS = (
    Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT, Kind.DECIMAL, Kind.REAL, Kind.BOOLEAN, Kind.CHAR, Kind.VARCHAR, Kind.DATE,
    Kind.TIMESTAMP,
)  # fmt: skip


def run(statement: Unload, context: Context) -> Result:
    with _placed(statement):
        tree = parse_query(statement.query, None, context.settings.exact_names)
        query = bind(tree, context)
    if has_limit(tree):
        raise NotSupportedError("Limit clause is not supported",
                                hint="Put the LIMIT into a subquery of the query that is unloaded.")
    columns = [OutColumn(name, column_type(ref.type)) for name, ref in zip(query.names, query.columns, strict=True)]
    _check_columns(statement, columns)
    objects = Objects(context.session.stores.authorized(statement.authorization))
    target = _Target(statement, objects)
    target.refuse_existing()
    told = Unloaded.begun(context, target.base, statement)
    try:
        with _placed(statement):
            files, rows = _write(statement, query, columns, target, context)
        target.add_manifest(files, columns)
    except BaseException as error:
        told.failed(error)
        raise
    told.done(rows, files)
    context.notice("INFO", f"UNLOAD completed, {rows} record(s) unloaded successfully.")
    return Result("UNLOAD", rowcount=rows, notices=context.notices)


def _write(
    statement: Unload, query: Query, columns: list[OutColumn], target: _Target, context: Context
) -> tuple[list[WrittenFile], int]:
    """Run the query; its files are there when this returns, and its rows counted."""
    serial = statement.options.get("PARALLEL") is False
    partition_by = statement.options.get("PARTITION BY", ())
    keys = [_key(query, name) for name in partition_by]
    physical = plan_output(query, keys, serial, context)
    held = Charge(context.budget, STEP)
    output = Output(
        target.objects, target.base, columns, _file_options(statement, context), partition_by=partition_by,
        include=statement.options.get("INCLUDE", False), serial=serial, overwrite="ALLOWOVERWRITE" in statement.options,
        clean="CLEANPATH" in statement.options, slices=context.view.topology.slices, charge=held.add,
        check=context.cancel.check,
    )  # fmt: skip
    try:
        if serial:
            for batch in execute(physical, context):
                output.write(0, batch)
        else:
            coded = statement.format == "parquet" and not keys
            unload(physical, context, output.write, shared=not keys, coded=coded)
        return output.finish(), output.rows
    except BaseException:
        output.abort()
        raise


def _file_options(statement: Unload, context: Context) -> FileOptions:
    """As the statement has them; Parquet's row groups no larger than what slices may hold of the memory."""
    given, share = statement.options, int(context.budget.limit * UNLOAD_SHARE)
    widths = given.get("FIXEDWIDTH", ())
    format: Any = "fixedwidth" if widths else statement.format
    packed: Any = next((name.lower() for name in ("GZIP", "BZIP2", "ZSTD") if name in given), None)
    size = given.get("MAXFILESIZE", LARGEST_FILE)
    if format == "parquet":  # whole row groups of the default size, if there is room for one
        size = size // ROW_GROUP_BYTES * ROW_GROUP_BYTES or size
    return FileOptions(
        format, given.get("DELIMITER", "," if format == "csv" else "|"), "HEADER" in given, given.get("NULL", ""),
        "ADDQUOTES" in given, "ESCAPE" in given, widths, packed, given.get("EXTENSION"), size,
        min(given.get("ROWGROUPSIZE", ROW_GROUP_BYTES), max(share // context.view.topology.slices, LEAST_GROUP_BYTES)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the files go."""

    statement: Unload
    objects: Objects

    @property
    def base(self) -> str:
        """What names begin with; with partitions a folder."""
        target = self.statement.target
        return target if "PARTITION BY" not in self.statement.options or target.endswith("/") else f"{target}/"

    def refuse_existing(self) -> None:
        options = self.statement.options
        if "ALLOWOVERWRITE" not in options and "CLEANPATH" not in options and self.objects.exists(self.base):
            raise OperationalError(EMPTY_TARGET, detail=f"There are files at {self.base}", sqlstate="58P01")

    def add_manifest(self, files: list[WrittenFile], columns: list[OutColumn]) -> None:
        kind = self.statement.options.get("MANIFEST")
        if kind is None:
            return
        try:
            with self.objects.create(f"{self.base}manifest", overwrite="ALLOWOVERWRITE" in self.statement.options
                                     or "CLEANPATH" in self.statement.options) as writer:  # fmt: skip
                writer.write(manifest(files, columns, verbose=kind == "verbose").encode())
        except BaseException:
            for file in files:
                with suppress(Error):
                    self.objects.delete(file.url)
            raise


# -- what cannot be unloaded ---------------------------------------------------------------------------


def _check_columns(statement: Unload, columns: list[OutColumn]) -> None:
    """What the format, the widths and the partitions ask of the query's columns."""
    names = [c.name for c in columns]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None and statement.format in ("json", "parquet"):
        raise ProgrammingError(f'UNLOAD {statement.format.upper()} needs column names that differ; "{twice}" is there '
                               "twice", sqlstate="42701")  # fmt: skip
    widths = statement.options.get("FIXEDWIDTH")
    if widths is not None and len(widths) != len(columns):
        raise ProgrammingError(f"FIXEDWIDTH has {len(widths)} columns, the query has {len(columns)}")
    for column in columns:
        _check_type(statement, column)
    _check_partitions(statement, columns)


def _check_type(statement: Unload, column: OutColumn) -> None:
    as_text = statement.format in ("csv", "delimited")
    fixed = "FIXEDWIDTH" in statement.options
    if column.type.kind in (Kind.VARBYTE, Kind.HLLSKETCH) and (fixed or not as_text):
        shown, kind = "FIXEDWIDTH" if fixed else statement.format.upper(), column.type.kind.name
        raise NotSupportedError(f'column "{column.name}": {kind} can be unloaded to text or CSV only, not to {shown}')


def _check_partitions(statement: Unload, columns: list[OutColumn]) -> None:
    keys = statement.options.get("PARTITION BY", ())
    known = {c.name: c.type for c in columns}
    for name in keys:
        if name not in known:
            raise UndefinedColumn(f'column "{name}" of PARTITION BY is not in the query')
        if known[name].kind not in _KEYS:
            raise NotSupportedError(f'column "{name}" of type {known[name]} cannot be in PARTITION BY')
    if keys and len(keys) == len(columns) and "INCLUDE" not in statement.options:
        raise ProgrammingError("PARTITION BY must leave at least one column for the files")


def _key(query: Query, name: str) -> ColumnRef:
    return query.columns[query.names.index(name)]


@contextmanager
def _placed(statement: Unload) -> Iterator[None]:
    """An error's position in the query's text becomes one in the statement's."""
    try:
        yield
    except Error as error:
        if error.position is not None:
            places = statement.places
            error.position = places[min(error.position, len(places) - 1)] if places else None
        raise
