"""Shares of rows, over columns with known statistics."""
from __future__ import annotations

from typing import Any

import pytest
from plan_tools.tpch_tables import Planning
from warehouse.planner.logical import Filter, Logical
from warehouse.planner.optimizer.column_estimates import thinned
from warehouse.planner.optimizer.estimates import Estimator
from warehouse.planner.optimizer.selectivity import selectivity
from warehouse.planner.traverse import inputs


def share(condition: str, table: str = "lineitem") -> float:
    planning = Planning()
    plan: Logical = planning.bind(f"select 1 from {table} where {condition}").plan
    while not isinstance(plan, Filter):
        (plan,) = inputs(plan)
    estimator = Estimator(planning.view())
    rows = estimator.rows(plan.input)
    return selectivity(plan.predicate, estimator, rows)


@pytest.mark.parametrize(("condition", "expected"), [
    ("l_quantity = 24", 1 / 50),
    ("l_quantity <> 24", 49 / 50),
    ("l_quantity in (1, 2, 3)", 3 / 50),
    ("l_quantity not in (1, 2, 3)", 47 / 50),
    ("l_suppkey <= 2500", 0.25),
    ("l_suppkey > 2500", 0.75),
    ("2500 >= l_suppkey", 0.25),
    ("l_suppkey between 2501 and 5000", 0.25),
    ("l_suppkey > 2500 and l_suppkey <= 5000", 0.25),
    ("l_suppkey <= 5000 and l_quantity = 24", 0.01),
    ("l_suppkey <= 5000 or l_suppkey > 9000", 0.55),
    ("not (l_suppkey <= 2500)", 0.75),
    ("l_orderkey is null", 0.001),
    ("l_orderkey is not null", 1.0),
    ("l_commitdate < l_receiptdate", 0.5),
    ("l_returnflag = 'R'", 1 / 3),
    ("extract(month from l_shipdate) = 3", 1 / 12),
])
def test_share(condition: str, expected: float) -> None:
    assert share(condition) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("condition", ["l_suppkey = 20000", "l_suppkey > 10000", "l_suppkey < 0"])
def test_out_of_bounds_is_next_to_nothing(condition: str) -> None:
    assert 0 < share(condition) < 0.001


def test_like_prefixes_are_rarer_the_longer() -> None:
    shares = [share(f"p_name like '{p}%'", "part") for p in ("f", "fo", "forest")]
    assert shares == sorted(shares, reverse=True)
    assert share("p_name like '%green%'", "part") > shares[-1]


def test_text_ranges_use_the_first_bytes() -> None:
    assert 0.0 < share("c_mktsegment < 'B'", "customer") < share("c_mktsegment < 'L'", "customer") < 1.0


@pytest.mark.parametrize(("distinct", "source", "rows", "expected"), [
    (100, 1000, 1000, 100), (100, 1000, 2000, 100), (1000, 1000, 10, 10), (5, 1_000_000, 1000, 5), (100, 100, 0.5, 1),
])
def test_thinned(distinct: float, source: float, rows: float, expected: float) -> None:
    assert thinned(distinct, source, rows) == pytest.approx(expected, rel=0.05)


def test_no_statistics_give_sane_defaults() -> None:
    planning = Planning()
    view: Any = planning.view()
    for name, data in view.tables.items():
        view.tables[name] = type(data)(data.table, (), type(data.statistics)(0), data.replicated)
    estimator = Estimator(view)
    plan = planning.bind("select l_suppkey, count(*) from lineitem where l_tax = 1 group by 1").plan
    assert 0 < estimator.rows(plan) <= 1000
