"""A block's vector table (storage/encodings/packing.py draws it), read natively; for encode.py and blocks.py.

    VECTOR_ENTRY   | width u8 | flags u8 | base i64 | low i64 | high i64 |        26 bytes, unaligned

Where a vector's words begin follows from the widths before it, so that no offset can point outside of the
sum that `read_table` answers: whoever compares it with the words there are knows that all vectors are inside.
"""
from __future__ import annotations

import numpy as np

from .abi import PACK_DELTA, VECTOR_ROWS
from .intrinsics import LANES, i64p, inline, shared, stack_buffer, u8p
from .unpack import META_BYTES, unpack

ENTRY_BYTES = 26
ZONE_BYTES = 16
_vector = stack_buffer(VECTOR_ROWS * 8)


@inline
def _unaligned(address):
    """The int64 at an address of any alignment."""
    b = u8p(address)
    value = np.int64(0)
    for i in range(8):
        value |= np.int64(b[i]) << (8 * i)
    return value


@shared
def read_table(table, vectors, meta, zones):
    """D_META and D_ZONES of abi.py from a table; the words of all vectors, -1 for an impossible entry."""
    m, z = i64p(meta), i64p(zones)
    used = np.int64(0)
    for vector in range(vectors):
        entry = table + vector * ENTRY_BYTES
        width, flags = np.int64(u8p(entry)[0]), np.int64(u8p(entry)[1])
        if width > 64 or flags > PACK_DELTA:
            return -1
        used += flags  # a DELTA vector has its previous value before its words
        m[4 * vector], m[4 * vector + 1], m[4 * vector + 2], m[4 * vector + 3] = (
            used, width, _unaligned(entry + 2), flags)
        z[2 * vector], z[2 * vector + 1] = _unaligned(entry + 10), _unaligned(entry + 18)
        used += width * LANES
    return used


@shared
def vector_within(words, meta, limit):
    """1 when the 1,024 values of a checked vector all lie in 0..limit-1."""
    buffer = _vector(0)
    values = i64p(buffer)
    unpack(words, meta, buffer)
    low, high = values[0], values[0]
    for i in range(VECTOR_ROWS):
        low = min(low, values[i])
        high = max(high, values[i])
    return np.int64(low >= 0 and high < limit)


@inline
def all_within(words, meta, vectors, limit):
    """Whole vectors are looked at, the filling of the last one too."""
    for vector in range(vectors):
        if vector_within(words, meta + vector * META_BYTES, limit) == 0:
            return 0
    return 1
