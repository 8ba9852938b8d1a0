"""BEGIN, COMMIT, ROLLBACK: each statement is its own transaction, so two of them can only agree."""

from __future__ import annotations

from ...errors import NotSupportedError
from ...planner.statements import Transaction
from ..context import Context
from ..result import Result


def run(statement: Transaction, context: Context) -> Result:
    match statement.action:
        case "begin":
            raise NotSupportedError(
                "BEGIN is not supported: each statement is a transaction of its own in this release"
            )
        case "commit":
            context.session.commit()
        case _:
            context.session.rollback()
    return Result(statement.action.upper())
