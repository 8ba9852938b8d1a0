"""Sums and counts of a batch for all aggregates of a GROUP BY together: BLOCK op `agg_sums`.

    c   I64 group ids            k   the block that accumulators.SumBlock makes (M_* in aggregate_layout.py)

Each column of the block names an accumulator, its values (absent: a count) and their validity (absent: all
valid). Done together because what is cheapest depends on the groups that a vector's 1,024 rows belong to,
which is found out once, and rows of stored tables come clustered:

    up to FEW_GROUPS in the vector   the sum of all rows, and one under a mask for each group but the last,
                                     which gets the rest; plain SIMD
    up to LOCAL_GROUPS in all        64-bit sums on the side, COPIES of each in turns, added to the totals
                                     at the end of the batch
    more                             each row updates its group's total

    ids   4 4 7 4 7 7 4 7 ...        all = sum(x)    s4 = sum(x where id = 4)    s7 = all - s4

Exactness: totals have 128 bits. Parts are summed in 64 bits only where all magnitudes of the vector lie below
2**PARTIAL_BITS, so that a whole batch of them fits: proven by the compiler (M_SMALL), else looked at. The value
under a NULL is 0, so sums add it without looking; only `seen` and counts need the validity. Every group of the
table has a row, so a column without a validity has seen all groups there are.
"""
from __future__ import annotations

import numpy as np

from .abi import BATCH_ROWS, OK, VECTOR_ROWS
from .aggregate_layout import (
    A_MARKED,
    A_SEEN,
    A_VALUES,
    COPIES,
    FEW_GROUPS,
    LOCAL_GROUPS,
    M_ACCUMULATOR,
    M_COLUMNS,
    M_COUNT,
    M_SMALL,
    M_VALID,
    M_VALUES,
    M_WORDS,
    PARTIAL_BITS,
)
from .aggregates import AHEAD, add_total, all_seen, groups_now
from .intrinsics import (
    as_i64,
    as_u64,
    i64p,
    inline,
    memory_fill,
    popcount,
    prefetch_write,
    shared,
    stack_buffer,
    trailing_zeros,
    u8p,
    u64,
    u64p,
)
from .registry import op

