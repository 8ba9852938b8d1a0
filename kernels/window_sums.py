"""Sums over frames, the native part. Frames are lo <= row < hi and only ever move forward. Arrays: windows.py.

Exact types: running totals, and a frame's sum is the difference of two. Totals may wrap around, differences
are right all the same as long as the sum itself fits.

    window_prefix_count(valid, n, out)            window_difference(prefix, lo, hi, n, out)
    window_prefix_i64(x, n, out)                  window_difference  (the caller knows that sums fit)
    window_prefix_wide(x, n, out)                 window_difference_wide      I64 in, I128 out
    window_prefix_i128(x, n, out)                 window_difference_i128      totals of three words; answers the
                                                  first frame whose sum has more than 38 digits, or -1

Floats must not be subtracted again (what is added to 1e300 and taken away is lost), so they use two stacks:

    rows    lo ... middle ... hi        total = suffix[lo] + front
            suffix[j] = sum of j .. middle - 1, made when lo reaches the middle; front = sum of middle .. hi - 1

Each row is added to each stack once. Sums carry what rounding lost (Neumaier). Values under NULL are 0.

    window_sum_f64(x, lo, hi, n, room, out)              room: 2 floats a row
    window_moments(x, valid, lo, hi, n, room, out)       room, out: (count, mean, squared deviations) a row, a frame
    window_bits(x, valid, lo, hi, n, either, room, out)  AND (either = 0) or OR
"""
from __future__ import annotations

import numpy as np

from . import wide_math as w
from .abi import OK
from .intrinsics import f64p, i64p, inline, u8p
from .registry import kernel


@kernel("window_prefix_count", arity=3)
def window_prefix_count(valid, n, out):
    v, o, total = u8p(valid), i64p(out), 0
    for i in range(n):
        o[i] = total
        total += v[i]
    o[n] = total
    return OK


@kernel("window_prefix_i64", arity=3)
def window_prefix_i64(x, n, out):
    v, o, total = i64p(x), i64p(out), 0
    for i in range(n):
        o[i] = total
        total += v[i]
    o[n] = total
    return OK


@kernel("window_difference", arity=5)
def window_difference(prefix, lo, hi, n, out):
    p, low, high, o = i64p(prefix), i64p(lo), i64p(hi), i64p(out)
    for i in range(n):
        o[i] = p[high[i]] - p[low[i]]
    return OK


@kernel("window_prefix_wide", arity=3)
def window_prefix_wide(x, n, out):
    v, total = i64p(x), w.extend(0)
    for i in range(n):
        w.store(out + i * 16, total)
        total = w.add(total, w.extend(v[i]))
    w.store(out + n * 16, total)
    return OK


@kernel("window_difference_wide", arity=5)
def window_difference_wide(prefix, lo, hi, n, out):
    low, high = i64p(lo), i64p(hi)
    for i in range(n):
        w.store(out + i * 16, w.subtract(w.load(prefix + high[i] * 16), w.load(prefix + low[i] * 16)))
    return OK


@kernel("window_prefix_i128", arity=3)
def window_prefix_i128(x, n, out):
    """Totals of 192 bits: the lower two words, and a signed one above them."""
    o, total, top = i64p(out), w.extend(0), 0
    for i in range(n + 1):
        w.store(out + i * 24, total)
        o[3 * i + 2] = top
        if i < n:
            value = w.load(x + i * 16)
            after = w.add(total, value)
            top += (w.high(value) >> 63) + w.less_unsigned(after, total)
            total = after
    return OK


@kernel("window_difference_i128", arity=5)
def window_difference_i128(prefix, lo, hi, n, out):
    p, low, high = i64p(prefix), i64p(lo), i64p(hi)
    limit = w.power_of_ten(38)
    for i in range(n):
        a, b = w.load(prefix + low[i] * 24), w.load(prefix + high[i] * 24)
        value = w.subtract(b, a)
        top = p[3 * high[i] + 2] - p[3 * low[i] + 2] - w.less_unsigned(b, a)
        if top != w.high(value) >> 63 or w.less(w.magnitude(value)[0], limit) == 0:
            return i
        w.store(out + i * 16, value)
    return -1


# -- floats ------------------------------------------------------------------------------------------


