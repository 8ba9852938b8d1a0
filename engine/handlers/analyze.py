"""ANALYZE: the statistics of tables made anew (engine/maintenance/analyses.py)."""

from __future__ import annotations

from ...errors import UndefinedColumn
from ...planner.statements import Analyze
from ...storage.catalog.delta import Delta, SetStatistics
from ...storage.schema import Table
from ..access import need_owner
from ..context import Context
from ..maintenance.analyses import Request, analyze
from ..result import Result
from ..workload.door import admit
from .names import table


def run(statement: Analyze, context: Context) -> Result:
    if statement.tables:
        tables = [table(name, context) for name in statement.tables]
        for target in tables:
            need_owner(context, target, system="analyze")
    else:
        tables = [r for r in context.view.relations() if isinstance(r, Table)]
        tables = [t for t in tables if context.rights.owns(t) or context.rights.system("analyze")]
    for target in tables:
        for name in statement.columns:
            if target.position(name) is None:
                raise UndefinedColumn(f'column "{name}" of relation "{target.name}" does not exist')
    threshold = float(context.settings["analyze_threshold_percent"])
    admit(context)
    request = Request(context.transaction.id, threshold, statement.columns, statement.predicate)
    found = [_analyzed(target, request, statement.verbose, context) for target in tables]
    changes = tuple(f for f in found if f is not None)
    if changes:
        context.session.commit_delta(Delta(statistics=changes))
    skipped = bool(statement.tables) and not changes
    return Result("ANALYZE SKIP" if skipped else "ANALYZE", notices=context.notices)


def _analyzed(target: Table, request: Request, verbose: bool, context: Context) -> SetStatistics | None:
    entry = context.transaction.entry(target)
    found = analyze(context.home(target), entry, request, context.cancel.check, context.database)
    if verbose:
        what = "skipped" if found is None else f"analyzed {entry.rows} rows"
        context.notice("INFO", f'"{target.schema}.{target.name}": {what}, {entry.modified} modified before')
    return found
