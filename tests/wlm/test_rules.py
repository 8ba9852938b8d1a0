"""Query monitoring rules: what holds, which action is carried out, what is recorded of it."""
from __future__ import annotations

from typing import Any

import pytest
from support_wlm import HEAVY, Desk, started
from warehouse.wlm.decisions import Abort, Decision, Hop, Log, Raise
from warehouse.wlm.metrics import METRICS
from warehouse.wlm.priorities import Priority
from warehouse.wlm.requests import Kind


def rule(name: str, action: str, *predicates: tuple[str, str, Any], value: str | None = None) -> dict[str, Any]:
    found = {"rule_name": name, "action": action,
             "predicate": [{"metric_name": m, "operator": o, "value": v} for m, o, v in predicates]}  # fmt: skip
    return found if value is None else {**found, "value": value}


def queue(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"query_group": ["g"], "query_concurrency": 1, "rules": list(rules), **more}


CPU = ("query_cpu_time", ">", 10)
REST = {"query_concurrency": 1}


def actions(desk: Desk) -> list[tuple[str, str]]:
    return [(r.rule, r.action) for r in desk.machine.floor.log.actions]


def kinds(decisions: list[Decision]) -> list[type]:
    return [type(d) for d in decisions]


def test_all_predicates_must_hold() -> None:
    desk = Desk([queue(rule("r", "log", CPU, ("scan_row_count", "<", 5))), REST])
    desk.submit(1, query_group="g")
    assert desk.progress(1, query_cpu_time=11, scan_row_count=5) == []
    assert desk.progress(1, query_cpu_time=10, scan_row_count=4) == []
    assert desk.progress(1, query_cpu_time=11, scan_row_count=4) == [Log(1, "r")]


def test_a_log_is_written_once_for_each_query() -> None:
    desk = Desk([queue(rule("r", "log", CPU)), REST])
    for id in (1, 2):
        desk.submit(id, query_group="g", user_id=100 + id)
        assert desk.progress(id, query_cpu_time=11) == [Log(id, "r")]
        assert desk.progress(id, query_cpu_time=12) == []
        desk.finish(id)
    assert [(r.query, r.user_id, r.action) for r in desk.machine.floor.log.actions] == [
        (1, 101, "log"), (2, 102, "log")
    ]  # fmt: skip


def test_only_the_queues_own_queries() -> None:
    desk = Desk([queue(rule("r", "abort", CPU)), REST])
    desk.submit(1)
    assert desk.progress(1, query_cpu_time=11) == []


def test_the_most_severe_is_carried_out_and_names_decide_among_equals() -> None:
    desk = Desk([queue(rule("z", "abort", CPU), rule("a", "abort", CPU), rule("h", "hop", CPU), rule("l", "log", CPU)),
                 REST])  # fmt: skip
    desk.submit(1, query_group="g")
    decisions = desk.progress(1, query_cpu_time=11)
    assert isinstance(decisions[0], Abort) and 'Query Monitoring Rule "a"' in decisions[0].text
    assert actions(desk) == [("a", "abort"), ("z", "none"), ("h", "none"), ("l", "log")]
    assert desk.progress(1, query_cpu_time=12) == []  # it is being stopped
    desk.finish(1, ok=False)
    assert [r.state for r in desk.machine.floor.log.queries] == ["Evicted"]


@pytest.mark.parametrize("kind", [Kind.COPY, Kind.MAINTENANCE])
def test_loads_and_maintenance_go_on(kind: Kind) -> None:
    desk = Desk([queue(rule("r", "abort", CPU)), REST])
    desk.submit(1, query_group="g", kind=kind)
    assert kinds(desk.progress(1, query_cpu_time=11)) == [Log]
    assert actions(desk) == [("r", "none")]


def test_a_hop_goes_where_the_query_matches_and_the_new_rules_apply() -> None:
    second = {**queue(rule("s", "log", CPU)), "query_group": ["g*"], "query_group_wild_card": 1}
    desk = Desk([queue(rule("r", "hop", CPU)), second, REST])
    desk.submit(1, query_group="g")
    decisions = desk.progress(1, query_cpu_time=11)
    assert [d.service_class for d in decisions if isinstance(d, Hop)] == [7]
    assert kinds(desk.progress(1, query_cpu_time=12)) == [Log]
    assert actions(desk) == [("r", "hop(reassign)"), ("s", "log")]
    assert [r.service_class for r in desk.machine.floor.log.actions] == [6, 7]


def test_a_hop_into_a_full_queue_restarts_reads_and_leaves_creates() -> None:
    second = {**queue(), "query_group": ["g*"], "query_group_wild_card": 1}
    for kind, action in ((Kind.READ, "hop(restart)"), (Kind.CREATE, "none"), (Kind.WRITE, "none")):
        desk = Desk([queue(rule("r", "hop", CPU)), second, REST])
        desk.submit(1, query_group="g2")
        desk.submit(2, query_group="g", kind=kind)
        decisions = desk.progress(2, query_cpu_time=11)
        assert actions(desk) == [("r", action)]
        if kind is Kind.READ:
            assert isinstance(decisions[0], Hop) and decisions[0].restart
            assert desk.machine.evicted(2, desk.time) == [] and started(desk.finish(1)) == [2]


def test_a_hop_with_nowhere_to_go_cancels() -> None:
    desk = Desk([queue(rule("r", "hop", CPU)), REST])
    desk.submit(1, query_group="g")
    decisions = desk.progress(1, query_cpu_time=11)
    assert isinstance(decisions[0], Abort) and "no other queue matches" in decisions[0].text
    assert actions(desk) == [("r", "abort")]


def test_priorities_change_by_rule() -> None:
    demote = rule("demote", "change_query_priority", ("query_temp_blocks_to_disk", ">", 100),
                  ("query_priority", "=", "normal"), value="lowest")  # fmt: skip
    desk = Desk([{"auto_wlm": True, "rules": [demote]}])
    desk.submit(1, estimate=HEAVY)
    decisions = desk.progress(1, query_temp_blocks_to_disk=101)
    assert decisions[0] == Raise(1, Priority.LOWEST)
    assert [(r.action, r.value) for r in desk.machine.floor.log.actions] == [("change_query_priority", "lowest")]
    assert desk.machine.floor.entries[1].priority is Priority.LOWEST


def test_waiting_too_long_is_something_to_act_on() -> None:
    desk = Desk([queue(rule("patience", "abort", ("query_queue_time", ">", 30))), REST])
    for id in (1, 2, 3):
        desk.submit(id, query_group="g")
    assert desk.tick(30) == []
    assert [d.query for d in desk.tick(1) if isinstance(d, Abort) and d.waiting] == [2, 3]
    assert desk.waiting() == [] and desk.running() == [1]


def test_time_is_the_machines() -> None:
    desk = Desk([queue(rule("slow", "log", ("query_execution_time", ">", 60))), REST])
    desk.submit(1, query_group="g")
    assert desk.tick(60) == [] and desk.tick(1) == [Log(1, "slow")]


def test_every_metric_can_speak() -> None:
    for metric in METRICS:
        if metric in ("query_priority", "query_queue_time", "query_execution_time"):
            continue
        desk = Desk([queue(rule("r", "log", (metric, ">", 1))), REST])
        desk.submit(1, query_group="g")
        assert desk.progress(1, **{metric: 1}) == []
        assert desk.progress(1, **{metric: 2}) == [Log(1, "r")], metric
