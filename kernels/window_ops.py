"""Window functions over sorted rows, the native part: partitions, peers, ranks and frames. Arrays: windows.py.

    row        0  1  2  3  4  5  6
    partition  a  a  a  a  b  b  b        starts = 0 4 7         (the number of rows stands behind the last)
    order      1  1  2  5  2  3  3        peers  = 1 0 1 1 1 1 0 (1 = unlike the row before)

    window_changes_{i64 f64 bool i128 str}(values, valid, n, flags)   flags |= 1 where a row differs from the last
    window_starts(flags, n, out)                                      rows with a flag; answers how many
    window_row_number(starts, parts, out)
    window_{rank dense_rank percent_rank cume_dist}(starts, parts, peers, out)
    window_ntile(starts, parts, buckets, out)      buckets: one a partition
    window_bounds(starts, parts, peers, start kind, start, end kind, end, lo, hi)
                                                   each row's frame as lo <= row < hi
    window_reach_{i64 f64}(starts, parts, values, valid, descending, distance, behind, out)
                                                   the first row of each row's partition that lies at least (behind: by
                                                   more than) so far behind it in the order; RANGE n PRECEDING
    window_expand_{i64 bool i128}(values, starts, parts, out)         one value a partition -> one a row

NULLs are alike, and so are NaNs, 0.0 and -0.0, and strings that differ in trailing blanks only.
"""
from __future__ import annotations

from typing import Any

from .abi import OK
from .hash_ops import canonical_bits
from .intrinsics import f64p, i64p, inline, u8p
from .registry import kernel
from .text import significant, text_equal
from .window_layout import I64_MAX, I64_MIN, ROWS, UNBOUNDED


@inline
def _differ_i64(x, i):
    return i64p(x)[i] != i64p(x)[i - 1]


@inline
def _differ_f64(x, i):
    return canonical_bits(x + 8 * i) != canonical_bits(x + 8 * i - 8)


@inline
def _differ_bool(x, i):
    return u8p(x)[i] != u8p(x)[i - 1]


@inline
def _differ_i128(x, i):
    v = i64p(x)
    return v[2 * i] != v[2 * i - 2] or v[2 * i + 1] != v[2 * i - 1]


@inline
def _differ_str(x, i):
    v = i64p(x)
    a, b = significant(v[2 * i], v[2 * i + 1]), significant(v[2 * i - 2], v[2 * i - 1])
    differs = a != b
    if not differs:
        differs = not text_equal(v[2 * i], v[2 * i - 2], a)
    return differs


def _changes(suffix: str, differ: Any) -> None:
    @kernel("window_changes_" + suffix, arity=4)
    def changes(values, valid, n, flags):
        f, v = u8p(flags), u8p(valid)
        for i in range(1, n):
            if (valid != 0 and v[i] != v[i - 1]) or differ(values, i):
                f[i] = 1
        return OK


_changes("i64", _differ_i64)
_changes("f64", _differ_f64)
_changes("bool", _differ_bool)
_changes("i128", _differ_i128)
_changes("str", _differ_str)


@kernel("window_starts", arity=3)
def window_starts(flags, n, out):
    f, o, count = u8p(flags), i64p(out), 0
    for i in range(n):
        o[count] = i
        count += f[i]
    return count


# -- ranks -------------------------------------------------------------------------------------------


@kernel("window_row_number", arity=3)
def window_row_number(starts, parts, out):
    s, o = i64p(starts), i64p(out)
    for p in range(parts):
        for i in range(s[p], s[p + 1]):
            o[i] = i - s[p] + 1
    return OK


@kernel("window_rank", arity=4)
def window_rank(starts, parts, peers, out):
    s, f, o = i64p(starts), u8p(peers), i64p(out)
    for p in range(parts):
        rank = 1
        for i in range(s[p], s[p + 1]):
            rank = i - s[p] + 1 if f[i] != 0 else rank
            o[i] = rank
    return OK


@kernel("window_dense_rank", arity=4)
def window_dense_rank(starts, parts, peers, out):
    s, f, o = i64p(starts), u8p(peers), i64p(out)
    for p in range(parts):
        rank = 0
        for i in range(s[p], s[p + 1]):
            rank += f[i]
            o[i] = rank
    return OK


@kernel("window_percent_rank", arity=4)
def window_percent_rank(starts, parts, peers, out):
    """(rank - 1) / (rows - 1); 0 in a partition of one row."""
    s, f, o = i64p(starts), u8p(peers), f64p(out)
    for p in range(parts):
        rows, before = s[p + 1] - s[p], 0
        for i in range(s[p], s[p + 1]):
            before = i - s[p] if f[i] != 0 else before
            o[i] = before / (rows - 1) if rows > 1 else 0.0
    return OK


