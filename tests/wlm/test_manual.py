"""Manual WLM: slots, memory, slot counts, timeouts, hops, changes while queries run. Counts and order, no times."""
from __future__ import annotations

import heapq
import random

import pytest
from support_wlm import MB, Desk, started
from warehouse.errors import ProgrammingError
from warehouse.wlm.configuration import SUPERUSER_CLASS
from warehouse.wlm.decisions import Abort, Hop, Start, Wait
from warehouse.wlm.requests import Kind

TWO = [{"query_group": ["a"], "query_concurrency": 2, "memory_percent_to_use": 40},
       {"query_concurrency": 3, "memory_percent_to_use": 60}]  # fmt: skip


def test_a_queue_fills_and_the_first_waiting_comes_next() -> None:
    desk = Desk(TWO)
    assert [type(d) for i in range(4) for d in desk.submit(i, query_group="a")] == [Start, Start, Wait, Wait]
    assert desk.submit(4) == [Start(4, 7, *[int(1024 * MB * 0.95 * 0.6) // 3] * 2)]
    assert started(desk.finish(1)) == [2]
    assert started(desk.finish(0)) == [3]
    assert desk.waiting() == [] and desk.running(6) == [2, 3]


def test_memory_is_the_queues_share_by_its_slots() -> None:
    desk = Desk(TWO, memory=1000)
    (start,) = desk.submit(1, query_group="a")
    assert isinstance(start, Start) and start.memory == int(1000 * 0.95 * 0.4) // 2
    desk = Desk([*TWO, {"short_query_queue": True}], memory=1000)
    (start,) = desk.submit(1, query_group="a")
    assert isinstance(start, Start) and start.memory == int(1000 * 0.9 * 0.4) // 2


def test_slot_count_takes_slots_and_their_memory() -> None:
    desk = Desk(TWO, memory=3000)
    one = desk.submit(1)[0]
    three = desk.submit(2, slots=3)
    assert isinstance(one, Start) and isinstance(three[0], Wait)
    assert isinstance(desk.submit(3)[0], Wait)  # does not overtake
    (start,) = [d for d in desk.finish(1) if isinstance(d, Start)]
    assert start.query == 2 and start.memory == 3 * one.memory
    assert started(desk.finish(2)) == [3]


def test_more_slots_than_the_queue_has() -> None:
    desk = Desk(TWO)
    with pytest.raises(ProgrammingError, match=r"asks for 3 slots .* its queue 'Queue 1' has 2"):
        desk.submit(1, query_group="a", slots=3, session=9)
    assert [e.session for e in desk.machine.floor.log.errors] == [9]
    assert not desk.machine.floor.entries


def test_the_superuser_queue_is_beside_full_queues() -> None:
    desk = Desk([{"query_concurrency": 1}])
    desk.submit(1)
    first, second = (desk.submit(i, superuser=True, query_group="superuser") for i in (2, 3))
    assert isinstance(first[0], Start) and first[0].service_class == SUPERUSER_CLASS
    assert isinstance(second[0], Wait)


def test_a_cancelled_waiter_lets_those_behind_it_through() -> None:
    desk = Desk(TWO)
    desk.submit(1)
    desk.submit(2, slots=3)
    desk.submit(3)
    assert started(desk.machine.cancel(2, desk.time)) == [3]
    assert desk.machine.cancel(3, desk.time) == [] and desk.running() == [1, 3]


# -- timeouts and hops ---------------------------------------------------------------------------------

HOPS = [{"query_group": ["r*"], "query_group_wild_card": 1, "query_concurrency": 2, "max_execution_time": 5000},
        {"query_group": ["report"], "query_concurrency": 1},
        {"query_concurrency": 1}]  # fmt: skip


def test_a_timeout_hops_to_the_next_matching_queue() -> None:
    desk = Desk(HOPS)
    desk.submit(1, query_group="report")
    assert desk.tick(4.9) == []
    (hop,) = desk.tick(0.2)
    assert isinstance(hop, Hop) and (hop.service_class, hop.restart) == (7, False)
    assert desk.tick(1000) == []  # the new queue has no timeout
    desk.finish(1)
    assert [(r.service_class, r.state) for r in desk.machine.floor.log.queries] == [(6, "Evicted"), (7, "Completed")]
    assert len({r.task for r in desk.machine.floor.log.queries}) == 1


def test_without_room_it_is_restarted() -> None:
    desk = Desk(HOPS)
    desk.submit(1, query_group="report")
    desk.submit(2, query_group="report")
    hops = desk.tick(6)
    assert [(type(h), h.restart) for h in hops if isinstance(h, Hop)] == [(Hop, False), (Hop, True)]
    assert started(desk.machine.evicted(2, desk.time)) == []  # the other has the slot
    assert desk.waiting(7) == [2]
    assert started(desk.finish(1)) == [2]
    assert started(desk.submit(3, query_group="rest")) == [3]  # the first queue has its slots again


def test_a_query_that_holds_more_than_the_new_slot_is_restarted() -> None:
    desk = Desk([{**HOPS[0], "memory_percent_to_use": 90}, {**HOPS[1], "memory_percent_to_use": 5}, {}], memory=1000)
    desk.submit(1, query_group="report")
    desk.progress(1, memory=200)
    (hop,) = desk.tick(6)
    assert isinstance(hop, Hop) and hop.restart


def test_nowhere_to_hop_cancels() -> None:
    desk = Desk(HOPS)
    desk.submit(1, query_group="rest")
    (abort,) = desk.tick(6)
    assert isinstance(abort, Abort) and "no other queue matches" in abort.text
    assert "no other queue" in desk.machine.floor.log.errors[0].text
    desk.finish(1, ok=False)
    assert [r.state for r in desk.machine.floor.log.queries] == ["Evicted"]


@pytest.mark.parametrize("kind, outcome", [
    (Kind.READ, Hop), (Kind.CREATE, Hop), (Kind.WRITE, Abort), (Kind.COPY, None), (Kind.MAINTENANCE, None),
])  # fmt: skip
def test_what_a_timeout_does_depends_on_the_statement(kind: Kind, outcome: type | None) -> None:
    desk = Desk(HOPS)
    desk.submit(1, query_group="report", kind=kind)
    assert [type(d) for d in desk.tick(6)] == ([] if outcome is None else [outcome])


def test_a_returning_query_has_no_timeout() -> None:
    desk = Desk(HOPS)
    desk.submit(1, query_group="report")
    desk.machine.returning(1, desk.time)
    assert desk.tick(6) == []


def test_a_function_of_the_users_does_not_hop() -> None:
    desk = Desk(HOPS)
    desk.submit(1, query_group="report", functions=True)
    assert [type(d) for d in desk.tick(6)] == [Abort]


# -- changes while queries run --------------------------------------------------------------------------


def test_the_manuals_dynamic_example() -> None:
    """cm-c-wlm-dynamic-example.md: four slots of 25 become three of 50 while four queries run."""
    def configured(slots: int, percent: int) -> list[dict[str, object]]:
        return [{"query_group": ["q"], "query_concurrency": slots, "memory_percent_to_use": percent},
                {"query_concurrency": 1, "memory_percent_to_use": 100 - percent}]  # fmt: skip

    desk = Desk(configured(4, 50), memory=200)
    queue = desk.machine.floor.queues[0]
    size = queue.size
    for i in range(8):
        desk.submit(i, query_group="q")
    assert desk.reconfigure(configured(3, 75)) == ([], [])
    assert queue.target == 3 and queue.size > size
    assert queue.slots == 4 and desk.running(6) == [0, 1, 2, 3]
    assert started(desk.finish(0)) == [] and queue.slots == 3  # three is enough
    assert started(desk.finish(1)) == [4] and queue.slots == 3  # the first new slot
    assert queue.running[4].memory == queue.size and queue.running[2].memory == size
    assert started(desk.finish(2)) == [5] and started(desk.finish(3)) == [6]
    assert {e.memory for e in queue.running.values()} == {queue.size} and desk.waiting() == [7]


def test_a_static_change_changes_nothing() -> None:
    desk = Desk(TWO)
    desk.submit(1, query_group="a")
    assert desk.reconfigure([{"query_group": ["b"]}, {}]) == (["query_group"], [])
    assert desk.machine.configuration.queues[0].query_groups == ("a",)


def test_a_waiter_that_can_no_longer_run_is_told() -> None:
    desk = Desk(TWO)
    desk.submit(1)
    desk.submit(2, slots=3)
    _, decisions = desk.reconfigure([TWO[0], {**TWO[1], "query_concurrency": 2}])
    assert [(type(d), d.query) for d in decisions] == [(Abort, 2)]


def test_a_new_timeout_is_for_queries_that_begin_later() -> None:
    desk = Desk([{**HOPS[0], "max_execution_time": 0}, *HOPS[1:]])
    desk.submit(1, query_group="report")
    desk.reconfigure(HOPS)
    desk.submit(2, query_group="report")
    assert [d.query for d in desk.tick(6)] == [2]


# -- hours of load --------------------------------------------------------------------------------------


def test_hours_of_load() -> None:
    """Thousands of queries in more than an hour: no queue above its slots, none lost, each queue in its order."""
    desk, dice = Desk(TWO), random.Random(7)
    order: dict[int, list[int]] = {6: [], 7: []}
    ends: list[tuple[float, int]] = []

    def take(decisions: list[object]) -> None:
        for d in decisions:
            if isinstance(d, Start):
                order[d.service_class].append(d.query)
                heapq.heappush(ends, (desk.now + dice.expovariate(1 / 3), d.query))

    for id in range(4_000):
        desk.now += dice.expovariate(1.0)
        while ends and ends[0][0] <= desk.now:
            take(desk.finish(heapq.heappop(ends)[1]))
        take(desk.submit(id, query_group=dice.choice(["a", ""])))
        assert [q.busy <= q.target for q in desk.machine.floor.queues] == [True, True]
    while ends:
        desk.now, done = heapq.heappop(ends)
        take(desk.finish(done))
    assert desk.now > 3600 and order[6] == sorted(order[6]) and order[7] == sorted(order[7])
    assert sorted(order[6] + order[7]) == list(range(4_000))
    assert desk.machine.floor.tally(6).executed + desk.machine.floor.tally(7).executed == 4_000
