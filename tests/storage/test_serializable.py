"""The conflict graph against brute force: what commits has a serial order; known anomalies do not commit."""
from __future__ import annotations

import random
from itertools import permutations

import pytest
from serial_orders import is_serial
from warehouse.storage.serializable import Committed, ConflictGraph


class History:
    """Transactions over tables, as snapshot isolation with the graph runs them."""

    def __init__(self) -> None:
        self.graph = ConflictGraph()
        self.commit = 0
        self.live: dict[int, tuple[int, set[int], set[int]]] = {}
        self.done: list[Committed] = []

    def begin(self, id: int) -> None:
        self.live[id] = (self.commit, set(), set())

    def read(self, id: int, table: int) -> None:
        """What it reads counts from now on; it may be refused, as a transaction that asks when it reads."""
        snapshot, reads, writes = self.live[id]
        reads.add(table)
        self.graph.reading(Committed(id, snapshot, snapshot, frozenset(reads), frozenset()))
        if self.commit > snapshot and self.graph.violation(snapshot, reads, writes, but=id) is not None:
            del self.live[id]
            self.graph.ended(id)

    def write(self, id: int, table: int) -> None:
        self.live[id][2].add(table)

    def end(self, id: int) -> bool:
        """Try to commit; writers of one table at a time, as write locks see to it."""
        snapshot, reads, writes = self.live.pop(id)
        refused = bool(writes) and self.graph.violation(snapshot, reads, writes, but=id) is not None
        self.graph.ended(id)
        if refused:
            return False
        if writes:
            self.commit += 1
        done = Committed(id, snapshot, self.commit if writes else snapshot, frozenset(reads), frozenset(writes))
        self.graph.add(done, min((s for s, _, _ in self.live.values()), default=None))
        self.done.append(done)
        return True


@pytest.mark.parametrize("seed", range(300))
def test_random_histories_have_a_serial_order(seed: int) -> None:
    chance = random.Random(seed)
    history = History()
    waiting = list(range(1, 7))
    while waiting or history.live:
        if waiting and (not history.live or chance.random() < 0.4):
            history.begin(waiting.pop())
        id = chance.choice(list(history.live))
        held = {t for other, (_, _, w) in history.live.items() if other != id for t in w}
        step, table = chance.random(), chance.randrange(3)
        if step < 0.4:
            history.read(id, table)
        elif step < 0.7 and table not in held:
            history.write(id, table)
        elif step > 0.8:
            history.end(id)
    assert any(is_serial(order) for order in permutations(history.done)), history.done


def test_most_histories_commit() -> None:
    history = History()
    for id in range(1, 40):
        history.begin(id)
        history.read(id, id % 3)
        history.write(id, id % 3)
        assert history.end(id)
    assert len(history.graph) == 0  # nothing is kept when nobody is live


def test_write_skew() -> None:
    history = History()
    for id, (reads, writes) in {1: (1, 2), 2: (2, 1)}.items():
        history.begin(id)
        history.read(id, reads)
        history.write(id, writes)
    assert history.end(1)
    assert not history.end(2)


def test_lost_update() -> None:
    history = History()
    for id in (1, 2):
        history.begin(id)
        history.read(id, 1)
    history.write(1, 1)
    assert history.end(1)
    history.write(2, 1)
    assert not history.end(2)


def test_read_only_anomaly() -> None:
    """Fekete, O'Neil and O'Neil (2004): the third transaction only reads, and makes the circle."""
    history = History()
    history.begin(1)
    history.read(1, 1)
    history.read(1, 2)
    history.begin(2)
    history.read(2, 2)
    history.write(2, 2)
    assert history.end(2)
    history.begin(3)
    history.read(3, 1)
    history.read(3, 2)
    assert history.end(3)
    history.write(1, 1)
    assert not history.end(1)


def test_blind_writes_never_conflict() -> None:
    history = History()
    history.begin(1)
    history.write(1, 1)
    history.begin(2)
    history.write(2, 2)
    assert history.end(2) and history.end(1)


def test_a_violation_names_the_circle() -> None:
    graph = ConflictGraph()
    graph.add(Committed(7, 1, 2, frozenset({5}), frozenset({4})), 1)
    assert graph.violation(1, {4}, {5}) == (4, [7])
