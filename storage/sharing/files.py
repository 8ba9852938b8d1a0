"""FileLock: a lock between processes that dies with its holder.

flock belongs to an open file description, so each lock opens its file anew: two locks of one process exclude each
other as those of two processes do. A file may be removed by whoever holds its lock; a lock counts only while its
path still leads to the file that was locked, which `acquire` looks at afterwards.
"""
from __future__ import annotations

import fcntl
import os
from pathlib import Path


class FileLock:
    """One lock file. One thread at a time. Taking a lock that is held already changes its mode; the system lets go of
    it on the way, so where `try_acquire` answers False then, nothing is held any more."""

    def __init__(self, path: Path, *, writable: bool = True, stays: bool = False) -> None:
        """`writable` False: the file must exist, and nothing is ever written; `stays`: nobody ever removes the file."""
        self.path = path
        self._stays = stays
        self._flags = os.O_RDWR | os.O_CREAT if writable else os.O_RDONLY
        self._descriptor = -1
        self._idle = -1  # open, and not locked

    @property
    def held(self) -> bool:
        return self._descriptor >= 0

    @property
    def descriptor(self) -> int:
        return self._descriptor

    def acquire(self, *, shared: bool = False) -> None:
        """Wait for the lock, without a look at anything else: for locks that are held for milliseconds."""
        self._take(fcntl.LOCK_SH if shared else fcntl.LOCK_EX)

    def try_acquire(self, *, shared: bool = False) -> bool:
        """The lock if it is free."""
        try:
            self._take((fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _take(self, mode: int) -> None:
        if self.held:
            try:
                fcntl.flock(self._descriptor, mode)
            except BaseException:
                self.release()
                raise
            return
        while True:
            idle, self._idle = self._idle, -1
            descriptor = idle if idle >= 0 else os.open(self.path, self._flags, 0o644)
            try:
                fcntl.flock(descriptor, mode)
                if self._stays or _leads_to(self.path, descriptor):
                    break
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # its holder removed the file: there is another now, or will be
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor >= 0:
            let_go(self._descriptor)
            self._descriptor = -1

    def pause(self) -> None:
        """Let go and keep the file open, for who takes the lock again soon. To be closed by `close`."""
        if self._descriptor >= 0:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            self._idle, self._descriptor = self._descriptor, -1

    def close(self) -> None:
        """Let go, and of what `pause` has kept open."""
        self.release()
        if self._idle >= 0:
            os.close(self._idle)
            self._idle = -1

    def remove(self) -> None:
        """Remove the file, whose lock must be held, and let go."""
        try:
            self.path.unlink(missing_ok=True)
        finally:
            self.release()


def let_go(descriptor: int) -> None:
    """Unlock and close. To close is not enough where a forked process has the descriptor, too."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def _leads_to(path: Path, descriptor: int) -> bool:
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    here = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


class StandingLock:
    """A lock whose file is never removed: opened once, taken and let go often.

        with lock.alone: ...        waits for it, and has it for the length of the block
        with lock.shared: ...       as others may have it at the same time
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        self.alone = _Held(self._descriptor, fcntl.LOCK_EX)
        self.shared = _Held(self._descriptor, fcntl.LOCK_SH)

    def close(self) -> None:
        os.close(self._descriptor)


class _Held:
    """A lock for the length of a `with` block."""

    __slots__ = ("_descriptor", "_mode")

    def __init__(self, descriptor: int, mode: int) -> None:
        self._descriptor = descriptor
        self._mode = mode

    def __enter__(self) -> None:
        fcntl.flock(self._descriptor, self._mode)

    def __exit__(self, *error: object) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)


def is_locked(path: Path) -> bool:
    """Whether somebody holds the file's lock exclusively; a file that is not there is not locked."""
    lock = FileLock(path, writable=False)
    try:
        if not lock.try_acquire(shared=True):
            return True
    except FileNotFoundError:
        return False
    lock.release()
    return False
