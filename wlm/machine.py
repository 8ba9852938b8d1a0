"""The events of workload management, each a method that gives back what to do about it.

    machine = Machine(parse(text), memory=1 << 30)
    machine.submit(Request(7, query_group="report"), now)      [Start(7, 6, 64 MB, ...)]   or   [Wait(7, 6)]
    machine.progress(7, {"query_cpu_time": 3.2}, now)          []   or what a rule says
    machine.tick(now)                                          timeouts, rules over time, of all queries
    machine.returning(7, now)                                  its first rows are there
    machine.finish(7, now, metrics)                            [Start(8, ...)]

A Wait is followed by exactly one Start or Abort(waiting=True); a Hop(restart=True) is to be answered by `evicted`, an
Abort of a running query by `finish`. For one thread at a time: the driver has a lock.
"""
from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

from ..errors import ProgrammingError
from . import watch
from .assignment import SUPERUSER, assign
from .configuration import SHORT_CLASS, SUPERUSER_CLASS, Configuration, static_changes
from .decisions import Decision, Wait
from .floor import SHORT_SLOTS, Floor
from .log import ErrorRecord
from .overrides import Overrides
from .priorities import Priority
from .requests import NO_METRICS, Entry, Request, State
from .usage import Feature

Decisions = list[Decision]


