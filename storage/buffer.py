"""The buffer cache: blocks as native code reads them, bounded, pinned while in use.

A scan asks for all blocks of a task at once and gets their descriptors' addresses (kernels/abi.py):

    with cache.pins() as pins:
        addresses = cache.pin_table(extent, groups, columns, pins)    int64[groups][columns]
        ... run the program ...                                       entries stay where they are
                                                                      leaving releases all pins

Blocks that are missing are read together, their checksums verified, general codecs and rare encodings
undone, everything that an address will point to checked against its length, and the descriptors made
(block_load.py). That runs outside the lock, in the thread that asked; a second thread that wants one of the
same blocks waits for it.

Per extent the cache keeps four small grids, so that a warm `pin_table` is a few numpy operations:

    addresses   0 = not here        pins   tasks using it        used   clock of last use        sizes   bytes

Over the limit the entries used longest ago that nobody pins go, down to 90 % of the limit. Pinned entries
always stay: a task may exceed the limit by what it pins, which is given back when it ends.
"""
from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

import numpy as np

from ..records import dataclass
from .block_load import Key, load_blocks
from .extent import ExtentReader
from .native import Descriptor
from .vector import Array

_LOW_WATER = 0.9  # evicting a little more than needed keeps the next misses from evicting again

Grid = tuple["Array | slice", "Array | slice"]  # row groups and columns: an index into the grids


@dataclass(slots=True)
class _Slots:
    """What the cache holds of one extent."""

    addresses: Array
    pins: Array
    used: Array
    sizes: Array
    descriptors: dict[Key, Descriptor] = field(default_factory=dict)
    loading: dict[Key, threading.Event] = field(default_factory=dict)
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class CacheCounters:
    """Totals since the cache was made; `bytes` and `entries` are what it holds now."""

    hits: int
    misses: int
    evictions: int
    bytes_read: int
    bytes: int
    entries: int


class PinSet:
    """Pins of one task, released together; made by `BufferCache.pins`."""

    def __init__(self, cache: BufferCache) -> None:
        self._cache = cache
        self._held: list[tuple[_Slots, Grid]] = []

    def __enter__(self) -> PinSet:
        return self

    def __exit__(self, *raised: object) -> None:
        self.release()

    def release(self) -> None:
        """Give all pins back; calling twice does no harm."""
        held, self._held = self._held, []
        if held:
            self._cache._release(held)


