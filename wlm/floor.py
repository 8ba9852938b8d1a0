"""Where queries stand: every queue, every query in one, and what moves them between waiting and running.

`Floor` carries out and keeps the books; what should happen is decided in machine.py (events) and watch.py (rules and
timeouts), which call it. Decisions gather in `out` until the event's end.

Memory in manual WLM: the superuser queue has a part of its own, the short queries' space too while there is one,
and the user queues share the rest. In automatic WLM every query may have all of it (automatic.py).
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from .automatic import AutomaticPool
from .configuration import SHORT_CLASS, SHORT_NAME, SUPERUSER_CLASS, SUPERUSER_NAME, Configuration
from .decisions import Decision, Share, Start
from .log import Log, QueryRecord, UsageRecord
from .queues import Pool, SlotQueue
from .requests import Entry, State
from .scaling import Scaling
from .short import Predictor
from .usage import Limit

SUPERUSER_PART = 1 / 20  # of the memory
SHORT_PART = 1 / 20
SHORT_SLOTS = 5


class Tally:
    """Of a service class: queries that have been in it, have run, have been evicted, have run on other executors."""

    __slots__ = ("evicted", "executed", "scaled", "serviced")

    def __init__(self) -> None:
        self.serviced = self.executed = self.evicted = self.scaled = 0


class Floor:
    """See the module's text."""

    def __init__(self, configuration: Configuration, memory: int, processors: int) -> None:
        self.memory = memory
        self.configuration = configuration
        self.log = Log()
        self.predictor = Predictor(configuration.short_limit)
        self.entries: dict[int, Entry] = {}
        self.tallies: dict[int, Tally] = {}
        self.out: list[Decision] = []
        self.scaling = Scaling()
        self.automatic = AutomaticPool(memory, processors) if configuration.automatic else None
        self.pool = Pool(memory)
        own = Pool(2 * memory) if configuration.automatic else self.pool  # there it only says where to spill
        self.superuser = SlotQueue(SUPERUSER_CLASS, own, 1, int(memory * SUPERUSER_PART))
        self.short = SlotQueue(SHORT_CLASS, own, SHORT_SLOTS, self.short_memory())
        self.queues: list[SlotQueue] = []
        if not configuration.automatic:
            self.queues = [
                SlotQueue(configuration.service_class(i), self.pool, q.concurrency, self.share(i))
                for i, q in enumerate(configuration.queues)
            ]
        self._slotted = [self.superuser, self.short, *self.queues]
        self._names: dict[int, str] = {}
        self.rename()

    def share(self, position: int) -> int:
        """Bytes of a manual queue."""
        part = SUPERUSER_PART + (SHORT_PART if self.configuration.short else 0)
        return int(self.memory * (1 - part) * self.configuration.queues[position].memory_percent / 100)

    def short_memory(self) -> int:
        """Bytes of the short queries' space; without them none, and no slots."""
        return int(self.memory * SHORT_PART) if self.configuration.short else 0

    def rename(self) -> None:
        """Names of service classes, as configured now."""
        self._names = {SUPERUSER_CLASS: SUPERUSER_NAME, SHORT_CLASS: SHORT_NAME}
        for i, queue in enumerate(self.configuration.queues):
            self._names[self.configuration.service_class(i)] = queue.name

    def name(self, service_class: int) -> str:
        return self._names.get(service_class, "")

    def tally(self, service_class: int) -> Tally:
        found = self.tallies.get(service_class)
        if found is None:
            found = self.tallies[service_class] = Tally()
        return found

    # -- moving ------------------------------------------------------------------------------------

    def queue_at(self, position: int) -> SlotQueue | None:
        """The slots of a queue; None: it has none, being automatic."""
        if position < 0:
            return self.superuser
        return None if self.automatic is not None else self.queues[position]

    def slots_of(self, entry: Entry) -> SlotQueue | None:
        """The slots that the query has or waits for."""
        return self.short if entry.service_class == SHORT_CLASS else self.queue_at(entry.position)

    def wait(self, entry: Entry, now: int) -> None:
        """To the end of its queue."""
        entry.state = State.WAITING
        entry.stood = entry.queued = now
        queue = self.slots_of(entry)
        if queue is not None:
            queue.waiting.append(entry)
        elif self.automatic is not None:
            self.automatic.waiting.append(entry)
        self.tally(entry.service_class).serviced += 1

    def unwait(self, entry: Entry) -> None:
        """Out of the queue in which it waits."""
        queue = self.slots_of(entry)
        if queue is not None:
            queue.waiting.remove(entry)
        elif self.automatic is not None:
            self.automatic.waiting.remove(entry)

    def release(self, entry: Entry, now: int) -> None:
        """Take back what a running query has."""
        if entry.executor:
            self.reached(entry, self.scaling.give_back(entry, now), now)
            return
        queue = self.slots_of(entry)
        if queue is not None:
            queue.give_back(entry)
        elif self.automatic is not None:
            self.automatic.give_back(entry, now)

    def reached(self, entry: Entry, limits: Iterable[Limit], now: int) -> None:
        """A query has brought usage limits to their amount."""
        for limit in limits:
            r = entry.request
            self.log.limit(UsageRecord(now, r.id, r.transaction, r.session, limit.id, limit.feature.value))

    def begin(self, entry: Entry, now: int) -> None:
        """It runs from now on, in the queue where it stands, whose slots or memory it has been given."""
        entry.state = State.RUNNING
        entry.queue_time += now - entry.queued
        entry.queued = entry.started = now
        queue = self.configuration.queues[entry.position] if entry.position >= 0 else None
        entry.timeout = queue.timeout * 1000 if queue is not None and self.automatic is None else 0

    def enter(self, entry: Entry, now: int) -> None:
        """A query comes: it starts, or stands at its queue's end."""
        pool = self.automatic
        if pool is None or entry.position < 0 or not entry.light or pool.waiting or not pool.fits(entry):
            self.wait(entry, now)
            self.dispatch(now)
            return
        entry.stood = entry.queued = now  # what most queries do, without any detour
        self.tally(entry.service_class).serviced += 1
        pool.take(entry)
        self.begin(entry, now)
        self.out.append(Start(entry.id, entry.service_class, self.memory, self.memory))

    def dispatch(self, now: int) -> None:
        """Start whatever can start."""
        for queue in self._slotted:
            if queue.changed:
                self._refill()
                break
        for queue in self._slotted:
            if queue.waiting:
                self._start_all(queue.startable, now)
        pool = self.automatic
        if pool is not None and pool.waiting:
            before = set(pool.heavy)
            self._start_all(lambda: pool.startable(now), now)
            if set(pool.heavy) != before:
                self.share_out()
        if self.scaling.count and self.configuration.scales:
            self._scale(now)

    def _refill(self) -> None:
        """Slots have gone: make those that there is memory for."""
        while any(queue.refill() for queue in self._slotted):
            pass
        for queue in self._slotted:
            queue.changed = False

    def _scale(self, now: int) -> None:
        """Send waiting queries of queues that may to executors that are free."""
        for entry in [e for e in self.entries.values() if e.state is State.WAITING and self._may_scale(e)]:
            executor = self.scaling.free(now)
            if not executor:
                return
            self.unwait(entry)
            self.scaling.take(entry, executor)
            self.begin(entry, now)
            queue = self.queue_at(entry.position)
            memory = self.memory if queue is None else queue.size * entry.slots
            self.out.append(Start(entry.id, entry.service_class, memory, memory, executor))

    def _may_scale(self, entry: Entry) -> bool:
        return entry.request.scalable and entry.position >= 0 and self.configuration.queues[entry.position].scaling

    def _start_all(self, startable: Callable[[], Iterator[Entry]], now: int) -> None:
        for entry in startable():
            self.begin(entry, now)
            hard, soft = self.memory_of(entry)
            self.out.append(Start(entry.id, entry.service_class, hard, soft))

    def memory_of(self, entry: Entry) -> tuple[int, int]:
        """What the query may hold, and from where on it should spill."""
        if self.automatic is None:
            return entry.memory, entry.memory
        return self.memory, self.memory if entry.light or not entry.sizes else sum(entry.sizes)

    def share_out(self) -> None:
        """The heavy queries of automatic WLM share what there is."""
        if self.automatic is not None:
            self.out += [Share(entry.id, soft) for entry, soft in self.automatic.shares()]

    # -- books -------------------------------------------------------------------------------------

    def record(self, entry: Entry, now: int, state: str, metrics: Mapping[str, float]) -> None:
        """A stay in a service class has ended."""
        request, number = entry.request, entry.service_class
        tally = self.tally(number)
        ran = entry.state is not State.WAITING
        if ran:
            tally.executed += 1
            tally.scaled += entry.executor > 0
        if state == "Evicted":
            tally.evicted += 1
        manual = self.automatic is None
        self.log.query(
            QueryRecord(
                request.user_id, request.transaction, entry.task, request.id, number, self.name(number), entry.slots,
                entry.entered, entry.stood, entry.started if ran else 0, now, state,
                entry.memory if manual else entry.expected, None if manual else entry.priority.label, metrics,
                request.session, request.text, entry.executor,
            )
        )  # fmt: skip

    def metrics(self, entry: Entry, now: int) -> dict[str, float]:
        """The query's own, and those that follow from the clock."""
        found = dict(entry.metrics)
        found["query_queue_time"] = entry.waited(now) / 1e6
        found["query_execution_time"] = (now - entry.started) / 1e6 if entry.executes else 0.0
        found["query_priority"] = float(entry.priority)
        return found