@kernel("window_cume_dist", arity=4)
def window_cume_dist(starts, parts, peers, out):
    """Rows up to the last peer / rows; filled from the end, where a group of peers is complete."""
    s, f, o = i64p(starts), u8p(peers), f64p(out)
    for p in range(parts):
        rows, upto = s[p + 1] - s[p], s[p + 1] - s[p]
        for i in range(s[p + 1] - 1, s[p] - 1, -1):
            o[i] = upto / rows
            upto = i - s[p] if f[i] != 0 else upto
    return OK


@kernel("window_ntile", arity=4)
def window_ntile(starts, parts, buckets, out):
    """Buckets as equal as can be, the larger ones first. Answers a partition with fewer than 1, or -1."""
    s, b, o = i64p(starts), i64p(buckets), i64p(out)
    for p in range(parts):
        if b[p] < 1:
            return p
        rows = s[p + 1] - s[p]
        size, larger = rows // b[p], rows % b[p]
        cut = larger * (size + 1)
        for i in range(rows):
            if i < cut:
                o[s[p] + i] = i // (size + 1) + 1
            else:
                o[s[p] + i] = larger + (i - cut) // size + 1
    return -1


# -- frames ------------------------------------------------------------------------------------------


@inline
def _at(i, offset, start, stop):
    """Row i + offset, kept within start .. stop."""
    return min(max(i + offset, start), stop)


@kernel("window_bounds", arity=9)
def window_bounds(starts, parts, peers, start_kind, start, end_kind, end, lo, hi):
    s, f, low, high = i64p(starts), u8p(peers), i64p(lo), i64p(hi)
    for p in range(parts):
        first, stop, group = s[p], s[p + 1], s[p]
        while group < stop:
            behind = group + 1
            while behind < stop and f[behind] == 0:
                behind += 1
            for i in range(group, behind):
                a = first if start_kind == UNBOUNDED else group
                b = stop if end_kind == UNBOUNDED else behind
                if start_kind == ROWS:
                    a = _at(i, start, first, stop)
                if end_kind == ROWS:
                    b = _at(i, end + 1, first, stop)
                low[i] = a
                high[i] = max(a, b)
            group = behind
    return OK


@inline
def _target_i64(value, distance):
    """value + distance, kept within 64 bits."""
    if distance > 0 and value > I64_MAX - distance:
        return I64_MAX
    if distance < 0 and value < I64_MIN - distance:
        return I64_MIN
    return value + distance


@inline
def _target_f64(value, distance):
    return value + distance


@inline
def _below_i64(a, b):
    return a < b


@inline
def _below_f64(a, b):
    """NaN is the greatest."""
    return a < b or (a == a and b != b)


def _reach(suffix: str, pointer: Any, target_of: Any, below: Any) -> None:
    @kernel("window_reach_" + suffix, arity=8)
    def reach(starts, parts, values, valid, descending, distance, behind, out):
        s, x, o, step = i64p(starts), pointer(values), i64p(out), pointer(distance)[0]
        for p in range(parts):
            first, stop = s[p], s[p + 1]
            if valid != 0:  # NULLs stand together, at one end: they are a partition of their own
                known = u8p(valid)
                while first < stop and known[first] == 0:
                    o[first] = s[p]
                    first += 1
                if behind != 0:
                    for i in range(s[p], first):
                        o[i] = first
                end = stop
                while end > first and known[end - 1] == 0:
                    end -= 1
                for i in range(end, stop):
                    o[i] = stop if behind != 0 else end
                stop = end
            j = first
            for i in range(first, stop):
                if descending != 0:
                    target = target_of(x[i], -step)
                    while j < stop and (below(target, x[j]) or (behind != 0 and not below(x[j], target))):
                        j += 1
                else:
                    target = target_of(x[i], step)
                    while j < stop and (below(x[j], target) or (behind != 0 and not below(target, x[j]))):
                        j += 1
                o[i] = j
        return OK


_reach("i64", i64p, _target_i64, _below_i64)
_reach("f64", f64p, _target_f64, _below_f64)


def _expand(suffix: str, pointer: Any) -> None:
    @kernel("window_expand_" + suffix, arity=4)
    def expand(values, starts, parts, out):
        x, s, o = pointer(values), i64p(starts), pointer(out)
        for p in range(parts):
            value = x[p]
            for i in range(s[p], s[p + 1]):
                o[i] = value
        return OK


_expand("i64", i64p)
_expand("bool", u8p)


@kernel("window_expand_i128", arity=4)
def window_expand_i128(values, starts, parts, out):
    x, s, o = i64p(values), i64p(starts), i64p(out)
    for p in range(parts):
        low, high = x[2 * p], x[2 * p + 1]
        for i in range(s[p], s[p + 1]):
            o[2 * i] = low
            o[2 * i + 1] = high
    return OK
