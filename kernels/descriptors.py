"""What decoding ops share: the descriptor of a scanned column, and its null bitmap.

frame[F_USER] is the address of int64[columns]: addresses of the descriptors (abi.py, D_*) of the current
row group. The null bitmap has bit i % 8 of byte i // 8 set where row i is NULL, whole vectors readable.
"""
from __future__ import annotations

from numba import int64 as i64

from .abi import ERR_BAD_ENCODING, F_ERROR_CODE, F_ERROR_ROW, F_USER, FAILED
from .intrinsics import i64p, inline, opaque, u8p


@inline
def descriptor(frame, column):
    return i64p(i64p(i64p(frame)[F_USER])[column])


@inline
def unknown_kind(frame):
    f = i64p(frame)
    f[F_ERROR_CODE] = ERR_BAD_ENCODING
    f[F_ERROR_ROW] = -1
    return FAILED


@inline
def is_null(nulls, row):
    return (u8p(nulls)[row >> 3] >> (row & 7)) & 1


@inline
def keep_mask(nulls, row):
    """All ones, or all zeros where the row is NULL; for -1 (no row) any of them."""
    return opaque(i64(is_null(nulls, max(row, 0))) - 1)
