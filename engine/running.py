"""A statement's beginning and end: what it is given, and what is taken back from it whatever happens.

    begin(session, work)               its transaction found, the snapshot pinned, settings copied, the clock started;
                                       from here on the session, the history and CANCEL know it as running
    end(session, running, error, rows) once: clock stopped, turn given back, transaction ended, snapshot let go,
                                       its record left to the history

What a statement does in between is its handler's (session.py calls it).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ..kernels import memory
from ..planner.statements import Insert, Transaction
from ..records import dataclass
from .context import TIMEOUT_TEXT, Cancel, Context, MemoryBudget
from .history.records import keep

if TYPE_CHECKING:
    from ..storage.schema import Table
    from .session import Session
    from .session_transaction import SessionTransaction


@dataclass(frozen=True, slots=True)
class Work:
    """What is run: text and values, the statement's class for the history, its place in the script; a table that it is
    known to write, if the user may."""

    text: str
    parameters: tuple[Any, ...]
    kind: str
    offset: int = 0
    into: Table | None = None
    apart: bool = False  # beside the session's transaction, in one of its own


@dataclass(slots=True)
class Running:
    """What ends with a statement."""

    context: Context
    work: Work
    timer: threading.Timer | None
    release: Callable[[], None]  # lets go of what its rows are read from, which may be longer than its transaction


def begin(session: Session, work: Work) -> Running:
    """See the module's text."""
    transaction = session.block.for_statement(ends=work.kind == Transaction.__name__, apart=work.apart)
    try:
        return _begin(session, work, transaction)
    except BaseException:
        if transaction.single:
            transaction.rollback()  # nobody else will
        raise


def _begin(session: Session, work: Work, transaction: SessionTransaction) -> Running:
    database, search_path = session.database, session.search_path
    if work.into is not None:
        transaction.lock_at_once(work.into)
    transaction.refresh()
    context = Context(
        database=database,
        view=transaction.view(search_path),
        transaction=transaction,
        settings=session.settings.copy(),
        user=session.user,
        search_path=search_path,
        text=work.text,
        now=datetime.now(UTC),
        cancel=Cancel(),
        budget=MemoryBudget(session.memory),
        parameters=work.parameters,
        workers=session.workers,
        query_id=database.history.next_query_id(),
        session_id=session.id,
        session=session,
        kind=work.kind,
    )
    # An INSERT reads while it has its transaction.
    release = _nothing if work.kind == Insert.__name__ else context.transaction.pin()
    running = Running(context, work, _clock(context), release)
    session.running[context.query_id] = database.history.running[context.query_id] = running
    database.upkeep.activity.begin()
    return running


def _nothing() -> None:
    pass


def _clock(context: Context) -> threading.Timer | None:
    """What stops the statement when its time is over."""
    limit = context.settings.statement_timeout
    if not limit:
        return None
    timer = threading.Timer(limit / 1000, context.cancel.set, (TIMEOUT_TEXT,))
    timer.daemon = True
    timer.start()
    return timer


def end(session: Session, running: Running, error: BaseException | None, rows: int) -> None:
    """See the module's text."""
    context, database = running.context, session.database
    if session.running.pop(context.query_id, None) is None:
        return
    database.history.running.pop(context.query_id, None)
    database.upkeep.activity.end()
    if running.timer is not None:
        running.timer.cancel()
    if error is not None:
        context.cancel.set()
    try:
        try:
            if context.ticket is not None:
                context.ticket.end(ok=error is None)
        finally:
            _end_transaction(session, context.transaction, error)
    except BaseException as late:
        error, rows = late, -1
        raise
    finally:
        running.release()
        _tidy(context)
        keep(context, running.work.kind, error, rows)
        session.notices.extend(context.notices)
    flush_overdue(session)


def _end_transaction(session: Session, transaction: SessionTransaction, error: BaseException | None) -> None:
    """A statement's own transaction ends with it; an open block fails with it."""
    if not transaction.single:
        if error is not None and session.block.owns(transaction):
            session.block.fail()
    elif error is None:
        transaction.commit()
    else:
        transaction.rollback()


def _tidy(context: Context) -> None:
    """Files and memory that the statement has left."""
    for file in [known() for known in context.files]:
        if file is not None:
            file.close()
    memory.trim()
    if memory.is_bounded():
        pa.default_memory_pool().release_unused()


def flush_overdue(session: Session) -> None:
    """Where no worker does it: what very many small commits have left in the catalogue goes to files."""
    for database in (session.database, session.temporary):
        if database is not None and database.upkeep.overdue and not session.block.is_open:
            from ..storage.maintenance.flush import flush_overdue

            flush_overdue(database)
