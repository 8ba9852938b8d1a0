"""One database's workload manager in this process: the machine with its lock and clock, and who waits for it.

    manager = manager_of(session)          made at the first statement that needs it; gone with the database
    ticket = manager.enter(...)            a statement's turn: see admission.py

Events are fed under the lock and their decisions carried out before it is released; none of that waits for anything.
Time is the wall clock's when the manager was made, and goes on by the monotonic one.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ...errors import OperationalError
from ...wlm.configuration import Configuration
from ...wlm.decisions import Abort, Decision, Hop, Share, Start
from ...wlm.machine import Machine
from ...wlm.requests import Request
from ...wlm.usage import Feature

if TYPE_CHECKING:
    from ..session import Session
    from .admission import Ticket

_managers: WeakKeyDictionary[Any, Manager] = WeakKeyDictionary()
_making = threading.Lock()


def usage_percent(metrics: Mapping[str, float], microseconds: int) -> float:
    """Processor time by execution time: 100 for each processor kept busy."""
    return 100 * metrics["query_cpu_time"] / (microseconds / 1e6) if microseconds > 0 else 0.0


class Manager:
    """See the module's text. `memory`: bytes for all queries together."""

    def __init__(self, configuration: Configuration, memory: int, processors: int) -> None:
        self.lock = threading.Lock()
        self.machine = Machine(configuration, memory, processors)
        self.tickets: dict[int, Ticket] = {}
        self.pending: str | None = None  # a configuration that waits for the database to be opened anew
        self._offset = time.time_ns() // 1000 - time.monotonic_ns() // 1000
        self._watcher: Any = None
        self._note(configuration)
        self.executors: Any = None  # scaling.Executors, while queues may use them
        self.clusters = 0  # max_concurrency_scaling_clusters

    def _note(self, configuration: Configuration) -> None:
        """What every statement asks of the configuration."""
        self.asks_for_groups, self.scales = configuration.asks_for_groups, configuration.scales
        self._watched = configuration.watched
        self.automatic = configuration.automatic

    def now(self) -> int:
        """Microseconds since 1970."""
        return self._offset + time.monotonic_ns() // 1000

    @property
    def log(self) -> Any:
        """wlm.log.Log: what has happened."""
        return self.machine.floor.log

    # -- statements --------------------------------------------------------------------------------

    def enter(self, ticket: Ticket, request: Request) -> None:
        """A statement comes; it has started when this returns, or waits."""
        with self.lock:
            self.tickets[request.id] = ticket
            try:
                decisions = self.machine.submit(request, self.now())
            except BaseException:
                del self.tickets[request.id]
                raise
            self.carry_out(decisions)
            ticket.entered()
        if self.watches:
            self._watch()

    def returning(self, ticket: Ticket, held: int) -> bool:
        """Its first rows are there; False: it was told to stop and begin anew."""
        with self.lock:
            if ticket.restarting:
                return False
            decisions = self.machine.returning(ticket.query, self.now(), held)
            if decisions:
                self.carry_out(decisions)
        return True

    def evicted(self, ticket: Ticket) -> None:
        """It has stopped and stands in its next queue; it has started when this returns, or waits."""
        with self.lock:
            ticket.restarting = ticket.started = False
            self.carry_out(self.machine.evicted(ticket.query, self.now()))
            ticket.entered()

    def check_external(self) -> None:
        """OperationalError while a usage limit keeps external tables from being read."""
        if not self.machine.allows(Feature.SPECTRUM, self.now()):
            raise OperationalError(
                "a usage limit of spectrum has been reached: external tables cannot be read until its period ends",
                hint="SHOW usage_limits; ALTER SYSTEM SET usage_limits changes them.", sqlstate="53400",
            )  # fmt: skip

    def failed(self, ticket: Ticket) -> None:
        """Its executor cannot run it; it has started here when this returns, or waits."""
        with self.lock:
            self.carry_out(self.machine.failed(ticket.query, self.now()))
            ticket.entered()

    def leave(self, ticket: Ticket, ok: bool) -> None:
        """It is over."""
        with self.lock:
            self.tickets.pop(ticket.query, None)
            entry, now = self.machine.entry(ticket.query), self.now()
            if entry is not None:
                ticket.service_class, ticket.queue_time = entry.service_class, entry.waited(now)
                ticket.class_name = self.machine.floor.name(entry.service_class)
            usage = ticket.usage
            self.machine.used(ticket.query, Feature.SPECTRUM, usage.external_bytes, now)
            decisions = self.machine.finish(
                ticket.query, now, usage.closed(), ok=ok, memory=ticket.peak, processor=usage.processor
            )
            if decisions:
                self.carry_out(decisions)
            for record in reversed(self.log.usage):  # the newest are of what has just been told
                if record.query != ticket.query:
                    break
                ticket.warn(f"the usage limit {record.limit} of {record.feature} has been reached")

    def carry_out(self, decisions: list[Decision]) -> None:
        """The lock is held."""
        for decision in decisions:
            ticket = self.tickets.get(decision.query)
            if ticket is None:
                continue
            match decision:
                case Start():
                    ticket.start(decision.service_class, decision.memory, decision.soft, decision.executor)
                case Share():
                    ticket.share(decision.soft)
                case Abort():
                    if decision.waiting:
                        del self.tickets[decision.query]
                    ticket.abort(decision.text, decision.waiting)
                case Hop():
                    ticket.hop(decision.restart, decision.memory)

    # -- watching ----------------------------------------------------------------------------------

    @property
    def watches(self) -> bool:
        """Whether something may happen to a query while it runs or waits."""
        return self._watched or bool(self.machine.floor.short.running)

    def _watch(self) -> None:
        if self._watcher is None or not self._watcher.is_alive():
            from .watcher import Watcher

            self._watcher = Watcher(self)
            self._watcher.start()

    def look(self) -> None:
        """Feed what running queries have taken so far, and the time."""
        now = self.now()
        for ticket in list(self.tickets.values()):
            entry = self.machine.entry(ticket.query)
            if entry is not None and entry.executes:
                metrics = ticket.usage.metrics()
                metrics["query_cpu_usage_percent"] = usage_percent(metrics, now - entry.started)
                metrics["memory"] = ticket.held
                with self.lock:
                    self.carry_out(self.machine.progress(ticket.query, metrics, self.now()))
        with self.lock:
            self.carry_out(self.machine.tick(self.now()))

    # -- changes -----------------------------------------------------------------------------------

    def scale(self, database: Any, count: int, threads: int) -> None:
        """Use up to `count` concurrency scaling executors, if a queue may; only for a database in a folder."""
        self.clusters = count
        if database.path is None or not self.scales:
            count = 0
        if count and self.executors is None:
            from .scaling import prepare

            self.executors = prepare(str(database.path), threads)
        with self.lock:
            self.carry_out(self.machine.scale_to(count, self.now()))

    def reconfigure(self, configuration: Configuration) -> list[str]:
        """Apply a configuration; what keeps it from being applied to an open database."""
        with self.lock:
            static, decisions = self.machine.reconfigure(configuration, self.now())
            self.carry_out(decisions)
            self.pending = configuration.text if static else None
            self._note(self.machine.configuration)
        return static


def left(session: Session) -> None:
    """A session has ended, and perhaps the database was closed with it."""
    session.manager = None
    found = _managers.get(session.database)
    if found is None:
        return
    found.machine.overrides.forget_session(session.id)
    if session.database.closed:
        del _managers[session.database]
        if found.executors is not None:
            found.executors.close()


def manager_of(session: Session) -> Manager:
    """The manager of the session's database."""
    found = _managers.get(session.database)
    if found is None:
        with _making:
            found = _managers.get(session.database)
            if found is None:
                from .kept import keep_all
                from .parameters import configured, scaling_clusters, usage_limits

                configuration = configured(session.database)
                found = Manager(configuration, session.memory, session.workers.threads)
                keep_all(session.database, found.machine, usage_limits(session.database))
                found.scale(session.database, scaling_clusters(session.database), session.workers.threads)
                _managers[session.database] = found
    return found


def known(database: Any) -> Manager | None:
    """The manager of a database, if there is one yet."""
    return _managers.get(database)
