"""STL_CONNECTION_LOG and SYS_CONNECTION_LOG: who opened a session, and when it ended.

An ended session left a note to the history (Session.close); those that are open tell of themselves, whatever process
they are in. Nobody is asked for a password, so that there is no `authentication failure`; a process that was killed
leaves no `disconnecting session`. What belongs to sockets and their encryption is NULL or empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from ...storage.types import INTEGER, TIMESTAMP, char
from ..context import Context
from ..session import SESSION
from .base import DATABASE, VirtualTable, clip
from .stl import moment

# What, when, session, user, microseconds since it began, program, the session's name for ever (`sessionid`).
Event = tuple[str, datetime, int, str, int, str, str]


def _events(context: Context) -> list[Event]:
    """Oldest first."""
    found: list[Event] = []
    for r in context.database.history.events(SESSION):
        began, ended, who = moment(r["start"]), moment(r["end"]), (r["pid"], r["user"])
        found += _beginning(began, *who, r["application"])
        found.append(
            ("disconnecting session", ended, *who, r["end"] - r["start"], r["application"], _name(r["pid"], began))
        )
    for session in context.database.sessions.all():
        found += _beginning(session.started, session.id, session.user, "")
    return sorted(found, key=lambda e: e[1])


def _beginning(when: datetime, session: int, user: str, application: str) -> Iterator[Event]:
    for what in ("authenticated", "initiating session"):
        yield what, when, session, user, 0, application, _name(session, when)


def _name(session: int, began: datetime) -> str:
    """One for all events of a session and no other session's: numbers of sessions come back, moments do not."""
    return str(UUID(int=session << 64 | int(began.timestamp() * 1_000_000)))


def _stl(context: Context) -> Iterator[tuple[Any, ...]]:
    for what, when, session, user, duration, application, name in _events(context):
        yield (what, when, "[local]", "", session, DATABASE, clip(user, 50), "Trust", duration, "", "", 0, "", "", "",
               clip(application, 250), None, None, "none", 0, name, "")  # fmt: skip


def _sys(context: Context) -> Iterator[tuple[Any, ...]]:
    for row in _stl(context):
        yield *row[:-6], row[-5], row[-6], *row[-4:-2]


_SOCKET = (
    ("{ssl}version", char(50)), ("{ssl}cipher", char(128)), ("mtu", INTEGER), ("{ssl}compression", char(64)),
    ("{ssl}expansion", char(64)),
)  # fmt: skip


def _socket(prefix: str) -> Iterator[tuple[str, Any]]:
    return ((name.format(ssl=prefix), type) for name, type in _SOCKET)


TABLES = (
    VirtualTable(
        "pg_catalog",
        "stl_connection_log",
        (("event", char(50)), ("recordtime", TIMESTAMP), ("remotehost", char(45)), ("remoteport", char(32)),
         ("pid", INTEGER), ("dbname", char(50)), ("username", char(50)), ("authmethod", char(32)),
         ("duration", INTEGER), *_socket("ssl"), ("iamauthguid", char(36)), ("application_name", char(250)),
         ("os_version", char(64)), ("driver_version", char(64)), ("plugin_name", char(32)),
         ("protocol_version", INTEGER), ("sessionid", char(36)), ("compression", char(8))),
        _stl,
        leader_only=False,
        superusers=True,
    ),
    VirtualTable(
        "pg_catalog",
        "sys_connection_log",
        (("event", char(50)), ("record_time", TIMESTAMP), ("remote_host", char(45)), ("remote_port", char(32)),
         ("session_id", INTEGER), ("database_name", char(50)), ("user_name", char(50)), ("auth_method", char(32)),
         ("duration", INTEGER), *_socket("ssl_"), ("iam_auth_guid", char(36)), ("application_name", char(250)),
         ("driver_version", char(64)), ("os_version", char(64)), ("plugin_name", char(32)),
         ("protocol_version", INTEGER)),
        _sys,
        leader_only=False,
        superusers=True,
    ),
)  # fmt: skip
