"""Staging: a folder that is there whole or not at all.

    with Staging(target) as staging:
        ... write files into staging.folder ...     beside the target, under a name that nobody takes for one
        staging.publish()                           fsync of everything, one rename, fsync of the parent

    dw/snapshots/.monday.part-k3j2     being made; its lock file is held for as long as its maker lives
    dw/snapshots/monday                there, whole and durable

Leaving without `publish` removes the folder. What a killed process left (its lock is free) goes when the next one
stages the same target. Also here: files by hard link, or by copy where links are impossible.
"""
from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from .. import errors
from .catalog.folder import sync_folder
from .sharing.files import FileLock

_LOCK = "part.lock"
# No links between file systems, on file systems without links, to others' files, or not another one to this file.
_NO_LINK = frozenset((errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES))


class Staging:
    """See the module's text. Raises FileError, and OperationalError (58P01) where the target is there already."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self._published = False
        check_free(target)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _sweep(target)
            self.folder = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
            os.chmod(self.folder, 0o755)
        except OSError as e:
            raise file_error(f'cannot make the folder "{target}"', e) from e
        self._lock = FileLock(self.folder / _LOCK)
        self._lock.acquire()

    def publish(self) -> None:
        """Make the folder durable and give it its name."""
        try:
            self._lock.remove()
            for folder, _, _ in os.walk(self.folder, topdown=False):
                sync_folder(Path(folder))
            os.rename(self.folder, self.target)
            self._published = True
            sync_folder(self.target.parent)
        except OSError as e:
            if e.errno in (errno.ENOTEMPTY, errno.EEXIST):
                check_free(self.target)
            raise file_error(f'cannot make the folder "{self.target}"', e) from e

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        if not self._published:
            shutil.rmtree(self.folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise file_error(f'cannot write "{self.target}"', error) from error


def check_free(target: Path) -> None:
    """Refuse a target that is a file or holds anything."""
    if not os.path.lexists(target):
        return
    if target.is_dir() and not os.listdir(target):
        return
    what = "is a file" if not target.is_dir() else "is not empty"
    raise errors.OperationalError(
        f'"{target}" {what}: nothing was written', hint="Name a new folder.", sqlstate="58P01"
    )


def place(source: Path, target: Path, *, link: bool) -> None:
    """The file under another name: by a hard link, or durably copied where that cannot be or is not wanted."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if link:
        try:
            os.link(source, target)
            return
        except OSError as e:
            if e.errno not in _NO_LINK:
                raise
    shutil.copyfile(source, target)
    sync_file(target)


def sync_file(path: Path) -> None:
    """Make a file's bytes durable."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_error(what: str, error: OSError) -> errors.Error:
    """What the operating system says, in our words; a full disk by name."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return errors.DiskFull(f"{what}: the disk is full", hint="Nothing of it was kept.")
    if isinstance(error, FileNotFoundError):
        return errors.FileMissing(f'{what}: file "{error.filename}" does not exist')
    return errors.FileError(f"{what}: {error.strerror or error}")


def _prefix(target: Path) -> str:
    return f".{target.name}.part-"


def _sweep(target: Path) -> None:
    """Remove what killed makers of the same target left."""
    for left in target.parent.glob(f"{_prefix(target)}*"):
        lock = FileLock(left / _LOCK, writable=False)
        try:
            free = lock.try_acquire()
        except FileNotFoundError:
            continue  # its maker is just about to take the lock
        if free:
            shutil.rmtree(left, ignore_errors=True)
            lock.release()
