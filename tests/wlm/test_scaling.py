"""Concurrency scaling: eligible queries that would wait go to free executors, within limits."""
from __future__ import annotations

import json
from typing import Any

from support_wlm import HEAVY, Desk, started
from warehouse.wlm.decisions import Start, Wait
from warehouse.wlm.scaling import usage_periods
from warehouse.wlm.usage import parse_limits

QUEUES = [{"query_group": ["a"], "query_concurrency": 1, "concurrency_scaling": "auto"}, {"query_concurrency": 1}]


def desk(executors: int, configuration: Any = QUEUES) -> Desk:
    made = Desk(configuration)
    made.machine.scale_to(executors, 0)
    return made


def executor(decisions: list[Any]) -> int | None:
    return next((d.executor for d in decisions if isinstance(d, Start)), None)


def test_slots_first_then_executors_then_the_queue() -> None:
    d = desk(2)
    assert [executor(d.submit(i, query_group="a", scalable=True)) for i in range(4)] == [0, 1, 2, None]
    assert executor(d.finish(1)) == 1  # the waiting one takes the executor that is free
    d.submit(4, query_group="a", scalable=True)
    assert executor(d.finish(0)) == 0  # or the slot
    assert [r.executor for r in d.machine.floor.log.queries] == [1, 0]


def test_only_eligible_queries_of_queues_that_may() -> None:
    d = desk(2)
    for id, about in enumerate([{"query_group": "a"}, {}, {"scalable": True}, {"query_group": "a"}]):
        found = d.submit(id, **about)
        assert executor(found) == (0 if id < 2 else None), id
    assert executor(d.submit(9, query_group="a", scalable=True)) == 1


def test_none_without_executors() -> None:
    d = desk(0)
    d.submit(1, query_group="a", scalable=True)
    assert isinstance(d.submit(2, query_group="a", scalable=True)[-1], Wait)
    assert [s.executor for s in d.machine.scale_to(1, d.time) if isinstance(s, Start)] == [1]


def test_automatic_queues_scale_too() -> None:
    d = desk(1, [{"auto_wlm": True, "concurrency_scaling": "auto"}])
    found = [executor(d.submit(i, estimate=HEAVY, scalable=True)) for i in range(6)]
    assert found == [0, 0, 0, 0, 1, None]


def test_a_failing_executor_sends_the_query_back() -> None:
    d = desk(1)
    d.submit(1, query_group="a", scalable=True)
    assert executor(d.submit(2, query_group="a", scalable=True)) == 1
    assert started(d.machine.failed(2, d.time)) == [] and d.waiting(6) == [2]
    assert [(r.state, r.executor) for r in d.machine.floor.log.queries] == [("Evicted", 1)]
    assert executor(d.finish(1)) == 0


def test_usage_periods_and_limits() -> None:
    d = desk(1)
    limit = {"feature_type": "concurrency-scaling", "amount": 2, "period": "daily", "breach_action": "disable"}
    d.machine.floor.scaling.limits.change(parse_limits(json.dumps([limit])))
    d.submit(1, query_group="a", scalable=True)
    for id, pause in ((2, 0), (3, 0.5), (4, 30)):
        d.now += pause
        assert executor(d.submit(id, query_group="a", scalable=True)) == 1
        d.now += 40
        d.finish(id)
    periods = usage_periods((r.executor, r.started, r.ended) for r in d.machine.floor.log.queries if r.executor)
    assert [(p.queries, (p.end - p.start) / 1e6) for p in periods] == [(2, 80.5), (1, 40)]
    assert [(u.limit, u.feature) for u in d.machine.floor.log.usage] == [("limit-1", "concurrency-scaling")]
    assert executor(d.submit(5, query_group="a", scalable=True)) is None
    d.now += 24 * 3600
    d.tick()
    assert d.waiting() == [5]
    assert executor(d.finish(1)) == 0
