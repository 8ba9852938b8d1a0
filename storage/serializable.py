"""Is there a serial order of the transactions? A graph of who must stand before whom, by tables.

A transaction reads at its snapshot and writes at its commit. Between two transactions T and U:

    T -> U   rw   T read a table that U changed after T's snapshot: T has to come first
    T -> U   ww   both changed a table, T committed first
    T -> U   wr   U read a table that T changed before U's snapshot

A transaction that would close a circle when it commits is refused: error 1023, "Serializable isolation
violation on table" (the manual, c_serial_isolation). Its first arrow must lead to one that committed after its
own snapshot, so only transactions that overlap a live one are kept, and what those reach backwards.

A transaction that is still reading counts with what it has read, for the rows may have been shown to somebody. It
asks for itself when it reads one more table. So nobody need be asked when a transaction that only read ends. It is
kept like the others, as long as it overlaps a live one here or in another process.

    T1 reads t, writes u      T2 reads u, writes t      T1 commits; T2:  T1 -rw-> T2 -rw-> T1   refused
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from ..records import dataclass

# Transactions that may be remembered for nothing: asking what anybody still needs costs more.
SPARE = 16


@dataclass(frozen=True, slots=True, eq=False)
class Committed:
    """A transaction that has ended well: tables by id, when it began to see and when it was seen.

    `commit` of one that wrote nothing is the snapshot it read at: it is seen by nobody.
    """

    id: int
    snapshot: int
    commit: int
    reads: frozenset[int]
    writes: frozenset[int]


class ConflictGraph:
    """The transactions that a live one may still have to be ordered against. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._committed: list[Committed] = []
        self._enough = SPARE
        self._reading: dict[int, Committed] = {}

    def violation(
        self, snapshot: int, reads: Iterable[int], writes: Iterable[int], *, but: int = 0,
        readers: Callable[[], Iterable[Committed]] = tuple,
    ) -> tuple[int, list[int]] | None:
        """Why a transaction cannot commit now: (table, the others of the circle); None when it can.

        `but`: its own number; `readers`: what others elsewhere have read, which is asked for where it matters: who has
        written nothing can only stand in the middle of a circle.
        """
        own = Committed(but, snapshot, _NEVER, frozenset(reads), frozenset(writes))
        with self._lock:
            others = [*self._committed, *(r for r in self._reading.values() if r.id != but)]
            # The only arrows from `own` are rw: it read what another has changed since.
            ahead = [u for u in others if u.commit > snapshot and u.writes & own.reads]
            if not ahead:
                return None
            known = {c.id for c in self._committed}
            others += [r for r in readers() if r.id not in known and r.id != but]
            came_from: dict[Committed, Committed | None] = dict.fromkeys(ahead)
            stack = list(ahead)
            while stack:
                node = stack.pop()
                if _before(node, own):
                    circle = _path(node, came_from)
                    return min(circle[0].writes & own.reads), [c.id for c in circle]
                for other in others:
                    if other not in came_from and _before(node, other):
                        came_from[other] = node
                        stack.append(other)
        return None

    def add(self, transaction: Committed, oldest_live: int | None) -> None:
        """Remember one that committed; `oldest_live`: the smallest snapshot of those that still run."""
        self.learn([transaction])
        self.forget(oldest_live)

    def reading(self, reader: Committed) -> None:
        """Remember what a live transaction has read so far: others may have to stand before or after it."""
        with self._lock:
            self._reading[reader.id] = reader

    def ended(self, id: int) -> None:
        """A live transaction is over; if it has ended well, it has been added."""
        with self._lock:
            self._reading.pop(id, None)

    @property
    def readers(self) -> list[Committed]:
        """Those that have only read, live or not."""
        with self._lock:
            return [*self._reading.values(), *(c for c in self._committed if not c.writes)]

    def learn(self, transactions: Iterable[Committed]) -> None:
        """Remember some that committed, maybe elsewhere."""
        with self._lock:
            self._committed.extend(transactions)

    def forget(self, oldest_live: int | None) -> None:
        """Keep those that overlap a live transaction, or one that is kept.

        `oldest_live` must have been asked for before what others have committed was learned: whoever ends in between is
        then either among the live or among those that are known.
        """
        with self._lock:
            self._committed = _distinct(_needed(self._committed, oldest_live))
            self._enough = 2 * len(self._committed) + SPARE

    @property
    def is_long(self) -> bool:
        """Whether it is time to forget: as many have come as were kept the last time."""
        return len(self._committed) > self._enough

    def horizon(self, oldest_live: int | None) -> int | None:
        """The commits up to this one are not needed; None: none is."""
        with self._lock:
            needed = _needed(self._committed, oldest_live)
            return oldest_live if oldest_live is None else min([oldest_live, *(c.snapshot for c in needed)])

    def __len__(self) -> int:
        return len(self._committed)


_NEVER = 1 << 62


def _before(first: Committed, second: Committed) -> bool:
    """Whether `first` has to stand before `second` in every serial order."""
    if first.reads & second.writes and second.commit > first.snapshot:
        return True
    if first.writes & second.writes and first.commit < second.commit:
        return True
    return bool(first.writes & second.reads) and first.commit <= second.snapshot


def _path(last: Committed, came_from: dict[Committed, Committed | None]) -> list[Committed]:
    path = [last]
    while (before := came_from[path[0]]) is not None:
        path.insert(0, before)
    return path


def _needed(committed: list[Committed], oldest_live: int | None) -> list[Committed]:
    """Those that overlap a live transaction, or one that is needed."""
    if oldest_live is None:
        return []
    horizon = oldest_live
    while True:
        kept = [c for c in committed if c.commit > horizon]
        lower = min((c.snapshot for c in kept), default=horizon)
        if lower >= horizon:
            return kept
        horizon = lower


def _distinct(committed: list[Committed]) -> list[Committed]:
    """Without readers that have seen the same tables of the same snapshot as another one."""
    alike = {(c.snapshot, c.reads): c for c in committed if not c.writes}
    return [c for c in committed if c.writes or alike[c.snapshot, c.reads] is c]
