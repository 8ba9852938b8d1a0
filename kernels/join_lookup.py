"""Looking up keys in join tables, the native part: the first build row of each probe row's key.

The lookup_* ops have these operands; they run per 1,024 rows, called by their address (joins.py), so that
one probe op serves all tables:

    out = int64 build rows, -1 = none     a, b = key values and validity or 0 (tables of one i64 key)
    c = rows readable from `a` on (prefetching looks past n)     k = the table     frame = the *state*

    lookup_array, lookup_runs, lookup_hash       one i64 key
    lookup_generic                               any keys, from the state; rows S_OFFSET .. S_OFFSET + n
    lookup_packed                                several i64 keys in small ranges, from the state

Without prefetching a probe of a table beyond the cache waits for memory at every row; with it the
waits overlap (twice as fast). Layouts: join_layout.py.
"""
from __future__ import annotations

import numpy as np

from .abi import OK
from .hash_ops import canonical_bits
from .intrinsics import as_i64, as_u64, call_op, i32p, i64p, inline, prefetch, shared, u8p, u32p
from .join_layout import (
    AHEAD,
    KEY_WORDS,
    PACK_OUTSIDE,
    S_HASHES,
    S_KEY_WORDS,
    S_OFFSET,
    S_VALID,
    STATE_KEY_WORDS,
    T_DATA,
    T_INNER,
    T_KEY_WORDS,
    T_KEYS,
    T_LOW,
    T_MASK,
    T_SHIFT,
    T_SPAN,
    T_STARTS,
    TK_HASH_OP,
    TK_KIND,
    TK_LOW,
    TK_SPAN,
    TK_VALUES,
    TK_WIDTH,
)
from .kinds import K_BOOL, K_F64, K_I64, K_I128
from .registry import op
from .text import significant, text_equal

SLOT_FACTOR = np.uint64(0x9E3779B97F4A7C15)


@inline
def slot_of(key, shift):
    """The slot's number from the product's top bits: runs of keys spread, and no slice's bits are used."""
    x = as_u64(key)
    return as_i64(((x ^ (x >> np.uint64(32))) * SLOT_FACTOR) >> as_u64(shift))


@inline
def place_of(key, low, span):
    """Where a key stands in a dense range; everything outside goes to the spare entry at `span`."""
    d = as_u64(key - low)
    return as_i64(min(d, as_u64(span)))


@inline
def same_key(kind, x, y):
    """Whether the values at two addresses are equal as keys."""
    if kind == K_I64:
        return i64p(x)[0] == i64p(y)[0]
    if kind == K_F64:
        return canonical_bits(x) == canonical_bits(y)
    if kind == K_BOOL:
        return u8p(x)[0] == u8p(y)[0]
    p, q = i64p(x), i64p(y)
    if kind == K_I128:
        return p[0] == q[0] and p[1] == q[1]
    length = significant(p[0], p[1])
    return length == significant(q[0], q[1]) and text_equal(p[0], q[0], length)


# -- lookups --------------------------------------------------------------------------------------


@op("lookup_array")
def lookup_array(out, a, b, c, k, n, frame):
    t, o, x = i64p(k), i64p(out), i64p(a)
    rows, low, span = i32p(t[T_DATA]), t[T_LOW], t[T_SPAN]
    for i in range(n):
        o[i] = rows[place_of(x[i], low, span)]
    if b != 0:
        valid = u8p(b)
        for i in range(n):
            o[i] |= np.int64(valid[i]) - 1
    return OK


@op("lookup_runs")
def lookup_runs(out, a, b, c, k, n, frame):
    t, o, x, valid = i64p(k), i64p(out), i64p(a), u8p(b)
    starts, rows, low, span = u32p(t[T_STARTS]), i32p(t[T_DATA]), t[T_LOW], t[T_SPAN]
    for i in range(n):
        d = place_of(x[i], low, span)
        found = starts[d] < starts[d + 1] and (b == 0 or valid[i] != 0)
        o[i] = rows[starts[d]] if found else -1
    return OK


@inline
def _find(slots, slot, mask, key):
    """The build row of the slot with this key, -1 when there is none."""
    s = slot
    row = slots[2 * s + 1]
    while row != 0 and slots[2 * s] != key:
        s = (s + 1) & mask
        row = slots[2 * s + 1]
    return row - 1


@op("lookup_hash")
def lookup_hash(out, a, b, c, k, n, frame):
    t, o, x = i64p(k), i64p(out), i64p(a)
    slots, shift, mask = i64p(t[T_DATA]), t[T_SHIFT], t[T_MASK]
    for i in range(n):
        if i + AHEAD < c:
            prefetch(t[T_DATA] + slot_of(x[i + AHEAD], shift) * 16)
        o[i] = _find(slots, slot_of(x[i], shift), mask, x[i])
    if b != 0:
        valid = u8p(b)
        for i in range(n):
            o[i] |= np.int64(valid[i]) - 1
    return OK


