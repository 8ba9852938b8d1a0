"""Query history: what stl_query and its kin show, kept beside the catalogue and off its fast path.

Records are dictionaries, one a statement, each with a unique ascending `query` number. They gather in
memory and go to history.sqlite a batch at a time (100 records, or one second after the first), with
synchronous NORMAL: a crash may lose the last second of history, and never anything else.

A database in memory, or opened read-only, keeps its history in memory alone.
"""
from __future__ import annotations

import itertools
import json
import logging
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import errors

if TYPE_CHECKING:
    from ..sharing.numbers import Numbers

_log = logging.getLogger("warehouse.storage")

BATCH_RECORDS = 100
BATCH_SECONDS = 1.0
BUSY_SECONDS = 60.0  # for another process that writes its batch
# Redshift keeps STL tables for days; here the newest records stay, whatever their age.
KEPT_RECORDS = 100_000
KEPT_EVENTS = 20_000


class History:
    """`record` a statement, read all with `rows`. Safe for several threads."""

    def __init__(self, path: Path | None, numbers: Numbers | None = None) -> None:
        """`numbers`: where query numbers come from if several processes write to the file."""
        self._path = path
        self._numbers = numbers
        self._lock = threading.Lock()
        self._pending: list[dict[str, Any]] = []
        self._memory: list[dict[str, Any]] = []  # without a file: everything
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._connection: sqlite3.Connection | None = None
        self._timer: threading.Timer | None = None
        self._ids: Iterator[int] | None = None
        self._highest = 0
        self._closed = False

    def next_query_id(self) -> int:
        """A number no other statement of this database has had."""
        with self._lock:
            if self._ids is None:
                self._highest = self._highest_id()
                self._ids = itertools.count(self._highest + 1) if self._numbers is None else iter(())
            number = next(self._ids, None)
            if number is None:
                number = self._draw()
            return number

    def _draw(self) -> int:
        """The first of a batch of numbers that this process alone uses."""
        assert self._numbers is not None
        first = self._numbers.take("query", BATCH_RECORDS, at_least=self._highest + 1)
        self._ids = iter(range(first + 1, first + BATCH_RECORDS))
        return first

    def record(self, record: dict[str, Any]) -> None:
        """Keep one statement's record (JSON values only). It must hold its "query" number."""
        with self._lock:
            if self._path is None:
                self._memory.append(record)
                del self._memory[:-KEPT_RECORDS]
                return
            self._pending.append(record)
            if len(self._pending) >= BATCH_RECORDS or self._closed:
                self._flush()
            elif self._timer is None:
                self._timer = threading.Timer(BATCH_SECONDS, self._flush_in_time)
                self._timer.daemon = True
                self._timer.start()

    def rows(self) -> list[dict[str, Any]]:
        """All records, oldest first."""
        with self._lock:
            if self._path is None:
                return list(self._memory)
            self._flush()
            connection = self._open()
            return [json.loads(t) for (t,) in connection.execute("SELECT record FROM queries ORDER BY id")]

    def record_event(self, kind: str, record: dict[str, Any]) -> None:
        """Keep something that happened beside statements (JSON values only): a vacuum, an analysis."""
        with self._lock:
            if self._path is None:
                self._events.append((kind, record))
                del self._events[:-KEPT_EVENTS]
                return
            connection = self._open()
            text = json.dumps(record, separators=(",", ":"))
            try:
                connection.execute("INSERT INTO events (kind, record) VALUES (?, ?)", (kind, text))
                connection.execute("DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?", (KEPT_EVENTS,))
            except sqlite3.Error as e:
                _log.warning("the history %s cannot be written: %s", self._path, e)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """All events of a kind, oldest first."""
        with self._lock:
            if self._path is None:
                return [record for k, record in self._events if k == kind]
            found = self._open().execute("SELECT record FROM events WHERE kind = ? ORDER BY id", (kind,))
            return [json.loads(text) for (text,) in found]

    def flush(self) -> None:
        """Write what is pending."""
        with self._lock:
            self._flush()

    def _flush_in_time(self) -> None:
        try:
            self.flush()
        except errors.FileError as e:
            _log.warning("%s; it will be tried again", e)

    def close(self) -> None:
        with self._lock:
            self._flush()
            self._closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _highest_id(self) -> int:
        if self._path is None or not self._path.exists():
            return 0
        return int(self._open().execute("SELECT coalesce(max(id), 0) FROM queries").fetchone()[0])

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        rows = [(r["query"], json.dumps(r, separators=(",", ":"))) for r in self._pending]
        connection = self._open()
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO queries VALUES (?, ?)", rows)
            connection.execute(
                "DELETE FROM queries WHERE id <= (SELECT max(id) FROM queries) - ?", (KEPT_RECORDS,)
            )
            connection.execute("COMMIT")
        except sqlite3.Error as e:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise errors.FileError(f"the query history {self._path} cannot be written: {e}") from e
        self._pending.clear()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._path is None:
                raise errors.InternalError("a history in memory has no file")
            try:
                self._connection = _connect(self._path)
            except sqlite3.Error as e:
                raise errors.FileError(f"the query history {self._path} cannot be opened: {e}") from e
        return self._connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("CREATE TABLE IF NOT EXISTS queries (id INTEGER PRIMARY KEY, record TEXT NOT NULL)")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, record TEXT NOT NULL)"
        )
    except sqlite3.Error:
        connection.close()
        raise
    return connection
