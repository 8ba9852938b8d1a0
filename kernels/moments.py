"""Count, mean and squared deviations of floats, and bits of integers, the native part. Operands as in aggregates.py.

    agg_moments         adds valid floats to (count, mean, sum of squared deviations), three floats a group
    agg_merge_moments   adds such states, which come as STR views of 24 bytes
    agg_bit_and, agg_bit_or

    moments_known       STR -> BOOL: the state counts more than k values                        VECTOR
    moments_value       STR -> F64: squared deviations / (count - 1 or count), its root if asked; k: bit 0 the
                        population's, bit 1 the root. 0 where there are too few                 VECTOR

Deviations are taken from the mean, never as the difference of large sums of squares: a batch by its own mean in
two passes, groups value by value (Welford); states are put together by Chan's formula.
"""
from __future__ import annotations

import math

from .abi import OK
from .aggregate_layout import A_VALUES
from .aggregates import mark
from .intrinsics import f64p, i64p, inline, u8p
from .registry import op

STATE_BYTES = 24


@inline
def _merge(state, count, mean, squares):
    """Add a state to the one at an address."""
    s = f64p(state)
    if count > 0.0:
        total, apart = s[0] + count, mean - s[1]
        s[2] += squares + apart * apart * s[0] * (count / total) if s[0] > 0.0 else squares
        s[1] = s[1] + apart * (count / total) if s[0] > 0.0 else mean
        s[0] = total


@inline
def _batch(state, x, b, n):
    """All values of a batch: their mean first, then how far they are from it."""
    v, ok = f64p(x), u8p(b)
    count, total = 0.0, 0.0
    for i in range(n):
        weight = 1.0 if b == 0 or ok[i] != 0 else 0.0
        count += weight
        total += v[i]
    if count > 0.0:
        mean, squares = total / count, 0.0
        for i in range(n):
            step = v[i] - mean if b == 0 or ok[i] != 0 else 0.0
            squares += step * step
        _merge(state, count, mean, squares)


@op("agg_moments")
def agg_moments(out, a, b, c, k, n, frame):
    w, x, g, valid = i64p(k), f64p(a), i64p(c), u8p(b)
    mark(w, b, c, n)
    if c == 0:
        _batch(w[A_VALUES], a, b, n)
    else:
        for i in range(n):
            if b == 0 or valid[i] != 0:
                s = f64p(w[A_VALUES] + g[i] * STATE_BYTES)
                s[0] += 1.0
                step = x[i] - s[1]
                s[1] += step / s[0]
                s[2] += step * (x[i] - s[1])
    return OK


@op("agg_merge_moments")
def agg_merge_moments(out, a, b, c, k, n, frame):
    w, views, g, valid = i64p(k), i64p(a), i64p(c), u8p(b)
    mark(w, b, c, n)
    for i in range(n):
        if (b == 0 or valid[i] != 0) and views[2 * i + 1] == STATE_BYTES:
            group = g[i] if c != 0 else 0
            s = f64p(views[2 * i])
            _merge(w[A_VALUES] + group * STATE_BYTES, s[0], s[1], s[2])
    return OK


@op("agg_bit_and")
def agg_bit_and(out, a, b, c, k, n, frame):
    w, x, g, valid = i64p(k), i64p(a), i64p(c), u8p(b)
    values = i64p(w[A_VALUES])
    mark(w, b, c, n)
    for i in range(n):
        if b == 0 or valid[i] != 0:
            values[g[i] if c != 0 else 0] &= x[i]
    return OK


@op("agg_bit_or")
def agg_bit_or(out, a, b, c, k, n, frame):
    w, x, g = i64p(k), i64p(a), i64p(c)
    values = i64p(w[A_VALUES])
    mark(w, b, c, n)
    for i in range(n):  # a value under NULL is 0
        values[g[i] if c != 0 else 0] |= x[i]
    return OK


@op("moments_known")
def moments_known(out, a, b, c, k, n, frame):
    o, views = u8p(out), i64p(a)
    for i in range(n):
        o[i] = 0
        if views[2 * i + 1] == STATE_BYTES:
            o[i] = 1 if f64p(views[2 * i])[0] > k else 0
    return OK


@op("moments_value")
def moments_value(out, a, b, c, k, n, frame):
    o, views = f64p(out), i64p(a)
    for i in range(n):
        value = 0.0
        if views[2 * i + 1] == STATE_BYTES:
            s = f64p(views[2 * i])
            less = s[0] if k & 1 != 0 else s[0] - 1.0
            value = s[2] / less if less > 0.0 else 0.0
        o[i] = math.sqrt(value) if k & 2 != 0 else value
    return OK
