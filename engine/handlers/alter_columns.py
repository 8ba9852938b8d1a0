"""ALTER TABLE ADD COLUMN: the definition changes and no stored row is written.

An extent that is older than a column does not have it; whoever reads it takes the column's `added` value, the
DEFAULT as it was when the column was added (engine/hidden.py, storage/stored.py).
"""

from __future__ import annotations

from dataclasses import replace

from ...errors import DuplicateColumn, InvalidDefinition
from ...planner.statements import AddColumn, ColumnDefinition
from ...storage.catalog.delta import Delta, SetStatistics
from ...storage.schema import Column, Table, TableData
from ..access import need_owner
from ..context import Context
from ..maintenance.analyses import constant_sketch
from ..result import Result
from . import names
from .create_table import MAX_COLUMNS, choose_encodings
from .defaults import check_default, default_value

TAG = "ALTER TABLE"


def run(statement: AddColumn, context: Context) -> Result:
    if (external := names.external(statement.table, context)) is not None:
        from .alter_external import alter_columns

        return alter_columns(statement, external, context)
    need_owner(context, names.table(statement.table, context), "alter", "alter table")
    table = names.locked(statement.table, context, closed=True)
    new = _checked(table, statement.column, context)
    changed = replace(table, columns=(*table.columns, new))
    context.session.commit_delta(Delta(replace=(changed,), statistics=_statistics(changed, new, context)))
    return Result(TAG, notices=context.notices)


def _checked(table: Table, definition: ColumnDefinition, context: Context) -> Column:
    position = definition.position
    if table.position(definition.name) is not None:
        raise DuplicateColumn(f'column "{definition.name}" of relation "{table.name}" already exists',
                              position=position)
    if len(table.columns) >= MAX_COLUMNS:
        raise InvalidDefinition(f"tables can have at most {MAX_COLUMNS} columns", sqlstate="54011", position=position)
    refused = {
        "UNIQUE": definition.unique, "PRIMARY KEY": definition.primary_key, "REFERENCES": definition.references,
        "IDENTITY": definition.identity, "DISTKEY": definition.dist_key, "SORTKEY": definition.sort_key,
        "COLLATE": definition.type.case_insensitive,
    }  # fmt: skip
    for word, given in refused.items():
        if given:
            raise InvalidDefinition(f"ALTER TABLE ADD COLUMN does not support {word}", sqlstate="0A000",
                                    position=position)
    if definition.default is not None:
        check_default(definition, context)
    encoding = choose_encodings([definition], (), encode_auto=_is_encode_auto(table), temporary=table.temporary)[0]
    column = Column(table.next_column, definition.name, definition.type, definition.nullable, encoding,
                    definition.default_sql)
    column = replace(column, added=default_value(column, context))
    if not column.nullable and column.added is None:
        raise InvalidDefinition("ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression",
                                position=position)
    return column


def _is_encode_auto(table: Table) -> bool:
    return any(c.encoding == "auto" for c in table.columns)


def _statistics(table: Table, new: Column, context: Context) -> tuple[SetStatistics, ...]:
    """The same value in all rows there are."""
    data: TableData = context.view.data(table)
    entry = context.transaction.entry(table)
    files = [e for e in data.extents if not e.is_inline]
    if not files or not entry.exact_bounds:
        return ()
    sketches = {**entry.sketches, new.id: constant_sketch(new, sum(e.rows for e in files))}
    return (SetStatistics(table, sketches, frozenset(e.id for e in data.extents), analyzed=False),)
