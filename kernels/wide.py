"""Arithmetic over I128 vectors: DECIMAL above 19 digits.

    op                                      out = ...                                  fails
    add_i128 sub_i128                       wrapping                                   -
    abs_i128 sign_i128 (out I64)            |a|; -1, 0, 1                              -
    mul_i128                                a * b                                      overflow of 128 bits
    mul_i64_to_i128                         a * b of I64, exact                        -
    mod_i128                                truncating                                 zero
    rescale_up_i128      k = digits         a * 10**k                                  overflow of 128 bits
    rescale_down_i128    k = digits         a / 10**k, half away from zero             -
    rescale_trunc_i128   k = digits         a / 10**k, truncated                       -
    check_range_i128     k -> lo, hi or 0   a (out may be 0); 0: 38 digits             outside
    div_decimal          k -> digits, mode  a * 10**digits / b; mode 0 truncates,      zero, overflow
                                            1 rounds half away from zero

`k` counts decimal digits, 0..38. Sums of two 38-digit values wrap to something outside 38 digits, so
add, then check_range, finds every overflow. div_decimal goes through 256 bits when it must.
"""
from __future__ import annotations

from typing import Any

from . import wide_math as w
from .abi import ERR_DIVISION_BY_ZERO, ERR_OVERFLOW, OK
from .failing import fail, is_active
from .intrinsics import i64p, inline, shared, u64
from .registry import op


def _binary(name: str, expression: Any) -> None:
    @op(name)
    def run(out, a, b, c, k, n, frame):
        for i in range(0, n * 16, 16):
            w.store(out + i, expression(w.load(a + i), w.load(b + i)))
        return OK


_binary("add_i128", w.add)
_binary("sub_i128", w.subtract)


@op("abs_i128")
def abs_i128(out, a, b, c, k, n, frame):
    for i in range(0, n * 16, 16):
        w.store(out + i, w.magnitude(w.load(a + i))[0])
    return OK


@op("sign_i128")
def sign_i128(out, a, b, c, k, n, frame):
    o, x = i64p(out), i64p(a)
    for i in range(n):
        low, high = x[2 * i], x[2 * i + 1]
        o[i] = (high >> 63) | ((low | high) != 0)
    return OK


@op("mul_i64_to_i128")
def mul_i64_to_i128(out, a, b, c, k, n, frame):
    x, y = i64p(a), i64p(b)
    for i in range(n):
        w.store(out + i * 16, w.product(x[i], y[i]))
    return OK


@shared
def multiply_checked(x, y):
    """(x * y, True when it does not fit)."""
    if w.fits_word(x) and w.fits_word(y):
        return w.product(_word(x), _word(y)), False
    left, left_negative = w.magnitude(x)
    right, right_negative = w.magnitude(y)
    lower, upper = w.multiply_full(left, right)
    result = w.signed(lower, left_negative != right_negative)
    return result, w.low(upper) != u64(0) or w.high(upper) != 0 or w.high(lower) < 0


@inline
def _word(x):
    return w.as_i64(w.low(x))


@op("mul_i128")
def mul_i128(out, a, b, c, k, n, frame):
    for i in range(n):
        result, overflow = multiply_checked(w.load(a + i * 16), w.load(b + i * 16))
        if overflow and is_active(c, i):
            return fail(frame, ERR_OVERFLOW, i)
        w.store(out + i * 16, result)
    return OK


@op("rescale_up_i128")
def rescale_up_i128(out, a, b, c, k, n, frame):
    factor = w.power_of_ten(k)
    for i in range(n):
        result, overflow = multiply_checked(w.load(a + i * 16), factor)
        if overflow and is_active(c, i):
            return fail(frame, ERR_OVERFLOW, i)
        w.store(out + i * 16, result)
    return OK


@inline
def _divide_signed(x, y, half_away):
    """x / y truncated, or rounded half away from zero; y is not 0."""
    n, n_negative = w.magnitude(x)
    d, d_negative = w.magnitude(y)
    quotient, rest = w.divide(n, d)
    if half_away and w.less_unsigned(rest, w.subtract(d, rest)) == 0:
        quotient = w.add(quotient, w.make(u64(1), 0))
    return w.signed(quotient, n_negative != d_negative)


def _rescaling(name: str, half_away: bool) -> None:
    @op(name)
    def run(out, a, b, c, k, n, frame):
        divisor = w.power_of_ten(k)
        for i in range(0, n * 16, 16):
            w.store(out + i, _divide_signed(w.load(a + i), divisor, half_away))
        return OK


_rescaling("rescale_down_i128", True)
_rescaling("rescale_trunc_i128", False)


@inline
def _is_zero(x):
    return w.low(x) == u64(0) and w.high(x) == 0


@op("mod_i128")
def mod_i128(out, a, b, c, k, n, frame):
    """The rest has the sign of a."""
    for i in range(n):
        y = w.load(b + i * 16)
        if _is_zero(y):
            if is_active(c, i):
                return fail(frame, ERR_DIVISION_BY_ZERO, i)
            w.store(out + i * 16, y)
        else:
            left, negative = w.magnitude(w.load(a + i * 16))
            _, rest = w.divide(left, w.magnitude(y)[0])
            w.store(out + i * 16, w.signed(rest, negative))
    return OK


@op("check_range_i128")
def check_range_i128(out, a, b, c, k, n, frame):
    top = w.subtract(w.power_of_ten(38), w.make(u64(1), 0))
    lo, hi = w.negate(top), top
    if k != 0:
        lo, hi = w.load(k), w.load(k + 16)
    for i in range(n):
        x = w.load(a + i * 16)
        if (w.less(x, lo) | w.less(hi, x)) != 0 and is_active(c, i):
            return fail(frame, ERR_OVERFLOW, i)
        if out != 0:
            w.store(out + i * 16, x)
    return OK


@shared
def divide_scaled(x, y, factor, half_away):
    """(x * factor / y, True when it does not fit 127 bits); y is not 0."""
    n, n_negative = w.magnitude(x)
    d, d_negative = w.magnitude(y)
    lower, upper = w.multiply_full(n, factor)
    if _is_zero(upper):
        quotient, rest = w.divide(lower, d)
    elif w.less_unsigned(upper, d) != 0:
        quotient, rest = w.divide_double(upper, lower, d)
    else:
        return x, True
    if half_away and w.less_unsigned(rest, w.subtract(d, rest)) == 0:
        quotient = w.add(quotient, w.make(u64(1), 0))
    return w.signed(quotient, n_negative != d_negative), w.high(quotient) < 0


@op("div_decimal")
def div_decimal(out, a, b, c, k, n, frame):
    factor, half_away = w.power_of_ten(i64p(k)[0]), i64p(k)[1] != 0
    for i in range(n):
        y = w.load(b + i * 16)
        if _is_zero(y):
            if is_active(c, i):
                return fail(frame, ERR_DIVISION_BY_ZERO, i)
            w.store(out + i * 16, y)
        else:
            result, overflow = divide_scaled(w.load(a + i * 16), y, factor, half_away)
            if overflow and is_active(c, i):
                return fail(frame, ERR_OVERFLOW, i)
            w.store(out + i * 16, result)
    return OK
