"""Statements wait for their turn: what holds a slot, what needs none, what ends a wait. No times."""
from __future__ import annotations

import gc
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
import warehouse
from warehouse.engine.workload.usage import Usage

Open = Callable[..., Any]
ONE = [{"query_group": ["one"], "query_concurrency": 1, "memory_percent_to_use": 10}, {"query_concurrency": 3}]
WAITS = (6, "QueuedWaiting")


def held_slot(house: Any) -> Any:
    """A result that is not read to its end keeps its slot."""
    session = house.session("one")
    result = session.execute("select a, b from numbers")
    assert house.states() == [(6, "Returning")]
    return result


def test_a_statement_waits_while_the_queue_is_full(open_house: Open) -> None:
    house = open_house(ONE)
    result = held_slot(house)
    end = house.behind(house.session("one"), "select count(*) from numbers")
    house.wait_for(lambda: WAITS in house.states())
    assert house.run("select count(*) from digits") == [(7,)]  # another queue
    assert end == []
    result.close()
    house.wait_for(lambda: bool(end))
    assert end == [[(7**6,)]]
    assert [r.state for r in house.manager.log.queries if r.service_class == 6] == ["Completed"] * 2


def test_a_reconfiguration_loses_no_query(open_house: Open) -> None:
    """One is returning, one waits for a slot that comes, one asks for more slots than there will be."""
    house = open_house(ONE)
    result = held_slot(house)
    end = house.behind(house.session("one"), "select count(*) from numbers")
    house.wait_for(lambda: WAITS in house.states())
    more = [{**ONE[0], "query_concurrency": 3, "memory_percent_to_use": 60}, *ONE[1:]]
    house.run(f"alter system set wlm_json_configuration = '{json.dumps(more)}'")
    house.wait_for(lambda: bool(end))
    assert end == [[(7**6,)]]
    greedy = house.session("one")
    greedy.settings.set("wlm_query_slot_count", "3")
    told = house.behind(greedy, "select count(*) from numbers")
    house.wait_for(lambda: WAITS in house.states())
    house.run(f"alter system set wlm_json_configuration = '{json.dumps(ONE)}'")
    house.wait_for(lambda: bool(told))
    assert "asks for 3 slots, and its queue has 1 now" in str(told[0])
    assert result.table().num_rows == 7**6 and house.states() == []


def test_what_needs_no_slot(open_house: Open) -> None:
    house = open_house(ONE)
    result = held_slot(house)
    session = house.session("one")
    for sql in ("set search_path to public", "show query_group", "select 1 + 1", "select count(*) from pg_class",
                "begin", "create table other (a integer)", "rollback", "reset search_path",
                "explain select * from numbers"):  # fmt: skip
        house.run(sql, session)
    assert house.states() == [(6, "Returning")]
    del result  # what nobody keeps is not waited for
    gc.collect()
    assert house.states() == []


def test_an_answer_from_memory_needs_no_slot(open_house: Open) -> None:
    house = open_house(ONE, filled=False)
    session = house.session("one")
    session.settings.set("enable_result_cache_for_session", "on")
    for _ in range(3):
        assert house.run("select count(*) from digits", session) == [(7,)]
    assert len([r for r in house.manager.log.queries if r.service_class == 6]) == 1


@pytest.mark.parametrize("how", ["cancel", "timeout"])
def test_a_wait_can_be_ended(open_house: Open, how: str) -> None:
    house = open_house(ONE)
    result = held_slot(house)
    session = house.session("one")
    if how == "timeout":
        session.settings.set("statement_timeout", "30")
    end = house.behind(session, "insert into digits select 8")
    if how == "cancel":
        house.wait_for(lambda: WAITS in house.states())
        session.cancel()
    house.wait_for(lambda: bool(end))
    assert isinstance(end[0], warehouse.Error) and end[0].sqlstate == "57014"
    assert house.states() == [(6, "Returning")] and len(house.manager.tickets) == 1
    result.close()
    session.settings.set("statement_timeout", "0")
    assert house.run("select count(*) from digits", session) == [(7,)]


def test_writes_and_maintenance_take_their_turn(open_house: Open) -> None:
    house = open_house(ONE, filled=False)
    session = house.session("one")
    for sql in ("create table t as select d from digits", "insert into t values (9), (10)", "update t set d = d + 1",
                "delete from t where d = 2", "merge into t using digits on t.d = digits.d when matched then update set "
                "d = 0 when not matched then insert values (digits.d)", "vacuum t", "analyze t",
                "alter table t alter diststyle even"):  # fmt: skip
        house.run(sql, session)
    kinds = [r.text.split()[0] for r in house.manager.log.queries if r.service_class == 6]
    assert kinds == ["create", "insert", "update", "delete", "merge", "vacuum", "analyze", "alter"]
    assert house.states() == [] and not house.manager.tickets


def test_a_cursor_has_a_turn_from_its_first_fetch_to_its_end(open_house: Open) -> None:
    house = open_house(ONE)
    session = house.session("one")
    for sql in ("begin", "declare c cursor for select a, b from numbers", "fetch forward 5 from c"):
        house.run(sql, session)
    assert [s for s, _ in house.states()] in ([6], [])  # its rows may all be there
    house.run("close c", session)
    assert house.states() == []
    house.run("rollback", session)


