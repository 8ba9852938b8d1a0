"""What other processes have committed: the newest state made from the one that this process knows.

Rows of the catalogue bear the commit that made them and the one that ended them, so what came after commit 41 is

    created_seq > 41     dropped_seq > 41     statistics.seq > 41

and everything else is shared with the known state. Rows of dropped extents are deleted some time after their
files; a process that knows an older state than the newest such deletion (`purged`) reads everything anew.

Small tables without numbers (schemas, settings, counters) are read whole.
"""
from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from ... import errors
from ...records import dataclass
from ..deletes import DeleteVector, Group
from ..schema import INLINE, ExtentRef, Table, View
from ..serializable import Committed
from . import codec, sketches
from .row_commits import counts, rows_since
from .state import CatalogState, TableEntry

if TYPE_CHECKING:
    from .store import CatalogStore, Loaded

IN_FILES = f"path NOT LIKE '{INLINE}%'"
EXTENT = 'path, slice, "rows", bytes, row_groups'


@dataclass(frozen=True, slots=True)
class News:
    """The newest state and counters; what was dropped since, with its commits; who has committed since."""

    loaded: Loaded
    dropped: list[tuple[int, ExtentRef]]
    transactions: list[Committed]


def read_news(store: CatalogStore, known: CatalogState) -> News | None:
    """What has been committed since `known`; None: nothing. Reads one state of the catalogue."""
    run = store.connection.execute
    run("BEGIN")
    try:
        meta = store.meta()
        seq, purged = int(meta["seq"]), int(meta.get("purged", 0))
        if seq == known.seq:
            return None
        if seq < known.seq:
            raise errors.DataCorrupted(
                f"the catalogue {store.path} is at commit {seq}, and commit {known.seq} has been seen",
                hint="Was the folder put back from a copy while it was open? Close all connections and open it again.",
            )
        since = known.seq if known.seq >= purged else 0
        transactions = committed_since(store, known.seq)
        loaded = store.read(_advanced(store, known) if since else None, known.facts, meta)
        changed = {table: t.commit for t in transactions for table in t.writes}
        _mark_changed(loaded.state, known, changed)
        return News(loaded, dropped_since(store.connection, since), transactions)
    finally:
        run("COMMIT")


def committed_since(store: CatalogStore, seq: int) -> list[Committed]:
    """Transactions that committed after `seq`, as far as one that is live may have to be ordered against them."""
    if not store.has_table("transactions"):
        return []
    rows = store.connection.execute("SELECT id, snapshot, seq, reads, writes FROM transactions WHERE seq > ?", (seq,))
    return [
        Committed(id, snapshot, commit, frozenset(json.loads(reads)), frozenset(json.loads(writes)))
        for id, snapshot, commit, reads, writes in rows
    ]


def dropped_since(connection: sqlite3.Connection, seq: int) -> list[tuple[int, ExtentRef]]:
    """(commit, extent) of what was dropped after `seq` and is not forgotten."""
    rows = connection.execute(
        f"SELECT dropped_seq, id, {EXTENT} FROM extents WHERE dropped_seq > ? ORDER BY dropped_seq", (seq,)
    )
    return [(dropped, ExtentRef(*fields)) for dropped, *fields in rows]


def _mark_changed(state: CatalogState, known: CatalogState, changed: dict[int, int]) -> None:
    """Entries are this process's own so far: the last commit that changed each table's rows goes into them."""
    for table, entry in state.entries.items():
        before = known.entries.get(table)
        if before is not entry:
            entry.changed_seq = max(changed.get(table, 0), before.changed_seq if before is not None else 0)


def _advanced(store: CatalogStore, known: CatalogState) -> tuple[dict[int, Table | View], dict[int, TableEntry]]:
    """The relations and entries of the newest commit."""
    since, connection = known.seq, store.connection
    relations = dict(known.relations)
    for kind in ("tables", "views"):
        for (id_,) in connection.execute(f"SELECT id FROM {kind} WHERE dropped_seq > ?", (since,)):
            relations.pop(id_, None)
    for kind, decoded in (("tables", codec.table_from_json), ("views", codec.view_from_json)):
        for row in connection.execute(
            f"SELECT id, schema, name, version, definition FROM {kind} WHERE created_seq > ? AND dropped_seq IS NULL",
            (since,),
        ):
            relations[row[0]] = decoded(*row)
    entries = {id_: e for id_, e in known.entries.items() if id_ in relations}
    changed = {r for r in relations if relations[r] is not known.relations.get(r)}
    changed.update(table for table, _ in rows_since(store, since))
    for id_ in _touched(connection, since) | changed:
        table = relations.get(id_)
        if isinstance(table, Table):
            entries[id_] = _entry(store, table, entries.get(id_), since)
    return relations, entries


