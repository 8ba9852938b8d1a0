"""Large buffers, used again: the first touch of fresh memory costs more than its use.

The system hands out memory page by page, at the first touch of each 4 KB, for microseconds apiece; and
libc gives large buffers back when they are freed, only to ask for fresh pages a moment later. A query
that reads 80 MB pays for 20,000 of these faults before it has looked at a value. So buffers of 128 KB
to 16 MB are cut from slabs, and go to a free list when the last array over them dies:

    slab, 64 MB    | chunk 144 KB | chunk 1.25 MB | chunk 144 KB | ...... untouched ......
    free           144 KB: [place, place]   1.25 MB: []        by size class, eight to a doubling

    take(n) -> Chunk --numpy array over it--> ... the array and its views die ... --> free list

Addresses are never given back, pages are: `trim` tells the system to take those of free chunks beyond
RETAINED bytes (or what `bound` says, for a process with little memory). Such chunks are *cold*: touched anew when
taken (and zero, on Linux).

Slabs do not ask for huge pages: where the system has one ready the first touch is ten times cheaper, but
a virtual machine may have to get it from its host first, for milliseconds (measured again in decision 0036:
three times as dear as small pages).
"""
from __future__ import annotations

import ctypes
import mmap
import sys
import threading
from typing import Any

import numpy as np

SMALLEST, LARGEST = 128 << 10, 16 << 20
RETAINED = 256 << 20  # bytes of free chunks that keep their pages
_SLAB = 64 << 20
_TRIM_EVERY, _TRIM_OFTEN = 256, 16  # chunks taken; often: with little memory
_RELEASED_IS_ZERO = sys.platform == "linux"  # elsewhere the system may keep what it was told to take


class Chunk:
    """A buffer; numpy arrays over it keep it alive (`np.asarray(chunk)`: uint8), then it is free."""

    __slots__ = ("__array_interface__", "_free", "_place", "is_zero")

    def __init__(self, place: _Place, size: int, free: list[_Place], is_zero: bool) -> None:
        self.__array_interface__: dict[str, Any] = {
            "data": (place[1], False), "shape": (size,), "typestr": "|u1", "version": 3,
        }
        self._place, self._free = place, free
        self.is_zero = is_zero

    def __del__(self) -> None:
        self._free.append(self._place)


_Place = tuple[int, int]  # number of the slab, address


class _Slab:
    """64 MB of address space, handed out from front to back."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, _SLAB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._start = self._next = ctypes.addressof(ctypes.c_char.from_buffer(self._map))

    def cut(self, size: int) -> int:
        """The address of `size` untouched bytes, or 0."""
        address = self._next
        if address + size > self._start + _SLAB:
            return 0
        self._next += size
        return address

    def release(self, address: int, size: int) -> None:
        """Give the pages back; they read as zeros from now on."""
        self._map.madvise(mmap.MADV_DONTNEED, address - self._start, size)


class Pages:
    """All slabs and free lists of the process. Safe for many threads."""

    def __init__(self) -> None:
        # Reentrant: garbage collected while it is held may end a statement, which trims.
        self._lock = threading.RLock()
        self._slabs: list[_Slab] = []
        self._warm: dict[int, list[_Place]] = {}
        self._cold: dict[int, list[_Place]] = {}
        self._taken = 0
        self.keep = RETAINED
        self._trim_every = _TRIM_EVERY

    def bound(self, limit: int) -> None:
        """Keep the pages of at most `limit` bytes of free chunks."""
        self.keep = min(limit, RETAINED)
        self._trim_every = _TRIM_EVERY if self.keep == RETAINED else _TRIM_OFTEN
        self.trim()

    def take(self, n: int) -> Chunk:
        """A chunk of at least `n` bytes, SMALLEST <= n <= LARGEST."""
        step = 1 << ((n - 1).bit_length() - 4)
        size = -(-n // step) * step
        warm = self._warm.get(size)
        if warm is None:
            warm = self._warm.setdefault(size, [])
        self._taken += 1  # threads may count one for two: nothing depends on it
        if self._taken % self._trim_every == 0:
            self.trim()
        try:
            return Chunk(warm.pop(), size, warm, False)
        except IndexError:
            place, is_zero = self._untouched(size)
            return Chunk(place, size, warm, is_zero)

    def _untouched(self, size: int) -> tuple[_Place, bool]:
        """A place without pages, and whether it reads as zeros."""
        with self._lock:
            cold = self._cold.get(size)
            if cold:
                return cold.pop(), _RELEASED_IS_ZERO
            address = self._slabs[-1].cut(size) if self._slabs else 0
            if not address:
                self._slabs.append(_Slab())
                address = self._slabs[-1].cut(size)
            return (len(self._slabs) - 1, address), True

    @property
    def retained(self) -> int:
        """Bytes of free chunks that still have their pages."""
        return sum(size * len(free) for size, free in list(self._warm.items()))

    def trim(self, limit: int | None = None) -> None:
        """Give back the pages of free chunks beyond `limit` bytes, those of the largest chunks first."""
        over = self.retained - (self.keep if limit is None else limit)
        if over <= 0:
            return
        with self._lock:
            for size in sorted(self._warm, reverse=True):
                free, cold = self._warm[size], self._cold.setdefault(size, [])
                while over > 0 and free:
                    try:
                        place = free.pop(0)  # the one that was not used for longest
                    except IndexError:
                        break  # another thread took it
                    self._slabs[place[0]].release(place[1], size)
                    cold.append(place)
                    over -= size


PAGES = Pages()


def release_heap() -> None:
    """Let libc give free memory of its own back, where it can: it keeps much of what arrays of megabytes leave."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def buffer(n: int) -> np.ndarray:
    """uint8[>= n] with undefined contents."""
    return np.asarray(PAGES.take(n))


def zeroed(n: int) -> np.ndarray:
    """uint8[>= n] of zeros."""
    chunk = PAGES.take(n)
    array = np.asarray(chunk)
    if not chunk.is_zero:
        array.fill(0)
    return array