def test_a_failing_statement_gives_its_turn_back(open_house: Open) -> None:
    house = open_house(ONE, filled=False)
    session = house.session("one")
    for sql in ("select 1 / (d - 1) from digits", "insert into digits select 'x' || d from digits"):
        with pytest.raises(warehouse.Error):
            house.run(sql, session)
        assert house.states() == [] and not house.manager.tickets


def test_slot_count(open_house: Open) -> None:
    house = open_house(ONE, filled=False)
    session = house.session()
    session.settings.set("wlm_query_slot_count", "4")
    with pytest.raises(warehouse.ProgrammingError, match="asks for 4 slots"):
        house.run("select * from digits", session)
    session.settings.set("wlm_query_slot_count", "2")
    house.run("select * from digits", session)
    first, second = list(house.manager.log.queries)[-2:]
    assert (first.slots, second.slots) == (1, 2) and second.memory == 2 * first.memory
    assert house.run(f"select pid = {session.id} from stl_wlm_error") == [(True,)]


def test_memory_is_the_queues_share(open_house: Open) -> None:
    """A small share makes the query put rows on disk, a large one does not."""
    house = open_house([{"query_group": ["small"], "query_concurrency": 10, "memory_percent_to_use": 5},
                        {"query_concurrency": 1}], memory="400MB")  # fmt: skip
    sql = "select count(*) from (select a, b, row_number() over (order by b, a) as n from numbers) where n > 0"
    for group in ("small", ""):
        assert house.run(sql, house.session(group)) == [(7**6,)]
    small, large = list(house.manager.log.queries)[-2:]
    assert small.memory == int((400 << 20) * 0.95 * 0.05) // 10
    assert small.metrics["query_temp_blocks_to_disk"] > 0 == large.metrics["query_temp_blocks_to_disk"]


def test_a_query_alone_has_the_whole_limit_by_default(open_house: Open) -> None:
    house = open_house([{"auto_wlm": True}], filled=False)
    result = house.first.execute("select * from digits")
    (record,) = [r for r in house.manager.log.queries if r.text == "select * from digits"]
    assert record.service_class == 100 and record.priority == "Normal" and result.rowcount == 7


def test_users_groups_and_roles_lead_to_queues(open_house: Open) -> None:
    queues = [{"user_group": ["analysts"]}, {"user_role": ["etl*"], "user_role_wild_card": 1}, {}]
    house = open_house(queues, filled=False)
    for sql in ("create user ann password 'Abcdef12'", "create user bob password 'Abcdef12'", "create role etl_daily",
                "create group analysts with user ann", "grant role etl_daily to bob",
                "grant select on digits to public"):  # fmt: skip
        house.run(sql)
    for user in ("ann", "bob", "dev"):
        house.run("select * from digits", house.session(user=user))
    assert [r.service_class for r in house.manager.log.queries][-3:] == [6, 7, 8]


def test_the_superuser_queue(open_house: Open) -> None:
    house = open_house(ONE, filled=False)
    house.run("select * from digits", house.session("superuser"))
    assert [r.service_class for r in house.manager.log.queries][-1] == 5


WAITING = (
    "select count(*) from digits", "insert into other select d from digits",
    "create table third as select d from digits", "update spread set d = 1 from digits where true",
    "merge into other using digits on other.d = digits.d when matched then delete "
    "when not matched then insert values (1)",
    "vacuum full digits to 100 percent", "vacuum full digits to 100 percent boost",
)  # fmt: skip


@pytest.mark.parametrize("sql", WAITING)
def test_who_waits_for_a_lock_has_no_slot(open_house: Open, monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    """Else the lock's holder might wait for that slot."""
    house = open_house(ONE, filled=False)
    house.run("create table other as select 7 as d")
    house.run("create table spread diststyle even as select 7 as d")
    holder, waiter = house.session("one"), house.session("one")
    house.run("delete from digits where d = 7")
    house.run("begin", holder)
    house.run("lock digits", holder)
    waits = threading.Event()
    monkeypatch.setattr("warehouse.storage.lock_waits.Patience.look", lambda self: waits.set())
    end = house.behind(waiter, sql)
    house.wait_for(waits.is_set)
    held = house.behind(holder, "select sum(d) from digits")
    house.wait_for(lambda: bool(held))
    assert held == [[(21,)]] and not end
    house.run("commit", holder)
    house.wait_for(lambda: bool(end))
    assert end == [[(6,)]] if sql.startswith("select") else end == [[]]
    assert house.states() == []


def test_a_slot_is_given_back_where_the_statement_cannot_begin(
    open_house: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = open_house(ONE, filled=False)
    session = house.session("one")

    def fail(manager: Any) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(type(house.manager), "watches", True)
        patch.setattr(type(house.manager), "_watch", fail)
        with pytest.raises(warehouse.Error, match="can't start new thread"):
            house.run("select * from digits", session)
    assert house.states() == [] and not house.manager.tickets
    assert house.run("select count(*) from digits", session) == [(7,)]


def test_who_ends_anothers_query_does_not_reckon_its_time() -> None:
    """A thread's clock tells nothing of another's: what was reckoned so was below zero."""
    usage = Usage(None)
    usage.resume()
    sum(range(200_000))
    thread = threading.Thread(target=usage.pause)
    thread.start()
    thread.join()
    assert usage.processor == 0
    usage.resume()
    sum(range(200_000))
    usage.pause()
    assert usage.processor > 0
