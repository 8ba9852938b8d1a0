"""CANCEL: stop what another session runs, in this process or another one (r_CANCEL.md)."""

from __future__ import annotations

from ...errors import UndefinedObject
from ...planner.statements import CancelQuery
from ..context import Context
from ..result import Result


def run(statement: CancelQuery, context: Context) -> Result:
    if not context.database.sessions.cancel(statement.session, statement.message):
        raise UndefinedObject(
            f"session {statement.session} does not exist", hint="STV_SESSIONS lists the sessions that do."
        )
    return Result("CANCEL", notices=context.notices)
