"""Who waits for whom: owners of table locks, and circles of waiters, within a process and over all of them.

A waiter that would close a circle in its own process is told so at once. One that has waited for a second leaves a note
in run/ and looks at the others' notes: a circle among them is broken by its youngest transaction.

    dw/run/wait-7340033        | kind i64 | table i64 | began i64 |     what a transaction waits for, how long it runs

    A holds t, waits for u        B holds u, asks for t   ->   B: deadlock detected (40P01)

Whom a note waits for depends on its kind: the holder of a write lock (locks.py), who has shut a gate or is in
(access_locks.py).
"""
from __future__ import annotations

import enum
import struct
import time
from collections.abc import Iterable
from dataclasses import field
from pathlib import Path
from typing import NoReturn

from ..errors import OperationalError
from ..records import dataclass
from .sharing.reads import published, readers

POLL = 0.05  # seconds between looks at whether the waiter was cancelled
FIRST_POLL = 0.001  # at a file lock: there is nobody to wake the waiter
PATIENCE = 1.0  # seconds before a waiter asks whether it waits in a circle of processes
HOLDER = struct.Struct("<qqqq")  # transaction, session, since, began: in the files of locks
_WAIT = struct.Struct("<qqq")


class Wait(enum.IntEnum):
    """What is waited for. The numbers are in notes."""

    WRITE = 0  # a write lock
    GATE = 1  # a table that another has closed
    LEAVING = 2  # those who are in a table


@dataclass(slots=True, eq=False)
class LockOwner:
    """A transaction as the locks know it. `blockers`: those of this process whom it waits for just now."""

    id: int
    held: set[int] = field(default_factory=set)  # tables whose write locks it has
    entered: set[int] = field(default_factory=set)  # tables that it has read
    closed: set[int] = field(default_factory=set)  # tables whose gates it has shut
    blockers: tuple[LockOwner, ...] = ()
    began: int = field(default_factory=time.time_ns)
    session: int = 0


def check_circle(owner: LockOwner, blockers: Iterable[LockOwner]) -> None:
    """OperationalError if one of those whom the owner is about to wait for waits for the owner."""
    seen: set[int] = set()
    waiting = list(blockers)
    while waiting:
        current = waiting.pop()
        if current is owner:
            continue
        if owner in current.blockers:
            _deadlock(owner.id, current.id)
        if current.id not in seen:
            seen.add(current.id)
            waiting.extend(current.blockers)


class Patience:
    """One wait: after a second it is noted in run/, where others see it, and the others' notes are looked at."""

    def __init__(self, path: Path | None, owner: LockOwner, kind: Wait, table: int) -> None:
        self._path = path
        self._owner = owner
        self._kind = kind
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
            self._note.write_bytes(_WAIT.pack(self._kind, self._table, self._owner.began))
        circle = self._circle(self._path, self._owner.id, {self._owner.id})
        if circle and max(circle) == (self._owner.began, self._owner.id):
            _deadlock(self._owner.id, next(id for _, id in circle if id != self._owner.id))

    def _circle(self, path: Path, transaction: int, seen: set[int]) -> list[tuple[int, int]]:
        """(began, transaction) of each from this one back to the owner; none: it waits for those who go on."""
        note = waiting(path, transaction)
        if note is None:
            return []
        kind, table, began = note
        for blocker in _blockers(path, kind, table):
            if blocker == self._owner.id and transaction != blocker:
                return [(began, transaction)]
            if blocker not in seen:
                seen.add(blocker)
                found = self._circle(path, blocker, seen)
                if found:
                    return [(began, transaction), *found]
        return []

    def end(self) -> None:
        if self._note is not None:
            self._note.unlink(missing_ok=True)


def _blockers(path: Path, kind: int, table: int) -> set[int]:
    """Transactions that a waiter may wait for; such as have ended wait for nobody."""
    if kind == Wait.WRITE:
        return {holder(lock_file(path, table))[0]}
    if kind == Wait.GATE:
        return {holder(gate_file(path, table))[0]}
    run = path / "run"
    return {reader.id for number in readers(run) for reader in published(run, number) if table in reader.reads}


def lock_file(path: Path, table: int) -> Path:
    return path / "locks" / f"{table}.write"


def gate_file(path: Path, table: int) -> Path:
    return path / "locks" / f"{table}.gate"


def wait_note(path: Path, transaction: int) -> Path:
    return path / "run" / f"wait-{transaction}"


def waiting(path: Path, transaction: int) -> tuple[int, int, int] | None:
    """(kind, table it waits for, when it began) of a transaction that has waited for a while."""
    try:
        data = wait_note(path, transaction).read_bytes()
    except FileNotFoundError:
        return None
    return _WAIT.unpack(data) if len(data) == _WAIT.size else None


def holder(file: Path) -> tuple[int, int, int, int]:
    """(transaction, session, since, began) of who holds a lock, or held it last; 0: none so far."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return 0, 0, 0, 0
    return HOLDER.unpack(data) if len(data) == HOLDER.size else (0, 0, 0, 0)


def _deadlock(waiter: int, holder: int) -> NoReturn:
    raise OperationalError(
        "deadlock detected",
        detail=f"Transaction {waiter} waits for a table that transaction {holder} has locked, "
        "and the other way round.",
        hint="Run the transaction again.",
        sqlstate="40P01",
    )
