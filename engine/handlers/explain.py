"""EXPLAIN: the plan of a query as text, one line a row; EXPLAIN ANALYZE runs it and adds what happened."""

from __future__ import annotations

from ...errors import NotSupportedError
from ...planner import statements as s
from ...planner.explain import explain
from ...storage.types import TEXT
from ..context import Context
from ..result import Result, ResultColumn, from_rows
from .binding import plan

COLUMNS = (ResultColumn("QUERY PLAN", TEXT),)


def run(statement: s.Explain, context: Context) -> Result:
    if statement.verbose:
        raise NotSupportedError("EXPLAIN VERBOSE is not supported yet")
    match statement.statement:
        case s.QueryText():
            query = statement.statement
        case s.Select(tree=tree):
            query = tree
        case s.CreateTableAs(query=tree) | s.CreateView(query=tree) | s.Insert(source=tree) if tree is not None:
            if statement.analyze:
                raise NotSupportedError("EXPLAIN ANALYZE is for queries; it would write here")
            query = tree
        case other:
            raise NotSupportedError(f"EXPLAIN does not take {type(other).__name__}: it explains queries")
    physical = plan(query, context)
    counters = None
    if statement.analyze:
        from ..execute import execute

        for _ in execute(physical, context):
            pass
        counters = context.counters
    return from_rows("EXPLAIN", COLUMNS, [(line,) for line in explain(physical, counters)])
