"""SELECT (and every other query): plan it, run it, hand the stream on; or answer it from the result cache."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from ...planner.physical import PhysicalQuery
from ...planner.statements import QueryText, Select
from ...storage.timezones import shown_zone
from ..context import Context
from ..execute import execute
from ..result import Result, ResultColumn
from ..result_cache import may_be_kept, of
from .binding import plan


def run(statement: Select | QueryText, context: Context) -> Result:
    tree = statement.tree if isinstance(statement, Select) else statement
    physical = plan(tree, context)
    while context.session.enter(context, physical.tables):
        physical = plan(tree, context)  # what there is now that nobody keeps its tables closed
    columns = result_columns(physical, context.settings)
    batches = _batches(physical, context)
    if context.settings["workgroup"] or context.settings["query_result_location"]:
        from ..workgroups import result_location

        location = result_location(context)
        if location:
            from ..kept_results import keeping

            batches = keeping(batches, columns, location, context)
    return Result("SELECT", columns, batches, notices=context.notices)


def _batches(physical: PhysicalQuery, context: Context) -> Iterable[pa.RecordBatch]:
    if context.repeats is None or not may_be_kept(physical, context):
        return execute(physical, context)
    cache = of(context)
    known = cache.find(context.repeats, physical, context.view)
    if known is None:
        return cache.keeping(context.repeats, physical, context.view, execute(physical, context), context.query_id)
    for table in physical.tables:
        context.transaction.read(table, context.cancel.check)
    context.source_query = known.query
    return known.batches


def result_columns(physical: PhysicalQuery, settings: Mapping[str, str]) -> tuple[ResultColumn, ...]:
    """Names and types as users see them, in the session's time zone."""
    timezone = settings["timezone"]
    names = physical.names
    if settings["describe_field_name_in_uppercase"] == "on":
        names = tuple(name.upper() for name in names)
    zone = timezone if timezone == "UTC" else shown_zone(timezone)
    return tuple(
        ResultColumn(name, ref.type, ref.nullable, zone) for name, ref in zip(names, physical.columns)
    )
