"""Query history: what stl_query and its kin show, kept beside the catalogue and off its fast path.

    queries   a record a statement, with a unique ascending `query` number
    details   of statements that slices had a part in: their plans, steps and alerts (engine/history/)
    events    what happened beside statements: a vacuum, an analysis, a turn in workload management
    counts    how much of something was used since a moment: usage limits (wlm/usage.py), by all processes together

All but counts are dictionaries of JSON values. Details come as a function that makes them, so that a statement only
leaves behind what it has; they are made when a batch is written. A batch goes to history.sqlite on a thread of its own,
once 100 statements wait or one second after the first, with synchronous NORMAL: a crash may lose the last second of
history, and never anything else.

Events are written at once (`record_event`) or, those of statements, with the next batch (`note`).

Bounded: the newest KEPT_RECORDS statements stay and the details of KEPT_DETAILS of them, fewer where the file would
grow beyond MOST_BYTES; of each kind of event the newest KEPT_EVENTS. A database in memory, or opened read-only, keeps
its history in memory alone. A file that is none, or damaged, is put aside as history.sqlite.damaged when it is opened,
and a new one begun: nothing fails of it, nor of a disk that is full.
"""
from __future__ import annotations

import itertools
import json
import logging
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import errors

if TYPE_CHECKING:
    from ..sharing.numbers import Numbers

_log = logging.getLogger("warehouse.storage")

BATCH_RECORDS = 100
BATCH_SECONDS = 1.0
MOST_PENDING = 1_000  # then whoever records writes
BUSY_SECONDS = 60.0  # for another process that writes its batch
# Redshift keeps STL tables for days; here the newest records stay, whatever their age.
KEPT_RECORDS = 100_000
KEPT_EVENTS = 20_000
KEPT_DETAILS = 10_000
KEPT_IN_MEMORY = 500  # details, with their plans as they are; fewer where they are
NOTES_IN_MEMORY = 3_000  # of each kind of event
MOST_WEIGHT = 200_000  # ... large together: steps by slices
MOST_BYTES = 256 << 20

_COUNT = """INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET
    amount = CASE WHEN excluded.since > since THEN excluded.amount WHEN excluded.since = since
                  THEN amount + excluded.amount ELSE amount END,
    since = max(since, excluded.since)"""

Record = dict[str, Any]
QueryNumbers = frozenset[int] | None  # of statements; None: all
Describe = Callable[[], str]  # a record as JSON


