"""SUPER values are grouped, compared and sorted by keys of their own."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    ("groups show one of their values", "select s::super as v, count(*) from t group by s::super"),
    ("DISTINCT counts normal forms", "select count(distinct s::super) from t"),
    ("ORDER BY goes by ranks", "select a from t order by s::super, a"),
    ("and so do windows", "select rank() over (partition by s::super order by s::super desc) from t"),
    ("other types stay unchanged", "select s, count(distinct c) from t group by s order by s"),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("normalise_super.txt", rule_text("normalise_super", CASES))
