"""Predicates in the form that other rules look for."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    ("NOT goes to the leaves", "select a from t where not (a > 1 or b is null)"),
    (
        "what all branches of an OR say stands before it",
        "select t.a from t, u where (t.a = u.a and t.b = 1) or (t.a = u.a and u.b = 2)",
    ),
    (
        "what an OR says about one table alone",
        "select t.a from t, u where (t.b = 1 and u.b = 2) or (t.b = 2 and u.b = 1)",
    ),
    ("equalities of one column are a list", "select a from t where a = 1 or a = 2 or a in (3, 4)"),
    ("a OR (a AND b)", "select a from t where a = 1 or (a = 1 and b = 2)"),
    (
        "a division keeps its place behind its guard: unchanged",
        "select a from t where (a > 0 and b / a > 1) or (c = 1 and b / a > 1)",
    ),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("simplify_predicates.txt", rule_text("simplify_predicates", CASES))
