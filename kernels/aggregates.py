"""Accumulating aggregates, the native part. Block ops, all with these operands:

    a   the values (agg_count: ignored)
    b   their validity, 0 = all valid                c   I64 group ids, 0 = no groups (state row 0)
    k   address of the accumulator (accumulators.py; layout in aggregate_layout.py)

    agg_count         counts valid rows; with b = 0: all rows
    agg_sum_i64       exact: 128-bit totals
    agg_sum_i128      128-bit totals; FAILED with ERR_OVERFLOW beyond
    agg_sum_f64       in an order that depends on the batches only
    agg_minmax_*      extremes.py

The value under a NULL is 0, so sums add it without looking; only `seen` needs the validity.

How sums stay fast and exact: a pass over the batch ORs the magnitudes; when all are below 2**46 (nearly
always), 65,536 of them fit one int64, so the batch is added up with plain SIMD and carried into the 128-bit
total once. Up to four groups each is added under a mask. Otherwise each row updates its group.
"""
from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types

from .abi import BATCH_ROWS, ERR_OVERFLOW, F_ERROR_CODE, F_ERROR_ROW, FAILED, OK
from .aggregate_layout import (
    A_GROUPS_AT,
    A_SEEN,
    A_VALUES,
    FEW_GROUPS,
    PARTIAL_BITS,
)
from .intrinsics import (
    F64,
    I64,
    I128,
    LANES,
    ROW,
    ROW_BYTES,
    as_i64,
    as_u64,
    f64p,
    i64p,
    inline,
    load_row,
    make_intrinsic,
    memory_fill,
    prefetch_write,
    shared,
    stack_buffer,
    store_row,
    u8p,
    vector_op,
)
from .registry import op

AHEAD = 16  # rows between the prefetch of a group's state and its update


def wide_at(b, address):
    value = b.load(b.inttoptr(address, I128.as_pointer()))
    value.align = 8
    return value


def store_wide(b, value, address):
    b.store(value, b.inttoptr(address, I128.as_pointer())).align = 8


def _emit_add(b, a):
    store_wide(b, b.add(wide_at(b, a[0]), b.sext(a[1], I128)), a[0])


def _emit_add_wide(b, a):
    name = "llvm.sadd.with.overflow.i128"
    pair = ir.LiteralStructType([I128, ir.IntType(1)])
    function = b.module.globals.get(name) or ir.Function(b.module, ir.FunctionType(pair, [I128, I128]), name)
    result = b.call(function, [wide_at(b, a[0]), wide_at(b, a[1])])
    store_wide(b, b.extract_value(result, 0), a[0])
    return b.zext(b.extract_value(result, 1), I64)


_address = types.int64
add_total = make_intrinsic(types.void(_address, types.int64), _emit_add, 2)  # total at address += int64
add_wide = make_intrinsic(types.int64(_address, _address), _emit_add_wide, 2)  # answers 1 on overflow


# -- which groups have seen a value ----------------------------------------------------------------


@inline
def groups_now(w):
    return i64p(w[A_GROUPS_AT])[0] if w[A_GROUPS_AT] != 0 else 0


@inline
def all_seen(w):
    """Whether every group so far is marked (asked for few groups only: it saves the pass that marks)."""
    seen = u8p(w[A_SEEN])
    left = 0
    for g in range(groups_now(w)):
        left += 1 - seen[g]
    return left == 0


@inline
def any_valid(b, n):
    found = 0
    if b == 0:
        found = n
    else:
        valid = u8p(b)
        for i in range(n):
            found |= valid[i]
    return found != 0


@shared
def mark(w, b, c, n):
    """Set `seen` of the groups of valid rows."""
    seen = u8p(w[A_SEEN])
    if c == 0:
        if any_valid(b, n):
            seen[0] = 1
    elif groups_now(w) > FEW_GROUPS or not all_seen(w):
        g = i64p(c)
        if b == 0:
            for i in range(n):
                seen[g[i]] = 1
        else:
            valid = u8p(b)
            for i in range(n):
                seen[g[i]] |= valid[i]


@inline
def few(w, c):
    return c != 0 and 0 < groups_now(w) <= FEW_GROUPS


# -- count ------------------------------------------------------------------------------------------


@op("agg_count")
def agg_count(out, a, b, c, k, n, frame):
    w, valid, g = i64p(k), u8p(b), i64p(c)
    counts = i64p(w[A_VALUES])
    if c == 0:
        found = n
        if b != 0:
            found = 0
            for i in range(n):
                found += valid[i]
        counts[0] += found
    elif few(w, c):
        s0, s1, s2, s3 = 0, 0, 0, 0
        for i in range(n):
            one = np.int64(valid[i]) if b != 0 else 1
            s0 += one if g[i] == 0 else 0
            s1 += one if g[i] == 1 else 0
            s2 += one if g[i] == 2 else 0
            s3 += one if g[i] == 3 else 0
        counts[0] += s0
        counts[1] += s1
        counts[2] += s2
        counts[3] += s3
    else:
        for i in range(n):
            counts[g[i]] += np.int64(valid[i]) if b != 0 else 1
    return OK


# -- sums -------------------------------------------------------------------------------------------


