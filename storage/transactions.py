"""One transaction: what its statements see, what they have changed so far, and its end.

    begin        nothing happens yet
    first use    the snapshot: the newest commit, pinned; before it, a writing statement takes its locks
    statements   each makes a Delta; it is applied to a state of the transaction's own, which the next ones see
    commit       all deltas are applied to the newest state and written as one catalogue commit
    rollback     the state is forgotten and the files of its extents are removed

    newest commit    41 ----------------- 42 (others) ----------- 43 = 42 + deltas, unless 1023
    transaction      41 -> 41' -> 41''  (versions of its own) ------^

Isolation is serializable (serializable.py); write locks on tables (locks.py) make two writers of one table wait
for each other, so that deltas still fit when they are applied again.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NoReturn

from ..errors import Error, SerializationFailure
from .catalog.applying import apply
from .catalog.delta import Delta, changed_tables, numbered
from .catalog.state import CatalogState
from .catalog.view import SnapshotView
from .failpoints import reach
from .lock_waits import LockOwner
from .schema import ExtentRef, Table
from .serializable import Committed
from .snapshot_isolation import is_snapshot

if TYPE_CHECKING:
    from .database import Database
    from .maintenance.row_map import Move

CONFLICT = "tr_conflict"  # the history's kind of event


class Transaction:
    """See the module's text. One thread at a time (the session's lock sees to it)."""

    def __init__(self, database: Database, session: int = 0) -> None:
        self.database = database
        self.id = database.new_xid()
        self.reads: set[int] = set()  # tables whose rows its statements read, by id
        self.writes: set[int] = set()
        self._owner = LockOwner(self.id, session=session)
        self._snapshot: int | None = None
        self._state: CatalogState | None = None
        self._deltas: list[Delta] = []
        self._made: list[ExtentRef] = []
        self.published = False  # whether other processes know of its reads
        self.moves: list[Move] = []  # rewrites, whose rows others may know by old ids

    # -- seeing --------------------------------------------------------------------------------------

    @property
    def used(self) -> bool:
        """Whether its snapshot can no longer change: it has read or changed rows or definitions."""
        return bool(self.reads or self.writes or self._deltas)

    @property
    def wrote(self) -> bool:
        return bool(self._deltas)

    @property
    def snapshot(self) -> int:
        """The number of the commit that it sees."""
        self.state()
        assert self._snapshot is not None
        return self._snapshot

    def state(self) -> CatalogState:
        if self._state is None:
            self._snapshot = self.database.timeline.enter(self.id)
            self._state = self.database.state(self._snapshot)
        return self._state

    def refresh(self) -> None:
        """See the newest commit, as long as nothing depends on what was seen before."""
        if not self.used and self._snapshot is not None and self._snapshot != self.database.snapshot():
            self._let_go()

    def view(self, search_path: tuple[str, ...]) -> SnapshotView:
        return SnapshotView(self.state(), self.database.topology, search_path)

    def newest_state(self) -> CatalogState:
        """The newest commit with what this transaction has changed; what it sees where that fits no more."""
        newest = self.database.timeline.see_newest()
        if not self._deltas:
            return newest
        try:
            return apply(newest, self._deltas, seq=self.database.numbering.version())[0]
        except Error:
            return self.state()

    def enter(self, tables: Iterable[int], check: Callable[[], None]) -> bool:
        """Tables are going to be read: wait until nobody keeps them closed. Whether there was anything to wait for;
        then the newest commit is seen, if that is still possible."""
        waited = self.database.access.enter(self._owner, tables, check)
        if waited:
            self.refresh()
        return waited

    def read(self, table: int, check: Callable[[], None]) -> None:
        """A statement is going to read rows of a table. SerializationFailure if that fits into no order, or if the
        table is gone (1018)."""
        if table not in self.reads:
            self.database.access.enter(self._owner, (table,), check)  # the statement's snapshot stays what it is
            self.check_there(table)
            self.reads.add(table)
            self.database.timeline.reading(self, table)
            self.check_there(table)  # others' commits are known now

    def check_there(self, table: int) -> None:
        """Refuse a table that others have dropped since the snapshot."""
        if table not in self.database.newest.relations:
            seen = self.database.state(self.snapshot).relations.get(table)
            if seen is not None:  # else it is the transaction's own
                raise gone(seen.name)

    def close(self, tables: Iterable[Table], check: Callable[[], None], *, alone: bool) -> None:
        """Keep others from reading tables whose write locks the transaction has (access_locks.py)."""
        self.database.access.close(self._owner, [t.id for t in tables], check, alone=alone)
        self.refresh()

    # -- changing ------------------------------------------------------------------------------------

    def lock(self, tables: Iterable[Table], check: Callable[[], None]) -> None:
        """Take the write locks of `tables`; then the newest commit is seen, if that is still possible.

        `check` is called while waiting and may raise. Raises SerializationFailure when the transaction sees an
        older state of a table than the one it would change.
        """
        wanted = {t.id: t for t in tables}
        if wanted:
            self.database.check_writable()
        new = [id for id in wanted if id not in self._owner.held]
        if not new:
            return
        self.database.locks.acquire(self._owner, new, check)
        self.refresh()
        if self.used:
            self.database.snapshot()  # what other processes have dropped, too
            for id in new:
                self.check_there(id)
                self._check_defined(id)

    def _check_defined(self, table: int) -> None:
        """Refuse to change a table that has had another definition since the snapshot."""
        seen, newest = self.state().relations.get(table), self.database.newest.relations.get(table)
        if seen is not None and newest is not None and seen.version != newest.version:
            self.refuse(table)

    def lock_at_once(self, table: int) -> None:
        """Take a table's write lock before anything is seen, if nobody has it: what is seen then is the newest."""
        if self._snapshot is None and not self.database.read_only:
            self.database.locks.try_acquire(self._owner, table)

    def check_newest(self, table: Table) -> None:
        """Refuse to change rows of a table of which others have committed a newer state."""
        self.database.snapshot()
        seen, newest = self.state().entries.get(table.id), self.database.newest.entries.get(table.id)
        if self._snapshot is None or newest is None or seen is None:
            return
        if newest.changed_seq > self._snapshot and not is_snapshot(self.database.newest):
            self.refuse(table.id)

    def refuse(self, table: int) -> NoReturn:
        """Error 1023: others have changed what this transaction would change."""
        raise self._refused(table, [self.id])

    def change(self, delta: Delta, *, last: bool = False) -> None:
        """Make a statement's changes visible to the statements after it; `last`: none comes, the commit does."""
        self.database.check_writable()
        delta = numbered(delta, self.database.new_id, self.database.new_extent)
        extents = [e for added in delta.add_extents for e in added.extents]
        self._made.extend(extents)
        before = self.state()
        if not last:
            self._state, _ = apply(before, [delta], seq=self.database.numbering.version())
        self._deltas.append(delta)
        reach("transaction.changed")
        self.writes.update(changed_tables(delta, before.relations))

    # -- ending --------------------------------------------------------------------------------------

    def commit(self) -> None:
        """Make everything true, durably; on an error the transaction is rolled back."""
        try:
            if self._deltas:
                self.database.commit_transaction(self, self._deltas)
            elif self.reads:
                self.database.timeline.has_read(self)
            self.published = False  # what others know of its reads stays true
        finally:
            self.rollback()

    def check_serializable(self, readers: Callable[[], Iterable[Committed]] = tuple) -> None:
        """Called with the database's lock held: may this transaction go on, or commit, now? `readers`: what
        transactions of other processes have read."""
        found = self.database.conflicts.violation(
            self.snapshot, self.reads, self.writes, but=self.id, readers=readers
        )
        if found is not None:
            raise self._refused(found[0], [self.id, *found[1]])

    def _refused(self, table: int, transactions: list[int]) -> SerializationFailure:
        """Error 1023, kept for stl_tr_conflict."""
        self.database.history.record_event(CONFLICT, {
            "xid": self.id, "pid": self._owner.session, "table": table,
            "start": self._owner.began // 1000, "abort": time.time_ns() // 1000,
        })
        return violation(table, transactions)

    def committed(self, commit: int) -> None:
        """Called with the database's lock held, right after the commit `commit`: its files stay, whatever fails now."""
        self._made = []
        self._remember(commit)

    def _remember(self, commit: int) -> None:
        self.database.conflicts.add(self.as_committed(commit), self.database.timeline.oldest_overlapping(self.id))

    def as_committed(self, commit: int) -> Committed:
        return Committed(self.id, self.snapshot, commit, frozenset(self.reads), frozenset(self.writes))

    def rollback(self) -> None:
        """Forget everything that is not committed; may be called at any time, and again."""
        if self._is_new:
            return
        self._deltas = []
        made, self._made = self._made, []
        for extent in made:
            self.database.forget(extent)
            reach("rollback.unlink")
        self.database.discard([self.database.extent_path(e) for e in made if not e.is_inline])
        if self.published:
            self.database.timeline.forget_reads(self)
        self.database.conflicts.ended(self.id)
        self._let_go()
        self.database.access.release(self._owner)
        self.database.locks.release(self._owner)
        self.reads, self.writes = set(), set()

    @property
    def _is_new(self) -> bool:
        """Whether there is nothing to forget: it has not been used, or not since it ended."""
        owner = self._owner
        return self._snapshot is None and not (
            self._made or self.used or self.published or owner.held or owner.entered or owner.closed
        )

    def _let_go(self) -> None:
        if self._snapshot is not None:
            self.database.timeline.leave(self.id, self._snapshot)
            self._snapshot = self._state = None


def gone(name: str) -> SerializationFailure:
    """Redshift's error 1018: a relation that was created or dropped after the transaction's snapshot."""
    return SerializationFailure(
        "1018",
        detail=f'Relation does not exist: "{name}" was created or dropped after the transaction took its snapshot.',
        hint="Run the transaction again.",
    )


def violation(table: int, transactions: list[int]) -> SerializationFailure:
    """Redshift's error 1023."""
    return SerializationFailure(
        "1023",
        detail=f"Serializable isolation violation on table - {table}, transactions forming the cycle are: "
        f"{', '.join(str(t) for t in transactions)}",
        hint="Run the transaction again.",
    )
