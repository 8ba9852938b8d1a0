"""Key filters: which probe rows can have a match at all, by one bit per key of the build side's range.

    key_filter_set      kernel (values, validity or 0, n, low, bits): set the bit of every key
    key_filter_select   BLOCK op: out = I64 selection of the rows whose bit is set; frame[F_N] = their number
                        a = I64 keys, b = validity or 0, k -> [low, span, bits, batches to skip, last pause]

A join with a selective build side probes its table only for rows that pass, and the filters of several
joins run before the first probe, so that rows which any of them drops are never looked up. A bitmap of a
few million keys lies in the L2 cache, where a hash table or an array of row numbers does not.

A filter that lets most rows pass costs more than it saves: when more than PASSED_LIMIT per cent of a batch pass
it selects all rows of the next batches, 1, 3, 7 ... up to LONGEST_PAUSE of them, and then tries again (rows are
often clustered: what passes at the start of a table need not pass at its end).
"""
from __future__ import annotations

import numpy as np

from .abi import F_N, OK
from .intrinsics import as_i64, as_u64, i64p, inline, u8p, u64p
from .keyfilter_layout import BITS, LONGEST_PAUSE, LOW, OFF, PASSED_LIMIT, PAUSE, SPAN
from .registry import kernel, op


@kernel("key_filter_set", arity=5)
def key_filter_set(values, valid, n, low, bits):
    x, v, w = i64p(values), u8p(valid), u64p(bits)
    for i in range(n):
        if valid == 0 or v[i] != 0:
            at = as_u64(x[i] - low)
            w[as_i64(at >> np.uint64(6))] |= np.uint64(1) << (at & np.uint64(63))
    return OK


@inline
def _test(w, key, low, span):
    """1 if the key's bit is set; keys outside the range test the first bit and are masked."""
    at = as_u64(key - low)
    inside = at < span
    at = at if inside else np.uint64(0)
    bit = (w[as_i64(at >> np.uint64(6))] >> (at & np.uint64(63))) & np.uint64(1)
    return as_i64(bit) if inside else 0


@op("key_filter_select")
def key_filter_select(out, a, b, c, k, n, frame):
    s, o = i64p(k), i64p(out)
    if s[OFF] != 0:
        s[OFF] -= 1
        for i in range(n):
            o[i] = i
        return OK
    x, w, valid = i64p(a), u64p(s[BITS]), u8p(b)
    low, span = s[LOW], as_u64(s[SPAN])
    count = 0
    if b == 0:
        for i in range(n):
            o[count] = i
            count += _test(w, x[i], low, span)
    else:
        for i in range(n):
            o[count] = i
            count += _test(w, x[i], low, span) & valid[i]
    if count * 100 > n * PASSED_LIMIT:
        s[PAUSE] = min(s[PAUSE] * 2 + 1, LONGEST_PAUSE)
        s[OFF] = s[PAUSE]
    else:
        s[PAUSE] = 0
    i64p(frame)[F_N] = count
    return OK
