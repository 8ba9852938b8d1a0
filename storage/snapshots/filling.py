"""Bringing the rest of a streaming restore in: by a thread beside the queries, or by somebody who waits for it.

    Filler(database).start() ... .stop()       the thread; a database that is open for writing has one (engine/)
    fill(database, check)                      all that is missing, now; `check` may raise to leave the rest for later

One process at a time does it (locks/restore.lock); the others look now and then whether it is done. A snapshot that
cannot be reached is tried again, at longer and longer intervals.
"""
from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...errors import DataCorrupted, Error
from ..catalog import folder as folders
from ..sharing.files import FileLock
from .streaming import Arrivals, Restoring

if TYPE_CHECKING:
    from ..database import Database

LOCK = "restore.lock"
POLL_SECONDS = 0.05  # how often one who waits for another process looks for a cancel
RETRY_SECONDS, MOST_RETRY_SECONDS = 5.0, 300.0
STOP_SECONDS = 10.0  # a thread that waits for a store is left alone after that: what it does is whole or nothing
_log = logging.getLogger("warehouse.storage")


class _Stopped(Exception):
    """The database closes."""


def needed(database: Database) -> set[str]:
    """Paths of the files that the newest commit names."""
    state = database.timeline.see_newest()
    return {e.path for entry in state.entries.values() for e in entry.extents if not e.is_inline}


def progress(database: Database) -> Restoring | None:
    """How far the restore is; None: everything is here."""
    arrivals = database.files.arrivals
    return None if arrivals is None or arrivals.finished else arrivals.progress(needed(database))


def fill(database: Database, check: Callable[[], None]) -> None:
    """Bring everything in; what is here when an error or `check` ends it stays."""
    database.check_writable()
    arrivals = database.files.arrivals
    if arrivals is None:
        return
    with _turn(database, check):
        if not arrivals.finished:
            _fill(database, arrivals, check)


def _fill(database: Database, arrivals: Arrivals, check: Callable[[], None]) -> None:
    """One that is damaged keeps none of the others from coming."""
    while missing := sorted(path for path in needed(database) if arrivals.absent(path)):
        damaged: DataCorrupted | None = None
        waiting, known = deque(missing), set(missing)
        while waiting:
            check()
            wanted = arrivals.take_wanted()
            try:
                arrivals.bring(wanted if wanted in known else waiting.popleft(), check)
            except DataCorrupted as error:
                damaged = damaged or error
        if damaged is not None:
            raise damaged
    arrivals.finish()


@contextmanager
def _turn(database: Database, check: Callable[[], None]) -> Iterator[None]:
    assert database.path is not None
    lock = FileLock(database.path / folders.LOCKS / LOCK)
    while not lock.try_acquire():
        check()
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()


class Filler:
    """See the module's text."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warehouse-restore", daemon=True)

    def start(self) -> Filler:
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the thread, at once or at the next look at whether to go on."""
        self._stopped.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        arrivals, pause = self._database.files.arrivals, RETRY_SECONDS
        assert arrivals is not None
        while not self._stopped.is_set():
            try:
                fill(self._database, self._check)
                return
            except _Stopped:
                return
            except Error as error:
                arrivals.error = error.message
                _log.warning("the restore of %s waits: %s", self._database.name, error)
            if self._stopped.wait(pause):
                return
            pause = min(pause * 2, MOST_RETRY_SECONDS)

    def _check(self) -> None:
        if self._stopped.is_set():
            raise _Stopped
