"""Opening a database: in memory, a folder for writing among other processes, a folder read-only.

    one object for all users in this process        the registry below, by the folder's device and inode
    first of all processes, or one more              under locks/open.lock, so that a folder is created once
    a kept snapshot (snapshots/)                     read-only, as of its commit

Who opens a folder for writing also tidies up after processes that were killed: their files in run/, their loads that
no commit names, and dropped extents that nobody needs any more.
"""
from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .. import errors
from . import topology as topologies
from .catalog import folder as folders
from .catalog.garbage import remove_orphans
from .catalog.store import CatalogStore
from .database import MEMORY, Database
from .extent_files import arrivals_of
from .failpoints import reach

if TYPE_CHECKING:
    from .sharing.shared import Shared

_open: dict[tuple[int, int], Database] = {}  # by (device, inode) of the folder
_registry_lock = threading.RLock()


def open_memory(wanted: topologies.TopologyRequest) -> Database:
    store = CatalogStore(None)
    store.create(wanted.new_topology())
    loaded, _ = store.load()
    return Database(MEMORY, None, store, loaded, None, read_only=False)


def open_folder(path: Path, wanted: topologies.TopologyRequest, create: bool, read_only: bool) -> Database:
    """Share what this process has open already, or open the folder."""
    with _registry_lock:
        exists = folders.prepare(path, create=create, read_only=read_only)
        status = path.stat()
        key = (status.st_dev, status.st_ino)
        if key in _open:
            return _share(_open[key], wanted, read_only)
        lock = folders.FolderLock(path, writable=not read_only)
        try:
            if (path / folders.SNAPSHOT_CATALOG).exists() and not (path / folders.CATALOG).exists():
                database = _read_snapshot(path, wanted)
            elif read_only:
                database = _read_folder(path, lock, wanted)
            else:
                database = _write_folder(path, lock, wanted, create, exists)
        except BaseException:
            lock.release()
            raise
        database.key = key
        _open[key] = database
        return database


def let_go(database: Database) -> None:
    """One user less; the last one's end closes the database."""
    with _registry_lock:
        if database.leave_user():
            if database.key is not None:
                _open.pop(database.key, None)
            database.shut()


def _share(database: Database, wanted: topologies.TopologyRequest, read_only: bool) -> Database:
    if database.is_inherited:
        raise errors.DatabaseInUse(
            f'database "{database.name}" was open when this process was forked from another one',
            hint="Close it before the fork, or start the process anew: multiprocessing's start method is 'spawn' then.",
        )
    wanted.check(database.topology, database.name)
    if database.read_only != read_only:
        mode = "read-only" if database.read_only else "for writing"
        raise errors.DatabaseInUse(
            f'this process (process {os.getpid()}) has database "{database.name}" open {mode} already',
            hint="Open it in the same way, or close it first.",
        )
    database.add_user()
    return database


def _read_folder(path: Path, lock: folders.FolderLock, wanted: topologies.TopologyRequest) -> Database:
    from .catalog.follower import Follower

    follower = Follower(path)
    try:
        found = follower.load()
        if found is None:
            folders.check_not_lost(path)
            raise errors.FileMissing(f'database "{path}" does not exist: its creation was cut short')
        wanted.check(found[0].topology, str(path))
    except BaseException:
        follower.close()
        raise
    return Database(str(path), path, None, found[0], lock, read_only=True, follower=follower)


def _read_snapshot(path: Path, wanted: topologies.TopologyRequest) -> Database:
    """A kept snapshot as a database that nobody changes; it cannot be deleted meanwhile."""
    from .snapshots.reading import open_snapshot

    loaded, used = open_snapshot(path)
    try:
        wanted.check(loaded.topology, str(path))
    except BaseException:
        used.release()
        raise
    return Database(str(path), path, None, loaded, used, read_only=True)


def _write_folder(
    path: Path, lock: folders.FolderLock, wanted: topologies.TopologyRequest, create: bool, exists: bool
) -> Database:
    from .sharing.files import StandingLock

    try:
        opening = StandingLock(path / folders.LOCKS / "open.lock")
        try:
            with opening.alone:
                return _open_shared(path, lock, wanted, create, exists)
        finally:
            opening.close()
    except OSError as e:  # the disk is full, as a rule
        failure = errors.file_failure(f'database "{path}" cannot be opened for writing: {e.strerror}', e)
        failure.hint = folders.READ_ONLY_HINT
        raise failure from e


def _open_shared(
    path: Path, lock: folders.FolderLock, wanted: topologies.TopologyRequest, create: bool, exists: bool
) -> Database:
    """Under the lock of opening: make the catalogue if there is none, come among the processes, tidy up."""
    from .sharing.shared import Shared

    folders.check_not_lost(path)
    store = CatalogStore(path / folders.CATALOG)
    shared = None
    try:
        if store.is_empty():
            if exists and not create:
                raise errors.FileMissing(f'database "{path}" does not exist: its creation was cut short')
            folders.check_no_data(path)
            store.create(wanted.new_topology())
            folders.sync_folder(path)
        wanted.check(store.topology(), str(path))
        shared = Shared(path, store.number("transaction"))
        reach("open.present")
        _tidy(path, store, shared)
        with shared.looking():  # whoever commits from here on knows of this process
            store.changed()
            loaded, news = store.load()
        database = Database(str(path), path, store, loaded, lock, read_only=False, shared=shared)
        database.start(news)
        return database
    except BaseException:
        if shared is not None:
            shared.close()
        store.close()
        raise


def _tidy(path: Path, store: CatalogStore, shared: Shared) -> None:
    """Remove what killed processes have left behind, if nobody else does just now."""
    from .temporary import remove_leftovers

    with shared.collecting() as mine:
        if not mine:
            return
        shared.remove_dead()
        alone = shared.alone
        if alone and store.has_dropped():
            store.purge_dropped()
        arrivals = arrivals_of(path)
        absent = () if arrivals is None else arrivals.names()
        remove_orphans(path / folders.DATA, store.paths_by_state, shared.is_live, alone=alone, absent=absent)
        remove_leftovers(path, shared.is_live_process)
        if alone:
            folders.clear_spill(path)
            folders.clear_locks(path)
