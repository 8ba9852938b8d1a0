"""STV tables: what is now. stv_slices maps slices to nodes; sessions and locks are those of all processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.snapshot_isolation import is_snapshot
from ...storage.types import BIGINT, BOOLEAN, INTEGER, TEXT, TIMESTAMP, char
from ..context import Context
from .base import DATABASE, VirtualTable, clip
from .blocks import DATABASE_ID
from .stl import moment


def _stv_slices(context: Context) -> Iterator[tuple[Any, ...]]:
    seen: dict[int, int] = {}
    for number, node in enumerate(context.view.topology.node_of_slice):
        local = seen.get(node, 0)
        seen[node] = local + 1
        yield node, number, local, "D"


def _stv_sessions(context: Context) -> Iterator[tuple[Any, ...]]:
    for session in context.database.sessions.all():
        yield session.started, session.id, clip(session.user, 50), DATABASE, 0


def _stv_locks(context: Context) -> Iterator[tuple[Any, ...]]:
    for lock in context.database.locks.held():
        since = moment(lock.since)
        yield lock.table, None, since, lock.transaction, lock.session, since, None, "Holding write lock"


def _pg_locks(context: Context) -> Iterator[tuple[Any, ...]]:
    """The write locks; readers hold none that others could see."""
    for lock in context.database.locks.held():
        yield lock.table, DATABASE_ID, lock.transaction, lock.session, "ShareRowExclusiveLock", True


def isolation(context: Context) -> str:
    """The database's isolation level, in the words of STV_DB_ISOLATION_LEVEL."""
    return "Snapshot Isolation" if is_snapshot(context.database.newest) else "Serializable"


def _stv_db_isolation_level(context: Context) -> Iterator[tuple[Any, ...]]:
    yield DATABASE, isolation(context)


TABLES = (
    VirtualTable(
        "pg_catalog",
        "pg_locks",
        (("relation", INTEGER), ("database", INTEGER), ("transaction", BIGINT), ("pid", INTEGER), ("mode", TEXT),
         ("granted", BOOLEAN)),
        _pg_locks,
    ),
    VirtualTable(
        "pg_catalog",
        "stv_db_isolation_level",
        (("db_name", char(128)), ("isolation_level", char(20))),
        _stv_db_isolation_level,
        leader_only=False,
        superusers=True,
    ),
    VirtualTable(
        "pg_catalog",
        "stv_sessions",
        (("starttime", TIMESTAMP), ("process", INTEGER), ("user_name", char(50)), ("db_name", char(50)),
         ("timeout_sec", INTEGER)),
        _stv_sessions,
        leader_only=False,
    ),
    VirtualTable(
        "pg_catalog",
        "stv_locks",
        (("table_id", BIGINT), ("last_commit", TIMESTAMP), ("last_update", TIMESTAMP), ("lock_owner", BIGINT),
         ("lock_owner_pid", BIGINT), ("lock_owner_start_ts", TIMESTAMP), ("lock_owner_end_ts", TIMESTAMP),
         ("lock_status", char(22))),
        _stv_locks,
        leader_only=False,
        superusers=True,
    ),
    VirtualTable(
        "pg_catalog",
        "stv_slices",
        (("node", INTEGER), ("slice", INTEGER), ("localslice", INTEGER), ("type", char(1))),
        _stv_slices,
        leader_only=False,
    ),
)
