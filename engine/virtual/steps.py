"""Steps of queries that have run, by slice: the STL tables of step kinds, and the views over all of them.

    stl_scan, stl_dist, stl_hash ...      one row a step of that kind and slice, with what the kind has
    svl_query_report                      one row a step and slice
    svl_query_summary                     one row a step
    sys_query_detail                      one row a step, with alerts

Numbers of streams, segments and steps: planner/steps.py. What the manual calls internal is NULL, and so is what this
engine has no counterpart of (buckets of its hash tables).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ...planner.steps import ScanType
from ...storage.types import BIGINT, DOUBLE, INTEGER, TEXT, TIMESTAMP, SqlType, char
from ..context import Context
from ..history.describe import BEGUN, BLOCKS, BYTES, DELETED, ENDED, READ, ROWS, SLICE
from .base import VirtualTable, both, clip
from .details import Queries, StepRun, packets, running_steps, step_runs
from .stl import moment

Rows = Iterator[tuple[Any, ...]]
Columns = tuple[tuple[str, SqlType], ...]
Share = list[int]
Own = Callable[[StepRun, Share], tuple[Any, ...]]

BLOCK_BYTES = 1 << 20  # a block of Redshift's
_STEP_NAMES = {"aggr": "aggregate", "bcast": "broadcast", "dist": "distribute", "hjoin": "hashjoin",
               "nloop": "nestloop"}


def _flag(value: object) -> str:
    return "t" if value else "f"


def _of_kind(own: Own, *kinds: str) -> Callable[[Context, Queries], Rows]:
    """Rows of an STL table: what all of them have, then the kind's own."""

    def rows(context: Context, queries: Queries) -> Rows:
        for run in step_runs(context, queries, *kinds):
            for share in run.shares:
                yield (
                    run.who["userid"], run.query, share[SLICE], run.segment, run.step, moment(share[BEGUN]),
                    moment(share[ENDED]), run.task + (0 if run.known["leader"] else share[SLICE]), share[ROWS],
                    *own(run, share),
                )  # fmt: skip

    return rows


def _scan(run: StepRun, share: Share) -> tuple[Any, ...]:
    kind = run.known.get("scan")
    name = run.known.get("name") if kind in (ScanType.TABLE, ScanType.EXTERNAL) else "Internal Worktable"
    return (
        share[BYTES], None, kind, run.table, _flag(run.known.get("ranged")), None, share[READ],
        share[READ] - share[DELETED], name, "f", None, None, None,
        _flag(run.filtered), None, run.known.get("sortkeys", 0), *[None] * 9,
    )  # fmt: skip


def _sent(run: StepRun, share: Share) -> tuple[Any, ...]:
    return share[BYTES], packets(share[BYTES])


def _hash(run: StepRun, share: Share) -> tuple[Any, ...]:
    parts = None if run.spilled else 1
    return (share[BYTES], None, None, None, run.table, _flag(run.spilled), run.memory, parts, run.known["expected"],
            None, None, None, None, None)


def _hash_join(run: StepRun, share: Share) -> tuple[Any, ...]:
    place = run.known["hash"] or (None, None)
    shift = run.segment - run.known["at"][1]  # of a statement's later plans
    return (run.table, None, run.known["join"], None, "f", None, None if place[0] is None else place[0] + shift,
            place[1], None, None)


def _aggregate(run: StepRun, share: Share) -> tuple[Any, ...]:
    kind = "HASHED" if run.known["grouped"] else "PLAIN"
    return share[BYTES], None, share[ROWS], None, run.table, _flag(run.spilled), run.memory, kind, None, None


def _kept(run: StepRun, share: Share) -> tuple[Any, ...]:
    return share[BYTES], run.table, _flag(run.spilled), run.memory, None


def _report(context: Context, queries: Queries) -> Rows:
    for run in step_runs(context, queries):
        for share in run.shares:
            yield (
                run.who["userid"], run.query, share[SLICE], run.segment, run.step, moment(share[BEGUN]),
                moment(share[ENDED]), share[ENDED] - share[BEGUN], share[ROWS], share[BYTES], run.known["label"],
                _flag(run.spilled), run.memory, _flag(run.known.get("ranged")), "f", share[READ],
            )  # fmt: skip


