"""DELETE: the rows that its query finds leave the table."""

from __future__ import annotations

from ...planner.statements import Delete
from ...storage.deletes import RowSet
from ..context import Context
from ..result import Result
from . import names
from .changes import delete, matched, need_read, plan_changes


def run(statement: Delete, context: Context) -> Result:
    table = names.locked(statement.table, context, "delete")
    need_read(statement.query, table, (), context)
    query = plan_changes(statement.query, table, statement.alias, None, context)
    rows = RowSet()
    for ids, _ in matched(query, context):
        rows.add(ids)
    delete(table, rows, context)
    return Result("DELETE", rowcount=rows.rows, notices=context.notices)
