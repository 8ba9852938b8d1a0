"""WITH: inlined when used once, shared when used more often."""
from __future__ import annotations

import pytest
from support_plans import bind, show
from warehouse.errors import DuplicateTable, Error, NotSupportedError, UndefinedColumn, UndefinedTable


def test_used_once() -> None:
    query = bind("with q as (select a, b from t) select b from q where a = 1")
    assert query.ctes == ()
    assert show(query) == "project b = b\n  filter (a = 1)\n    project a = a, b = b\n      scan t t"


def test_used_twice() -> None:
    query = bind("with q(m) as (select a from t) select x.m, y.m from q x, q y")
    ((number, _, columns),) = query.ctes
    assert (number, [c.name for c in columns]) == (0, ["a"])
    assert show(query) == (
        "cte 0\n  project a = a\n    scan t t\nproject m = a, m = a\n  cross join\n    cte 0\n    cte 0"
    )
    uses = query.plan.input  # type: ignore[union-attr]
    assert uses.left.columns[0][0].id != uses.right.columns[0][0].id
    assert uses.left.columns[0][1] == columns[0]


def test_one_inside_another() -> None:
    query = bind("with p as (select 1 x), q as (select x from p) select * from q q1, q q2")
    assert len(query.ctes) == 1
    assert show(query).startswith("cte 0\n  project x = x\n    project x = 1")


def test_correlated_ones_are_not_shared() -> None:
    query = bind("select (with q as (select t.a + 1 as n) select x.n from q x, q y) from t")
    assert query.ctes == ()


def test_inner_names_hide_outer_ones() -> None:
    query = bind("with t as (select 1 as only) select * from t")
    assert query.names == ("only",)
    query = bind("with q as (select 1 as one) select * from (with q as (select 2 as two) select * from q) s")
    assert query.names == ("two",)
    assert bind("with t as (select a from t) select * from t").names == ("a",)


def test_on_set_operations_and_parentheses() -> None:
    assert bind("with q as (select a from t) select a from q union all select a from q").ctes
    assert bind("with q as (select a from t) (select a from q) limit 1").names == ("a",)


@pytest.mark.parametrize(
    ("sql", "error", "words"),
    [
        ("with q as (select nope from t) select 1", UndefinedColumn, "nope"),
        ("with q as (select 1), q as (select 2) select 1", DuplicateTable, '"q" specified more than once'),
        ("select (with recursive q as (select 1) select 1)", NotSupportedError, "in a subquery"),
        ("with p as (select * from q), q as (select 1) select * from p", UndefinedTable, "q"),
        ("with q(a, b) as (select 1) select * from q", Error, "1 columns available but 2"),
        ("select * from (with q as (select 1) select 1) s, q", UndefinedTable, "q"),
    ],
)
def test_errors(sql: str, error: type[Error], words: str) -> None:
    with pytest.raises(error, match=words):
        bind(sql)
