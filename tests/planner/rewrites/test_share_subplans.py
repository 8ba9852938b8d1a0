"""Equal subplans are computed once."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    (
        "a join under two aggregates",
        "select t.a, sum(u.e) from t, u where t.a = u.a group by t.a having sum(u.e) > (select avg(u.e) "
        "from t, u where t.a = u.a)",
    ),
    (
        "another filter is another subplan: unchanged",
        "select t.a, sum(u.e) from t, u where t.a = u.a group by t.a having sum(u.e) > (select avg(u.e) "
        "from t, u where t.a = u.a and u.b = 1)",
    ),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("share_subplans.txt", rule_text("share_subplans", CASES))
