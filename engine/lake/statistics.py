"""What the planner may know of an external table: estimates, from the definition and from footers of its files.

    numRows given           that many rows (r_CREATE_EXTERNAL_TABLE); columns are known by footers still
    Parquet                 rows of up to SAMPLED footers, scaled up by the bytes of all files
    others                  bytes of all files / bytes of a row, by the columns' types
    nothing can be listed   nothing is known: the planner takes an external table for a large one

Files are read for it only once: footers are kept (storage/lake/formats/parquet.py). A location that cannot be listed
is no error here: the scan will say so.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...errors import Error
from ...storage.lake.definition import Field, Source
from ...storage.lake.formats import Part, Reader, reader_of
from ...storage.lake.projection import is_projected
from ...storage.objects.base import ObjectInfo
from ...storage.objects.registry import Objects
from ...storage.schema import ColumnStatistics, ExternalTable, TableStatistics
from ...storage.types import Physical
from .tables import partitions

if TYPE_CHECKING:
    from ..context import Context

COUNTED = ("parquet", "iceberg")  # formats whose files tell their rows
SAMPLED = 16  # footers
LISTED = 64  # partitions
TEXT_WIDTH, FIXED_WIDTH = 16, 8  # bytes a value in text files, at a guess
KEY_SHARE = 4  # a part with values for a fourth of its rows has values of its own
LARGE = 10_000_000  # rows of a table of which nothing is known


def with_statistics(table: ExternalTable | None, context: Context) -> ExternalTable | None:
    """The table with what can be found out cheaply."""
    if table is None:
        return None
    try:
        found = _statistics(table.source, context)
    except Error:
        found = TableStatistics(int(table.source.option("numRows", str(LARGE))))
    return replace(table, statistics=found)


def _statistics(source: Source, context: Context) -> TableStatistics:
    given = source.option("numRows")
    if (source.format not in COUNTED or is_projected(source)) and given:
        return TableStatistics(int(given))
    if is_projected(source):
        return TableStatistics(LARGE)
    objects = Objects(context.session.stores)
    reader = reader_of(source, objects)
    files, share = _files(source, reader, context)
    total = sum(f.bytes for f in files)
    if source.format not in COUNTED:
        width = sum(TEXT_WIDTH if c.type.sql.physical is Physical.STR else FIXED_WIDTH for c in source.columns)
        return TableStatistics(round(total / share / width), total)
    step = max(1, -(-len(files) // SAMPLED))
    sampled = files[::step]
    parts = [part for file in sampled for part in reader.parts(file)]
    seen = sum(f.bytes for f in sampled)
    scale = (total / seen if seen else 1.0) / share
    rows = int(given) if given else round(sum(p.rows for p in parts) * scale)
    columns = {
        i + 1: _column(reader, parts, field, rows) for i, field in enumerate(source.columns) if not field.type.is_nested
    }
    for i, key in enumerate(source.keys):
        columns[len(source.columns) + i + 1] = _key(i, key, source, context)
    return TableStatistics(rows, total, columns)


def _files(source: Source, reader: Reader, context: Context) -> tuple[list[ObjectInfo], float]:
    """The files of the table, or of some of its partitions; the share of all partitions that these are."""
    if not source.keys:
        return reader.files(source.location), 1.0
    every = partitions(source, context)
    listed = every[:: max(1, -(-len(every) // LISTED))]
    return [f for p in listed for f in reader.files(p.location)], len(listed) / max(len(every), 1) or 1.0


def _column(reader: Reader, parts: Sequence[Part], field: Field, rows: int) -> ColumnStatistics:
    bounds = [reader.bounds(part, field) for part in parts]
    known = [b for b in bounds if b.low is not None]
    nulls = sum(b.nulls or 0 for b in bounds) * rows // max(sum(p.rows for p in parts), 1)
    counts = [b.distinct for b in bounds]
    few = max((c for c in counts if c is not None), default=None) if None not in counts else None
    if few is not None and few > max((p.rows for p in parts), default=0) / KEY_SHARE:
        few = None  # other parts will have other values
    if not known:
        return ColumnStatistics(few or _few(rows), nulls, exact_bounds=False)
    low, high = min(b.low for b in known), max(b.high for b in known)
    distinct = float(rows) if few is None and isinstance(low, int) else few or _few(rows)
    if isinstance(low, int):  # one of each number between, at most
        distinct = min(distinct, float(int(high) - int(low) + 1))
    return ColumnStatistics(max(distinct, 1.0), nulls, low, high, exact_bounds=False)


def _few(rows: int) -> float:
    """How many texts may be different: files do not tell."""
    return max(1.0, min(float(rows), rows**0.75))


def _key(place: int, key: Field, source: Source, context: Context) -> ColumnStatistics:
    values: list[Any] = [p.values[place] for p in partitions(source, context)]
    return ColumnStatistics(float(max(len(set(values)), 1)), 0, exact_bounds=False)
