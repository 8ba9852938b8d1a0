"""The order of rows by an interleaved sort key: a z-order in which every column counts the same.

    key (a, b)      buckets of a   0 1 2 3        bits of both taken in turn:  a1 b1 a0 b0
                    buckets of b   0 1 2 3

    b  3 |  5  7 13 15      rows of a range of a, or of b, or of both, are in few stretches of the order, so
       2 |  4  6 12 14      that zone maps skip the rest by either column: a compound key is sorted by its
       1 |  1  3  9 11      first column alone
       0 |  0  2  8 10
            0  1  2  3  a

A column's buckets hold about the same number of rows each, however its values are spread: their bounds are
quantiles of the rows that were there when the **index** was built, at the first load into the empty table or by
VACUUM REINDEX. Later rows that fall into few buckets wear it out (SVV_INTERLEAVED_COLUMNS).
"""
from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np

from .schema import InterleavedIndex
from .sort_order import lead_codes
from .vector import Array, ColumnData

BUCKET_BITS = 8  # of at most 8 columns: 64 bits
BUCKETS = 1 << BUCKET_BITS
# Rows that an index is built from.
SAMPLE_ROWS = 1 << 18


def build(keys: Sequence[ColumnData]) -> InterleavedIndex:
    """An index over rows like these (or a sample of them)."""
    return InterleavedIndex(tuple(_bounds(lead_codes(key)) for key in keys), time.time_ns() // 1000)


def _bounds(codes: Array) -> tuple[int, ...]:
    """The smallest code of each bucket but the first; equal ones once."""
    step = max(1, len(codes) // SAMPLE_ROWS)
    ordered = np.sort(codes[::step])
    places = (np.arange(1, BUCKETS) * len(ordered)) // BUCKETS
    return tuple(np.unique(ordered[places]).tolist()) if len(ordered) else ()


def words(index: InterleavedIndex, keys: Sequence[ColumnData]) -> Array:
    """uint64 places of rows in the z-order."""
    buckets = [_buckets(bounds, key) for bounds, key in zip(index.bounds, keys)]
    found = np.zeros(keys[0].rows, np.uint64)
    for bit in reversed(range(BUCKET_BITS)):
        for column in buckets:
            found = (found << np.uint64(1)) | ((column >> np.uint64(bit)) & np.uint64(1))
    return found


def _buckets(bounds: Sequence[int], key: ColumnData) -> Array:
    """uint64 buckets; few of them (few different values) are spread over all bits, to count as much as many."""
    found = np.searchsorted(np.array(bounds, np.uint64), lead_codes(key), side="right")
    return (found * BUCKETS // (len(bounds) + 1)).astype(np.uint64)


class Interleaver:
    """Orders the rows of one load; builds the index from its first run where there is none. For any thread."""

    def __init__(self, index: InterleavedIndex | None, may_build: bool) -> None:
        self.index = index
        self.built: InterleavedIndex | None = None
        self._may_build = may_build
        self._lock = threading.Lock()

    def words(self, keys: Sequence[ColumnData]) -> Array | None:
        """Places in the z-order; None while there is no index."""
        with self._lock:
            if self.index is None and self._may_build and keys[0].rows:
                self.index = self.built = build(keys)
        return None if self.index is None else words(self.index, keys)


def word_order(places: Array | None) -> Array | None:
    """int64 row numbers in the order of their words; None when they stand in it, or there is none."""
    if places is None or len(places) < 2 or bool((places[1:] >= places[:-1]).all()):
        return None
    return np.argsort(places, kind="stable")


def skew(bounds: Sequence[int], sample: ColumnData) -> float:
    """How unevenly values fall into the quarters of a column's buckets now: 1 is evenly, 4 all into one."""
    buckets = len(bounds) + 1
    parts = min(4, buckets)
    if not sample.rows:
        return 1.0
    places = np.searchsorted(np.array(bounds, np.uint64), lead_codes(sample), side="right")
    counts = np.bincount(places * parts // buckets, minlength=parts)
    return float(counts.max()) * parts / sample.rows