TRACKED = 64  # groups whose presence in a vector is told by a bit
_presence = stack_buffer(BATCH_ROWS // VECTOR_ROWS * 8)
_local = stack_buffer(LOCAL_GROUPS * COPIES * 8)


@shared
def groups_present(ids, n):
    """A bit for each group that some row belongs to; all bits if one is not among the first 64."""
    g = i64p(ids)
    bits, together = u64(0), 0
    for i in range(n):
        bits |= u64(1) << as_u64(g[i] & (TRACKED - 1))
        together |= g[i]
    return bits if together < TRACKED else ~u64(0)


@inline
def is_small(x, n):
    bits = 0
    for i in range(n):
        bits |= x[i] ^ (x[i] >> 63)
    return bits < (1 << PARTIAL_BITS)


# -- one column of one vector: the value of a row is x[i], or 1 (valid: 0 or 1) for a count --------------


@shared
def part_of(x, valid, ids, group, n):
    """The sum over the rows of one group; group -1: over all rows."""
    values, v, g, s = i64p(x), u8p(valid), i64p(ids), 0
    if x != 0 and group < 0:
        for i in range(n):
            s += values[i]
    elif x != 0:
        for i in range(n):
            value = values[i]
            s += value if g[i] == group else 0
    elif valid == 0:
        for i in range(n):
            s += 1 if g[i] == group else 0
    else:
        for i in range(n):
            one = np.int64(v[i])
            s += one if group < 0 or g[i] == group else 0
    return s


@shared
def add_locally(sums, x, valid, ids, n):
    """Add each row to one of the COPIES sums of its group."""
    s, values, v, g = i64p(sums), i64p(x), u8p(valid), i64p(ids)
    if x != 0:
        for i in range(n):
            s[COPIES * g[i] + (i & (COPIES - 1))] += values[i]
    elif valid == 0:
        for i in range(n):
            s[COPIES * g[i] + (i & (COPIES - 1))] += 1
    else:
        for i in range(n):
            s[COPIES * g[i] + (i & (COPIES - 1))] += np.int64(v[i])
    return 0


@shared
def add_each(totals, x, valid, ids, n):
    """Add each row to its group's state."""
    values, v, g, counts = i64p(x), u8p(valid), i64p(ids), i64p(totals)
    if x != 0:
        for i in range(n):
            if i + AHEAD < n:
                prefetch_write(totals + g[i + AHEAD] * 16)
            add_total(totals + g[i] * 16, values[i])
    else:
        for i in range(n):
            if i + AHEAD < n:
                prefetch_write(totals + g[i + AHEAD] * 8)
            counts[g[i]] += np.int64(v[i]) if valid != 0 else 1
    return 0


@inline
def add_part(totals, group, is_count, part):
    if is_count:
        i64p(totals)[group] += part
    else:
        add_total(totals + group * 16, part)


@inline
def add_masked(totals, x, valid, ids, n, groups):
    """Add a vector whose rows belong to few groups (a bit for each)."""
    all_rows = valid == 0 and x == 0
    rest = n if all_rows else part_of(x, valid, ids, -1, n)
    while groups & (groups - u64(1)) != u64(0):
        group = as_i64(trailing_zeros(groups))
        part = part_of(x, valid, ids, group, n)
        add_part(totals, group, x == 0, part)
        rest -= part
        groups &= groups - u64(1)
    add_part(totals, as_i64(trailing_zeros(groups)), x == 0, rest)


# -- which groups have seen a value ----------------------------------------------------------------------


@inline
def mark_column(w, valid, ids, n):
    seen, v, g, groups = u8p(w[A_SEEN]), u8p(valid), i64p(ids), groups_now(w)
    if valid == 0:
        if w[A_MARKED] < groups:
            memory_fill(w[A_SEEN] + w[A_MARKED], 1, groups - w[A_MARKED])
            w[A_MARKED] = groups
    elif groups > TRACKED or not all_seen(w):
        for i in range(n):
            seen[g[i]] |= v[i]


# -- a batch ---------------------------------------------------------------------------------------------


@shared
def add_column(column, presence, local, ids, n):
    """Add one column of the batch; `local`: zeroed sums for LOCAL_GROUPS groups, 0 = there are more."""
    m = i64p(column)
    w, x, valid, bits = i64p(m[M_ACCUMULATOR]), m[M_VALUES], m[M_VALID], u64p(presence)
    totals, used = w[A_VALUES], False
    if x != 0:
        mark_column(w, valid, ids, n)
    for first in range(0, n, VECTOR_ROWS):
        rows = min(VECTOR_ROWS, n - first)
        values = x + first * 8 if x != 0 else 0
        valids = valid + first if valid != 0 else 0
        at, groups = ids + first * 8, bits[first // VECTOR_ROWS]
        if not (x == 0 or m[M_SMALL] != 0 or is_small(i64p(values), rows)):
            add_each(totals, values, valids, at, rows)
        elif popcount(groups) <= u64(FEW_GROUPS):
            add_masked(totals, values, valids, at, rows, groups)
        elif local != 0:
            used = True
            add_locally(local, values, valids, at, rows)
        else:
            add_each(totals, values, valids, at, rows)
    if used:
        sums = i64p(local)
        for group in range(groups_now(w)):
            part = 0
            for i in range(COPIES * group, COPIES * group + COPIES):
                part += sums[i]
                sums[i] = 0
            add_part(totals, group, x == 0, part)
    return 0


@op("agg_sums")
def agg_sums(out, a, b, c, k, n, frame):
    presence, local = _presence(0), _local(0)
    bits = u64p(presence)
    for first in range(0, n, VECTOR_ROWS):
        bits[first // VECTOR_ROWS] = groups_present(c + first * 8, min(VECTOR_ROWS, n - first))
    groups = groups_now(i64p(i64p(k + 8 * M_COLUMNS)[M_ACCUMULATOR]))
    if groups <= LOCAL_GROUPS and groups * COPIES <= n:
        memory_fill(local, 0, groups * COPIES * 8)
    else:
        local = 0
    for j in range(i64p(k)[M_COUNT]):
        add_column(k + 8 * (M_COLUMNS + M_WORDS * j), presence, local, c, n)
    return OK
