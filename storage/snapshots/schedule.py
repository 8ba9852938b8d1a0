"""Automatic snapshots: one every so often, each kept for so long.

    set_schedule(db, Schedule(every=8 hours, keep=1 day))     a setting of the catalogue; None: no more

    08:00 auto-...-08-00-00    16:00 auto-...-16-00-00 ...    the next morning the first one goes

`run_due` is what is to be done at a moment: it has no clock of its own, so tests tell it the time. The Worker is the
thread around it; each process that has the database open for writing has one, and whoever comes first makes the
snapshot, for what is due is asked again under the lock of snapshots. Snapshots made by hand are never deleted.
"""
from __future__ import annotations

import json
import logging
import threading
import weakref
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ... import errors
from ...records import dataclass
from ..catalog.delta import Delta
from ..database import SNAPSHOT_SCHEDULE, Database
from .create import create_locked, delete_locked, exclusive, go_on, home_of
from .manifest import Snapshot, list_snapshots

# Redshift's: a snapshot about every eight hours, kept for a day; at most 35 days.
DEFAULT_EVERY, DEFAULT_KEEP = timedelta(hours=8), timedelta(days=1)
LEAST_EVERY, MOST_KEEP = timedelta(minutes=1), timedelta(days=35)
POLL_SECONDS = 60.0  # how soon a schedule that another process has set is seen

_log = logging.getLogger("warehouse.storage")


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often an automatic snapshot is made, and how long each is kept."""

    every: timedelta = DEFAULT_EVERY
    keep: timedelta = DEFAULT_KEEP

    def __post_init__(self) -> None:
        if not self.every >= LEAST_EVERY:
            raise errors.DataError(f"snapshots cannot be made more often than every {LEAST_EVERY}", sqlstate="22023")
        if not timedelta(0) < self.keep <= MOST_KEEP:
            raise errors.DataError(
                f"automatic snapshots are kept for up to {MOST_KEEP.days} days", sqlstate="22023"
            )


def schedule_of(database: Database) -> Schedule | None:
    """The schedule as of the newest commit."""
    database.snapshot()
    text = database.newest.settings.get(SNAPSHOT_SCHEDULE)
    if text is None:
        return None
    seconds = json.loads(text)
    return Schedule(timedelta(seconds=seconds["every"]), timedelta(seconds=seconds["keep"]))


def set_schedule(database: Database, schedule: Schedule | None) -> None:
    """Durably; snapshots that there are stay until they expire, or for ever without a schedule."""
    home_of(database)
    text = None
    if schedule is not None:
        text = json.dumps({"every": schedule.every.total_seconds(), "keep": schedule.keep.total_seconds()})
    if database.newest.settings.get(SNAPSHOT_SCHEDULE) != text:
        database.commit(Delta(settings={SNAPSHOT_SCHEDULE: text}))


def next_due(snapshots: list[Snapshot], schedule: Schedule, now: datetime) -> datetime:
    """When the next automatic snapshot is to be made. One that the clock, set back since, puts into the future
    does not count."""
    made = [s.created for s in snapshots if s.automatic and s.created is not None and s.created <= now]
    return max(made) + schedule.every if made else now


def run_due(database: Database, now: datetime, *, check: Callable[[], None] = go_on) -> Snapshot | None:
    """Make the automatic snapshot that is due at `now` (UTC), then delete those whose time is over."""
    schedule = schedule_of(database)
    if schedule is None:
        return None
    home = home_of(database)
    with exclusive(home, check):
        snapshots = list_snapshots(home)
        made = None
        if next_due(snapshots, schedule, now) <= now:
            name = f"auto-{now:%Y-%m-%d-%H-%M-%S}"
            made = create_locked(database, name, now, automatic=True, keep=schedule.keep, check=check)
        for old in snapshots:
            if old.automatic and old.expires is not None and old.expires <= now:
                delete_locked(home, old.name)
    return made


class Worker:
    """A thread that makes what is due, for as long as the database is open."""

    def __init__(self, database: Database) -> None:
        self._database = weakref.ref(database)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warehouse-snapshots", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Come back when the thread has ended; a snapshot that it is making is given up."""
        self._stopped.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        wait = 0.0
        while not self._stopped.wait(wait):
            wait = POLL_SECONDS
            database = self._database()
            if database is None:
                return
            try:
                run_due(database, datetime.now(UTC), check=self._check)
                wait = min(wait, self._until_next(database))
            except errors.QueryCanceled:
                return
            except Exception as e:  # the next try may go well: a full disk, a damaged folder
                _log.warning("no automatic snapshot of %s: %s", database.name, e)
            del database

    def _until_next(self, database: Database) -> float:
        schedule = schedule_of(database)
        if schedule is None:
            return POLL_SECONDS
        now = datetime.now(UTC)
        due = next_due(list_snapshots(home_of(database)), schedule, now)
        return max((due - now).total_seconds(), 1.0)

    def _check(self) -> None:
        if self._stopped.is_set():
            raise errors.QueryCanceled("the database is being closed")
