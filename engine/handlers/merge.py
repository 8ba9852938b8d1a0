"""MERGE: rows of a source table into a target: matched rows change or go, the others come.

    matched        target join source on condition        -> UPDATE or DELETE; a target row matches once at most
    not matched    source where not exists (target on condition)      -> INSERT
    REMOVE DUPLICATES    matched target rows go, all source rows come (the manual: a simplified mode)

All three see the same snapshot and are committed as one.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from ...errors import NotSupportedError, ProgrammingError, SqlSyntaxError
from ...planner.binder.dml import refuse_groups
from ...planner.statements import Insert, Merge
from ...planner.statements.dml import ROW_ID_WANTED
from ...planner.syntax import identifier
from ...storage.deletes import RowSet
from ...storage.schema import ExternalTable, Table, View
from ..access import need
from ..context import Context
from ..result import Result
from . import names
from .binding import plan_insert
from .changes import delete, matched, plan_changes, rewrite
from .load import loading
from .update import MANY


def run(statement: Merge, context: Context) -> Result:
    for needed in _needs(statement):
        need(context, names.table(statement.table, context), needed)
    if context.settings["compatibility"] != "extended":
        _refuse_paths(statement)
    target = names.locked(statement.table, context)
    source = _source(statement, context)
    if source.id == target.id:
        raise ProgrammingError("the source and the target of MERGE can't be the same table", sqlstate="42712")
    before = replace(context)  # both parts read what was there before either
    insert, positions = plan_insert(_insertion(statement, target, source), target, before)
    with context.transaction.together():
        count = _change_matched(statement, target, context)
        with loading(target, context, positions, plan=insert) as load:
            load.run(insert, before)
    return Result("MERGE", rowcount=count + load.rows, notices=context.notices)


def _refuse_paths(statement: Merge) -> None:
    """A part of a SUPER column, by [..] or a dot behind the column (r_MERGE)."""
    tables = (statement.alias or statement.table.name, statement.source_alias or statement.source.name)
    values = [a.value for a in statement.update or ()] + list(statement.insert or ())
    for tree in (statement.on, *values):
        if tree is None:
            continue
        columns = tree.find_all(exp.Column)  # t.column.attribute looks like schema.table.column
        if tree.find(exp.Bracket, exp.Dot) is not None or any(c.db.lower() in tables for c in columns):
            raise NotSupportedError("Partial reference of SUPER column is not supported in MERGE statement.")


def _needs(statement: Merge) -> list[str]:
    """Privileges on the target, which is read in any case."""
    matched = "delete" if statement.update is None else "update"
    return ["select", matched, "insert"]


def _source(statement: Merge, context: Context) -> Table:
    if isinstance(names.find(statement.source, context), View):
        raise NotSupportedError("the source of MERGE can't be a view", position=statement.source.position)
    return names.external(statement.source, context) or names.table(statement.source, context)


def _change_matched(statement: Merge, target: Table, context: Context) -> int:
    """Update or delete the target's rows that have a match; how many."""
    query = statement.query.copy().where(statement.on.copy())
    physical = plan_changes(query, target, statement.alias, statement.update, context)
    if statement.update is not None:
        return rewrite(physical, target, context, once=MANY).rows
    rows = RowSet()
    for ids, _ in matched(physical, context):
        if not rows.add(ids).all():
            raise ProgrammingError(MANY, sqlstate="21000")
    delete(target, rows, context)
    return 0 if statement.insert is None else rows.rows


def _insertion(statement: Merge, target: Table, source: Table) -> Insert:
    """The INSERT of the source's rows: those without a match, or all of them."""
    from_source = statement.query.args["joins"][0].this
    select = exp.Select().from_(from_source.copy())
    name = statement.source_alias or statement.source.name
    if statement.insert is None:
        columns_there = source.columns[: source.visible] if isinstance(source, ExternalTable) else source.columns
        if len(columns_there) != len(target.columns):
            raise SqlSyntaxError("MERGE REMOVE DUPLICATES needs a source with the columns of the target")
        values = [_column(c.name, name) for c in columns_there]
        columns = tuple(c.name for c in target.columns)
    else:
        columns = statement.columns or tuple(c.name for c in target.columns[: len(statement.insert)])
        if len(columns) != len(statement.insert):
            raise SqlSyntaxError("INSERT has a different number of target columns and expressions")
        for value in statement.insert:
            refuse_groups(value, "VALUES", None)
        values = [v for v in statement.insert if v is not None]
        columns = tuple(c for c, v in zip(columns, statement.insert) if v is not None)
        taken = statement.query.args["from_"].this.copy()
        taken.meta.pop(ROW_ID_WANTED, None)
        matching = exp.Select(expressions=[exp.Literal.number(1)]).from_(taken).where(statement.on.copy())
        select = select.where(exp.Not(this=exp.Exists(this=matching)))
    select.set("expressions", values or [exp.Null()])
    return Insert(statement.table, columns, select)


def _column(name: str, table: str) -> exp.Column:
    return exp.Column(this=identifier(name), table=identifier(table))
