"""Sides of a union that pushed predicates prove empty are gone."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

TWO = "(select 't' kind, a, b from t union all select 'u' kind, a, b from u) x"
CASES = [
    ("one side is left", f"select a from {TWO} where kind = 'u' and b > 1"),
    ("none", f"select a from {TWO} where kind = 'v'"),
    ("both: the marks are gone from the filters", f"select a from {TWO} where kind in ('t', 'u') and b = 2"),
    ("no union: unchanged", "select a from t where b = 1"),
    ("aggregates are not pushed below, but their groups are",
     f"select n from (select kind, count(*) n from {TWO} group by kind) y where kind = 't' and n > 1"),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("drop_empty.txt", rule_text("drop_empty", CASES))
