"""What COPY statements did: one record a load, a file, an error and a replacement, kept beside the query history.

    loads.begin(query, record, state)   it runs: seen by this process alone; `state` tells how far it is
    loads.end(query, record, {...})     it is over, well or not; everything goes to history.sqlite in one commit

They are in tables of their own, so that a load with a hundred thousand errors drives nothing else out; the newest
KEPT of each kind stay. A database in memory, or opened read-only, keeps them in memory alone.
"""
from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ... import errors
from .history import BUSY_SECONDS, opened

_log = logging.getLogger("warehouse.storage")

LOADS, FILES, ERRORS, DETAILS, REPLACEMENTS = "loads", "files", "errors", "details", "replacements"
KEPT = {LOADS: 20_000, FILES: 200_000, ERRORS: 200_000, DETAILS: 50_000, REPLACEMENTS: 50_000}


class Loads:
    """For any thread. Records hold JSON values only."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._running: dict[int, dict[str, Any]] = {}
        self._states: dict[int, Callable[[], list[dict[str, Any]]]] = {}
        self._memory: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KEPT}
        self._connection: sqlite3.Connection | None = None

    def begin(self, query: int, record: dict[str, Any], state: Callable[[], list[dict[str, Any]]] = list) -> None:
        with self._lock:
            self._running[query], self._states[query] = record, state

    def states(self) -> list[dict[str, Any]]:
        """How far the loads are that run: a record a slice."""
        with self._lock:
            states = list(self._states.values())
        return [record for state in states for record in state()]

    def end(self, query: int, found: Mapping[str, Iterable[dict[str, Any]]]) -> None:
        """`found`: records by kind. That they cannot be written is no error of the load."""
        with self._lock:
            self._running.pop(query, None)
            self._states.pop(query, None)
            if self._path is None:
                for kind, records in found.items():
                    self._memory[kind] += records
                    del self._memory[kind][: -KEPT[kind]]
                return
            try:
                self._write(found)
            except (sqlite3.Error, errors.FileError) as error:
                _log.warning("the history of loads in %s cannot be written: %s", self._path, error)

    def _write(self, found: Mapping[str, Iterable[dict[str, Any]]]) -> None:
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            for kind, records in found.items():
                rows = [(kind, json.dumps(record, separators=(",", ":"))) for record in records]
                if not rows:
                    continue
                connection.executemany("INSERT INTO loads (kind, record) VALUES (?, ?)", rows)
                connection.execute(
                    "DELETE FROM loads WHERE kind = ? AND id <= coalesce((SELECT id FROM loads WHERE kind = ?"
                    " ORDER BY id DESC LIMIT 1 OFFSET ?), -1)",
                    (kind, kind, KEPT[kind]),
                )
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def records(self, kind: str) -> list[dict[str, Any]]:
        """All of a kind, oldest first; loads that run come last."""
        with self._lock:
            running = list(self._running.values()) if kind == LOADS else []
            if self._path is None:
                return self._memory[kind] + running
            try:
                rows = self._open().execute("SELECT record FROM loads WHERE kind = ? ORDER BY id", (kind,)).fetchall()
            except sqlite3.Error as error:
                raise errors.FileError(f"the history of loads in {self._path} cannot be read: {error}") from error
            return [json.loads(text) for (text,) in rows] + running

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            assert self._path is not None
            try:
                self._connection = opened(self._path, _connect)
            except (sqlite3.Error, OSError) as error:
                raise errors.FileError(f"the history {self._path} cannot be opened: {error}") from error
        return self._connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS loads (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, record TEXT NOT NULL)"
        )
        connection.execute("CREATE INDEX IF NOT EXISTS loads_of_kind ON loads (kind, id)")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
