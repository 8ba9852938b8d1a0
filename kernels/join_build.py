"""Building join tables, the native part. Layouts: join_layout.py; which table is built: join_table.py.

All kernels handle rows start .. stop of the build side, so that Python can look at the cancel flag between
pieces; `values` and `valid` (0 = no NULLs) are addresses of whole columns. Rows with a NULL key are left out.

    key_range(values, valid, start, stop, out)       out: int64 (min, max, rows that count), updated
    build_array(table, values, valid, start, stop)   stops at a repeated key and sets T_REPEATED
    count_runs, scatter_runs(table, ...)             with sum_runs(table) between them
    build_bitmap(table, ...)
    build_hash(table, ...)                           pieces must come last rows first: chains ascend
    build_generic(table, hashes, valid, start, stop) likewise; compares the keys of rows of equal hash

`starts` of runs has span + 3 entries. Counting adds to starts[d + 2]; after summing, starts[d + 1] is where
the rows of d begin; scattering moves it to where they end, which is where d + 1 begins: no second array.
"""
from __future__ import annotations

from typing import Any

from .abi import OK
from .intrinsics import as_i64, as_u64, i32p, i64p, inline, prefetch_write, shared, u8p, u32p, u64p
from .join_layout import (
    AHEAD,
    KEY_WORDS,
    T_DATA,
    T_KEY_WORDS,
    T_KEYS,
    T_LOW,
    T_MASK,
    T_NEXT,
    T_REPEATED,
    T_SHIFT,
    T_SPAN,
    T_STARTS,
    T_USED,
    TK_KIND,
    TK_VALUES,
    TK_WIDTH,
)
from .join_lookup import same_key, slot_of
from .registry import kernel


@kernel("key_range", arity=5)
def key_range(values, valid, start, stop, out):
    x, ok, o = i64p(values), u8p(valid), i64p(out)
    low, high, count = o[0], o[1], o[2]
    if valid == 0:
        for i in range(start, stop):
            low = min(low, x[i])
            high = max(high, x[i])
        count += stop - start
    else:
        for i in range(start, stop):
            low = min(low, x[i]) if ok[i] != 0 else low
            high = max(high, x[i]) if ok[i] != 0 else high
            count += ok[i]
    o[0], o[1], o[2] = low, high, count
    return OK


@kernel("build_array", arity=5)
def build_array(table, values, valid, start, stop):
    t, x, ok = i64p(table), i64p(values), u8p(valid)
    rows, low = i32p(t[T_DATA]), t[T_LOW]
    for i in range(start, stop):
        if valid == 0 or ok[i] != 0:
            if rows[x[i] - low] >= 0:
                t[T_REPEATED] = 1
                return OK
            rows[x[i] - low] = i
    return OK


def _each_key(name: str, enter_key: Any) -> None:
    """Calls `enter_key(starts, data, d, row)` with every row's distance d from the lowest key."""

    @kernel(name, arity=5)
    def run(table, values, valid, start, stop):
        t, x, ok = i64p(table), i64p(values), u8p(valid)
        starts, data, low = t[T_STARTS], t[T_DATA], t[T_LOW]
        for i in range(start, stop):
            if valid == 0 or ok[i] != 0:
                enter_key(starts, data, x[i] - low, i)
        return OK


@inline
def _count_key(starts, data, d, row):
    u32p(starts)[d + 2] += 1


@inline
def _scatter_row(starts, data, d, row):
    at = u32p(starts)[d + 1]
    i32p(data)[at] = row
    u32p(starts)[d + 1] = at + 1


@inline
def _set_bit(starts, data, d, row):
    u64p(data)[d >> 6] |= as_u64(1) << as_u64(d & 63)


_each_key("count_runs", _count_key)
_each_key("scatter_runs", _scatter_row)
_each_key("build_bitmap", _set_bit)


@kernel("sum_runs", arity=1)
def sum_runs(table):
    t = i64p(table)
    starts, total = u32p(t[T_STARTS]), 0
    for d in range(t[T_SPAN] + 2):
        total += starts[d]
        starts[d] = total
    return OK


@inline
def enter(t, slots, following, at, word, row):
    """Put a row into the slot it belongs to: a new one, or at the head of the chain that is there."""
    head = slots[2 * at + 1]
    following[row] = head - 1
    slots[2 * at] = word
    slots[2 * at + 1] = row + 1
    if head != 0:
        t[T_REPEATED] = 1
    else:
        t[T_USED] += 1


@kernel("build_hash", arity=5)
def build_hash(table, values, valid, start, stop):
    t, x, ok = i64p(table), i64p(values), u8p(valid)
    slots, following, shift, mask = i64p(t[T_DATA]), i32p(t[T_NEXT]), t[T_SHIFT], t[T_MASK]
    for i in range(stop - 1, start - 1, -1):
        if i - AHEAD >= start:
            prefetch_write(t[T_DATA] + slot_of(x[i - AHEAD], shift) * 16)
        if valid == 0 or ok[i] != 0:
            at = slot_of(x[i], shift)
            while slots[2 * at + 1] != 0 and slots[2 * at] != x[i]:
                at = (at + 1) & mask
            enter(t, slots, following, at, x[i], i)
    return OK


@shared
def rows_equal(table, keys, x, y):
    """Whether two build rows have the same keys."""
    equal = True
    j = 0
    while equal and j < keys:
        key = i64p(table + 8 * (T_KEY_WORDS + KEY_WORDS * j))
        values, width = key[TK_VALUES], key[TK_WIDTH]
        equal = same_key(key[TK_KIND], values + x * width, values + y * width)
        j += 1
    return equal


@kernel("build_generic", arity=5)
def build_generic(table, hashes, valid, start, stop):
    t, h, ok = i64p(table), u64p(hashes), u8p(valid)
    slots, following, mask, keys = i64p(t[T_DATA]), i32p(t[T_NEXT]), t[T_MASK], t[T_KEYS]
    for i in range(stop - 1, start - 1, -1):
        if i - AHEAD >= start:
            prefetch_write(t[T_DATA] + as_i64(h[i - AHEAD] & as_u64(mask)) * 16)
        if valid == 0 or ok[i] != 0:
            word = as_i64(h[i])
            at = word & mask
            head = slots[2 * at + 1]
            while head != 0 and not (slots[2 * at] == word and rows_equal(table, keys, head - 1, i)):
                at = (at + 1) & mask
                head = slots[2 * at + 1]
            enter(t, slots, following, at, word, i)
    return OK