@inline
def _plus(total, lost, x):
    """(total + x, what is lost so far) by Neumaier."""
    after = total + x
    if abs(total) >= abs(x):
        lost += (total - after) + x
    else:
        lost += (x - after) + total
    return after, lost


@inline
def _finished(total, lost):
    """Infinities and NaN have lost nothing."""
    whole = total + lost
    return whole if total - total == 0.0 else total


@kernel("window_sum_f64", arity=6)
def window_sum_f64(x, lo, hi, n, room, out):
    v, low, high, suffix, o = f64p(x), i64p(lo), i64p(hi), f64p(room), f64p(out)
    middle, tail, front, front_lost = np.int64(0), np.int64(0), 0.0, 0.0
    for i in range(n):
        a, b = low[i], high[i]
        if a >= b:
            o[i] = 0.0
            continue
        if a >= middle:
            total, lost = 0.0, 0.0
            for j in range(b - 1, a - 1, -1):
                total, lost = _plus(total, lost, v[j])
                suffix[2 * j] = total
                suffix[2 * j + 1] = lost
            middle, tail, front, front_lost = b, b, 0.0, 0.0
        for j in range(tail, b):
            front, front_lost = _plus(front, front_lost, v[j])
        tail = b
        total, lost = _plus(suffix[2 * a], suffix[2 * a + 1], front)
        o[i] = _finished(total, lost + front_lost)
    return OK


@inline
def _with_value(count, mean, squares, x):
    """Welford: one more value."""
    count += 1.0
    step = x - mean
    mean += step / count
    return count, mean, squares + step * (x - mean)


@kernel("window_moments", arity=7)
def window_moments(x, valid, lo, hi, n, room, out):
    v, ok, low, high = f64p(x), u8p(valid), i64p(lo), i64p(hi)
    suffix, o = f64p(room), f64p(out)
    middle, tail, count, mean, squares = np.int64(0), np.int64(0), 0.0, 0.0, 0.0
    for i in range(n):
        a, b = low[i], high[i]
        if a >= b:
            o[3 * i], o[3 * i + 1], o[3 * i + 2] = 0.0, 0.0, 0.0
            continue
        if a >= middle:
            count, mean, squares = 0.0, 0.0, 0.0
            for j in range(b - 1, a - 1, -1):
                if valid == 0 or ok[j] != 0:
                    count, mean, squares = _with_value(count, mean, squares, v[j])
                suffix[3 * j], suffix[3 * j + 1], suffix[3 * j + 2] = count, mean, squares
            middle, tail, count, mean, squares = b, b, 0.0, 0.0, 0.0
        for j in range(tail, b):
            if valid == 0 or ok[j] != 0:
                count, mean, squares = _with_value(count, mean, squares, v[j])
        tail = b
        total, apart = suffix[3 * a] + count, mean - suffix[3 * a + 1]
        both = suffix[3 * a] > 0.0 and count > 0.0
        share = count / total if total > 0.0 else 0.0
        o[3 * i] = total
        o[3 * i + 1] = suffix[3 * a + 1] + apart * share if suffix[3 * a] > 0.0 else mean
        o[3 * i + 2] = suffix[3 * a + 2] + squares + (apart * apart * suffix[3 * a] * share if both else 0.0)
    return OK


@kernel("window_bits", arity=8)
def window_bits(x, valid, lo, hi, n, either, room, out):
    v, ok, low, high, suffix, o = i64p(x), u8p(valid), i64p(lo), i64p(hi), i64p(room), i64p(out)
    neutral = 0 if either != 0 else -1
    middle, tail, front = np.int64(0), np.int64(0), np.int64(neutral)
    for i in range(n):
        a, b = low[i], high[i]
        if a >= b:
            o[i] = 0
            continue
        if a >= middle:
            front = np.int64(neutral)
            for j in range(b - 1, a - 1, -1):
                if valid == 0 or ok[j] != 0:
                    front = front | v[j] if either != 0 else front & v[j]
                suffix[j] = front
            middle, tail, front = b, b, np.int64(neutral)
        for j in range(tail, b):
            if valid == 0 or ok[j] != 0:
                front = front | v[j] if either != 0 else front & v[j]
        tail = b
        o[i] = suffix[a] | front if either != 0 else suffix[a] & front
    return OK
