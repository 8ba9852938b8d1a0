"""`warehouse-sql advise`: what to alter in a live database, for what its history recorded or for a workload of files.

    warehouse-sql advise dw
    warehouse-sql advise dw --workload queries/ --json

Estimates only, and nothing is changed; `warehouse-sql design` loads and measures. The same recommendations stand in
SVV_ALTER_TABLE_RECOMMENDATIONS.
"""
from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ...engine.advisor.designs import name_of, shown
from ...engine.advisor.recommend import ALONE, Advice, advice, advise
from ...engine.advisor.tips import Tip, tips
from ...engine.advisor.workload import Broken, Query
from ...engine.result import Result
from .report_text import duration, query_count

if TYPE_CHECKING:
    from ...client.dbapi import Connection
    from ...engine.context import Context


def found_for(connection: Connection, queries: Sequence[Query] | None) -> tuple[Advice, list[Tip]]:
    """Recommendations and tips; `queries`: None for the recorded history."""
    made: list[tuple[Advice, list[Tip]]] = []

    def look(context: Context) -> Result:
        made.append((advice(context) if queries is None else advise(queries, context), tips(context)))
        return Result("SELECT")

    connection.session.perform("-- advise", "Design", look)
    return made[0]


def lines(found: Advice, others: Sequence[Tip], broken: Sequence[Broken]) -> Iterator[str]:
    """For a terminal."""
    for query in (*broken, *found.broken):
        yield f"Skipped: {query.name}: {query.error}"
    if not found.queries:
        yield "There is no query to go by: run some, or give --workload."
    elif not found.recommendations:
        yield f"The tables are designed well for the {query_count(found.queries)} looked at."
    else:
        yield (f"{query_count(found.queries)}; on a cluster about {duration(found.seconds)} now, "
               f"{duration(found.improved)} with all that follows (estimates):")
    for r in found.recommendations:
        group = "" if r.group == ALONE else f" (together with group {r.group})"
        yield ""
        yield f"{shown(name_of(r.table))}: {r.type}, saves about {r.share:.0%}{group}"
        yield f"    {r.reason}"
        yield from (f"    {line}" for line in f"{r.ddl};".split("\n"))
    for tip in others:
        yield ""
        yield f"{tip.subject}: {tip.what}"
        yield f"    {tip.do}"
        yield f"    gain: {tip.gain}"


def as_json(found: Advice, others: Sequence[Tip], broken: Sequence[Broken]) -> str:
    """For programs."""
    recommendations: list[dict[str, Any]] = [
        {"table": shown(name_of(r.table)), "type": r.type, "group": r.group, "ddl": r.ddl, "automatic": r.automatic,
         "gain_seconds": r.gain, "gain_share": r.share, "reason": r.reason}
        for r in found.recommendations
    ]
    return json.dumps({
        "queries": found.queries, "seconds": found.seconds, "improved": found.improved,
        "recommendations": recommendations, "tips": [asdict(t) for t in others],
        "skipped": [[b.name, b.error] for b in (*broken, *found.broken)],
    }, indent=1)
