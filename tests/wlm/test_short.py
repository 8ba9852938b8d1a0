"""Short query acceleration: what is predicted, what counts as short, what happens to those that take longer."""
from __future__ import annotations

import random

from support_wlm import HEAVY, LIGHT, SECOND, Desk, started
from warehouse.wlm.configuration import SHORT_CLASS
from warehouse.wlm.decisions import Hop, Start, Wait
from warehouse.wlm.requests import Estimate, Kind
from warehouse.wlm.short import Predictor

ONE_SLOT = [{"query_concurrency": 1}, {"short_query_queue": True}]


def trained(limit: int = 0) -> Predictor:
    found, dice = Predictor(limit), random.Random(3)
    for _ in range(60):
        found.observe("small", LIGHT, int(5000 * dice.uniform(0.7, 1.4)), 1)
        found.observe("big", HEAVY, int(3 * SECOND * dice.uniform(0.7, 1.4)), 1)
    return found


def test_shapes_are_known_by_their_times() -> None:
    found = trained()
    assert 3000 < found.time("small", HEAVY) < 8000  # whatever the plan says
    assert 2 * SECOND < found.time("big", LIGHT) < 5 * SECOND


def test_unknown_shapes_go_by_their_plans() -> None:
    found, dice = Predictor(), random.Random(5)
    for i in range(200):
        rows = 10 ** dice.uniform(3, 8)
        found.observe(i, Estimate(rows, rows * 8), int(200 + rows / 50), 1)
    for rows in (1e4, 1e6, 5e7):
        assert 1 / 4 < found.time("new", Estimate(rows, rows * 8)) / (200 + rows / 50) < 4


def test_the_bound_lies_between_the_two_kinds() -> None:
    longest = trained().longest
    assert 10_000 < longest < SECOND
    fixed = trained(limit=5 * SECOND)
    assert fixed.longest == fixed.patience == 5 * SECOND


def test_of_one_kind_nothing_is_short() -> None:
    found, dice = Predictor(), random.Random(3)
    for _ in range(60):
        found.observe("big", HEAVY, int(3 * SECOND * dice.uniform(0.8, 1.2)), 1)
    assert not found.is_short("big", HEAVY)


def test_what_is_remembered_is_bounded() -> None:
    found = Predictor()
    for i in range(5000):
        found.observe(i, LIGHT, 1000, 1)
    assert len(found._shapes) == 2000


def desk_with_history() -> Desk:
    desk = Desk(ONE_SLOT)
    desk.machine.floor.predictor = trained()
    return desk


def test_a_short_query_does_not_wait_behind_long_ones() -> None:
    desk = desk_with_history()
    desk.submit(1, shape="big", estimate=HEAVY)
    assert isinstance(desk.submit(2, shape="big", estimate=HEAVY)[-1], Wait)
    (start,) = desk.submit(3, shape="small", estimate=LIGHT)
    assert isinstance(start, Start) and start.service_class == SHORT_CLASS
    desk.finish(3)
    assert [r.service_class for r in desk.machine.floor.log.queries] == [SHORT_CLASS]


def test_with_a_free_slot_it_runs_in_its_own_queue() -> None:
    desk = desk_with_history()
    (start,) = desk.submit(1, shape="small", estimate=LIGHT)
    assert isinstance(start, Start) and start.service_class == 6


def test_only_reads_and_create_table_as() -> None:
    desk = desk_with_history()
    desk.submit(1, shape="big")
    for id, kind in enumerate(Kind, start=2):
        found = desk.submit(id, shape="small", kind=kind)
        assert (started(found) == [id]) == kind.hops


def test_the_space_is_bounded_too() -> None:
    desk = desk_with_history()
    desk.submit(1, shape="big")
    assert [len(started(desk.submit(i, shape="small"))) for i in range(2, 9)] == [1] * 5 + [0] * 2
    assert started(desk.finish(2)) == [7]


def test_who_takes_too_long_goes_to_its_queue() -> None:
    desk = desk_with_history()
    desk.submit(1, shape="big")
    desk.submit(2, shape="small")
    assert desk.tick(1) == []  # it may only be that others keep it from running
    patience = desk.machine.floor.predictor.patience / SECOND
    assert patience >= 2
    (hop,) = desk.tick(patience)
    assert isinstance(hop, Hop) and (hop.query, hop.service_class, hop.restart) == (2, 6, True)
    assert desk.machine.evicted(2, desk.time) == []
    assert started(desk.finish(1)) == [2]
    assert [(r.service_class, r.state) for r in desk.machine.floor.log.queries] == [
        (SHORT_CLASS, "Evicted"), (6, "Completed")
    ]  # fmt: skip


def test_into_a_free_slot_it_just_goes_on() -> None:
    desk = desk_with_history()
    desk.submit(1, shape="big")
    desk.submit(2, shape="small")
    desk.finish(1)
    (hop,) = desk.tick(desk.machine.floor.predictor.patience / SECOND)
    assert isinstance(hop, Hop) and not hop.restart and desk.running(6) == [2]


def test_in_automatic_wlm_it_goes_on() -> None:
    desk = Desk([{"auto_wlm": True}, {"short_query_queue": True}])
    desk.machine.floor.predictor = trained()
    for i in range(4):
        desk.submit(i, estimate=HEAVY, shape="big")
    (start,) = desk.submit(9, estimate=HEAVY, shape="small")
    assert isinstance(start, Start) and start.service_class == SHORT_CLASS
    hops = [d for d in desk.tick(desk.machine.floor.predictor.patience / SECOND) if isinstance(d, Hop)]
    assert [(h.query, h.restart) for h in hops] == [(9, False)] and 9 in desk.running(100)


def test_switched_off_while_some_wait() -> None:
    desk = desk_with_history()
    desk.submit(1, shape="big")
    for i in range(2, 9):
        desk.submit(i, shape="small")
    assert desk.reconfigure(ONE_SLOT[:1])[0] == []
    assert desk.waiting(6) == [7, 8] and desk.running(SHORT_CLASS) == [2, 3, 4, 5, 6]
    for i in (2, 3, 4, 5, 6):
        assert started(desk.finish(i)) == []
    assert started(desk.finish(1)) == [7] and started(desk.finish(7)) == [8]