class History:
    """`record` a statement, read all with `rows`. Safe for several threads."""

    def __init__(self, path: Path | None, numbers: Numbers | None = None) -> None:
        """`numbers`: where query numbers come from if several processes write to the file."""
        self._path = path
        self._numbers = numbers
        self._lock = threading.Lock()
        self._writing = threading.RLock()  # held while a batch is written; taken before `_lock`
        self._pending: list[tuple[Record | Callable[[], Record], Describe | None]] = []
        self._memory: deque[Record] = deque(maxlen=KEPT_RECORDS)  # without a file: everything
        self._described: deque[tuple[int, Describe, int]] = deque()
        self._weight = 0  # of those
        self.running: dict[int, Any] = {}  # statements of this process that run, by number, as sessions keep them
        self._events: dict[str, deque[Record | Describe]] = {}  # without a file
        self._notes: list[tuple[str, Describe]] = []
        self._used: list[tuple[str, int, float]] = []
        self._connection: sqlite3.Connection | None = None
        self._timer: threading.Timer | None = None
        self._ids: Iterator[int] | None = None
        self._highest = 0
        self._closed = False

    def next_query_id(self) -> int:
        """A number no other statement of this database has had."""
        if self._ids is None:
            self._begin_numbers()
        with self._lock:
            assert self._ids is not None
            number = next(self._ids, None)
            if number is None:
                number = self._draw()
            return number

    def _begin_numbers(self) -> None:
        with self._writing:
            if self._ids is None:
                try:
                    self._highest = self._highest_id()
                except errors.FileError as e:  # maybe the disk is full: what others have drawn is known without it
                    if self._numbers is None:
                        raise
                    _log.warning("%s", e)
                self._ids = itertools.count(self._highest + 1) if self._numbers is None else iter(())

    def _draw(self) -> int:
        """The first of a batch of numbers that this process alone uses."""
        assert self._numbers is not None
        first = self._numbers.take("query", BATCH_RECORDS, at_least=self._highest + 1)
        self._ids = iter(range(first + 1, first + BATCH_RECORDS))
        return first

    def record(
        self, record: Record | Callable[[], Record], describe: Describe | None = None, weight: int = 1
    ) -> None:
        """Keep one statement's record (JSON values only), or what makes it later. It must hold its "query" number.
        `describe` makes its details, later and on another thread; `weight`: how much it holds until then, steps by
        slices."""
        with self._lock:
            if self._path is None:
                self._keep(_made(record), describe, weight)
                return
            self._pending.append((record, describe))
            pending = len(self._pending)
            late = self._closed or pending >= MOST_PENDING
            if not late and pending % BATCH_RECORDS == 0:
                self._write_in(0.0)
            elif not late and self._timer is None:
                self._write_in(BATCH_SECONDS)
        if late:
            self._flush_late()

    def _keep(self, record: Record, describe: Describe | None, weight: int) -> None:
        """In memory, where the oldest details go first."""
        self._memory.append(record)
        if describe is None:
            return
        self._described.append((record["query"], describe, weight))
        self._weight += weight
        while len(self._described) > KEPT_IN_MEMORY or (self._weight > MOST_WEIGHT and len(self._described) > 1):
            self._weight -= self._described.popleft()[2]

    def _write_in(self, seconds: float) -> None:
        """Write what is pending on another thread."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(seconds, self._flush_in_time)
        self._timer.daemon = True
        self._timer.start()

    def rows(self, queries: QueryNumbers = None, since: int = 0) -> list[Record]:
        """All records, oldest first, or those of some numbers, or that began at `since` or later (microseconds)."""
        if self._path is None:
            with self._lock:
                return [r for r in self._memory
                        if (queries is None or r["query"] in queries) and (not since or r["starttime"] >= since)]
        return [json.loads(text) for _, text in self._read("queries", queries, since)]

    def details(self, queries: QueryNumbers = None) -> Iterator[tuple[int, Record]]:
        """(query, details) of the statements that have any, oldest first, or of those of some numbers."""
        if self._path is not None:
            yield from ((query, json.loads(text)) for query, text in self._read("details", queries))
            return
        with self._lock:
            kept = [each for each in self._described if queries is None or each[0] in queries]
        texts = ((query, _described(describe)) for query, describe, _ in kept)
        yield from ((query, json.loads(text)) for query, text in texts if text)

    def _read(self, table: str, queries: QueryNumbers, since: int = 0) -> list[tuple[int, str]]:
        """(number, record) of the file's table, what is pending too."""
        where = "WHERE true" if queries is None else f"WHERE id IN ({_listed(queries)})"
        if since:
            where += f" AND json_extract(record, '$.starttime') >= {int(since)}"
        with self._writing:
            self.flush()
            return self._rows(f"SELECT id, record FROM {table} {where} ORDER BY id")

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        try:
            return self._open().execute(sql, values).fetchall()
        except sqlite3.Error as e:
            raise errors.FileError(f"the query history {self._path} cannot be read: {e}") from e

    def record_event(self, kind: str, record: Record) -> None:
        """Keep something that happened beside statements (JSON values only): a vacuum, an analysis."""
        if self._path is None:
            with self._lock:
                self._events_of(kind).append(record)
            return
        with self._writing:
            try:
                _put_events(self._open(), [(kind, _text(record))])
            except (sqlite3.Error, errors.FileError) as e:  # it must not stand before what it tells of
                _log.warning("the history %s cannot be written: %s", self._path, e)

    def _events_of(self, kind: str) -> deque[Record | Describe]:
        return self._events.setdefault(kind, deque(maxlen=NOTES_IN_MEMORY))

    def note(self, kind: str, describe: Describe) -> None:
        """Keep an event of a statement; `describe` makes it, later and on another thread. Whoever notes waits for no
        file, as long as the history is open: too many notes are written with too many statements."""
        with self._lock:
            if self._path is None:
                self._events_of(kind).append(describe)
                return
            self._notes.append((kind, describe))
            if not self._closed and self._timer is None:
                self._write_in(BATCH_SECONDS)
            late = self._closed
        if late:
            self._flush_late()

    def count(self, name: str, since: int, amount: float) -> None:
        """So much more of something has been used since a moment (microseconds); an older moment's is forgotten."""
        if self._path is not None:
            with self._lock:
                self._used.append((name, since, amount))
                if not self._closed and self._timer is None:
                    self._write_in(BATCH_SECONDS)

    def counts(self) -> dict[str, tuple[int, float]]:
        """By name: since when, how much; of a history without a file nothing."""
        if self._path is None:
            return {}
        with self._writing:
            self.flush()
            return {name: (since, amount) for name, since, amount in self._rows("SELECT * FROM counts")}

    def forget_counts(self, kept: Collection[str]) -> None:
        """Begin all counts anew but some."""
        if self._path is not None:
            with self._writing:
                self.flush()
                marks = ",".join("?" * len(kept))
                self._rows(f"DELETE FROM counts WHERE name NOT IN ({marks})", *kept)

    def events(self, kind: str, queries: QueryNumbers = None) -> list[Record]:
        """All events of a kind, oldest first, or those of some statements."""
        if self._path is None:
            with self._lock:
                kept = list(self._events.get(kind, ()))
            found = [json.loads(_described(each) or "{}") if callable(each) else each for each in kept]
            return [e for e in found if e and (queries is None or e.get("query") in queries)]
        where = "" if queries is None else f"AND json_extract(record, '$.query') IN ({_listed(queries)}) "
        with self._writing:
            self.flush()
            rows = self._rows(f"SELECT record FROM events WHERE kind = ? {where}ORDER BY id", kind)
            return [json.loads(text) for (text,) in rows]

    def flush(self) -> None:
        """Write what is pending."""
        with self._writing:
            with self._lock:
                batch, self._pending = self._pending, []
                notes, self._notes = self._notes, []
                used, self._used = self._used, []
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            if not batch and not notes and not used:
                return
            try:
                self._write(batch, notes, used)
            except errors.FileError:
                with self._lock:
                    self._pending[:0] = batch
                    self._notes[:0] = notes
                    self._used[:0] = used
                raise

    def _flush_in_time(self) -> bool:
        try:
            self.flush()
        except errors.FileError as e:
            _log.warning("%s; it will be tried again", e)
            return False
        return True

    def _flush_late(self) -> None:
        """Write what is far too much. A statement must not fail of it: on a full disk the oldest are forgotten."""
        if not self._flush_in_time():
            with self._lock:
                del self._pending[: -MOST_PENDING // 2]
                del self._notes[: -NOTES_IN_MEMORY]

    def close(self) -> None:
        with self._writing:
            try:
                self.flush()
            except errors.FileError as e:  # what else the database holds must be let go
                _log.warning("%s; the last statements are not in it", e)
            self._closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _highest_id(self) -> int:
        if self._path is None or not self._path.exists():
            return 0
        return int(self._rows("SELECT coalesce(max(id), 0) FROM queries")[0][0])

    def _write(
        self, batch: list[tuple[Record | Callable[[], Record], Describe | None]], notes: list[tuple[str, Describe]],
        used: list[tuple[str, int, float]],
    ) -> None:
        made = [(_made(record), describe) for record, describe in batch]
        records = [(r["query"], _text(r)) for r, _ in made]
        details = [(r["query"], text) for r, describe in made if describe and (text := _described(describe))]
        events = [(kind, text) for kind, describe in notes if (text := _described(describe))]
        connection = self._open()
        try:
            connection.execute("BEGIN IMMEDIATE")
            _put(connection, "queries", records, KEPT_RECORDS)
            _put(connection, "details", details, KEPT_DETAILS)
            _put_events(connection, events)
            connection.executemany(_COUNT, used)
            connection.execute("COMMIT")
            if _size(connection) > MOST_BYTES:
                connection.execute("DELETE FROM details WHERE id <= (SELECT (min(id) + max(id)) / 2 FROM details)")
        except sqlite3.Error as e:
            if connection.in_transaction:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            raise errors.FileError(f"the query history {self._path} cannot be written: {e}") from e

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._path is None:
                raise errors.InternalError("a history in memory has no file")
            try:
                self._connection = opened(self._path, _connect)
            except (sqlite3.Error, OSError) as e:
                raise errors.FileError(f"the query history {self._path} cannot be opened: {e}") from e
        return self._connection


def _made(record: Record | Callable[[], Record]) -> Record:
    return record() if callable(record) else record


def _text(values: Any) -> str:
    return json.dumps(values, separators=(",", ":"))


def _described(describe: Describe) -> str | None:
    """Details as text; None if they cannot be had: a statement's end must not hang on them."""
    try:
        return describe()
    except Exception:
        _log.exception("a statement's details could not be written to the history")
        return None


def _put(connection: sqlite3.Connection, table: str, rows: list[tuple[int, str]], kept: int) -> None:
    """Add rows to a table and drop its oldest."""
    if rows:
        connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", rows)
        connection.execute(f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM queries) - ?", (kept,))


def _put_events(connection: sqlite3.Connection, rows: list[tuple[str, str]]) -> None:
    """Add events and drop the oldest of their kinds."""
    if rows:
        connection.executemany("INSERT INTO events (kind, record) VALUES (?, ?)", rows)
        for kind in {kind for kind, _ in rows}:
            connection.execute("DELETE FROM events WHERE kind = ? AND id <= (SELECT id FROM events WHERE kind = ? "
                               "ORDER BY id DESC LIMIT 1 OFFSET ?)", (kind, kind, KEPT_EVENTS))


def _listed(queries: Iterable[int]) -> str:
    return ",".join(map(str, map(int, queries)))


def _size(connection: sqlite3.Connection) -> int:
    """Bytes of the file that are in use."""
    pages, free, size = (int(connection.execute(f"PRAGMA {name}").fetchone()[0])
                         for name in ("page_count", "freelist_count", "page_size"))
    return (pages - free) * size


def opened(path: Path, connect: Callable[[Path], sqlite3.Connection]) -> sqlite3.Connection:
    """The file of histories, a new one in place of one that is none or is damaged. Others that have that one open go
    on with it."""
    try:
        return connect(path)
    except sqlite3.OperationalError:
        raise  # locked, or a disk that is full
    except sqlite3.DatabaseError as e:
        aside = path.with_name(f"{path.name}.damaged")
        _log.warning("the query history %s begins anew, the old one is %s: %s", path, aside.name, e)
        os.replace(path, aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        for table in ("queries", "details"):
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY, record TEXT NOT NULL)")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, record TEXT NOT NULL)"
        )
        connection.execute("CREATE INDEX IF NOT EXISTS events_by_kind ON events (kind, id)")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, since INTEGER NOT NULL, amount REAL NOT NULL)"
        )
    except sqlite3.Error:
        connection.close()
        raise
    return connection
