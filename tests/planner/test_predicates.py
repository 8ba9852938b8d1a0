"""Three-valued facts, checked against the one-row evaluator over all small values."""
from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from plan_tools.small_tables import View, bind, random_data
from warehouse.engine.evaluate import evaluate
from warehouse.planner.columns import columns_of
from warehouse.planner.expressions import Expr
from warehouse.planner.logical import Filter
from warehouse.planner.predicates import (
    can_fail,
    conjoin,
    conjuncts,
    is_null_when,
    negate,
    null_safe_equal,
    push_not,
    rejects_null,
)
from warehouse.planner.traverse import walk_plan
from warehouse.storage.schema import Topology

PREDICATES = [
    "a > 1", "a = b", "a is null", "a is not null", "not (a is null)", "a in (1, 2)", "a not in (1, 2)",
    "a in (1, null)", "not (a > 1 and b < 2)", "not (a > 1 or b is null)", "a > 1 or b > 1", "a > 1 and b is null",
    "case when a > 1 then b > 1 else false end", "not (not (a = 1))", "a + b > 2", "coalesce(a, 1) = 1",
    "(a > 1 or a is null) and b = 2", "not (case when a = 1 then true else b = 2 end)",
]


def predicate(text: str) -> Expr:
    query = bind(f"select 1 from t where {text}", View("key", Topology.even(1, 1), random_data(1), {}))
    return next(n.predicate for n in walk_plan(query.plan) if isinstance(n, Filter))


def rows(expr: Expr) -> list[dict[int, Any]]:
    columns = sorted(columns_of(expr))
    return [dict(zip(columns, values)) for values in product([None, 0, 1, 2, 3], repeat=len(columns))]


@pytest.mark.parametrize("text", PREDICATES)
def test_push_not_and_negate_keep_all_three_values(text: str) -> None:
    expr = predicate(text)
    for row in rows(expr):
        value = evaluate(expr, row)
        assert evaluate(push_not(expr), row) is value
        assert evaluate(negate(expr), row) is (None if value is None else not value)


@pytest.mark.parametrize("text", PREDICATES)
def test_rejects_null_is_never_wrong(text: str) -> None:
    expr = predicate(text)
    for column in columns_of(expr):
        nulls = [row for row in rows(expr) if row[column] is None]
        if rejects_null(expr, {column}):
            assert all(evaluate(expr, row) is not True for row in nulls)
        if is_null_when(expr, {column}):
            assert all(evaluate(expr, row) is None for row in nulls)


@pytest.mark.parametrize("text", ["a > 1", "a in (1, 2)", "a = b", "a > 1 and b is null", "a is not null"])
def test_rejects_null_sees_the_common_forms(text: str) -> None:
    expr = predicate(text)
    assert rejects_null(expr, {min(columns_of(expr))})


def test_null_safe_equality() -> None:
    expr = predicate("a = b")
    both = conjoin(null_safe_equal(expr.left, expr.right, nullable=True))  # type: ignore[union-attr]
    assert both is not None
    left, right = (next(iter(columns_of(e))) for e in (expr.left, expr.right))  # type: ignore[union-attr]
    for row in rows(expr):
        assert evaluate(both, row) is (row[left] == row[right])


def test_conjuncts_and_back() -> None:
    expr = predicate("a > 1 and (b > 2 and c > 3) and a > 1")
    assert len(conjuncts(expr)) == 4
    joined = conjoin(conjuncts(expr))
    assert joined is not None and len(conjuncts(joined)) == 3, "said twice is said once"


@pytest.mark.parametrize(("text", "fails"), [
    ("a / b > 1", True), ("a / 2 > 1", False), ("a % b = 1", True), ("a + b > 1", False), ("s::int > 1", True),
    ("a::bigint > 1", False), ("c::int > 1", True), ("d::numeric(4,2) > 1", True), ("upper(s) = 'A'", False),
    ("a::decimal(18,2) > 1", False), ("extract(year from date '2020-01-01') > a", False),
])
def test_what_can_fail(text: str, fails: bool) -> None:
    assert can_fail(predicate(text)) is fails
