"""Arithmetic over I64 and F64 vectors.

    op                                        out = ...                     fails
    add_i64 sub_i64 mul_i64                   a + b ... wrapping            -
    add_i64_k rsub_i64_k mul_i64_k            a + k, k - a, a * k           -
    mul_i32 mul_i32_k                         a * b, a * k of values (and k) within 32 bits: one SIMD
                                              instruction, where 64 bits take eight
    add_i64_checked sub_ mul_                 the same                      overflow of 64 bits
    abs_i64                                   |a|                           -(-2**63)
    sign_i64                                  -1, 0, 1                      -
    div_i64 mod_i64                           truncating, as SQL            zero; -2**63 / -1
    check_range_i64  k -> (lo, hi)            a (out may be 0)              a < lo or a > hi
    rescale_down_i64 rescale_trunc_i64        a / k, half away | truncated  -       (k = 10**x >= 1)
    neg_f64 abs_f64                           IEEE                          -
    add_f64 sub_f64 mul_f64                   IEEE                          infinite, of finite operands
    div_f64 mod_f64                           a / b                         the same; zero
    sqrt_f64 floor_f64 ... pow_f64            see functions.py

The wrapping ops are for operands whose ranges are known to fit. Active rows: see failing.py.

Overflow of a product is tested by lengths: over the whole vector the bits of the largest |a| and of the
largest |b| together stay below 63 in nearly all cases; only else is each product tested.

Dividing by a constant takes no division:  n / d = (n * m) >> (63 + L)  for n <= 2**63, with
2**L >= d and m = ceil(2**(63 + L) / d), found by 64 steps of long division once per call.
"""
from __future__ import annotations

import math
from functools import partial
from typing import Any

from . import elementwise
from .abi import ERR_DIVISION_BY_ZERO, ERR_OVERFLOW, OK
from .failing import fail, is_active, padded
from .intrinsics import (
    I64,
    add_overflows,
    as_i64,
    as_u64,
    f64p,
    i64p,
    inline,
    leading_zeros,
    make_intrinsic,
    mul_overflows,
    mulhi,
    sub_overflows,
    types,
    u64,
)
from .registry import op

MINIMUM = -(1 << 63)
INFINITY = math.inf

_two = types.int64(types.int64, types.int64)
# Truncating; the caller excludes 0 and MIN / -1.
sdiv = make_intrinsic(_two, lambda b, a: b.sdiv(a[0], a[1]), 2)
srem = make_intrinsic(_two, lambda b, a: b.srem(a[0], a[1]), 2)
frem = make_intrinsic(types.float64(types.float64, types.float64), lambda b, a: b.frem(a[0], a[1]), 2)
negate = make_intrinsic(types.int64(types.int64), lambda b, a: b.sub(I64(0), a[0]), 1)


_unary = partial(elementwise.unary, __name__)
_binary = partial(elementwise.binary, __name__)
_constant = partial(elementwise.with_constant, __name__, i64p)

_add = inline(lambda x, y: x + y)
_subtract = inline(lambda x, y: x - y)
_multiply = inline(lambda x, y: x * y)
_multiply_low = inline(lambda x, y: ((x << 32) >> 32) * ((y << 32) >> 32))

_binary(i64p, "add_i64", _add)
_binary(i64p, "sub_i64", _subtract)
_binary(i64p, "mul_i64", _multiply)
_constant("add_i64_k", _add)
_constant("rsub_i64_k", inline(lambda x, y: y - x))
_constant("mul_i64_k", _multiply)
_binary(i64p, "mul_i32", _multiply_low)
_constant("mul_i32_k", _multiply_low)
_unary(i64p, "sign_i64", inline(lambda x: (x > 0) - (x < 0)))
_unary(f64p, "neg_f64", inline(lambda x: -x))
_unary(f64p, "abs_f64", inline(lambda x: abs(x)))


# -- checked -------------------------------------------------------------------------------------------


def _checked(name: str, expression: Any, sign_test: Any, overflows: Any) -> None:
    """`sign_test(x, y, result)` is negative when the row overflowed."""

    @op(name)
    def run(out, a, b, c, k, n, frame):
        o, x, y = i64p(out), i64p(a), i64p(b)
        flags = 0
        for i in range(padded(n)):
            result = expression(x[i], y[i])
            flags |= sign_test(x[i], y[i], result)
            o[i] = result
        if flags < 0:
            for i in range(n):
                if overflows(x[i], y[i]) != 0 and is_active(c, i):
                    return fail(frame, ERR_OVERFLOW, i)
        return OK


_overflowed = inline(lambda x, y, r: (abs(r) == INFINITY) & (abs(x) != INFINITY) & (abs(y) != INFINITY))


def _finite(name: str, expression: Any) -> None:
    @op(name)
    def run(out, a, b, c, k, n, frame):
        o, x, y = f64p(out), f64p(a), f64p(b)
        infinite = 0
        for i in range(padded(n)):
            result = expression(x[i], y[i])
            infinite |= abs(result) == INFINITY
            o[i] = result
        if infinite != 0:
            for i in range(n):
                if _overflowed(x[i], y[i], o[i]) and is_active(c, i):
                    return fail(frame, ERR_OVERFLOW, i)
        return OK


