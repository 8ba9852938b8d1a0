"""Masks, choosing and copying.

    op                                    out = ...                                  operands
    and_b or_b                            a & b, a | b                               BOOL
    not_b                                 1 - a
    fill_b_k                              k (0 or 1)
    select_{i64 f64 bool i128 str}        c ? a : b
    mask_{...}                            b ? a : 0: puts 0 under NULL               b = validity
    copy_i64                              a
    fill_i64_k fill_f64_k                 k (f64: its bits)
    fill_i128 fill_str                    the 16 bytes at address k
    fail_where                            -: fails with code k where a & active            c = active

Everything is branch-free over whole groups of 64 rows. f64 ops that only move values are the i64 ones
(registry.ALIASES).
"""
from __future__ import annotations

from functools import partial
from typing import Any

from . import elementwise
from .abi import OK
from .failing import fail, is_active, padded
from .intrinsics import i64p, inline, u8p
from .registry import op

# -- masks -------------------------------------------------------------------------------------------


_mask_op = partial(elementwise.binary, __name__, u8p)
_mask_op("and_b", inline(lambda x, y: x & y))
_mask_op("or_b", inline(lambda x, y: x | y))


@op("not_b")
def not_b(out, a, b, c, k, n, frame):
    o, x = u8p(out), u8p(a)
    for i in range(padded(n)):
        o[i] = x[i] ^ 1
    return OK


@op("fill_b_k")
def fill_b_k(out, a, b, c, k, n, frame):
    o = u8p(out)
    for i in range(padded(n)):
        o[i] = k
    return OK


@op("fail_where")
def fail_where(out, a, b, c, k, n, frame):
    x = u8p(a)
    for i in range(n):
        if x[i] != 0 and is_active(c, i):
            return fail(frame, k, i)
    return OK


# -- choosing ----------------------------------------------------------------------------------------


def _narrow(suffix: str, pointer: Any) -> None:
    """select and mask for one word a row."""

    @op("select_" + suffix)
    def select(out, a, b, c, k, n, frame):
        o, x, y, m = pointer(out), pointer(a), pointer(b), u8p(c)
        for i in range(padded(n)):
            left, right = x[i], y[i]
            o[i] = left if m[i] != 0 else right
        return OK

    @op("mask_" + suffix)
    def mask(out, a, b, c, k, n, frame):
        o, x, m = pointer(out), pointer(a), u8p(b)
        for i in range(padded(n)):
            value = x[i]
            o[i] = value if m[i] != 0 else 0
        return OK


_narrow("i64", i64p)
_narrow("bool", u8p)


@op("select_i128")
def select_i128(out, a, b, c, k, n, frame):
    o, x, y, m = i64p(out), i64p(a), i64p(b), u8p(c)
    for i in range(padded(n)):
        x0, x1, y0, y1 = x[2 * i], x[2 * i + 1], y[2 * i], y[2 * i + 1]
        o[2 * i] = x0 if m[i] != 0 else y0
        o[2 * i + 1] = x1 if m[i] != 0 else y1
    return OK


@op("mask_i128")
def mask_i128(out, a, b, c, k, n, frame):
    o, x, m = i64p(out), i64p(a), u8p(b)
    for i in range(padded(n)):
        x0, x1 = x[2 * i], x[2 * i + 1]
        o[2 * i] = x0 if m[i] != 0 else 0
        o[2 * i + 1] = x1 if m[i] != 0 else 0
    return OK


@op("copy_i64")
def copy_i64(out, a, b, c, k, n, frame):
    o, x = i64p(out), i64p(a)
    for i in range(padded(n)):
        o[i] = x[i]
    return OK


# -- constants ---------------------------------------------------------------------------------------


@op("fill_i64_k")
def fill_i64_k(out, a, b, c, k, n, frame):
    o = i64p(out)
    for i in range(padded(n)):
        o[i] = k
    return OK


@op("fill_i128")
def fill_i128(out, a, b, c, k, n, frame):
    o, low, high = i64p(out), i64p(k)[0], i64p(k)[1]
    for i in range(padded(n)):
        o[2 * i] = low
        o[2 * i + 1] = high
    return OK
