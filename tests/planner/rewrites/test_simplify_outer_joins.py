"""Outer joins whose NULL rows are thrown away become plainer."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    ("a comparison rejects NULL", "select t.a from t left join u on t.a = u.a where u.b > 1"),
    ("IS NULL does not: unchanged", "select t.a from t left join u on t.a = u.a where u.b is null"),
    ("a later inner join rejects too", "select t.a from t left join u on t.a = u.a join v on u.b = v.b"),
    ("RIGHT is turned round", "select t.a, u.b from t right join u on t.a = u.a"),
    ("FULL becomes LEFT", "select t.a, u.b from t full join u on t.a = u.a where t.b = 1"),
    (
        "both branches of an OR must reject: unchanged",
        "select t.a from t left join u on t.a = u.a where u.b > 1 or t.b = 2",
    ),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("simplify_outer_joins.txt", rule_text("simplify_outer_joins", CASES))
