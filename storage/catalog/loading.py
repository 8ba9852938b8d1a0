"""The catalogue's file read whole: relations, and of each table its extents and statistics (store.py)."""
from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from ..deletes import DeleteVector, Group
from ..schema import ExtentRef, Table, View
from . import codec, sketches
from .news import EXTENT, inline_data, modified_rows
from .row_commits import rows_since
from .state import TableEntry

if TYPE_CHECKING:
    from .store import CatalogStore


def load_relations(connection: sqlite3.Connection) -> dict[int, Table | View]:
    columns = "id, schema, name, version, definition"
    relations: dict[int, Table | View] = {}
    for row in connection.execute(f"SELECT {columns} FROM tables WHERE dropped_seq IS NULL"):
        relations[row[0]] = codec.table_from_json(*row)
    for row in connection.execute(f"SELECT {columns} FROM views WHERE dropped_seq IS NULL"):
        relations[row[0]] = codec.view_from_json(*row)
    return relations


def load_entries(store: CatalogStore, relations: dict[int, Table | View]) -> dict[int, TableEntry]:
    extents: dict[int, list[ExtentRef]] = {}
    for table_id, *fields in store.connection.execute(
        f"SELECT table_id, id, {EXTENT}, {inline_data(store)} FROM extents"
        " WHERE dropped_seq IS NULL ORDER BY id"
    ):
        extents.setdefault(table_id, []).append(ExtentRef(*fields))
    for table_id, extent in rows_since(store, 0):
        extents.setdefault(table_id, []).append(extent)
    deleted = _load_deleted(store, extents)
    modified = modified_rows(store)
    entries: dict[int, TableEntry] = {}
    for table_id, replicated, exact, blob in store.connection.execute(
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


def _load_deleted(store: CatalogStore, extents: dict[int, list[ExtentRef]]) -> dict[int, dict[Group, DeleteVector]]:
    """Delete vectors by table; those of dropped extents wait for `purge_dropped`."""
    if not store.has_table("delete_vectors"):
        return {}  # format 2
    owner = {e.id: table_id for table_id, refs in extents.items() for e in refs}
    found: dict[int, dict[Group, DeleteVector]] = {}
    for extent, group, data in store.connection.execute(
        "SELECT extent_id, row_group, vector FROM delete_vectors"
    ):
        if extent in owner:
            found.setdefault(owner[extent], {})[extent, group] = DeleteVector.from_bytes(data)
    return found
