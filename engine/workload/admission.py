"""A statement's way through workload management: it waits for its turn once, and gives it back at its end.

    enter(context, plan, kind)   before the first row is read (door.py): waits while its queue is full
    ticket.first_rows()          it returns rows from here on
    ticket.may_restart()         after a stop: was it told to begin anew in another queue? waits for that
    ticket.end(ok)               the session, with the statement

The turn brings memory: what the statement's budget allows from then on.
"""
from __future__ import annotations

import threading

from ...errors import OperationalError, QueryCanceled
from ...planner.physical import PhysicalQuery
from ...wlm.configuration import SUPERUSER_GROUP
from ...wlm.requests import NOTHING, Kind, Request
from ..context import HOP_TEXT, Context, Notice
from ..identity import without_secrets
from .estimates import Outline, outline, reads_tables_only
from .manager import Manager, manager_of
from .usage import Usage

UNSET = "unset"
KINDS = {kind.value: kind for kind in Kind}
KEPT_TEXT = 256  # characters of a statement, for system tables


class Ticket:
    """See the module's text."""

    def __init__(self, manager: Manager, context: Context, outline: Outline | None) -> None:
        self.query = context.query_id
        self.usage = Usage(outline, context.scans)
        self.started = False
        self.restarting = False
        self.executor = 0  # the concurrency scaling one that runs it
        self.service_class = 0
        self.class_name = ""
        self.queue_time = 0  # microseconds, known at the end
        self.manager = manager
        self._cancel = context.cancel
        self._budget = context.budget
        self._notices = context.notices
        self._event: threading.Event | None = None
        self._returning = False
        self._over = False

    # -- the statement's side ----------------------------------------------------------------------

    def enter(self, request: Request) -> None:
        """Wait for the statement's turn."""
        self.manager.enter(self, request)
        if self._event is not None:
            self._wait(self._event)

    def _wait(self, event: threading.Event) -> None:
        self._cancel.listener = event.set
        try:
            while not self.started:
                if not self._cancel.is_set:
                    event.wait()
                    event.clear()
                if not self.started:
                    self._cancel.check()
        except BaseException:
            self.end(ok=False)
            raise
        finally:
            self._cancel.listener = None

    def first_rows(self) -> None:
        """Rows go out from here on: the statement cannot begin anew."""
        if not self._returning:
            if not self.manager.returning(self, self.held):
                raise QueryCanceled(HOP_TEXT)
            self._returning = True

    def may_restart(self) -> bool:
        """A stopped statement asks whether it was stopped to begin anew; if so it has its turn again at the end."""
        if not self.restarting or self._cancel.reason != HOP_TEXT:
            return False
        self._cancel.clear()
        self._event = None
        self.usage.pause()
        self.manager.evicted(self)
        if self._event is not None:
            self._wait(self._event)
        return True

    def fall_back(self, why: str) -> None:
        """Its executor has failed: it has its turn here at the end. Rows that are out cannot be taken back."""
        if self._returning:
            raise OperationalError(f"{why} while it returned rows", sqlstate="57P02")
        self.started, self.executor = False, 0
        self.manager.failed(self)
        if self._event is not None:
            self._wait(self._event)

    def end(self, ok: bool) -> None:
        """Give the turn back; once."""
        if not self._over:
            self._over = True
            self.usage.pause()
            self.manager.leave(self, ok)

    def facts(self) -> dict[str, int | str]:
        """For the statement's record in the history, when it has ended."""
        found: dict[str, int | str] = {
            "class": self.service_class, "class_name": self.class_name, "queue_time": self.queue_time,
        }  # fmt: skip
        return found | {"executor": self.executor} if self.executor else found

    @property
    def held(self) -> int:
        return self._budget.used

    @property
    def peak(self) -> int:
        return self._budget.peak

    # -- the manager's side: its lock is held --------------------------------------------------------

    def entered(self) -> None:
        """Whoever has not started by now will be woken."""
        self._event = None if self.started else threading.Event()

    def start(self, service_class: int, memory: int, soft: int, executor: int) -> None:
        self.service_class, self.executor = service_class, executor
        if not self.manager.automatic:
            self._budget.allow(memory)
        if soft < memory:
            self._budget.press(soft)
        self.started = True
        if self._event is not None:
            self._event.set()

    def warn(self, text: str) -> None:
        self._notices.append(Notice("WARNING", text))

    def share(self, soft: int) -> None:
        self._budget.press(soft if soft < self.manager.machine.floor.memory else None)

    def abort(self, text: str, waiting: bool) -> None:
        if waiting:
            self._over = True
        self._cancel.set(text)

    def hop(self, restart: bool, memory: int) -> None:
        if restart:
            self.restarting = True
            self._cancel.set(HOP_TEXT)
        elif not self.manager.automatic:
            self._budget.allow(memory)


def enter(context: Context, plan: PhysicalQuery | None, kind: str) -> Ticket:
    """What door.py's `admit` leads to: a ticket, or the one that another copy of the statement's context has."""
    session = context.session
    manager = session.manager
    if manager is None:
        manager = session.manager = manager_of(session)
    ticket = manager.tickets.get(context.query_id)
    if ticket is None:
        found = None if plan is None else outline(plan)
        if found is not None:
            for table in found.tables:  # waits where one is locked: before it has a slot, not with one
                context.transaction.read(table, context.cancel.check)
            if found.external:
                manager.check_external()
        ticket = Ticket(manager, context, found)
        try:
            ticket.enter(_request(context, plan, found, KINDS[kind], manager))
        except BaseException:
            ticket.end(ok=False)  # the statement does not have it yet, so its end would not
            raise
        context.service_class = ticket.service_class
    context.ticket = ticket
    return ticket


def may_scale(context: Context, plan: PhysicalQuery | None) -> bool:
    """Whether another process may run the statement (concurrency-scaling.md: "Limitations"): a query over committed
    rows of plain tables in a folder."""
    return (
        plan is not None and context.kind == "Select" and context.database.path is not None
        and bool(plan.tables) and not context.transaction.wrote
        and not any(t.temporary or t.interleaved or not t.backup for t in plan.tables)
        and reads_tables_only(plan)
    )


def _request(
    context: Context, plan: PhysicalQuery | None, found: Outline | None, kind: Kind, manager: Manager
) -> Request:
    settings = context.settings
    group = settings["query_group"]
    group = "" if group == UNSET else group
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    if manager.asks_for_groups:
        rights = context.rights
        roles = tuple(r.name for r in rights.roles)
        groups = tuple(g.name for g in rights.directory.groups.values() if g.grantee in rights.grantees)
    return Request(
        id=context.query_id,
        session=context.session_id,
        user=context.user,
        user_id=context.view.facts.directory.user_id(context.user),
        superuser=bool(group) and group.lower() == SUPERUSER_GROUP and context.rights.superuser,
        groups=groups,
        roles=roles,
        query_group=group,
        kind=kind,
        slots=1 if manager.automatic else int(settings["wlm_query_slot_count"]),
        estimate=NOTHING if found is None else found.estimate,
        shape=None if found is None else found.shape,
        scalable=manager.scales and may_scale(context, plan),
        transaction=context.transaction.id if context.transaction is not None else 0,
        text=without_secrets(context.text, context.kind)[:KEPT_TEXT],
    )
