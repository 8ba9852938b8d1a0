"""Row numbers: making selections, and collecting the rows they name.

    op                                 out = ...                                          level
    select                             rows of the BOOL mask `a`, ascending; sets F_N     BLOCK
    gather_{i64 f64 bool i128 str}     a[b], 0 where b = -1                               BLOCK
    gather_valid                       b >= 0 and (a absent or a[b])                      BLOCK
    compose                            a[b] over selections, -1 stays -1                  BLOCK

A selection is int64 row numbers, -1 = no row. A gather's source may be absent (0) when all rows are
-1: the build side of an outer join without rows.

`select` looks at eight mask bytes at a time: none set is the common case of a selective filter, else it
writes all eight rows and advances by each byte (no branch to mispredict). `out` has room for n + 8.
"""
from __future__ import annotations

from typing import Any

from .abi import F_N, OK
from .intrinsics import i64p, u8p, u64, u64p
from .registry import op


@op("select")
def select(out, a, b, c, k, n, frame):
    o, mask, groups = i64p(out), u8p(a), u64p(a)
    count = 0
    for g in range(n >> 3):
        if groups[g] != u64(0):
            i = g * 8
            for j in range(8):
                o[count] = i + j
                count += mask[i + j]
    for i in range(n & -8, n):
        o[count] = i
        count += mask[i]
    i64p(frame)[F_N] = count
    return OK


def _gather(suffix: str, pointer: Any) -> None:
    @op("gather_" + suffix)
    def gather(out, a, b, c, k, n, frame):
        o, x, rows = pointer(out), pointer(a), i64p(b)
        for i in range(n):
            o[i] = x[rows[i]] if rows[i] >= 0 else 0
        return OK


_gather("i64", i64p)
_gather("bool", u8p)


@op("gather_i128")
def gather_i128(out, a, b, c, k, n, frame):
    o, x, rows = i64p(out), i64p(a), i64p(b)
    for i in range(n):
        row = rows[i]
        o[2 * i] = x[2 * row] if row >= 0 else 0
        o[2 * i + 1] = x[2 * row + 1] if row >= 0 else 0
    return OK


@op("gather_valid")
def gather_valid(out, a, b, c, k, n, frame):
    o, x, rows = u8p(out), u8p(a), i64p(b)
    if a == 0:
        for i in range(n):
            o[i] = rows[i] >= 0
    else:
        for i in range(n):
            o[i] = x[rows[i]] if rows[i] >= 0 else 0
    return OK


@op("compose")
def compose(out, a, b, c, k, n, frame):
    o, x, rows = i64p(out), i64p(a), i64p(b)
    for i in range(n):
        o[i] = x[rows[i]] if rows[i] >= 0 else -1
    return OK
