"""Subqueries in expressions: scalar, EXISTS, IN, ANY, ALL; what they take from outside."""
from __future__ import annotations

import pytest
from support_plans import bind, show
from warehouse.errors import Error, SqlSyntaxError, UndefinedFunction, UndefinedTable
from warehouse.planner.columns import free_columns


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("exists (select 1 from u where u.a = t.a)", "exists[project ?column? = 1 <- filter (a = a) <- scan u u]"),
        ("not exists (select 1 from u)", "not exists[project ?column? = 1 <- scan u u]"),
        ("a in (select k from u)", "(a = any[project k = k <- scan u u])"),
        ("a not in (select k from u)", "(a <> all[project k = k <- scan u u])"),
        ("not a in (select k from u)", "(a <> all[project k = k <- scan u u])"),
        ("a > all (select k from u)", "(a > all[project k = k <- scan u u])"),
        ("a = some (select k from u)", "(a = any[project k = k <- scan u u])"),
        ("any (select k from u) < a", "(a > any[project k = k <- scan u u])"),
        ("a < (select max(k) from u)",
         "(a < scalar[project max = max <- aggregate [] [max = max(k)] <- scan u u])"),
        ("d in (select '2020-01-01')", "(d = any[project ?column? = 18262 <- values ()])"),
        ("x in (select k from u)",
         "(x = any[project k = cast(k as numeric(12,2)) <- project k = k <- scan u u])"),
    ],
)
def test_conditions(condition: str, expected: str) -> None:
    assert show(bind(f"select a from t where {condition}")) == f"project a = a\n  filter {expected}\n    scan t t"


def test_columns_from_outside_stay_free() -> None:
    query = bind("select (select max(k) from u where u.a = t.a) from t")
    subquery = query.plan.columns[0][1]  # type: ignore[union-attr]
    assert free_columns(subquery.plan) == {1}


def test_over_two_levels() -> None:
    sql = "select a from t where a in (select a from u where k in (select w.k from u w where w.a = t.b))"
    predicate = bind(sql, compatibility="extended").plan.input.predicate  # type: ignore[union-attr]
    assert free_columns(predicate.plan) == {2}


def test_inner_names_come_first() -> None:
    predicate = bind("select a from t where exists (select 1 from u where a = 1)").plan.input.predicate  # type: ignore[union-attr]
    assert free_columns(predicate.plan) == set()


@pytest.mark.parametrize(
    ("sql", "error", "words"),
    [
        ("select (select 1, 2)", SqlSyntaxError, "subquery must return only one column"),
        ("select 1 from t where a in (select a, k from u)", SqlSyntaxError, "only one column"),
        ("select 1 from t where a in (select d from t)", UndefinedFunction, "integer = date"),
        ("select 1 from t where exists (select 1 from u where w.a = 1)", UndefinedTable, "w"),
        ("select 1 + (select v from u)", UndefinedFunction, "integer \\+ character varying"),
    ],
)
def test_errors(sql: str, error: type[Error], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        bind(sql)
    assert caught.value.position is not None
