"""CANCEL and PG_CANCEL_BACKEND: stop what another session runs; PG_TERMINATE_BACKEND: end the session itself.

In this process or another one (r_CANCEL.md, PG_TERMINATE_BACKEND.md). A user may do so to sessions of the same name,
superusers and whoever has the system permission CANCEL to all.
"""

from __future__ import annotations

from ...errors import PermissionDenied, UndefinedObject
from ...planner.statements import CancelQuery
from ..context import Context
from ..result import Result

TERMINATED = "terminating connection due to administrator command"


def run(statement: CancelQuery, context: Context) -> Result:
    stop(context, statement.session, statement.message)
    return Result("CANCEL", notices=context.notices)


def stop(context: Context, session: int, message: str | None = None) -> None:
    """Stop what the session runs; `message`: what its error says."""
    _check(context, session, "cancel")
    if not context.database.sessions.cancel(session, message):
        raise _unknown(session)


def terminate(context: Context, session: int) -> None:
    """End the session: what it runs stops, its transaction is rolled back, its locks are free."""
    _check(context, session, "terminate")
    if not context.database.sessions.terminate(session, TERMINATED):
        raise _unknown(session)


def _check(context: Context, session: int, what: str) -> None:
    found = next((s for s in context.database.sessions.all() if s.id == session), None)
    if found is None:
        raise _unknown(session)
    if found.user != context.user and not context.rights.system("cancel"):
        raise PermissionDenied(f"must be superuser or have the CANCEL permission to {what} session {session}")


def _unknown(session: int) -> UndefinedObject:
    return UndefinedObject(f"session {session} does not exist", hint="STV_SESSIONS lists the sessions that do.")
