"""UNION, INTERSECT and EXCEPT become grouping over UNION ALL."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    ("UNION", "select a from t union select a from u"),
    ("INTERSECT", "select a from t intersect select a from u"),
    ("EXCEPT", "select a, b from t except select a, b from u"),
    ("UNION ALL is unchanged", "select a from t union all select a from u"),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("expand_set_operations.txt", rule_text("expand_set_operations", CASES))
