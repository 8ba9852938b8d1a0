"""Queues with slots: the user queues of manual WLM, the superuser queue, the space of short queries.

A queue has a part of the memory and as many slots as queries may run in it; a slot's memory is the queue's by its
slots. A query takes wlm_query_slot_count slots, the first in the queue first.

A change of slots or memory never touches a running query (cm-c-wlm-dynamic-memory-allocation.md). Empty slots go at
once, a running query's slots when it ends, and new ones are made while the queue has fewer than it should and the
memory for one more:

    4 slots of 25 GB, all busy, are to become 3 of 50 GB (150 GB)
    a query ends    3 busy          75 GB free    three is enough
    a query ends    2 busy         100 GB free    one of 50 GB is made
    ...

Memory is given out of one pool, so that all queues together never hold more than there is.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from .requests import Entry


class Pool:
    """Bytes that queues may hold together."""

    __slots__ = ("held", "total")

    def __init__(self, total: int) -> None:
        self.total = total
        self.held = 0

    @property
    def free(self) -> int:
        return self.total - self.held


class SlotQueue:
    """See the module's text."""

    def __init__(self, service_class: int, pool: Pool, slots: int, memory: int) -> None:
        self.service_class = service_class
        self.pool = pool
        self.waiting: deque[Entry] = deque()
        self.running: dict[int, Entry] = {}
        self.idle: list[int] = []  # sizes of empty slots
        self.used = 0  # bytes that running queries' slots have
        self.busy = 0  # slots that they have
        self.target, self.memory = slots, memory
        self.changed = False  # since the last refill
        self.refill()

    @property
    def size(self) -> int:
        """Of a slot that is made now."""
        return self.memory // self.target

    @property
    def slots(self) -> int:
        """That there are now."""
        return self.busy + len(self.idle)

    def resize(self, slots: int, memory: int) -> None:
        """Fewer or more of them; `refill` goes on from there."""
        self.target, self.memory = slots, memory
        self._drop(len(self.idle))
        self.changed = True

    def _drop(self, count: int) -> None:
        for _ in range(count):
            self.pool.held -= self.idle.pop()

    def refill(self) -> bool:
        """Make slots while some are missing and there is memory for them; whether any was made."""
        made = False
        if not self.memory:
            return False
        while self.slots < self.target and self.used + sum(self.idle) + self.size <= self.memory:
            if self.pool.free < self.size:
                break
            self.idle.append(self.size)
            self.pool.held += self.size
            made = True
        return made

    def has_room(self, slots: int) -> bool:
        return len(self.idle) >= slots

    def room(self, slots: int) -> int:
        """Memory of so many empty slots."""
        return sum(self.idle[:slots])

    def take(self, entry: Entry) -> None:
        """Give the query its slots."""
        count = entry.slots
        entry.sizes = tuple(self.idle[:count])
        del self.idle[:count]
        entry.memory = sum(entry.sizes)
        self.used += entry.memory
        self.busy += count
        self.running[entry.id] = entry

    def give_back(self, entry: Entry) -> None:
        """The query has ended or goes elsewhere: its slots are gone, and made anew as they should be now."""
        del self.running[entry.id]
        self.used -= entry.memory
        self.busy -= len(entry.sizes)
        self.pool.held -= entry.memory
        entry.sizes, entry.memory = (), 0
        self.changed = True

    def startable(self) -> Iterator[Entry]:
        """Waiting queries that may run now, in order, each already with its slots."""
        while self.waiting and self.has_room(self.waiting[0].slots):
            entry = self.waiting.popleft()
            self.take(entry)
            yield entry
