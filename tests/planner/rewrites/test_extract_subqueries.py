"""Subqueries leave expressions: each kind, in each place."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import rule_text

CASES = [
    ("EXISTS as a conjunct is a semi join", "select a from t where exists (select 1 from u where u.a = t.a)"),
    (
        "NOT IN is a null-aware anti join where a side may be NULL",
        "select a from t where a not in (select a from u)",
    ),
    (
        "NOT IN of columns without NULLs is a plain anti join",
        "select c from t where c not in (select b from u)",
    ),
    (
        "op ALL: no row for which the comparison is false or NULL",
        "select a from t where a > all (select e from u)",
    ),
    (
        "a scalar subquery in an expression",
        "select a from t where b < (select max(u.b) from u where u.a = t.a) + 1",
    ),
    (
        "EXISTS under OR needs a mark",
        "select a from t where a = 1 or exists (select 1 from u where u.a = t.a)",
    ),
    (
        "IN under OR in WHERE: NULL is as good as FALSE",
        "select a from t where a = 1 or b in (select e from u)",
    ),
    (
        "a test that the binder repeats, once for each value of a list, is one join",
        "select a from t where (b in (select e from u)) in (a > 1, b > 1, b > 2)",
    ),
    ("IN in a select list: NULL and FALSE differ", "select b in (select e from u) from t"),
    (
        "the ON of a LEFT JOIN, about the inner table",
        "select t.a from t left join u on t.a = u.a and u.e in (select k from v)",
    ),
    (
        "about the outer table: a mark beside its rows",
        "select t.a from t left join u on t.a = u.a and t.b in (select k from v)",
    ),
    (
        "about both tables: the pairs that pass, joined to the inner one",
        "select t.a from t left join u on t.a = u.a and t.b + u.e in (select k from v)",
    ),
    (
        "in a FULL JOIN: and the rows of the other side that no pair has",
        "select t.a from t full join u on t.a = u.a and t.b + u.e in (select k from v)",
    ),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("extract_subqueries.txt", rule_text("extract_subqueries", CASES))
