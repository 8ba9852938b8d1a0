"""Priorities that superusers set for a query, a session or a user (r_CHANGE_QUERY_PRIORITY and its kin).

A query's own counts most, then its session's, its user's, its queue's. One query, session or user at a time may be
CRITICAL. Manual WLM has no priorities.
"""
from __future__ import annotations

from collections.abc import Callable

from ..errors import ProgrammingError, UndefinedObject
from .decisions import Raise
from .floor import Floor
from .priorities import Priority
from .requests import Entry, Request


class Overrides:
    """See the module's text."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._sessions: dict[int, Priority] = {}
        self._users: dict[str, Priority] = {}

    def priority(self, request: Request, position: int) -> Priority:
        """What a query of that queue begins with."""
        found = self._sessions.get(request.session, self._users.get(request.user))
        if found is not None:
            return found
        return self._floor.configuration.queues[position].priority if position >= 0 else Priority.NORMAL

    def forget_session(self, session: int) -> None:
        self._sessions.pop(session, None)

    def of_query(self, query: int, priority: Priority) -> str:
        entry = self._floor.entries.get(query)
        self._check(priority, None if entry is None or not entry.own_priority else entry.priority)
        if entry is None:
            raise UndefinedObject(f"query {query} is neither running nor waiting",
                                  hint="STV_WLM_QUERY_STATE lists the queries that are.")  # fmt: skip
        before, entry.own_priority = entry.priority, True
        self._set(entry, priority)
        self._floor.share_out()
        return f"Succeeded to change query priority. Priority changed from {before.label} to {priority.label}."

    def of_session(self, session: int, priority: Priority) -> str:
        before = self._sessions.get(session)
        self._check(priority, before)
        self._sessions[session] = priority
        self._refresh(lambda e: e.request.session == session)
        was = "" if before is None else f"from {before.label} "
        return (f"Succeeded to change session priority. Changed session (pid:{session}) priority "
                f"{was}to {priority.name.lower()}.")  # fmt: skip

    def of_user(self, user: str, priority: Priority | None) -> str:
        if priority is None:
            self._users.pop(user, None)
            self._refresh(lambda e: e.request.user == user)
            return f"Succeeded to reset priority for user ({user})."
        before = self._users.get(user)
        self._check(priority, before)
        self._users[user] = priority
        self._refresh(lambda e: e.request.user == user)
        was = "" if before is None else f"from {before.label} "
        return f"Succeeded to change user priority. Changed user ({user}) priority {was}to {priority.name.lower()}."

    def _refresh(self, concerned: Callable[[Entry], bool]) -> None:
        for entry in self._floor.entries.values():
            if concerned(entry) and not entry.own_priority:
                self._set(entry, self.priority(entry.request, entry.position))
        self._floor.share_out()

    def _set(self, entry: Entry, priority: Priority) -> None:
        if entry.priority is not priority:
            entry.priority = priority
            self._floor.out.append(Raise(entry.id, priority))

    def _check(self, priority: Priority, before: Priority | None) -> None:
        """`before`: what has been set for the same one."""
        if self._floor.automatic is None:
            raise ProgrammingError("query priorities are not available in manual WLM", sqlstate="55000")
        if priority is not Priority.CRITICAL or before is Priority.CRITICAL:
            return
        taken = [*self._sessions.values(), *self._users.values()]
        taken += [e.priority for e in self._floor.entries.values() if e.own_priority]
        if Priority.CRITICAL in taken:
            raise ProgrammingError("only one query, user or session can have the priority CRITICAL", sqlstate="55000")
