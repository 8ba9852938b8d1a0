"""Bytes of each column in an extent, for system tables: read off its footer once and kept.

    column_bytes(db, extent) -> {column id: bytes of its blocks}
"""
from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..schema import ExtentRef, TableData

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..database import Database


def column_bytes(database: Database, extent: ExtentRef) -> Mapping[int, int]:
    """By Column.id."""
    found = database.upkeep.column_bytes.get(extent.id)
    if found is None:
        reader = database.reader(extent)
        sizes = reader.footer.entries["length"].sum(axis=0).tolist()
        found = {column.id: size for column, size in zip(reader.columns, sizes)}
        database.upkeep.column_bytes[extent.id] = found
    return found


def table_column_bytes(database: Database, data: TableData) -> Counter[int]:
    """Over all extents of a table."""
    total = Counter[int]()
    for extent in data.extents:
        total.update(column_bytes(database, extent))
    return total
