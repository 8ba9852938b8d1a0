"""Left joins that look for rows without a partner."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    ("the join column", "select t.a from t left join u on t.a = u.a where u.a is null and t.b = 1"),
    ("a column without NULLs", "select t.a, u.e from t left join u on t.a = u.a where u.b is null"),
    ("a column with NULLs of its own: unchanged", "select t.a from t left join u on t.a = u.a where u.e is null"),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("left_to_anti.txt", rule_text("left_to_anti", CASES))