class Machine:
    """See the module's text. Times are microseconds; `memory`: bytes for all queries together."""

    def __init__(self, configuration: Configuration, memory: int, processors: int = 2) -> None:
        self.floor = Floor(configuration, memory, processors)
        self.overrides = Overrides(self.floor)
        self._tasks = itertools.count(1)

    @property
    def configuration(self) -> Configuration:
        return self.floor.configuration

    def entry(self, query: int) -> Entry | None:
        return self.floor.entries.get(query)

    def _done(self) -> Decisions:
        out, self.floor.out = self.floor.out, []
        return out

    # -- a query's way -----------------------------------------------------------------------------

    def submit(self, request: Request, now: int) -> Decisions:
        """A query comes: it starts or waits. ProgrammingError (22023) where it never could run."""
        floor = self.floor
        position = assign(floor.configuration, request)
        queue = floor.queue_at(position)
        if queue is None:
            if request.slots != 1:
                request = replace(request, slots=1)  # automatic queues have none
        elif request.slots > queue.target:
            raise self._too_many_slots(request, queue.target, floor.name(queue.service_class), now)
        service_class = SUPERUSER_CLASS if position == SUPERUSER else floor.configuration.service_class(position)
        priority = self.overrides.priority(request, position)
        entry = Entry(
            request, request.id, next(self._tasks), service_class, position, priority, now, now, now, request.slots,
            metrics=NO_METRICS,
        )  # fmt: skip
        floor.entries[request.id] = entry
        if floor.automatic is not None:
            floor.automatic.weigh(entry, floor.predictor.memory(request.shape, request.estimate))
        floor.enter(entry, now)
        if entry.state is State.WAITING:
            self._accelerate(entry, now)
            if entry.state is State.WAITING:
                floor.out.append(Wait(entry.id, entry.service_class))
        return self._done()

    def _too_many_slots(self, request: Request, target: int, name: str, now: int) -> ProgrammingError:
        text = f"the query asks for {request.slots} slots (wlm_query_slot_count); its queue {name!r} has {target}"
        self.floor.log.error(ErrorRecord(request.user_id, now, request.session, text))
        return ProgrammingError(text, hint="Decrease wlm_query_slot_count.", sqlstate="22023")

    def _accelerate(self, entry: Entry, now: int) -> None:
        """A short query that would wait goes to the space of short queries (wlm-short-query-acceleration.md)."""
        floor, request = self.floor, entry.request
        if not floor.configuration.short or entry.position < 0 or not request.hops:
            return
        if floor.predictor.is_short(request.shape, request.estimate):
            floor.unwait(entry)
            entry.service_class, entry.slots = SHORT_CLASS, 1
            floor.wait(entry, now)
            floor.dispatch(now)

    def progress(self, query: int, metrics: Mapping[str, float], now: int) -> Decisions:
        """What a running query has taken so far."""
        entry = self.floor.entries.get(query)
        if entry is not None:
            entry.metrics = metrics
            watch.check(self.floor, entry, now)
        return self._done()

    def tick(self, now: int) -> Decisions:
        """Time has passed."""
        for entry in list(self.floor.entries.values()):
            watch.check(self.floor, entry, now)
        if self.floor.automatic is not None:
            self.floor.dispatch(now)
        return self._done()

    def returning(self, query: int, now: int, held: int = 0) -> Decisions:
        """The query's first rows are there; it holds so many bytes."""
        entry = self.floor.entries.get(query)
        if entry is not None and entry.state is State.RUNNING:
            entry.state = State.RETURNING
            pool = self.floor.automatic
            if pool is not None:
                pool.returning(entry, held)
                if pool.waiting:
                    self.floor.dispatch(now)
        return self._done()

    def finish(
        self, query: int, now: int, metrics: Mapping[str, float] = NO_METRICS, *, ok: bool = True, memory: int = 0,
        processor: int | None = None,
    ) -> Decisions:
        """The query has ended. `ok`: by itself, so that it is worth learning from; `memory`: the most it held;
        `processor`: microseconds of processor time. Of that and its run time the shorter is what it would have taken
        alone, whatever ran beside it."""
        floor = self.floor
        entry = floor.entries.pop(query, None)
        if entry is None:
            return []
        ran = entry.state is not State.WAITING
        if not ran:
            floor.unwait(entry)
        floor.record(entry, now, "Evicted" if entry.aborted else "Completed", metrics)
        if ran:
            request, pool = entry.request, floor.automatic
            if ok and request.hops:
                alone = now - entry.started if processor is None else min(now - entry.started, processor)
                floor.predictor.observe(request.shape, request.estimate, alone, memory)
            heavy = pool is not None and query in pool.heavy
            floor.release(entry, now)
            if heavy:
                floor.share_out()
        floor.dispatch(now)
        return self._done()

    def cancel(self, query: int, now: int) -> Decisions:
        """Its user has had enough of waiting. A running query ends by `finish`."""
        entry = self.floor.entries.get(query)
        if entry is None or entry.state is not State.WAITING:
            return []
        return self.finish(query, now, ok=False)

    def evicted(self, query: int, now: int) -> Decisions:
        """A query that was to hop and restart has stopped: it stands in its new queue."""
        floor = self.floor
        entry = floor.entries.get(query)
        if entry is None or entry.state is not State.EVICTING:
            return self._done()
        floor.record(entry, now, "Evicted", entry.metrics)
        floor.release(entry, now)
        watch.stand(floor, entry, entry.next_queue)
        entry.metrics = NO_METRICS
        floor.wait(entry, now)
        self._check_slots(entry, now)
        floor.dispatch(now)
        return self._done()

    def used(self, query: int, feature: Feature, amount: float, now: int) -> None:
        """A query has used so much of a feature whose use may be limited."""
        entry = self.floor.entries.get(query)
        if entry is not None and amount:
            self.floor.reached(entry, self.floor.scaling.limits.add(feature, amount, now), now)

    def allows(self, feature: Feature, now: int) -> bool:
        """Whether no limit keeps the feature from being used."""
        return self.floor.scaling.limits.allows(feature, now)

    def scale_to(self, executors: int, now: int) -> Decisions:
        """So many concurrency scaling executors may be used from now on."""
        self.floor.scaling.count = executors
        self.floor.dispatch(now)
        return self._done()

    def failed(self, query: int, now: int) -> Decisions:
        """An executor could not run a query: it waits for its turn here."""
        entry = self.floor.entries.get(query)
        if entry is None or not entry.executor:
            return self._done()
        entry.request = replace(entry.request, scalable=False)
        entry.state, entry.next_queue = State.EVICTING, entry.position
        return self.evicted(query, now)

    # -- configuration -----------------------------------------------------------------------------

    def reconfigure(self, configuration: Configuration, now: int) -> tuple[list[str], Decisions]:
        """Go over to another configuration: properties that keep it from being applied now (then nothing is), and
        decisions. Running queries keep what they have; waiting ones are never lost."""
        static = static_changes(self.configuration, configuration)
        if static:
            return static, []
        floor = self.floor
        floor.configuration = configuration
        floor.predictor.limit = configuration.short_limit
        floor.rename()
        floor.short.resize(SHORT_SLOTS, floor.short_memory())
        if floor.automatic is not None:
            self._reassign_all(now)
        for i, queue in enumerate(floor.queues):
            queue.resize(configuration.queues[i].concurrency, floor.share(i))
            for entry in list(queue.waiting):
                self._check_slots(entry, now)
        if not configuration.short:
            for entry in list(floor.short.waiting):
                floor.unwait(entry)
                watch.stand(floor, entry, entry.position)
                floor.wait(entry, now)
        floor.dispatch(now)
        return [], self._done()

    def _check_slots(self, entry: Entry, now: int) -> None:
        """A waiting query that asks for more slots than its queue has by now would wait for ever."""
        queue = self.floor.slots_of(entry)
        if queue is not None and entry.slots > queue.target:
            watch.abort(self.floor, entry, now, f"Query ({entry.id}) cancelled by WLM: it asks for {entry.slots} slots,"
                        f" and its queue has {queue.target} now")  # fmt: skip

    def _reassign_all(self, now: int) -> None:
        """Automatic queues may have come and gone."""
        for entry in self.floor.entries.values():
            if entry.position == SUPERUSER:
                continue
            entry.position = assign(self.configuration, entry.request)
            if entry.service_class != SHORT_CLASS:
                entry.service_class = self.configuration.service_class(entry.position)
            if not entry.own_priority:
                entry.priority = self.overrides.priority(entry.request, entry.position)
        self.floor.share_out()

    # -- priorities --------------------------------------------------------------------------------

    def change_query_priority(self, query: int, priority: Priority, now: int) -> tuple[str, Decisions]:
        text = self.overrides.of_query(query, priority)
        self.floor.dispatch(now)
        return text, self._done()

    def change_session_priority(self, session: int, priority: Priority, now: int) -> tuple[str, Decisions]:
        text = self.overrides.of_session(session, priority)
        self.floor.dispatch(now)
        return text, self._done()

    def change_user_priority(self, user: str, priority: Priority | None, now: int) -> tuple[str, Decisions]:
        """None: the user's priority is that of the queues again."""
        text = self.overrides.of_user(user, priority)
        self.floor.dispatch(now)
        return text, self._done()
