"""CTEs take the place of their use unless computing them once pays."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    (
        "used once: unchanged, the binder has put it in its place",
        "with x as (select a, count(*) n from t group by a) select n from x where a = 1",
    ),
    (
        "used twice: shared, unchanged",
        "with x as (select a, count(*) n from t group by a) select p.n from x p, x q where p.a = q.n",
    ),
    (
        "only a filtered table: read twice",
        "with x as (select a, b from t where c > 1) select p.a from x p, x q where p.a = q.b",
    ),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("inline_ctes.txt", rule_text("inline_ctes", CASES))
