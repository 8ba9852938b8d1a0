"""GROUPING SETS as a union of aggregates, coarse ones made of finer ones."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    ("each level of a rollup is made of the one before", "select a, b, sum(c), count(*) from t group by rollup(a, b)"),
    ("sets that none holds share the input", "select a, b, sum(c) from t group by grouping sets ((a), (b))"),
    ("DISTINCT cannot be added up", "select a, count(distinct b) from t group by rollup(a)"),
    ("AVG is split before", "select a, avg(c) from t group by rollup(a)"),
    ("GROUPING over plain groups is 0", "select a, grouping(a) from t group by a"),
    ("one set needs no union", "select a, count(*), grouping(b) from t group by a, grouping sets ((b))"),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("expand_grouping_sets.txt", rule_text("expand_grouping_sets", CASES))
