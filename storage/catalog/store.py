"""The catalogue in SQLite: one small file that decides what is committed.

Everything else on disk (extents) counts only because a row here names it. Rows carry the commits
between which they hold, so that the file can answer for any snapshot that is still pinned:

    extents   id  table_id  created_seq  dropped_seq  path ...
               7    100000           12         NULL  100000/0/12-0.ext     in all snapshots >= 12
               3    100000            9           12  100000/all/9-0.ext    in snapshots 9, 10, 11

The file is read whole when the database is opened (`load`); then `write` puts the changes of one commit into one
BEGIN IMMEDIATE, and what other processes have committed is read as news (news.py). WAL with synchronous FULL makes
COMMIT durable. All SQL of the catalogue stands in these files and in copies.py, so that another database can take
SQLite's place.
"""
from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from ... import errors
from ...records import dataclass
from ..access.facts import NO_FACTS, Facts
from ..deletes import DeleteVector, Group
from ..failpoints import reach
from ..schema import ExtentRef, Table, Topology, View
from ..serializable import Committed
from . import codec, sketches
from .news import (
    EXTENT,
    News,
    committed_since,
    dropped_since,
    inline_data,
    modified_rows,
    paths_by_state,
    read_news,
)
from .state import BUILTIN_SCHEMAS, FIRST_RELATION_ID, CatalogState, Changes, TableEntry

# How long to wait for another process that checkpoints or recovers the file.
BUSY_SECONDS = 60.0
# Raised when the folder's contents change in a way that an older release would misread.
# 1: sketches without samples; 2: no delete vectors; 3: no count of modified rows, no facts;
# 4: no inline extents.
FORMAT_VERSION = 5
APPLICATION_ID = 0x57485351  # "WHSQ": `file` and sqlite3's shell can tell whose file it is

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE schemas (
    name TEXT NOT NULL, created_seq INTEGER NOT NULL, dropped_seq INTEGER,
    PRIMARY KEY (name, created_seq)) WITHOUT ROWID;
CREATE TABLE tables (
    id INTEGER NOT NULL, created_seq INTEGER NOT NULL, dropped_seq INTEGER, version INTEGER NOT NULL,
    schema TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL,
    PRIMARY KEY (id, created_seq));
CREATE TABLE views (
    id INTEGER NOT NULL, created_seq INTEGER NOT NULL, dropped_seq INTEGER, version INTEGER NOT NULL,
    schema TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL,
    PRIMARY KEY (id, created_seq));
CREATE TABLE extents (
    id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL, created_seq INTEGER NOT NULL, dropped_seq INTEGER,
    path TEXT NOT NULL, slice INTEGER NOT NULL, "rows" INTEGER NOT NULL, bytes INTEGER NOT NULL,
    row_groups INTEGER NOT NULL);
