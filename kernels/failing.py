"""For ops that can fail: the first failing row that counts goes into the frame.

A fallible op computes all rows, then asks for the rows that failed *and* are active (`c`: a BOOL mask
of the rows that are selected, valid and inside the CASE branch; 0 = all). Usually none failed, which
one vectorised test over the whole vector shows; only then are rows looked at one by one.
"""
from __future__ import annotations

from .abi import F_ERROR_CODE, F_ERROR_ROW, F_VECTOR, FAILED, VECTOR_ROWS
from .intrinsics import i64p, inline, u8p


@inline
def is_active(active, i):
    return active == 0 or u8p(active)[i] != 0


@inline
def fail(frame, code, i):
    """Note the failure of row `i` of the current vector, unless one stands there; answers FAILED."""
    f = i64p(frame)
    if f[F_ERROR_CODE] == 0:
        f[F_ERROR_CODE] = code
        f[F_ERROR_ROW] = f[F_VECTOR] * VECTOR_ROWS + i
    return FAILED


@inline
def padded(n):
    """`n` up to whole groups of 64 rows: buffers have room, and loops need no tail."""
    return (n + 63) & -64
