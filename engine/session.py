"""A session: takes text, runs statement by statement, keeps settings, records history.

    execute(text, values)
      parse ............. planner/parse.py           one Parsed per statement
      Context ........... engine/context.py          snapshot pinned, settings copied, cancel, budget
      handler ........... engine/handlers/           one module per statement family
      Result ............ engine/result.py           streams; its end unpins and records

Every statement runs in a transaction: one of its own, or the open block's (transaction_block.py). After
an error the session goes on.

A session serves one thread at a time (a second one waits); `cancel` comes from any thread.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .. import errors
from ..kernels import memory
from ..planner.parse import parse_statement, split
from ..planner.statements import Insert, Parsed, Prepare, QueryText, Transaction
from ..records import dataclass
from ..storage.catalog.delta import Delta
from ..storage.database import Database
from ..storage.objects.options import StoreOptions
from ..storage.schema import Table
from ..storage.sharing.sessions import SessionInfo
from . import limits
from .context import CANCEL_TEXT, TIMEOUT_TEXT, Cancel, Context, MemoryBudget, Notice, Progress
from .failures import translate
from .handlers import handler_for
from .history import QUERIES
from .history.profile import described
from .history.records import begun, microseconds, scans
from .identity import Identity, admit, leave
from .preload import preload
from .result import Result
from .settings import Settings
from .transaction_block import TransactionBlock
from .workers import pool

if TYPE_CHECKING:
    from ..planner.plan_cache import PlanCache
    from ..storage.temporary import TemporaryDatabase
    from .maintenance.worker import Worker
    from .session_transaction import SessionTransaction

DATABASE = "dev"
KEPT_NOTICES = 50  # as psycopg2 keeps
_session_ids = itertools.count(os.getpid())


def open_session(
    database: str,
    *,
    nodes: int | None = None,
    slices_per_node: int | None = None,
    node_type: str | None = None,
    create: bool = True,
    read_only: bool = False,
    threads: int | None = None,
    memory_limit: int | str | None = None,
    compatibility: str = "redshift",
    user: str = "dev",
    maintenance: bool = True,
    wlm_json_configuration: str | None = None,
) -> Session:
    """Open the database and a session on it; closing the session closes the database. `maintenance`: the background
    worker looks after a folder's tables while the session is open. `wlm_json_configuration`: JSON, or a file's path."""
    preload()
    workers, allowed = limits.threads(threads), limits.memory_limit(memory_limit)
    Settings({"compatibility": compatibility})  # checked before anything is made
    opened = Database.open(
        database, nodes=nodes, slices_per_node=slices_per_node, node_type=node_type, create=create,
        read_only=read_only,
    )  # fmt: skip
    try:
        identity, known = admit(user, opened)
        settings = Settings({**known.settings, "compatibility": compatibility})
    except BaseException:
        opened.close()
        raise
    if memory_limit is not None:
        opened.files.bound_cache(int(allowed * limits.CACHE_SHARE))
        memory.retain(int(allowed * limits.RETAINED_SHARE))
    session = Session(opened, identity=identity, settings=settings, threads=workers, memory=allowed)
    if wlm_json_configuration is not None:
        _configure(session, wlm_json_configuration)
    if maintenance and opened.path is not None and not read_only:
        from .maintenance.worker import join

        session.worker = join(session)
    return session


def _forget(session: Session) -> None:
    """Workload management knows the session no more, nor the database if it was the last."""
    manager = sys.modules.get(f"{__package__}.workload.manager")  # not loaded: it has never heard of them
    if manager is not None:
        manager.left(session)


def _configure(session: Session, wlm: str) -> None:
    from .workload.parameters import open_with

    try:
        open_with(session, wlm)
    except BaseException:
        session.close()
        raise


@dataclass(frozen=True, slots=True)
class _Work:
    """What is run: text and values, the statement's class for the history, its place in the script."""

    text: str
    parameters: tuple[Any, ...]
    kind: str
    offset: int = 0


