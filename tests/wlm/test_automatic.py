"""Automatic WLM: small queries at once, big ones by memory and priority, nobody starves."""
from __future__ import annotations

from typing import Any

import pytest
from support_wlm import HEAVY, LIGHT, MB, Desk, started
from warehouse.errors import ProgrammingError, UndefinedObject
from warehouse.wlm.automatic import MOST_RUNNING
from warehouse.wlm.decisions import Raise, Share, Start, Wait
from warehouse.wlm.priorities import Priority
from warehouse.wlm.requests import Estimate

AUTO = [{"auto_wlm": True}]


def by_group(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    queues = [{"query_group": [g], "priority": p, "queue_type": "auto"} for g, p in pairs]
    return [*queues, {"queue_type": "auto"}]


def test_small_queries_start_beside_big_ones() -> None:
    desk = Desk(AUTO)
    for i in range(6):
        desk.submit(i, estimate=HEAVY)
    assert desk.running() == [0, 1, 2, 3] and desk.waiting() == [4, 5]  # four of 200 MB in 1 GB, for two processors
    for i in range(10, 10 + MOST_RUNNING - 4):
        assert started(desk.submit(i, estimate=LIGHT)) == [i]
    assert isinstance(desk.submit(99, estimate=LIGHT)[-1], Wait)
    assert started(desk.finish(10)) == [99]


def test_a_query_alone_has_all_the_memory_and_two_share_it() -> None:
    desk = Desk(AUTO)
    first = desk.submit(1, estimate=HEAVY)
    assert first == [Start(1, 100, 1024 * MB, 1024 * MB), Share(1, 1024 * MB)]
    shares = {d.query: d.soft for d in desk.submit(2, estimate=HEAVY) if isinstance(d, Share)}
    assert shares == {1: 512 * MB, 2: 512 * MB}
    assert desk.finish(1) == [Share(2, 1024 * MB)]


def test_memory_decides_how_many_big_ones_run() -> None:
    huge = Estimate(rows=1e9, bytes=1e10, memory=600 * MB)
    desk = Desk(AUTO)
    for i in range(3):
        desk.submit(i, estimate=huge)
    assert desk.running() == [0]
    desk = Desk(AUTO)
    for i in range(3):
        desk.submit(i, estimate=Estimate(rows=1e9, memory=10 * MB))
    assert desk.running() == [0, 1, 2]


def test_an_estimate_above_the_memory_still_runs_alone() -> None:
    desk = Desk(AUTO)
    assert started(desk.submit(1, estimate=Estimate(rows=1e9, memory=5000 * MB))) == [1]
    assert isinstance(desk.submit(2, estimate=HEAVY)[-1], Wait)
    assert started(desk.finish(1)) == [2]


def test_priorities_decide_who_is_next() -> None:
    desk = Desk(by_group(("etl", "highest"), ("bi", "normal"), ("batch", "lowest")))
    for i in range(4):
        desk.submit(i, estimate=HEAVY)
    for i, group in enumerate(["batch", "bi", "etl", "batch", "etl"], start=10):
        desk.submit(i, estimate=HEAVY, query_group=group)
    assert [started(desk.finish(i)) for i in range(4)] == [[12], [14], [11], [10]]


def test_waiting_raises_low_priorities() -> None:
    """A flood of important queries does not starve an unimportant one."""
    desk = Desk(by_group(("etl", "highest"), ("batch", "lowest")))
    for i in range(4):
        desk.submit(i, estimate=HEAVY, query_group="etl")
    desk.submit(100, estimate=HEAVY, query_group="batch")
    waited = 0
    for i in range(4, 100):
        desk.now += 2
        desk.submit(i, estimate=HEAVY, query_group="etl")
        waited += 1
        if 100 in started(desk.finish(desk.running()[0])):
            break
    assert 20 < waited < 90


@pytest.mark.parametrize("run", [0.2, 20.0])
def test_every_priority_makes_progress_and_higher_ones_more(run: float) -> None:
    """Six sessions of each priority ask again and again, for fifty times as long as a query runs."""
    desk = Desk(by_group(("etl", "highest"), ("bi", "normal"), ("batch", "lowest")))
    groups = ("etl", "bi", "batch")
    done = dict.fromkeys(groups, 0)
    owner = {i: groups[i % 3] for i in range(18)}
    for i, group in owner.items():
        desk.submit(i, estimate=HEAVY, query_group=group)
    for number in range(18, 18 + 200):
        desk.now += run / 4  # four run side by side
        ended = min(desk.machine.floor.automatic.running.values(), key=lambda e: e.started).id  # type: ignore[union-attr]
        desk.finish(ended)
        done[owner[ended]] += 1
        owner[number] = owner[ended]
        desk.submit(number, estimate=HEAVY, query_group=owner[number])
    if run < 1:
        assert done["etl"] > 3 * done["bi"] > 3 * done["batch"] > 9
    else:  # a level is worth no more than half a minute, in which few of such queries end
        assert done["etl"] > done["bi"] > done["batch"] > 9
    assert sum(done.values()) == 200


def test_higher_priorities_have_more_memory() -> None:
    desk = Desk(by_group(("etl", "highest"), ("batch", "lowest")))
    desk.submit(1, estimate=HEAVY, query_group="batch")
    shares = {d.query: d.soft for d in desk.submit(2, estimate=HEAVY, query_group="etl") if isinstance(d, Share)}
    assert shares[2] > 2 * shares[1] and sum(shares.values()) <= 1024 * MB


def test_a_client_that_reads_slowly_keeps_nobody_waiting() -> None:
    huge = Estimate(rows=1e9, memory=1000 * MB)
    desk = Desk(AUTO)
    desk.submit(1, estimate=huge)
    assert isinstance(desk.submit(2, estimate=huge)[-1], Wait)
    assert started(desk.machine.returning(1, desk.time, held=900 * MB)) == [2]
    assert sum(e.expected for e in desk.machine.floor.entries.values()) > 1024 * MB
    shares = desk.machine.floor.automatic.shares()  # type: ignore[union-attr]
    assert sum(soft for _, soft in shares) <= 1024 * MB


def test_history_corrects_the_plan() -> None:
    desk = Desk(AUTO)
    wrong = Estimate(rows=1e9, memory=900 * MB)
    desk.submit(1, estimate=wrong, shape="s")
    desk.now += 1
    desk.finish(1, memory=100 * MB)
    for i in (2, 3, 4):
        desk.submit(i, estimate=wrong, shape="s")
    assert desk.running() == [2, 3, 4]


def test_changed_priorities() -> None:
    desk = Desk(by_group(("batch", "lowest")))
    desk.submit(1076, estimate=HEAVY, query_group="batch", session=5, user="ann")
    text, decisions = desk.machine.change_query_priority(1076, Priority.CRITICAL, desk.time)
    assert text == "Succeeded to change query priority. Priority changed from Lowest to Critical."
    assert Raise(1076, Priority.CRITICAL) in decisions
    with pytest.raises(ProgrammingError, match="only one query, user or session"):
        desk.machine.change_session_priority(5, Priority.CRITICAL, desk.time)
    with pytest.raises(UndefinedObject, match="query 3 is neither running nor waiting"):
        desk.machine.change_query_priority(3, Priority.LOW, desk.time)


def test_sessions_and_users_have_priorities_too() -> None:
    desk = Desk(AUTO)
    machine = desk.machine
    desk.submit(1, session=30311, user="ann")
    text, decisions = machine.change_session_priority(30311, Priority.LOWEST, desk.time)
    assert text == "Succeeded to change session priority. Changed session (pid:30311) priority to lowest."
    assert Raise(1, Priority.LOWEST) in decisions
    text, _ = machine.change_session_priority(30311, Priority.HIGH, desk.time)
    assert text.endswith("priority from Lowest to high.")
    text, _ = machine.change_user_priority("bob", Priority.LOW, desk.time)
    assert text == "Succeeded to change user priority. Changed user (bob) priority to low."
    desk.submit(2, user="bob")
    desk.submit(3, user="bob", session=30311)
    assert [machine.floor.entries[i].priority for i in (2, 3)] == [Priority.LOW, Priority.HIGH]
    text, decisions = machine.change_user_priority("bob", None, desk.time)
    assert text == "Succeeded to reset priority for user (bob)." and Raise(2, Priority.NORMAL) in decisions


def test_one_critical_query_runs_at_a_time() -> None:
    desk = Desk(AUTO)
    desk.machine.change_user_priority("root", Priority.CRITICAL, desk.time)
    assert started(desk.submit(1, estimate=LIGHT, user="root")) == [1]
    assert isinstance(desk.submit(2, estimate=LIGHT, user="root")[-1], Wait)
    assert started(desk.submit(3, estimate=LIGHT)) == [3]
    assert started(desk.finish(1)) == [2]


def test_manual_queues_have_no_priorities() -> None:
    with pytest.raises(ProgrammingError, match="not available in manual WLM"):
        Desk([{"query_concurrency": 1}]).machine.change_user_priority("ann", Priority.LOW, 0)


def test_queues_come_and_go_while_queries_run_and_wait() -> None:
    desk = Desk(by_group(("etl", "highest")))
    for i in range(6):
        desk.submit(i, estimate=HEAVY, query_group="etl")
    assert desk.running(100) == [0, 1, 2, 3]
    assert desk.reconfigure(AUTO)[0] == []
    assert desk.running(100) == [0, 1, 2, 3] and {e.priority for e in desk.machine.floor.entries.values()} == {
        Priority.NORMAL
    }
    assert started(desk.finish(0)) == [4]
    assert desk.reconfigure(by_group(("a", "low"), ("etl", "high")))[0] == []
    assert desk.running(101) == [1, 2, 3, 4] and desk.waiting(101) == [5]
