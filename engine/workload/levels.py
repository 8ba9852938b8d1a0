"""CHANGE_QUERY_PRIORITY, CHANGE_SESSION_PRIORITY and CHANGE_USER_PRIORITY for SQL: their rights, arguments, answers."""
from __future__ import annotations

from ...errors import PermissionDenied, ProgrammingError, UndefinedObject
from ...wlm.priorities import Priority, named
from ..context import Context
from .manager import Manager, manager_of

RESET = "reset"


def change_query(context: Context, query: int, priority: str) -> str:
    manager, level = _begin(context, "change_query_priority", priority)
    with manager.lock:
        text, decisions = manager.machine.change_query_priority(query, level, manager.now())
        manager.carry_out(decisions)
    return text


def change_session(context: Context, session: int, priority: str) -> str:
    """-1: the present one."""
    manager, level = _begin(context, "change_session_priority", priority)
    session = context.session_id if session == -1 else session
    if session not in {s.id for s in context.database.sessions.all()}:
        raise UndefinedObject(f"session {session} does not exist", hint="STV_SESSIONS lists the sessions that do.")
    with manager.lock:
        text, decisions = manager.machine.change_session_priority(session, level, manager.now())
        manager.carry_out(decisions)
    return text


def change_user(context: Context, user: str, priority: str) -> str:
    reset = priority.strip().lower() == RESET
    manager, level = _begin(context, "change_user_priority", "normal" if reset else priority)
    if context.view.facts.directory.user(user) is None:
        raise UndefinedObject(f'user "{user}" does not exist')
    with manager.lock:
        text, decisions = manager.machine.change_user_priority(user, None if reset else level, manager.now())
        manager.carry_out(decisions)
    return text


def _begin(context: Context, function: str, priority: str) -> tuple[Manager, Priority]:
    if not context.rights.superuser:
        raise PermissionDenied(f"must be superuser to call {function}")
    level = named(priority)
    if level is None:
        raise ProgrammingError(
            f'invalid priority "{priority}"', sqlstate="22023",
            hint="It is critical, highest, high, normal, low or lowest.",
        )  # fmt: skip
    return manager_of(context.session), level