_finite("add_f64", _add)
_finite("sub_f64", _subtract)
_finite("mul_f64", _multiply)

_checked("add_i64_checked", _add, inline(lambda x, y, r: (x ^ r) & (y ^ r)), add_overflows)
_checked("sub_i64_checked", _subtract, inline(lambda x, y, r: (x ^ y) & (x ^ r)), sub_overflows)


@op("mul_i64_checked")
def mul_i64_checked(out, a, b, c, k, n, frame):
    o, x, y = i64p(out), i64p(a), i64p(b)
    x_bits = y_bits = 0
    for i in range(padded(n)):
        o[i] = x[i] * y[i]
        x_bits |= x[i] ^ (x[i] >> 63)
        y_bits |= y[i] ^ (y[i] >> 63)
    if leading_zeros(as_u64(x_bits)) + leading_zeros(as_u64(y_bits)) < u64(66):
        for i in range(n):
            if mul_overflows(x[i], y[i]) != 0 and is_active(c, i):
                return fail(frame, ERR_OVERFLOW, i)
    return OK


@op("abs_i64")
def abs_i64(out, a, b, c, k, n, frame):
    o, x = i64p(out), i64p(a)
    lowest = 0
    for i in range(padded(n)):
        lowest = min(lowest, x[i])
        o[i] = x[i] if x[i] >= 0 else negate(x[i])
    if lowest == MINIMUM:
        for i in range(n):
            if x[i] == MINIMUM and is_active(c, i):
                return fail(frame, ERR_OVERFLOW, i)
    return OK


@op("check_range_i64")
def check_range_i64(out, a, b, c, k, n, frame):
    x, lo, hi = i64p(a), i64p(k)[0], i64p(k)[1]
    outside = 0
    for i in range(padded(n)):
        outside |= (x[i] < lo) | (x[i] > hi)
    if out != 0:
        o = i64p(out)
        for i in range(padded(n)):
            o[i] = x[i]
    if outside != 0:
        for i in range(n):
            if (x[i] < lo or x[i] > hi) and is_active(c, i):
                return fail(frame, ERR_OVERFLOW, i)
    return OK


# -- division --------------------------------------------------------------------------------------------


def _dividing(name: str, divide: Any, by_minus_one: Any) -> None:
    @op(name)
    def run(out, a, b, c, k, n, frame):
        o, x, y = i64p(out), i64p(a), i64p(b)
        failed = 0
        for i in range(n):
            divisor = y[i]
            if divisor == 0 or divisor == -1:
                o[i] = 0 if divisor == 0 else by_minus_one(x[i])
                failed |= (divisor == 0) | (x[i] == MINIMUM)
            else:
                o[i] = divide(x[i], divisor)
        if failed != 0:
            for i in range(n):
                if y[i] == 0 and is_active(c, i):
                    return fail(frame, ERR_DIVISION_BY_ZERO, i)
                if y[i] == -1 and x[i] == MINIMUM and is_active(c, i):
                    return fail(frame, ERR_OVERFLOW, i)
        return OK


_dividing("div_i64", sdiv, negate)
_dividing("mod_i64", srem, inline(lambda x: 0))


@inline
def _reciprocal(d):
    """(m, L) for d >= 2, see the module's text."""
    length = 64 - as_i64(leading_zeros(as_u64(d - 1)))
    rest, m = 1 << (length - 1), u64(0)
    for _ in range(64):
        rest <<= 1
        m <<= u64(1)
        if rest >= d:
            rest -= d
            m |= u64(1)
    if rest != 0:
        m += u64(1)
    return m, length


def _rescaling(name: str, half_away: bool) -> None:
    @op(name)
    def run(out, a, b, c, k, n, frame):
        o, x = i64p(out), i64p(a)
        if k == 1:
            for i in range(padded(n)):
                o[i] = x[i]
            return OK
        m, length = _reciprocal(k)
        shift = as_u64(length - 1)
        for i in range(n):
            sign = x[i] >> 63
            size = (x[i] ^ sign) - sign
            quotient = as_i64(mulhi(as_u64(size), m) >> shift)
            if half_away:
                rest = size - quotient * k
                quotient += rest >= k - rest
            o[i] = (quotient ^ sign) - sign
        return OK


_rescaling("rescale_down_i64", True)
_rescaling("rescale_trunc_i64", False)


def _dividing_f64(name: str, expression: Any) -> None:
    @op(name)
    def run(out, a, b, c, k, n, frame):
        o, x, y = f64p(out), f64p(a), f64p(b)
        special = 0
        for i in range(n):
            result = expression(x[i], y[i])
            special |= (y[i] == 0.0) | (abs(result) == INFINITY)
            o[i] = result
        if special != 0:
            for i in range(n):
                if y[i] == 0.0:
                    if is_active(c, i):
                        return fail(frame, ERR_DIVISION_BY_ZERO, i)
                    o[i] = 0.0
                elif _overflowed(x[i], y[i], o[i]) and is_active(c, i):
                    return fail(frame, ERR_OVERFLOW, i)
        return OK


_dividing_f64("div_f64", inline(lambda x, y: x / y))
_dividing_f64("mod_f64", frem)
