"""How long planning takes: EXPLAIN of each query of a suite, first of its shape and repeated.

    first       EXPLAIN in all: the statement, planning, the plan's text, the result
    planner     planning alone, from the query's text to its plan: what the query itself pays, and what
                sys_query_history has for planning_time
    again       EXPLAIN in all, of a text that was planned before
"""
from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..planner.plan_cache import PlanCache
from .engines import Warehouse
from .suite import Suite


def planning(suite: Suite, scale: float) -> dict[str, dict[str, float]]:
    """Milliseconds by query, over small data: see the module's text."""
    engine = Warehouse(":memory:", 2, nodes=1, slices_per_node=2)
    try:
        engine.load(suite, suite.generate(scale), "demo")
        return of_queries(engine, suite, suite.queries, scale)
    finally:
        engine.close()


def of_queries(engine: Warehouse, suite: Suite, names: tuple[str, ...], scale: float) -> dict[str, dict[str, float]]:
    """The same on an open engine, which then has planned at least once before."""
    engine.run("explain select 1")
    figures = {}
    for query in names:
        text = "explain " + suite.text(query, scale)
        walls = []
        with _planner_timed() as planner:
            for _ in range(10):
                start = time.perf_counter()
                engine.run(text)
                walls.append((time.perf_counter() - start) * 1000)
        figures[query] = {
            "first": round(walls[0], 3), "planner": round(planner[0], 3),
            "again": round(statistics.median(walls[5:]), 3),
        }
    return figures


@contextmanager
def _planner_timed() -> Iterator[list[float]]:
    """The milliseconds of each call of the plan cache, as they come."""
    plan = PlanCache.plan
    spent: list[float] = []

    def timed(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        found = plan(*arguments, **named)
        spent.append((time.perf_counter() - start) * 1000)
        return found

    PlanCache.plan = timed  # type: ignore[method-assign]
    try:
        yield spent
    finally:
        PlanCache.plan = plan  # type: ignore[method-assign]
