"""INSERT INTO an external table: a query's rows become files at its location (r_INSERT_external_table)."""
from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from ...errors import NotSupportedError, SqlSyntaxError
from ...planner.binder import bind_insert
from ...planner.statements import Insert
from ...storage.schema import ExternalTable
from ..access import need_schema_owner
from ..context import Context
from ..lake.tables import refuse_block
from ..lake.writing import BUCKETS, check_format, refuse_limit, write
from ..result import Result
from .binding import bind_context


def run(statement: Insert, table: ExternalTable, context: Context) -> Result:
    refuse_block("INSERT (external table)", context)
    if statement.source is None or isinstance(statement.source, exp.Values) or statement.columns:
        raise NotSupportedError("INSERT INTO an external table takes a SELECT, without a list of columns",
                                position=statement.table.position)
    need_schema_owner(context, table.schema)
    check_format(table.source)
    if table.source.option(BUCKETS):
        raise NotSupportedError("INSERT INTO is not supported for a bucketed table", position=statement.table.position)
    target = replace(table, columns=table.columns[: table.visible])
    bound = bind_insert(statement, target, context.view, bind_context(context))
    width = len(statement.source.selects) if not statement.source.is_star else len(target.columns)
    if width < len(target.columns):
        raise SqlSyntaxError(f"INSERT has {width} expressions, and the external table {len(target.columns)} columns")
    refuse_limit(statement.source)
    names = [column.name for column in target.columns]
    rows = write(replace(bound.query, names=tuple(names)), names, table.source, context, counted=False)
    return Result("INSERT", rowcount=rows, notices=context.notices)
