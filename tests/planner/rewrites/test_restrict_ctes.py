"""A shared subplan gives only what one of its readers keeps."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.small_tables import View, bind, random_data
from warehouse.engine.evaluate import evaluate
from warehouse.planner.rendering import show_plan
from warehouse.planner.rewrites import RewriteContext, rewrite_query
from warehouse.storage.schema import Topology

GROUPED = "with x as (select a, b, sum(c) n from t group by a, b) "
MARKED = """with x as (select 't' kind, a, sum(c) n from t group by a union all
    select 'u' kind, a, count(*) n from u group by a) """
CASES = [
    ("one filter each, joined by OR", GROUPED + "select p.n from x p, x q where p.a = q.b and p.b = 1 and q.b = 2"),
    ("the same filter", GROUPED + "select p.n from x p, x q where p.a = 7 and q.a = 7"),
    ("one reader wants all: unchanged", GROUPED + "select p.n from x p, x q where p.a = q.b and p.n = 1"),
    ("a sum cannot be asked below the aggregate", GROUPED + "select p.n from x p, x q where p.n = 1 and q.n = 2"),
    ("beside one that can", GROUPED + "select p.n from x p, x q where p.n = 1 and p.a = 3 and q.a = 4 and q.n = 2"),
    ("marks of a union are decided",
     MARKED + "select p.n from x p, x q where p.kind = 't' and p.a = 1 and q.kind = 'u' and q.a = 2"),
    ("a side that nobody asks for is gone",
     MARKED + "select p.n from x p, x q where p.kind = 't' and p.a = 1 and q.kind = 't' and q.a = 2"),
    ("read by another, and in a subquery",
     GROUPED + ", y as (select b, n from x where a = 1 and n = (select max(n) from x where a = 2) group by b, n) "
     "select p.n from y p, y q where p.b = 5 and q.b = 6"),
    ("what can fail stays above", GROUPED + "select p.n from x p, x q where 1 / p.a = 1 and 1 / q.a = 2"),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("restrict_ctes.txt", "\n\n".join(_case(comment, sql) for comment, sql in CASES))


def _case(comment: str, sql: str) -> str:
    query = bind(sql, View("key", Topology.even(1, 2), random_data(1), {}))
    rewritten = rewrite_query(query, RewriteContext.of(query, evaluate))
    lines = [f"# {comment}", f"> {' '.join(sql.split())}", *show_plan(rewritten.plan)]
    for shared, plan, _ in rewritten.ctes:
        lines += [f"Shared {shared} =", *["  " + line for line in show_plan(plan)]]
    return "\n".join(lines)
