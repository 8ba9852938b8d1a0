"""Positional reads of immutable files: the one layer between storage and the disk.

    reader = BlockReader(path)
    array  = reader.read(offset, length)      uint8, 64-byte aligned, with slack for native code
    arrays = reader.read_many(places)         many blocks at once
    reader.close()
    MemoryReader(path, data)                  the same over bytes that are in memory already

Reads go through `os.preadv`, so that threads share one descriptor and release the GIL; nothing is mapped
(a truncated map kills the process). A file that ends early is DataCorrupted, a failing disk FileError,
both naming the file. Tests inject faults here: `BlockReader.fault`, when set, is called with each array
that was read and may change it or raise.
"""
from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from ..errors import DataCorrupted, FileError, FileMissing
from ..kernels import memory
from .vector import Array

# (path, offset, what was read) -> None: may change the bytes in place, or raise.
Fault = Callable[[Path, int, Array], None]
# (offset, length, further bytes of memory behind it)
Place = tuple[int, int, int]
_MOST_TOGETHER = 64


def runs(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    """The places, taken together where they stand one behind the other, in their order."""
    at = 0
    while at < len(places):
        end = at + 1
        while end < min(len(places), at + _MOST_TOGETHER) and places[end][0] == sum(places[end - 1][:2]):
            end += 1
        yield places[at:end]
        at = end


class BlockReader:
    """One open file. Safe for many threads; the file stays open until `close`."""

    fault: ClassVar[Fault | None] = None

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self.size = os.fstat(self._descriptor).st_size
        except FileNotFoundError as error:
            raise FileMissing(f'file "{path}" does not exist') from error
        except OSError as error:
            raise FileError(f'could not open file "{path}": {error.strerror}') from error

    @property
    def file(self) -> int | None:
        """The open file's descriptor, for native code to read from; None where `read_many` must be asked."""
        return self._descriptor if BlockReader.fault is None else None

    def read(self, offset: int, length: int) -> Array:
        """`length` bytes at `offset`, in memory that native code may read."""
        out = memory.empty(length, "u1")
        done = 0
        while done < length:
            try:
                step = os.preadv(self._descriptor, [memoryview(out)[done:]], offset + done)
            except OSError as error:
                raise FileError(f'could not read file "{self.path}": {error.strerror}') from error
            if not step:
                raise DataCorrupted(
                    f'file "{self.path}" is truncated: it ends at {offset + done} of {offset + length} bytes'
                )
            done += step
        if BlockReader.fault is not None:
            BlockReader.fault(self.path, offset, out)
        return out

    def read_many(self, places: Sequence[Place]) -> list[Array]:
        """Several blocks; such as stand one behind the other in the file by one call of the system."""
        return [block for run in runs(places) for block in self._read_run(run)]

    def _read_run(self, places: Sequence[Place]) -> list[Array]:
        wholes = [memory.empty(length + room, "u1") for _, length, room in places]
        blocks = [whole[:length] for whole, (_, length, _) in zip(wholes, places)]
        try:
            complete = os.preadv(self._descriptor, blocks, places[0][0]) == sum(length for _, length, _ in places)
        except OSError:
            complete = False
        if not complete:  # one by one, to read on or to say which fails
            for block, (offset, length, _) in zip(blocks, places):
                block[:] = self.read(offset, length)
        elif BlockReader.fault is not None:
            for block, (offset, _, _) in zip(blocks, places):
                BlockReader.fault(self.path, offset, block)
        return wholes

    def close(self) -> None:
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def __del__(self) -> None:
        if getattr(self, "_descriptor", -1) >= 0:
            os.close(self._descriptor)


class MemoryReader(BlockReader):
    """What BlockReader does, for bytes that are there; `path` is their name."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.size = len(data)
        self._data = np.frombuffer(data, np.uint8)

    @property
    def file(self) -> int | None:
        return None

    def read(self, offset: int, length: int) -> Array:
        return self._copy(offset, length, 0)[:length]

    def read_many(self, places: Sequence[Place]) -> list[Array]:
        return [self._copy(*place) for place in places]

    def _copy(self, offset: int, length: int, room: int) -> Array:
        if offset + length > self.size:
            raise DataCorrupted(f'"{self.path}" is truncated: it ends at {self.size} of {offset + length} bytes')
        out = memory.empty(length + room, "u1")
        out[:length] = self._data[offset : offset + length]
        if BlockReader.fault is not None:
            BlockReader.fault(self.path, offset, out[:length])
        return out

    def close(self) -> None:
        """There is nothing open."""
