"""An INSERT of one row by itself: what running.py and session_transaction.py do for a statement, and no more.

    at_once(session, known, parameters)   the row is durable and the statement recorded: its Result
                                          None: nothing has been done, the general way does it

Such a statement reads no rows. So it pins no snapshot, for it needs no files; it can stand behind all others in any
order (storage/serializable.py), so that it is told to others and asks nobody; and it takes effect at one moment, under
the lock of commits, where the row is made for the newest state that this process knows (storage/commits.py). Nobody is
asked whether that is the newest: the commit finds out, and then the row is made once more.

What others may want to know of it while it runs, or later, is made when they ask: its Context for whoever looks at
running statements or cancels them, its record when the history writes its next batch.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import QueryCanceled
from ..storage.access.facts import Facts
from ..storage.catalog.delta import NewRow
from ..storage.catalog.history import Record
from ..storage.catalog.state import CatalogState
from ..storage.catalog.view import SnapshotView
from ..storage.lock_waits import LockOwner
from .context import TIMEOUT_TEXT, Cancel, Context, MemoryBudget
from .failures import told
from .history.records import ending, keep, opening
from .result import Done, Result
from .running import Work, flush_overdue

if TYPE_CHECKING:
    from .handlers.known_inserts import Known
    from .session import Session

KIND = "Insert"
_making = threading.Lock()


class RowTransaction(LockOwner):
    """The statement as those who run are known (running.Running), and its transaction."""

    __slots__ = ("_context", "_known", "_parameters", "_row", "_session", "query_id")

    def __init__(self, session: Session, known: Known, row: list[Any], parameters: tuple[Any, ...]) -> None:
        self.id = session.database.new_xid()
        self.session = session.id
        self.began = time.time_ns()
        self.query_id = session.database.history.next_query_id()
        self.held = set()
        self.blockers = ()
        self._session = session
        self._known = known
        self._row = row
        self._parameters = parameters
        self._context: Context | None = None

    @property
    def work(self) -> Work:
        """What is run."""
        return Work(self._known.text, self._parameters, KIND, self._known.offset)

    @property
    def context(self) -> Context:
        """Its surroundings, for others."""
        with _making:
            if self._context is None:
                self._context = self._made_context()
        return self._context

    def _made_context(self) -> Context:
        session, database = self._session, self._session.database
        search_path = session.search_path
        return Context(
            database=database, view=SnapshotView(database.newest, database.topology, search_path), transaction=self,
            settings=session.settings.copy(), user=session.user, search_path=search_path, text=self._known.text,
            now=datetime.fromtimestamp(self.began / 1e9, UTC), cancel=Cancel(), budget=MemoryBudget(session.memory),
            parameters=self._parameters, workers=session.workers, query_id=self.query_id, session_id=session.id,
            session=session, kind=KIND,
        )

    def record(self, facts: Facts, user: str, settings: Mapping[str, str], ended: int) -> Record:
        """Of its good end, for the history."""
        record = opening(
            self.query_id, facts, user, settings, self.id, self._session, self._known.text, KIND, self.began // 1000
        )
        return record | ending(ended, None, 1)

    def added(self, state: CatalogState) -> NewRow | None:
        """What its commit on this state adds; None if the statement means something else in it."""
        recipe, database = self._known.recipe, self._session.database
        if not recipe.holds(self._session, state):
            return None
        if self._context is not None:
            self._context.cancel.check()
        if recipe.timeout and time.time_ns() - self.began > recipe.timeout * 1_000_000:
            raise QueryCanceled(TIMEOUT_TEXT)
        return recipe.added(database, recipe.table, state.entries[recipe.table.id], self._row, self.id)


def at_once(session: Session, known: Known, parameters: tuple[Any, ...]) -> Result | None:
    """See the module's text. The session's lock is held."""
    recipe, database = known.recipe, session.database
    if not session.block.is_aside or session.temporary is not None:
        return None
    if not recipe.holds(session, database.timeline.newest):
        return None
    row = recipe.row(known.literals, parameters)
    if row is None:
        return None
    statement = RowTransaction(session, known, row, parameters)
    history, number = database.history, statement.query_id
    session.running[number] = history.running[number] = statement
    try:
        done = database.append(statement, recipe.table.id, statement.added)
    except BaseException as error:
        _forget(session, number)
        seen = told(error, statement.context, known.offset)
        keep(statement.context, KIND, error, -1)
        if seen is error:
            raise
        raise seen from error
    _forget(session, number)
    if not done:
        return None
    session.last["query"] = number
    history.record(partial(
        statement.record, database.timeline.newest.facts, session.user, session.settings.values, time.time_ns() // 1000
    ))
    if database.upkeep.overdue:
        flush_overdue(session)
    return Done("INSERT", 1)


def _forget(session: Session, number: int) -> None:
    """It runs no longer."""
    session.running.pop(number, None)
    session.database.history.running.pop(number, None)
    session.database.upkeep.activity.passing()
