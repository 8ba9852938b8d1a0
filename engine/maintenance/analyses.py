"""ANALYZE of one table, recorded: statistics made anew from the footers of the extents that are there.

Every load brings its own statistics; they are merged at the commit. What merging cannot do is forget rows that are
gone. A table of which few rows were modified since the last time is skipped (analyze_threshold_percent).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ...records import dataclass
from ...storage.catalog.delta import SetStatistics
from ...storage.catalog.state import TableEntry
from ...storage.database import Database
from ...storage.schema import Column, Table
from ...storage.statistics import ColumnSketch
from ...storage.stored import constant

EVENT = "analyze"


@dataclass(frozen=True, slots=True)
class Request:
    """What to analyze tables for; `columns` by name, none: all; `automatic`: the background worker asks."""

    xid: int
    threshold: float
    columns: tuple[str, ...] = ()
    predicate: bool = False
    automatic: bool = False


def analyze(
    database: Database, entry: TableEntry, request: Request, check: Callable[[], None], log: Database
) -> SetStatistics | None:
    """The table's new statistics; None when it is skipped."""
    begun = datetime.now(UTC)
    predicates = predicate_positions(entry.table, log)
    rows = entry.rows
    if rows and 100 * entry.modified < request.threshold * rows:
        _record(entry, request, begun, "Skipped", len(predicates), log)
        return None
    columns: Sequence[Column] = entry.table.columns
    status = "Full"
    if request.columns:
        columns = [c for c in columns if c.name in request.columns]
    elif request.predicate and predicates:
        columns, status = [columns[p] for p in predicates], "PredicateColumn"
    found = {**entry.sketches, **_sketches(database, entry, columns, check)}
    _record(entry, request, begun, status, len(predicates), log)
    return SetStatistics(entry.table, found, frozenset(e.id for e in entry.extents), analyzed=not request.columns)


def predicate_positions(table: Table, log: Database) -> list[int]:
    """Columns that queries had predicates on; with them, where there are any, those of the keys."""
    used = log.upkeep.predicates.get(table.id, set())
    if not used:
        return []
    keys = {*table.sort_key, table.dist_key}
    return [i for i, c in enumerate(table.columns) if c.id in used or i in keys]


def _sketches(database: Database, entry: TableEntry, columns: Sequence[Column],
              check: Callable[[], None]) -> dict[int, ColumnSketch]:
    """By column id."""
    merged: dict[int, ColumnSketch] = {}
    for extent in entry.extents:
        if extent.is_inline:  # always told anew (storage/inline.py)
            continue
        check()
        reader = database.reader(extent)
        for column in columns:
            position = reader.position(column.id)
            sketch = constant_sketch(column, extent.rows) if position is None else reader.sketch(position)
            known = merged.get(column.id)
            merged[column.id] = sketch if known is None else known.merge(sketch)
    return merged


def constant_sketch(column: Column, rows: int) -> ColumnSketch:
    """The sketch of an added column over rows that do not have it."""
    one = ColumnSketch.of(constant(column.type, column.added, 1))
    return replace(one, rows=rows, nulls=rows * one.nulls, total_bytes=rows * one.total_bytes)


def _record(entry: TableEntry, request: Request, begun: datetime, status: str, predicates: int, log: Database) -> None:
    record: dict[str, Any] = {
        "xid": request.xid, "table_id": entry.table.id, "schema": entry.table.schema, "name": entry.table.name,
        "status": status, "rows": entry.rows, "modified_rows": entry.modified, "threshold": int(request.threshold),
        "starttime": _microseconds(begun), "endtime": _microseconds(datetime.now(UTC)), "predicates": predicates,
        "automatic": request.automatic,
    }  # fmt: skip
    log.history.record_event(EVENT, record)


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
