"""CREATE TABLE AS: run the query, make the table from its columns, load it, all in one commit."""

from __future__ import annotations

from dataclasses import replace

from ...errors import InvalidDefinition, NotSupportedError
from ...planner.physical import PhysicalQuery
from ...planner.statements import ColumnDefinition, CreateTableAs
from ...storage.schema import Column, Table
from ...storage.types import DEFAULT_VARCHAR, Kind, SqlType, varchar
from ..context import Context
from ..execute import execute
from ..result import Result
from . import names
from .binding import plan
from .create_table import already_there, check_names, distribution, sort_positions
from .load import loading

TAG = "CREATE TABLE AS"


def run(statement: CreateTableAs, context: Context) -> Result:
    name = statement.name
    if statement.temporary or name.name.startswith("#"):
        raise NotSupportedError(
            f'temporary table "{name.name}": temporary tables are not there yet', position=name.position
        )
    schema = names.target_schema(name, context)
    if names.is_taken(schema, name.name, context):
        return already_there(name, statement.if_not_exists, context, TAG)
    physical = plan(statement.query, context)
    table = replace(_define(statement, schema, physical, context), id=context.database.new_id())
    with loading(table, context, create=True) as load:
        for batch in execute(physical, context):
            load.write(batch)
    return Result(TAG, rowcount=load.rows, notices=context.notices)


def _define(statement: CreateTableAs, schema: str, physical: PhysicalQuery, context: Context) -> Table:
    if len(statement.column_names) > len(physical.names):
        raise InvalidDefinition("CREATE TABLE AS specifies too many column names", sqlstate="42601")
    found = statement.column_names + physical.names[len(statement.column_names) :]
    definitions = [ColumnDefinition(name, column_type(ref.type)) for name, ref in zip(found, physical.columns)]
    check_names(definitions)
    style, dist_key = distribution(statement.attributes, definitions)
    return Table(
        id=0,
        schema=schema,
        name=statement.name.name,
        columns=tuple(Column(i, d.name, d.type) for i, d in enumerate(definitions, start=1)),
        dist_style=style,
        dist_key=dist_key,
        sort_key=sort_positions(statement.attributes, definitions),
        owner=context.user,
        backup=statement.attributes.backup,
    )


def column_type(type: SqlType) -> SqlType:
    """A result's type as a column's: a bare NULL or literal becomes VARCHAR."""
    if type.kind is Kind.UNKNOWN:
        return varchar(DEFAULT_VARCHAR)
    if type.kind is Kind.INTERVAL:
        raise InvalidDefinition("a column cannot be of type interval")
    return type
