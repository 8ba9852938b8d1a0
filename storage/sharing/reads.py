"""What this process's transactions have read, told to the others: run/reads-<n>.

A transaction that reads a table may have to stand before one that changes the table later, in any process
(serializable.py). So it says, before it reads, and under the lock that keeps commits out:

    | mark i64        | 0            | BEGUN     |     the file's first record: which of that name it is
    | transaction i64 | snapshot i64 | table i64 |     appended, one record a table
    | transaction i64 | snapshot i64 | FORGET    |     it was rolled back
    | 0 ...                                      |     room for more: the next record begins with a zero still

A read must not need the disk, which may be full: the file is made with room when the process comes, and records that
are needless make room for others where there is no more to be had.

A process that must know reads the files of all others, of each what was appended since the last time. Records that no
live transaction can overlap any more are left out when a file has grown: it is made anew then, with another mark. A
process that ends leaves what a live transaction may still overlap, which whoever finds it needless removes.
"""
from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Iterable
from pathlib import Path

from ..serializable import Committed

PREFIX = "reads-"
NEW_READS = "new_reads"
FORGET, BEGUN = -1, -2
# A file that tells so much is written anew with what is still needed.
LONG = 64 << 10
ROOM = 4096  # bytes; a file grows by as many
_RECORD = struct.Struct("<qqq")
_WORD = 8


class PublishedReads:
    """The file of this process; made when it comes. The lock of commits guards it."""

    def __init__(self, run: Path, number: int) -> None:
        self._path = run / f"{PREFIX}{number}"
        self._new = run / f"{NEW_READS}-{number}"
        self._descriptor = -1
        self._size = 0  # of the records
        self._room = 0  # of the file
        self._kept = 0  # of the size, the last time it was looked at
        self._told: set[int] = set()  # the transactions in the file

    def begin(self) -> None:
        """Make the file, which has room for records."""
        self._begin(self._path, _packed([]))

    def add(self, transaction: int, snapshot: int, table: int) -> None:
        """Append a record; table FORGET: the transaction is no more. OSError when there is no room for it."""
        if self._descriptor < 0:
            self.begin()
        self._append(_RECORD.pack(transaction, snapshot, table))
        if table == FORGET:
            self._told.discard(transaction)
        else:
            self._told.add(transaction)

    def _begin(self, path: Path, data: bytes) -> None:
        """A new file, which is this process's from now on."""
        room = -(-len(data) // ROOM) * ROOM
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            _write(descriptor, data.ljust(room, b"\0"), 0)
            if path != self._path:
                os.replace(path, self._path)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._size, self._room = descriptor, len(data), room

    def _append(self, record: bytes) -> None:
        end = self._size + len(record)
        if end > self._room:
            _write(self._descriptor, bytes(ROOM), self._room)
            self._room += ROOM
        # Its first word comes last: until then nobody takes it for a record.
        _write(self._descriptor, record[_WORD:], self._size + _WORD)
        _write(self._descriptor, record[:_WORD], self._size)
        self._size = end

    @property
    def is_long(self) -> bool:
        return self._size >= max(LONG, 2 * self._kept)

    def keep(self, records: Iterable[Committed]) -> None:
        """Only these from now on, if they were told. The lock of commits must be held exclusively."""
        if self._descriptor < 0:
            return
        kept = [r for r in records if r.id in self._told]
        data = _packed([(r.id, r.snapshot, table) for r in kept for table in r.reads])
        try:
            self._begin(self._new, data)
        except OSError:  # no room for a second file
            if len(data) > self._room:
                return
            _write(self._descriptor, data.ljust(self._room, b"\0"), 0)
            self._size = len(data)
        self._told = {r.id for r in kept}
        self._kept = self._size

    def leave(self) -> None:
        """Let go of the file, and do not remove it if it tells anything."""
        if not self._told:
            self.close()
        elif self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def close(self) -> None:
        """Remove the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._path.unlink(missing_ok=True)
        self._told, self._size = set(), 0


def _packed(records: Iterable[tuple[int, int, int]]) -> bytes:
    """A whole file, without its room."""
    return b"".join(_RECORD.pack(*r) for r in [(int.from_bytes(os.urandom(7)), 0, BEGUN), *records])


def _write(descriptor: int, data: bytes, offset: int) -> None:
    if os.pwrite(descriptor, data, offset) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def readers(run: Path) -> list[int]:
    """Numbers of the processes that have told something."""
    names = (name.removeprefix(PREFIX) for name in os.listdir(run) if name.startswith(PREFIX))
    return [int(name) for name in names if name.isdigit()]


class ReadsOfOthers:
    """The files of other processes, as they are known here. Not for several threads at once."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._known: dict[int, _Told] = {}

    def all(self, mine: Callable[[int], bool]) -> list[Committed]:
        """What they have told, as transactions that only read; `mine`: whether a number is this process's."""
        numbers = [n for n in readers(self._run) if not mine(n)]
        for gone in self._known.keys() - set(numbers):
            del self._known[gone]
        return [each for n in numbers for each in self._of(n)]

    def _of(self, number: int) -> Iterable[Committed]:
        try:
            descriptor = os.open(self._run / f"{PREFIX}{number}", os.O_RDONLY)
        except FileNotFoundError:
            return ()
        try:
            mark = os.pread(descriptor, _RECORD.size, 0)
            told = self._known.get(number)
            if told is None or told.mark != mark:
                told = self._known[number] = _Told(mark)
            while data := os.pread(descriptor, LONG, told.offset):
                whole = len(data) // _RECORD.size * _RECORD.size
                if told.add(data[:whole]) < len(data):
                    break
        finally:
            os.close(descriptor)
        return told.found.values()


class _Told:
    """What one file has told up to an offset."""

    def __init__(self, mark: bytes) -> None:
        self.mark = mark
        self.offset = 0
        self.found: dict[int, Committed] = {}

    def add(self, data: bytes) -> int:
        """Records as far as there are any; how many bytes they are."""
        start = self.offset
        for id, snapshot, table in _RECORD.iter_unpack(data):
            if id == 0:
                break
            self.offset += _RECORD.size
            if table == BEGUN:
                continue
            if table == FORGET:
                self.found.pop(id, None)
                continue
            before = self.found.get(id)
            tables = frozenset((table,)) if before is None else before.reads | {table}
            first = snapshot if before is None else before.snapshot
            self.found[id] = Committed(id, first, first, tables, frozenset())
        return self.offset - start


def published(run: Path, number: int) -> list[Committed]:
    """What one process has told, read whole."""
    return list(ReadsOfOthers(run)._of(number))
