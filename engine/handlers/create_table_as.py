"""CREATE TABLE AS: make the table from the query's columns, load it on the slices, all in one commit."""

from __future__ import annotations

from dataclasses import replace

from ...errors import InvalidDefinition, QueryCanceled
from ...planner.logical import Query
from ...planner.physical import PhysicalQuery
from ...planner.statements import ColumnDefinition, CreateExternalTable, CreateTableAs, TableAttributes
from ...storage.schema import Column, Table
from ...storage.types import DEFAULT_VARCHAR, Kind, SqlType, varchar
from ..context import Context
from ..result import Result
from . import names
from .binding import bind, plan_rows_into
from .create_table import already_there, check_names, distribution, sort_positions
from .load import loading

TAG = "CREATE TABLE AS"


def run(statement: CreateTableAs, context: Context) -> Result:
    name = statement.name
    if name.schema is not None and (context.settings["query_result_location"] or context.settings["workgroup"]):
        outside = _in_lake(statement, context)
        if outside is not None:
            from .external_table import run as create

            return create(outside, context)
    schema, temporary = names.new_table_schema(name, statement.temporary, context)
    if names.is_taken(schema, name.name, context):
        return already_there(name, statement.if_not_exists, context, TAG)
    query = bind(statement.query, context)
    table = replace(_define(statement, schema, query, context), id=context.database.new_id())
    table = as_temporary(table) if temporary else table
    physical = _plan(query, table, context)
    while True:
        try:
            with loading(table, context, create=True, plan=physical) as load:
                load.run(physical)
            return Result(TAG, rowcount=load.rows, notices=context.notices)
        except QueryCanceled:  # nothing is left of it: it may begin anew in another queue
            if context.ticket is None or not context.ticket.may_restart():
                raise


def _in_lake(statement: CreateTableAs, context: Context) -> CreateExternalTable | None:
    """Athena's form without properties, in an external schema, where the session has a place for its results."""
    from ..lake.tables import schema_of

    plain = not statement.temporary and not statement.column_names and statement.attributes == TableAttributes()
    if not plain or schema_of(statement.name.schema, context) is None:
        return None
    from ...planner.statements.lake_athena import plain_table_as

    return plain_table_as(statement.name, statement.query)


def as_temporary(table: Table) -> Table:
    """The definition as a temporary table's: its columns are RAW."""
    return replace(table, columns=tuple([replace(c, encoding="raw") for c in table.columns]), temporary=True)


def planned(statement: CreateTableAs, context: Context) -> PhysicalQuery:
    """The plan of a CREATE TABLE AS."""
    query = bind(statement.query, context)
    return _plan(query, _define(statement, names.target_schema(statement.name, context), query, context), context)


def _plan(query: Query, table: Table, context: Context) -> PhysicalQuery:
    return plan_rows_into(query, table, tuple(range(len(table.columns))), context)


def _define(statement: CreateTableAs, schema: str, query: Query, context: Context) -> Table:
    if len(statement.column_names) > len(query.names):
        raise InvalidDefinition("CREATE TABLE AS specifies too many column names", sqlstate="42601")
    found = statement.column_names + query.names[len(statement.column_names) :]
    definitions = [ColumnDefinition(name, column_type(ref.type)) for name, ref in zip(found, query.columns)]
    check_names(definitions)
    attributes = _named_keys(statement.attributes, definitions)
    style, dist_key = distribution(attributes, definitions)
    return Table(
        id=0,
        schema=schema,
        name=statement.name.name,
        columns=tuple(Column(i, d.name, d.type) for i, d in enumerate(definitions, start=1)),
        dist_style=style,
        dist_key=dist_key,
        sort_key=sort_positions(attributes, definitions),
        interleaved=statement.attributes.interleaved,
        owner=context.user,
        backup=statement.attributes.backup is not False,
    )


def _named_keys(attributes: TableAttributes, definitions: list[ColumnDefinition]) -> TableAttributes:
    """DISTKEY (1) SORTKEY (1, 3): the query's columns by their places (r_CTAS_examples)."""
    names_of = [d.name for d in definitions]

    def name(given: str) -> str:
        if given in names_of or not given.isdigit():
            return given
        if not 1 <= int(given) <= len(names_of):
            raise InvalidDefinition(f"position {given} is not in the select list", sqlstate="42P10")
        return names_of[int(given) - 1]

    key = attributes.dist_key
    return replace(attributes, dist_key=None if key is None else name(key),
                   sort_key=tuple([name(c) for c in attributes.sort_key]))


def column_type(type: SqlType) -> SqlType:
    """A result's type as a column's: a bare NULL or literal becomes VARCHAR."""
    if type.kind is Kind.UNKNOWN:
        return varchar(DEFAULT_VARCHAR)
    return type
