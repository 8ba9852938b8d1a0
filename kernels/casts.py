"""From one physical class to another. A scale is 10**digits; see each op for which form `k` has.

    op               out = ...                                                    fails
    i64_to_f64       a / k as a double; k = 10**scale (0 or 1: no scale)          -
    i64_to_i128      a                                                            -
    i64_to_bool      a != 0                                                       -
    bool_to_i64      0 or 1                                                       -
    f64_to_i64       a * k rounded; k = 10**scale: halves away from zero;         NaN, outside 64 bits
                     k = 0: to an integer, halves to even (PostgreSQL's rint)
    narrow_i128      a's low word: for values known to fit                        -
    i128_to_f64      a / 10**k; k = digits                                        -
    f64_to_i128      a * 10**k, halves away from zero; k = digits                 NaN, 38 digits
    round_f32        a rounded to REAL's precision                                overflow to infinity

A double is a decimal to 15 digits: 0.145 is stored a little below, yet means 0.145, and as DECIMAL(9,2)
becomes 0.15, as PostgreSQL has it, which goes through text. So before halves are rounded away from zero
the value moves up by NUDGE, while it is small enough for that to be far below a half.
"""
from __future__ import annotations

import numba as nb

from . import wide_math as w
from .abi import ERR_OVERFLOW, OK
from .failing import fail, is_active, padded
from .intrinsics import F64, bits_f64, call_llvm, f64p, i64p, inline, make_intrinsic, types, u8p, u64
from .registry import op

NUDGE = 1.0 + 5e-16
NUDGED_BELOW = 1e12
TWO_63 = 9223372036854775808.0
TWO_64 = 18446744073709551616.0
LIMIT_38 = 1e38

_one_float = types.float64(types.float64)
round_even = make_intrinsic(_one_float, call_llvm("llvm.rint.f64", F64), 1)
truncate = make_intrinsic(_one_float, call_llvm("llvm.trunc.f64", F64), 1)


@inline
def round_away(x):
    """To an integer, halves away from zero; see NUDGE."""
    size = abs(x)
    if size < NUDGED_BELOW:
        size *= NUDGE
    whole = truncate(size)
    whole += size - whole >= 0.5
    return -whole if x < 0.0 else whole


@op("i64_to_f64")
def i64_to_f64(out, a, b, c, k, n, frame):
    o, x = f64p(out), i64p(a)
    divisor = nb.float64(max(k, 1))
    if k <= 1:
        for i in range(padded(n)):
            o[i] = x[i]
    else:
        for i in range(padded(n)):
            o[i] = nb.float64(x[i]) / divisor
    return OK


@op("i64_to_i128")
def i64_to_i128(out, a, b, c, k, n, frame):
    o, x = i64p(out), i64p(a)
    for i in range(padded(n)):
        o[2 * i] = x[i]
        o[2 * i + 1] = x[i] >> 63
    return OK


@op("i64_to_bool")
def i64_to_bool(out, a, b, c, k, n, frame):
    o, x = u8p(out), i64p(a)
    for i in range(padded(n)):
        o[i] = x[i] != 0
    return OK


@op("bool_to_i64")
def bool_to_i64(out, a, b, c, k, n, frame):
    o, x = i64p(out), u8p(a)
    for i in range(padded(n)):
        o[i] = x[i]
    return OK


@op("f64_to_i64")
def f64_to_i64(out, a, b, c, k, n, frame):
    o, x = i64p(out), f64p(a)
    factor = nb.float64(k)
    for i in range(n):
        value = round_even(x[i]) if k == 0 else round_away(x[i] * factor)
        inside = value >= -TWO_63 and value < TWO_63
        if not inside and is_active(c, i):
            return fail(frame, ERR_OVERFLOW, i)
        o[i] = nb.int64(value) if inside else 0
    return OK


@op("narrow_i128")
def narrow_i128(out, a, b, c, k, n, frame):
    o, x = i64p(out), i64p(a)
    for i in range(padded(n)):
        o[i] = x[2 * i]
    return OK


@op("i128_to_f64")
def i128_to_f64(out, a, b, c, k, n, frame):
    o = f64p(out)
    divisor = w.to_float(w.power_of_ten(k))
    for i in range(n):
        o[i] = w.to_float(w.load(a + i * 16)) / divisor
    return OK


@op("f64_to_i128")
def f64_to_i128(out, a, b, c, k, n, frame):
    x = f64p(a)
    factor = w.to_float(w.power_of_ten(k))
    for i in range(n):
        value = round_away(x[i] * factor)
        inside = abs(value) < LIMIT_38
        if not inside and is_active(c, i):
            return fail(frame, ERR_OVERFLOW, i)
        size = abs(value) if inside else 0.0
        upper = truncate(size / TWO_64)  # exact: dividing by a power of two
        result = w.make(u64(size - upper * TWO_64), nb.int64(upper))
        w.store(out + i * 16, w.signed(result, value < 0.0))
    return OK


@op("round_f32")
def round_f32(out, a, b, c, k, n, frame):
    o, x = f64p(out), f64p(a)
    overflowed = 0
    infinity = bits_f64(0x7FF0000000000000)
    for i in range(padded(n)):
        value = nb.float64(nb.float32(x[i]))
        overflowed |= (abs(value) == infinity) & (abs(x[i]) != infinity)
        o[i] = value
    if overflowed != 0:
        for i in range(n):
            if abs(o[i]) == infinity and abs(x[i]) != infinity and is_active(c, i):
                return fail(frame, ERR_OVERFLOW, i)
    return OK