def _summary(context: Context, queries: Queries) -> Rows:
    for run in step_runs(context, queries):
        times = [share[ENDED] - share[BEGUN] for share in run.shares]
        longest = max(times)
        rows, size = run.total(ROWS), run.total(BYTES)
        yield (
            run.who["userid"], run.query, run.stream, run.segment, run.step, longest, sum(times) // len(times), rows,
            size, rows * 1e6 / longest if longest else None, size * 1e6 / longest if longest else None,
            run.known["label"], _flag(run.spilled), run.memory, _flag(run.known.get("ranged")), "f", run.total(READ),
        )  # fmt: skip


def _detail(context: Context, queries: Queries) -> Rows:
    before: StepRun | None = None
    for run in step_runs(context, queries, apart=True):
        begun, ended = min(s[BEGUN] for s in run.shares), max(s[ENDED] for s in run.shares)
        scans_table = run.known.get("scan") == ScanType.TABLE
        first = run.step == 0 or before is None
        named = scans_table or run.known["kind"] == "insert"
        yield (
            run.who["userid"], run.query, run.plan, run.stream, run.segment, run.step,
            _STEP_NAMES.get(run.known["kind"], run.known["kind"]), run.table if named else None,
            run.known["name"] if named else None, _flag(run.known.get("ranged")), moment(begun), moment(ended),
            ended - begun, "; ".join(run.alerts) or None, 0 if before is None or first else before.total(BYTES),
            run.total(READ) if scans_table else run.total(ROWS) if before is None or first else before.total(ROWS),
            run.total(BYTES), run.total(ROWS), run.total(BLOCKS), None, run.total(BLOCKS) if scans_table else 0, 0,
            None, _skew([s[ROWS] for s in run.shares]), _skew([s[ENDED] - s[BEGUN] for s in run.shares]), "f",
            -(-run.spilled // BLOCK_BYTES), 0, None, "step", run.parent, run.node,
        )  # fmt: skip
        before = run


def _skew(values: list[int]) -> int:
    """How far the largest is above the mean, in % of the largest."""
    largest = max(values)
    return round(100 * (largest - sum(values) / len(values)) / largest) if largest else 0


def _stream_segments(context: Context, queries: Queries) -> Rows:
    seen: set[tuple[int, int]] = set()
    for run in step_runs(context, queries):
        if (run.query, run.segment) not in seen:
            seen.add((run.query, run.segment))
            yield run.who["userid"], run.query, run.stream, run.segment


def _state(context: Context, queries: Queries) -> Rows:
    """As far as slices have come: a task's rows are counted at its end."""
    for run in running_steps(context):
        rows, size = run.total(ROWS), run.total(BYTES)
        if rows or run.total(READ):
            times = [share[ENDED] - share[BEGUN] for share in run.shares]
            longest = max(times)
            yield (
                run.who["userid"], run.query, run.segment, run.step, longest, sum(times) // len(times), rows, size,
                None, run.memory, rows * 1e6 / longest if longest else None, size * 1e6 / longest if longest else None,
                clip(run.known["label"], 25), _flag(run.spilled), run.memory, None, _flag(run.known.get("ranged")), "f",
            )  # fmt: skip


def _svl_compile(context: Context, queries: Queries) -> Rows:
    """Nothing is compiled for a query: its segments are programs of kernels that are there."""
    seen: set[tuple[int, int]] = set()
    for run in step_runs(context, queries):
        if (run.query, run.segment) not in seen:
            seen.add((run.query, run.segment))
            begun = moment(min(share[BEGUN] for share in run.shares))
            locus = 2 if run.known["leader"] else 1
            yield run.who["userid"], run.who["xid"], run.who["pid"], run.query, run.segment, locus, begun, begun, 0


# -- the tables ----------------------------------------------------------------------------------

_STEP: Columns = (
    ("userid", INTEGER), ("query", INTEGER), ("slice", INTEGER), ("segment", INTEGER), ("step", INTEGER),
    ("starttime", TIMESTAMP), ("endtime", TIMESTAMP), ("tasknum", INTEGER), ("rows", BIGINT),
)  # fmt: skip
_BYTES, _TBL, _DISK, _MEMORY, _CHECKSUM = (
    ("bytes", BIGINT), ("tbl", INTEGER), ("is_diskbased", char(1)), ("workmem", BIGINT), ("checksum", BIGINT)
)  # fmt: skip
_PACKETS = ("packets", INTEGER)


def _table(name: str, columns: Columns, make: Any) -> VirtualTable:
    return VirtualTable("pg_catalog", name, columns, make, leader_only=False, by_query=True)


def _steps(name: str, columns: Columns, own: Own, *kinds: str) -> VirtualTable:
    return _table(name, (*_STEP, *columns), _of_kind(own, *kinds))


TABLES = (
    _steps(
        "stl_scan",
        (
            _BYTES, ("fetches", BIGINT), ("type", INTEGER), _TBL, ("is_rrscan", char(1)),
            ("is_delayed_scan", char(1)), ("rows_pre_filter", BIGINT), ("rows_pre_user_filter", BIGINT),
            ("perm_table_name", char(136)), ("is_rlf_scan", char(1)), ("is_rlf_scan_reason", INTEGER),
            ("num_em_blocks", INTEGER), _CHECKSUM, ("runtime_filtering", char(1)), ("scan_region", INTEGER),
            ("num_sortkey_as_predicate", INTEGER), ("row_fetcher_state", INTEGER), ("consumed_scan_ranges", BIGINT),
            ("work_stealing_reason", BIGINT), ("is_vectorized_scan", char(1)), ("is_vectorized_scan_reason", INTEGER),
            ("row_fetcher_reason", BIGINT), ("topology_signature", BIGINT), ("use_tpm_partition", char(1)),
            ("is_rrscan_expr", char(1)),
        ),
        _scan, "scan",
    ),
    _steps("stl_dist", (_BYTES, _PACKETS), _sent, "dist"),
    _steps("stl_bcast", (_BYTES, _PACKETS), _sent, "bcast"),
    _steps("stl_return", (_BYTES, _PACKETS, _CHECKSUM), lambda run, share: (*_sent(run, share), None), "return"),
    _steps(
        "stl_hash",
        (
            _BYTES, ("slots", INTEGER), ("occupied", INTEGER), ("maxlength", INTEGER), _TBL, _DISK, _MEMORY,
            ("num_parts", INTEGER), ("est_rows", BIGINT), ("num_blocks_permitted", INTEGER), ("resizes", INTEGER),
            _CHECKSUM, ("runtime_filter_size", INTEGER), ("max_runtime_filter_size", INTEGER),
        ),
        _hash, "hash",
    ),
    _steps(
        "stl_hashjoin",
        (
            _TBL, ("num_parts", INTEGER), ("join_type", INTEGER), ("hash_looped", char(1)),
            ("switched_parts", char(1)), ("used_prefetching", char(1)), ("hash_segment", INTEGER),
            ("hash_step", INTEGER), _CHECKSUM, ("distribution", INTEGER),
        ),
        _hash_join, "hjoin",
    ),
    _steps("stl_mergejoin", (_TBL, _CHECKSUM), lambda run, share: (run.table, None), "mjoin"),
    _steps("stl_nestloop", (_TBL, _CHECKSUM), lambda run, share: (run.table, None), "nloop"),
    _steps(
        "stl_aggr",
        (
            _BYTES, ("slots", INTEGER), ("occupied", INTEGER), ("maxlength", INTEGER), _TBL, _DISK, _MEMORY,
            ("type", char(6)), ("resizes", INTEGER), ("flushable", INTEGER),
        ),
        _aggregate, "aggr",
    ),
    _steps("stl_sort", (_BYTES, _TBL, _DISK, _MEMORY, _CHECKSUM), _kept, "sort"),
    _steps("stl_window", (_DISK, _MEMORY), lambda run, share: (_flag(run.spilled), run.memory), "window"),
    _steps("stl_save", (_BYTES, _TBL, _DISK, _MEMORY), lambda run, share: _kept(run, share)[:4], "save"),
    _steps("stl_insert", (_TBL, ("inserted_mega_value", char(1))), lambda run, share: (run.table, None), "insert"),
    _steps("stl_delete", (_TBL,), lambda run, share: (run.table,), "delete"),
    _steps("stl_project", (_CHECKSUM,), lambda run, share: (None,), "project"),
    _steps("stl_limit", (_CHECKSUM,), lambda run, share: (None,), "limit"),
    _steps("stl_merge", (_CHECKSUM,), lambda run, share: (None,), "merge"),
    _table(
        "svl_query_report",
        (
            ("userid", INTEGER), ("query", INTEGER), ("slice", INTEGER), ("segment", INTEGER), ("step", INTEGER),
            ("start_time", TIMESTAMP), ("end_time", TIMESTAMP), ("elapsed_time", BIGINT), ("rows", BIGINT), _BYTES,
            ("label", char(256)), _DISK, _MEMORY, ("is_rrscan", char(1)), ("is_delayed_scan", char(1)),
            ("rows_pre_filter", BIGINT),
        ),
        _report,
    ),
    *both(
        "query_summary",
        (
            ("userid", INTEGER), ("query", INTEGER), ("stm", INTEGER), ("seg", INTEGER), ("step", INTEGER),
            ("maxtime", BIGINT), ("avgtime", BIGINT), ("rows", BIGINT), _BYTES, ("rate_row", DOUBLE),
            ("rate_byte", DOUBLE), ("label", TEXT), _DISK, _MEMORY, ("is_rrscan", char(1)),
            ("is_delayed_scan", char(1)), ("rows_pre_filter", BIGINT),
        ),
        _summary, "svl",
    ),
    _table(
        "svv_query_state",
        (
            ("userid", INTEGER), ("query", INTEGER), ("seg", INTEGER), ("step", INTEGER), ("maxtime", BIGINT),
            ("avgtime", BIGINT), ("rows", BIGINT), _BYTES, ("cpu", BIGINT), ("memory", BIGINT), ("rate_row", DOUBLE),
            ("rate_byte", DOUBLE), ("label", char(25)), _DISK, _MEMORY, ("num_parts", INTEGER), ("is_rrscan", char(1)),
            ("is_delayed_scan", char(1)),
        ),
        _state,
    ),
    *both(
        "compile",
        (
            ("userid", INTEGER), ("xid", BIGINT), ("pid", INTEGER), ("query", INTEGER), ("segment", INTEGER),
            ("locus", INTEGER), ("starttime", TIMESTAMP), ("endtime", TIMESTAMP), ("compile", INTEGER),
        ),
        _svl_compile, "svl",
    ),
    _table(
        "sys_query_detail",
        (
            ("user_id", INTEGER), ("query_id", BIGINT), ("child_query_sequence", INTEGER), ("stream_id", INTEGER),
            ("segment_id", INTEGER), ("step_id", INTEGER), ("step_name", TEXT), ("table_id", INTEGER),
            ("table_name", char(136)), ("is_rrscan", char(1)), ("start_time", TIMESTAMP), ("end_time", TIMESTAMP),
            ("duration", BIGINT), ("alert", TEXT), ("input_bytes", BIGINT), ("input_rows", BIGINT),
            ("output_bytes", BIGINT), ("output_rows", BIGINT), ("blocks_read", BIGINT), ("blocks_write", BIGINT),
            ("local_read_io", BIGINT), ("remote_read_io", BIGINT), ("source", TEXT), ("data_skewness", INTEGER),
            ("time_skewness", INTEGER), ("is_active", char(1)), ("spilled_block_local_disk", BIGINT),
            ("spilled_block_remote_disk", BIGINT), ("step_attribute", TEXT), ("metrics_level", TEXT),
            ("plan_parent_id", INTEGER), ("plan_node_id", INTEGER),
        ),
        _detail,
    ),
    *both(
        "stream_segs",
        (("userid", INTEGER), ("query", INTEGER), ("stream", INTEGER), ("segment", INTEGER)),
        _stream_segments,
    ),
)  # fmt: skip
