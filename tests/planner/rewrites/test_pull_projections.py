"""Projections move out of the way of joins and merge with what is above."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    (
        "a derived table joins the region around it",
        "select x.z, v.k from (select t.a + 1 as z, t.b as y from t, u where t.a = u.a) x, v where x.y = "
        "v.b",
    ),
    ("two projections become one", "select z * 2 from (select a + 1 as z from t) x"),
    (
        "an expression that is used twice is computed once: unchanged",
        "select z * z from (select a + 1 as z from t) x",
    ),
    ("an aggregate takes the expression in", "select sum(z) from (select a + 1 as z from t) x"),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("pull_projections.txt", rule_text("pull_projections", CASES))
