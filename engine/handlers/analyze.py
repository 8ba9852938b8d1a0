"""ANALYZE: the statistics of tables made anew from their extents.

Every load brings its own statistics; they are merged at the commit. What merging cannot do is forget
rows that are gone, so ANALYZE starts from the footers of the extents that are there now.
"""

from __future__ import annotations

from ...errors import UndefinedColumn
from ...planner.statements import Analyze
from ...storage.catalog.delta import Delta, SetStatistics
from ...storage.extent import ExtentReader
from ...storage.schema import Table
from ...storage.statistics import ColumnSketch
from ..context import Context
from ..result import Result
from .alter_columns import constant_sketch
from .names import table


def run(statement: Analyze, context: Context) -> Result:
    if statement.tables:
        tables = [table(name, context) for name in statement.tables]
    else:
        tables = [r for r in context.view.relations() if isinstance(r, Table)]
    for target in tables:
        for name in statement.columns:
            if target.position(name) is None:
                raise UndefinedColumn(f'column "{name}" of relation "{target.name}" does not exist')
    found = tuple(
        SetStatistics(t, _sketches(t, context), frozenset(e.id for e in context.view.data(t).extents)) for t in tables
    )
    if found:
        context.session.commit_delta(Delta(statistics=found))
    return Result("ANALYZE")


def _sketches(target: Table, context: Context) -> dict[int, ColumnSketch]:
    """By column id."""
    merged: dict[int, ColumnSketch] = {}
    for extent in context.view.data(target).extents:
        context.cancel.check()
        reader = ExtentReader(context.home(target).extent_path(extent))
        try:
            for column in target.columns:
                position = reader.position(column.id)
                sketch = constant_sketch(column, extent.rows) if position is None else reader.sketch(position)
                known = merged.get(column.id)
                merged[column.id] = sketch if known is None else known.merge(sketch)
        finally:
            reader.close()
    return merged