@dataclass(slots=True)
class _Running:
    """What ends with a statement."""

    context: Context
    work: _Work
    timer: threading.Timer | None
    release: Callable[[], None]  # lets go of what its rows are read from, which may be longer than its transaction


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
        self.temporary: TemporaryDatabase | None = None  # made with the first temporary table
        self.prepared: dict[str, Prepare] = {}
        self.notices: deque[Notice] = deque(maxlen=KEPT_NOTICES)
        self.block = TransactionBlock(self._transaction, self.identity.transaction_ended)
        self._lock = threading.RLock()
        self._running: dict[int, _Running] = {}
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

        return PlanCache()

    @property
    def progress(self) -> Progress | None:
        """Of the statement started last that still runs; any thread may ask."""
        running = list(self._running.values())
        return running[-1].context.progress if running else None

    # -- statements ------------------------------------------------------------------------------

    def execute(self, text: str, parameters: tuple[Any, ...] = ()) -> Result:
        """Run the one statement in `text`; `parameters` are the values of $1, $2 ..."""
        return self._statement(self._parse(*self._only(text)), parameters)

    def execute_all(self, text: str) -> Result:
        """Run every statement in `text`; the last one's result."""
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
            work = _Work(parsed.text, (), "Insert", parsed.offset)
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

        work = _Work(f"-- write_arrow {table}", (), "Insert")
        return self._run(work, lambda c: run(table, reader, create, c)).rowcount

    def perform(self, text: str, kind: str, action: Callable[[Context], Result]) -> Result:
        """Do something that is not SQL as a statement of this session: in its transaction, within its limits, recorded
        as `text` of class `kind`."""
        return self._run(_Work(text, (), kind), action)

    def _split(self, text: str) -> list[tuple[str, int]]:
        self._check_open()
        pieces = list(split(text))
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
            told = _placed(error, offset)
            if told is error:
                raise
            raise told from error

    def _statement(self, parsed: Parsed, parameters: tuple[Any, ...]) -> Result:
        statement = parsed.statement
        kind = "Select" if isinstance(statement, QueryText) else type(statement).__name__
        work = _Work(parsed.text, parameters, kind, parsed.offset)
        return self._run(work, lambda c: handler_for(statement)(statement, c))

    def _run(self, work: _Work, action: Callable[[Context], Result]) -> Result:
        """Run `action` in a new context, up to its first rows."""
        with self._lock:
            self._check_open()
            context = self._begin(work)
            try:
                result = action(context)
            except BaseException as error:
                told = _placed(_in_snapshot(error, context), work.offset)
                self._end(context, work, error, -1)
                if told is error:
                    raise
                raise told from error
            result.guard(
                lambda error: _placed(error, work.offset),
                lambda error, rows: self._end(context, work, error, rows),
            )
            return result.start()

    # -- a statement's beginning and end -----------------------------------------------------------

    def _begin(self, work: _Work) -> Context:
        database = self.database
        search_path = self._search_path()
        transaction = self.block.for_statement(ends=work.kind == Transaction.__name__)
        transaction.refresh()
        context = Context(
            database=database,
            view=transaction.view(search_path),
            transaction=transaction,
            settings=self.settings.copy(),
            user=self.user,
            search_path=search_path,
            text=work.text,
            now=datetime.now(UTC),
            cancel=Cancel(),
            budget=MemoryBudget(self.memory),
            parameters=work.parameters,
            workers=self.workers,
            query_id=database.history.next_query_id(),
            session_id=self.id,
            session=self,
            kind=work.kind,
        )
        timer = None
        if context.settings.statement_timeout:
            timer = threading.Timer(
                context.settings.statement_timeout / 1000, context.cancel.set, (TIMEOUT_TEXT,)
            )
            timer.daemon = True
            timer.start()
        running = _Running(context, work, timer, transaction.pin())
        self._running[context.query_id] = database.history.running[context.query_id] = running
        database.upkeep.activity.begin()
        return context

    def _end(self, context: Context, work: _Work, error: BaseException | None, rows: int) -> None:
        """Exactly once per statement: stop its clock and workers, let its snapshot go, record it."""
        running = self._running.pop(context.query_id, None)
        if running is None:
            return
        self.database.history.running.pop(context.query_id, None)
        self.database.upkeep.activity.end()
        if running.timer is not None:
            running.timer.cancel()
        if error is not None:
            context.cancel.set()
        if context.ticket is not None:
            context.ticket.end(ok=error is None)
        self._end_transaction(context.transaction, error)
        running.release()
        self._flush_overdue()
        for file in [*context.files]:
            file.close()
        memory.trim()
        if memory.is_bounded():
            pa.default_memory_pool().release_unused()
        self._record(context, work, error, rows)
        self.notices.extend(context.notices)

    def _transaction(self, single: bool) -> SessionTransaction:
        from .session_transaction import SessionTransaction

        return SessionTransaction(self.database, lambda: self.temporary, single=single, session=self.id)

    def _flush_overdue(self) -> None:
        """Where no worker does it: what very many small commits have left in the catalogue goes to files."""
        for database in (self.database, self.temporary):
            if database is not None and database.upkeep.inline and not self.block.is_open:
                from ..storage.maintenance.flush import flush_overdue

                flush_overdue(database)

    def _end_transaction(self, transaction: SessionTransaction, error: BaseException | None) -> None:
        """A statement's own transaction ends with it; an open block fails with it."""
        if not transaction.single:
            if error is not None and self.block.owns(transaction):
                self.block.fail()
        elif error is None:
            transaction.commit()
        else:
            transaction.rollback()

    def _record(self, context: Context, work: _Work, error: BaseException | None, rows: int) -> None:
        scaled = context.ticket is not None and context.ticket.executor
        if context.profiles or context.source_query or scaled or (work.kind in QUERIES and work.kind != "Select"):
            self.last["query"] = context.query_id
        record = begun(context, work.kind) | {
            "endtime": microseconds(datetime.now(UTC)),
            "aborted": int(error is not None),
            "error": str(error) if error is not None else None,
            "rows": rows,
        }
        if context.profiles:
            record["planned"] = int(context.profiles[0].began * 1e6)
            record["bytes"] = sum([p.bytes for p in context.profiles])
        if context.source_query:
            record["source"] = context.source_query
        if context.ticket is not None:
            record |= context.ticket.facts()
        if context.scans:
            record["scans"] = scans(context)
        if context.settings["workgroup"] and (work.kind in QUERIES or context.scans):
            record["workgroup"] = context.settings["workgroup"]
        details = partial(described, record, context.profiles) if context.profiles and work.kind in QUERIES else None
        self.database.history.record(record, details, sum([p.weight for p in context.profiles]))
        if context.scans and context.settings["workgroup"]:
            from .workgroup_limits import count

            count(context, record)

    def _search_path(self) -> tuple[str, ...]:
        return tuple(self.user if name == "$user" else name for name in self.settings.search_path)

    def _check_open(self) -> None:
        if self._ended_by is not None:
            raise errors.OperationalError(self._ended_by, sqlstate="57P01")
        if self._closed:
            raise errors.InterfaceError("the session is closed", sqlstate="08003")

    # -- transactions, cancel, close -----------------------------------------------------------------

    def commit_delta(self, delta: Delta) -> None:
        """Make a statement's changes, as its transaction has it; only handlers call this."""
        from .access import with_default_grants

        context = self._current().context
        context.transaction.change(with_default_grants(delta, context) if delta.create else delta)
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
        running = self._running[context.query_id]
        release, running.release = running.release, context.transaction.pin()
        release()
        context.view = context.transaction.view(context.search_path)

    def _current(self) -> _Running:
        return self._running[next(reversed(self._running))]

    def make_temporary(self) -> TemporaryDatabase:
        """The session's database of temporary tables."""
        if self.temporary is None:
            from ..storage.temporary import TemporaryDatabase

            self.temporary = TemporaryDatabase(self.database, self.id)
        return self.temporary

    def begin(self) -> bool:
        """BEGIN; False when a block is open already."""
        self._check_open()
        return self.block.begin()

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
        for running in list(self._running.values()):
            running.context.cancel.set(message or CANCEL_TEXT)

    def terminate(self, message: str) -> None:
        """Another session ends this one: what it runs stops, and it is closed as soon as that has."""
        self._ended_by = message
        self.cancel(message)
        threading.Thread(target=self.close, name="warehouse-terminate", daemon=True).start()

    def close(self) -> None:
        """Stop what runs and give the database back."""
        if self._closed:
            return
        self._closed = True
        self.database.sessions.remove(self.id)
        self.cancel()
        with self._lock:
            for running in list(self._running.values()):
                self._end(running.context, running.work, errors.QueryCanceled("the session was closed"), -1)
            self.block.rollback()
            if self.temporary is not None:
                self.temporary.close()
            if self.worker is not None:
                self.worker.leave(self)
            leave(self.identity)
            self.database.close()
            _forget(self)


def _in_snapshot(error: BaseException, context: Context) -> BaseException:
    """Error 1018 instead of one about a relation that the block does not see because it is too new."""
    if isinstance(error, errors.UndefinedTable) and error.relation is not None:
        from ..storage.transactions import gone

        schema, name = error.relation
        if context.transaction.came_later(schema, name, context.search_path):
            later = gone(name)
            later.position = error.position
            return later
    return error


def _placed(error: BaseException, offset: int) -> BaseException:
    """The error users see, its position counted from the start of the text they gave."""
    if not isinstance(error, Exception):
        return error
    told = translate(error)
    if told.position is not None and not getattr(told, "_placed", False):
        told.position += offset
        told._placed = True  # type: ignore[attr-defined]
    return told