@inline
def fit_partial(x, n):
    """Whether n values surely add up in an int64."""
    bits = 0
    for i in range(n):
        bits |= x[i] ^ (x[i] >> 63)
    return bits < (1 << PARTIAL_BITS) and n <= BATCH_ROWS


@inline
def add_high(total, high):
    """total += high * 2**32, for a total of 128 bits."""
    t = i64p(total)
    low = as_u64(t[0]) + as_u64(high << 32)
    t[1] += (high >> 32) + (1 if low < as_u64(t[0]) else 0)
    t[0] = as_i64(low)


@inline
def sum_all(total, x, n):
    """Add n values to the total at an address."""
    if fit_partial(x, n):
        s = 0
        for i in range(n):
            s += x[i]
        add_total(total, s)
    else:
        low, high = 0, 0
        for i in range(n):
            low += x[i] & 0xFFFFFFFF
            high += x[i] >> 32
        add_total(total, low)
        add_high(total, high)


@inline
def sum_few(totals, x, g, n):
    """Add n small values to the totals of groups 0..3."""
    s0, s1, s2, s3 = 0, 0, 0, 0
    for i in range(n):
        v = x[i]
        s0 += v if g[i] == 0 else 0
        s1 += v if g[i] == 1 else 0
        s2 += v if g[i] == 2 else 0
        s3 += v if g[i] == 3 else 0
    add_total(totals, s0)
    add_total(totals + 16, s1)
    add_total(totals + 32, s2)
    add_total(totals + 48, s3)


@op("agg_sum_i64")
def agg_sum_i64(out, a, b, c, k, n, frame):
    w, x, g = i64p(k), i64p(a), i64p(c)
    totals = w[A_VALUES]
    mark(w, b, c, n)
    if c == 0:
        sum_all(totals, x, n)
    elif few(w, c) and fit_partial(x, n):
        sum_few(totals, x, g, n)
    else:
        for i in range(n):
            if i + AHEAD < n:
                prefetch_write(totals + g[i + AHEAD] * 16)
            add_total(totals + g[i] * 16, x[i])
    return OK


@op("agg_sum_i128")
def agg_sum_i128(out, a, b, c, k, n, frame):
    w, g = i64p(k), i64p(c)
    totals = w[A_VALUES]
    mark(w, b, c, n)
    for i in range(n):
        group = g[i] if c != 0 else 0
        if add_wide(totals + group * 16, a + i * 16) != 0:
            i64p(frame)[F_ERROR_CODE] = ERR_OVERFLOW
            i64p(frame)[F_ERROR_ROW] = i
            return FAILED
    return OK


def _emit_masked_sums(b, a):
    """sums at a[0] (rows of 16 floats, one per group) += the row of floats at a[1] where ids a[2] say so."""
    kind = ir.VectorType(F64, LANES)
    values, ids, zero = load_row(b, a[1], kind), load_row(b, a[2]), ir.Constant(kind, [0.0] * LANES)
    for group in range(FEW_GROUPS):
        chosen = b.select(b.icmp_signed("==", ids, ir.Constant(ROW, [group] * LANES)), values, zero)
        at = b.add(a[0], I64(group * ROW_BYTES))
        store_row(b, b.fadd(load_row(b, at, kind), chosen), at)


masked_sums = vector_op(_emit_masked_sums, 3)
_sums = stack_buffer(FEW_GROUPS * ROW_BYTES)


@inline
def sum_few_floats(totals, x, g, n):
    """Add n floats to the totals of groups 0..3."""
    buffer = _sums(0)
    memory_fill(buffer, 0, FEW_GROUPS * ROW_BYTES)
    sums, values, ids, whole = f64p(buffer), f64p(x), i64p(g), n - n % LANES
    for i in range(0, whole, LANES):
        masked_sums(buffer, x + 8 * i, g + 8 * i)
    for i in range(whole, n):
        sums[ids[i] * LANES] += values[i]
    for i in range(FEW_GROUPS):
        total = 0.0
        for j in range(LANES):
            total += sums[i * LANES + j]
        totals[i] += total


@inline
def sum_all_floats(x, n):
    """The sum of n floats in eight interleaved parts, which the compiler keeps in one register."""
    s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    whole = n - n % 8
    for i in range(0, whole, 8):
        s0 += x[i]
        s1 += x[i + 1]
        s2 += x[i + 2]
        s3 += x[i + 3]
        s4 += x[i + 4]
        s5 += x[i + 5]
        s6 += x[i + 6]
        s7 += x[i + 7]
    for i in range(whole, n):
        s0 += x[i]
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))


@op("agg_sum_f64")
def agg_sum_f64(out, a, b, c, k, n, frame):
    w, x, g = i64p(k), f64p(a), i64p(c)
    totals = f64p(w[A_VALUES])
    mark(w, b, c, n)
    if c == 0:
        totals[0] += sum_all_floats(x, n)
    elif few(w, c):
        sum_few_floats(totals, a, c, n)
    else:
        for i in range(n):
            if i + AHEAD < n:
                prefetch_write(w[A_VALUES] + g[i + AHEAD] * 8)
            totals[g[i]] += x[i]
    return OK
