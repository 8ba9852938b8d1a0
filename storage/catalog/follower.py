"""The catalogue for a read-only user, who follows what writers commit and never writes a byte.

    nobody writes      the file is opened as immutable, or from a copy if its log holds commits; read; closed
    somebody writes    a connection that SQLite keeps from writing stays open and is asked as writers ask theirs

Which of the two it is, locks/writers.lock tells: every process that has the folder open for writing holds it.
While nobody writes, size and time of catalogue and log tell whether somebody has written since. A time that was
young when it was looked at proves nothing, for clocks of file systems stand still for some milliseconds.
"""
from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..sharing.files import FileLock
from .folder import CATALOG, LOCKS, WRITERS_LOCK, readable_catalog
from .news import News
from .state import CatalogState
from .store import CatalogStore, Loaded

SETTLED_NS = 50_000_000

T = TypeVar("T")
Stamp = tuple[tuple[int, int, int], ...]


class Follower:
    """See the module's text. What Database asks of a CatalogStore: `load`, `changed`, `news`. Not for two threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._store: CatalogStore | None = None
        self._stamp: Stamp = ()
        self._settled = False

    def load(self) -> tuple[Loaded, News] | None:
        """The newest state; None if there is no catalogue yet."""
        return self._read(lambda store: None if store.is_empty() else store.load())

    def integrity(self) -> list[str]:
        """What SQLite finds wrong with the file."""
        return self._read(CatalogStore.integrity)

    def _read(self, work: Callable[[CatalogStore], T]) -> T:
        writers = FileLock(self._path / LOCKS / WRITERS_LOCK, writable=False)
        try:
            quiet = writers.try_acquire()
        except FileNotFoundError:
            quiet = True  # a folder of an earlier release, or a copy: database.lock keeps earlier releases out
        try:
            return self._read_quiet(work) if quiet else self._read_live(work)
        finally:
            writers.release()

    def _read_quiet(self, work: Callable[[CatalogStore], T]) -> T:
        self._look()
        catalog, copied_to = readable_catalog(self._path)
        try:
            store = CatalogStore(catalog, read_only=copied_to is None)
            try:
                return work(store)
            finally:
                store.close()
        finally:
            if copied_to is not None:
                shutil.rmtree(copied_to)

    def _read_live(self, work: Callable[[CatalogStore], T]) -> T:
        self._store = CatalogStore(self._path / CATALOG, read_only=True, live=True)
        self._store.changed()
        return work(self._store)

    def changed(self) -> bool:
        if self._store is not None:
            return self._store.changed()
        before, settled = self._stamp, self._settled
        return before != self._look() or not settled

    def news(self, known: CatalogState) -> News | None:
        """What has been committed since `known`; None: nothing."""
        if self._store is not None:
            return self._store.news(known)
        loaded = self.load()
        return None if loaded is None or loaded[0].state.seq == known.seq else loaded[1]

    def _look(self) -> Stamp:
        now = time.time_ns()
        self._stamp = tuple(_stamp(self._path / name) for name in (CATALOG, f"{CATALOG}-wal"))
        self._settled = all(now - stamp[1] > SETTLED_NS for stamp in self._stamp)
        return self._stamp

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = os.stat(path)
    except OSError:  # whoever opens it says what is wrong
        return (0, 0, 0)
    return (status.st_size, status.st_mtime_ns, status.st_ino)
