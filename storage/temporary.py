"""Temporary tables: a session's own database beside the real one, and both seen as one.

    session ---- database              catalogue on disk, data/...
            ---- TemporaryDatabase     catalogue in memory, extents in the session's own folder

A `TemporaryDatabase` is made with the session's first temporary table: a database in memory (the same commits,
snapshots, pins and writers), with the topology, relation ids and buffer cache of the real one. Nobody else has
a reference to it, so nobody else sees its tables. Its folder, run/temp-..., goes with the session; what a killed
process leaves there is removed by the next that opens the database for writing. A database in memory or open
read-only has no folder to write to: the system's temporary folder serves.

`SessionView` puts the temporary schema before the search path, as pg_temp or under its own name; `split` divides
a delta into what each of the two databases commits.
"""
from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .access.facts import Facts
from .catalog.delta import Delta
from .catalog.store import CatalogStore
from .catalog.view import SnapshotView
from .database import Database
from .extent_files import ExtentFiles
from .schema import ExtentRef, Table, TableData, Topology, View

if TYPE_CHECKING:
    from .buffer import BufferCache

PG_TEMP = "pg_temp"
FOLDER = "run"
PREFIX = "temp-"


class TemporaryFiles(ExtentFiles):
    """In the real database's folder, their blocks in its cache."""

    def __init__(self, home: Database, inline_folder: Path, named: Callable[[list[str]], Collection[str]]) -> None:
        super().__init__(None, inline_folder, named)
        self._home = home

    def _make_folder(self) -> Path:
        home = self._home
        parent = None if home.path is None or home.read_only else home.path / FOLDER
        prefix = f"{PREFIX}{home.process}-" if parent is not None else "warehouse-"
        return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))

    @property
    def cache(self) -> BufferCache:
        return self._home.cache

    def drop_blocks(self, extent: ExtentRef) -> None:
        self._home.cache.drop(self.path_of(extent))


class TemporaryDatabase(Database):
    """See the module's text. `schema`: what its tables are in."""

    def __init__(self, home: Database, session: int) -> None:
        store = CatalogStore(None)
        store.create(home.topology)
        loaded, _ = store.load()
        self.home = home
        self.schema = f"{PG_TEMP}_{session}"
        super().__init__(f"{home.name} (temporary)", None, store, loaded, None, read_only=False)
        self.commit(Delta(create_schemas=(self.schema,)))

    def new_id(self) -> int:
        return self.home.new_id()

    def _make_files(self) -> ExtentFiles:
        # The cache of blocks is the real database's: names of inline extents must differ.
        return TemporaryFiles(self.home, Path(self.schema), self._named)

    def _shut(self) -> None:
        for relation in self.view().relations():
            if isinstance(relation, Table):
                for extent in self.view().data(relation).extents:
                    self.files.drop_blocks(extent)
        super()._shut()


def remove_leftovers(path: Path, is_live: Callable[[int], bool]) -> None:
    """Remove the folders that sessions of killed processes left in a database's folder. `is_live`: whether the
    process with this number is alive."""
    for left in (path / FOLDER).glob(f"{PREFIX}*"):
        number = left.name.removeprefix(PREFIX).partition("-")[0]
        if not (number.isdigit() and is_live(int(number))):
            shutil.rmtree(left, ignore_errors=True)


class SessionView:
    """A `CatalogView`: a snapshot of the database, and before it one of the session's temporary tables."""

    __slots__ = ("_base", "_schema", "_temporary", "snapshot", "topology")

    def __init__(self, base: SnapshotView, temporary: SnapshotView, schema: str) -> None:
        self.snapshot = base.snapshot
        self.topology: Topology = base.topology
        self._base = base
        self._temporary = temporary
        self._schema = schema

    def relation(self, schema: str | None, name: str) -> Table | View | None:
        found = None
        if schema in (None, PG_TEMP, self._schema):
            found = self._temporary.relation(self._schema, name)
        return self._base.relation(schema, name) if found is None else found

    @property
    def facts(self) -> Facts:
        return self._base.facts

    def data(self, table: Table) -> TableData:
        return (self._temporary if table.temporary else self._base).data(table)

    def schemas(self) -> tuple[str, ...]:
        return tuple(sorted((*self._base.schemas(), self._schema)))

    def relations(self, schema: str | None = None) -> tuple[Table | View, ...]:
        own = self._temporary.relations(None if schema is None else self._schema)
        if schema in (PG_TEMP, self._schema):
            return own
        return self._base.relations(schema) if schema is not None else (*own, *self._base.relations())


def split(delta: Delta) -> tuple[Delta, Delta]:
    """(what the database commits, what the temporary one does)."""
    def part(temporary: bool) -> Delta:
        return replace(
            delta,
            drop=tuple([r for r in delta.drop if is_temporary(r) is temporary]),
            replace=tuple([r for r in delta.replace if is_temporary(r) is temporary]),
            create=tuple([r for r in delta.create if is_temporary(r) is temporary]),
            drop_extents=tuple([d for d in delta.drop_extents if d.table.temporary is temporary]),
            delete_rows=tuple([d for d in delta.delete_rows if d.table.temporary is temporary]),
            add_extents=tuple([a for a in delta.add_extents if a.table.temporary is temporary]),
            statistics=tuple([s for s in delta.statistics if s.table.temporary is temporary]),
        )

    return part(False), replace(part(True), create_schemas=(), drop_schemas=(), settings={}, facts=())


def is_temporary(relation: Table | View) -> bool:
    return isinstance(relation, Table) and relation.temporary
