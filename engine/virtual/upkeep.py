"""What upkeep has done, from the events that it leaves in the history: vacuums, and how far the present one is;
analyses of statistics and of compression."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ...storage.interleave import skew
from ...storage.schema import Table
from ...storage.types import BIGINT, DOUBLE, INTEGER, TEXT, TIMESTAMP, char, decimal
from ..context import Context
from .base import DATABASE, SUPERUSER_ID, VirtualTable
from .stl import moment

VACUUM = "vacuum"  # engine/maintenance/vacuums.py
ANALYZE = "analyze"  # engine/maintenance/analyses.py
COMPRESSION = "analyze compression"  # engine/handlers/analyze_compression.py
WORKER = "worker"  # engine/maintenance/worker.py
CENT = Decimal("0.01")
FINISHED = "Finished"
Rows = Iterator[tuple[Any, ...]]


def _stl_vacuum(context: Context) -> Rows:
    for e in context.database.history.events(VACUUM):
        yield (
            SUPERUSER_ID, e["xid"], e["table_id"], e["status"], e["rows"], e["sortedrows"], e["blocks"],
            e["max_merge_partitions"], moment(e["eventtime"]), e["reclaimable_rows"], e["reclaimable_space_mb"],
            e["xid"], e["is_recluster"],
        )  # fmt: skip


def _pairs(context: Context) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(how a table was, how it is) of each vacuum that ended."""
    begun: dict[tuple[int, int], dict[str, Any]] = {}
    for event in context.database.history.events(VACUUM):
        key = (event["xid"], event["table_id"])
        if event["status"].endswith(FINISHED) and key in begun:
            yield begun.pop(key), event
        else:
            begun[key] = event


def _svv_vacuum_summary(context: Context) -> Rows:
    for before, after in _pairs(context):
        yield (
            before["name"], before["xid"], before["sort_partitions"], before["merge_increments"],
            after["eventtime"] - before["eventtime"], after["rows"] - before["rows"],
            after["sortedrows"] - before["sortedrows"], after["blocks"] - before["blocks"],
            before["max_merge_partitions"],
        )  # fmt: skip


def _svl_vacuum_percentage(context: Context) -> Rows:
    for before, after in _pairs(context):
        yield before["xid"], before["table_id"], round(100 * after["blocks"] / max(1, before["blocks"]))


def _svv_vacuum_progress(context: Context) -> Rows:
    upkeep = context.database.upkeep
    if upkeep.turn.is_taken_elsewhere:
        yield from _progress_elsewhere(context)
        return
    progress = upkeep.progress
    if progress is None:
        return
    left = None
    if progress.status not in ("Complete", "Failed") and progress.rows:
        elapsed = time.monotonic() - progress.started
        seconds = int(elapsed * max(0, progress.total - progress.rows) / progress.rows)
        left = f"{seconds // 60}m {seconds % 60}s"
    yield progress.table, progress.status, left


def _progress_elsewhere(context: Context) -> Rows:
    """Of the table that another process vacuums, as far as the history tells: not how long it takes."""
    events = context.database.history.events(VACUUM)
    if events and "Started" in events[-1]["status"]:
        name = events[-1]["name"]
        yield name, f"Vacuum {name} {'delete' if 'Delete' in events[-1]['status'] else 'sort'}", None


def _stl_analyze(context: Context) -> Rows:
    before: dict[int, dict[str, Any]] = {}
    for e in context.database.history.events(ANALYZE):
        last = before.get(e["table_id"])
        automatic = "t" if e["automatic"] else "f"
        yield (
            SUPERUSER_ID, e["xid"], DATABASE, e["table_id"], e["status"], e["rows"], e["modified_rows"],
            e["threshold"], automatic, moment(e["starttime"]), moment(e["endtime"]),
            moment(last["endtime"]) if last else None, e["predicates"],
            max(0, e["predicates"] - (last["predicates"] if last else 0)), automatic, None, e["schema"], e["name"],
        )  # fmt: skip
        if e["status"] != "Skipped":
            before[e["table_id"]] = e


def _stl_analyze_compression(context: Context) -> Rows:
    for e in context.database.history.events(COMPRESSION):
        yield (
            SUPERUSER_ID, moment(e["start_time"]), e["xid"], e["tbl"], e["tablename"], e["col"], e["old_encoding"],
            e["new_encoding"], "ANALYZE ONLY", e["new_encoding"], str(e["bytes"]), str(e["bytes"]), e["ndv"],
        )  # fmt: skip


