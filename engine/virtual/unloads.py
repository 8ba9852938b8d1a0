"""Tables about UNLOAD: each file (STL_UNLOAD_LOG, SVCS_UNLOAD_LOG, SYS_UNLOAD_DETAIL), each statement
(SYS_UNLOAD_HISTORY)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.types import BIGINT, INTEGER, TEXT, TIMESTAMP, char
from ..context import Context
from ..unload_history import EVENT
from .base import DATABASE, VirtualTable, clip
from .stl import moment

PATH_BYTES = 1280


def _files(context: Context) -> Iterator[tuple[dict[str, Any], int, tuple[Any, ...]]]:
    """(statement, slice, what all tables say of a file)."""
    for r in context.database.history.events(EVENT):
        for slice, url, rows, size in r["files"]:
            yield r, slice, (
                clip(url, PATH_BYTES), moment(r["start"]), moment(r["end"]), rows, size, clip(r["format"], 10)
            )  # fmt: skip


def _stl(context: Context) -> Iterator[tuple[Any, ...]]:
    for r, slice, told in _files(context):
        yield r["userid"], r["query"], slice, r["pid"], *told


def _svcs(context: Context) -> Iterator[tuple[Any, ...]]:
    for r, _, told in _files(context):
        yield r["userid"], r["query"], r["pid"], *told


def _detail(context: Context) -> Iterator[tuple[Any, ...]]:
    for r, _, told in _files(context):
        yield r["userid"], r["query"], r["pid"], r["xid"], *told


def _history(context: Context) -> Iterator[tuple[Any, ...]]:
    for r in context.database.history.events(EVENT):
        yield (
            r["userid"], r["query"], r["xid"], r["pid"], DATABASE, r["status"], moment(r["start"]), moment(r["end"]),
            r["end"] - r["start"], r["format"], r["compression"], r["location"], r["rows"], len(r["files"]),
            sum(size for _, _, _, size in r["files"]), r["error"],
        )  # fmt: skip


_TIMES = (("start_time", TIMESTAMP), ("end_time", TIMESTAMP))
_SIZES = (*_TIMES, ("line_count", BIGINT), ("transfer_size", BIGINT), ("file_format", char(10)))

TABLES = (
    VirtualTable(
        "pg_catalog", "stl_unload_log",
        (("userid", INTEGER), ("query", INTEGER), ("slice", INTEGER), ("pid", INTEGER), ("path", char(PATH_BYTES)),
         *_SIZES),
        _stl, leader_only=False,
    ),
    VirtualTable(
        "pg_catalog", "svcs_unload_log",
        (("userid", INTEGER), ("query", INTEGER), ("pid", INTEGER), ("path", char(PATH_BYTES)), *_SIZES),
        _svcs, leader_only=False,
    ),
    VirtualTable(
        "pg_catalog", "sys_unload_detail",
        (("user_id", INTEGER), ("query_id", INTEGER), ("session_id", INTEGER), ("transaction_id", BIGINT),
         ("file_name", char(PATH_BYTES)), *_SIZES),
        _detail, leader_only=False,
    ),
    VirtualTable(
        "pg_catalog", "sys_unload_history",
        (("user_id", INTEGER), ("query_id", BIGINT), ("transaction_id", BIGINT), ("session_id", INTEGER),
         ("database_name", TEXT), ("status", TEXT), *_TIMES, ("duration", BIGINT), ("file_format", TEXT),
         ("compression_type", TEXT), ("unloaded_location", TEXT), ("unloaded_rows", BIGINT),
         ("unloaded_files_count", BIGINT), ("unloaded_files_size", BIGINT), ("error_message", TEXT)),
        _history, leader_only=False,
    ),
)  # fmt: skip
