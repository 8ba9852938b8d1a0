"""LOCK: nobody else reads or writes the tables until the transaction ends. What others have read or written before is
waited for, and seen from then on if the transaction has seen nothing yet (storage/access_locks.py)."""

from __future__ import annotations

from ...planner.statements import Lock
from ..access import need
from ..context import Context
from ..result import Result
from . import names


def run(statement: Lock, context: Context) -> Result:
    context.database.check_writable()
    tables = [names.table(name, context) for name in statement.tables]
    for table in tables:
        need(context, table, "update")
    context.session.lock(context, tables)
    context.session.close_tables(context, tables, alone=True)
    for name in statement.tables:
        names.table(name, context)  # it may have been dropped while it was waited for
    return Result("LOCK", notices=context.notices)
