"""A session: takes text, runs statement by statement, keeps settings. Opened by open_session.py.

    execute(text, values)
      parse ............. planner/parse.py           one Parsed per statement
      begin ............. engine/running.py          its Context: snapshot pinned, settings copied, cancel, budget
      handler ........... engine/handlers/           one module per statement family
      Result ............ engine/result.py           streams; when it has ended:
      end ............... engine/running.py          unpins and records

Every statement runs in a transaction: one of its own, or the open block's (transaction_block.py). After
an error the session goes on.

A session serves one thread at a time (a second one waits); `cancel` comes from any thread.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .. import errors
from ..patterns import pattern
from ..planner.parse import parse_statement, split
from ..planner.statements import Insert, Parsed, Prepare, QueryText
from ..storage.catalog.delta import Delta
from ..storage.database import Database
from ..storage.objects.options import StoreOptions
from ..storage.schema import Table
from ..storage.sharing.sessions import SessionInfo
from . import limits
from .context import CANCEL_TEXT, Context, Notice, Progress
from .failures import in_snapshot, placed, told
from .handlers import handler_for
from .identity import Identity, leave
from .result import Result
from .row_transaction import RowTransaction, at_once
from .running import Running, Work, begin, end
from .settings import Settings
from .transaction_block import TransactionBlock
from .workers import pool
from .workload.door import forget

if TYPE_CHECKING:
    from ..planner.plan_cache import PlanCache
    from ..storage.temporary import TemporaryDatabase
    from .handlers.known_inserts import KnownInserts
    from .maintenance.worker import Worker
    from .session_transaction import SessionTransaction
    from .workload.manager import Manager

DATABASE = "dev"
KEPT_NOTICES = 50  # as psycopg2 keeps
SESSION = "session"  # the history's kind of event: one that has ended
_INSERT = pattern(r"\s*insert\s", re.IGNORECASE)
_session_ids = itertools.count(os.getpid())


class Session:
    """See the module's text."""

    def __init__(
        self,
        database: Database,
        *,
        identity: Identity | None = None,
        settings: Settings | None = None,
        threads: int = 1,
        memory: int | None = None,
    ) -> None:
        self.database = database
        self.identity = identity or Identity("dev")
        self.settings = settings or Settings()
        self.draw: Callable[[], int] | None = None  # seeds for RANDOM, after SET SEED
        self.stores = StoreOptions()
        self.last: dict[str, int] = {}  # what PG_LAST_COPY_ID() and the like tell
        self.workers = pool(threads)
        self.memory = memory or limits.memory_limit(None)
        self.id = database.numbering.session() or next(_session_ids)
        self.started = datetime.now(UTC)
        self.worker: Worker | None = None
        self.manager: Manager | None = None  # of workload, once a statement has asked for its turn
        self.temporary: TemporaryDatabase | None = None  # made with the first temporary table
        self.prepared: dict[str, Prepare] = {}
        self.notices: deque[Notice] = deque(maxlen=KEPT_NOTICES)
        self.block = TransactionBlock(self._transaction, self.identity.transaction_ended)
        self._lock = threading.RLock()
        self._apart = threading.Lock()  # held by what runs beside the session's statements; taken before the other
        self.running: dict[int, Running | RowTransaction] = {}  # by number; of rows by themselves as they are
        self._closed = False
        self._ended_by: str | None = None  # who else ended the session, in the words of the error
        info = SessionInfo(self.id, self.user, self.started.replace(tzinfo=None))
        database.sessions.add(info, self.cancel, self.terminate)

    @property
    def database_name(self) -> str:
        return self.database.name

    @property
    def user(self) -> str:
        """Who the session works as."""
        return self.identity.user

    @property
    def database_label(self) -> str:
        """The database's name in SQL."""
        return DATABASE

    @cached_property
    def plans(self) -> PlanCache:
        """Plans of this session's queries."""
        from ..planner.plan_cache import PlanCache  # brings the optimizer along

        if self.database.path is None:
            return PlanCache()
        from ..planner.kept_plans import Shelf

        return PlanCache(Shelf(self.database.path))

    @cached_property
    def inserts(self) -> KnownInserts:
        """Shapes of this session's INSERTs of one row."""
        from .handlers.known_inserts import KnownInserts

        return KnownInserts()

    @property
    def progress(self) -> Progress | None:
        """Of the statement started last that still runs; any thread may ask."""
        running = list(self.running.values())
        return running[-1].context.progress if running else None

    # -- statements ------------------------------------------------------------------------------

    def execute(self, text: str, parameters: tuple[Any, ...] = ()) -> Result:
        """Run the one statement in `text`; `parameters` are the values of $1, $2 ..."""
        if (known := self._known(text, parameters)) is not None:
            return known
        if parameters and text[:5].lower() == "show ":
            from ..planner.statements.show_values import written_out

            try:
                return self._statement(self._parse(*self._only(written_out(text, parameters))), ())
            except errors.Error as error:
                error.position = None  # it is of the text with the values
                raise
        return self._statement(self._parse(*self._only(text)), parameters)

    def execute_all(self, text: str) -> Result:
        """Run every statement in `text`; the last one's result."""
        known = self._known(text, ())
        if known is not None:
            return known
        pieces = self._split(text)
        for piece in pieces[:-1]:
            self._statement(self._parse(*piece), ()).close()
        return self._statement(self._parse(*pieces[-1]), ())

    def execute_script(self, text: str) -> Iterator[Result]:
        """Run the statements in `text` one after the other as their results are asked for."""
        for piece in self._split(text):
            yield self._statement(self._parse(*piece), ())

    def execute_many(self, text: str, parameter_sets: list[tuple[Any, ...]]) -> int:
        """Run one statement for each set of values; rows written, -1 if unknown. An INSERT of VALUES
        is done as one insert of many rows."""
        parsed = self._parse(*self._only(text))
        if isinstance(parsed.statement, Insert):
            from .handlers.insert import run_many

            statement = parsed.statement
            work = Work(parsed.text, (), "Insert", parsed.offset)
            return self._run(work, lambda c: run_many(statement, c, parameter_sets)).rowcount
        total = 0
        for values in parameter_sets:
            result = self._statement(parsed, values)
            if result.columns:
                result.close()
                raise errors.ProgrammingError("executemany() is for statements without rows")
            total = -1 if total < 0 or result.rowcount < 0 else total + result.rowcount
        return total

    def load_arrow(self, table: str, reader: pa.RecordBatchReader, create: bool) -> int:
        """Append a stream of record batches to a table, made if missing; the number of rows."""
        from .handlers.load_arrow import run

        work = Work(f"-- write_arrow {table}", (), "Insert")
        return self._run(work, lambda c: run(table, reader, create, c)).rowcount

    def perform(self, text: str, kind: str, action: Callable[[Context], Result]) -> Result:
        """Do something that is not SQL as a statement of this session: in its transaction, within its limits, recorded
        as `text` of class `kind`."""
        return self._run(Work(text, (), kind), action)

    def perform_apart(self, text: str, kind: str, action: Callable[[Context], None]) -> None:
        """As `perform`, in a transaction of its own, and other threads' statements of this session run meanwhile: for
        what takes long and does not touch the session. No block may be open."""
        with self._apart:
            with self._lock:
                self._check_open()
                running = begin(self, Work(text, (), kind, apart=True))
            try:
                action(running.context)
            except BaseException as error:
                with self._lock:
                    seen = self._failed(running, error)
                if seen is error:
                    raise
                raise seen from error
            with self._lock:
                end(self, running, None, -1)

    def _split(self, text: str) -> tuple[tuple[str, int], ...]:
        self._check_open()
        pieces = split(text)
        if not pieces:
            raise errors.ProgrammingError("cannot execute an empty statement")
        return pieces

    def _only(self, text: str) -> tuple[str, int]:
        pieces = self._split(text)
        if len(pieces) != 1:
            raise errors.SqlSyntaxError("cannot insert multiple commands into a prepared statement")
        return pieces[0]

    def _parse(self, text: str, offset: int) -> Parsed:
        """One statement; an error's position counts from the start of the script."""
        try:
            return Parsed(text, offset, parse_statement(text, lazily=True, exact_names=self.settings.exact_names))
        except Exception as error:
            seen = placed(error, offset)
            if seen is error:
                raise
            raise seen from error

    def _known(self, text: str, parameters: tuple[Any, ...]) -> Result | None:
        """Run an INSERT of a shape that was seen before (handlers/known_inserts.py); None: it is none."""
        if _INSERT.match(text) is None:
            return None
        known = self.inserts.find(text, self.settings.exact_names)
        if known is None:
            return None
        with self._lock:
            self._check_open()
            done = at_once(self, known, parameters)
            if done is not None:
                return done
            return self._run(Work(known.text, parameters, "Insert", known.offset, known.into(self)), known.run)

    def _statement(self, parsed: Parsed, parameters: tuple[Any, ...]) -> Result:
        statement = parsed.statement
        kind = "Select" if isinstance(statement, QueryText) else type(statement).__name__
        work = Work(parsed.text, parameters, kind, parsed.offset)
        return self._run(work, lambda c: handler_for(statement)(statement, c))

    def _run(self, work: Work, action: Callable[[Context], Result]) -> Result:
        """Run `action` in a new context, up to its first rows."""
        with self._lock:
            self._check_open()
            running = begin(self, work)
            try:
                result = action(running.context)
            except BaseException as error:
                seen = self._failed(running, error)
                if seen is error:
                    raise
                raise seen from error
            result.guard(
                lambda error: told(error, running.context, work.offset),
                lambda error, rows: end(self, running, error, rows),
            )
            return result.start()

    def _failed(self, running: Running, error: BaseException) -> BaseException:
        """End a statement; what the user sees of the error."""
        seen = told(in_snapshot(error, running.context), running.context, running.work.offset)
        end(self, running, error, -1)
        return seen

    def _transaction(self, single: bool) -> SessionTransaction:
        from .session_transaction import SessionTransaction

        return SessionTransaction(self.database, lambda: self.temporary, single=single, session=self.id)

    @property
    def search_path(self) -> tuple[str, ...]:
        """The schemas that names are looked for in, the user's own by its name."""
        return tuple([self.user if name == "$user" else name for name in self.settings.search_path])

    def _check_open(self) -> None:
        if self._ended_by is not None:
            raise errors.OperationalError(self._ended_by, sqlstate="57P01")
        if self._closed:
            raise errors.InterfaceError("the session is closed", sqlstate="08003")
        if self.database.is_inherited:
            raise errors.InterfaceError("the connection was made before this process was forked from another one",
                                        hint="Connect in the process that uses the connection.", sqlstate="08003")

    # -- transactions, cancel, close -----------------------------------------------------------------

    def commit_delta(self, delta: Delta) -> None:
        """Make a statement's changes, as its transaction has it; only handlers call this."""
        context = self._current().context
        if delta.create:
            from .access import with_default_grants

            delta = with_default_grants(delta, context)
        context.transaction.change(delta)
        upgrade = self.database.take_upgrade()
        if upgrade is not None:
            context.notice("WARNING", upgrade)

    def lock(self, context: Context, tables: Iterable[Table]) -> None:
        """Take write locks for a statement, waiting for them; it then sees the newest commit, if it may."""
        context.transaction.lock(tables, context.cancel.check)
        self._see_newest(context)

    def close_tables(self, context: Context, tables: Iterable[Table], *, alone: bool = False) -> None:
        """Keep others from reading tables that are locked, to the end of the transaction."""
        context.transaction.close(tables, context.cancel.check, alone=alone)
        self._see_newest(context)

    def enter(self, context: Context, tables: Iterable[Table]) -> bool:
        """Wait for tables that others keep closed before they are read; whether the statement sees more for it."""
        if not context.transaction.enter(tables, context.cancel.check):
            return False
        self._see_newest(context)
        return True

    def _see_newest(self, context: Context) -> None:
        if context.view.snapshot == context.transaction.snapshot and not context.transaction.wrote:
            return
        running = self._running(context.query_id)
        release, running.release = running.release, context.transaction.pin()
        release()
        context.view = context.transaction.view(context.search_path)

    def _current(self) -> Running:
        return self._running(next(reversed(self.running)))

    def _running(self, query: int) -> Running:
        found = self.running[query]
        assert isinstance(found, Running)
        return found

    def make_temporary(self) -> TemporaryDatabase:
        """The session's database of temporary tables."""
        if self.temporary is None:
            from ..storage.temporary import TemporaryDatabase

            self.temporary = TemporaryDatabase(self.database, self.id)
        return self.temporary

    def begin(self, *, read_only: bool = False) -> bool:
        """BEGIN; False when a block is open already."""
        self._check_open()
        return self.block.begin(read_only=read_only)

    def commit(self) -> bool:
        """COMMIT; False when the block had failed, so that it was rolled back."""
        with self._lock:
            self._check_open()
            kept = self.block.commit()
            upgrade = self.database.take_upgrade()
            if upgrade is not None:
                self.notices.append(Notice("WARNING", upgrade))
            return kept

    def rollback(self) -> None:
        """ROLLBACK: forget what the open block has changed."""
        with self._lock:
            self._check_open()
            self.block.rollback()

    def cancel(self, message: str | None = None) -> None:
        """Stop every running statement of this session; `message`: what their errors say."""
        for running in list(self.running.values()):
            running.context.cancel.set(message or CANCEL_TEXT)

    def terminate(self, message: str) -> None:
        """Another session ends this one: what it runs stops, and it is closed as soon as that has."""
        self._ended_by = message
        self.cancel(message)
        threading.Thread(target=self.close, name="warehouse-terminate", daemon=True).start()

    def keep_plans(self, go_on: Callable[[], bool]) -> None:
        """Write new plans to disk, for other processes, as long as `go_on`. For any thread."""
        if "plans" in self.__dict__ and self.plans.shelf is not None:
            self.plans.shelf.save(go_on)

    def _leave_a_note(self) -> None:
        """For stl_connection_log, which knows of open sessions by themselves."""
        started, ended = (int(moment.timestamp() * 1_000_000) for moment in (self.started, datetime.now(UTC)))
        self.database.history.note(SESSION, partial(json.dumps, {
            "pid": self.id, "user": self.identity.login, "start": started, "end": ended,
            "application": self.settings["application_name"],
        }))  # fmt: skip

    def close(self) -> None:
        """Stop what runs and give the database back."""
        if self._closed:
            return
        self._closed = True
        if self.database.is_inherited:
            return  # all of it is the other process's
        self._leave_a_note()
        self.database.sessions.remove(self.id)
        self.cancel()
        with self._apart, self._lock:
            for number in list(self.running):
                end(self, self._running(number), errors.QueryCanceled("the session was closed"), -1)
            self.block.rollback()
            if self.temporary is not None:
                self.temporary.close()
            if self.worker is not None:
                self.worker.leave(self)
            leave(self.identity)
            self.keep_plans(lambda: True)
            self.database.close()
            forget(self)
