"""`warehouse-sql check`: is everything that the catalogue promises there, and whole?

    catalogue       SQLite's own check of its file, ours of its header; the newest state can be read
    each extent     the file (inline: the BLOB) is there, as long as it was; header and footer carry
                    the right checksums; rows and row groups are as many as the catalogue says; every column that it
                    has fits the table's
    each block      its checksum holds and it decodes to as many rows as its group has
    delete vectors  belong to row groups that exist, and name rows that exist

The database is opened read-only, so nothing is changed and others may go on working. A file that no commit names is
no damage: a load may be under way. What a streaming restore has not brought in yet is read where it is.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import Error
from ..records import dataclass
from .catalog.folder import SNAPSHOT_CATALOG, prepare
from .catalog.follower import Follower
from .database import Database
from .extent import ExtentReader
from .schema import ExtentRef, Table, TableData


@dataclass(slots=True)
class Checked:
    """What has been looked at so far."""

    tables: int = 0
    extents: int = 0
    blocks: int = 0
    bytes: int = 0
    absent: int = 0  # extents that a streaming restore has still to bring in, from `source`
    source: str = ""


def check(path: Path, checked: Checked, show: Callable[[str], None]) -> Iterator[str]:
    """Every problem in words, as it is found; `show` is told each table's name before it is read.

    Raises what opening the database raises.
    """
    prepare(path, create=False, read_only=True)
    yield from _catalogue(path)
    with Database.open(path, read_only=True) as database:
        view = database.view(database.pin())
        for relation in view.relations():
            if isinstance(relation, Table):
                checked.tables += 1
                show(f"{relation.schema}.{relation.name}")
                yield from _table(database, view.data(relation), checked)


def _catalogue(path: Path) -> Iterator[str]:
    if (path / SNAPSHOT_CATALOG).exists():
        return  # a kept snapshot, whose catalogue has a checksum that opening looks at
    follower = Follower(path)
    try:
        for problem in follower.integrity():
            yield f"catalogue {path / 'catalog.sqlite'}: {problem}"
    finally:
        follower.close()


def _table(database: Database, data: TableData, checked: Checked) -> Iterator[str]:
    name = f"table {data.table.schema}.{data.table.name}"
    groups = {}
    for extent in data.extents:
        checked.extents += 1
        checked.bytes += extent.bytes
        arrivals = database.files.arrivals
        if arrivals is not None and arrivals.absent(extent.path):
            checked.absent, checked.source = checked.absent + 1, arrivals.where
        try:
            reader = database.open_extent(extent)
        except Error as error:
            yield f"{name}: {error.message}"
            continue
        try:
            groups[extent.id] = [int(rows) for rows in reader.group_rows]
            for problem in (*_promises(extent, reader, data.table), *_blocks(reader, checked)):
                yield f"{name}: {problem}"
        finally:
            reader.close()
    yield from (f"{name}: {problem}" for problem in _deleted(data, groups))


def _promises(extent: ExtentRef, reader: ExtentReader, table: Table) -> Iterator[str]:
    """What the catalogue says of a file, and the file."""
    size = reader.reader.size
    for what, said, found in (
        ("bytes", extent.bytes, size), ("rows", extent.rows, reader.rows), ("row groups", extent.row_groups,
                                                                            reader.row_groups),
    ):
        if said != found:
            yield f'file "{reader.path}" has {found} {what}, the catalogue says {said}'
    for column in table.columns:
        position = reader.position(column.id)
        if position is not None and reader.type_of(position).kind is not column.type.kind:
            yield f'file "{reader.path}" has column "{column.name}" as {reader.type_of(position)}, not {column.type}'


def _blocks(reader: ExtentReader, checked: Checked) -> Iterator[str]:
    for group in range(reader.row_groups):
        for column in range(len(reader.columns)):
            checked.blocks += 1
            try:
                reader.column(group, column)
            except Error as error:
                yield error.message


def _deleted(data: TableData, groups: dict[int, list[int]]) -> Iterator[str]:
    for (extent, group), vector in data.deleted.items():
        rows = groups.get(extent)
        if rows is None:
            continue  # the file has been named already
        if group >= len(rows):
            yield f"rows of row group {group} of extent {extent} are deleted, which has {len(rows)} row groups"
        elif vector.mask()[rows[group]:].any():
            yield f"rows are deleted that row group {group} of extent {extent} does not have"
