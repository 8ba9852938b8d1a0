"""BEGIN, COMMIT, ROLLBACK."""

from __future__ import annotations

from ...planner.statements import Transaction
from ..context import Context
from ..result import Result


def run(statement: Transaction, context: Context) -> Result:
    session = context.session
    if statement.action == "begin":
        if not session.begin(read_only=statement.read_only):
            context.notice("WARNING", "there is already a transaction in progress")
        return Result("BEGIN", notices=context.notices)
    if not session.block.is_open:
        context.notice("WARNING", "there is no transaction in progress")
    if statement.action == "commit" and session.commit():
        return Result("COMMIT", notices=context.notices)
    session.rollback()
    return Result("ROLLBACK", notices=context.notices)
