"""CREATE EXTERNAL TABLE AS: files of a query's rows, and the table's definition (r_CREATE_EXTERNAL_TABLE_usage)."""
from __future__ import annotations

from dataclasses import replace

from ...errors import InvalidDefinition, NotSupportedError, OperationalError, UndefinedColumn
from ...planner.binder.scope import near
from ...planner.statements import CreateExternalTable
from ...storage.lake.catalogue import ExternalSchema, table_fact
from ...storage.lake.definition import Field, Source
from ...storage.lake.files import folder
from ...storage.lake.hive_types import of_sql
from ...storage.objects.registry import Objects
from ..context import Context
from ..lake.writing import BUCKETED_BY, BUCKETS, WRITTEN, WRITTEN_BY_ATHENA, check_format, refuse_limit, write
from ..result import Result
from ..workgroups import table_location
from .binding import bind
from .create_table_as import column_type
from .external_table import TAG, define


def create(statement: CreateExternalTable, schema: ExternalSchema, context: Context) -> Result:
    if (statement.format.serde and not statement.athena) or dict(statement.format.delimiters).keys() & {"lines"}:
        raise NotSupportedError("ROW FORMAT SERDE and LINES TERMINATED BY are not supported by "
                                "CREATE EXTERNAL TABLE AS")
    statement = replace(statement, location=table_location(statement.location, context))
    query = bind(statement.query, context)
    if not statement.athena:
        refuse_limit(statement.query)
    fields = {name: Field(name, of_sql(column_type(ref.type))) for name, ref in zip(query.names, query.columns)}
    if len(fields) < len(query.names):
        raise InvalidDefinition("CREATE EXTERNAL TABLE AS needs column names that differ", sqlstate="42701")
    keys = []
    for key in statement.keys:
        if key.name not in fields:
            raise UndefinedColumn(f'partition column "{key.name}" is not in the query', position=key.position,
                                  hint=near(key.name, fields))
        keys.append(fields.pop(key.name))
    if not fields:
        raise InvalidDefinition("an external table needs a column that is no partition column")
    source = define(statement, schema, tuple(fields.values()), tuple(keys), context)
    check_format(source, WRITTEN_BY_ATHENA if statement.athena else WRITTEN)
    _check_buckets(source)
    if Objects(context.session.stores).exists(folder(source.location)):
        raise OperationalError(f'the location "{source.location}" of CREATE EXTERNAL TABLE AS is not empty',
                               sqlstate="58P01")
    rows = write(query, query.names, source, context, counted=True,
                 definition=lambda made: table_fact(made, new=True), manifest="tables/")
    return Result(TAG, rowcount=rows, notices=context.notices)


def _check_buckets(source: Source) -> None:
    """bucketed_by names columns of the files."""
    known = [column.name for column in source.columns]
    for name in source.option(BUCKETED_BY).split(",") if source.option(BUCKETS) else ():
        if name not in known:
            where = "a partition column" if any(key.name == name for key in source.keys) else "not in the query"
            raise UndefinedColumn(f'bucketed_by: column "{name}" is {where}', hint=near(name, known))
