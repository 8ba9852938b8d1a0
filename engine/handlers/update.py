"""UPDATE: the rows that its query finds leave the table, and come back as SET has them."""

from __future__ import annotations

from ...planner.physical import PhysicalQuery
from ...planner.statements import Update
from ...storage.schema import Table
from ..access import need
from ..context import Context
from ..result import Result
from . import names
from .changes import need_read, plan_changes, rewrite

MANY = "Found multiple matches to update the same tuple."


def run(statement: Update, context: Context) -> Result:
    _need(statement, names.table(statement.table, context), context)
    table = names.locked(statement.table, context)
    query = _planned(statement, table, context)
    strict = context.settings["error_on_nondeterministic_update"] == "on"
    rows = rewrite(query, table, context, once=MANY if strict else None)
    return Result("UPDATE", rowcount=rows.rows, notices=context.notices)


def planned(statement: Update, context: Context) -> PhysicalQuery:
    """The plan that finds the rows, for EXPLAIN."""
    table = names.table(statement.table, context)
    _need(statement, table, context)
    return _planned(statement, table, context)


def _need(statement: Update, table: Table, context: Context) -> None:
    need(context, table, "update", [a.column for a in statement.assignments])


def _planned(statement: Update, table: Table, context: Context) -> PhysicalQuery:
    need_read(statement.query, table, [a.value for a in statement.assignments], context)
    return plan_changes(statement.query, table, statement.alias, statement.assignments, context)
