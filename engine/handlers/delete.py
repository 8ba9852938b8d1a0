"""DELETE: the rows that its query finds leave the table."""

from __future__ import annotations

from ...planner.physical import PhysicalQuery
from ...planner.statements import Delete
from ...storage.deletes import RowSet
from ...storage.schema import Table
from ..access import need
from ..context import Context
from ..result import Result
from . import names
from .changes import delete, matched, need_read, plan_changes


def run(statement: Delete, context: Context) -> Result:
    table = names.locked(statement.table, context, "delete")
    query = _planned(statement, table, context)
    rows = RowSet()
    for ids, _ in matched(query, context):
        rows.add(ids)
    delete(table, rows, context)
    return Result("DELETE", rowcount=rows.rows, notices=context.notices)


def planned(statement: Delete, context: Context) -> PhysicalQuery:
    """The plan that finds the rows, for EXPLAIN."""
    table = names.table(statement.table, context)
    need(context, table, "delete")
    return _planned(statement, table, context)


def _planned(statement: Delete, table: Table, context: Context) -> PhysicalQuery:
    need_read(statement.query, table, (), context)
    return plan_changes(statement.query, table, statement.alias, None, context)
