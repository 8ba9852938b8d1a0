"""Hashing, the native part: one block op per physical class, and hash -> slice.

    op            out          a        b              c                          k
    hash_i64      u64 hashes   values   validity or 0  0, or hashes so far        -
    hash_f64, hash_bool, hash_i128, hash_str           the same
    hash_code     u64 hashes   codes    "              "                          address of u64 hashes by code
    slice_of      I64 slices   hashes   -              -                          number of slices

A column's hash is h = mix(value); a NULL hashes to a constant. With `c` the answer combines:

    out = (rotate(c, 25) * ODD) xor h              so (1, 2) and (2, 1) differ; `out` may be `c` itself

-0.0 hashes as 0.0 and every NaN as one NaN. A 16-byte integer that fits 8 bytes hashes differently from
the 8-byte one: whoever compares the two casts first. Strings: their bytes without trailing
blanks, 16 at a time, with a length; collation is settled before (the planner folds case).

`slice_of` multiplies the hash's upper 32 bits by the number of slices and keeps the upper half, so it
depends on the top bits alone; tables take their slots from the low bits. Two rows of one slice
are thus no likelier to share a slot.

The definition is versioned (hashing.HASH_VERSION): rows are placed by it on disk. hashing.py has the
functions over arrays, the reference and the reasons. All ops also run as vector ops.
"""
from __future__ import annotations

import numpy as np

from .abi import OK
from .intrinsics import (
    as_i64,
    as_u64,
    f64_bits,
    f64p,
    fold_multiply,
    i64p,
    inline,
    mix,
    rotate_left,
    u8p,
    u64p,
)
from .registry import op
from .text import low_mask, significant

NULL_HASH = np.uint64(0x9E6C63D0876A9A47)
COMBINE = np.uint64(0x9E3779B97F4A7C15)
ROTATE = np.uint64(25)
CANONICAL_NAN = np.uint64(0x7FF8000000000000)
HIGH_FACTOR = np.uint64(0xC2B2AE3D27D4EB4F)
TEXT_SEED = np.uint64(0xA0761D6478BD642F)
TEXT_FACTOR = np.uint64(0xE7037ED1A0B428DB)


@inline
def combine(previous, h):
    return (rotate_left(previous, ROTATE) * COMBINE) ^ h


@inline
def canonical_bits(x):
    """The bits of a float at an address, with one zero (-0.0 + 0.0 is 0.0) and one NaN."""
    value = f64p(x)[0] + 0.0
    return CANONICAL_NAN if value != value else as_u64(f64_bits(value))


@inline
def hash_text(address, length):
    """The hash of `length` bytes; reads up to 16 bytes past a non-empty string's end."""
    h = TEXT_SEED ^ as_u64(length)
    rest = length
    at = address
    while rest > 16:
        w = u64p(at)
        h = fold_multiply(w[0] ^ TEXT_FACTOR, w[1] ^ h)
        at += 16
        rest -= 16
    if rest > 0:
        w = u64p(at)
        first = w[0] & low_mask(min(rest, 8))
        second = w[1] & low_mask(max(rest - 8, 0))
        h = fold_multiply(first ^ TEXT_FACTOR, second ^ h)
    return mix(h)


@inline
def hash_wide(low, high):
    return mix(low ^ mix(high * HIGH_FACTOR))


@inline
def _one(hashed, i, b, c):
    """Put in the NULL constant where row i is invalid, then combine with the hash so far."""
    h = hashed
    if b != 0:
        h = h if u8p(b)[i] != 0 else NULL_HASH
    if c != 0:
        h = combine(u64p(c)[i], h)
    return h


@op("hash_i64")
def hash_i64(out, a, b, c, k, n, frame):
    h, x = u64p(out), u64p(a)
    if b == 0 and c == 0:
        for i in range(n):
            h[i] = mix(x[i])
        return OK
    for i in range(n):
        h[i] = _one(mix(x[i]), i, b, c)
    return OK


@op("hash_f64")
def hash_f64(out, a, b, c, k, n, frame):
    h = u64p(out)
    for i in range(n):
        h[i] = _one(mix(canonical_bits(a + i * 8)), i, b, c)
    return OK


@op("hash_bool")
def hash_bool(out, a, b, c, k, n, frame):
    h, x = u64p(out), u8p(a)
    for i in range(n):
        h[i] = _one(mix(np.uint64(x[i])), i, b, c)
    return OK


@op("hash_i128")
def hash_i128(out, a, b, c, k, n, frame):
    h, x = u64p(out), u64p(a)
    for i in range(n):
        h[i] = _one(hash_wide(x[2 * i], x[2 * i + 1]), i, b, c)
    return OK


@op("hash_str")
def hash_str(out, a, b, c, k, n, frame):
    h, x = u64p(out), i64p(a)
    for i in range(n):
        h[i] = _one(hash_text(x[2 * i], significant(x[2 * i], x[2 * i + 1])), i, b, c)
    return OK


@op("hash_code")
def hash_code(out, a, b, c, k, n, frame):
    h, codes, known = u64p(out), i64p(a), u64p(k)
    for i in range(n):
        h[i] = _one(known[codes[i]], i, b, c)
    return OK


@op("slice_of")
def slice_of(out, a, b, c, k, n, frame):
    s, h = i64p(out), u64p(a)
    for i in range(n):
        s[i] = as_i64(((h[i] >> np.uint64(32)) * as_u64(k)) >> np.uint64(32))
    return OK
