"""ALTER TABLE APPEND: all rows of one table move to the end of another (r_ALTER_TABLE_APPEND.md).

Where both tables number their columns alike (one was made LIKE the other, or by the same text), extents move as they
are: a second name for each file under the target's folder, and the delete vectors along with them. Otherwise the
rows are inserted and the source's extents dropped. Both are one commit of its own.
"""

from __future__ import annotations

import os
from dataclasses import replace

from sqlglot import exp

from ...errors import InvalidDefinition, ProgrammingError
from ...planner.statements import AppendTable, Insert
from ...planner.syntax import identifier
from ...storage.catalog.delta import AddExtents, Delta, DropExtents
from ...storage.load_files import LoadFiles
from ...storage.schema import Column, ExtentRef, Table, TableData
from ..access import need_owner
from ..context import Context
from ..result import Result
from . import insert, names
from .vacuum import refuse_in_block

TAG = "ALTER TABLE APPEND"


def run(statement: AppendTable, context: Context) -> Result:
    refuse_in_block(TAG, context)
    found = [names.table(name, context) for name in (statement.table, statement.source)]
    for table in found:
        need_owner(context, table, "alter", "alter table")
    context.session.lock(context, found)
    context.session.close_tables(context, found)
    target, source = (names.table(name, context) for name in (statement.table, statement.source))
    columns = _matched(target, source, statement)
    data = context.view.data(source)
    rows = data.statistics.rows
    if data.extents:
        with context.transaction.together():
            if _moves(target, source, columns, context):
                _move(_reserving(target, source), data, context)
            else:
                _copy(statement, columns, context)
                context.view = context.transaction.view(context.search_path)
                context.session.commit_delta(Delta(drop_extents=(DropExtents(source, None),)))
    return Result(TAG, rowcount=rows, notices=context.notices)


# -- may it be -----------------------------------------------------------------------------------------


def _matched(target: Table, source: Table, statement: AppendTable) -> list[Column]:
    """The source's columns that move; errors as the manual says."""
    if target.id == source.id:
        raise InvalidDefinition(f'cannot append table "{target.name}" to itself', position=statement.source.position)
    for table, name in ((target, statement.table), (source, statement.source)):
        if table.temporary:
            raise InvalidDefinition(f'"{table.name}" is a temporary table: both tables must be permanent',
                                    position=name.position)
    _check_identity(target, source, statement)
    extra = [c for c in source.columns if target.position(c.name) is None]
    lacking = [c for c in target.columns if source.position(c.name) is None]
    _check_extra(source, extra, statement.ignore_extra, "IGNOREEXTRA", statement)
    _check_extra(target, lacking, statement.fill_target, "FILLTARGET", statement)
    moving = [c for c in source.columns if c not in extra]
    for column in moving:
        _check_alike(column, target.columns[target.position(column.name) or 0], statement)
    if _design(target) != _design(source):
        raise InvalidDefinition(
            f'tables "{target.name}" and "{source.name}" must have the same distribution and sort key',
            position=statement.source.position,
        )
    return moving


def _check_identity(target: Table, source: Table, statement: AppendTable) -> None:
    """One table may have an IDENTITY column, by a name that the other one does not have."""
    found = [(table, c.name) for table in (target, source) for c in table.columns if _is_identity(c)]
    if len(found) > 1:
        raise InvalidDefinition(f'tables "{target.name}" and "{source.name}" both have an IDENTITY column',
                                position=statement.source.position)
    for table, name in found:
        if (source if table is target else target).position(name) is not None:
            raise InvalidDefinition(f'column "{name}" is an IDENTITY column in table "{table.name}" only',
                                    position=statement.source.position)


def _is_identity(column: Column) -> bool:
    """IDENTITY values cannot be appended; those BY DEFAULT can."""
    return column.identity is not None and column.default_sql != "identity"


def _check_extra(table: Table, extra: list[Column], allowed: bool, word: str, statement: AppendTable) -> None:
    if extra and not allowed:
        raise ProgrammingError(
            f'table "{table.name}" has columns that the other table does not have: {", ".join(c.name for c in extra)}',
            hint=f"ALTER TABLE APPEND ... {word} says what becomes of them.", sqlstate="42P16",
            position=statement.source.position,
        )


def _check_alike(a: Column, b: Column, statement: AppendTable) -> None:
    for what, differs in {
        "data type or size": a.type != b.type, "compression encoding": a.encoding != b.encoding,
        "NOT NULL": a.nullable != b.nullable,
    }.items():  # fmt: skip
        if differs:
            raise InvalidDefinition(f'column "{a.name}" has another {what} in the other table',
                                    position=statement.source.position)


def _design(table: Table) -> tuple[object, ...]:
    key = None if table.dist_key is None or table.auto_key else table.columns[table.dist_key].name
    return table.declared_style, key, table.interleaved, [table.columns[p].name for p in table.sort_key]


# -- doing it ------------------------------------------------------------------------------------------


def _moves(target: Table, source: Table, moving: list[Column], context: Context) -> bool:
    """Whether extents of the source can be read as the target's."""
    ours, theirs = context.view.data(target), context.view.data(source)
    alike = all(target.columns[target.position(c.name) or 0].id == c.id for c in moving)
    filled = [c for c in target.columns if c.id not in {m.id for m in moving}]
    strangers = {c.id for c in source.columns} - {c.id for c in moving}
    return (
        alike
        and not any(c.added is not None for c in moving)
        and not any(c.default_sql or c.identity or c.id in strangers or c.id <= source.last_column for c in filled)
        and (not ours.extents or ours.replicated == theirs.replicated)
        and (target.auto_key, target.dist_key) == (source.auto_key, source.dist_key)
        and (target.dist_style.name != "AUTO" or not theirs.replicated)
    )


def _move(target: Table, data: TableData, context: Context) -> None:
    database = context.database
    files = LoadFiles(database, target.id)
    moved: dict[int, ExtentRef] = {}
    try:
        for old in data.extents:
            moved[old.id] = files.inline_copy(old) if old.is_inline else _linked(files, old, context)
        files.sync()
        entry = context.transaction.entry(data.table)
        ids = {c.id for c in target.columns}
        deleted = {(moved[e].id, group): vector for (e, group), vector in data.deleted.items()}
        sketches = {id: sketch for id, sketch in entry.sketches.items() if id in ids} if entry.exact_bounds else {}
        context.session.commit_delta(Delta(
            replace=(target,), drop_extents=(DropExtents(data.table, None),),
            add_extents=(AddExtents(target, tuple(moved.values()), sketches, data.replicated, deleted=deleted),),
        ))
    except BaseException:
        database.discard([database.extent_path(e) for e in moved.values() if not e.is_inline])
        raise


def _reserving(target: Table, source: Table) -> Table:
    """The target, which will not give a new column an id that the source's extents know another column by."""
    return replace(target, last_column=max(target.last_column, source.next_column - 1))


def _linked(files: LoadFiles, old: ExtentRef, context: Context) -> ExtentRef:
    """A second name for the extent's file."""
    path = files.new_path(old.slice)
    os.link(context.database.files.local(old.path, context.cancel.check), path)
    name = os.path.relpath(path, context.database.data_folder())
    return replace(old, id=context.database.new_extent(), path=name)


def _copy(statement: AppendTable, moving: list[Column], context: Context) -> None:
    names_ = tuple(c.name for c in moving)
    source = exp.Table(this=identifier(statement.source.name),
                       db=identifier(statement.source.schema) if statement.source.schema else None)
    query = exp.select(*(exp.column(identifier(n)) for n in names_)).from_(source)
    insert.run(Insert(statement.table, names_, query), context)
