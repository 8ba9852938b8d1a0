"""SpillFile: bytes that a statement puts on disk for a while.

    file = SpillFile(folder)                 folder: the database's spill/, None: the system's temporary one
    place = file.write(data)                 appended; any thread
    file.read(place)                         the same bytes, or DataCorrupted

The file has no name: the system frees it when it is closed (when the last reference to it goes, or the statement
ends, however that is) and when the process is killed. Where a file system cannot make nameless files the name is
removed right after the file is made; what a kill leaves between the two is removed when the database is opened
(storage/catalog/folder.py). A disk that is full is DiskFull (53100); the statement ends, its files with it.
"""
from __future__ import annotations

import errno
import mmap
import os
import tempfile
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np

from ...errors import DataCorrupted, DiskFull, FileError
from ...kernels import memory
from ...records import dataclass
from ...storage.failpoints import reach

pwrite, allocate = os.pwrite, os.posix_fallocate  # tests fill the disk here
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Place:
    """Where bytes stand in their file, and their CRC-32."""

    offset: int
    length: int
    checksum: int


class SpillFile:
    """See the module's text."""

    # Tests change or lose bytes here: called with what was read.
    fault: ClassVar[Callable[[np.ndarray], None] | None] = None

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder or Path(tempfile.gettempdir())
        self._lock = threading.Lock()
        self._end = 0
        try:
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise _failed("create a file", self._folder, error) from error

    def close(self) -> None:
        """Free the disk; there is nothing to read any more."""
        if hasattr(self, "_file"):
            self._file.close()

    __del__ = close

    def write(self, data: bytearray) -> Place:
        """Append `data`."""
        with self._lock:
            offset = self._end
            self._end += len(data)
        view, done = memoryview(data), 0
        while done < len(data):
            try:
                done += pwrite(self._file.fileno(), view[done:], offset + done)
            except OSError as error:
                raise _failed("write", self._folder, error) from error
        reach("spill.written")
        return Place(offset, len(data), zlib.crc32(data))

    def read(self, place: Place) -> np.ndarray:
        """The bytes at `place`, their checksum verified."""
        data = memory.empty(place.length, np.uint8)
        view, done = memoryview(data), 0
        while done < place.length:
            try:
                step = os.preadv(self._file.fileno(), [view[done:]], place.offset + done)
            except OSError as error:
                raise _failed("read", self._folder, error) from error
            if not step:
                raise DataCorrupted(f'a temporary file in "{self._folder}" ends at {place.offset + done} bytes')
            done += step
        if SpillFile.fault is not None:
            SpillFile.fault(data)
        if zlib.crc32(data) != place.checksum:
            raise DataCorrupted(f'rows at {place.offset} of a temporary file in "{self._folder}" fail their checksum')
        return data


def mapped(folder: Path | None, size: int) -> mmap.mmap:
    """`size` bytes of zeros in a nameless file of their own, as memory. The disk is taken at once: DiskFull comes
    here and not when the memory is used."""
    place = folder or Path(tempfile.gettempdir())
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            allocate(file.fileno(), 0, size)
            return mmap.mmap(file.fileno(), size)
    except OSError as error:
        raise _failed("write", place, error) from error


def _failed(what: str, folder: Path, error: OSError) -> Exception:
    text = f'could not {what} in "{folder}" for rows that do not fit memory_limit: {error.strerror}'
    if error.errno in _FULL:
        return DiskFull(text, hint="make room on that disk, raise memory_limit, or read less")
    return FileError(text)
