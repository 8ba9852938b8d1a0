"""Tables for storage tests: made, loaded with Python rows, and read back through the reference decoders."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from warehouse.storage.catalog.delta import Delta
from warehouse.storage.database import Database
from warehouse.storage.loader import TableWriter
from warehouse.storage.schema import Column, Table, TableData
from warehouse.storage.types import BIGINT, SqlType, varchar
from warehouse.storage.vector import ColumnData, from_list

Row = tuple[Any, ...]


def define(name: str = "t", types: Sequence[SqlType] = (BIGINT, varchar(40)), **options: Any) -> Table:
    """A table of columns a, b, c ..."""
    columns = tuple(Column(i, "abcdefghijklmnop"[i], t) for i, t in enumerate(types))
    return Table(0, "public", name, options.pop("columns", columns), **options)


def create(db: Database, table: Table) -> Table:
    db.commit(Delta(create=(table,)))
    return current(db, table)


def current(db: Database, table: Table) -> Table:
    found = db.view().relation(table.schema, table.name)
    assert isinstance(found, Table)
    return found


def batch(table: Table, rows: Sequence[Row]) -> list[ColumnData]:
    """Rows of physical Python values as columns."""
    return [from_list(c.type, [row[i] for row in rows]) for i, c in enumerate(table.columns)]


def load(db: Database, table: Table, *batches: Sequence[Row]) -> int:
    """One load, one commit."""
    with TableWriter(db, table) as writer:
        for rows in batches:
            writer.write(batch(table, rows))
        return db.commit(writer.finish())


def data_of(db: Database, table: Table, snapshot: int | None = None) -> TableData:
    view = db.view(snapshot)
    found = view.relation(table.schema, table.name)
    assert isinstance(found, Table)
    return view.data(found)


def rows_by_slice(db: Database, table: Table, snapshot: int | None = None) -> dict[int, list[Row]]:
    """The stored rows of each slice, extent after extent."""
    found: dict[int, list[Row]] = {}
    for extent in data_of(db, table, snapshot).extents:
        reader = db.open_extent(extent)
        try:
            for group in range(reader.row_groups):
                columns = [reader.column(group, i).to_list() for i in range(len(reader.columns))]
                found.setdefault(extent.slice, []).extend(zip(*columns))
        finally:
            reader.close()
    return found


def stored(db: Database, table: Table, snapshot: int | None = None) -> list[Row]:
    """All rows of a table, sorted."""
    return in_order(row for rows in rows_by_slice(db, table, snapshot).values() for row in rows)


def in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: [(v is None, str(type(v)), v) for v in row])
