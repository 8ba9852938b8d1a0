"""The tables of catalog.sqlite, in the newest format, and how an older file gets those that it lacks."""
from __future__ import annotations

import sqlite3

# Raised when the folder's contents change in a way that an older release would misread.
# 1: sketches without samples; 2: no delete vectors; 3: no count of modified rows, no facts;
# 4: no inline extents; 5: no commits of single rows (row_commits.py).
FORMAT_VERSION = 6
APPLICATION_ID = 0x57485351  # "WHSQ": `file` and sqlite3's shell can tell whose file it is

_TABLES = """
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
CREATE TABLE row_commits (
    seq INTEGER PRIMARY KEY, extent_id INTEGER NOT NULL, table_id INTEGER NOT NULL, slice INTEGER NOT NULL,
    path TEXT NOT NULL, data BLOB NOT NULL);
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


def create(connection: sqlite3.Connection) -> None:
    """All tables, in a file that has none."""
    for statement in _statements():
        connection.execute(statement)


def upgrade(connection: sqlite3.Connection) -> None:
    """The tables that an older format lacks."""
    for statement in _statements():
        connection.execute(statement.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1))


def number(connection: sqlite3.Connection, key: str) -> int:
    """A number of the meta table; 0 if it is not there."""
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return 0 if found is None else int(found[0])


def _statements() -> list[str]:
    return [s for s in _TABLES.split(";") if s.strip()]
