"""The slow reference of bit-packed vectors: the layout of kernels/unpack.py in numpy.

    words, meta = pack(values)          frame of reference
    words, meta = pack(values, delta=True)

`values` of any length; the tail is padded with the last value. Widths come from each vector's range.
"""
from __future__ import annotations

import numpy as np
from warehouse.kernels import memory

LANES, VECTOR = 16, 1024
_MASK = (1 << 64) - 1


def pack_words(values: np.ndarray, width: int) -> np.ndarray:
    """1,024 uint64 values below 2**width as interleaved words."""
    words = np.zeros(LANES * (width + 1), np.uint64)
    for row in range(VECTOR // LANES):
        bit = row * width
        at, shift = bit // 64 * LANES, bit % 64
        x = values[row * LANES : (row + 1) * LANES]
        words[at : at + LANES] |= x << np.uint64(shift)
        if shift + width > 64:
            words[at + LANES : at + 2 * LANES] |= x >> np.uint64(64 - shift)
    return words[: LANES * width]


def pack(values: np.ndarray, delta: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """(words, META rows), both padded for kernels."""
    rows = len(values)
    whole = np.concatenate([values, np.repeat(values[-1:], -rows % VECTOR)]).astype(np.int64)
    parts: list[np.ndarray] = []
    meta: list[int] = []
    offset = 0
    for vector in whole.reshape(-1, VECTOR):
        x = vector.astype(np.uint64)
        if delta:
            before = np.uint64((int(x[0]) - 5) & _MASK)
            parts.append(np.array([before], np.uint64))
            offset += 1
            x = x - np.concatenate([[before], x[:-1]])
        base = int(x.view(np.int64).min())
        packed = x - np.uint64(base & _MASK)
        width = int(packed.max()).bit_length()
        parts.append(pack_words(packed, width))
        meta += [offset, width, base, int(delta)]
        offset += LANES * width
    parts.append(np.full(LANES, 0xDEAD, np.uint64))
    return memory.padded(np.concatenate(parts)), memory.words(*meta)
