"""Copies of the catalogue: what a snapshot, a restore and a resize make of the SQLite file.

    back_up(store, path)       SQLite's backup: one state of the file, while others read and write
    settle(path)               only what is committed now; for a snapshot, BACKUP NO tables without their rows
    set_topology(path, t)      for a folder whose rows are going to be placed anew

A copy begins a life of its own in another folder, so nothing that belongs to processes of the old one stays in it:
dropped rows, transactions under way. Numbers that new files and relations get there lie above all that it holds.
"""
from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..schema import Table, Topology
from . import codec, row_commits, sketches
from .applying import starts_replicated
from .layout import upgrade
from .news import IN_FILES
from .store import CatalogStore


def back_up(store: CatalogStore, target: Path) -> None:
    """Copy the whole catalogue into a new file."""
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        store.connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as e:
        raise _as_os_error(e) from e
    finally:
        copy.close()


def settle(path: Path, *, everything: bool = False) -> tuple[str, ...]:
    """Keep what is committed now; answers the names of the tables whose rows are left out: those declared BACKUP NO,
    unless `everything` is wanted."""
    with _changing(path) as connection:
        upgrade(connection)
        row_commits.fold(connection)
        for kind in ("schemas", "tables", "views", "extents"):
            connection.execute(f"DELETE FROM {kind} WHERE dropped_seq IS NOT NULL")
        connection.execute("DELETE FROM transactions")
        left_out = [t for t in _tables(connection) if not (everything or t.backup)]
        for table in left_out:
            _empty(connection, table)
        for kind in ("delete_vectors", "inline_extents"):
            connection.execute(f"DELETE FROM {kind} WHERE extent_id NOT IN (SELECT id FROM extents)")
        _raise_numbers(connection)
    return tuple(f"{t.schema}.{t.name}" for t in left_out)


def set_topology(path: Path, topology: Topology) -> None:
    with _changing(path) as connection:
        text = codec.topology_to_json(topology)
        connection.execute("UPDATE meta SET value = ? WHERE key = 'topology'", (text,))


@contextmanager
def _changing(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction over a copy that nobody else has open; then the file is as small as can be."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
        connection.execute("VACUUM")
    except sqlite3.OperationalError as e:
        raise _as_os_error(e) from e
    finally:
        connection.close()


def _as_os_error(error: sqlite3.OperationalError) -> OSError:
    full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
    return OSError(errno.ENOSPC if full else errno.EIO, f"the copy of the catalogue cannot be written: {error}")


def _tables(connection: sqlite3.Connection) -> Iterator[Table]:
    for row in connection.execute("SELECT id, schema, name, version, definition FROM tables").fetchall():
        yield codec.table_from_json(*row)


def _empty(connection: sqlite3.Connection, table: Table) -> None:
    for kind in ("extents", "modified_rows"):
        connection.execute(f"DELETE FROM {kind} WHERE table_id = ?", (table.id,))
    connection.execute(
        "UPDATE statistics SET replicated = ?, exact_bounds = 1, sketches = ? WHERE table_id = ?",
        (starts_replicated(table), sketches.to_bytes({}), table.id),
    )


def _raise_numbers(connection: sqlite3.Connection) -> None:
    """The file of numbers (sharing/numbers.py) stays behind: the catalogue must know the highest ones itself."""
    meta = dict(connection.execute("SELECT key, value FROM meta"))
    names = (os.path.basename(path) for (path,) in connection.execute("SELECT path FROM extents"))
    transaction = max((int(name.partition("-")[0]) for name in names), default=0)
    (relation,) = connection.execute(
        "SELECT max(id) FROM (SELECT id FROM tables UNION ALL SELECT id FROM views)"
    ).fetchone()
    for key, least in (("transaction", transaction), ("next_relation", (relation or 0) + 1)):
        connection.execute("UPDATE meta SET value = ? WHERE key = ?", (str(max(int(meta[key]), least)), key))


def references(path: Path) -> list[str]:
    """Paths of the files that a copy names."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        return [p for (p,) in connection.execute(f"SELECT path FROM extents WHERE {IN_FILES} ORDER BY id")]
    finally:
        connection.close()
