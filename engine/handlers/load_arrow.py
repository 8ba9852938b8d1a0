"""Arrow data into a table: write_arrow. Columns go by name; a missing table is made from the schema."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from ...errors import DuplicateColumn, InterfaceError, NotSupportedError, UndefinedColumn
from ...planner.statements import ColumnDefinition, RelationName
from ...planner.statements.cursor import Cursor
from ...planner.syntax import tokenize
from ...storage.arrow import from_arrow
from ...storage.fitting import single_bytes
from ...storage.schema import Column, Table
from ...storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    MAX_VARBYTE,
    MAX_VARCHAR,
    REAL,
    SMALLINT,
    SUPER,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    Kind,
    SqlType,
    decimal,
    varbyte,
    varchar,
)
from ..context import Context
from ..result import Result
from ..virtual import find_virtual
from . import names
from .create_table import check_names
from .create_table_as import as_temporary
from .load import loading
from .targets import refuse_identity, target

t = pa.types
_TYPES = (
    ((t.is_int8, t.is_int16, t.is_uint8), SMALLINT),
    ((t.is_int32, t.is_uint16), INTEGER),
    ((t.is_int64, t.is_uint32), BIGINT),
    ((t.is_uint64,), decimal(20, 0)),
    ((t.is_float16, t.is_float32), REAL),
    ((t.is_float64,), DOUBLE),
    ((t.is_boolean,), BOOLEAN),
    ((t.is_date,), DATE),
    ((t.is_time,), TIME),
    ((t.is_struct, t.is_list, t.is_large_list, t.is_fixed_size_list, t.is_map), SUPER),
    ((t.is_duration,), SqlType(Kind.INTERVAL_DS)),
    ((t.is_string, t.is_large_string, t.is_string_view, t.is_null), varchar(MAX_VARCHAR)),
    ((t.is_binary, t.is_large_binary, t.is_fixed_size_binary, t.is_binary_view), varbyte(MAX_VARBYTE)),
)


def run(text: str, reader: pa.RecordBatchReader, create: bool, context: Context) -> Result:
    """Append the reader's batches to the table named by `text` ("schema.table" or "table")."""
    name = relation_name(text, context.settings.exact_names)
    found = names.find(name, context)
    if found is None and create and find_virtual(name.schema, name.name) is None:
        schema, temporary = names.new_table_schema(name, False, context)
        table = replace(_define(name.name, schema, reader.schema, context), id=context.database.new_id())
        table = as_temporary(table) if temporary else table
    else:
        table = names.appended(name, context)
    columns = tuple(_column_name(table, field.name) for field in reader.schema)
    into = target(table, columns, context)
    refuse_identity(table, into.given, "cannot write to the")
    with loading(table, context, into.positions, create=found is None) as load:
        for batch in reader:
            given = [single_bytes(from_arrow(a, c.type, c.name)) for a, c in zip(batch.columns, into.columns)]
            load.write(given + into.defaults(batch.num_rows))
    return Result("INSERT", rowcount=load.rows, notices=context.notices)


def relation_name(text: str, exact_names: bool) -> RelationName:
    """"schema.table" or "table", as SQL folds and quotes names; here no word is reserved."""
    if not isinstance(text, str):
        raise InterfaceError(f"a table's name must be a text, not {text!r}")
    cursor = Cursor(tokenize(text, exact_names), text)
    name = cursor.relation(cursor.any_word)
    cursor.finish()
    return name


def _column_name(table: Table, field: str) -> str:
    """The column a field goes to: of its very name, or of its name in lower case."""
    for name in (field, field.lower()):
        if table.position(name) is not None:
            return name
    raise UndefinedColumn(
        f'column "{field}" of the data does not exist in relation "{table.name}"',
        hint="The table has " + ", ".join(c.name for c in table.columns) + ".",
    )


def _define(name: str, schema: str, fields: pa.Schema, context: Context) -> Table:
    exact = context.settings.exact_names
    definitions = [ColumnDefinition(f.name if exact else f.name.lower(), type_of(f)) for f in fields]
    if len({d.name for d in definitions}) < len(definitions):
        raise DuplicateColumn("two columns of the data have the same name (upper and lower case are one)")
    check_names(definitions)
    columns = tuple(Column(i, d.name, d.type) for i, d in enumerate(definitions, start=1))
    return Table(id=0, schema=schema, name=name, columns=columns, owner=context.user)


def type_of(field: pa.Field) -> SqlType:
    """The SQL type for an Arrow field."""
    type = field.type.value_type if t.is_dictionary(field.type) else field.type
    if t.is_decimal(type) and type.precision <= 38:
        return decimal(type.precision, max(0, type.scale))
    if t.is_timestamp(type):
        return TIMESTAMP if type.tz is None else TIMESTAMPTZ
    for tests, sql_type in _TYPES:
        if any(test(type) for test in tests):
            return sql_type
    raise NotSupportedError(f'column "{field.name}": no SQL type for Arrow type {field.type}')
