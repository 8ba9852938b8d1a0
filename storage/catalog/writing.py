"""One commit's changes into the tables of catalog.sqlite, inside the transaction that the store has begun (store.py).

Rows that end are marked with the commit (dropped_seq), not removed: whoever sees an older snapshot still reads them.
They go when no snapshot needs them (`forget`), or when the database is opened.
"""
from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping

from ..access.facts import Facts
from ..schema import Table, Topology
from ..serializable import Committed
from . import codec, sketches
from .changes import Changes
from .layout import number
from .state import CatalogState

IDS_AT_A_TIME = 500


def write_changes(connection: sqlite3.Connection, state: CatalogState, changes: Changes, forget: Iterable[int]) -> None:
    """What has changed of schemas, relations, facts, extents and statistics; `forget`: ids of extents whose files are
    gone."""
    _names(connection, state.seq, changes)
    _facts(connection, state.facts, changes)
    _extents(connection, state.seq, changes, forget)
    _statistics(connection, state, changes)


def _names(connection: sqlite3.Connection, seq: int, changes: Changes) -> None:
    run = connection.execute
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


def _facts(connection: sqlite3.Connection, facts: Facts, changes: Changes) -> None:
    run = connection.execute
    for kind, key in changes.facts:
        value = facts.rows.get((kind, key))
        if value is None:
            run("DELETE FROM facts WHERE kind = ? AND key = ?", (kind, key))
        else:
            run("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", (kind, key, value))


def _extents(connection: sqlite3.Connection, seq: int, changes: Changes, forget: Iterable[int]) -> None:
    dropped, run = changes.dropped_extents, connection.execute
    if dropped:
        connection.executemany("UPDATE extents SET dropped_seq = ? WHERE id = ?", [(seq, e.id) for e in dropped])
        inline = [(e.id,) for e in dropped if e.is_inline]
        connection.executemany("DELETE FROM inline_extents WHERE extent_id = ?", inline)
    for table_id, e in changes.added_extents:
        values = e.id, table_id, seq, e.path, e.slice, e.rows, e.bytes, e.row_groups
        run("INSERT INTO extents VALUES (?, ?, ?, NULL, ?, ?, ?, ?, ?)", values)
        if e.data is not None:
            run("INSERT INTO inline_extents VALUES (?, ?)", (e.id, e.data))
    for (extent, group), vector in changes.vectors.items():
        run("INSERT OR REPLACE INTO delete_vectors VALUES (?, ?, ?, ?)", (extent, group, seq, vector.data))
    ended = list(forget)
    if ended:
        _forget_extents(connection, ended)
    if dropped:
        connection.executemany("DELETE FROM delete_vectors WHERE extent_id = ?", [(e.id,) for e in dropped])


def _forget_extents(connection: sqlite3.Connection, ids: list[int]) -> None:
    """Delete dropped extents' rows; who knows an older state than the end of one of them reads everything anew."""
    last = 0
    for start in range(0, len(ids), IDS_AT_A_TIME):
        some = ids[start : start + IDS_AT_A_TIME]
        marks = ",".join("?" * len(some))
        ended = connection.execute(f"DELETE FROM extents WHERE id IN ({marks}) RETURNING dropped_seq", some)
        last = max([last, *(seq for (seq,) in ended if seq is not None)])
    if last and last > number(connection, "purged"):
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('purged', ?)", (str(last),))


def _statistics(connection: sqlite3.Connection, state: CatalogState, changes: Changes) -> None:
    run = connection.execute
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


def write_meta(connection: sqlite3.Connection, numbers: Mapping[str, int], known: Mapping[str, int]) -> None:
    """The format, and the numbers that come next, of which the file has the `known` ones already."""
    for key, value in numbers.items():
        if known.get(key) != value:
            connection.execute("UPDATE meta SET value = ? WHERE key = ?", (str(value), key))


def write_transaction(connection: sqlite3.Connection, record: Committed | None, horizon: int | None) -> None:
    """What others must know of the commit's transaction, until `horizon` has passed it."""
    run = connection.execute
    run("DELETE FROM transactions WHERE seq <= ?", (2**62 if horizon is None else horizon,))
    if record is not None:
        values = (record.commit, record.id, record.snapshot, _numbers(record.reads), _numbers(record.writes))
        run("INSERT INTO transactions VALUES (?, ?, ?, ?, ?)", values)


def write_topology(connection: sqlite3.Connection, topology: Topology) -> None:
    """On which nodes slices are."""
    text = codec.topology_to_json(topology)
    connection.execute("UPDATE meta SET value = ? WHERE key = 'topology'", (text,))


def _numbers(ids: Iterable[int]) -> str:
    return json.dumps(sorted(ids), separators=(",", ":"))
