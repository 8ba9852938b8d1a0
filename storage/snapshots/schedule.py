"""Automatic snapshots: one every so often, each kept for so long.

    set_schedule(db, Schedule(every=8 hours, keep=1 day))     a setting of the catalogue; None: no more

    08:00 auto-...-08-00-00    16:00 auto-...-16-00-00 ...    the next morning the first one goes

`run_due` is what is to be done at a moment: it has no clock of its own, so tests tell it the time. The background
worker (engine/maintenance/worker.py) calls it through `Automatic`. Each process that has the database open for
writing has a worker, and whoever comes first makes the snapshot, for what is due is asked again under the lock of
snapshots. Snapshots made by hand are never deleted.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from ... import errors
from ...records import dataclass
from ..catalog.delta import Delta
from ..database import Database
from .create import create_locked, delete_locked, exclusive, go_on, home_of
from .manifest import Snapshot, list_snapshots

# Redshift's: a snapshot about every eight hours, kept for a day; at most 35 days.
DEFAULT_EVERY, DEFAULT_KEEP = timedelta(hours=8), timedelta(days=1)
LEAST_EVERY, MOST_KEEP = timedelta(minutes=1), timedelta(days=35)
RETRY = timedelta(minutes=1)
SNAPSHOT_SCHEDULE = "snapshot_schedule"  # among the catalogue's settings


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often an automatic snapshot is made, and how long each is kept."""

    every: timedelta = DEFAULT_EVERY
    keep: timedelta = DEFAULT_KEEP

    def __post_init__(self) -> None:
        if not self.every >= LEAST_EVERY:
            raise errors.DataError("snapshots cannot be made more often than every minute", sqlstate="22023")
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
                with suppress(errors.DatabaseInUse):  # somebody reads it: the next time
                    delete_locked(home, old.name)
    return made


class Automatic:
    """The background worker's part: asks at each `tick` whether something is due, and looks only when it may be."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._schedule: str | None = None
        self._quiet: tuple[datetime, datetime] | None = None  # nothing is due from .. until

    def tick(self, now: datetime, check: Callable[[], None]) -> Snapshot | None:
        """As `run_due`; after a failure the next tries wait for RETRY."""
        self._database.snapshot()
        text = self._database.newest.settings.get(SNAPSHOT_SCHEDULE)
        if text is None:
            return None
        if text == self._schedule and self._quiet is not None and self._quiet[0] <= now < self._quiet[1]:
            return None
        self._schedule, self._quiet = text, (now, now + RETRY)
        made = run_due(self._database, now, check=check)
        schedule = schedule_of(self._database)
        if schedule is not None:
            snapshots = list_snapshots(home_of(self._database))
            ends = [s.expires for s in snapshots if s.automatic and s.expires is not None]
            self._quiet = (now, min([next_due(snapshots, schedule, now), *ends]))
        return made
