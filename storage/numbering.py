"""The numbers that a database gives out: each once, in all processes that share its folder.

    relation, extent       ids of the catalogue; what a commit has used stays used after a power failure
    xid                    of a session's transaction, or of a writer, whose files bear it in their names
    session                1 << 30 upwards: they look like Redshift's process ids and are never those of this machine
    version                of a relation that its own transaction has changed, above all numbers of commits
    identity               the next value of each IDENTITY column

Counters that processes share are in run/numbers (sharing/numbers.py); without other processes they are here alone.
"""
from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .catalog.store import Loaded
    from .sharing.shared import Shared

FIRST_SESSION = 1 << 30
PRIVATE_VERSIONS = 1 << 40
EXTENT_NUMBERS = 64  # drawn at a time from those of all processes


class Numbering:
    """See the module's text. For any thread; a commit, which reads `next_relation` and `transaction`, holds `lock`."""

    def __init__(self, loaded: Loaded, shared: Shared | None, lock: threading.RLock) -> None:
        self._shared = shared
        self._lock = lock
        self._versions = itertools.count(PRIVATE_VERSIONS)
        self.next_relation = loaded.next_relation
        self._next_extent = loaded.next_extent
        self._drawn_extents = iter(range(0))  # numbers that this process has drawn and not given yet
        self.transaction = loaded.transaction
        self._identity = dict(loaded.identity)
        self._auto_locks: dict[int, threading.Lock] = {}

    def learn(self, loaded: Loaded) -> None:
        """What other processes have committed has used these."""
        with self._lock:
            self.next_relation = max(self.next_relation, loaded.next_relation)
            self._next_extent = max(self._next_extent, loaded.next_extent)
            self.transaction = max(self.transaction, loaded.transaction)
            self._identity |= loaded.identity

    def relation(self) -> int:
        with self._lock:
            id_ = self.next_relation
            if self._shared is not None:
                id_ = self._shared.numbers.take("relation", at_least=id_)
            self.next_relation = id_ + 1
            return id_

    def extent(self) -> int:
        """For an extent that is about to be committed. Numbers that were drawn and not given are gaps."""
        with self._lock:
            if self._shared is None:
                id_ = self._next_extent
                self._next_extent = id_ + 1
                return id_
            for id_ in self._drawn_extents:
                return id_
            first = self._shared.numbers.take("extent", EXTENT_NUMBERS, at_least=self._next_extent)
            self._drawn_extents = iter(range(first + 1, first + EXTENT_NUMBERS))
            return first

    def version(self) -> int:
        return next(self._versions)

    def session(self) -> int | None:
        """One that no other session of this folder has; None: any will do."""
        return None if self._shared is None else self._shared.numbers.take("session", at_least=FIRST_SESSION)

    def xid(self) -> int:
        """A transaction's number; the names of files bear those of their writers. Where processes draw from numbers of
        their own, the catalogue takes all of the process's for used, and need not be told of each."""
        with self._lock:
            if self._shared is None:
                self.transaction += 1
                return self.transaction
            number = self._shared.presence.new_transaction()
            if number > self.transaction:
                self.transaction = self._shared.presence.last_transaction
            return number

    def identity(self, table_id: int, column_id: int, seed: int, step: int, count: int) -> tuple[int, int]:
        """Reserve `count` values of an IDENTITY column: (first value, next free value)."""
        with self._lock:
            first = self._identity.get((table_id, column_id), seed)
            following = first + step * count
            self._identity[table_id, column_id] = following
            return first, following

    def keep_identity(self, counters: Mapping[tuple[int, int], int]) -> None:
        """Of a table that came with its counters."""
        with self._lock:
            for counter, following in counters.items():
                self._identity.setdefault(counter, following)

    def placement_lock(self, table_id: int) -> threading.Lock:
        """Held by whoever writes to an AUTO table, whose rows may have to change places as it grows."""
        with self._lock:
            return self._auto_locks.setdefault(table_id, threading.Lock())
