"""ALTER TABLE: new names, a column less, a longer VARCHAR; only the definition changes, never a stored row.

Columns are known by their ids in extents and statistics, so a renamed column is found and a dropped one is
passed over. Views are kept as texts: these follow new names (view_texts.py); to drop what one depends on is refused.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import (
    DependentObjects,
    DuplicateTable,
    InvalidDefinition,
    NotSupportedError,
    PermissionDenied,
    UndefinedColumn,
)
from ...planner.statements import AlterTable
from ...storage.catalog.delta import Delta
from ...storage.schema import Column, DistStyle, Table, View
from ...storage.stored import stored_column
from ...storage.types import Kind
from ..access import need_owner, user
from ..context import Context
from ..result import Result
from . import names
from .constraints import following_tables, pointing_anew, refers_to
from .dependencies import dependents, dependents_of_column, key
from .vacuum import refuse_in_block
from .view_texts import renamed_column, renamed_relation

TAG = "ALTER TABLE"
FIXED_ENCODINGS = ("bytedict", "runlength", "text255", "text32k")  # no other VARCHAR size with these


def run(statement: AlterTable, context: Context) -> Result:
    if (external := names.external(statement.table, context)) is not None:
        from .alter_external import alter_columns

        return alter_columns(statement, external, context)
    changed: Table | View
    gone: tuple[View, ...] = ()
    following: tuple[Table | View, ...] = ()  # views that read it on, tables with foreign keys to it
    if statement.action == "rename":
        relation = _relation(statement, context)
        changed = _renamed(relation, statement, context)
        following = renamed_relation(relation, changed.name, context.view)
        if isinstance(changed, Table):
            renamed = {key(relation): key(changed)}
            changed = pointing_anew(changed, renamed)
            following += following_tables(renamed, context)
    elif statement.action == "owner":
        changed = _given_away(_relation(statement, context), statement, context)
    else:
        need_owner(context, names.table(statement.table, context), "alter", "alter table")
        table = names.locked(statement.table, context, closed=True)
        position = table.position(statement.name)
        if position is None:
            raise UndefinedColumn(f'column "{statement.name}" of relation "{table.name}" does not exist',
                                  position=statement.position)
        if statement.action == "drop column" and statement.cascade:
            gone = tuple(dependents_of_column(table, statement.name, context.view))
        changed = _ACTIONS[statement.action](table, position, statement, context)
        if statement.action == "rename column":
            following = renamed_column(table, statement.name, statement.new_name, context.view)
            same = {key(table): key(table)}
            changed = pointing_anew(changed, same, statement.name, statement.new_name)
            following += following_tables(same, context, statement.name, statement.new_name)
    context.session.commit_delta(Delta(replace=(changed, *following), drop=gone))
    return Result(TAG, notices=context.notices)


def _relation(statement: AlterTable, context: Context) -> Table | View:
    """The table or view whose name or owner changes."""
    found = names.find(statement.table, context)
    if found is not None:
        need_owner(context, found, "alter", "alter table")
    return found if isinstance(found, View) else names.locked(statement.table, context, closed=True)


def _given_away(relation: Table | View, statement: AlterTable, context: Context) -> Table | View:
    """OWNER TO: by a superuser only (r_ALTER_TABLE)."""
    owner = user(context, statement.name)
    if not context.rights.superuser and owner.name != context.user:
        raise PermissionDenied("must be superuser to change the owner of a relation")
    return replace(relation, owner=owner.name)


def _check_dependents(relation: Table | View, what: str, context: Context, readers: list[View] | None = None) -> None:
    """Nothing may name the relation: views (`readers`; None: all) by their texts, tables by foreign keys."""
    views = [v.name for v in (dependents({key(relation)}, context.view) if readers is None else readers)]
    tables = [
        t.name for t in context.view.relations()
        if isinstance(t, Table) and isinstance(relation, Table) and refers_to(t, relation)
    ]
    if views or tables:
        raise DependentObjects(
            f"cannot {what} because other objects depend on it",
            detail="; ".join([f"view {v} depends on it" for v in views]
                             + [f"a foreign key of table {t} depends on it" for t in tables]),
            hint="Drop them first, and make them again.",
        )


def _renamed(relation: Table | View, statement: AlterTable, context: Context) -> Table | View:
    if statement.name.startswith("#") and not (isinstance(relation, Table) and relation.temporary):
        raise InvalidDefinition("a permanent table cannot have a name that begins with #", sqlstate="42602",
                                position=statement.position)
    if names.is_taken(relation.schema, statement.name, context):
        raise DuplicateTable(f'relation "{statement.name}" already exists', position=statement.position)
    return replace(relation, name=statement.name)


def _rename_column(table: Table, position: int, statement: AlterTable, context: Context) -> Table:
    if table.position(statement.new_name) is not None:
        raise InvalidDefinition(f'column "{statement.new_name}" of relation "{table.name}" already exists',
                                sqlstate="42701", position=statement.position)
    old, new = statement.name, statement.new_name
    constraints = tuple([replace(c, columns=tuple([new if n == old else n for n in c.columns]))
                         for c in table.constraints])
    return replace(_with_column(table, position, replace(table.columns[position], name=new)), constraints=constraints)


def _drop_column(table: Table, position: int, statement: AlterTable, context: Context) -> Table:
    if len(table.columns) == 1:
        raise InvalidDefinition("cannot drop the last column of a table", position=statement.position)
    if table.auto_key and position == table.dist_key:  # nobody asked for it: the rows may lie anywhere now
        table = replace(table, dist_style=DistStyle.AUTO, dist_key=None, auto_key=False)
    for role, keys in (("distribution key", (table.dist_key,)), ("sort key", table.sort_key)):
        if position in keys:
            raise InvalidDefinition(f'cannot drop column "{statement.name}": it is in the {role}',
                                    position=statement.position)
    own = [c for c in table.constraints if statement.name in c.columns]
    if own and not statement.cascade:
        raise DependentObjects(
            f"cannot drop column {statement.name} of table {table.name} because other objects depend on it",
            detail="; ".join([f"a {c.kind} constraint depends on it" for c in own]),
            hint="Use DROP ... CASCADE to drop the dependent objects too.",
        )
    views = [] if statement.cascade else dependents_of_column(table, statement.name, context.view)
    _check_dependents(table, f"drop column {statement.name} of table {table.name}", context, views)
    columns = table.columns[:position] + table.columns[position + 1 :]
    dist = table.dist_key
    return replace(
        table, columns=columns, last_column=table.next_column - 1,
        constraints=tuple([c for c in table.constraints if c not in own]),
        dist_key=None if dist is None else dist - (dist > position),
        sort_key=tuple([k - (k > position) for k in table.sort_key]),
    )


def _change_type(table: Table, position: int, statement: AlterTable, context: Context) -> Table:
    column, new = table.columns[position], statement.type
    assert new is not None
    refuse_in_block("ALTER TABLE ALTER COLUMN", context)
    if column.type.kind is not Kind.VARCHAR or new.kind is not Kind.VARCHAR:
        raise NotSupportedError("ALTER COLUMN TYPE changes the size of VARCHAR columns only",
                                position=statement.position)
    reasons = {
        f"its encoding is {column.encoding.upper()}": column.encoding in FIXED_ENCODINGS,
        "it has a default": column.default_sql is not None,
        "it has a constraint": any(column.name in c.columns for c in table.constraints),
    }
    for reason, holds in reasons.items():
        if holds:
            raise InvalidDefinition(f'cannot alter column "{column.name}": {reason}', position=statement.position)
    if new.length < column.type.length:
        longest = _longest(table, column, context)
        if longest > new.length:
            raise InvalidDefinition(
                f'cannot alter column "{column.name}": it holds values of {longest} bytes, more than {new.length}',
                position=statement.position,
            )
    _check_dependents(table, f"alter column {column.name} of table {table.name}", context)
    return _with_column(table, position, replace(column, type=replace(column.type, length=new.length)))


def _longest(table: Table, column: Column, context: Context) -> int:
    """Bytes of the longest value that is stored, deleted ones among them."""
    longest = 0
    for extent in context.view.data(table).extents:
        reader = context.home(table).reader(extent)
        for group in range(reader.row_groups):
            context.cancel.check()
            offsets, _ = stored_column(reader, group, column).text
            longest = max(longest, int(np.diff(offsets).max()))
    return longest


def _with_column(table: Table, position: int, column: Column) -> Table:
    return replace(table, columns=(*table.columns[:position], column, *table.columns[position + 1 :]))


_ACTIONS = {"rename column": _rename_column, "drop column": _drop_column, "type": _change_type}
