"""Memory that kernels may touch: aligned, padded arrays and their addresses.

Kernels get addresses, not arrays, and may read (never write) a little past the end of what they are
given: strings are compared 32 bytes at a time, packed words are loaded in rows of 128 bytes. So every
buffer handed to a kernel is made here:

    | ... up to 63 bytes | data, 64-byte aligned ............ | slack, at least 128 bytes |
      ^ base array                                              ^ readable, content undefined

`empty(0, dtype)` is legal and has a valid address. `placed` puts a thread's large arrays elsewhere for a while
(engine/spill/mapped.py: into files). Otherwise large arrays come from recycled huge pages (pages.py)
or, the largest, from numpy, which asks for huge pages too; memory that a kernel would allocate itself
gets 4 KB pages and is several times slower to touch.
Whoever stores an address keeps the array alive: an address is an int and holds nothing.
"""
from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import pages

ALIGNMENT = 64
SLACK = 128  # one row of 16 lanes; strings need 32
_AROUND = ALIGNMENT + SLACK
# Larger tables of zeros may be used in few places: the system then brings in few pages.
_LARGEST_ZEROED = 2 << 20
# Of `placed`: smaller arrays are not worth a place of their own.
SMALLEST_PLACED = 1 << 16

_BYTE = np.dtype(np.uint8)
_NOTHING: dict[Any, np.ndarray] = {}
_addressof, _from_buffer = ctypes.addressof, ctypes.c_char.from_buffer


class _Placing(threading.local):
    make: Callable[[int], np.ndarray] | None = None


_placing = _Placing()


@contextmanager
def placed(make: Callable[[int], np.ndarray]) -> Iterator[None]:
    """Within the block this thread's large arrays are made in what `make(size)` gives: `size` bytes of zeros."""
    before, _placing.make = _placing.make, make
    try:
        yield
    finally:
        _placing.make = before


def _base(size: int) -> np.ndarray | None:
    """Zeros in another place, where this thread wants that."""
    if size < SMALLEST_PLACED or _placing.make is None:
        return None
    return _placing.make(size)


def address(array: np.ndarray) -> int:
    """Where the array's first element stands. The buffer protocol tells it several times faster than numpy,
    but not of arrays that are empty, read-only or not contiguous."""
    try:
        return _addressof(_from_buffer(array))
    except (TypeError, ValueError):
        return int(array.__array_interface__["data"][0])


def empty(n: int, dtype: Any) -> np.ndarray:
    """An uninitialised array of `n` elements, aligned, with slack behind it."""
    kind = np.dtype(dtype)
    size = n * kind.itemsize + _AROUND
    base = _base(size)
    if base is None:
        base = pages.buffer(size) if pages.SMALLEST <= size <= pages.LARGEST else np.empty(size, _BYTE)
    return np.ndarray(n, kind, base, -_addressof(_from_buffer(base)) % ALIGNMENT)  # type: ignore[arg-type]


def zeros(n: int, dtype: Any) -> np.ndarray:
    """As `empty`, all bytes zero (the slack too)."""
    kind = np.dtype(dtype)
    size = n * kind.itemsize + _AROUND
    base = _base(size)
    if base is None:
        base = pages.zeroed(size) if pages.SMALLEST <= size <= _LARGEST_ZEROED else np.zeros(size, _BYTE)
    return np.ndarray(n, kind, base, -_addressof(_from_buffer(base)) % ALIGNMENT)  # type: ignore[arg-type]


def together(wanted: Sequence[tuple[int | tuple[int, int], Any]]) -> tuple[list[np.ndarray], list[int]]:
    """Several uninitialised arrays, by shape and type, and their addresses; each as of `empty`, in one piece of memory.
    For small ones that go together: the piece stays as long as one of them."""
    places: list[int] = []
    size = 0
    for shape, dtype in wanted:
        places.append(size)
        rows = shape if isinstance(shape, int) else shape[0] * shape[1]
        size += -(-(rows * dtype.itemsize + SLACK) // ALIGNMENT) * ALIGNMENT
    base = empty(size, _BYTE)
    start = address(base)
    arrays = [np.ndarray(shape, dtype, base, place)  # type: ignore[arg-type]
              for (shape, dtype), place in zip(wanted, places)]
    return arrays, [start + place for place in places]


def nothing(dtype: Any) -> np.ndarray:
    """`empty(0, dtype)`, the same one each time: for what is put in the place of an array that is to come."""
    found = _NOTHING.get(dtype)
    if found is None:
        found = _NOTHING[dtype] = empty(0, dtype)
    return found


def trim() -> None:
    """Give memory that was freed, and is much, back to the system."""
    pages.PAGES.trim()
    if is_bounded():
        pages.release_heap()


def is_bounded() -> bool:
    """Whether freed memory is not kept as it is by default (`retain`)."""
    return pages.PAGES.keep < pages.RETAINED


def retain(limit: int) -> None:
    """Keep at most `limit` bytes of freed memory for later use, from now on (and less than is kept by default)."""
    pages.PAGES.bound(limit)


def has_slack(array: np.ndarray) -> bool:
    """Whether the memory of a flat array was made here and goes on for the slack behind it."""
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    if base is array or not (base.flags.owndata or isinstance(base.base, pages.Chunk)):
        return False
    end = address(array) + array.nbytes
    return address(base) + base.nbytes - end >= SLACK


def padded(array: np.ndarray) -> np.ndarray:
    """A copy of a one-dimensional array that has the alignment and the slack."""
    copy = empty(len(array), array.dtype)
    copy[:] = array
    return copy


def words(*values: int) -> np.ndarray:
    """A parameter block: int64 words (unsigned values above 2**63 wrap)."""
    block = empty(len(values), np.int64)
    block[:] = [value - (1 << 64) if value >= 1 << 63 else value for value in values]
    return block
