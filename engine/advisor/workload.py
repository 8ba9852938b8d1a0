"""A workload: queries with weights. Here: what a database's history recorded; bench/design/workload.py reads files.

    Query("q03", "select ...", 12.0)      12 times in the time that is looked at

Equal texts are one query, as often as they ran. Only queries count, and only those that went well.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...records import dataclass

KEPT_QUERIES = 200  # of the history: those that took the most time together
ADVISOR_LABEL = "advisor"  # the query group of what the advisor itself runs


@dataclass(frozen=True, slots=True)
class Query:
    name: str
    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Broken:
    """A query that cannot be planned: named, skipped, reported."""

    name: str
    error: str


def recorded(records: Iterable[Mapping[str, Any]], limit: int = KEPT_QUERIES) -> list[Query]:
    """The queries of a history (storage/catalog/history.py), those with the longest time together first; weights are
    how often they ran."""
    times: dict[str, list[int]] = {}
    for r in records:
        if r["kind"] == "Select" and not r["aborted"] and r["label"] != ADVISOR_LABEL:
            times.setdefault(r["querytxt"].strip().rstrip(";"), []).append(r["endtime"] - r["starttime"])
    ranked = sorted(times.items(), key=lambda item: -sum(item[1]))[:limit]
    return [Query(f"h{i}", text, float(len(found))) for i, (text, found) in enumerate(ranked, 1)]
