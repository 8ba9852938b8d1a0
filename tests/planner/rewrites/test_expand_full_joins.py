"""FULL joins by more than equalities become a left join and an anti join."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    ("by an equality and a condition on one side: unchanged", "select t.a from t full join u on t.a = u.a and t.b > 1"),
    ("by an equality and a comparison", "select t.b, u.b from t full join u on t.a = u.a and t.b < u.b"),
    ("by a comparison alone", "select t.b, u.b from t full join u on t.b < u.b"),
    (
        "a side that gives other rows each time is computed once",
        "select x.b, u.b from (select b, random() as r from t) x full join u on x.b < u.b and x.r < u.e",
    ),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("expand_full_joins.txt", rule_text("expand_full_joins", CASES))
