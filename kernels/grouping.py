"""Group ids, the native part: which group does each row belong to? New keys get the next id.

    op             out         a, b                        k
    group_dense    I64 ids     values, validity or 0       address of the group table (GroupTable.address)
    group_single   I64 ids     values, validity or 0       "
    group_generic  I64 ids     the key, when there is one; "
                               several: GroupTable.bind
    pack_keys      I64         two I64 columns             factor: out = a * k + b   (also a vector op)

All answer NEED_SPACE when a new group (or its strings) does not fit: Python calls GroupTable.grow() and the
instruction runs again; rows met before find their groups, so repeating it is harmless. A table whose op is always
called again with the same batch (`resumable`) goes on with the row that did not fit instead.
A key outside a dense table's range answers FAILED with ERR_OVERFLOW: the range was no proof.

    group_rehash   kernel (table, generic): enter all stored keys into new, empty slots

Layout: group_layout.py. Making, growing, exporting: group_table.py.
"""
from __future__ import annotations

import numpy as np

from .abi import ERR_OVERFLOW, F_ERROR_CODE, F_ERROR_ROW, FAILED, NEED_SPACE, OK
from .group_layout import (
    AHEAD,
    G_CAPACITY,
    G_COUNT,
    G_DATA,
    G_HASHES,
    G_HEAP,
    G_HEAP_CAPACITY,
    G_HEAP_USED,
    G_KEY_WORDS,
    G_KEYS,
    G_LOW,
    G_MASK,
    G_NEED,
    G_NULL,
    G_ROW,
    G_SCRATCH,
    G_SHIFT,
    G_SPAN,
    GK_HASH_OP,
    GK_KIND,
    GK_STORED,
    GK_STORED_VALID,
    GK_VALID,
    GK_VALUES,
    GK_WIDTH,
    KEY_WORDS,
)
from .hash_ops import canonical_bits
from .intrinsics import as_u64, call_op, i32p, i64p, inline, memory_copy, prefetch, shared, u8p, u64p
from .join_lookup import same_key, slot_of
from .kinds import K_BOOL, K_BYTES, K_F64, K_I64, K_I128, K_STR
from .registry import kernel, op
from .text import significant, text_equal


@inline
def new_single(t, key, valid):
    """Store a new key of a one-key table; its id (there is room)."""
    group = t[G_COUNT]
    i64p(t[G_KEY_WORDS + GK_STORED])[group] = key
    u8p(t[G_KEY_WORDS + GK_STORED_VALID])[group] = valid
    t[G_COUNT] = group + 1
    return group


@inline
def null_group(t):
    """The id of NULL, made when first met; -1 when there is no room for it."""
    group = t[G_NULL]
    if group < 0 and t[G_COUNT] < t[G_CAPACITY]:
        group = new_single(t, 0, 0)
        t[G_NULL] = group
    return group


@inline
def first_row(t):
    """Where to begin: behind the rows that were done before NEED_SPACE."""
    row = max(t[G_ROW], 0)
    if row > 0:
        t[G_ROW] = 0
    return row


@inline
def suspend(t, row):
    """Note the row that did not fit."""
    if t[G_ROW] >= 0:
        t[G_ROW] = row
    return NEED_SPACE


@op("group_dense")
def group_dense(out, a, b, c, k, n, frame):
    t, o, x, valid = i64p(k), i64p(out), i64p(a), u8p(b)
    ids, low, span = i32p(t[G_DATA]), t[G_LOW], as_u64(t[G_SPAN])
    for i in range(first_row(t), n):
        if b != 0 and valid[i] == 0:
            group = null_group(t)
            if group < 0:
                return suspend(t, i)
            o[i] = group
            continue
        d = x[i] - low
        if as_u64(d) >= span:
            i64p(frame)[F_ERROR_CODE] = ERR_OVERFLOW
            i64p(frame)[F_ERROR_ROW] = i
            return FAILED
        group = np.int64(ids[d])
        if group < 0:
            if t[G_COUNT] >= t[G_CAPACITY]:
                return suspend(t, i)
            group = new_single(t, x[i], 1)
            ids[d] = group
        o[i] = group
    return OK


@op("group_single")
def group_single(out, a, b, c, k, n, frame):
    t, o, x, valid = i64p(k), i64p(out), i64p(a), u8p(b)
    slots, shift, mask = i64p(t[G_DATA]), t[G_SHIFT], t[G_MASK]
    for i in range(first_row(t), n):
        if i + AHEAD < n:
            prefetch(t[G_DATA] + slot_of(x[i + AHEAD], shift) * 16)
        if b != 0 and valid[i] == 0:
            group = null_group(t)
            if group < 0:
                return suspend(t, i)
            o[i] = group
            continue
        at = slot_of(x[i], shift)
        while slots[2 * at + 1] != 0 and slots[2 * at] != x[i]:
            at = (at + 1) & mask
        group = slots[2 * at + 1] - 1
        if group < 0:
            if t[G_COUNT] >= t[G_CAPACITY]:
                return suspend(t, i)
            group = new_single(t, x[i], 1)
            slots[2 * at] = x[i]
            slots[2 * at + 1] = group + 1
        o[i] = group
    return OK


# -- any keys ---------------------------------------------------------------------------------------


@inline
def key_words(table, j):
    return i64p(table + 8 * (G_KEY_WORDS + KEY_WORDS * j))


