"""Planning never changes the answer: bound plans and their physical plans give the same rows.

Small random tables with many NULLs and duplicates, three distribution designs, three topologies. The two
evaluators are in reference.py: one takes the bound plan literally, the other runs the physical plan on
simulated slices and checks every claim about where rows are.
"""
from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_tools.random_sql import random_query
from plan_tools.reference import Cluster, Logical
from plan_tools.small_tables import DESIGNS, SCHEMA, Data, View, bind, random_data
from warehouse.engine.evaluate import evaluate
from warehouse.errors import CardinalityViolation, DataError
from warehouse.planner.optimize import optimize
from warehouse.storage.schema import Topology

QUERIES = [
    line for line in (Path(__file__).parent / "queries.sql").read_text().splitlines()
    if not line.startswith("--")
]

SCALES: tuple[dict[str, int], ...] = (
    {}, {"t": 1_000_000}, {"u": 1_000_000, "v": 1000}, {"v": 1_000_000, "w": 1_000_000},
)
TOPOLOGIES = ((1, 1), (1, 2), (2, 2), (1, 3))


def check(sql: str, data: Data, design: str, topology: Topology, scales: dict[str, int]) -> None:
    view = View(design, topology, data, scales)
    query = bind(sql, view)
    try:
        expected = [
            tuple([row[c.id] for c in query.columns])
            for row in Logical(data, query.ctes).rows(query.plan, {})
        ]
    except (CardinalityViolation, DataError):
        return
    plan = optimize(query, view, evaluate)
    found = Cluster(data, topology.slices).run(plan)
    assert Counter(found) == Counter(expected)
    if "order by" in re.sub(r"over \([^)]*\)", "", sql) and "(select" not in sql:
        assert found == expected


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("sql", QUERIES)
def test_each_query(sql: str, design: str) -> None:
    for seed, (topology, scales) in enumerate(zip(TOPOLOGIES, SCALES)):
        check(sql, random_data(seed), design, Topology.even(*topology), scales)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1 << 32))
def test_random_queries(seed: int) -> None:
    choose = random.Random(seed)
    sql = random_query(choose)
    design, topology = choose.choice(list(DESIGNS)), choose.choice(TOPOLOGIES)
    scales = {name: choose.choice([1, 100, 10_000, 1_000_000]) for name in SCHEMA}
    check(sql, random_data(seed, 5), design, Topology.even(*topology), scales)
