"""Which row a window function takes its value from, the native part: row numbers, -1 = none. Arrays: windows.py.

    window_valid_rows(valid, n, before, rows)     before[i] = valid rows in front of row i (n + 1 of them);
                                                  rows = the valid rows, in order
    window_nth(before, rows, lo, hi, n, offsets, known, k, out)      the k-th row of each frame; k = LAST: the last.
                                                  offsets: a k for each frame; answers one with a k below 1, or -1
    window_shift(before, rows, starts, parts, offsets, known, k, out)  the row k rows further on in the partition;
                                                  before and after it: none (LAG has a negative k)
    window_best(codes, valid, lo, hi, n, flip, room, out)            the row of the smallest code xor flip

With `before` and `rows` only valid rows are counted (IGNORE NULLS); 0 for both: all rows. `known`: the validity of
the offsets, 0 = all valid; an unknown one gives no row. `best` works with two stacks as window_sums.py does.
"""
from __future__ import annotations

import numpy as np

from .abi import OK
from .intrinsics import i64p, inline, u8p
from .registry import kernel
from .window_layout import LAST


@kernel("window_valid_rows", arity=4)
def window_valid_rows(valid, n, before, rows):
    v, b, r, count = u8p(valid), i64p(before), i64p(rows), 0
    for i in range(n):
        b[i] = count
        r[count] = i
        count += v[i]
    b[n] = count
    return count


@inline
def _counted(before, row):
    """How many rows that count are in front of a row."""
    return i64p(before)[row] if before != 0 else row


@inline
def _row(rows, number):
    """The row that has so many in front of it."""
    return i64p(rows)[number] if rows != 0 else number


@kernel("window_nth", arity=9)
def window_nth(before, rows, lo, hi, n, offsets, known, k, out):
    low, high, wanted, ok, o = i64p(lo), i64p(hi), i64p(offsets), u8p(known), i64p(out)
    for i in range(n):
        first, stop = _counted(before, low[i]), _counted(before, high[i])
        number = k
        if offsets != 0:
            number = wanted[i]
            if known != 0 and ok[i] == 0:
                number = np.int64(1) << 62
            elif number < 1:
                return i
        at = stop - 1 if number == LAST else first + number - 1
        o[i] = _row(rows, at) if first <= at and at < stop else -1
    return -1


@kernel("window_shift", arity=8)
def window_shift(before, rows, starts, parts, offsets, known, k, out):
    s, by, ok, o = i64p(starts), i64p(offsets), u8p(known), i64p(out)
    for p in range(parts):
        first, stop = _counted(before, s[p]), _counted(before, s[p + 1])
        for i in range(s[p], s[p + 1]):
            step = k if offsets == 0 else k * by[i]
            at = _counted(before, i) + step
            if before != 0 and step > 0:
                at += _counted(before, i + 1) - _counted(before, i) - 1
            if step == 0:
                o[i] = i
            elif first <= at and at < stop and (known == 0 or ok[i] != 0):
                o[i] = _row(rows, at)
            else:
                o[i] = -1
            if known != 0 and ok[i] == 0:
                o[i] = -1
    return OK


@kernel("window_best", arity=8)
def window_best(codes, valid, lo, hi, n, flip, room, out):
    c, ok, low, high, suffix, o = i64p(codes), u8p(valid), i64p(lo), i64p(hi), i64p(room), i64p(out)
    middle, tail, front = np.int64(0), np.int64(0), np.int64(-1)
    for i in range(n):
        a, b = low[i], high[i]
        if a >= b:
            o[i] = -1
            continue
        if a >= middle:
            front = np.int64(-1)
            for j in range(b - 1, a - 1, -1):
                if (valid == 0 or ok[j] != 0) and (front < 0 or (c[j] ^ flip) <= (c[front] ^ flip)):
                    front = np.int64(j)
                suffix[j] = front
            middle, tail, front = b, b, np.int64(-1)
        for j in range(tail, b):
            if (valid == 0 or ok[j] != 0) and (front < 0 or (c[j] ^ flip) < (c[front] ^ flip)):
                front = np.int64(j)
        tail = b
        best = suffix[a]
        if best < 0 or (front >= 0 and (c[front] ^ flip) < (c[best] ^ flip)):
            best = front
        o[i] = best
    return OK