@inline
def _all_valid(state, first, keys, n):
    """Into the state's validity: rows first.. whose keys are all valid."""
    s = i64p(state)
    out = u8p(s[S_VALID])
    for i in range(n):
        out[i] = 1
    for j in range(keys):
        b = s[S_KEY_WORDS + STATE_KEY_WORDS * j + 1]
        if b != 0:
            valid = u8p(b + first)
            for i in range(n):
                out[i] &= valid[i]


@shared
def keys_equal(table, state, keys, probe_row, build_row):
    """Whether all keys of a probe row equal those of a build row."""
    equal = True
    j = 0
    while equal and j < keys:
        key = i64p(table + 8 * (T_KEY_WORDS + KEY_WORDS * j))
        values = i64p(state)[S_KEY_WORDS + STATE_KEY_WORDS * j]
        width = key[TK_WIDTH]
        equal = same_key(key[TK_KIND], values + probe_row * width, key[TK_VALUES] + build_row * width)
        j += 1
    return equal


@inline
def _same_hash(slots, slot, mask, word):
    """The next slot with this hash, or an empty one."""
    at = slot
    while slots[2 * at + 1] != 0 and slots[2 * at] != word:
        at = (at + 1) & mask
    return at


@op("lookup_generic")
def lookup_generic(out, a, b, c, k, n, frame):
    t, s, o = i64p(k), i64p(frame), i64p(out)
    keys, first, mask = t[T_KEYS], s[S_OFFSET], t[T_MASK]
    slots, hashes, valid = i64p(t[T_DATA]), i64p(s[S_HASHES]), u8p(s[S_VALID])
    previous = 0
    for j in range(keys):
        key = i64p(k + 8 * (T_KEY_WORDS + KEY_WORDS * j))
        values = s[S_KEY_WORDS + STATE_KEY_WORDS * j] + first * key[TK_WIDTH]
        call_op(key[TK_HASH_OP], s[S_HASHES], values, 0, previous, 0, n, 0)
        previous = s[S_HASHES]
    _all_valid(frame, first, keys, n)
    for i in range(n):
        if i + AHEAD < n:
            prefetch(t[T_DATA] + (hashes[i + AHEAD] & mask) * 16)
        o[i] = _same_hash(slots, hashes[i] & mask, mask, hashes[i])
        row = slots[2 * o[i] + 1] - 1
        for j in range(keys):  # the second pass compares these
            key = i64p(k + 8 * (T_KEY_WORDS + KEY_WORDS * j))
            prefetch(key[TK_VALUES] + row * key[TK_WIDTH])
    for i in range(n):
        at = o[i]
        row = slots[2 * at + 1] - 1 if valid[i] != 0 else -1
        while row >= 0 and not keys_equal(k, frame, keys, first + i, row):
            at = _same_hash(slots, (at + 1) & mask, mask, hashes[i])
            row = slots[2 * at + 1] - 1
        o[i] = row
    return OK


@inline
def pack_probe_keys(out, table, state, n):
    """The packed keys of n rows from state[S_OFFSET] on; outside a range or NULL: PACK_OUTSIDE."""
    t, s, o = i64p(table), i64p(state), i64p(out)
    first = s[S_OFFSET]
    for j in range(t[T_KEYS]):
        key = i64p(table + 8 * (T_KEY_WORDS + KEY_WORDS * j))
        low, span = key[TK_LOW], key[TK_SPAN]
        x = i64p(s[S_KEY_WORDS + STATE_KEY_WORDS * j] + first * 8)
        b = s[S_KEY_WORDS + STATE_KEY_WORDS * j + 1]
        for i in range(n):
            d = x[i] - low
            before = o[i] if j > 0 else 0
            outside = as_u64(d) >= as_u64(span) or before < 0
            o[i] = PACK_OUTSIDE if outside else before * span + d
        if b != 0:
            valid = u8p(b + first)
            for i in range(n):
                o[i] |= np.int64(valid[i]) - 1


@op("lookup_packed")
def lookup_packed(out, a, b, c, k, n, frame):
    """Packs the keys, then asks the lookup of the table they are in (whose words are this table's too)."""
    s = i64p(frame)
    pack_probe_keys(s[S_HASHES], k, frame, n)
    return call_op(i64p(k)[T_INNER], out, s[S_HASHES], 0, n, k, n, frame)