class BufferCache:
    """Descriptors of blocks, by extent, row group and column. Safe for many threads."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit = limit_bytes
        self._lock = threading.Lock()
        self._extents: dict[Path, _Slots] = {}
        self._clock = 0
        self._bytes = self._entries = 0
        self._hits = self._misses = self._evictions = self._bytes_read = 0

    def pins(self) -> PinSet:
        """A set of pins that is released at the end of a `with` block."""
        return PinSet(self)

    def pin_table(
        self, extent: ExtentReader, groups: Sequence[int], columns: Sequence[int], pins: PinSet
    ) -> Array:
        """Addresses of the descriptors of all `groups` and `columns` (positions in the extent)."""
        grid = _grid(groups, columns)
        with self._lock:
            slots = self._slots(extent)
            self._clock += 1
            slots.pins[grid] += 1
            slots.used[grid] = self._clock
            pins._held.append((slots, grid))
            addresses = slots.addresses[grid].copy("C")
            present = int(np.count_nonzero(addresses))
            self._misses += addresses.size - present
            self._hits += present
        if present < addresses.size:
            missing = np.argwhere(addresses == 0).tolist()
            self._fetch(slots, extent, [(groups[row], columns[place]) for row, place in missing])
            with self._lock:
                addresses = slots.addresses[grid].copy("C")
        return addresses

    def pin_column(self, extent: ExtentReader, group: int, column: int, pins: PinSet) -> Descriptor:
        """The descriptor of one block."""
        self.pin_table(extent, (group,), (column,), pins)
        slots, _ = pins._held[-1]
        return slots.descriptors[group, column]  # pinned, so it stays, even if the extent is dropped now

    def drop(self, path: Path) -> None:
        """Forget an extent (its file goes); what is pinned lives until its pins are released."""
        with self._lock:
            slots = self._extents.pop(path, None)
            if slots is not None:
                slots.dropped = True
                self._bytes -= int(slots.sizes.sum())
                self._entries -= len(slots.descriptors)

    def clear(self) -> None:
        """Drop everything that is not pinned."""
        with self._lock:
            self._evict(0)

    def bound(self, limit: int) -> None:
        """Hold at most `limit` bytes from now on, but for what is pinned."""
        with self._lock:
            self.limit = limit
            self._evict(limit)

    def counters(self) -> CacheCounters:
        with self._lock:
            return CacheCounters(
                self._hits, self._misses, self._evictions, self._bytes_read, self._bytes, self._entries
            )

    # -- inside --------------------------------------------------------------------------------------

    def _slots(self, extent: ExtentReader) -> _Slots:
        slots = self._extents.get(extent.path)
        if slots is None:
            shape = (extent.row_groups, len(extent.columns))
            grids: list[Any] = [np.zeros(shape, dtype) for dtype in (np.int64, np.int32, np.int64, np.int64)]
            slots = self._extents[extent.path] = _Slots(*grids)
        return slots

    def _fetch(self, slots: _Slots, extent: ExtentReader, keys: Sequence[Key]) -> None:
        """Make pinned blocks be there: load those that nobody loads, wait for the others."""
        while keys:
            mine, others, done = self._claim(slots, keys)
            try:
                if mine:
                    self._load(slots, extent, mine)
            finally:
                with self._lock:
                    for key in mine:
                        del slots.loading[key]
                done.set()
            for event in others:
                event.wait()
            # What another thread failed to load is tried here, for its error to be told here too.
            keys = [key for key in keys if key not in slots.descriptors] if others else ()

    def _claim(
        self, slots: _Slots, keys: Sequence[Key]
    ) -> tuple[list[Key], set[threading.Event], threading.Event]:
        """(keys this thread loads now, what tells that others' are done, what to tell others with)."""
        done = threading.Event()
        mine: list[Key] = []
        others: set[threading.Event] = set()
        with self._lock:
            for key in dict.fromkeys(keys):
                if key in slots.descriptors:
                    continue
                if key in slots.loading:
                    others.add(slots.loading[key])
                else:
                    slots.loading[key] = done
                    mine.append(key)
        return mine, others, done

    def _load(self, slots: _Slots, extent: ExtentReader, keys: Sequence[Key]) -> None:
        loaded: list[Descriptor] = []
        try:
            loaded.extend(load_blocks(extent, keys))
        finally:  # those before one that fails are good
            if loaded:
                with self._lock:
                    self._insert(slots, extent, keys[: len(loaded)], loaded)

    def _insert(self, slots: _Slots, extent: ExtentReader, keys: Sequence[Key], loaded: Sequence[Descriptor]) -> None:
        places = tuple(np.array(numbers, np.intp) for numbers in zip(*keys))
        slots.descriptors.update(zip(keys, loaded))
        slots.addresses[places] = [entry.address for entry in loaded]
        slots.sizes[places] = sizes = np.array([entry.nbytes for entry in loaded], np.int64)
        self._bytes_read += int(extent.footer.entries["length"][places].sum())
        if not slots.dropped:
            self._bytes += int(sizes.sum())
            self._entries += len(loaded)
        if self._bytes > self.limit:
            self._evict(int(self.limit * _LOW_WATER))

    def _release(self, held: list[tuple[_Slots, Grid]]) -> None:
        with self._lock:
            for slots, grid in held:
                slots.pins[grid] -= 1
            if self._bytes > self.limit:
                self._evict(int(self.limit * _LOW_WATER))

    def _evict(self, target: int) -> None:
        """Drop unpinned entries, used longest ago first, until `target` bytes are left."""
        candidates: list[tuple[int, _Slots, int, int]] = []
        for slots in self._extents.values():
            for group, column in np.argwhere((slots.pins == 0) & (slots.addresses != 0)).tolist():
                candidates.append((int(slots.used[group, column]), slots, group, column))
        for _, slots, group, column in sorted(candidates, key=lambda entry: entry[0]):
            if self._bytes <= target:
                return
            self._bytes -= int(slots.sizes[group, column])
            self._entries -= 1
            self._evictions += 1
            slots.addresses[group, column] = slots.sizes[group, column] = 0
            del slots.descriptors[group, column]


def _grid(groups: Sequence[int], columns: Sequence[int]) -> Grid:
    """An index of some row groups and columns: neighbours as a slice, which numpy takes several times sooner."""
    rows, places = _run(groups), _run(columns)
    if isinstance(rows, slice) or isinstance(places, slice):
        return rows, places
    return rows[:, None], places


def _run(numbers: Sequence[int]) -> Array | slice:
    first = numbers[0] if len(numbers) else 0
    if list(numbers) == list(range(first, first + len(numbers))):
        return slice(first, first + len(numbers))
    return np.array(numbers, np.intp)
