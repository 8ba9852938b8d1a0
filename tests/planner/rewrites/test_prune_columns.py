"""Only needed columns are made."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from plan_tools.small_tables import View, bind, random_data
from warehouse.engine.evaluate import evaluate
from warehouse.planner.rendering import show_plan
from warehouse.planner.rewrites import RewriteContext, rewrite_query
from warehouse.storage.schema import Topology

QUERIES = [
    "select a from t where b > 1",
    "select count(*) from t",
    "select x.a from (select a, sum(b) s, max(c) m from t group by a) x",
    "select t.a from t, u where t.b = u.b",
    "select a from (select a, b from t union all select a, b from u) x",
    "with x as (select a, b, c, count(*) n from t group by a, b, c) select p.a, q.n from x p, x q where p.b = q.b",
]


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_golden(number: int, golden: Callable[[str, str], None]) -> None:
    query = bind(QUERIES[number], View("key", Topology.even(1, 2), random_data(1), {}))
    rewritten = rewrite_query(query, RewriteContext.of(query, evaluate))
    lines = [f"> {QUERIES[number]}", *show_plan(rewritten.plan)]
    for shared, plan, _ in rewritten.ctes:
        lines += [f"Shared {shared} =", *["  " + line for line in show_plan(plan)]]
    golden(f"prune_columns_{number}.txt", "\n".join(lines))
