"""FULL joins by more than equalities become a left join and an anti join."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    ("by an equality and a condition on one side: unchanged", "select t.a from t full join u on t.a = u.a and t.b > 1"),
    ("by an equality and a comparison", "select t.b, u.b from t full join u on t.a = u.a and t.b < u.b"),
    ("by a comparison alone", "select t.b, u.b from t full join u on t.b < u.b"),
    (
        "a large side is computed once",
        "select x.n, u.b from (select t.a, count(*) as n from t join u y on t.a = y.a left join v on v.k = t.b and "
        "v.b > 1 left join v w on w.k = y.e left join u z on z.e = w.b and z.b > 2 group by t.a) x "
        "full join u on x.n < u.b",
    ),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("expand_full_joins.txt", rule_text("expand_full_joins", CASES))
