"""Estimates of skewed columns come from samples; those of even columns stay as exact as they were."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from plan_tools.tpch_tables import Planning
from warehouse.planner.logical import Filter, Logical
from warehouse.planner.optimizer.estimates import Estimator
from warehouse.planner.optimizer.sampled import Sampled, sampled
from warehouse.planner.optimizer.selectivity import selectivity
from warehouse.planner.traverse import inputs
from warehouse.storage.schema import TableStatistics
from warehouse.storage.statistics import ColumnSketch, merge_all
from warehouse.storage.types import BIGINT, DOUBLE, SqlType, varchar
from warehouse.storage.vector import from_list

ROWS, BLOCK = 200_000, 50_000
Values = list[Any]


def shuffled(values: Any) -> Any:
    return np.random.default_rng(5).permutation(values)


@lru_cache
def columns() -> dict[str, Values]:
    """By name: values of the rows of `orders`; o_totalprice in cents."""
    places = np.arange(1, ROWS + 1) / ROWS
    return {
        "o_custkey": shuffled(np.where(places < 0.6, 7, (places * 90_000).astype(int))).tolist(),
        "o_shippriority": shuffled(np.arange(ROWS) % 50).tolist(),
        "o_totalprice": shuffled((1_000 / (1.0001 - places)).astype(int)).tolist(),
        "o_orderkey": list(range(ROWS)),
        "o_comment": [("urgent " if i % 5 == 0 else "plain ") + str(i) for i in range(ROWS)],
        "o_clerk": [None if i % 4 == 0 else f"Clerk#{i % 1000:09d}" for i in range(ROWS)],
    }


@lru_cache
def planning() -> tuple[Planning, Any]:
    made = Planning()
    view: Any = made.view()
    data = view.tables["orders"]
    known = dict(data.statistics.columns)
    for column in data.table.columns:
        if column.name in columns():
            known[column.id] = sketch(columns()[column.name]).statistics()
    view.tables["orders"] = replace(data, statistics=TableStatistics(ROWS, 1, known))
    return made, view


def sketch(values: Values) -> ColumnSketch:
    kind: SqlType = varchar(79) if any(isinstance(v, str) for v in values[:9]) else BIGINT
    return merge_all([
        ColumnSketch.of(from_list(kind, values[i : i + BLOCK])) for i in range(0, len(values), BLOCK)
    ])


def share(condition: str) -> float:
    made, view = planning()
    plan: Logical = made.bind(f"select 1 from orders where {condition}").plan
    while not isinstance(plan, Filter):
        (plan,) = inputs(plan)
    estimator = Estimator(view)
    rows = estimator.rows(plan.input)
    return selectivity(plan.predicate, estimator, rows)


CASES: list[tuple[str, str, Callable[[Any], bool]]] = [
    ("o_custkey", "o_custkey = 7", lambda v: v == 7),
    ("o_custkey", "o_custkey <> 7", lambda v: v != 7),
    ("o_custkey", "o_custkey in (7, 60000)", lambda v: v in (7, 60_000)),
    ("o_custkey", "o_custkey = 60000", lambda v: v == 60_000),
    ("o_custkey", "o_custkey < 10", lambda v: v < 10),
    ("o_custkey", "o_custkey < 7 or o_custkey > 70000", lambda v: v < 7 or v > 70_000),
    ("o_custkey", "o_custkey between 60000 and 63000", lambda v: 60_000 <= v <= 63_000),
    ("o_totalprice", "o_totalprice < 12", lambda v: v < 1_200),
    ("o_totalprice", "o_totalprice > 100", lambda v: v > 10_000),
    ("o_totalprice", "o_totalprice between 15 and 18", lambda v: 1_500 <= v <= 1_800),
    ("o_comment", "o_comment like 'urgent%'", lambda v: v.startswith("urgent")),
    ("o_comment", "o_comment like '%ai%'", lambda v: "ai" in v),
    ("o_comment", "o_comment not like 'plain%'", lambda v: not v.startswith("plain")),
    ("o_comment", "o_comment < 'q'", lambda v: v < "q"),
    ("o_clerk", "o_clerk < 'Clerk#000000300'", lambda v: v is not None and v < "Clerk#000000300"),
    ("o_clerk", "o_clerk like 'Clerk%'", lambda v: v is not None),
]  # fmt: skip


@pytest.mark.parametrize(("column", "condition", "holds"), CASES, ids=[c[1] for c in CASES])
def test_skewed_columns_within_twice(column: str, condition: str, holds: Callable[[Any], bool]) -> None:
    true = sum(map(holds, columns()[column])) / ROWS
    assert true / 2 <= share(condition) <= true * 2


@pytest.mark.parametrize(("condition", "expected"), [
    ("o_orderkey < 20", 1e-4), ("o_orderkey between 1000 and 1199", 1e-3), ("o_orderkey >= 150000", 0.25),
    ("o_shippriority = 3", 0.02), ("o_shippriority in (1, 2, 3)", 0.06), ("o_orderkey = 12345", 5e-6),
])
def test_even_columns_stay_exact(condition: str, expected: float) -> None:
    assert share(condition) == pytest.approx(expected, rel=0.06)


def test_a_sample_of_everything_is_counted() -> None:
    made = Planning()
    view: Any = made.view()
    data = view.tables["nation"]
    names = ["ALGERIA", *["CHINA"] * 3, "PERU", None]
    known = dict(data.statistics.columns)
    (column,) = (c for c in data.table.columns if c.name == "n_name")
    known[column.id] = sketch(names).statistics()
    view.tables["nation"] = replace(data, statistics=TableStatistics(6, 1, known))
    for condition, rows in (("n_name = 'CHINA'", 3), ("n_name like '%IA'", 1), ("n_name >= 'CHINA'", 4)):
        plan = made.bind(f"select 1 from nation where {condition}").plan
        assert Estimator(view).rows(plan) == pytest.approx(rows)


def test_samples_that_say_nothing() -> None:
    def of(items: Values, kind: SqlType = DOUBLE) -> Sampled | None:
        return sampled(ColumnSketch.of(from_list(kind, items)).sample, None, None, 1.0)

    assert of([None]) is None
    assert of([float("nan")] * 100) is None
    assert of(["a", "b"], varchar(3)) is None, "texts do not compare with numbers"
    found = of([1.0, 2.0, 2.0, 4.0])
    assert found is not None and found.below(2.0, True) == 0.75
