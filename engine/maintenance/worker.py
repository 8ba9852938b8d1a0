"""The background worker: vacuums, sorts and analyzes tables while nobody else is at work.

    session opens  --join-->  Worker: a thread of the process, one for each database folder
                              every INTERVAL seconds: has no statement run for QUIET_SECONDS?
                                  tables with many deleted rows or small extents    vacuum, delete only
                                  tables that are less than 95 % sorted             vacuum, sort only
                                  tables of which a tenth has changed               analyze
                                  AUTO tables that keep being moved for a join      a distribution key
                              has none run for BREATH_SECONDS? plans for other processes (planner/kept_plans.py)
                              is an automatic snapshot due? (storage/snapshots/schedule.py)
                              has a COPY JOB with AUTO ON new files? (engine/copy_jobs.py)
                              woken by a commit: have small commits left many inline extents?    flush
                              beside it: is a streaming restore under way? (storage/snapshots/filling.py)
    session closes --leave->  ends with the last one

As soon as a statement begins, what is under way is given up (a vacuum's steps that are done stay done) and tried again
in the next quiet time. Redshift does the same (t_Reclaiming_storage_space202.md, t_Analyzing_tables.md). From ALL to
EVEN an AUTO table goes at load (storage/loader.py), to KEY here (distribution.py).

Switched off by `connect(maintenance=False)` for a session, by `set auto_maintenance to off` as long as that
session is open (snapshots go on), ANALYZE alone by `auto_analyze`. What is done is recorded: STL_VACUUM, STL_ANALYZE,
SVL_AUTO_WORKER_ACTION. `tick` is one round, for tests without a thread.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ...errors import Error
from ...storage.maintenance.upkeep import MANY_EXTENTS

if TYPE_CHECKING:
    from ...storage.catalog.state import TableEntry
    from ...storage.database import Database
    from ...storage.maintenance.vacuum import Kind
    from ...storage.objects.options import StoreOptions
    from ...storage.snapshots.filling import Filler
    from ...storage.snapshots.schedule import Automatic
    from ..session import Session

EVENT = "worker"
INTERVAL = 10.0
QUIET_SECONDS = 30.0
BREATH_SECONDS = 1.0  # between statements that come one after the other
PAUSE_SECONDS = 0.02
MEMORY_BYTES = 64 << 20
JOB_MEMORY_BYTES = 256 << 20
JOBS = "copy job"  # the kind of fact
ANALYZE_PERCENT = 10
_log = logging.getLogger("warehouse.engine")
_joining = threading.Lock()


class Busy(Exception):
    """Somebody is at work: the worker gives up what it does."""


class Worker:
    """See the module's text. `join` and `leave` are for any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sessions: set[Session] = set()
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._automatic: Automatic | None = None
        self._loading: Session | None = None  # of a COPY JOB that runs
        self._filler: Filler | None = None
        self._passed = 0  # statements that `_check` need not mind
        self._thread = threading.Thread(target=self._run, name="warehouse-upkeep", daemon=True)

    def start(self) -> None:
        """Begin; sessions that are never closed end with the interpreter."""
        atexit.register(self.stop)
        self._thread.start()
        if self._database.files.arrivals is not None:
            from ...storage.snapshots.filling import Filler

            self._filler = Filler(self._database).start()

    def leave(self, session: Session) -> None:
        """The session closes; the last one waits for the thread to end."""
        with _joining:
            self._sessions.discard(session)
            if self._sessions:
                return
            self._database.upkeep.worker = None
        self.stop()

    def stop(self) -> None:
        """End the thread, at once or at the next look at whether to go on."""
        if self._database.is_inherited:
            return  # at the end of a forked process
        self._stopped.set()
        if self._loading is not None:
            self._loading.cancel()
        self._woken.set()
        atexit.unregister(self.stop)
        if self._filler is not None:
            self._filler.stop()
        self._thread.join()

    def wake(self) -> None:
        """There is something to flush."""
        self._woken.set()

    def _run(self) -> None:
        due = time.monotonic() + INTERVAL
        while not self._stopped.is_set():
            if self._woken.wait(max(0.0, due - time.monotonic())):
                self._woken.clear()
                self._let_rows_come()
                self.flush()
                continue
            due = time.monotonic() + INTERVAL
            self.snapshot(datetime.now(UTC))
            self.load_new_files()
            self.keep_plans()
            if self._database.upkeep.activity.quiet_for() < QUIET_SECONDS:
                continue
            try:
                self.tick()
            except Error as error:
                _log.warning("upkeep of %s: %s", self._database.name, error)

    def snapshot(self, now: datetime) -> None:
        """Make the automatic snapshot that is due, if one is. It disturbs nobody, so it waits for no quiet time."""
        try:
            if self._automatic is None:
                self._database.snapshot()
                if not self._database.newest.settings:
                    return
                from ...storage.snapshots.schedule import Automatic

                self._automatic = Automatic(self._database)
            self._automatic.tick(now, self._check_stopped)
        except Busy:
            pass
        except Error as error:
            _log.warning("no automatic snapshot of %s: %s", self._database.name, error)

    def load_new_files(self) -> None:
        """Run COPY JOBs with AUTO ON that have new files. They wait for no quiet time: users wait for the rows."""
        self._database.snapshot()
        facts = self._database.newest.facts
        if not any(kind == JOBS for kind, _ in facts.rows):
            return
        from ...storage.objects.registry import Objects
        from ..copy_jobs import jobs

        stores = next((session.stores for session in list(self._sessions)), None)
        for job in jobs(facts):
            if stores is None or not job.auto or self._stopped.is_set():
                continue
            try:
                objects = Objects(stores.authorized(job.copy().authorization))
                if job.new_files(facts, objects):
                    self._run_job(job.name, job.owner, stores)
            except Error as error:
                _log.warning("COPY JOB %s of %s: %s", job.name, self._database.name, error)

    def _run_job(self, name: str, owner: str, stores: StoreOptions) -> None:
        """In a session of the job's owner."""
        from ..copy_jobs import job
        from ..handlers.copy_job import run_job
        from ..identity import Identity
        from ..session import Session

        self._database.add_user()
        session = self._loading = Session(self._database, identity=Identity(owner), memory=JOB_MEMORY_BYTES)
        try:
            session.stores = stores
            session.perform(f"COPY JOB RUN {name}", "CopyJob", lambda c: run_job(job(c.view.facts, name), c))
        finally:
            self._loading = None
            session.close()

    def keep_plans(self) -> None:
        """Write the plans that wait for it to disk: a millisecond or two each, which no statement should pay."""
        activity = self._database.upkeep.activity

        def is_quiet() -> bool:
            return not (self._stopped.is_set() or activity.running) and activity.quiet_for() >= BREATH_SECONDS

        for session in list(self._sessions):
            session.keep_plans(is_quiet)

    def flush(self) -> None:
        """Make files of many inline extents. It waits for no quiet time: while rows come one by one, there is none."""
        from ...storage.maintenance.flush import flush
        from ...storage.maintenance.vacuum import Work

        tables = self._database.upkeep.take_inline() if self._allowed("auto_maintenance") else ()
        try:
            if tables:
                flush(self._database, tables, Work(self._check_stopped, memory=MEMORY_BYTES))
        except Busy:
            pass
        except Error as error:
            _log.warning("upkeep of %s: %s", self._database.name, error)

    def _let_rows_come(self) -> None:
        """A file of a few rows takes nearly as long as one of some more. So while rows come one after the other and no
        other statement does, which might have to read them, it is made in their next pause, or when they are many."""
        activity, inline = self._database.upkeep.activity, self._database.upkeep.inline
        begun = activity.begun
        while (
            activity.begun == begun and activity.quiet_for() < PAUSE_SECONDS
            and max(list(inline.values()), default=MANY_EXTENTS) < MANY_EXTENTS
        ):
            if self._stopped.wait(PAUSE_SECONDS):
                return

    def _check_stopped(self) -> None:
        if self._stopped.is_set():
            raise Busy

    # -- one round -------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Look after every table once; nothing while somebody else vacuums."""
        if not self._allowed("auto_maintenance") or not self._database.upkeep.turn.try_take():
            return
        self._passed = self._database.upkeep.activity.passed
        try:
            self._database.snapshot()
            for table in list(self._database.newest.entries):
                self._look_after(table)
        except Busy:
            pass
        finally:
            self._database.upkeep.turn.give_back()

    def _allowed(self, setting: str) -> bool:
        return all(session.settings[setting] == "on" for session in list(self._sessions))

    def _check(self) -> None:
        activity = self._database.upkeep.activity
        if self._stopped.is_set() or activity.running or activity.passed != self._passed:
            raise Busy

    def _look_after(self, table: int) -> None:
        from ...storage.maintenance.vacuum import Kind

        for kind in (Kind.DELETE, Kind.SORT):
            self._check()
            self._vacuum(table, kind)
        self._check()
        self._distribute(table)
        if self._allowed("auto_analyze"):
            self._check()
            self._analyze(table)

    def _vacuum(self, table: int, kind: Kind) -> None:
        from ...storage.maintenance.vacuum import plan
        from .vacuums import Request, vacuum

        entry = self._database.newest.entries.get(table)
        if entry is None or not plan(self._database, entry.data(), kind).steps:
            return
        self._record(entry, f"vacuum {kind.value}", "Start")
        request = Request(kind, self._database.new_xid(), automatic=True)
        vacuum(self._database, entry.table, request, self._check, memory=MEMORY_BYTES)
        self._record(entry, f"vacuum {kind.value}", "Complete")

    def _distribute(self, table: int) -> None:
        from .distribution import distribute, wanted_key

        entry = self._database.newest.entries.get(table)
        key = None if entry is None else wanted_key(self._database, entry)
        if entry is None or key is None:
            return
        self._record(entry, "distkey", "Start")
        distribute(self._database, entry.table, key, self._check, MEMORY_BYTES)
        self._record(entry, "distkey", "Complete")

    def _analyze(self, table: int) -> None:
        from ...storage.catalog.delta import Delta
        from ...storage.transactions import Transaction
        from .analyses import Request, analyze

        entry = self._database.newest.entries.get(table)
        if entry is None or not entry.modified or 100 * entry.modified < ANALYZE_PERCENT * entry.rows:
            return
        self._record(entry, "analyze", "Start")
        transaction = Transaction(self._database)
        try:
            request = Request(transaction.id, ANALYZE_PERCENT, automatic=True)
            found = analyze(self._database, transaction.state().entries[table], request, self._check, self._database)
            if found is not None:
                transaction.change(Delta(statistics=(found,)))
                transaction.commit()
        finally:
            transaction.rollback()
        self._record(entry, "analyze", "Complete")

    def _record(self, entry: TableEntry, kind: str, status: str) -> None:
        self._database.history.record_event(EVENT, {
            "table_id": entry.table.id, "type": kind, "status": status, "eventtime": time.time_ns() // 1000,
        })  # fmt: skip


def join(session: Session) -> Worker:
    """The worker of the session's database, started for its first session."""
    upkeep = session.database.upkeep
    with _joining:
        worker = upkeep.worker
        if worker is None:
            worker = upkeep.worker = Worker(session.database)
            worker.start()
        worker._sessions.add(session)
        return worker
