"""AVG is SUM and COUNT."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    ("over a group", "select a, avg(c) from t group by a"),
    ("an equal sum or count is shared", "select avg(d), sum(d), count(d) from t"),
    ("DISTINCT goes to both", "select avg(distinct c) from t"),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("split_average.txt", rule_text("split_average", CASES))
