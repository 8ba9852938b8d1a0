"""Concurrency scaling: what would wait runs in another process, over the same snapshot, with the same answers."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import warehouse

Open = Callable[..., Any]
SCALES = [{"query_group": ["g"], "query_concurrency": 1, "concurrency_scaling": "auto", "memory_percent_to_use": 40},
          {"query_concurrency": 2}]  # fmt: skip
WAITS = (6, "QueuedWaiting")


@pytest.fixture
def house(open_house: Open, tmp_path: Path) -> Iterator[Any]:
    """A queue whose one slot is taken, so that whatever else comes goes elsewhere."""
    made = open_house(SCALES, path=tmp_path / "db")
    held = made.session("g").execute("select a, b from numbers")
    yield made
    held.close()


def executors(house: Any) -> list[int]:
    """Where the queries of the queue have run."""
    return [r.executor for r in house.manager.log.queries if r.service_class == 6]


def waits(house: Any, session: Any, sql: str) -> None:
    """The statement waits for the slot."""
    end = house.behind(session, sql)
    house.wait_for(lambda: WAITS in house.states())
    session.cancel()
    house.wait_for(lambda: bool(end))


def test_what_an_executor_answers(house: Any) -> None:
    session = house.session("g")
    for sql in ("select b, count(*), sum(a) from numbers group by b order by b",
                "select current_user, max(a) - 0.5 from numbers",
                "select a, b from numbers where a < 500 order by a, b"):  # fmt: skip
        assert house.run(sql, session) == house.run(sql), sql
    house.run("insert into digits values (8)")
    assert house.run("select count(*) from digits", session) == [(8,)]  # the newest commit
    with pytest.raises(warehouse.DataError, match="division by zero") as error:
        house.run("select 1 / (d - 8) from digits", session)
    assert error.value.position is not None
    session.execute("select a, b from numbers").close()  # not read to its end
    end = house.behind(session, house.long)
    house.wait_for(lambda: (6, "Running") in house.states())
    session.cancel()
    house.wait_for(lambda: bool(end))
    assert "cancelled on user's request" in str(end[0])
    assert executors(house) == [1] * 7


def test_a_query_outlives_its_executor(house: Any) -> None:
    session = house.session("g")
    end = house.behind(session, house.long)
    house.wait_for(lambda: (6, "Running") in house.states() and bool(house.manager.executors._busy))
    (executor,) = house.manager.executors._busy
    executor._process.kill()
    house.wait_for(lambda: WAITS in house.states())  # its turn here comes next
    session.cancel()
    house.wait_for(lambda: bool(end))
    assert [(r.executor, r.state) for r in house.manager.log.queries if r.service_class == 6] == [
        (1, "Evicted"), (0, "Completed")
    ]  # fmt: skip


def test_usage_is_counted_and_limited(house: Any) -> None:
    session = house.session("g")
    limit = {"feature_type": "concurrency-scaling", "amount": 1e-9, "period": "monthly", "breach_action": "disable"}
    house.run(f"alter system set usage_limits = '{json.dumps([limit])}'")
    house.run("select count(*) from numbers", session)
    assert "usage limit limit-1 of concurrency-scaling has been reached" in str(session.notices[-1])
    usage = "select queries, usage_in_seconds >= 0, end_time > start_time from svcs_concurrency_scaling_usage"
    assert house.run(usage) == [(1, True, True)]
    reached = "select rtrim(usage_limit_id), rtrim(feature_type) from stl_usage_control"
    assert house.run(reached) == [("limit-1", "concurrency-scaling")]
    state = "select num_concurrency_scaling_queries from stv_wlm_service_class_state where service_class = 6"
    assert house.run(state) == [(1,)]
    status = "select concurrency_scaling_status from stl_query where label = 'g' order by query desc limit 1"
    assert house.run(status) == [(1,)]
    waits(house, session, "select count(*) from numbers")  # the feature is off


def test_what_another_process_may_not_run(house: Any) -> None:
    session = house.session("g")
    for sql in ("select count(*) from stv_sessions", "insert into digits values (1), (2)"):
        waits(house, session, sql)
    session.settings.set("query_group", "unset")
    house.run("begin", session)
    house.run("insert into digits values (9)", session)
    session.settings.set("query_group", "g")
    waits(house, session, "select count(*) from digits")  # with rows that only this session sees
    house.run("rollback", session)
    assert executors(house) == [0, 0, 0]
