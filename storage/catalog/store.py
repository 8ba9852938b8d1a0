"""The catalogue in SQLite: one small file that decides what is committed.

Everything else on disk (extents) counts only because a row here names it. Rows carry the commits
between which they hold, so that the file can answer for any snapshot that is still pinned:

    extents   id  table_id  created_seq  dropped_seq  path ...
               7    100000           12         NULL  100000/0/12-0.ext     in all snapshots >= 12
               3    100000            9           12  100000/all/9-0.ext    in snapshots 9, 10, 11

The file is read whole when the database is opened (`load`, loading.py); then `write` puts the changes of one commit
into one BEGIN IMMEDIATE (writing.py; those of a single row: row_commits.py), and what other processes have committed is
read as news (news.py). WAL with synchronous FULL makes COMMIT durable. All SQL of the catalogue stands in these files
and in copies.py, so that another database can take SQLite's place.
"""
from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

from ... import errors
from ...records import dataclass
from ..access.facts import NO_FACTS, Facts
from ..failpoints import reach
from ..schema import ExtentRef, Table, Topology, View
from ..serializable import Committed
from . import codec, row_commits
from .changes import Changes
from .layout import APPLICATION_ID, FORMAT_VERSION, create, number, upgrade
from .loading import load_entries, load_relations
from .news import (
    News,
    committed_since,
    dropped_since,
    paths_by_state,
    read_news,
)
from .state import BUILTIN_SCHEMAS, FIRST_RELATION_ID, CatalogState, TableEntry
from .writing import write_changes, write_meta, write_topology, write_transaction

# How long to wait for another process that checkpoints or recovers the file.
BUSY_SECONDS = 60.0

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


class Behind(errors.InternalError):
    """Somebody has committed that the one who would commit has not seen."""


