"""What queries take, by query: STV_QUERY_METRICS of those that run, STL and SVL tables of those that have.

Rows are at the query's level (segment and step are -1, or NULL in the SVL views). CPU and run times are microseconds
in the STV and STL tables, whole seconds in the views, as on Redshift; blocks to disk are of 1 MB.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ...storage.types import BIGINT, INTEGER, TEXT, TIMESTAMP, char, decimal, varchar
from ...wlm.log import QueryRecord
from ...wlm.priorities import named
from ..context import Context
from ..workload import kept
from ..workload.manager import usage_percent
from .base import DATABASE, clip
from .stl import moment
from .wlm import QueryNumbers, manager, table

Rows = Iterator[tuple[Any, ...]]
SECOND = 1_000_000
CENT = Decimal("0.01")
FIRST_USER_CLASS = 6  # metrics are of user-defined queues
WHOLE = -1  # segment and step of a row about the whole query


def _records(context: Context, queries: QueryNumbers) -> Iterator[QueryRecord]:
    """Executions in user-defined queues that have ended."""
    return (r for r in kept.queries(context, queries) if r.started and r.service_class >= FIRST_USER_CLASS)


def _base(
    user: int, service_class: int, query: int, started: int, m: Mapping[str, float], run: int, priority: int | None,
    queued: int, name: str,
) -> tuple[Any, ...]:
    """A row of STV_QUERY_METRICS and STL_QUERY_METRICS."""
    blocks, disk = int(m.get("query_blocks_read", 0)), int(m.get("query_temp_blocks_to_disk", 0))
    size = int(m.get("spectrum_scan_size_mb", 0))
    return (
        user, service_class, query, WHOLE, WHOLE, moment(started), int(m.get("slices", 0)), int(m.get("max_rows", 0)),
        int(m.get("scan_row_count", 0)), int(m.get("max_cpu_time", 0) * SECOND),
        int(m.get("query_cpu_time", 0) * SECOND), int(m.get("max_blocks_read", 0)), blocks, run, run, None, disk,
        WHOLE, None, size, priority, queued, name,
    )  # fmt: skip


def _stl_query_metrics(context: Context, queries: QueryNumbers) -> Rows:
    for r in _records(context, queries):
        level = None if r.priority is None else named(r.priority)
        yield _base(r.user_id, r.service_class, r.query, r.started, r.metrics, r.ended - r.started, level,
                    r.started - r.queued, r.name)  # fmt: skip


def _stv_query_metrics(context: Context) -> Rows:
    found = manager(context)
    for ticket in list(found.tickets.values()):
        entry = found.machine.entry(ticket.query)
        if entry is None or not entry.executes or entry.service_class < FIRST_USER_CLASS:
            continue
        now, name = found.now(), found.machine.floor.name(entry.service_class)
        level = int(entry.priority) if found.machine.configuration.automatic else None
        yield _base(entry.request.user_id, entry.service_class, entry.id, entry.started, ticket.usage.metrics(),
                    now - entry.started, level, entry.waited(now), name)  # fmt: skip


def _measures(r: QueryRecord) -> tuple[Any, ...]:
    """The columns that the SVL views share."""
    m = r.metrics
    run = r.ended - r.started

    def ratio(name: str) -> Decimal | None:
        return Decimal(m[name]).quantize(CENT) if name in m else None

    return (
        int(m.get("query_cpu_time", 0)), int(m.get("query_blocks_read", 0)), run // SECOND,
        Decimal(usage_percent(m, run)).quantize(CENT) if "query_cpu_time" in m else None,
        int(m.get("query_temp_blocks_to_disk", 0)), int(m.get("segment_execution_time", 0)), ratio("cpu_skew"),
        ratio("io_skew"), int(m.get("scan_row_count", 0)), int(m.get("join_row_count", 0)),
        int(m.get("nested_loop_join_row_count", 0)), int(m.get("return_row_count", 0)),
        int(m.get("spectrum_scan_row_count", 0)), int(m.get("spectrum_scan_size_mb", 0)),
        (r.started - r.queued) // SECOND, r.name,
    )  # fmt: skip


def _svl_query_metrics(context: Context, queries: QueryNumbers) -> Rows:
    for r in _records(context, queries):
        yield r.user_id, r.query, r.service_class, "query", None, None, None, *_measures(r)


def _svl_query_metrics_summary(context: Context, queries: QueryNumbers) -> Rows:
    for r in _records(context, queries):
        yield r.user_id, r.query, r.service_class, *_measures(r)


def _svl_query_queue_info(context: Context, queries: QueryNumbers) -> Rows:
    for r in kept.queries(context, queries):
        began = r.started or r.ended
        waited, ran = (began - r.queued) // SECOND, (r.ended - began) // SECOND
        yield (
            DATABASE, r.query, r.transaction, r.user_id, clip(r.text, 100), moment(r.queued),
            moment(r.started) if r.started else None, r.service_class, r.slots, waited, ran, waited + ran, None, None,
            r.name,
        )  # fmt: skip


_METRICS = (
    ("userid", INTEGER), ("service_class", INTEGER), ("query", INTEGER), ("segment", INTEGER), ("step_type", INTEGER),
    ("starttime", TIMESTAMP), ("slices", INTEGER), ("max_rows", BIGINT), ("rows", BIGINT), ("max_cpu_time", BIGINT),
    ("cpu_time", BIGINT), ("max_blocks_read", INTEGER), ("blocks_read", BIGINT), ("max_run_time", BIGINT),
    ("run_time", BIGINT), ("max_blocks_to_disk", BIGINT), ("blocks_to_disk", BIGINT), ("step", INTEGER),
    ("max_query_scan_size", BIGINT), ("query_scan_size", BIGINT), ("query_priority", INTEGER),
    ("query_queue_time", BIGINT), ("service_class_name", char(64)),
)  # fmt: skip
_MEASURES = (
    ("query_cpu_time", BIGINT), ("query_blocks_read", BIGINT), ("query_execution_time", BIGINT),
    ("query_cpu_usage_percent", decimal(38, 2)), ("query_temp_blocks_to_disk", BIGINT),
    ("segment_execution_time", BIGINT), ("cpu_skew", decimal(38, 2)), ("io_skew", decimal(38, 2)),
    ("scan_row_count", BIGINT), ("join_row_count", BIGINT), ("nested_loop_join_row_count", BIGINT),
    ("return_row_count", BIGINT), ("spectrum_scan_row_count", BIGINT), ("spectrum_scan_size_mb", BIGINT),
    ("query_queue_time", BIGINT), ("service_class_name", char(64)),
)  # fmt: skip
_ID = (("userid", INTEGER), ("query", INTEGER), ("service_class", INTEGER))

TABLES = (
    table("stv_query_metrics", _METRICS, _stv_query_metrics),
    table("stl_query_metrics", _METRICS, _stl_query_metrics, by_query=True),
    table(
        "svl_query_metrics",
        (*_ID, ("dimension", char(24)), ("segment", INTEGER), ("step", INTEGER), ("step_label", varchar(30)),
         *_MEASURES),
        _svl_query_metrics, by_query=True,
    ),
    table("svl_query_metrics_summary", (*_ID, *_MEASURES), _svl_query_metrics_summary, by_query=True),
    table(
        "svl_query_queue_info",
        (
            ("database", TEXT), ("query", INTEGER), ("xid", BIGINT), ("userid", INTEGER), ("querytxt", TEXT),
            ("queue_start_time", TIMESTAMP), ("exec_start_time", TIMESTAMP), ("service_class", INTEGER),
            ("slots", INTEGER), ("queue_elapsed", BIGINT), ("exec_elapsed", BIGINT), ("wlm_total_elapsed", BIGINT),
            ("commit_queue_elapsed", BIGINT), ("commit_exec_time", BIGINT), ("service_class_name", char(64)),
        ),
        _svl_query_queue_info, superusers=True, by_query=True,
    ),
)  # fmt: skip
