"""Commits: deltas are put into one order with those of others, applied to the newest state, and written as one.

    under the database's lock, and among processes under locks/commit.lock
        learn what others have committed                            timeline.py
        does the transaction fit into one order with the others?    serializable.py, snapshot_isolation.py
        rows that a rewrite has moved meanwhile are found           maintenance/upkeep.py
        the new state, in memory                                    catalog/state.py
        one SQLite transaction: from here on it is true             catalog/store.py
        new snapshots see it, files that it drops may go            timeline.py

An error before the SQLite transaction's end changes nothing. A row by itself (`append`) asks for no commits of others:
SQLite tells when there was one, for a commit's number can be given once. It takes effect at one moment, so it needs no
write lock of its table: that nobody else has it then is enough.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from .. import errors
from .catalog.applying import apply
from .catalog.changes import Changes
from .catalog.delta import Delta, NewRow, changed_tables
from .catalog.growth import with_row, with_rows
from .catalog.state import CatalogState
from .catalog.store import Behind, CatalogStore
from .failpoints import reach
from .lock_waits import LockOwner
from .locks import TableLocks
from .maintenance.upkeep import Upkeep
from .numbering import Numbering
from .schema import Topology
from .serializable import Committed
from .snapshot_isolation import is_snapshot, rebased
from .timeline import Timeline

if TYPE_CHECKING:
    from .sharing.shared import Shared
    from .transactions import Transaction


class Commits:
    """See the module's text. For any thread."""

    def __init__(
        self, store: CatalogStore, shared: Shared | None, timeline: Timeline, numbering: Numbering, upkeep: Upkeep,
        locks: TableLocks, lock: threading.RLock,
    ) -> None:
        self._store = store
        self._shared = shared
        self._timeline = timeline
        self._numbering = numbering
        self._upkeep = upkeep
        self._locks = locks
        self._lock = lock
        # One commit at a time, in all processes.
        self._committing: AbstractContextManager[None] = nullcontext() if shared is None else shared.committing()

    def commit(self, deltas: Sequence[Delta], transaction: Transaction | None) -> int:
        """Make all deltas true, durably; answers the commit's number, or raises and changes nothing."""
        with self._lock:
            with self._committing:
                reach("commit.locked")
                self._timeline.see_newest()
                if transaction is not None:
                    deltas = self._ordered(deltas, transaction)
                state, changes = apply(self._timeline.newest, deltas)
                self._write(state, changes, self._others(state.seq, deltas, transaction))
                if transaction is not None:
                    transaction.committed(state.seq)
                    if transaction.moves:
                        oldest = self._timeline.oldest_live(transaction.id)
                        self._upkeep.keep_moves(state.seq, transaction.moves, oldest)
                self._numbering.keep_identity(changes.identity)
                self._timeline.remember(state)
                self._timeline.tidy_reads()
            reach("commit.known")
            self._upkeep.note_inline(state, {table for table, e in changes.added_extents if e.is_inline})
            self._timeline.drop(state, changes)
            return state.seq

    def append(self, owner: LockOwner, table: int, make: Callable[[CatalogState], NewRow | None]) -> bool:
        """Make one row true by itself, durably: what `make` answers for the newest state. False, and nothing is done,
        where that is None, another transaction has the table's write lock, or the file has an older format.

        `make` is called again if others have committed meanwhile.
        """
        if not self._store.is_up_to_date:
            return False
        with self._lock:
            with self._committing:
                reach("commit.locked")
                if not self._append_where_free(owner, table, make):
                    return False
            reach("commit.known")
            self._upkeep.note_rows(self._timeline.newest.entries[table])
            if self._timeline.garbage.is_due:
                self._timeline.collect()
            return True

    def _append_where_free(
        self, owner: LockOwner, table: int, make: Callable[[CatalogState], NewRow | None]
    ) -> bool:
        """`append`, with the locks of commits taken. In this process nobody who locks the table later sees anything
        before the row is true, so that it is enough to look; others are told of the lock."""
        if self._shared is None or self._shared.alone:
            return not self._locks.is_held(table) and self._append(owner.id, make, self._timeline.is_idle_here)
        if not self._locks.try_acquire(owner, table):
            return False
        try:
            return self._append(owner.id, make, False)
        finally:
            self._locks.release(owner)

    def _append(self, transaction: int, make: Callable[[CatalogState], NewRow | None], idle: bool) -> bool:
        """`idle`: nobody is there whom the row would have to be ordered against."""
        timeline = self._timeline
        while True:
            newest = timeline.newest
            row = make(newest)
            if row is None:
                return False
            try:
                state = self._write_row(newest, row) if idle else None
                if state is None:
                    state = self._write_ordinarily(newest, row, transaction, idle)
            except Behind:
                if timeline.see_newest() is newest:
                    raise
                continue
            timeline.remember(state)
            return True

    def _write_row(self, newest: CatalogState, row: NewRow) -> CatalogState | None:
        """The state with a row, once it is durable as one in its own table; None: that would leave something out."""
        numbers = self._numbering
        if self._timeline.garbage.has_unlinked or not self._store.takes_row(numbers.next_relation, numbers.transaction):
            return None
        state = with_row(newest, row)
        if state is not None:
            self._store.append(state.seq, row.table.id, row.extent)
        return state

    def _write_ordinarily(self, newest: CatalogState, row: NewRow, transaction: int, idle: bool) -> CatalogState:
        """The same by a commit as all others are."""
        state, changes = with_rows(newest, row.as_extents(), newest.seq + 1)
        others, record = NO_OTHERS, None
        if not idle:
            record = Committed(transaction, newest.seq, state.seq, frozenset(), frozenset((row.table.id,)))
            told = None if self._shared is None else record
            others = _Others(told, self._timeline.oldest_overlapping(0))
        self._write(state, changes, others)
        if record is not None:
            self._timeline.conflicts.add(record, others.oldest)
        self._numbering.keep_identity(changes.identity)
        return state

    def move_slices(self, choose: Callable[[Topology], Topology]) -> Topology:
        """Commit that slices are on other nodes: `choose` answers where, from where they are now. Statements under way
        go on with the nodes that they began with: a slice's rows are the same on any."""
        timeline = self._timeline
        with self._lock, self._committing:
            timeline.see_newest()
            topology = choose(timeline.topology)
            if topology.slices != timeline.topology.slices:
                raise errors.InternalError(f"{topology.slices} slices, not {timeline.topology.slices}")
            state, changes = apply(timeline.newest, ())
            self._write(state, changes, self._others(state.seq, (), None), topology)
            timeline.topology = topology
            timeline.remember(state)
        return topology

    def _ordered(self, deltas: Sequence[Delta], transaction: Transaction) -> Sequence[Delta]:
        """The deltas as they apply to the newest state; SerializationFailure where they fit into no order."""
        newest, seen = self._timeline.newest, self._timeline.state(transaction.snapshot)
        if is_snapshot(newest):
            deltas = rebased(deltas, seen, newest, transaction.refuse)
        elif transaction.reads:  # who has read nothing may stand behind all others
            transaction.check_serializable(tuple if self._shared is None else self._shared.readers)
        return self._upkeep.translate(deltas, seen, newest)

    def _write(self, state: CatalogState, changes: Changes, others: _Others, topology: Topology | None = None) -> None:
        """The commit itself; the lock of commits is held."""
        garbage, conflicts = self._timeline.garbage, self._timeline.conflicts
        forget = garbage.take_unlinked()
        horizon = None if others.oldest is None else conflicts.horizon(others.oldest)
        try:
            self._store.write(
                state, changes, next_relation=self._numbering.next_relation, transaction=self._numbering.transaction,
                forget=forget, record=others.record, horizon=horizon, topology=topology,
            )
        except BaseException:
            garbage.give_back(forget)
            raise

    def _others(self, seq: int, deltas: Sequence[Delta], transaction: Transaction | None) -> _Others:
        """What a commit is to those who may have to order themselves against it."""
        unobserved = self._timeline.unobserved
        if self._shared is not None and transaction is not None and unobserved:
            return NO_OTHERS
        oldest = self._timeline.oldest_overlapping(0 if transaction is None else transaction.id)
        if unobserved:
            return _Others(None, oldest)
        if transaction is not None:
            return _Others(transaction.as_committed(seq), oldest)
        before = self._timeline.newest.relations
        writes = frozenset(table for delta in deltas for table in changed_tables(delta, before))
        return _Others(Committed(self._numbering.xid(), seq - 1, seq, frozenset(), writes), oldest)


class _Others(NamedTuple):
    """What is written of a transaction for those of other processes, and the oldest snapshot of those under way."""

    record: Committed | None
    oldest: int | None


NO_OTHERS = _Others(None, None)