@inline
def stored_equals(t, key, group, row):
    """Whether one stored key equals the batch's. NULL equals NULL."""
    valid = u8p(key[GK_VALID])[row] if key[GK_VALID] != 0 else 1
    equal = u8p(key[GK_STORED_VALID])[group] == valid
    if equal and valid != 0:
        width = key[GK_WIDTH]
        x, y = key[GK_VALUES] + row * width, key[GK_STORED] + group * width
        if key[GK_KIND] == K_STR:
            p, q = i64p(x), i64p(y)
            length, stored = significant(p[0], p[1]), t[G_HEAP] + q[0]
            equal = length == significant(stored, q[1]) and text_equal(p[0], stored, length)
        elif key[GK_KIND] == K_BYTES:
            p, q = i64p(x), i64p(y)
            equal = p[1] == q[1] and text_equal(p[0], t[G_HEAP] + q[0], p[1])
        else:
            equal = same_key(key[GK_KIND], x, y)
    return equal


@shared
def group_equals(table, group, row):
    """Whether all keys of a batch's row are those of a group."""
    t = i64p(table)
    equal = True
    j = 0
    while equal and j < t[G_KEYS]:
        equal = stored_equals(t, key_words(table, j), group, row)
        j += 1
    return equal


@inline
def text_bytes(table, row):
    """Bytes of a row's string keys."""
    total = 0
    for j in range(i64p(table)[G_KEYS]):
        key = key_words(table, j)
        if key[GK_KIND] >= K_STR:
            total += i64p(key[GK_VALUES])[2 * row + 1]
    return total


@inline
def store_value(t, key, group, row):
    """Copy one key of a batch's row behind the stored ones (there is room)."""
    kind, x = key[GK_KIND], key[GK_VALUES] + row * key[GK_WIDTH]
    valid = u8p(key[GK_VALID])[row] if key[GK_VALID] != 0 else 1
    u8p(key[GK_STORED_VALID])[group] = valid
    to = key[GK_STORED] + group * key[GK_WIDTH]
    if kind == K_I64:
        i64p(to)[0] = i64p(x)[0]
    elif kind == K_F64:
        u64p(to)[0] = canonical_bits(x)
    elif kind == K_BOOL:
        u8p(to)[0] = u8p(x)[0]
    elif kind == K_I128:
        i64p(to)[0] = i64p(x)[0]
        i64p(to)[1] = i64p(x)[1]
    else:
        i64p(to)[0] = t[G_HEAP_USED]
        i64p(to)[1] = i64p(x)[1]
        memory_copy(t[G_HEAP] + t[G_HEAP_USED], i64p(x)[0], i64p(x)[1])
        t[G_HEAP_USED] += i64p(x)[1]


@shared
def store_keys(table, group, row):
    t = i64p(table)
    for j in range(t[G_KEYS]):
        store_value(t, key_words(table, j), group, row)


@shared
def hash_batch(table, n):
    """Hashes of the batch's keys into the table's scratch space."""
    t = i64p(table)
    previous = 0
    for j in range(t[G_KEYS]):
        key = key_words(table, j)
        call_op(key[GK_HASH_OP], t[G_SCRATCH], key[GK_VALUES], key[GK_VALID], previous, 0, n, 0)
        previous = t[G_SCRATCH]


@shared
def has_room(table, row):
    """Whether one more group with a row's keys fits; notes how much heap is missing."""
    t = i64p(table)
    missing = t[G_HEAP_USED] + text_bytes(table, row) - t[G_HEAP_CAPACITY]
    t[G_NEED] = max(missing, 0)
    return missing <= 0 and t[G_COUNT] < t[G_CAPACITY]


@op("group_generic")
def group_generic(out, a, b, c, k, n, frame):
    t, o = i64p(k), i64p(out)
    if t[G_KEYS] == 1 and a != 0:
        key_words(k, 0)[GK_VALUES] = a
        key_words(k, 0)[GK_VALID] = b
    start = first_row(t)
    if start == 0:
        hash_batch(k, n)
    slots, mask, hashes, stored = i64p(t[G_DATA]), t[G_MASK], i64p(t[G_SCRATCH]), i64p(t[G_HASHES])
    for i in range(start, n):
        if i + AHEAD < n:
            prefetch(t[G_DATA] + (hashes[i + AHEAD] & mask) * 16)
        at = hashes[i] & mask
        group = slots[2 * at + 1] - 1
        while group >= 0 and not (slots[2 * at] == hashes[i] and group_equals(k, group, i)):
            at = (at + 1) & mask
            group = slots[2 * at + 1] - 1
        if group < 0:
            if not has_room(k, i):
                return suspend(t, i)
            group = t[G_COUNT]
            store_keys(k, group, i)
            stored[group] = hashes[i]
            slots[2 * at] = hashes[i]
            slots[2 * at + 1] = group + 1
            t[G_COUNT] = group + 1
        o[i] = group
    return OK


@kernel("group_rehash", arity=2)
def group_rehash(table, generic):
    """Enter all groups into empty slots: by stored hash (generic), else by stored key."""
    t = i64p(table)
    slots, mask, shift = i64p(t[G_DATA]), t[G_MASK], t[G_SHIFT]
    words = i64p(t[G_HASHES]) if generic != 0 else i64p(t[G_KEY_WORDS + GK_STORED])
    for group in range(t[G_COUNT]):
        if group == t[G_NULL]:
            continue
        word = words[group]
        at = word & mask if generic != 0 else slot_of(word, shift)
        while slots[2 * at + 1] != 0:
            at = (at + 1) & mask
        slots[2 * at] = word
        slots[2 * at + 1] = group + 1
    return OK


@op("pack_keys")
def pack_keys(out, a, b, c, k, n, frame):
    o, x, y = i64p(out), i64p(a), i64p(b)
    for i in range(n):
        o[i] = x[i] * k + y[i]
    return OK
