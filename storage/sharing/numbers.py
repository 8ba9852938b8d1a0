"""Counters that all processes of a database draw from, in one small file: run/numbers.

    | process | attached | session | relation | extent | query |       i64 each: the next free number

`attached` counts the processes that have come, once their files are there (processes.py).
A draw reads and writes its counter under the file's lock. The file outlives processes, however they end, but
is not synced: after a power failure it may be behind. No process is alive then, so each counter is raised to
what the catalogue and the history have seen (`at_least`) by the first one that opens the database.
"""
from __future__ import annotations

import fcntl
import os
import struct
import threading
from pathlib import Path

_COUNTERS = ("process", "attached", "session", "relation", "extent", "query")
_NUMBER = struct.Struct("<q")
_PLACES = {counter: i * _NUMBER.size for i, counter in enumerate(_COUNTERS)}


class Numbers:
    """See the module's text. For any thread."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        self._lock = threading.Lock()  # flock lets threads with the same descriptor in together

    def take(self, counter: str, count: int = 1, *, at_least: int = 1) -> int:
        """The first of `count` numbers that nobody else has had or will have."""
        with self._lock:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            try:
                first = max(self.next(counter), at_least)
                self._write(counter, first + count)
                return first
            finally:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def next(self, counter: str) -> int:
        """The number that would come next: it changes when somebody takes one."""
        data = os.pread(self._descriptor, _NUMBER.size, _PLACES[counter])
        return int.from_bytes(data, "little", signed=True)

    def close(self) -> None:
        os.close(self._descriptor)

    def _write(self, counter: str, value: int) -> None:
        os.pwrite(self._descriptor, _NUMBER.pack(value), _PLACES[counter])
