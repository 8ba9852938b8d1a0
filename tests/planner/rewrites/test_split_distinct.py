"""DISTINCT aggregates in two levels."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    ("one argument", "select a, count(distinct b), sum(c), count(*) from t group by a"),
    ("no groups: COUNT of nothing is 0", "select count(distinct b), count(*) from t"),
    ("two arguments share their input", "select a, count(distinct b), count(distinct c) from t group by a"),
    ("MIN does not care for DISTINCT: unchanged", "select a, min(distinct b) from t group by a"),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("split_distinct.txt", rule_text("split_distinct", CASES))
