"""Making and deleting a snapshot of a database that is open for writing.

    pin the newest commit and copy the catalogue     while no process commits (Database.back_up)
    drop from the copy what is not committed now     catalog/copies.py
    a hard link for each extent that it names        the pin keeps their files meanwhile
    the manifest, fsync, a rename                    the snapshot is there

Who makes or deletes holds locks/snapshots.lock; who restores holds it shared, so that nothing vanishes under it.
"""
from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from ... import errors
from ..catalog import folder as folders
from ..catalog.copies import references, settle
from ..database import Database
from ..failpoints import reach
from ..sharing.files import FileLock
from ..staging import Staging, file_error, place, sync_file
from .manifest import (
    CATALOG,
    LOCK,
    SNAPSHOTS,
    Manifest,
    Snapshot,
    check_name,
    list_snapshots,
    read_catalog,
    sha256,
    snapshot_folder,
    write_manifest,
)
from .reading import use_lock

POLL_SECONDS = 0.05  # how often one who waits for another snapshot looks for a cancel
_GONE = ".deleted-"


def go_on() -> None:
    """The cancel check of work that nobody can cancel."""


def home_of(database: Database) -> Path:
    """The folder that a database's snapshots are in; a database in memory has none."""
    if database.path is None:
        raise errors.NotSupportedError("a database in memory has no snapshots", hint="Open a database folder.")
    return database.path


def create(
    database: Database, name: str, now: datetime, *, automatic: bool = False, keep: timedelta | None = None,
    check: Callable[[], None] = go_on,
) -> Snapshot:
    """Make a snapshot of what is committed. `now` is UTC; `keep`: the schedule deletes it after that time.

    Raises ProgrammingError (42710) for a name that is taken, FileError (53100: the disk is full), ReadOnly.
    """
    check_name(name)
    home = home_of(database)
    database.check_writable()
    with exclusive(home, check):
        return create_locked(database, name, now, automatic=automatic, keep=keep, check=check)


def create_locked(
    database: Database, name: str, now: datetime, *, automatic: bool, keep: timedelta | None,
    check: Callable[[], None],
) -> Snapshot:
    """`create` for one who holds the lock."""
    home = home_of(database)
    target = home / SNAPSHOTS / name
    if os.path.lexists(target):
        raise errors.ProgrammingError(f'snapshot "{name}" already exists', sqlstate="42710")
    _sweep(home)
    with Staging(target) as staging:
        commit = database.back_up(staging.folder / CATALOG)
        reach("snapshot.copied")
        try:
            _fill(staging.folder, database, name, now, automatic, keep, commit, check)
            staging.publish()
            reach("snapshot.published")
        finally:
            database.unpin(commit)
    return next(s for s in list_snapshots(home) if s.name == name)


def _fill(
    folder: Path, database: Database, name: str, now: datetime, automatic: bool, keep: timedelta | None, commit: int,
    check: Callable[[], None],
) -> None:
    left_out = settle(folder / CATALOG)
    sync_file(folder / CATALOG)
    (folder / folders.DATA).mkdir()
    files: list[tuple[str, int]] = []
    for path in references(folder / CATALOG):
        check()
        source = database.files.local(path, check)
        place(source, folder / folders.DATA / path, link=True)
        files.append((path, os.stat(source).st_size))
    reach("snapshot.linked")
    loaded = read_catalog(folder)
    entries = loaded.state.entries.values()
    write_manifest(folder, Manifest(
        name, now.isoformat(), automatic, None if keep is None else (now + keep).isoformat(), commit,
        loaded.topology.nodes, loaded.topology.slices_per_node, len(entries), sum(e.rows for e in entries), left_out,
        sha256(folder / CATALOG), tuple(files),
    ))


def delete(home: Path, name: str, *, check: Callable[[], None] = go_on) -> None:
    """Delete a snapshot, damaged or not: its space is free, but for what others link to."""
    with exclusive(home, check):
        delete_locked(home, name)


def delete_locked(home: Path, name: str) -> None:
    folder = home / SNAPSHOTS / name
    check_name(name)
    if not folder.is_dir():
        snapshot_folder(home, name)
    gone, used = home / SNAPSHOTS / f"{_GONE}{name}", use_lock(home, name)
    try:
        if not used.try_acquire():
            raise errors.DatabaseInUse(f'snapshot "{name}" is being read', hint="Close the connections to it first.")
        _sweep(home)
        os.rename(folder, gone)  # from here on it is not listed, whatever happens
        folders.sync_folder(gone.parent)
        reach("snapshot.hidden")
        shutil.rmtree(gone)
        used.remove()
    except OSError as e:
        raise file_error(f'cannot delete snapshot "{name}"', e) from e
    finally:
        used.release()


def _sweep(home: Path) -> None:
    """Remove what was being made or deleted when its process was killed: the lock is held, so nobody is at it."""
    for left in (home / SNAPSHOTS).glob(".*"):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def exclusive(home: Path, check: Callable[[], None] = go_on) -> Iterator[None]:
    """One at a time, in all processes."""
    with _locked(home, check, shared=False):
        yield


@contextmanager
def reading(home: Path, check: Callable[[], None] = go_on) -> Iterator[None]:
    """No snapshot is deleted meanwhile. A folder that cannot be written to is not locked: nobody deletes there."""
    with _locked(home, check, shared=True):
        yield


@contextmanager
def _locked(home: Path, check: Callable[[], None], *, shared: bool) -> Iterator[None]:
    folder = home / folders.LOCKS
    try:
        if not home.is_dir():
            raise errors.FileMissing(f'"{home}" does not exist')
        if os.access(home, os.W_OK):
            folder.mkdir(exist_ok=True)
        lock = FileLock(folder / LOCK, writable=os.access(folder, os.W_OK))
        while not lock.try_acquire(shared=shared):
            check()
            time.sleep(POLL_SECONDS)
    except FileNotFoundError:
        if not shared:
            raise errors.FileError(f'cannot write to "{home}"') from None
        yield
        return
    except OSError as e:
        raise file_error(f'cannot lock the snapshots of "{home}"', e) from e
    try:
        yield
    finally:
        lock.release()