def _touched(connection: sqlite3.Connection, since: int) -> set[int]:
    """Tables whose extents, delete vectors or statistics are not what they were."""
    found = connection.execute(
        "SELECT table_id FROM extents WHERE created_seq > ?1 UNION ALL"
        " SELECT table_id FROM extents WHERE dropped_seq > ?1 UNION ALL"
        " SELECT table_id FROM statistics WHERE seq > ?1 UNION ALL"
        " SELECT e.table_id FROM delete_vectors v JOIN extents e ON e.id = v.extent_id WHERE v.created_seq > ?1",
        (since,),
    )
    return {id_ for (id_,) in found}


def _entry(store: CatalogStore, table: Table, known: TableEntry | None, since: int) -> TableEntry:
    """A table's entry, made from the one that is known. Always a new object."""
    connection = store.connection
    base = TableEntry(table) if known is None else known.changed(table=table)
    gone = {
        id_ for (id_,) in
        connection.execute("SELECT id FROM extents WHERE dropped_seq > ? AND table_id = ?", (since, table.id))
    }
    came = [
        ExtentRef(*row) for row in connection.execute(
            f"SELECT id, {EXTENT}, {inline_data(store)} FROM extents"
            " WHERE created_seq > ? AND dropped_seq IS NULL AND table_id = ? ORDER BY id", (since, table.id)
        )
    ]
    came += [extent for _, extent in rows_since(store, since, table.id)]
    kept = tuple(e for e in base.extents if e.id not in gone)
    deleted: dict[Group, DeleteVector] = {key: v for key, v in base.deleted.items() if key[0] not in gone}
    for extent, group, data in connection.execute(
        "SELECT v.extent_id, v.row_group, v.vector FROM delete_vectors v JOIN extents e ON e.id = v.extent_id"
        " WHERE v.created_seq > ? AND e.table_id = ? AND e.dropped_seq IS NULL", (since, table.id)
    ):
        deleted[extent, group] = DeleteVector.from_bytes(data)
    statistics = connection.execute(
        "SELECT replicated, exact_bounds, sketches FROM statistics WHERE seq > ? AND table_id = ?", (since, table.id)
    ).fetchone()
    modified = modified_rows(store, table.id).get(table.id, 0)
    entry = base.changed(extents=(*kept, *came), deleted=deleted, modified=modified)
    if statistics is not None:
        replicated, exact, blob = statistics
        entry = replace(
            entry, replicated=bool(replicated), exact_bounds=bool(exact), sketches=sketches.from_bytes(blob)
        )
    return entry


def inline_data(store: CatalogStore) -> str:
    """What to select for the bytes of inline extents."""
    if not store.has_table("inline_extents"):
        return "NULL"  # format 4
    return "(SELECT data FROM inline_extents WHERE extent_id = extents.id)"


def modified_rows(store: CatalogStore, table: int | None = None) -> dict[int, int]:
    """Rows modified since the last ANALYZE, by table (of all, or of one)."""
    if not store.has_table("modified_rows"):
        return {}  # format 3
    found = store.connection.execute(
        'SELECT table_id, "rows" FROM modified_rows' + ("" if table is None else " WHERE table_id = ?"),
        () if table is None else (table,),
    )
    return dict(Counter(dict(found)) + Counter(counts(store, table)))


def paths_by_state(connection: sqlite3.Connection) -> dict[bool, list[str]]:
    """Paths of all files that the catalogue knows: True those that are, False those that were dropped."""
    found: dict[bool, list[str]] = defaultdict(list)
    for path, live in connection.execute(f"SELECT path, dropped_seq IS NULL FROM extents WHERE {IN_FILES}"):
        found[bool(live)].append(path)
    return found
