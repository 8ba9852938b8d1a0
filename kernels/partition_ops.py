"""Splitting rows by a target number (a slice, a partition), the native part; arrays: partition.py.

    partition_rows(targets, n, parts, offsets, perm)     kernel; offsets: int64[parts + 1], perm: int64[n]

A counting sort: count per target, sum up, deal the row numbers out. Stable. Targets lie in 0..parts-1.
"""
from __future__ import annotations

from .abi import OK
from .intrinsics import i64p
from .registry import kernel


@kernel("partition_rows", arity=5)
def partition_rows(targets, n, parts, offsets, perm):
    t, o, p = i64p(targets), i64p(offsets), i64p(perm)
    for j in range(parts + 1):
        o[j] = 0
    for i in range(n):
        o[t[i]] += 1
    at = 0
    for j in range(parts + 1):
        count = o[j]
        o[j] = at
        at += count
    for i in range(n):
        at = o[t[i]]
        p[at] = i
        o[t[i]] = at + 1
    for j in range(parts, 0, -1):  # each offset has moved to the next one's place
        o[j] = o[j - 1]
    o[0] = 0
    return OK
