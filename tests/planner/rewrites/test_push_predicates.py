"""Predicates go as low as they can, and so does what they imply."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    (
        "into both sides of a join, and over its equality",
        "select t.a from t, u where t.a = u.a and t.a = 2 and u.e > 1",
    ),
    (
        "below a group column, not below an aggregate",
        "select x.a from (select a, count(*) n from t group by a) x where x.a > 1 and x.n > 1",
    ),
    (
        "into both branches of a union",
        "select a from (select a from t union all select b from u) x where a = 3",
    ),
    (
        "a LEFT JOIN keeps its left filter above and its ON on the right",
        "select t.a from t left join u on t.a = u.a and u.e = 1 where t.b = 2",
    ),
    (
        "a left filter on the join column holds on the right too",
        "select t.a from t left join u on t.a = u.a where t.a in (1, 2)",
    ),
    (
        "what can fail does not pass a join: unchanged",
        "select t.a from t join u on t.a = u.a where 10 / u.b > 1",
    ),
    (
        "below the partition of a window, not below the window",
        "select a from (select a, b, rank() over (partition by a order by b) r from t) x "
        "where a > 1 and b > 2 and r < 3",
    ),
    ("not below a limit: unchanged", "select a from (select a from t order by b limit 3) x where a > 1"),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("push_predicates.txt", rule_text("push_predicates", CASES))


def test_what_speaks_of_other_columns_goes_below_unnested_arrays(golden: Callable[[str, str], None]) -> None:
    cases = [("conditions and joins", "select x from (select a, c, s::super as v from t) q, t u, q.v as x "
                                      "where q.a = u.a and q.c > 1 and x = 2")]
    golden("push_predicates_unnest.txt", rule_text("push_predicates", cases))
