"""How long planning takes: EXPLAIN of each query of a suite, first of its shape and repeated."""
from __future__ import annotations

import statistics
import time

from .engines import Warehouse
from .suite import Suite


def planning(suite: Suite, scale: float) -> dict[str, dict[str, float]]:
    """Milliseconds of EXPLAIN by query, over small data: "first" of its shape, "again" from the cache."""
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
        for _ in range(10):
            start = time.perf_counter()
            engine.run(text)
            walls.append((time.perf_counter() - start) * 1000)
        figures[query] = {"first": round(walls[0], 3), "again": round(statistics.median(walls[5:]), 3)}
    return figures
