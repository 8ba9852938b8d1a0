"""The commits that this process knows of, who sees which of them, and which files nobody needs any more.

    timeline.newest                         the state as of the newest commit that is known
    timeline.see_newest()                   learn what other processes have committed          catalog/news.py
    timeline.pin() ... unpin(seq)           a state stays, and the files that it names
    timeline.enter(xid) ... leave(xid)      the same for a transaction, which commits may have to be ordered against
    timeline.reading(transaction, table)    ... and what it reads                              serializable.py

    commits    10        11        12 = newest
    pins        2                   1               10 stays readable: what 11 and 12 have dropped is on disk
                                                    the two are gone: garbage.py unlinks it

Other processes' pins and reads count as well (sharing/). Commits are made by commits.py, which tells them here.
"""
from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from .. import errors
from .catalog.changes import Changes
from .catalog.garbage import Garbage, Pins
from .catalog.state import CatalogState
from .maintenance.upkeep import Upkeep
from .schema import ExtentRef, Topology
from .serializable import ConflictGraph
from .snapshot_isolation import is_snapshot

if TYPE_CHECKING:
    from .catalog.follower import Follower
    from .catalog.news import News
    from .catalog.store import CatalogStore, Loaded
    from .numbering import Numbering
    from .sharing.shared import Shared
    from .transactions import Transaction

# Snapshots that nobody pinned stay readable for this many commits, so that one may ask for the
# newest number first and for its view a moment later.
RECENT_STATES = 64


