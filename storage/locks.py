"""Write locks on tables, held to the end of a transaction; readers take none.

A statement takes all its locks before its snapshot, in ascending order of table ids, so that it sees what
it waited for. Among the threads of a process a dictionary says who holds what; where a folder may be open in several
processes, whoever gets a table here then takes the file lock of the table, which the system frees when a process dies:

    dw/locks/100012.write      | transaction, session, since, began: i64 |     who holds the lock, or held it last
    dw/run/wait-7340033        | table i64 | began i64 |     what a transaction waits for, and since when it runs

A waiter that would close a circle of waiters in its own process is told so at once. One that has waited for a second
leaves a note in run/ and looks at the others' notes: a circle among them is broken by its youngest transaction.

    A holds t, waits for u        B holds u, asks for t   ->   B: deadlock detected (40P01)
"""
from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import field
from pathlib import Path
from typing import NoReturn

from ..errors import OperationalError
from ..records import dataclass
from .sharing.files import FileLock, is_locked

_POLL = 0.05  # seconds between looks at whether the waiter was cancelled
_FIRST_POLL = 0.001  # at a file lock: there is nobody to wake the waiter
PATIENCE = 1.0  # seconds before a waiter asks whether it waits in a circle of processes
_HOLDER = struct.Struct("<qqqq")
_WAIT = struct.Struct("<qq")


@dataclass(slots=True, eq=False)
class LockOwner:
    """A transaction as the locks know it. `waits_for`: the table it stands in line for."""

    id: int
    held: set[int] = field(default_factory=set)
    waits_for: int | None = None
    began: int = field(default_factory=time.time_ns)
    session: int = 0


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

    def acquire(self, owner: LockOwner, tables: Iterable[int], check: Callable[[], None]) -> bool:
        """Take the locks, waiting as long as `check` does not raise; whether there was anything to wait for.

        Locks taken before a failure stay with the owner, who lets go of all when its transaction ends.
        """
        waited = False
        for table in sorted(tables):
            patience = _Patience(self._path, owner, table)
            try:
                waited |= self._acquire_here(owner, table, check, patience)
                if self._path is not None and table not in self._files:
                    waited |= self._acquire_file(owner, table, check, patience)
            finally:
                patience.end()
        return waited

    def _acquire_here(self, owner: LockOwner, table: int, check: Callable[[], None], patience: _Patience) -> bool:
        waited = False
        with self._free:
            while (holder := self._holders.setdefault(table, owner)) is not owner:
                waited = True
                self._check_circle(owner, holder)
                owner.waits_for = table
                try:
                    self._free.wait(_POLL)
                    check()
                    patience.look()
                finally:
                    owner.waits_for = None
            owner.held.add(table)
            self._since[table] = time.time_ns() // 1000
        return waited

    def _acquire_file(self, owner: LockOwner, table: int, check: Callable[[], None], patience: _Patience) -> bool:
        """The file lock of a table that is the owner's in this process already."""
        assert self._path is not None
        lock = FileLock(lock_file(self._path, table))
        waited, pause = False, _FIRST_POLL
        while not lock.try_acquire():
            waited = True
            check()
            patience.look()
            time.sleep(pause)
            pause = min(2 * pause, _POLL)
        os.pwrite(lock.descriptor, _HOLDER.pack(owner.id, owner.session, self._since[table], owner.began // 1000), 0)
        self._files[table] = lock
        return waited

    def release(self, owner: LockOwner) -> None:
        """Let go of everything."""
        with self._free:
            for table in owner.held:
                lock = self._files.pop(table, None)
                if lock is not None:
                    lock.release()
                del self._holders[table]
            owner.held.clear()
            self._free.notify_all()

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
                    found[table] = HeldLock(table, *_holder(self._path, table))
        return sorted(found.values(), key=lambda lock: lock.table)

    def _check_circle(self, owner: LockOwner, holder: LockOwner) -> None:
        seen: set[int] = set()
        current: LockOwner | None = holder
        while current is not None and current.id not in seen:
            if current is owner:
                _deadlock(owner.id, holder.id)
            seen.add(current.id)
            current = None if current.waits_for is None else self._holders.get(current.waits_for)


class _Patience:
    """One wait: after a second it is noted in run/, where others see it, and the others' notes are looked at."""

    def __init__(self, path: Path | None, owner: LockOwner, table: int) -> None:
        self._path = path
        self._owner = owner
        self._table = table
        self._until = time.monotonic() + PATIENCE
        self._note: Path | None = None

    def look(self) -> None:
        """OperationalError if the owner is the youngest in a circle of those who wait."""
        if self._path is None or time.monotonic() < self._until:
            return
        self._until = time.monotonic() + PATIENCE / 4
        if self._note is None:
            self._note = wait_note(self._path, self._owner.id)
            self._note.write_bytes(_WAIT.pack(self._table, self._owner.began))
        circle = self._circle(self._path)
        if circle and max(circle) == (self._owner.began, self._owner.id):
            _deadlock(self._owner.id, next(id for _, id in circle if id != self._owner.id))

    def _circle(self, path: Path) -> list[tuple[int, int]]:
        """(began, transaction) of each in the circle that the owner is in; none: it waits for one who goes on."""
        found: list[tuple[int, int]] = []
        transaction = self._owner.id
        while (note := waiting(path, transaction)) is not None:
            if (note[1], transaction) in found:
                return []  # a circle of others
            found.append((note[1], transaction))
            transaction = holder_of(path, note[0])
            if transaction == self._owner.id:
                return found
        return []

    def end(self) -> None:
        if self._note is not None:
            self._note.unlink(missing_ok=True)


def lock_file(path: Path, table: int) -> Path:
    return path / "locks" / f"{table}.write"


def wait_note(path: Path, transaction: int) -> Path:
    return path / "run" / f"wait-{transaction}"


def waiting(path: Path, transaction: int) -> tuple[int, int] | None:
    """(table it waits for, when it began) of a transaction that has waited for a while."""
    try:
        data = wait_note(path, transaction).read_bytes()
    except FileNotFoundError:
        return None
    return _WAIT.unpack(data) if len(data) == _WAIT.size else None


def holder_of(path: Path, table: int) -> int:
    """The transaction that holds a table's lock, or held it last; 0: none so far."""
    return _holder(path, table)[0]


def _holder(path: Path, table: int) -> tuple[int, int, int, int]:
    try:
        data = lock_file(path, table).read_bytes()
    except FileNotFoundError:
        return 0, 0, 0, 0
    return _HOLDER.unpack(data) if len(data) == _HOLDER.size else (0, 0, 0, 0)


def _deadlock(waiter: int, holder: int) -> NoReturn:
    raise OperationalError(
        "deadlock detected",
        detail=f"Transaction {waiter} waits for a table that transaction {holder} has locked, "
        "and the other way round.",
        hint="Run the transaction again.",
        sqlstate="40P01",
    )