CREATE TABLE inline_extents (extent_id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE statistics (
    table_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, replicated INTEGER NOT NULL,
    exact_bounds INTEGER NOT NULL, sketches BLOB NOT NULL);
CREATE TABLE modified_rows (table_id INTEGER PRIMARY KEY, "rows" INTEGER NOT NULL);
CREATE TABLE identity (
    table_id INTEGER NOT NULL, column_id INTEGER NOT NULL, next INTEGER NOT NULL,
    PRIMARY KEY (table_id, column_id)) WITHOUT ROWID;
CREATE TABLE delete_vectors (
    extent_id INTEGER NOT NULL, row_group INTEGER NOT NULL, created_seq INTEGER NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (extent_id, row_group));
CREATE TABLE facts (
    kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE transactions (
    seq INTEGER PRIMARY KEY, id INTEGER NOT NULL, snapshot INTEGER NOT NULL, reads TEXT NOT NULL,
    writes TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS extents_created ON extents (created_seq);
CREATE INDEX IF NOT EXISTS extents_dropped ON extents (dropped_seq) WHERE dropped_seq IS NOT NULL;
CREATE INDEX IF NOT EXISTS vectors_created ON delete_vectors (created_seq);
"""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the file holds when the database is opened."""

    state: CatalogState
    topology: Topology
    next_relation: int
    next_extent: int
    transaction: int  # the highest number of a committed transaction
    identity: dict[tuple[int, int], int]


class CatalogStore:
    """A connection to catalog.sqlite. Not for use by two threads at once: Database holds a lock."""

    def __init__(self, path: Path | None, *, read_only: bool = False, live: bool = False) -> None:
        """`path` None: in memory. Read-only opens the file as immutable, or as it is being written (`live`)."""
        self.path = path
        self.read_only = read_only
        self._live = live
        self._version: int | None = None
        self._upgraded = False
        self.upgraded_from: int | None = None  # an older format that this connection has brought up to date
        try:
            self.connection = self._connect()
        except sqlite3.DatabaseError as e:
            raise self._failure(e) from e

    def _connect(self) -> sqlite3.Connection:
        if self.path is None:
            return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        mode = "mode=rwc" if not self.read_only else "mode=ro" if self._live else "mode=ro&immutable=1"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None,
            check_same_thread=False, timeout=BUSY_SECONDS,
        )
        if not self.read_only:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
            except BaseException:
                connection.close()
                raise
        return connection

    def _failure(self, e: sqlite3.Error) -> errors.DatabaseError:
        if isinstance(e, sqlite3.OperationalError):
            return errors.FileError(f"the catalogue {self.path} cannot be used: {e}")
        return errors.DataCorrupted(f"the catalogue {self.path} is damaged: {e}")

    def close(self) -> None:
        self.connection.close()

    # -- opening -------------------------------------------------------------------------------

    def is_empty(self) -> bool:
        """Was nothing ever committed here? (A new file, or one whose creation was cut short.)"""
        try:
            return self._one("SELECT count(*) FROM sqlite_master") == 0
        except sqlite3.DatabaseError as e:
            raise self._failure(e) from e

    def create(self, topology: Topology) -> None:
        """Make the tables of a new catalogue, all or none."""
        self._working(lambda: self._create(topology))

    def _create(self, topology: Topology) -> None:
        statements = [s for s in _SCHEMA.split(";") if s.strip()]
        run = self.connection.execute
        if self.path is not None:
            run(f"PRAGMA application_id = {APPLICATION_ID}")
        run("BEGIN IMMEDIATE")
        for statement in statements:
            run(statement)
        meta = {
            "format": str(FORMAT_VERSION), "topology": codec.topology_to_json(topology), "seq": "0",
            "next_relation": str(FIRST_RELATION_ID), "transaction": "0",
        }
        self.connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        self.connection.executemany(
            "INSERT INTO schemas VALUES (?, 0, NULL)", [(name,) for name in BUILTIN_SCHEMAS]
        )
        run("COMMIT")

    def load(self) -> tuple[Loaded, News]:
        """Read the newest state, and as news what was dropped and who has committed, as far as that is known."""
        def work() -> tuple[Loaded, News]:
            self.connection.execute("BEGIN")
            try:
                loaded = self.read(None)
                return loaded, News(loaded, dropped_since(self.connection, 0), committed_since(self.connection, 0))
            finally:
                self.connection.execute("COMMIT")

        return self._working(work)

    def changed(self) -> bool:
        """Whether another process may have committed since the last call: the cheapest question to SQLite."""
        try:
            version = self._one("PRAGMA data_version")
        except sqlite3.DatabaseError as e:
            raise self._failure(e) from e
        before, self._version = self._version, version
        return before != version

    def news(self, known: CatalogState) -> News | None:
        """What others have committed since `known`; None: nothing."""
        return self._working(lambda: read_news(self, known))

    def _working(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except sqlite3.DatabaseError as e:
            raise self._failure(e) from e
        except (ValueError, KeyError, TypeError) as e:
            raise errors.DataCorrupted(f"the catalogue {self.path} is damaged: {e!r}") from e

    def read(self, advanced: tuple[dict[int, Table | View], dict[int, TableEntry]] | None) -> Loaded:
        """The newest state, within the caller's transaction; `advanced`: its relations and entries, if they have been
        read already. The format is looked at before anything else is."""
        meta = dict(self.connection.execute("SELECT key, value FROM meta"))
        if int(meta["format"]) > FORMAT_VERSION:
            raise errors.FormatTooNew(
                f"the database was written by a newer release: its format is {meta['format']}, "
                f"this release reads up to {FORMAT_VERSION}",
                hint="Upgrade warehouse-sql.",
            )
        if advanced is None:
            relations = self._load_relations()
            entries = self._load_entries(relations)
        else:
            relations, entries = advanced
        state = CatalogState(
            seq=int(meta["seq"]),
            schemas=frozenset(
                name for (name,) in
                self.connection.execute("SELECT name FROM schemas WHERE dropped_seq IS NULL")
            ),
            relations=relations,
            names={(r.schema, r.name): r.id for r in relations.values()},
            entries=entries,
            settings=dict(self.connection.execute("SELECT name, value FROM settings")),
            facts=self._load_facts(int(meta["seq"])),
        )
        identity = {
            (table, column): following for table, column, following in
            self.connection.execute("SELECT table_id, column_id, next FROM identity")
        }
        return Loaded(
            state, codec.topology_from_json(meta["topology"]), int(meta["next_relation"]),
            self._one("SELECT coalesce(max(id), 0) + 1 FROM extents"), int(meta["transaction"]), identity,
        )

    def named(self, paths: list[str]) -> set[str]:
        """Those of the relative paths that are extents', live or dropped."""

        def work() -> set[str]:
            found: set[str] = set()
            for start in range(0, len(paths), 500):
                some = paths[start : start + 500]
                marks = ", ".join("?" * len(some))
                found.update(p for (p,) in self.connection.execute(
                    f"SELECT path FROM extents WHERE path IN ({marks})", some))
            return found

        return self._working(work)

    def paths_by_state(self) -> tuple[list[str], list[str]]:
        """Paths of all files that are named, and of those that were dropped and are not forgotten."""
        found = self._working(lambda: paths_by_state(self.connection))
        return found[True], found[False]

    def integrity(self) -> list[str]:
        """What SQLite finds wrong with the file."""
        rows = self._working(lambda: self.connection.execute("PRAGMA integrity_check").fetchall())
        return [text for (text,) in rows if text != "ok"]

    def topology(self) -> Topology:
        """What the database was made with."""
        def work() -> Topology:
            text = self.connection.execute("SELECT value FROM meta WHERE key = 'topology'").fetchone()[0]
            return codec.topology_from_json(text)

        return self._working(work)

    def number(self, key: str) -> int:
        """A number of the meta table; 0 if it is not there."""
        sql = "SELECT value FROM meta WHERE key = ?"
        found = self._working(lambda: self.connection.execute(sql, (key,)).fetchone())
        return 0 if found is None else int(found[0])

    def _one(self, sql: str) -> int:
        return int(self.connection.execute(sql).fetchone()[0])

    def _load_relations(self) -> dict[int, Table | View]:
        columns = "id, schema, name, version, definition"
        relations: dict[int, Table | View] = {}
        for row in self.connection.execute(f"SELECT {columns} FROM tables WHERE dropped_seq IS NULL"):
            relations[row[0]] = codec.table_from_json(*row)
        for row in self.connection.execute(f"SELECT {columns} FROM views WHERE dropped_seq IS NULL"):
            relations[row[0]] = codec.view_from_json(*row)
        return relations

    def _load_facts(self, seq: int) -> Facts:
        if not self._has_table("facts"):
            return NO_FACTS  # format 3
        rows = self.connection.execute("SELECT kind, key, value FROM facts")
        return Facts({(kind, key): value for kind, key, value in rows}, seq)

    def _has_table(self, name: str) -> bool:
        found = self.connection.execute("SELECT count(*) FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        return bool(found[0])

    def _load_entries(self, relations: dict[int, Table | View]) -> dict[int, TableEntry]:
        extents: dict[int, list[ExtentRef]] = {}
        for table_id, *fields in self.connection.execute(
            f"SELECT table_id, id, {EXTENT}, {inline_data(self.connection)} FROM extents"
            " WHERE dropped_seq IS NULL ORDER BY id"
        ):
            extents.setdefault(table_id, []).append(ExtentRef(*fields))
        deleted = self._load_deleted(extents)
        modified = modified_rows(self.connection)
        entries: dict[int, TableEntry] = {}
        for table_id, replicated, exact, blob in self.connection.execute(
            "SELECT table_id, replicated, exact_bounds, sketches FROM statistics"
        ):
            table = relations[table_id]
            if not isinstance(table, Table):
                raise ValueError(f"statistics of {table.name}, which is not a table")
            entries[table_id] = TableEntry(
                table, tuple(extents.get(table_id, ())), sketches.from_bytes(blob), bool(replicated),
                bool(exact), deleted=deleted.get(table_id, {}), modified=modified.get(table_id, 0),
            )
        return entries

    def _load_deleted(self, extents: dict[int, list[ExtentRef]]) -> dict[int, dict[Group, DeleteVector]]:
        """Delete vectors by table; those of dropped extents wait for `purge_dropped`."""
        if not self._has_table("delete_vectors"):
            return {}  # format 2
        owner = {e.id: table_id for table_id, refs in extents.items() for e in refs}
        found: dict[int, dict[Group, DeleteVector]] = {}
        for extent, group, data in self.connection.execute(
            "SELECT extent_id, row_group, vector FROM delete_vectors"
        ):
            if extent in owner:
                found.setdefault(owner[extent], {})[extent, group] = DeleteVector.from_bytes(data)
        return found

    # -- committing ----------------------------------------------------------------------------

    def write(
        self,
        state: CatalogState,
        changes: Changes,
        *,
        next_relation: int,
        transaction: int,
        forget: Iterable[int] = (),
        record: Committed | None = None,
        horizon: int | None = None,
        topology: Topology | None = None,
    ) -> None:
        """Make `state` (the outcome of `changes`) the newest one, durably, or raise and change nothing.

        `forget`: ids of dropped extents whose files are gone; their rows go with this commit. `record`: the
        transaction, if others may have to be ordered against it, kept until `horizon` has passed it. `topology`: slices
        are on other nodes from now on.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                reach("commit.begun")
                self._check_seq(state.seq - 1)
                self._upgrade()
                self._write_names(state.seq, changes)
                self._write_facts(state.facts, changes)
                self._write_extents(state.seq, changes, forget)
                self._write_statistics(state, changes)
                self._write_meta(state.seq, next_relation, transaction)
                self._write_transaction(record, horizon)
                if topology is not None:
                    self._write_topology(topology)
                reach("commit.written")
                self.connection.execute("COMMIT")
                reach("commit.durable")
                self._upgraded = True
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
        except sqlite3.DatabaseError as e:
            raise self._failure(e) from e

    def _upgrade(self) -> None:
        """Bring an older format's tables up to date, within the commit that first writes."""
        if self._upgraded:
            return
        found = self.number("format")
        self.upgraded_from = found if found < FORMAT_VERSION else None
        upgrade(self.connection)

    def _check_seq(self, expected: int) -> None:
        found = self._one("SELECT value FROM meta WHERE key = 'seq'")
        if found != expected:
            raise errors.InternalError(f"the catalogue is at commit {found}, expected {expected}")

    def _write_names(self, seq: int, changes: Changes) -> None:
        run = self.connection.execute
        for name in changes.dropped_schemas:
            run("UPDATE schemas SET dropped_seq = ? WHERE name = ? AND dropped_seq IS NULL", (seq, name))
        for name in changes.created_schemas:
            run("INSERT INTO schemas VALUES (?, ?, NULL)", (name, seq))
        for relation in changes.dropped:
            kind = "tables" if isinstance(relation, Table) else "views"
            run(
                f"UPDATE {kind} SET dropped_seq = ? WHERE id = ? AND dropped_seq IS NULL",
                (seq, relation.id),
            )
        for relation in changes.created:
            if isinstance(relation, Table):
                kind, text = "tables", codec.table_to_json(relation)
            else:
                kind, text = "views", codec.view_to_json(relation)
            run(
                f"INSERT OR REPLACE INTO {kind} VALUES (?, ?, NULL, ?, ?, ?, ?)",
                (relation.id, seq, relation.version, relation.schema, relation.name, text),
            )
        for setting, value in changes.settings.items():
            if value is None:
                run("DELETE FROM settings WHERE name = ?", (setting,))
            else:
                run("INSERT OR REPLACE INTO settings VALUES (?, ?)", (setting, value))

    def _write_facts(self, facts: Facts, changes: Changes) -> None:
        run = self.connection.execute
        for kind, key in changes.facts:
            value = facts.rows.get((kind, key))
            if value is None:
                run("DELETE FROM facts WHERE kind = ? AND key = ?", (kind, key))
            else:
                run("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", (kind, key, value))

    def _write_extents(self, seq: int, changes: Changes, forget: Iterable[int]) -> None:
        many = self.connection.executemany
        many(
            "UPDATE extents SET dropped_seq = ? WHERE id = ?",
            [(seq, e.id) for e in changes.dropped_extents],
        )
        many(
            "INSERT INTO extents VALUES (?, ?, ?, NULL, ?, ?, ?, ?, ?)",
            [
                (e.id, table_id, seq, e.path, e.slice, e.rows, e.bytes, e.row_groups)
                for table_id, e in changes.added_extents
            ],
        )
        many("INSERT INTO inline_extents VALUES (?, ?)",
             [(e.id, e.data) for _, e in changes.added_extents if e.data is not None])
        many("DELETE FROM inline_extents WHERE extent_id = ?",
             [(e.id,) for e in changes.dropped_extents if e.is_inline])
        many(
            "INSERT OR REPLACE INTO delete_vectors VALUES (?, ?, ?, ?)",
            [(extent, group, seq, vector.data) for (extent, group), vector in changes.vectors.items()],
        )
        for id_ in forget:
            self._forget_extent(id_)
        many("DELETE FROM delete_vectors WHERE extent_id = ?", [(e.id,) for e in changes.dropped_extents])

    def _forget_extent(self, id_: int) -> None:
        """Delete a dropped extent's row; who knows an older state than its end reads everything anew."""
        run = self.connection.execute
        ended = run("DELETE FROM extents WHERE id = ? RETURNING dropped_seq", (id_,)).fetchone()
        if ended is not None and ended[0] > self.number("purged"):
            run("INSERT OR REPLACE INTO meta VALUES ('purged', ?)", (str(ended[0]),))

    def _write_statistics(self, state: CatalogState, changes: Changes) -> None:
        run = self.connection.execute
        for table_id in changes.touched:
            entry = state.entries[table_id]
            blob = sketches.to_bytes(entry.sketches)
            run(
                "INSERT OR REPLACE INTO statistics VALUES (?, ?, ?, ?, ?)",
                (table_id, state.seq, entry.replicated, entry.exact_bounds, blob),
            )
        for table_id in changes.counted:
            run("INSERT OR REPLACE INTO modified_rows VALUES (?, ?)", (table_id, state.entries[table_id].modified))
        for relation in changes.dropped:
            if relation.id not in state.entries:
                run("DELETE FROM statistics WHERE table_id = ?", (relation.id,))
                run("DELETE FROM modified_rows WHERE table_id = ?", (relation.id,))
                run("DELETE FROM identity WHERE table_id = ?", (relation.id,))
        for (table_id, column), following in changes.identity.items():
            run("INSERT OR REPLACE INTO identity VALUES (?, ?, ?)", (table_id, column, following))

    def _write_meta(self, seq: int, next_relation: int, transaction: int) -> None:
        self.connection.executemany(
            "UPDATE meta SET value = ? WHERE key = ?",
            [
                (str(FORMAT_VERSION), "format"), (str(seq), "seq"), (str(next_relation), "next_relation"),
                (str(transaction), "transaction"),
            ],
        )

    def _write_transaction(self, record: Committed | None, horizon: int | None) -> None:
        run = self.connection.execute
        run("DELETE FROM transactions WHERE seq <= ?", (2**62 if horizon is None else horizon,))
        if record is not None:
            values = (record.commit, record.id, record.snapshot, _numbers(record.reads), _numbers(record.writes))
            run("INSERT INTO transactions VALUES (?, ?, ?, ?, ?)", values)

    def _write_topology(self, topology: Topology) -> None:
        text = codec.topology_to_json(topology)
        self.connection.execute("UPDATE meta SET value = ? WHERE key = 'topology'", (text,))

    def purge_dropped(self) -> None:
        """Forget what no snapshot can see any more: for opening, when nothing is pinned."""
        reach("open.purge")
        self._working(self._purge)

    def _purge(self) -> None:
        run = self.connection.execute
        run("BEGIN IMMEDIATE")
        for table in ("schemas", "tables", "views", "extents"):
            run(f"DELETE FROM {table} WHERE dropped_seq IS NOT NULL")
        run("INSERT OR REPLACE INTO meta VALUES ('purged', ?)", (str(self.number("seq")),))
        run("COMMIT")

    def has_dropped(self) -> bool:
        """Are there rows that `purge_dropped` would remove? (It costs an fsync.)"""
        return self._working(lambda: any(
            self.connection.execute(f"SELECT 1 FROM {t} WHERE dropped_seq IS NOT NULL LIMIT 1").fetchone()
            for t in ("schemas", "tables", "views", "extents")
        ))


def upgrade(connection: sqlite3.Connection) -> None:
    """The tables that an older format lacks."""
    for statement in _SCHEMA.split(";"):
        if statement.strip():
            connection.execute(statement.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1))


def _numbers(ids: Iterable[int]) -> str:
    return json.dumps(sorted(ids), separators=(",", ":"))
