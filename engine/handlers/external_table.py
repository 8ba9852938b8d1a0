"""CREATE EXTERNAL TABLE: a definition in the data catalogue. No file is looked at, as on Redshift."""
from __future__ import annotations

from typing import NoReturn

from ...errors import DuplicateColumn, DuplicateTable, InvalidDefinition, UndefinedObject
from ...planner.statements import CreateExternalTable, RelationName
from ...planner.statements.external import ExternalColumn
from ...storage.lake.catalogue import ExternalSchema, table_fact
from ...storage.lake.definition import MAX_COLUMNS, PSEUDO, Field, Source
from ...storage.lake.hive_types import read_type
from ...storage.objects.location import Location
from ...storage.types import Kind
from ..access import need_schema_owner
from ..context import Context
from ..lake import formats
from ..lake.tables import commit, find, refuse_block, region_of, schema_of
from ..result import Result
from . import names

TAG = "CREATE EXTERNAL TABLE"


def run(statement: CreateExternalTable, context: Context) -> Result:
    schema = target(statement.name, context)
    refuse_block(TAG, context)
    if find(schema.name, statement.name.name, context) is not None:
        if not statement.if_not_exists:
            raise DuplicateTable(f'relation "{statement.name.name}" already exists', position=statement.name.position)
        context.notice("INFO", f'Relation "{statement.name.name}" already exists and will be skipped')
        return Result(TAG, notices=context.notices)
    if statement.query is not None:
        from .external_table_as import create

        return create(statement, schema, context)
    columns, keys = (tuple(field(c) for c in part) for part in (statement.columns, statement.keys))
    source = define(statement, schema, columns, keys, context)
    commit((table_fact(source, new=True),), source.region, context)
    return Result(TAG, notices=context.notices)


def target(name: RelationName, context: Context) -> ExternalSchema:
    """The external schema that a new table is named with; its owner alone may make one."""
    if name.schema is None:
        raise InvalidDefinition("an external table must be named with its external schema", sqlstate="42601",
                                position=name.position)
    found = schema_of(name.schema, context)
    if found is None:
        _no_external_schema(name, context)
    need_schema_owner(context, found.name)
    return found


def _no_external_schema(name: RelationName, context: Context) -> NoReturn:
    assert name.schema is not None
    if name.schema in context.view.schemas():
        raise InvalidDefinition(f'schema "{name.schema}" is not an external schema', position=name.position)
    raise names.undefined(name, context)


def field(column: ExternalColumn) -> Field:
    assert column.type is not None
    return Field(column.name, read_type(column.type))


def define(statement: CreateExternalTable, schema: ExternalSchema, columns: tuple[Field, ...],
           keys: tuple[Field, ...], context: Context) -> Source:
    """The table's definition, checked."""
    _check_names(columns, keys)
    for key in keys:
        if key.type.is_nested or key.type.sql.kind in (Kind.VARBYTE, Kind.TIMESTAMPTZ):
            raise InvalidDefinition(f'partition column "{key.name}" cannot be of type {key.type.text}')
    given = statement.format
    properties = formats.checked_properties(statement.properties)
    format = formats.format_of(given)
    if dict(properties).get("table_type", "").upper() == "ICEBERG":
        if keys:
            raise InvalidDefinition("an Iceberg table has its partitions in its metadata, not in PARTITIONED BY")
        format = "iceberg"
    _check_types(columns, format)
    Location.parse(statement.location)
    return Source(
        schema.database, statement.name.name, columns, keys, statement.location, format, given.serde,
        given.input_format, given.output_format, formats.serde_properties(given), properties,
        context.database.new_id(), context.user, region=region_of(schema),
    )


def _check_names(columns: tuple[Field, ...], keys: tuple[Field, ...]) -> None:
    seen: set[str] = set()
    for column in (*columns, *keys):
        if column.name in dict(PSEUDO):
            raise InvalidDefinition(f'column name "{column.name}" is that of a pseudo-column')
        if column.name in seen:
            raise DuplicateColumn(f'column "{column.name}" specified more than once')
        seen.add(column.name)
    if len(seen) > MAX_COLUMNS:
        raise InvalidDefinition(f"an external table has at most {MAX_COLUMNS} columns", sqlstate="54011")


def _check_types(columns: tuple[Field, ...], format: str) -> None:
    for column in columns:
        if column.type.sql.kind is Kind.VARBYTE and format not in ("parquet", "orc"):
            raise InvalidDefinition(f'column "{column.name}" of type VARBYTE needs Parquet or ORC files')
        if column.type.is_nested and format in ("text", "csv", "regex", "grok"):
            raise UndefinedObject(f'column "{column.name}": type {column.type.text} is not for {format} files')
