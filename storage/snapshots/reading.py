"""Reading a kept snapshot in place: a database as it was, beside the one that goes on.

    connect("dw", as_of="monday")                      read-only, as of the snapshot's commit
    connect("dw/snapshots/monday", read_only=True)     the same, and for copies in other folders

A snapshot has the data folder of a database and a copy of its catalogue under another name, so nothing is restored or
copied. Blocks carry checksums; the catalogue is checked against the manifest. Whoever reads holds
locks/snapshot-monday shared, which `delete` wants alone; where that file cannot be made nobody deletes either.
"""
from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ... import errors
from ..catalog import folder as folders
from ..catalog.store import Loaded
from ..sharing.files import FileLock
from .manifest import MANIFEST, SNAPSHOTS, read_catalog, read_manifest, snapshot_folder, verify_catalog


def use_lock(home: Path, name: str) -> FileLock:
    """Shared by who reads the snapshot, exclusive for who deletes it."""
    return FileLock(home / folders.LOCKS / f"snapshot-{name}")


def path_of(database: str, name: str) -> Path:
    """The folder of a database's snapshot. UndefinedObject, FileMissing, NotSupportedError for one in memory."""
    if database == ":memory:":
        raise errors.NotSupportedError("a database in memory has no snapshots", hint="Open a database folder.")
    return snapshot_folder(Path(database).absolute(), name)


def open_snapshot(folder: Path) -> tuple[Loaded, FileLock]:
    """What the snapshot's catalogue holds, and the lock that keeps it from being deleted. DataCorrupted."""
    used = use_lock(folder.parent.parent, folder.name)
    if folder.parent.name == SNAPSHOTS:
        with suppress(OSError):  # locks/ is not there, or not ours to write in
            used.try_acquire(shared=True)
    try:
        if not (folder / MANIFEST).exists():
            raise errors.FileMissing(f'snapshot "{folder.name}" does not exist any more')
        verify_catalog(folder, read_manifest(folder))
        return read_catalog(folder), used
    except BaseException:
        used.release()
        raise