def _svl_auto_worker_action(context: Context) -> Rows:
    for e in context.database.history.events(WORKER):
        yield e["table_id"], e["type"], e["status"], moment(e["eventtime"]), 0, None


def _svv_interleaved_columns(context: Context) -> Rows:
    reindexed = {
        after["table_id"]: moment(after["eventtime"])
        for before, after in _pairs(context) if "Reindex" in before["status"]
    }
    for table in context.view.relations():
        if not isinstance(table, Table) or not table.interleaved:
            continue
        entry = context.transaction.entry(table)
        for number, position in enumerate(table.sort_key):
            sketch = entry.sketch(table.columns[position])
            found = None
            if table.index is not None and sketch is not None:
                found = Decimal(skew(table.index.bounds[number], sketch.sample.data)).quantize(CENT)
            yield table.id, position, found, reindexed.get(table.id)


def _table(name: str, columns: tuple[tuple[str, Any], ...], make: Any, superusers: bool = False) -> VirtualTable:
    return VirtualTable("pg_catalog", name, columns, make, leader_only=False, superusers=superusers)


TABLES = (
    _table(
        "stl_vacuum",
        (
            ("userid", INTEGER), ("xid", BIGINT), ("table_id", INTEGER), ("status", char(50)), ("rows", BIGINT),
            ("sortedrows", INTEGER), ("blocks", INTEGER), ("max_merge_partitions", INTEGER), ("eventtime", TIMESTAMP),
            ("reclaimable_rows", BIGINT), ("reclaimable_space_mb", BIGINT), ("cutoff_xid", BIGINT),
            ("is_recluster", INTEGER),
        ),
        _stl_vacuum,
        superusers=True,
    ),
    _table(
        "svv_vacuum_summary",
        (
            ("table_name", TEXT), ("xid", BIGINT), ("sort_partitions", BIGINT), ("merge_increments", BIGINT),
            ("elapsed_time", BIGINT), ("row_delta", BIGINT), ("sortedrow_delta", BIGINT), ("block_delta", INTEGER),
            ("max_merge_partitions", INTEGER),
        ),
        _svv_vacuum_summary,
        superusers=True,
    ),
    _table(
        "svl_vacuum_percentage",
        (("xid", BIGINT), ("table_id", INTEGER), ("percentage", BIGINT)),
        _svl_vacuum_percentage,
        superusers=True,
    ),
    _table(
        "svv_vacuum_progress",
        (("table_name", TEXT), ("status", TEXT), ("time_remaining_estimate", TEXT)),
        _svv_vacuum_progress,
        superusers=True,
    ),
    _table(
        "svl_auto_worker_action",
        (
            ("table_id", INTEGER), ("type", char(32)), ("status", char(128)), ("eventtime", TIMESTAMP),
            ("sequence", INTEGER), ("previous_state", char(200)),
        ),
        _svl_auto_worker_action,
    ),
    _table(
        "svv_interleaved_columns",
        (("tbl", INTEGER), ("col", INTEGER), ("interleaved_skew", decimal(19, 2)), ("last_reindex", TIMESTAMP)),
        _svv_interleaved_columns,
        superusers=True,
    ),
    _table(
        "stl_analyze",
        (
            ("userid", INTEGER), ("xid", BIGINT), ("database", char(30)), ("table_id", INTEGER), ("status", char(15)),
            ("rows", DOUBLE), ("modified_rows", DOUBLE), ("threshold_percent", INTEGER), ("is_auto", char(1)),
            ("starttime", TIMESTAMP), ("endtime", TIMESTAMP), ("prevtime", TIMESTAMP), ("num_predicate_cols", INTEGER),
            ("num_new_predicate_cols", INTEGER), ("is_background", char(1)), ("auto_analyze_phase", char(100)),
            ("schema_name", char(128)), ("table_name", char(128)),
        ),
        _stl_analyze,
        superusers=True,
    ),
    _table(
        "stl_analyze_compression",
        (
            ("userid", INTEGER), ("start_time", TIMESTAMP), ("xid", BIGINT), ("tbl", INTEGER), ("tablename", char(128)),
            ("col", INTEGER), ("old_encoding", char(15)), ("new_encoding", char(15)), ("mode", char(14)),
            ("best_compression_encoding", char(15)), ("recommended_bytes", char(15)),
            ("best_compression_bytes", char(15)), ("ndv", BIGINT),
        ),
        _stl_analyze_compression,
    ),
)  # fmt: skip