class CatalogStore:
    """A connection to catalog.sqlite. Not for use by two threads at once: Database holds a lock."""

    def __init__(self, path: Path | None, *, read_only: bool = False, live: bool = False) -> None:
        """`path` None: in memory. Read-only opens the file as immutable, or as it is being written (`live`)."""
        self.path = path
        self.read_only = read_only
        self._live = live
        self._version: int | None = None
        self.is_up_to_date = False  # whether a commit has shown that the file has the newest format
        self._numbers: dict[str, int] = {}  # those of the meta table that this connection has committed last
        self._no_transactions = False  # whether the table of transactions is known to be empty
        self._tables: set[str] = set()  # such as older formats lack, and are there
        self.upgraded_from: int | None = None  # an older format that this connection has brought up to date
        try:
            self.connection = self._connect()
        except sqlite3.DatabaseError as e:
            raise self._failure(e) from e
        self._cursor = self.connection.cursor()  # of rows that come by themselves

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
                _check_ours(connection)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
            except BaseException:
                connection.close()
                raise
        return connection

    def _failure(self, e: sqlite3.Error) -> errors.DatabaseError:
        from .failures import failure

        return failure(self.path, e)

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
        run = self.connection.execute
        if self.path is not None:
            run(f"PRAGMA application_id = {APPLICATION_ID}")
        run("BEGIN IMMEDIATE")
        create(self.connection)
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
                return loaded, News(loaded, dropped_since(self.connection, 0), committed_since(self, 0))
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
        if before != version:
            self._numbers, self._no_transactions = {}, False
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

    def read(
        self, advanced: tuple[dict[int, Table | View], dict[int, TableEntry]] | None, facts: Facts = NO_FACTS,
        meta: Mapping[str, str] | None = None,
    ) -> Loaded:
        """The newest state, within the caller's transaction; `advanced`: its relations and entries, if they have been
        read already, so with `meta`; `facts`: those of an older state. The format is looked at before anything else is.
        """
        meta = self.meta() if meta is None else meta
        if int(meta["format"]) > FORMAT_VERSION:
            raise errors.FormatTooNew(
                f"the database was written by a newer release: its format is {meta['format']}, "
                f"this release reads up to {FORMAT_VERSION}",
                hint="Upgrade warehouse-sql.",
            )
        if advanced is None:
            relations = load_relations(self.connection)
            entries = load_entries(self, relations)
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
            facts=self._load_facts(int(meta["seq"]), facts),
        )
        identity = {
            (table, column): following for table, column, following in
            self.connection.execute("SELECT table_id, column_id, next FROM identity")
        }
        return Loaded(
            state, codec.topology_from_json(meta["topology"]), int(meta["next_relation"]),
            max(self._one("SELECT coalesce(max(id), 0) FROM extents"), row_commits.highest_extent(self)) + 1,
            int(meta["transaction"]), identity,
        )

    def meta(self) -> dict[str, str]:
        """The numbers and the like, by their keys."""
        found = dict(self.connection.execute("SELECT key, value FROM meta"))
        if self.has_table(row_commits.TABLE):
            found["seq"] = str(max(int(found["seq"]), row_commits.last(self.connection)))
        return found

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
        """What is wrong with the file by SQLite's own check, and with what that does not look at in its header."""
        from .header import LENGTH, problems

        rows = self._working(lambda: self.connection.execute("PRAGMA integrity_check").fetchall())
        found = [text for (text,) in rows if text != "ok"]
        # Through SQLite: opening its file beside it would let go of its locks.
        return [*found, *problems(self._working(self.connection.serialize)[:LENGTH])]

    def topology(self) -> Topology:
        """What the database was made with."""
        def work() -> Topology:
            text = self.connection.execute("SELECT value FROM meta WHERE key = 'topology'").fetchone()[0]
            return codec.topology_from_json(text)

        return self._working(work)

    def number(self, key: str) -> int:
        """A number of the meta table; 0 if it is not there."""
        return self._working(lambda: number(self.connection, key))

    def _one(self, sql: str) -> int:
        return int(self.connection.execute(sql).fetchone()[0])

    def _load_facts(self, seq: int, known: Facts) -> Facts:
        """Those of commit `seq`: the known ones where they are the same, since plans hold for their version only."""
        if not self.has_table("facts"):
            return NO_FACTS  # format 3
        rows = {(kind, key): value for kind, key, value in
                self.connection.execute("SELECT kind, key, value FROM facts")}
        return known if rows == known.rows else Facts(rows, seq)

    def has_table(self, name: str) -> bool:
        """Whether the file has a table that older formats lack; one that is there stays."""
        if name not in self._tables:
            found = self.connection.execute("SELECT count(*) FROM sqlite_master WHERE name = ?", (name,)).fetchone()
            if not found[0]:
                return False
            self._tables.add(name)
        return True

    # -- committing ----------------------------------------------------------------------------

    def write(
        self,
        state: CatalogState,
        changes: Changes,
        *,
        next_relation: int,
        transaction: int,
        forget: Collection[int] = (),
        record: Committed | None = None,
        horizon: int | None = None,
        topology: Topology | None = None,
    ) -> None:
        """Make `state` (the outcome of `changes`) the newest one, durably, or raise and change nothing.

        `forget`: ids of dropped extents whose files are gone; their rows go with this commit. `record`: the
        transaction, if others may have to be ordered against it, kept until `horizon` has passed it. `topology`: slices
        are on other nodes from now on. Raises Behind when the file has a commit that `state` does not follow.
        """
        numbers = {"format": FORMAT_VERSION, "next_relation": next_relation, "transaction": transaction}
        alone = record is None and horizon is None

        def write() -> None:
            self._upgrade()
            row_commits.fold(self.connection)
            self._follow(state.seq)
            write_changes(self.connection, state, changes, forget)
            write_meta(self.connection, numbers, self._numbers)
            write_transaction(self.connection, record, horizon)
            if topology is not None:
                write_topology(self.connection, topology)

        self._no_transactions = self._no_transactions and record is None
        self._commit(write)
        self.is_up_to_date, self._numbers, self._no_transactions = True, numbers, alone

    def _commit(self, write: Callable[[], None]) -> None:
        """What `write` does, as one commit of SQLite."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                reach("commit.begun")
                write()
                reach("commit.written")
                self.connection.execute("COMMIT")
                reach("commit.durable")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
        except sqlite3.DatabaseError as e:
            raise self._failure(e) from e

    def takes_row(self, next_relation: int, transaction: int) -> bool:
        """Whether the file knows all that `write` would tell it beside a row: then `append` writes that alone."""
        numbers = self._numbers
        return (self._no_transactions and numbers["next_relation"] == next_relation
                and numbers["transaction"] == transaction)

    def append(self, seq: int, table: int, extent: ExtentRef) -> None:
        """Commit a table's inline extent of one row (row_commits.py), durably; raises as `write` does."""
        try:
            found = row_commits.append(self._cursor, seq, table, extent)
        except sqlite3.DatabaseError as e:
            raise self._failure(e) from e
        reach("commit.durable")
        if not found:
            raise self._behind(seq)

    def _upgrade(self) -> None:
        """Bring an older format's tables up to date, within the commit that first writes."""
        if self.is_up_to_date:
            return
        found = self.number("format")
        self.upgraded_from = found if found < FORMAT_VERSION else None
        upgrade(self.connection)

    def _follow(self, seq: int) -> None:
        """Give the commit its number; Behind if another has it."""
        mine = self.connection.execute(
            "UPDATE meta SET value = ?1 WHERE key = 'seq' AND value = ?2", (str(seq), str(seq - 1))
        )
        if mine.rowcount != 1:
            raise self._behind(seq)

    def _behind(self, seq: int) -> Behind:
        return Behind(f"the catalogue is at commit {self.meta()['seq']}, expected {seq - 1}")

    def purge_dropped(self) -> None:
        """Forget what no snapshot can see any more: for opening, when nothing is pinned."""
        reach("open.purge")
        self._working(self._purge)

    def _purge(self) -> None:
        run = self.connection.execute
        run("BEGIN IMMEDIATE")
        if self.has_table(row_commits.TABLE):
            row_commits.fold(self.connection)
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


def _check_ours(connection: sqlite3.Connection) -> None:
    """Before anything is written: OperationalError for a file of tables among which there is not our first one."""
    if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None:
        connection.execute("SELECT 1 FROM meta LIMIT 1").fetchone()
