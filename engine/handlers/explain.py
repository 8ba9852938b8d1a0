"""EXPLAIN: the plan of a query as text, one line a row; EXPLAIN ANALYZE runs it and adds what happened,
EXPLAIN VERBOSE shows all that the plan holds."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from sqlglot import exp

from ...errors import NotSupportedError
from ...planner import statements as s
from ...planner.explain import explain
from ...planner.physical import PhysicalQuery
from ...storage.types import TEXT
from ..context import Context
from ..result import Result, ResultColumn, from_rows
from ..scan_advice import scan_advice
from . import create_table_as, delete, insert, update
from .binding import plan

KEPT_TEXTS = 100
COLUMNS = (ResultColumn("QUERY PLAN", TEXT),)


def run(statement: s.Explain, context: Context) -> Result:
    inner = statement.statement
    if isinstance(inner, s.Execute):
        from .prepare import bound

        inner = bound(inner, context).statement
    physical = _planned(inner, statement.analyze, context)
    if statement.analyze:
        from ..execute import execute

        for _ in execute(physical, context):
            pass
        lines = explain(_advised(physical, context), context.counters)
    else:
        lines = _text(physical, context)
    if statement.verbose:
        from ...planner.explain_verbose import verbose

        lines = [*verbose(physical), "", *lines]
    return from_rows("EXPLAIN", COLUMNS, [(line,) for line in lines])


def _advised(plan: PhysicalQuery, context: Context) -> PhysicalQuery:
    found = scan_advice(plan, context)
    return replace(plan, advice=(*plan.advice, *found)) if found else plan


def _text(plan: PhysicalQuery, context: Context) -> list[str]:
    """The plan's lines. Of plans that the plan cache gives out again they are kept, as long as the rows are the same:
    advice looks at blocks."""
    kept: OrderedDict[int, tuple[PhysicalQuery, int, list[str]]] = context.session.plans.texts
    known = kept.get(id(plan))
    if known is not None and known[1] == context.view.snapshot:
        return known[2]
    lines = explain(_advised(plan, context))
    kept[id(plan)] = plan, context.view.snapshot, lines  # holds the plan: no other has its id meanwhile
    if len(kept) > KEPT_TEXTS:
        kept.popitem(last=False)
    return lines


def _planned(statement: s.Statement, analyze: bool, context: Context) -> PhysicalQuery:
    match statement:
        case s.QueryText():
            return plan(statement, context)
        case s.Select(tree=tree):
            return plan(tree, context)
    if analyze:
        raise NotSupportedError("EXPLAIN ANALYZE is for queries; it would write here")
    match statement:
        case s.CreateTableAs():
            return create_table_as.planned(statement, context)
        case s.Insert(source=exp.Values() as rows):
            return plan(rows, context)
        case s.Insert() if statement.source is not None:
            return insert.planned(statement, context)
        case s.CreateView(query=tree):
            return plan(tree, context)
        case s.Update():
            return update.planned(statement, context)
        case s.Delete():
            return delete.planned(statement, context)
        case other:
            raise NotSupportedError(f"EXPLAIN EXECUTE is not supported for a prepared {type(other).__name__.upper()}")
