"""What a database folder that is open for writing shares with other processes, in one object.

    shared.pin(EVERYTHING)      before the newest commit is asked for       processes.py
    with shared.committing():   one commit at a time, in all processes      locks/commit.lock
    with shared.looking():      no commit is under way meanwhile
    with shared.collecting():   files may be removed, if nobody else does   locks/worker.lock
    shared.publish(...)         what a transaction reads                    reads.py

A process that has the folder open read-only writes nothing, so it has no file of its own: it holds
locks/readers.lock for as long as it is there, and nothing is removed meanwhile. locks/writers.lock is held by all
others: who finds it free may read the catalogue's files as they are.
"""
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from ..catalog.folder import LOCKS, READERS_LOCK, RUN, WRITERS_LOCK
from ..serializable import Committed
from . import moves
from .files import FileLock, StandingLock
from .numbers import Numbers
from .processes import EVERYTHING, NOTHING, TRANSACTION_BITS, Peers, Presence, is_alive, remove_dead
from .reads import FORGET, NEW_READS, PublishedReads, ReadsOfOthers, published, readers
from .reads import PREFIX as READS_PREFIX


class Shared:
    """See the module's text. The Database's lock guards all but `numbers`."""

    def __init__(self, path: Path, transaction: int) -> None:
        """`transaction`: the highest number of a transaction that the catalogue has seen."""
        self.run = path / RUN
        with ExitStack() as undo:
            self.numbers = Numbers(self.run / "numbers")
            undo.callback(self.numbers.close)
            self._writers = FileLock(path / LOCKS / WRITERS_LOCK)
            undo.callback(self._writers.release)
            self._writers.acquire(shared=True)
            self.presence = Presence(self.run, self.numbers, (transaction >> TRANSACTION_BITS) + 1)
            undo.callback(self.presence.close)
            self.peers = Peers(self.run, self.numbers, self.presence)
            self._reads = PublishedReads(self.run, self.presence.number)
            undo.callback(self._reads.close)
            self._reads.begin()
            self._others_reads = ReadsOfOthers(self.run)
            (path / LOCKS / READERS_LOCK).touch()  # read-only processes could not make it
            self._commits = StandingLock(path / LOCKS / "commit.lock")
            self._worker = FileLock(path / LOCKS / "worker.lock")
            self._readers = FileLock(path / LOCKS / READERS_LOCK)
            undo.pop_all()

    @property
    def alone(self) -> bool:
        """Whether no other process has the database open for writing."""
        return self.peers.none

    def pin(self, snapshot: int | None) -> None:
        self.presence.pin(NOTHING if snapshot is None else snapshot)

    def pin_everything(self) -> None:
        """To be said before the newest commit is asked for."""
        self.presence.pin(EVERYTHING)

    def oldest_pin(self, own: int | None) -> int | None:
        """The oldest snapshot that this process (`own`) or another one needs; 0: maybe all, None: none."""
        oldest = min(NOTHING if own is None else own, self.peers.oldest_pin())
        return None if oldest == NOTHING else oldest

    def is_live(self, transaction: int) -> bool:
        """Whether the process that a transaction's number was given to is alive."""
        return self.is_live_process(transaction >> TRANSACTION_BITS)

    def is_live_process(self, number: int) -> bool:
        return self.presence.is_mine(number) or is_alive(self.run, number)

    # -- one at a time ---------------------------------------------------------------------------------

    def committing(self) -> AbstractContextManager[None]:
        return self._commits.alone

    def looking(self) -> AbstractContextManager[None]:
        return self._commits.shared

    @contextmanager
    def collecting(self) -> Iterator[bool]:
        """True inside: nobody else removes files, and no read-only process needs any."""
        mine = self._worker.try_acquire()
        try:
            quiet = mine and self._readers.try_acquire()
            try:
                yield quiet
            finally:
                self._readers.release()
        finally:
            self._worker.release()

    def remove_dead(self) -> None:
        """Remove what killed processes have left in run/. The lock of collecting must be held."""
        remove_dead(self.run)
        for name in os.listdir(self.run):
            kind, _, rest = name.partition("-")
            process = rest.partition("-")[0]
            ours = kind in ("mail", "session", "map", NEW_READS) and process.isdigit()
            if ours and not self.is_live_process(int(process)):
                (self.run / name).unlink(missing_ok=True)
        for note in self.run.glob("wait-*"):
            if not self.is_live(int(note.name.removeprefix("wait-"))):
                note.unlink(missing_ok=True)
        moves.forget(self.run, self.peers.oldest_pin())

    def forget_moves(self, oldest_pin: int | None) -> None:
        """No snapshot of any process is older than `oldest_pin`. The lock of collecting must be held."""
        moves.forget(self.run, oldest_pin)

    # -- reads -----------------------------------------------------------------------------------------

    def publish(self, transaction: int, snapshot: int, table: int) -> None:
        """Tell the others that a transaction is going to read a table. While `looking`."""
        self._reads.add(transaction, snapshot, table)

    def unpublish(self, transaction: int) -> None:
        """A transaction that had published reads was rolled back."""
        with suppress(OSError):  # on a full disk it counts as one that has read, which refuses others at worst
            self._reads.add(transaction, 0, FORGET)

    def readers(self) -> list[Committed]:
        """What transactions of the other processes have read; those of killed processes have read it, too."""
        return self._others_reads.all(self.presence.is_mine)

    @property
    def reads_are_long(self) -> bool:
        """Whether this process has told so much that it should look what is needed of it."""
        return self._reads.is_long

    def keep_reads(self, needed: Iterable[Committed]) -> None:
        """Of what this process has told, only this from now on. While `committing`."""
        self._reads.keep(needed)

    def leave_reads(self) -> None:
        """This process goes, and leaves what it has told."""
        self._reads.leave()

    def remove_reads(self, horizon: int | None) -> None:
        """Remove what processes that are gone have left. `horizon`: what was read up to this commit nobody needs."""
        for number in readers(self.run):
            if not self.is_live_process(number):
                known = published(self.run, number)
                if horizon is None or all(r.snapshot <= horizon for r in known):
                    (self.run / f"{READS_PREFIX}{number}").unlink(missing_ok=True)

    def close(self) -> None:
        self._reads.close()
        self.presence.close()
        self._commits.close()
        self._writers.release()
        self.numbers.close()
