"""UPDATE: the rows that its query finds leave the table, and come back as SET has them."""

from __future__ import annotations

from ...planner.statements import Update
from ..access import need
from ..context import Context
from ..result import Result
from . import names
from .changes import need_read, plan_changes, rewrite

MANY = "Found multiple matches to update the same tuple."


def run(statement: Update, context: Context) -> Result:
    need(context, names.table(statement.table, context), "update", [a.column for a in statement.assignments])
    table = names.locked(statement.table, context)
    need_read(statement.query, table, [a.value for a in statement.assignments], context)
    query = plan_changes(statement.query, table, statement.alias, statement.assignments, context)
    strict = context.settings["error_on_nondeterministic_update"] == "on"
    rows = rewrite(query, table, context, once=MANY if strict else None)
    return Result("UPDATE", rowcount=rows.rows, notices=context.notices)
