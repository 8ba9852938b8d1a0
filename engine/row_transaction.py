"""A transaction of one row, for an INSERT by itself: what session_transaction.py does for it, and no more.

    try_lock  the table's write lock, if it is free
    append    under the lock of commits: the row is made for the newest state that this process knows, and committed.
              Nobody is asked whether that is the newest: the commit finds out, and then it is made once more
    commit, rollback      the lock is let go; nothing else is held

It reads no rows. So it pins no snapshot, for it needs no files; and it can stand behind all others in any order
(storage/serializable.py), so that it is told to others and asks nobody. Whatever else a statement wants it leaves to
a SessionTransaction (handlers/known_inserts.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..storage.catalog.delta import AddExtents
from ..storage.catalog.state import CatalogState
from ..storage.catalog.view import SnapshotView
from ..storage.lock_waits import LockOwner

if TYPE_CHECKING:
    from ..storage.database import Database
    from ..storage.schema import Table


class RowTransaction:
    """See the module's text."""

    __slots__ = ("_database", "_owner", "id")

    single = True  # it ends with its statement

    def __init__(self, database: Database, session: int) -> None:
        self.id = database.new_xid()
        self._database = database
        self._owner = LockOwner(self.id, session=session)

    def try_lock(self, table: Table) -> bool:
        """Take the table's write lock, if nobody has it."""
        return self._database.locks.try_acquire(self._owner, table.id)

    def lock_at_once(self, table: Table) -> None:
        """It has the lock."""

    def refresh(self) -> None:
        """What it sees is the newest when it commits."""

    def view(self, search_path: tuple[str, ...]) -> SnapshotView:
        """The catalogue as this process knows it."""
        return SnapshotView(self._database.newest, self._database.topology, search_path)

    def came_later(self, schema: str | None, name: str, search_path: tuple[str, ...]) -> bool:
        """No: it sees all that there is."""
        return False

    def append(self, make: Callable[[CatalogState], AddExtents | None]) -> bool:
        """Commit what `make` answers for the newest state. False, with nothing done, if that is None."""
        return self._database.append(self.id, make)

    def commit(self) -> None:
        """The row is true, if there was one."""
        self.rollback()

    def rollback(self) -> None:
        self._database.locks.release(self._owner)
