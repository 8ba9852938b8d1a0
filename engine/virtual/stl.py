"""STL tables: what has happened, from the database's history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from ...storage.transactions import CONFLICT
from ...storage.types import BIGINT, INTEGER, TIMESTAMP
from ..context import Context
from .base import VirtualTable

_EPOCH = datetime(1970, 1, 1)


def moment(microseconds: int) -> datetime:
    """A history record's time as a naive UTC timestamp."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _stl_tr_conflict(context: Context) -> Iterator[tuple[Any, ...]]:
    for r in context.database.history.events(CONFLICT):
        yield r["xid"], r["pid"], moment(r["start"]), moment(r["abort"]), r["table"]


def _stl_undone(context: Context) -> Iterator[tuple[Any, ...]]:
    """Nothing: extents of a transaction that failed are never named, so that there is nothing to undo."""
    return iter(())


TABLES = (
    VirtualTable(
        "pg_catalog",
        "stl_undone",
        (("userid", INTEGER), ("xact_id", BIGINT), ("xact_id_undone", BIGINT), ("undo_start_ts", TIMESTAMP),
         ("undo_end_ts", TIMESTAMP), ("table_id", BIGINT)),
        _stl_undone,
        leader_only=False,
    ),
    VirtualTable(
        "pg_catalog",
        "stl_tr_conflict",
        (("xact_id", BIGINT), ("process_id", BIGINT), ("xact_start_ts", TIMESTAMP), ("abort_time", TIMESTAMP),
         ("table_id", BIGINT)),
        _stl_tr_conflict,
        leader_only=False,
        superusers=True,
    ),
)  # fmt: skip
