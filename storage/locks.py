"""Write locks on tables, held to the end of a transaction; readers take none.

A statement takes all its locks before its snapshot, in ascending order of table ids, so that it sees what
it waited for. (A row that is inserted by itself only looks whether somebody has the table: commits.py.) Among the
threads of a process a dictionary says who holds what; where a folder may be open in several processes, whoever gets a
table here then takes the file lock of the table, which the system frees when a process dies:

    dw/locks/100012.write      | transaction, session, since, began: i64 |     who holds the lock, or held it last

Circles of waiters: lock_waits.py. What keeps readers out: access_locks.py.
"""
from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ..records import dataclass
from .lock_waits import FIRST_POLL, HOLDER, POLL, LockOwner, Patience, Wait, check_circle, holder, lock_file
from .sharing.files import FileLock, is_locked

IDLE_FILES = 32  # files of locks that stay open: the next statement writes to the same table, as a rule


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A write lock that a transaction of any process holds, since when, and when the transaction began (both in
    microseconds since 1970)."""

    table: int
    transaction: int
    session: int
    since: int
    began: int


class TableLocks:
    """All write locks of one database in this process; `path`: the folder, if others may have it open."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._free = threading.Condition()
        self._holders: dict[int, LockOwner] = {}
        self._since: dict[int, int] = {}
        self._files: dict[int, FileLock] = {}
        self._idle: dict[int, FileLock] = {}  # those of tables that were written last: open, and not locked

    def acquire(self, owner: LockOwner, tables: Iterable[int], check: Callable[[], None]) -> bool:
        """Take the locks, waiting as long as `check` does not raise; whether there was anything to wait for.

        Locks taken before a failure stay with the owner, who lets go of all when its transaction ends.
        """
        waited = False
        for table in sorted(tables):
            patience = Patience(self._path, owner, Wait.WRITE, table)
            try:
                waited |= self._acquire_here(owner, table, check, patience)
                if self._path is not None and table not in self._files:
                    waited |= self._acquire_file(owner, table, check, patience)
            finally:
                patience.end()
        return waited

    def try_acquire(self, owner: LockOwner, table: int) -> bool:
        """The lock of one table, if nobody has it."""
        with self._free:
            if self._holders.setdefault(table, owner) is not owner:
                return False
            owner.held.add(table)
            self._since[table] = time.time_ns() // 1000
        if self._path is None or table in self._files:
            return True
        lock = self._idle.pop(table, None) or self._file(self._path, table)
        try:
            taken = lock.try_acquire()
        except BaseException:
            lock.close()
            raise
        if taken:
            self._told(owner, table, lock)
        else:
            self._give_back(owner, table)
        return taken

    @staticmethod
    def _file(path: Path, table: int) -> FileLock:
        return FileLock(lock_file(path, table), stays=True)

    def _give_back(self, owner: LockOwner, table: int) -> None:
        """A table that another process has."""
        with self._free:
            del self._holders[table]
            owner.held.discard(table)
            self._free.notify_all()

    def _told(self, owner: LockOwner, table: int, lock: FileLock) -> None:
        """A file lock is taken: say in it who has it."""
        self._files[table] = lock  # from here on `release` knows it, whatever fails
        os.pwrite(lock.descriptor, HOLDER.pack(owner.id, owner.session, self._since[table], owner.began // 1000), 0)

    def _acquire_here(self, owner: LockOwner, table: int, check: Callable[[], None], patience: Patience) -> bool:
        waited = False
        with self._free:
            while (found := self._holders.setdefault(table, owner)) is not owner:
                waited = True
                check_circle(owner, (found,))
                owner.blockers = (found,)
                try:
                    self._free.wait(POLL)
                    check()
                    patience.look()
                finally:
                    owner.blockers = ()
            owner.held.add(table)
            self._since[table] = time.time_ns() // 1000
        return waited

    def _acquire_file(self, owner: LockOwner, table: int, check: Callable[[], None], patience: Patience) -> bool:
        """The file lock of a table that is the owner's in this process already."""
        assert self._path is not None
        lock = self._idle.pop(table, None) or self._file(self._path, table)
        waited, pause = False, FIRST_POLL
        try:
            while not lock.try_acquire():
                waited = True
                check()
                patience.look()
                time.sleep(pause)
                pause = min(2 * pause, POLL)
        except BaseException:
            lock.close()
            raise
        self._told(owner, table, lock)
        return waited

    def is_held(self, table: int) -> bool:
        """Whether a transaction of this process has the table."""
        return table in self._holders

    def release(self, owner: LockOwner) -> None:
        """Let go of everything."""
        if not owner.held:
            return
        with self._free:
            for table in owner.held:
                lock = self._files.pop(table, None)
                if lock is not None:
                    lock.pause()
                    self._idle[table] = lock
                del self._holders[table]
            while len(self._idle) > IDLE_FILES:
                self._idle.pop(next(iter(self._idle))).close()
            owner.held.clear()
            self._free.notify_all()

    def close(self) -> None:
        """Nobody locks anything any more."""
        with self._free:
            for lock in (*self._idle.values(), *self._files.values()):
                lock.close()
            self._idle.clear()

    def holders(self) -> dict[int, int]:
        """Who holds what: table id -> owner's id."""
        with self._free:
            return {table: owner.id for table, owner in self._holders.items()}

    def held(self) -> list[HeldLock]:
        """All write locks that are held, by table."""
        with self._free:
            found = {
                t: HeldLock(t, o.id, o.session, self._since[t], o.began // 1000) for t, o in self._holders.items()
            }
        if self._path is not None:
            for name in (self._path / "locks").glob("*.write"):
                table = int(name.stem)
                if table not in found and is_locked(name):
                    found[table] = HeldLock(table, *holder(lock_file(self._path, table)))
        return sorted(found.values(), key=lambda lock: lock.table)
