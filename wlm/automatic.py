"""Automatic WLM: no slots; how many queries run, and with how much memory, follows from what they take.

A query is **light** if it is thought to read little and keep little: light ones start at once, up to the 50 that run at
the most. The others are **heavy**. They start in the order of their priority, each as soon as

    no heavy one is running, or
    its memory fits beside that of the running ones, and fewer than LIMIT of them run

so big hash joins lower the concurrency and small queries raise it. What a query takes is what earlier queries of its
shape took, or its plan's estimate (short.py). The memory that heavy queries do not need is shared out among them by
their priorities; a share is where a query begins to spill, so that a query alone has everything.

A query that is returning rows has done its work: it counts with what it holds, and nobody waits for it alone, since
its client may take its time.

Waiting raises a query, so that low priorities come to their turn: a level is worth PATIENCE times as long as heavy
queries have lately run, between SHORTEST_STEP and STEP. So a lower priority keeps making progress, slowly, whether
queries take minutes or a tenth of a second. CRITICAL stays above all, and one such query runs at a time.
"""
from __future__ import annotations

from collections.abc import Iterator

from .priorities import Priority
from .requests import Entry, State

MOST_RUNNING = 50
LIGHT_ROWS = 4_000_000
LIGHT_PART = 1 / 64  # of the memory
LEAST_PART = 1 / 16  # of the memory: what a heavy query is counted with at least
STEP, SHORTEST_STEP = 30_000_000, 100_000  # microseconds of waiting that are worth a level
PATIENCE = 8  # run times of a heavy query
NEWEST_PART = 0.1  # of the newest run time in their mean


class AutomaticPool:
    """The queries of all automatic queues."""

    def __init__(self, memory: int, processors: int) -> None:
        self.memory = memory
        self.limit = max(4, 2 * processors)
        self.waiting: list[Entry] = []
        self.running: dict[int, Entry] = {}
        self.heavy: dict[int, Entry] = {}  # of the running ones
        self.step: float = STEP
        self._typical = 0.0  # run time of a heavy query

    def weigh(self, entry: Entry, expected: int) -> None:
        """Sort the query into light and heavy."""
        entry.light = entry.request.estimate.rows <= LIGHT_ROWS and expected <= self.memory * LIGHT_PART
        entry.expected = expected if entry.light else min(self.memory, max(expected, int(self.memory * LEAST_PART)))

    def startable(self, now: int) -> Iterator[Entry]:
        """Waiting queries that may run now; each is running when the next is asked for."""
        if not self.waiting:
            return
        full = False  # of heavy ones: a smaller one does not overtake
        for entry in self.in_order(now):
            if (entry.light or not full) and self.fits(entry):
                self.waiting.remove(entry)
                self.take(entry)
                yield entry
            elif not entry.light:
                full = True

    def in_order(self, now: int) -> list[Entry]:
        """Waiting queries, the next one first."""
        return sorted(self.waiting, key=lambda e: (-self._rank(e, now), e.task))

    def _rank(self, entry: Entry, now: int) -> float:
        if entry.priority is Priority.CRITICAL:
            return float("inf")
        return entry.priority + (now - entry.queued) / self.step

    def fits(self, entry: Entry) -> bool:
        if entry.priority is Priority.CRITICAL and any(
            e.priority is Priority.CRITICAL for e in self.running.values() if e.state is not State.RETURNING
        ):
            return False
        if len(self.running) >= MOST_RUNNING and self.at_work >= MOST_RUNNING:
            return False
        if entry.light:
            return True
        at_work = [e for e in self.heavy.values() if e.state is not State.RETURNING]
        if not at_work:
            return True
        held = sum(e.expected for e in self.heavy.values())
        return len(at_work) < self.limit and held + entry.expected <= self.memory

    @property
    def at_work(self) -> int:
        """Queries that run and are not yet returning."""
        return sum(e.state is not State.RETURNING for e in self.running.values())

    def take(self, entry: Entry) -> None:
        entry.memory = self.memory
        self.running[entry.id] = entry
        if not entry.light:
            self.heavy[entry.id] = entry

    def returning(self, entry: Entry, held: int) -> None:
        """It counts with what it holds from now on."""
        entry.expected = min(entry.expected, held)

    def give_back(self, entry: Entry, now: int) -> None:
        """The query has ended or goes elsewhere."""
        self.running.pop(entry.id, None)
        if self.heavy.pop(entry.id, None) is not None:
            ran = now - entry.started
            self._typical += NEWEST_PART * (ran - self._typical) if self._typical else ran
            self.step = min(max(PATIENCE * self._typical, SHORTEST_STEP), STEP)
        entry.memory = 0

    def shares(self) -> list[tuple[Entry, int]]:
        """Where each heavy query should begin to press on its memory."""
        weights = sum(e.priority.weight for e in self.heavy.values())
        wanted = sum(e.expected for e in self.heavy.values())
        if wanted > self.memory:  # those that return leave too little for the one that began
            return [(e, e.expected * self.memory // wanted) for e in self.heavy.values()]
        spare = self.memory - wanted
        return [(e, e.expected + spare * e.priority.weight // weights) for e in self.heavy.values()]
