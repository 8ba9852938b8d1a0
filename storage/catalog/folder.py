"""The database folder: its layout, who has it open, and how a read-only user looks in without a trace.

    dw/catalog.sqlite     what is committed (store.py)
    dw/history.sqlite     query history (history.py)
    dw/data/              extents: <table>/<slice>/<transaction>-<n>.ext
    dw/locks/             who has the database open, commits, writes to a table (sharing/, locks.py)
    dw/run/  dw/spill/    live processes, temporary files
    dw/restore.json       while a streaming restore is under way

Locks are in sharing/: the kernel releases them when a process dies, however it dies, so there is nothing to clean up.
"""
from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from ... import errors
from ..sharing.files import FileLock

CATALOG = "catalog.sqlite"
HISTORY = "history.sqlite"
DATA = "data"
LOCKS = "locks"
RUN = "run"
LOCK_FILE = "database.lock"
SNAPSHOT_CATALOG = "catalog.snapshot"  # of a kept snapshot (snapshots/), whose data is as a database's
READERS_LOCK, WRITERS_LOCK = "readers.lock", "writers.lock"
SPILL = "spill"
RESTORE = "restore.json"  # of a streaming restore that is under way (snapshots/streaming.py)
FOLDERS = (DATA, LOCKS, RUN, SPILL)
MOST_LOCKS = 500  # lock files of tables that may be left from the last time
_SQLITE_SUFFIXES = ("", "-wal", "-shm", "-journal")
_OWN_NAMES = frozenset((*FOLDERS, *(f + s for f in (CATALOG, HISTORY) for s in _SQLITE_SUFFIXES)))

READ_ONLY_HINT = "Where nothing can be written, connect with read_only=True."


def prepare(path: Path, *, create: bool, read_only: bool) -> bool:
    """Check that `path` is, or can become, a database folder; answers whether it is one already."""
    if path.exists() and not path.is_dir():
        raise errors.OperationalError(f'"{path}" is a file, not a database folder', sqlstate="58P01")
    names = set(os.listdir(path)) if path.exists() else set()
    if CATALOG in names:
        if not read_only:
            _make_folders(path)  # a copy may have lost the empty ones
        return True
    if SNAPSHOT_CATALOG in names:
        if not read_only:
            raise errors.ReadOnly(
                f'"{path}" is a snapshot: it can only be read', hint="Connect with read_only=True, or restore it."
            )
        return True
    foreign = sorted(names - _OWN_NAMES)
    if foreign and names >= {DATA, LOCKS}:
        raise errors.DataCorrupted(
            f'database "{path}" has lost its catalogue: there is no {CATALOG}',
            hint="Restore a snapshot, or the file from a copy of the folder.",
        )
    if foreign:
        raise errors.OperationalError(
            f'"{path}" is not a database folder: it holds {foreign[0]!r} and no {CATALOG}',
            hint="Name a new or an empty folder.",
            sqlstate="58P01",
        )
    if read_only or not create:
        raise errors.FileMissing(f'database "{path}" does not exist')
    _make_folders(path)
    return False


def _make_folders(path: Path) -> None:
    missing = [folder for folder in FOLDERS if not (path / folder).is_dir()]
    if not missing:
        return
    try:
        for folder in missing:
            (path / folder).mkdir(parents=True, exist_ok=True)
        sync_folder(path)
        sync_folder(path.absolute().parent)
    except OSError as e:
        raise errors.FileError(f'cannot create the database folder "{path}": {e.strerror}') from e


def clear_spill(path: Path) -> None:
    """Remove what a killed process left of its statements' rows, while no other has the database open."""
    for left in (path / SPILL).glob("*"):
        left.unlink(missing_ok=True)


def clear_locks(path: Path) -> None:
    """Remove the lock files of tables where many have gathered, while no other process has the database open: they
    outlive their tables, and are made when they are needed."""
    found = [name for name in os.listdir(path / LOCKS) if name.partition(".")[0].isdigit()]
    if len(found) > MOST_LOCKS:
        for name in found:
            (path / LOCKS / name).unlink(missing_ok=True)


def check_not_lost(path: Path) -> None:
    """Refuse an empty catalogue, or none, over data files."""
    catalog = path / CATALOG
    if not catalog.is_symlink() and (not catalog.exists() or not catalog.stat().st_size):
        check_no_data(path)


def check_no_data(path: Path) -> None:
    """Refuse to start a new catalogue over data files, which would then be taken for leftovers."""
    found = next((name for name in (path / DATA).rglob("*") if name.is_file()), None)
    if found is not None:
        raise errors.DataCorrupted(
            f'the catalogue "{path / CATALOG}" is missing or empty, but there are data files such as "{found}"',
            hint="Restore the catalogue from a copy of the folder; nothing has been changed.",
        )


def sync_folder(path: Path) -> None:
    """Make the folder's entries durable (a new file's name is lost in a crash otherwise)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class FolderLock:
    """Shared by all processes that have the folder open; earlier releases hold it exclusively, so it keeps them apart.

    A read-only process also holds the readers' lock, which keeps writers from removing files (sharing/shared.py).
    """

    def __init__(self, path: Path, *, writable: bool) -> None:
        self._locks: list[FileLock] = []
        try:
            for name in (LOCK_FILE,) if writable else (LOCK_FILE, READERS_LOCK):
                self._take(path, path / LOCKS / name, writable, wait=name == READERS_LOCK)
        except BaseException:
            self.release()
            raise

    def _take(self, path: Path, name: Path, writable: bool, *, wait: bool) -> None:
        lock = FileLock(name, writable=writable)
        try:
            if wait:
                lock.acquire(shared=True)
            elif not lock.try_acquire(shared=True):
                raise errors.DatabaseInUse(
                    f'database "{path}" is in use by {_holder(name)}, which runs an earlier release',
                    hint="Close it there first.",
                )
        except FileNotFoundError:
            return  # a copy, or an earlier release's folder: there is nobody to keep out
        except OSError as e:
            failure = errors.file_failure(f'cannot open the lock file "{name}": {e.strerror}', e)
            if writable and e.errno in (errno.EACCES, errno.EROFS, errno.ENOSPC):
                failure.hint = READ_ONLY_HINT
            raise failure from e
        self._locks.append(lock)

    def release(self) -> None:
        while self._locks:
            self._locks.pop().release()


def _holder(name: Path) -> str:
    """Who holds the lock: from the kernel's own list where there is one, else from the file."""
    inode = os.stat(name).st_ino
    try:
        with open("/proc/locks") as f:
            for line in f:
                fields = line.split()
                if len(fields) > 5 and fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
                    return f"process {fields[4]}"
    except OSError:
        pass  # not Linux: fall back on what the last writer noted
    text = name.read_text("ascii", "replace")[:32].strip()
    return f"process {text}" if text else "another process"


def readable_catalog(path: Path) -> tuple[Path, Path | None]:
    """The catalogue for a read-only user: (file, None) to open as immutable, or (copy, its folder).

    When the last writer was killed, commits may still stand in the write-ahead log, which an immutable
    open would overlook. SQLite then works on a copy outside the folder, removed when it is read.
    """
    log = path / f"{CATALOG}-wal"
    if not log.exists() or log.stat().st_size == 0:
        return path / CATALOG, None
    copy = Path(tempfile.mkdtemp(prefix="warehouse-catalog-"))
    for name in (CATALOG, f"{CATALOG}-wal"):
        shutil.copyfile(path / name, copy / name)
    return copy / CATALOG, copy
