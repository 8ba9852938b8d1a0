"""The 99 TPC-DS queries on two topologies and both table designs, judged by DuckDB.

Loaded through COPY at scale 0.01, where some of the texts' constants find nothing: `make bench
SUITE=tpcds` checks the same answers at scale 1. One database per place, loaded once. On the second place
each run of `make test` takes a third of the queries (tests/sampling.py).
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import warehouse
from oracle.judge import Judge
from warehouse.bench.tpcds import TPCDS

SCALE = 0.01
PLACES = [
    pytest.param((nodes, slices, design), id=f"{nodes}x{slices}-{design}")
    for nodes, slices, design in ((1, 2, "demo"), (2, 2, "even"))
]


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    judge = Judge(TPCDS, SCALE)
    yield judge
    judge.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Places, and the queries of each."""
    if "query" in metafunc.fixturenames:
        cases = [
            pytest.param(*place.values, query, id=f"{place.id}-{query}", marks=marks)
            for place, marks in zip(PLACES, ((), pytest.mark.one_in(3))) for query in TPCDS.queries
        ]
        metafunc.parametrize(("tpcds", "query"), cases, indirect=["tpcds"], scope="module")
    elif "tpcds" in metafunc.fixturenames:
        metafunc.parametrize("tpcds", PLACES, indirect=True, scope="module")


@pytest.fixture(scope="module")
def tpcds(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A connection to TPC-DS on one topology in one design."""
    nodes, slices, design = request.param
    connection = warehouse.connect(":memory:", nodes=nodes, slices_per_node=slices, threads=2, autocommit=True)
    TPCDS.load(connection, TPCDS.generate(SCALE), design)
    yield connection
    connection.close()


def test_answer_is_the_judges(tpcds: Any, judge: Judge, query: str) -> None:
    table = tpcds.cursor().execute(TPCDS.text(query, SCALE)).fetch_arrow_table()
    assert judge.check(query, table) is None


def test_every_row_was_loaded(tpcds: Any, judge: Judge) -> None:
    for table in TPCDS.tables:
        count = f"select count(*) from {table}"
        assert tpcds.execute(count).fetchone() == judge.connection.execute(count).fetchone(), table
