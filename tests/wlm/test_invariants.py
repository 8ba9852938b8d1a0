"""Whatever comes in whatever order: slots and memory are kept, and every query ends in exactly one way."""
from __future__ import annotations

import json
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support_wlm import HEAVY, LIGHT
from warehouse.errors import ProgrammingError
from warehouse.wlm.decisions import Abort, Hop, Share, Start, Wait
from warehouse.wlm.machine import Machine
from warehouse.wlm.parsing import parse
from warehouse.wlm.requests import Kind, Request, State

MEMORY = 1 << 24
RULE = {"rule_name": "r", "action": "hop", "predicate": [
    {"metric_name": "query_cpu_time", "operator": ">", "value": 10}]}  # fmt: skip


@st.composite
def manual(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Three queues whose dynamic properties are whatever."""
    shares = draw(st.lists(st.integers(1, 33), min_size=3, max_size=3))
    queues = [
        {"query_group": groups, "query_concurrency": draw(st.integers(1, 4)), "memory_percent_to_use": share,
         "max_execution_time": draw(st.sampled_from([0, 3000])), "rules": [RULE] if i == 0 else [],
         "concurrency_scaling": draw(st.sampled_from(["auto", "off"]))}
        for i, (groups, share) in enumerate(zip((["a"], ["a", "b"], []), shares, strict=True))
    ]  # fmt: skip
    return [*queues, {"short_query_queue": draw(st.booleans())}]


@st.composite
def automatic(draw: st.DrawFn) -> list[dict[str, Any]]:
    priorities = st.sampled_from(["highest", "high", "normal", "low", "lowest"])
    groups = draw(st.lists(st.sampled_from("ab"), unique=True))
    queues = [{"query_group": [g], "priority": draw(priorities), "queue_type": "auto"} for g in groups]
    return [*queues, {"queue_type": "auto"}, {"short_query_queue": draw(st.booleans())}]


class Load(RuleBasedStateMachine):
    """A driver that does at once what it is told."""

    configurations: Any = manual()

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.machine = Machine(parse(json.dumps(data.draw(self.configurations))), MEMORY, 2)
        self.machine.scale_to(1, 0)
        self.now = 0
        self.next = 0
        self.waiting: set[int] = set()
        self.running: set[int] = set()
        self.stopping: set[int] = set()  # told to stop
        self.hopping: set[int] = set()  # told to stop and come again
        self.over: set[int] = set()

    def carry_out(self, decisions: list[Any]) -> None:
        for d in decisions:
            match d:
                case Start():
                    assert d.query in self.waiting and 0 < d.soft <= d.memory <= MEMORY
                    self.waiting.remove(d.query)
                    self.running.add(d.query)
                case Abort(waiting=True):
                    self.waiting.remove(d.query)
                    self.over.add(d.query)
                case Abort():
                    assert d.query in self.running
                    self.stopping.add(d.query)
                case Hop(restart=True):
                    assert d.query in self.running
                    self.hopping.add(d.query)
                case Hop() | Share():
                    assert d.query in self.running
                case Wait():
                    assert d.query in self.waiting

    @rule(groups=st.lists(st.sampled_from(["a", "a", "b", "c", "superuser"]), min_size=1, max_size=4),
          slots=st.sampled_from([1, 1, 1, 2, 3]), heavy=st.booleans(),
          kind=st.sampled_from([Kind.READ, *Kind]), shape=st.integers(0, 3))  # fmt: skip
    def submit(self, groups: list[str], slots: int, heavy: bool, kind: Kind, shape: int) -> None:
        for group in groups:
            self.one(group, slots, heavy, kind, shape)

    def one(self, group: str, slots: int, heavy: bool, kind: Kind, shape: int) -> None:
        self.next += 1
        request = Request(self.next, superuser=True, query_group=group, slots=1 if group == "superuser" else slots,
                          estimate=HEAVY if heavy else LIGHT, kind=kind, shape=shape, scalable=shape > 2)  # fmt: skip
        self.waiting.add(self.next)
        try:
            self.carry_out(self.machine.submit(request, self.now))
        except ProgrammingError:
            self.waiting.remove(self.next)
            self.over.add(self.next)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        query = data.draw(st.sampled_from(sorted(self.running)))
        self.running.remove(query)
        self.stopping.discard(query)
        self.hopping.discard(query)
        self.over.add(query)
        self.carry_out(self.machine.finish(query, self.now, memory=1000))

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def progress(self, data: st.DataObject) -> None:
        for query in data.draw(st.lists(st.sampled_from(sorted(self.running)), unique=True)):
            self.carry_out(self.machine.progress(query, {"query_cpu_time": 11, "memory": 5}, self.now))

    @precondition(lambda self: self.running - self.hopping)
    @rule()
    def returning(self) -> None:
        self.carry_out(self.machine.returning(min(self.running - self.hopping), self.now, 1000))

    @precondition(lambda self: self.hopping - self.stopping)
    @rule()
    def evict(self) -> None:
        query = min(self.hopping - self.stopping)
        self.hopping.remove(query)
        self.running.remove(query)
        self.waiting.add(query)
        self.carry_out(self.machine.evicted(query, self.now))

    @precondition(lambda self: any(e.executor for e in self.machine.floor.entries.values()))
    @rule()
    def executor_fails(self) -> None:
        query = next(e.id for e in self.machine.floor.entries.values() if e.executor)
        if query in self.running - self.stopping:
            self.running.remove(query)
            self.waiting.add(query)
            self.carry_out(self.machine.failed(query, self.now))

    @precondition(lambda self: self.waiting)
    @rule()
    def cancel(self) -> None:
        query = min(self.waiting)
        self.waiting.remove(query)
        self.over.add(query)
        self.carry_out(self.machine.cancel(query, self.now))

    @rule(seconds=st.integers(0, 4))
    def tick(self, seconds: int) -> None:
        self.now += seconds * 1_000_000
        self.carry_out(self.machine.tick(self.now))

    @precondition(lambda self: self.next > 8)
    @rule(data=st.data())
    def reconfigure(self, data: st.DataObject) -> None:
        static, decisions = self.machine.reconfigure(parse(json.dumps(data.draw(self.configurations))), self.now)
        assert static == []
        self.carry_out(decisions)

    @invariant()
    def every_query_is_somewhere(self) -> None:
        if not hasattr(self, "machine"):
            return
        assert self.waiting | self.running | self.over == set(range(1, self.next + 1))
        entries = self.machine.floor.entries
        assert set(entries) == self.waiting | self.running
        assert {e.id for e in entries.values() if e.state is State.WAITING} == self.waiting

    @invariant()
    def slots_and_memory_are_kept(self) -> None:
        if not hasattr(self, "machine"):
            return
        floor = self.machine.floor
        for queue in [floor.superuser, floor.short, *floor.queues]:
            assert queue.busy == sum(len(e.sizes) for e in queue.running.values())
            assert queue.used == sum(e.memory for e in queue.running.values())
            assert all(not e.executor for e in queue.running.values())
            assert not queue.waiting or not queue.has_room(queue.waiting[0].slots)
        if floor.automatic is None:
            assert 0 <= floor.pool.held <= MEMORY
        else:
            assert sum(soft for _, soft in floor.automatic.shares()) <= MEMORY

    def teardown(self) -> None:
        """Without new ones, every query gets its turn."""
        if not hasattr(self, "machine"):
            return
        while self.running:
            query = min(self.running)
            self.running.remove(query)
            self.over.add(query)
            self.carry_out(self.machine.finish(query, self.now))
        assert not self.waiting


class AutomaticLoad(Load):
    configurations = automatic()


TestManual = Load.TestCase
TestAutomatic = AutomaticLoad.TestCase
TestManual.settings = TestAutomatic.settings = settings(
    max_examples=10, stateful_step_count=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
