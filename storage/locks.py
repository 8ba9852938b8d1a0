"""Write locks on tables, held to the end of a transaction; readers take none.

A statement takes all its locks before its snapshot, in ascending order of table ids, so that it sees what
it waited for. A waiter that would close a circle of waiters is told so at once:

    A holds t, waits for u        B holds u, asks for t   ->   B: deadlock detected (40P01)
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import field

from ..errors import OperationalError
from ..records import dataclass

_POLL = 0.05  # seconds between looks at whether the waiter was cancelled


@dataclass(slots=True, eq=False)
class LockOwner:
    """A transaction as the locks know it. `waits_for`: the table it stands in line for."""

    id: int
    held: set[int] = field(default_factory=set)
    waits_for: int | None = None


class TableLocks:
    """All write locks of one database in this process."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._holders: dict[int, LockOwner] = {}

    def acquire(self, owner: LockOwner, tables: Iterable[int], check: Callable[[], None]) -> bool:
        """Take the locks, waiting as long as `check` does not raise; whether there was anything to wait for.

        Locks taken before a failure stay with the owner, who lets go of all when its transaction ends.
        """
        waited = False
        with self._free:
            for table in sorted(tables):
                while (holder := self._holders.setdefault(table, owner)) is not owner:
                    waited = True
                    self._check_circle(owner, holder)
                    owner.waits_for = table
                    try:
                        self._free.wait(_POLL)
                        check()
                    finally:
                        owner.waits_for = None
                owner.held.add(table)
        return waited

    def release(self, owner: LockOwner) -> None:
        """Let go of everything."""
        with self._free:
            for table in owner.held:
                del self._holders[table]
            owner.held.clear()
            self._free.notify_all()

    def holders(self) -> dict[int, int]:
        """Who holds what: table id -> owner's id."""
        with self._free:
            return {table: owner.id for table, owner in self._holders.items()}

    def _check_circle(self, owner: LockOwner, holder: LockOwner) -> None:
        seen: set[int] = set()
        current: LockOwner | None = holder
        while current is not None and current.id not in seen:
            if current is owner:
                raise OperationalError(
                    "deadlock detected",
                    detail=f"Transaction {owner.id} waits for a table that transaction {holder.id} has locked, "
                    "and the other way round.",
                    hint="Run the transaction again.",
                    sqlstate="40P01",
                )
            seen.add(current.id)
            current = None if current.waits_for is None else self._holders.get(current.waits_for)
