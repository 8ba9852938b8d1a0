"""Concurrency scaling: which executors are free, and from what they have run, when they were in use.

A queue with concurrency scaling sends an eligible query to a free executor where it would wait (concurrency-scaling-
queues.md); an executor runs one query at a time. There are as many as max_concurrency_scaling_clusters says, and none
while a usage limit has switched the feature off.

A **usage period** is a time in which an executor had work, pauses of up to PAUSE included
(SVCS_CONCURRENCY_SCALING_USAGE).
"""
from __future__ import annotations

from collections.abc import Hashable, Iterable

from ..records import dataclass
from .requests import Entry
from .usage import Feature, Limit, Limits

MOST_EXECUTORS = 10
PAUSE = 1_000_000  # microseconds


@dataclass(slots=True)
class Period:
    """Of one executor; microseconds."""

    executor: Hashable
    start: int
    end: int
    queries: int = 0
    used: int = 0  # microseconds with a query


def usage_periods(runs: Iterable[tuple[Hashable, int, int]]) -> list[Period]:
    """Of queries' runs, each (executor, begun, ended), in the order of their ends."""
    periods: list[Period] = []
    latest: dict[Hashable, Period] = {}
    for executor, begun, ended in runs:
        period = latest.get(executor)
        if period is None or begun - period.end > PAUSE:
            period = latest[executor] = Period(executor, begun, ended)
            periods.append(period)
        period.end = ended
        period.queries += 1
        period.used += ended - begun
    return periods


class Scaling:
    """See the module's text. `count`: executors, numbered from 1."""

    def __init__(self) -> None:
        self.count = 0
        self.limits = Limits()
        self._busy: dict[int, Entry] = {}

    def free(self, now: int) -> int:
        """An executor that may take a query; 0: there is none."""
        if len(self._busy) >= self.count or not self.limits.allows(Feature.SCALING, now):
            return 0
        return next(n for n in range(1, self.count + 1) if n not in self._busy)

    def take(self, entry: Entry, executor: int) -> None:
        entry.executor = executor
        self._busy[executor] = entry

    def give_back(self, entry: Entry, now: int) -> list[Limit]:
        """The query is gone from its executor; usage limits that its time has reached."""
        executor, entry.executor = entry.executor, 0
        del self._busy[executor]
        return self.limits.add(Feature.SCALING, now - entry.started, now)
