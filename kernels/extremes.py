"""MIN and MAX, the native part. Block ops with the operands of aggregates.py.

    agg_minmax_i64, agg_minmax_f64, agg_minmax_bool, agg_minmax_i128
    agg_minmax_str    copies winners into the accumulator's heap; NEED_SPACE when it is full (repeatable)

One op finds both: the accumulator's `flip` inverts the values for MAX, which reverses their order. Floats
become integers that sort as they do, so that they share the loop of integers. BOOL_AND, BOOL_OR and
ANY_VALUE are minima and maxima too.
"""
from __future__ import annotations

import numpy as np
from numba import types

from .abi import NEED_SPACE, OK, VECTOR_ROWS
from .aggregate_layout import A_FLIP, A_HEAP, A_HEAP_CAPACITY, A_HEAP_USED, A_NEED, A_SEEN, A_VALUES
from .aggregates import AHEAD, few, mark, store_wide, wide_at
from .hash_ops import canonical_bits
from .intrinsics import (
    I128,
    as_i64,
    i64p,
    inline,
    make_intrinsic,
    memory_copy,
    prefetch_write,
    shared,
    stack_buffer,
    u8p,
)
from .registry import op
from .text import text_compare

EMPTY = np.int64(0x7FFFFFFFFFFFFFFF)


def _emit_min_wide(b, a):
    old, new = wide_at(b, a[0]), b.xor(wide_at(b, a[1]), b.sext(a[2], I128))
    store_wide(b, b.select(b.icmp_signed("<", new, old), new, old), a[0])


_three = types.void(types.int64, types.int64, types.int64)
min_wide = make_intrinsic(_three, _emit_min_wide, 3)  # (best, value, flip)


@inline
def sortable(x):
    """A float at an address as an integer with the same order; NaN above all."""
    bits = as_i64(canonical_bits(x))
    return bits ^ ((bits >> 63) & EMPTY)


@shared
def _minmax(w, x, b, c, n):
    """Fold n int64 values at an address into the groups' best."""
    values, g, valid = i64p(x), i64p(c), u8p(b)
    best, flip = i64p(w[A_VALUES]), w[A_FLIP]
    if c == 0:
        low = best[0]
        for i in range(n):
            v = values[i] ^ flip
            low = min(low, v if b == 0 or valid[i] != 0 else EMPTY)
        best[0] = low
    elif few(w, c):
        s0, s1, s2, s3 = best[0], best[1], best[2], best[3]
        for i in range(n):
            v = values[i] ^ flip
            v = v if b == 0 or valid[i] != 0 else EMPTY
            s0 = min(s0, v if g[i] == 0 else EMPTY)
            s1 = min(s1, v if g[i] == 1 else EMPTY)
            s2 = min(s2, v if g[i] == 2 else EMPTY)
            s3 = min(s3, v if g[i] == 3 else EMPTY)
        best[0], best[1], best[2], best[3] = s0, s1, s2, s3
    else:
        for i in range(n):
            if i + AHEAD < n:
                prefetch_write(w[A_VALUES] + g[i + AHEAD] * 8)
            v = values[i] ^ flip
            best[g[i]] = min(best[g[i]], v if b == 0 or valid[i] != 0 else EMPTY)


@op("agg_minmax_i64")
def agg_minmax_i64(out, a, b, c, k, n, frame):
    w = i64p(k)
    mark(w, b, c, n)
    _minmax(w, a, b, c, n)
    return OK


_vector = stack_buffer(VECTOR_ROWS * 8)


@inline
def _behind(address, bytes):
    """An address moved on; an absent operand stays absent."""
    return address + bytes if address != 0 else 0


@op("agg_minmax_f64")
def agg_minmax_f64(out, a, b, c, k, n, frame):
    w, buffer = i64p(k), _vector(0)
    words = i64p(buffer)
    mark(w, b, c, n)
    for first in range(0, n, VECTOR_ROWS):
        rows = min(VECTOR_ROWS, n - first)
        for i in range(rows):
            words[i] = sortable(a + (first + i) * 8)
        _minmax(w, buffer, _behind(b, first), _behind(c, first * 8), rows)
    return OK


@op("agg_minmax_bool")
def agg_minmax_bool(out, a, b, c, k, n, frame):
    w, buffer, x = i64p(k), _vector(0), u8p(a)
    words = i64p(buffer)
    mark(w, b, c, n)
    for first in range(0, n, VECTOR_ROWS):
        rows = min(VECTOR_ROWS, n - first)
        for i in range(rows):
            words[i] = x[first + i]
        _minmax(w, buffer, _behind(b, first), _behind(c, first * 8), rows)
    return OK


@op("agg_minmax_i128")
def agg_minmax_i128(out, a, b, c, k, n, frame):
    w, g, valid = i64p(k), i64p(c), u8p(b)
    mark(w, b, c, n)
    for i in range(n):
        group = g[i] if c != 0 else 0
        if b == 0 or valid[i] != 0:
            min_wide(w[A_VALUES] + group * 16, a + i * 16, w[A_FLIP])
    return OK


@inline
def keep_text(w, state, address, length):
    """Make a string the group's best; whether the heap had room."""
    fits = length <= state[2]
    if not fits and w[A_HEAP_USED] + length <= w[A_HEAP_CAPACITY]:
        state[0] = w[A_HEAP_USED]
        state[2] = length
        w[A_HEAP_USED] += length
        fits = True
    if fits:
        state[1] = length
        memory_copy(w[A_HEAP] + state[0], address, length)
    else:
        w[A_NEED] = length
    return fits


@op("agg_minmax_str")
def agg_minmax_str(out, a, b, c, k, n, frame):
    w, x, g, valid = i64p(k), i64p(a), i64p(c), u8p(b)
    seen, sign = u8p(w[A_SEEN]), 1 if w[A_FLIP] == 0 else -1
    for i in range(n):
        if b != 0 and valid[i] == 0:
            continue
        group = g[i] if c != 0 else 0
        state = i64p(w[A_VALUES] + group * 24)
        address, length = x[2 * i], x[2 * i + 1]
        better = seen[group] == 0
        if not better:
            better = sign * text_compare(address, length, w[A_HEAP] + state[0], state[1]) < 0
        if better:
            if not keep_text(w, state, address, length):
                return NEED_SPACE
            seen[group] = 1
    return OK
