"""Commits of a single row in the catalogue's file: one statement into one table, so that one page changes.

    row_commits    seq 42   extent_id 7   table_id 100003   path inline/734003-0   data BLOB

What any other commit writes into four tables is here in one row: the extent and its bytes (storage/inline.py), the
number of the commit, and that the table has one modified row more. The number is the table's key, so that it can be
given once:

    the newest commit             the greater of meta's seq and the greatest here
    extents, their bytes          those of the tables of these names, and those here
    modified rows of a table      modified_rows, and the rows here

The next commit of another kind, whoever makes it, moves all rows to where they belong before it does anything else
(`fold`). So a row here has been dropped by nobody, has no delete vector, and stands behind all that is in the tables.
Files before format 6 have no such table.
"""
from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from ..schema import ExtentRef

if TYPE_CHECKING:
    from .store import CatalogStore

TABLE = "row_commits"
_APPEND = (
    f"INSERT INTO {TABLE} SELECT ?1, ?2, ?3, ?4, ?5, ?6 FROM meta WHERE key = 'seq' AND CAST(value AS INTEGER) < ?1"
)
# As news.EXTENT, with id before it and the bytes behind it.
_EXTENT = "extent_id, path, slice, 1, length(data), 1, data"


def append(cursor: sqlite3.Cursor, seq: int, table: int, extent: ExtentRef) -> bool:
    """Write the commit `seq`; False if there is one of that number, or a later one: meta has it, or its row is here.

    Outside of a transaction the statement is one: SQLite takes its lock, and what is true at its end is durable."""
    try:
        return cursor.execute(
            _APPEND, (seq, extent.id, table, extent.slice, extent.path, extent.data)
        ).rowcount == 1
    except sqlite3.IntegrityError:
        return False


def fold(connection: sqlite3.Connection) -> None:
    """Move all rows to where other commits have theirs."""
    newest = last(connection)
    if not newest:
        return
    run = connection.execute
    run(f"INSERT INTO extents SELECT extent_id, table_id, seq, NULL, path, slice, 1, length(data), 1 FROM {TABLE}")
    run(f"INSERT INTO inline_extents SELECT extent_id, data FROM {TABLE}")
    run(
        f"INSERT OR REPLACE INTO modified_rows SELECT r.table_id, count(*) + ifnull((SELECT m.\"rows\" FROM"
        f" modified_rows m WHERE m.table_id = r.table_id), 0) FROM {TABLE} r GROUP BY r.table_id"
    )
    run("UPDATE meta SET value = ? WHERE key = 'seq'", (str(newest),))
    run(f"DELETE FROM {TABLE}")


def last(connection: sqlite3.Connection) -> int:
    """The newest commit that is here; 0: none is."""
    (found,) = connection.execute(f"SELECT max(seq) FROM {TABLE}").fetchone()
    return found or 0


def highest_extent(store: CatalogStore) -> int:
    """The greatest id of an extent that is here."""
    if not store.has_table(TABLE):
        return 0
    (found,) = store.connection.execute(f"SELECT max(extent_id) FROM {TABLE}").fetchone()
    return found or 0


def rows_since(store: CatalogStore, seq: int, table: int | None = None) -> list[tuple[int, ExtentRef]]:
    """(table, extent) of the commits after `seq`, of all tables or of one."""
    if not store.has_table(TABLE):
        return []
    found = store.connection.execute(
        f"SELECT table_id, {_EXTENT} FROM {TABLE} WHERE seq > ?1 AND (?2 IS NULL OR table_id = ?2) ORDER BY extent_id",
        (seq, table),
    )
    return [(table_id, ExtentRef(*fields)) for table_id, *fields in found]


def counts(store: CatalogStore, table: int | None = None) -> dict[int, int]:
    """How many rows there are, by table (of all, or of one)."""
    if not store.has_table(TABLE):
        return {}
    return dict(store.connection.execute(
        f"SELECT table_id, count(*) FROM {TABLE} WHERE ?1 IS NULL OR table_id = ?1 GROUP BY table_id", (table,)
    ))
