"""STL tables: what has happened, from the database's history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from ...storage.transactions import CONFLICT
from ...storage.types import BIGINT, INTEGER, TIMESTAMP, char
from ..context import Context
from .base import VirtualTable, clip

# Statements that STL_QUERY shows; SET, SHOW and DDL are not queries.
QUERIES = frozenset(("Select", "Insert", "Copy", "Unload", "CreateTableAs", "Analyze"))
LABEL_BYTES = 320
TEXT_BYTES = 4000
_EPOCH = datetime(1970, 1, 1)


def moment(microseconds: int) -> datetime:
    """A history record's time as a naive UTC timestamp."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _stl_query(context: Context) -> Iterator[tuple[Any, ...]]:
    for r in context.database.history.rows():
        if r["kind"] in QUERIES:
            yield (
                r["userid"], r["query"], clip(r["label"], LABEL_BYTES), r["xid"], r["pid"], r["database"],
                clip(r["querytxt"], TEXT_BYTES), moment(r["starttime"]), moment(r["endtime"]), r["aborted"],
                0, 0,
            )  # fmt: skip


def _stl_tr_conflict(context: Context) -> Iterator[tuple[Any, ...]]:
    for r in context.database.history.events(CONFLICT):
        yield r["xid"], r["pid"], moment(r["start"]), moment(r["abort"]), r["table"]


TABLES = (
    VirtualTable(
        "pg_catalog",
        "stl_tr_conflict",
        (("xact_id", BIGINT), ("process_id", BIGINT), ("xact_start_ts", TIMESTAMP), ("abort_time", TIMESTAMP),
         ("table_id", BIGINT)),
        _stl_tr_conflict,
        leader_only=False,
    ),
    VirtualTable(
        "pg_catalog",
        "stl_query",
        (
            ("userid", INTEGER), ("query", INTEGER), ("label", char(LABEL_BYTES)), ("xid", BIGINT),
            ("pid", INTEGER), ("database", char(32)), ("querytxt", char(TEXT_BYTES)),
            ("starttime", TIMESTAMP), ("endtime", TIMESTAMP), ("aborted", INTEGER),
            ("insert_pristine", INTEGER), ("concurrency_scaling_status", INTEGER),
        ),
        _stl_query,
        leader_only=False,
    ),
)  # fmt: skip
