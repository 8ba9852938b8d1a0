"""A semi join with a unique right side is an inner join."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    (
        "a grouped subquery is unique",
        "select a from t where a in (select a from u group by a having sum(e) > 3)",
    ),
    ("duplicates may be there: unchanged", "select a from t where a in (select a from u)"),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("semi_to_inner.txt", rule_text("semi_to_inner", CASES))
