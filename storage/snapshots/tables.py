"""One table of a snapshot as a new table of the living database.

Its extents get new names and ids among the database's own files, as links to the snapshot's, and the table a new id;
then one commit creates it with its rows, statistics, deleted rows and IDENTITY counters. Views and grants on the old
table do not come with it, as on Redshift.
"""
from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ... import errors
from ..catalog.delta import AddExtents, Delta
from ..catalog.state import BUILTIN_SCHEMAS, TableEntry
from ..catalog.store import Loaded
from ..database import Database
from ..load_files import LoadFiles
from ..schema import ExtentRef, Table
from ..staging import file_error
from .create import go_on, home_of
from .manifest import CATALOG, Manifest, read_catalog
from .places import Place, opened
from .source import Source

Name = tuple[str, str]  # schema, table


def restore_table(
    database: Database, snapshot: str, source: Name, target: Name, *, owner: str | None = None,
    home: Place | None = None, check: Callable[[], None] = go_on,
) -> int:
    """Create the table `target` with the rows that `source` had in the snapshot; how many. `home`: the folder or
    store that the snapshot is in, if not the database's own.

    Raises UndefinedObject, UndefinedTable, DuplicateTable, InvalidDefinition, PermissionDenied, DataCorrupted,
    TopologyMismatch, FileError, and the errors of object stores.
    """
    database.check_writable()
    home = home or home_of(database)
    database.snapshot()
    _check_target(database, *target)
    with opened(home, snapshot, check) as found:
        manifest = found.manifest()
        loaded = _catalog(found)
        entry = _find(loaded, source, manifest)
        _check_slices(database, loaded, entry)
        return _Restore(database, found, manifest, check).run(entry, loaded, target, owner)


def _check_target(database: Database, schema: str, name: str) -> None:
    newest = database.newest
    if (schema, name) in newest.names:
        raise errors.DuplicateTable(f'relation "{name}" already exists')
    if schema in BUILTIN_SCHEMAS and schema != "public":
        raise errors.PermissionDenied(f'permission denied: "{schema}" is a system schema')
    if schema in newest.facts.keys("external schema"):
        raise errors.InvalidDefinition(f'schema "{schema}" is an external schema: it holds external tables alone',
                                       sqlstate="42809")
    if name.startswith("#"):
        raise errors.InvalidDefinition("a permanent table cannot have a name that begins with #", sqlstate="42602")


def _catalog(source: Source) -> Loaded:
    with tempfile.TemporaryDirectory(prefix="warehouse-catalog-") as folder:
        source.fetch_catalog(Path(folder) / CATALOG)
        return read_catalog(Path(folder))


def _find(loaded: Loaded, source: Name, manifest: Manifest) -> TableEntry:
    state = loaded.state
    entry = state.entries.get(state.names.get(source, -1))
    if entry is None:
        raise errors.UndefinedTable(f'snapshot "{manifest.name}" has no table "{source[0]}.{source[1]}"')
    if not entry.table.backup:
        raise errors.UndefinedTable(
            f'table "{source[0]}.{source[1]}" is declared BACKUP NO: snapshot "{manifest.name}" has none of its rows'
        )
    return entry


def _check_slices(database: Database, loaded: Loaded, entry: TableEntry) -> None:
    found, wanted = loaded.topology.slices, database.topology.slices
    if found != wanted and entry.extents and not entry.replicated:
        raise errors.TopologyMismatch(
            f"the snapshot was made with {found} slices, the database has {wanted}",
            hint="Restore the whole snapshot to a new folder, and resize that.",
        )


class _Restore:
    """Files first, then the commit; on any error the files go again."""

    def __init__(self, database: Database, source: Source, manifest: Manifest, check: Callable[[], None]) -> None:
        self._database = database
        self._source = source
        self._manifest = manifest
        self._check = check
        self._placed: list[Path] = []

    def run(self, entry: TableEntry, loaded: Loaded, target: Name, owner: str | None) -> int:
        database, old = self._database, entry.table
        new = replace(old, id=database.new_id(), schema=target[0], name=target[1], owner=owner or old.owner)
        try:
            extents = self._place(entry, new)
            ids = {before.id: after.id for before, after in zip(entry.extents, extents)}
            identity = {
                column: following for (table, column), following in loaded.identity.items() if table == old.id
            }
            deleted = {(ids[extent], group): vector for (extent, group), vector in entry.deleted.items()}
            added = AddExtents(
                new, extents, entry.sketches, entry.replicated, identity, deleted=deleted,
                exact_bounds=entry.exact_bounds,
            )
            database.commit(Delta(create=(new,), add_extents=(added,)))
        except BaseException as error:
            database.discard(self._placed)
            if isinstance(error, OSError):
                raise file_error(f'cannot restore table "{target[1]}"', error) from error
            raise
        return entry.rows

    def _place(self, entry: TableEntry, new: Table) -> tuple[ExtentRef, ...]:
        sizes = dict(self._manifest.files)
        files = LoadFiles(self._database, new.id)
        placed: list[ExtentRef] = []
        for extent in entry.extents:
            if extent.is_inline:  # its bytes have come with the catalogue
                placed.append(files.inline_copy(extent))
                continue
            path = files.new_path(extent.slice)
            self._placed.append(path)
            self._source.fetch(extent.path, sizes.get(extent.path, -1), path, self._check)
            relative = str(path.relative_to(self._database.data_folder()))
            placed.append(replace(extent, id=self._database.new_extent(), path=relative))
        if self._placed:
            files.sync()
        return tuple(placed)
