"""VACUUM REINDEX: how the values of an interleaved sort key are spread now, and an index for that.

Only the index changes here. Extents that are ordered by the one before count as unsorted from then on
(regions.py), so the vacuum that follows rewrites them; if it does not come to its end, the next one goes on.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..catalog.delta import AddExtents, Delta
from ..interleave import SAMPLE_ROWS, build
from ..schema import TableData
from ..stored import stored_column
from ..transactions import Transaction
from ..vector import ColumnData, concat

if TYPE_CHECKING:
    from ..database import Database


def reindex(database: Database, data: TableData, check: Callable[[], None], waiting: Callable[[], None]) -> None:
    """Build the index anew from a sample of all row groups, and commit it. `waiting` is called instead of `check` while
    another holds the table's write lock."""
    keys = _sample(database, data, check)
    if not keys:
        return
    transaction = Transaction(database)
    try:
        transaction.lock([data.table], waiting)
        entry = transaction.state().entries.get(data.table.id)
        if entry is not None and entry.table.version == data.table.version and entry.rows:
            added = AddExtents(entry.table, (), {}, entry.replicated, index=build(keys), moved=True)
            transaction.change(Delta(add_extents=(added,)))
            transaction.commit()
    finally:
        transaction.rollback()


def _sample(database: Database, data: TableData, check: Callable[[], None]) -> list[ColumnData]:
    """The key columns of some rows of each row group."""
    columns = [data.table.columns[p] for p in data.table.sort_key]
    each = max(1, SAMPLE_ROWS // max(1, sum(e.row_groups for e in data.extents)))
    found: list[list[ColumnData]] = []
    for extent in data.extents:
        reader = database.reader(extent)
        for group in range(reader.row_groups):
            check()
            rows = int(reader.group_rows[group])
            places = np.linspace(0, rows - 1, min(each, rows)).astype(np.int64)
            found.append([stored_column(reader, group, column).take(places) for column in columns])
    return [concat(parts) for parts in zip(*found)]
