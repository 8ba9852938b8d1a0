"""A machine with a clock for tests: seconds, and what is where after each event."""
from __future__ import annotations

import json
from typing import Any

from warehouse.wlm.decisions import Decision, Start
from warehouse.wlm.machine import Machine
from warehouse.wlm.parsing import parse
from warehouse.wlm.requests import Estimate, Request, State

SECOND = 1_000_000
MB = 1 << 20
HEAVY = Estimate(rows=50_000_000, bytes=1e9, memory=200 * MB, joins=2)
LIGHT = Estimate(rows=1000, bytes=1e4, memory=MB)


class Desk:
    """Feeds a machine; `now` is in seconds."""

    def __init__(self, configuration: Any, memory: int = 1024 * MB, processors: int = 2) -> None:
        text = configuration if isinstance(configuration, str) else json.dumps(configuration)
        self.machine = Machine(parse(text), memory, processors)
        self.now = 0.0

    @property
    def time(self) -> int:
        return int(self.now * SECOND)

    def submit(self, id: int, **about: Any) -> list[Decision]:
        return self.machine.submit(Request(id, **about), self.time)

    def finish(self, id: int, **about: Any) -> list[Decision]:
        return self.machine.finish(id, self.time, **about)

    def progress(self, id: int, **metrics: float) -> list[Decision]:
        return self.machine.progress(id, metrics, self.time)

    def tick(self, seconds: float = 0) -> list[Decision]:
        self.now += seconds
        return self.machine.tick(self.time)

    def reconfigure(self, configuration: Any) -> tuple[list[str], list[Decision]]:
        return self.machine.reconfigure(parse(json.dumps(configuration)), self.time)

    def running(self, service_class: int | None = None) -> list[int]:
        return [e.id for e in self.machine.floor.entries.values()
                if e.state is not State.WAITING and service_class in (None, e.service_class)]

    def waiting(self, service_class: int | None = None) -> list[int]:
        return [e.id for e in self.machine.floor.entries.values()
                if e.state is State.WAITING and service_class in (None, e.service_class)]


def started(decisions: list[Decision]) -> list[int]:
    return [d.query for d in decisions if isinstance(d, Start)]
