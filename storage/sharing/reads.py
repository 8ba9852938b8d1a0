"""What this process's transactions have read, told to the others: run/reads-<n>.

A transaction that reads a table may have to stand before one that changes the table later, in any process
(serializable.py). So it says, before it reads, and under the lock that keeps commits out:

    | transaction i64 | snapshot i64 | table i64 |     appended, one record a table
    | transaction i64 | snapshot i64 | FORGET    |     it was rolled back

A committing process reads the files of all others. Records that no live transaction can overlap any more are left
out when a file has grown.
"""
from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path

from ..serializable import Committed

PREFIX = "reads-"
FORGET = -1
# A file this long is written anew with what is still needed.
LONG = 64 << 10
_RECORD = struct.Struct("<qqq")


class PublishedReads:
    """The file of this process; made with its first record. The lock of commits guards it."""

    def __init__(self, run: Path, number: int) -> None:
        self._path = run / f"{PREFIX}{number}"
        self._descriptor = -1
        self._size = 0

    def add(self, transaction: int, snapshot: int, table: int) -> None:
        """Append a record; table FORGET: the transaction is no more."""
        if self._descriptor < 0:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
            self._size = 0
        os.write(self._descriptor, _RECORD.pack(transaction, snapshot, table))
        self._size += _RECORD.size

    @property
    def is_long(self) -> bool:
        return self._size >= LONG

    def keep(self, records: Iterable[Committed]) -> None:
        """Only these from now on. The lock of commits must be held exclusively."""
        self.close()
        for record in records:
            for table in record.reads:
                self.add(record.id, record.snapshot, table)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._path.unlink(missing_ok=True)


def readers(run: Path) -> list[int]:
    """Numbers of the processes that have told something."""
    names = (name.removeprefix(PREFIX) for name in os.listdir(run) if name.startswith(PREFIX))
    return [int(name) for name in names if name.isdigit()]


def published(run: Path, number: int) -> list[Committed]:
    """What another process has told, as transactions that only read."""
    try:
        data = (run / f"{PREFIX}{number}").read_bytes()
    except FileNotFoundError:
        return []
    found: dict[int, tuple[int, set[int]]] = {}
    for transaction, snapshot, table in _RECORD.iter_unpack(data[: len(data) // _RECORD.size * _RECORD.size]):
        if table == FORGET:
            found.pop(transaction, None)
        else:
            found.setdefault(transaction, (snapshot, set()))[1].add(table)
    return [Committed(id, s, s, frozenset(tables), frozenset()) for id, (s, tables) in found.items()]
