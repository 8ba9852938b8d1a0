"""Access to tables: LOCK and definitions that change keep readers out, and LOCK waits for those who have read.

Readers do not wait for writers. They wait for a transaction that has *closed* a table: LOCK, DROP, TRUNCATE and ALTER
do (r_LOCK.md). Whoever closes a table holds its write lock too (locks.py), so writers need not ask here.

    close      the table's gate is shut to the end of the transaction; LOCK then waits until nobody else is in
    enter      a transaction reads a table: it is in until it ends. Before that it waits at a gate that is shut

DROP, TRUNCATE and ALTER do not wait for those who are in: their snapshots keep the rows that they read.

Among the threads of a process dictionaries say who closes and who is in. Processes meet at two file locks a table:

    dw/locks/100012.gate      held by who closes | transaction, session, since, began |    readers only look
    dw/locks/100012.access    shared, by each process that somebody is in; LOCK takes it once, when all have left

A reader first enters and then looks at the gate; who closes shuts the gate first and then looks who is in. So one of
the two sees the other, and a reader who finds the gate shut leaves again until it is open.
"""
from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from .lock_waits import FIRST_POLL, HOLDER, POLL, LockOwner, Patience, Wait, check_circle, gate_file
from .sharing.files import FileLock, is_locked, let_go

Check = Callable[[], None]


class AccessLocks:
    """See the module's text. `path`: the folder, if others may have it open; `writable`: files may be made there."""

    def __init__(self, path: Path | None = None, *, writable: bool = True) -> None:
        self._path = path
        self._writable = writable
        self.waits = 0  # how often somebody has waited to enter
        self._changed = threading.Condition()
        self._gates: dict[int, LockOwner] = {}
        self._gate_files: dict[int, FileLock] = {}
        self._inside: dict[int, set[LockOwner]] = {}
        self._access: dict[int, int] = {}  # descriptors of files whose shared lock this process has

    def enter(self, owner: LockOwner, tables: Iterable[int], check: Check) -> bool:
        """Be in these tables from now on; whether there was anything to wait for. `check` is called while waiting and
        may raise."""
        waited = False
        for table in sorted(tables):
            if table not in owner.entered and table not in owner.closed:
                while not self._try_enter(owner, table):
                    waited = True
                    self.waits += 1
                    self._wait(owner, Wait.GATE, table, check, self._at_gate)
        return waited

    def close(self, owner: LockOwner, tables: Iterable[int], check: Check, *, alone: bool) -> None:
        """Keep others from entering tables whose write locks the owner holds; `alone`: wait until they have left."""
        wanted = sorted(tables)
        for table in wanted:
            if table not in owner.closed:
                self._shut(owner, table, check)
        for table in wanted if alone else ():
            while not self._is_alone(owner, table):
                self._wait(owner, Wait.LEAVING, table, check, self._others)

    def release(self, owner: LockOwner) -> None:
        """Leave, and open what was closed."""
        if not owner.entered and not owner.closed:
            return
        with self._changed:
            for table in owner.entered:
                self._leave(owner, table)
            for table in owner.closed:
                del self._gates[table]
                lock = self._gate_files.pop(table, None)
                if lock is not None:
                    lock.remove()
            owner.entered.clear()
            owner.closed.clear()
            self._changed.notify_all()

    # -- inside --------------------------------------------------------------------------------------

    def _try_enter(self, owner: LockOwner, table: int) -> bool:
        with self._changed:
            inside = self._inside.setdefault(table, set())
            inside.add(owner)
            try:
                if self._path is not None and self._writable and table not in self._access:
                    self._access[table] = _shared(self._path / "locks" / f"{table}.access")
            except BaseException:
                self._leave(owner, table)  # nobody else would: LOCK would wait for it for ever
                raise
            if table in self._gates or self._is_shut_elsewhere(table):
                self._leave(owner, table)
                return False
            owner.entered.add(table)
            return True

    def _leave(self, owner: LockOwner, table: int) -> None:
        inside = self._inside[table]
        inside.discard(owner)
        if not inside:
            del self._inside[table]
            descriptor = self._access.pop(table, None)
            if descriptor is not None:
                let_go(descriptor)

    def _is_shut_elsewhere(self, table: int) -> bool:
        if self._path is None:
            return False
        gate = gate_file(self._path, table)
        return os.path.exists(gate) and is_locked(gate)

    def _shut(self, owner: LockOwner, table: int, check: Check) -> None:
        with self._changed:
            self._gates[table] = owner
            owner.closed.add(table)
        if self._path is not None:
            lock = FileLock(gate_file(self._path, table))
            while not lock.try_acquire():  # somebody looks at it
                check()
                time.sleep(FIRST_POLL)
            self._gate_files[table] = lock  # from here on `release` knows it, whatever fails
            now = time.time_ns() // 1000
            with suppress(OSError):  # on a full disk DROP and TRUNCATE must not fail for want of a note
                os.pwrite(lock.descriptor, HOLDER.pack(owner.id, owner.session, now, owner.began // 1000), 0)

    def _is_alone(self, owner: LockOwner, table: int) -> bool:
        with self._changed:
            if self._others(owner, table):
                return False
            if self._path is None or not self._writable:
                return True
            descriptor = self._access.get(table)
            if descriptor is None:
                descriptor = os.open(self._path / "locks" / f"{table}.access", os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            finally:
                if table in self._access:
                    fcntl.flock(descriptor, fcntl.LOCK_SH)
                else:
                    os.close(descriptor)
            return True

    def _others(self, owner: LockOwner, table: int) -> tuple[LockOwner, ...]:
        return tuple([o for o in self._inside.get(table, ()) if o is not owner])

    def _at_gate(self, owner: LockOwner, table: int) -> tuple[LockOwner, ...]:
        holder = self._gates.get(table)
        return () if holder is None or holder is owner else (holder,)

    def _wait(self, owner: LockOwner, kind: Wait, table: int, check: Check,
              blockers: Callable[[LockOwner, int], tuple[LockOwner, ...]]) -> None:
        """Until something may have changed."""
        patience, pause = Patience(self._path if self._writable else None, owner, kind, table), FIRST_POLL
        try:
            with self._changed:
                while (found := blockers(owner, table)):
                    check_circle(owner, found)
                    owner.blockers = found
                    self._changed.wait(POLL)
                    check()
                    patience.look()
            owner.blockers = ()
            while self._path is not None and self._blocked_elsewhere(owner, kind, table):
                check()
                patience.look()
                time.sleep(pause)
                pause = min(2 * pause, POLL)
        finally:
            owner.blockers = ()
            patience.end()

    def _blocked_elsewhere(self, owner: LockOwner, kind: Wait, table: int) -> bool:
        return self._is_shut_elsewhere(table) if kind is Wait.GATE else not self._is_alone(owner, table)


def _shared(path: Path) -> int:
    """A descriptor with the file's shared lock; another has it exclusively for moments only."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
