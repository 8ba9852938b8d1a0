"""Running queries are looked at: rules, timeouts and hops act while they run, and their figures are true."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import warehouse

Open = Callable[..., Any]


def rule(action: str, metric: str, value: float, name: str = "r") -> dict[str, Any]:
    return {"rule_name": name, "action": action,
            "predicate": [{"metric_name": metric, "operator": ">", "value": value}]}  # fmt: skip


def queues(*rules: dict[str, Any], timeout: int = 0, second: int = 1) -> list[dict[str, Any]]:
    return [
        {"query_group": ["g"], "query_concurrency": 1, "rules": list(rules), "max_execution_time": timeout},
        {"query_group": ["g", "h"], "query_concurrency": second}, {"query_concurrency": 2},
    ]  # fmt: skip


@pytest.mark.parametrize("metric, value", [
    ("nested_loop_join_row_count", 1_000_000), ("query_cpu_time", 0.01), ("query_execution_time", 0.01),
])  # fmt: skip
def test_a_runaway_is_stopped_by_its_rule(open_house: Open, metric: str, value: float) -> None:
    house = open_house(queues(rule("abort", metric, value)))
    with pytest.raises(warehouse.OperationalError, match='abort action of Query Monitoring Rule "r"') as error:
        house.run(house.long, house.session("g"))
    assert error.value.sqlstate == "57014"
    found = "select rtrim(rule), rtrim(action), service_class, rtrim(service_class_name) from stl_wlm_rule_action"
    assert house.run(found) == [("r", "abort", 6, "Queue 1")]
    assert house.run("select rtrim(final_state) from stl_wlm_query where service_class = 6") == [("Evicted",)]
    assert house.states() == []


def test_a_log_lets_it_run(open_house: Open) -> None:
    house = open_house(queues(rule("log", "scan_row_count", 10)), filled=False)
    house.fill()
    session = house.session("g")
    end = house.behind(session, house.long)
    house.wait_for(lambda: bool(house.manager.log.actions))
    assert not end and house.states() == [(6, "Running")]


def test_a_hop_into_a_full_queue_begins_anew_and_answers_right(open_house: Open) -> None:
    house = open_house(queues(rule("hop", "query_cpu_time", 0)))
    blocker = house.session("h").execute("select a, b from numbers")  # unread: it has the second queue's slot
    sql = house.long.replace("pairs y", "(select * from pairs where a < 700) y")
    end = house.behind(house.session("g"), sql)
    house.wait_for(lambda: (7, "QueuedWaiting") in house.states())
    blocker.close()
    house.wait_for(lambda: bool(end))
    assert end == [house.run(sql)]
    mine = [r for r in house.manager.log.queries if r.text == sql]
    assert [(r.service_class, r.state) for r in mine] == [(6, "Evicted"), (7, "Completed"), (8, "Completed")]
    assert mine[0].task == mine[1].task and [a.action for a in house.manager.log.actions] == ["hop(restart)"]


def test_with_room_it_goes_on_there(open_house: Open) -> None:
    house = open_house(queues(timeout=1))
    end = house.behind(house.session("g"), house.long)
    house.wait_for(lambda: (7, "Running") in house.states())
    assert not end and [r.state for r in house.manager.log.queries if r.service_class == 6] == ["Evicted"]


def test_create_table_as_is_restarted_and_whole(open_house: Open) -> None:
    house = open_house(queues(timeout=1))
    blocker = house.session("h").execute("select a, b from numbers")
    sql = "create table made as " + house.long.replace("pairs y", "(select * from pairs where a < 700) y")
    end = house.behind(house.session("g"), sql)
    house.wait_for(lambda: (7, "QueuedWaiting") in house.states())
    blocker.close()
    house.wait_for(lambda: bool(end))
    assert end == [[]]
    assert house.run("select * from made") == house.run(sql.removeprefix("create table made as "))


def test_writes_are_cancelled_by_a_timeout(open_house: Open) -> None:
    house = open_house(queues(timeout=1))
    with pytest.raises(warehouse.OperationalError, match="max_execution_time of 1 ms"):
        house.run("insert into digits " + house.long, house.session("g"))
    assert house.run("select count(*) from digits") == [(7,)]


def test_a_user_cancels_a_query_that_hops(open_house: Open) -> None:
    """Whoever asks last for a stop is heard, not the hop."""
    house = open_house(queues(timeout=1))
    blocker = house.session("h").execute("select a, b from numbers")
    session = house.session("g")
    end = house.behind(session, house.long)
    house.wait_for(lambda: (7, "QueuedWaiting") in house.states())
    session.cancel("enough")
    house.wait_for(lambda: bool(end))
    assert str(end[0]) == "enough" and house.states() == [(7, "Returning")]
    blocker.close()


# -- figures -----------------------------------------------------------------------------------------


def test_the_figures_of_a_known_query(open_house: Open) -> None:
    house = open_house([{"auto_wlm": True}])
    house.run("set enable_result_cache_for_session to off")
    house.run("select n.a, d.d from numbers n join digits d on n.b = d.d where n.a < 500")
    kept = house.run("select count(*) from numbers where a < 500")[0][0]
    house.run("select count(*) from digits x, digits y where x.d + 2 * y.d > 5")
    found = house.run(
        "select scan_row_count, join_row_count, nested_loop_join_row_count, return_row_count, query_blocks_read > 0, "
        "cpu_skew from svl_query_metrics_summary order by query"
    )[-3:]
    assert found[0][:4] == (7**6 + 7, kept, 0, kept)
    assert found[1][:4] == (7**6, 0, 0, 1)
    assert found[2][:4] == (14, 0, 49, 1)
    assert [f[4] for f in found] == [True] * 3
    known = len(house.manager.log.queries)
    assert house.run("select count(*) from svl_query_metrics where dimension = 'query'") == [(known,)]


def test_figures_of_a_running_query(open_house: Open) -> None:
    house = open_house([{"auto_wlm": True}])
    house.behind(house.session(), house.long)
    columns = "rows, cpu_time > 0 as busy, run_time >= cpu_time / 2 as fits"
    seen = f"select {columns} from stv_query_metrics where cpu_time > 0 and rows > 1000"
    house.wait_for(lambda: house.run(seen) != [])
    (row,) = house.run(f"select {columns} from stv_query_metrics where rows > 0")
    assert row[1:] == (True, True)
    state = "select service_class, rtrim(state), rtrim(query_priority) from stv_wlm_query_state order by query"
    assert house.run(state) == [(100, "Running", "Normal")] * 2
    assert house.run("select count(*) from stv_wlm_query_task_state") == [(2,)]


def test_what_others_do_is_not_for_everybody(open_house: Open) -> None:
    house = open_house([{"auto_wlm": True}], filled=False)
    house.run("create user ann password 'Abcdef12'")
    for _ in range(5):
        house.run("select * from digits")
    ann = house.session(user="ann")
    for table in ("stl_wlm_query", "svl_query_metrics_summary", "stv_wlm_query_state", "stv_query_metrics"):
        assert house.run(f"select count(*) <= 4 from {table}", ann) == [(True,)]
    with pytest.raises(warehouse.ProgrammingError, match="permission denied"):
        house.run("select * from stv_wlm_service_class_config", ann)


# -- other sessions ----------------------------------------------------------------------------------


def test_cancel_and_terminate(open_house: Open) -> None:
    house = open_house([{"auto_wlm": True}])
    session = house.session()
    end = house.behind(session, house.long)
    house.wait_for(lambda: len(house.states()) == 1)
    assert house.run(f"select pg_cancel_backend({session.id})") == [(1,)]
    house.wait_for(lambda: bool(end))
    assert "cancelled on user's request" in str(end[0])
    house.run("begin", session)
    house.run("delete from digits", session)
    assert house.run(f"select pg_terminate_backend({session.id})") == [(1,)]
    assert house.run("select count(*) from digits") == [(7,)]
    house.run("delete from digits")  # its lock is free
    with pytest.raises(warehouse.OperationalError, match="terminating connection due to administrator") as error:
        house.run("select 1", session)
    assert error.value.sqlstate == "57P01"
    with pytest.raises(warehouse.Error, match=f"session {session.id} does not exist"):
        house.run(f"select pg_cancel_backend({session.id})")


def test_rights_over_other_sessions(open_house: Open) -> None:
    house = open_house([{"auto_wlm": True}], filled=False)
    house.run("create user ann password 'Abcdef12'")
    ann = house.session(user="ann")
    for call in ("pg_cancel_backend", "pg_terminate_backend"):
        with pytest.raises(warehouse.Error, match="must be superuser or have the CANCEL permission"):
            house.run(f"select {call}({house.first.id})", ann)
    house.run("grant role sys:operator to ann")
    assert house.run(f"select pg_cancel_backend({house.session().id})", ann) == [(1,)]
    for call in ("change_query_priority(1, 'low')", "change_session_priority(-1, 'low')",
                 "change_user_priority('ann', 'low')"):  # fmt: skip
        with pytest.raises(warehouse.Error, match="must be superuser"):
            house.run(f"select {call}", ann)


def test_priorities_by_sql(open_house: Open) -> None:
    house = open_house([{"auto_wlm": True}])
    session = house.session()
    house.behind(session, house.long)
    house.wait_for(lambda: len(house.states()) == 1)
    (query,) = house.manager.tickets
    assert house.run(f"select change_query_priority({query}, 'Critical')") == [
        ("Succeeded to change query priority. Priority changed from Normal to Critical.",)]  # fmt: skip
    state = f"select rtrim(query_priority) from stv_wlm_query_state where query = {query}"
    assert house.run(state) == [("Critical",)]
    ((text,),) = house.run("select change_session_priority(-1, 'Lowest')")
    assert text.endswith(f"Changed session (pid:{house.first.id}) priority to lowest.")
    ((text,),) = house.run("select change_user_priority('dev', 'RESET')")
    assert text == "Succeeded to reset priority for user (dev)."
    house.run("create user ann password 'Abcdef12'")
    for call, words in (("change_query_priority(1, 'low')", "query 1 is neither"),
                        ("change_user_priority('x', 'low')", 'user "x"'),
                        ("change_session_priority(1, 'low')", "session 1"),
                        ("change_session_priority(-1, 'max')", "invalid priority")):  # fmt: skip
        with pytest.raises(warehouse.Error, match=words):
            house.run(f"select {call}")
