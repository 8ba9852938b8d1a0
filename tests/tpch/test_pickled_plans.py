"""What a second Cluster would be sent: plans and snapshots that went through pickle give the same answers."""
from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.bench.tpch import TPCH
from warehouse.engine.context import Context
from warehouse.engine.handlers import binding, insert, select
from warehouse.planner import kept_plans
from warehouse.planner.physical import PhysicalQuery
from warehouse.planner.plan_cache import Entry
from warehouse.storage.schema import Table

SCALE = 0.01


@pytest.fixture(scope="module")
def tpch() -> Iterator[Any]:
    connection = warehouse.connect(":memory:", nodes=2, slices_per_node=2, threads=2, autocommit=True)
    TPCH.load(connection, TPCH.generate(SCALE), "demo")
    yield connection
    connection.close()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From here on plans and views are what pickle makes of them; how often."""
    times: list[int] = []

    def through(made: Any) -> Any:
        times.append(len(pickle.dumps(made)))
        return pickle.loads(pickle.dumps(made))

    def plan(tree: Any, context: Context) -> PhysicalQuery:
        planned = binding.plan(tree, context)
        context.view = through(context.view)
        result: PhysicalQuery = through(planned)
        return result

    def plan_insert(statement: Any, table: Table, context: Context) -> Any:
        planned, positions = binding.plan_insert(statement, table, context)
        context.view = through(context.view)
        return through(planned), positions

    monkeypatch.setattr(select, "plan", plan)
    monkeypatch.setattr(insert, "plan_insert", plan_insert)
    return times


@pytest.mark.parametrize("query", TPCH.queries)
def test_a_pickled_plan_gives_the_same_answer(tpch: Any, query: str, monkeypatch: pytest.MonkeyPatch,
                                              request: pytest.FixtureRequest) -> None:
    expected = tpch.execute(TPCH.text(query, SCALE)).fetchall()
    sent = request.getfixturevalue("sent")
    assert tpch.execute(TPCH.text(query, SCALE)).fetchall() == expected
    assert len(sent) == 2
    assert max(sent) < 2_000_000


@pytest.mark.parametrize("query", TPCH.queries)
def test_a_plan_on_disk_is_read_back_as_it_was(tpch: Any, query: str, tmp_path: Path) -> None:
    tpch.execute(TPCH.text(query, SCALE)).fetchall()
    entry: Entry = tpch.session.plans._shapes[next(reversed(tpch.session.plans._shapes))][0]
    view = tpch.session.database.view()
    written = kept_plans.Shelf(tmp_path)._written(entry, [view.data(table) for table, *_ in entry.rows])
    assert len(written) < 50_000
    assert kept_plans._Reader(written, view, kept_plans._state).entry() == entry


def test_a_pickled_insert_writes_the_same_rows(tpch: Any, sent: list[int]) -> None:
    tpch.execute("create table t (o_orderkey bigint, o_totalprice decimal(15, 2)) distkey(o_orderkey)")
    tpch.execute("insert into t select o_orderkey, o_totalprice from orders")
    assert len(sent) == 2
    both = "select count(*), sum(o_orderkey), sum(o_totalprice) from "
    assert tpch.execute(both + "t").fetchall() == tpch.execute(both + "orders").fetchall()


def test_a_pickled_view_shows_the_same_tables(tpch: Any) -> None:
    view = tpch.session.database.view()
    again = pickle.loads(pickle.dumps(view))
    assert (again.snapshot, again.topology, again.schemas()) == (view.snapshot, view.topology, view.schemas())
    assert again.relations() == view.relations()
    for table in view.relations():
        assert again.data(table) == view.data(table)
        for id_, column in view.data(table).statistics.columns.items():
            assert again.data(table).statistics.columns[id_].sample is not None or column.sample is None