class Timeline:
    """See the module's text. `lock` is the database's, which a commit holds; all methods take it."""

    def __init__(
        self,
        loaded: Loaded,
        shared: Shared | None,
        watched: CatalogStore | Follower | None,
        numbering: Numbering,
        upkeep: Upkeep,
        lock: threading.RLock,
        path_of: Callable[[ExtentRef], Path],
        forget: Callable[[ExtentRef], None],
    ) -> None:
        """`watched`: tells of others' commits, None: there are no others. `forget` is told of each removed extent."""
        self.newest = loaded.state
        self.topology: Topology = loaded.topology
        self.conflicts = ConflictGraph()
        self.pins = Pins()
        self.garbage = Garbage(path_of)
        self.garbage.horizon = loaded.state.seq
        self._shared = shared
        self._watched = watched
        self._numbering = numbering
        self._upkeep = upkeep
        self._lock = lock
        self._forget = forget
        self._states: OrderedDict[int, CatalogState] = OrderedDict({loaded.state.seq: loaded.state})
        self._live: dict[int, int] = {}  # snapshots of transactions under way, by their ids

    def start(self, news: News) -> None:
        """Right after opening: what waits to be removed, and whom live transactions elsewhere were ordered against."""
        with self._lock:
            self.conflicts.learn(news.transactions)
            self.garbage.learn(news.dropped)
            self._tell_pins()
            self._forget_conflicts()
            self.collect()

    # -- states --------------------------------------------------------------------------------

    def see_newest(self) -> CatalogState:
        """The newest state of all, with what other processes have committed."""
        with self._lock:
            self._hear()
            if self.conflicts.is_long:
                self._forget_conflicts()
            return self.newest

    def _hear(self) -> None:
        if self._watched is not None and self._watched.changed():
            news = self._watched.news(self.newest)
            if news is not None:
                self._learn(news)

    def _learn(self, news: News) -> None:
        self.topology = news.loaded.topology
        self._numbering.learn(news.loaded)
        self.conflicts.learn(news.transactions)
        self.garbage.learn(news.dropped)
        self.remember(news.loaded.state)

    def remember(self, state: CatalogState) -> None:
        """It is the newest from now on."""
        self.newest = state
        self._states[state.seq] = state
        over = len(self._states) - RECENT_STATES
        if over > 0:
            for seq in list(islice(self._states, over)):
                if seq not in self.pins:
                    del self._states[seq]

    def state(self, snapshot: int | None) -> CatalogState:
        """As of a snapshot (None: the newest known). OperationalError (72000) when it is not kept any more."""
        newest = self.newest
        if snapshot is None or snapshot == newest.seq:
            return newest
        with self._lock:
            state = self._states.get(snapshot)
        if state is None:
            raise errors.OperationalError(
                f"snapshot {snapshot} is not kept any more (the newest is {newest.seq})",
                hint="Pin a snapshot while it is used.",
                sqlstate="72000",
            )
        return state

    # -- pins ----------------------------------------------------------------------------------

    def pin(self, snapshot: int | None = None) -> int:
        """Keep a snapshot (None: the newest) and its files until `unpin`; answers its number."""
        with self._lock:
            if snapshot is None:
                return self._pin_newest()
            state = self.state(snapshot)
            if state.seq not in self.pins and (state.seq < self.garbage.horizon or not self._alone):
                raise errors.OperationalError(
                    f"snapshot {state.seq} has lost files already", sqlstate="72000"
                )
            self.pins.add(state.seq)
            self._tell_pins()
            return state.seq

    def _pin_newest(self) -> int:
        if self._shared is not None and self.pins.oldest() is None:
            self._shared.pin_everything()
        try:
            self.see_newest()
            self.pins.add(self.newest.seq)
        finally:
            self._tell_pins()
        return self.newest.seq

    def unpin(self, snapshot: int) -> None:
        with self._lock:
            if snapshot not in self.pins:
                raise errors.InternalError(f"snapshot {snapshot} is not pinned")
            self.pins.remove(snapshot)
            self._tell_pins()
            self.collect()

    def _tell_pins(self) -> None:
        if self._shared is not None:
            self._shared.pin(self.pins.oldest())

    @property
    def _alone(self) -> bool:
        return self._watched is None or (self._shared is not None and self._shared.alone)

    # -- transactions under way ----------------------------------------------------------------

    def enter(self, transaction: int) -> int:
        """Pin the newest commit for a transaction under way; its number. No commit can come in between and forget
        what the transaction may have to be ordered against."""
        with self._lock:
            self._live[transaction] = self.pin()
            return self._live[transaction]

    def leave(self, transaction: int, snapshot: int) -> None:
        """A transaction no longer sees its snapshot."""
        with self._lock:
            del self._live[transaction]
            self.unpin(snapshot)
            self._upkeep.forget_moves(min(self._live.values(), default=None))

    def oldest_live(self, but: int) -> int | None:
        """The oldest snapshot of the transactions under way, one left out; None: there are no others."""
        with self._lock:
            return min([s for id, s in self._live.items() if id != but], default=None)

    def oldest_overlapping(self, but: int) -> int | None:
        """As `oldest_live`, and over all processes; there it may be older than it need be."""
        here = self.oldest_live(but)
        return here if self._shared is None else self._shared.oldest_pin(here)

    @property
    def unobserved(self) -> bool:
        """Whether at most one transaction is under way, in all processes: nothing has to be ordered."""
        return self._shared is None or (len(self._live) < 2 and self._shared.alone)

    @property
    def is_idle_here(self) -> bool:
        """Whether no transaction of this process is under way that has a snapshot."""
        return not self._live

    def reading(self, transaction: Transaction, table: int) -> None:
        """A transaction is going to read a table: tell those that it may have to be ordered against."""
        with self._lock:
            self.conflicts.reading(transaction.as_committed(transaction.snapshot))
            if self._shared is None or self.unobserved:
                self._check_reads(transaction)
                return
            try:
                self._publish(self._shared, transaction, table)
            except OSError:  # the disk is full: what is told for nothing makes room
                with self._shared.committing():
                    self._hear()
                    self._keep_reads(self._shared)
                self._publish(self._shared, transaction, table)

    def _publish(self, shared: Shared, transaction: Transaction, table: int) -> None:
        with shared.looking():
            shared.publish(transaction.id, transaction.snapshot, table)
            transaction.published = True
            self.see_newest()
            self._check_reads(transaction)

    def _check_reads(self, transaction: Transaction) -> None:
        if self.newest.seq > transaction.snapshot and not is_snapshot(self.newest):
            transaction.check_serializable(tuple if self._shared is None else self._shared.readers)

    def has_read(self, transaction: Transaction) -> None:
        """A transaction that has only read ends well."""
        with self._lock:
            if not transaction.published and self.oldest_live(transaction.id) is None:
                return  # it read while nobody else was live, and whoever has come since cannot lead back to it
            self.conflicts.learn([transaction.as_committed(transaction.snapshot)])
            if self.conflicts.is_long:
                self._forget_conflicts()
            if self._shared is not None and self._shared.reads_are_long:
                with self._shared.committing():
                    self._hear()
                    self.tidy_reads()

    def _forget_conflicts(self) -> None:
        """Forget whom nobody has to be ordered against any more."""
        oldest = self.oldest_overlapping(0)
        self._hear()  # after the pins: see ConflictGraph.forget
        self.conflicts.forget(oldest)
        if self._shared is not None:
            self._shared.remove_reads(self.conflicts.horizon(oldest))

    def tidy_reads(self) -> None:
        """Keep what is needed of a long file of reads. The lock of commits is held, and the newest commit is known."""
        if self._shared is not None and self._shared.reads_are_long:
            self._keep_reads(self._shared)

    def _keep_reads(self, shared: Shared) -> None:
        self.conflicts.forget(self.oldest_overlapping(0))
        shared.keep_reads(self.conflicts.readers)

    def leave_reads(self) -> None:
        """At the end: while somebody is live elsewhere, what was read here counts though this process is gone."""
        with self._lock:
            if self._shared is not None and self._shared.oldest_pin(None) is not None:
                self._shared.leave_reads()

    def forget_reads(self, transaction: Transaction) -> None:
        """A transaction that had published its reads was rolled back."""
        with self._lock:
            if self._shared is not None:
                self._shared.unpublish(transaction.id)

    # -- files that nobody needs ---------------------------------------------------------------

    def drop(self, state: CatalogState, changes: Changes) -> None:
        """A commit has dropped extents: their files go when no snapshot needs them."""
        if changes.dropped_extents or changes.unborn_extents:
            self.garbage.add(state.seq, [*changes.dropped_extents, *changes.unborn_extents])
        self.collect()

    def collect(self) -> None:
        """Remove the files that no snapshot needs any more. Pins are read after commits are known."""
        if not self.garbage.is_due:
            return
        if self._shared is None:
            self._remove_garbage(self.pins.oldest())
            return
        with self._shared.collecting() as mine:
            if mine:
                oldest = self._shared.oldest_pin(self.pins.oldest())
                self._remove_garbage(oldest)
                self._shared.forget_moves(oldest)

    def _remove_garbage(self, oldest: int | None) -> None:
        for extent in self.garbage.collect(oldest):
            self._forget(extent)
