"""128-bit integers inside native functions: a numba type `i128` and its operations.

In memory: 16 bytes, unsigned low word, signed high word (abi.py, I128). In native code a value is
one LLVM i128, which the machine computes in two registers:

    x = load(address)      store(address, x)       make(low, high)   low(x)   high(x)
    add subtract multiply  negate  extend(int64)   less equal        magnitude(x) -> (|x|, sign)

Numba's operators do not know the type, so expressions are written as calls. `divide` (unsigned) is written
out because LLVM would call a runtime function for it that not every process has:

    both fit 64 bits     one machine division
    divisor fits 64      two steps of 128 by 64 (Hacker's Delight, divlu: two 32-bit digits)
    else                 estimate by the divisor's upper 64 bits, at most one too large, correct
"""
from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.extending import register_model

from .intrinsics import (
    F64,
    I64,
    I128,
    as_i64,
    inline,
    leading_zeros,
    make_intrinsic,
    mulhi,
    shared,
    u64,
)

POWERS = tuple(10**e for e in range(39))  # up to 10**38


class WideType(types.Type):  # type: ignore[misc]
    """numba's name for an i128 value."""

    def __init__(self) -> None:
        super().__init__(name="warehouse_i128")


i128 = WideType()


@register_model(WideType)
class _WideModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, I128)


_i, _u, _f = types.int64, types.uint64, types.float64


def _emit_load(b: Any, a: Any) -> Any:
    value = b.load(b.inttoptr(a[0], I128.as_pointer()))
    value.align = 8
    return value


def _emit_store(b: Any, a: Any) -> None:
    b.store(a[1], b.inttoptr(a[0], I128.as_pointer())).align = 8


def _emit_make(b: Any, a: Any) -> Any:
    return b.or_(b.zext(a[0], I128), b.shl(b.zext(a[1], I128), I128(64)))


def _binary(method: str) -> Any:
    return make_intrinsic(i128(i128, i128), lambda b, a: getattr(b, method)(a[0], a[1]), 2)


def _test(method: str, predicate: str) -> Any:
    def emit(b: Any, a: Any) -> Any:
        return b.zext(getattr(b, method)(predicate, a[0], a[1]), I64)

    return make_intrinsic(_i(i128, i128), emit, 2)


load = make_intrinsic(i128(_i), _emit_load, 1)
store = make_intrinsic(types.void(_i, i128), _emit_store, 2)
make = make_intrinsic(i128(_u, _i), _emit_make, 2)
low = make_intrinsic(_u(i128), lambda b, a: b.trunc(a[0], I64), 1)
high = make_intrinsic(_i(i128), lambda b, a: b.trunc(b.ashr(a[0], I128(64)), I64), 1)
extend = make_intrinsic(i128(_i), lambda b, a: b.sext(a[0], I128), 1)
add, subtract, multiply = _binary("add"), _binary("sub"), _binary("mul")
negate = make_intrinsic(i128(i128), lambda b, a: b.sub(I128(0), a[0]), 1)
less, equal = _test("icmp_signed", "<"), _test("icmp_signed", "==")
less_unsigned = _test("icmp_unsigned", "<")
shift_left = make_intrinsic(i128(i128, _u), lambda b, a: b.shl(a[0], b.zext(a[1], I128)), 2)  # 0..127
shift_right = make_intrinsic(i128(i128, _u), lambda b, a: b.lshr(a[0], b.zext(a[1], I128)), 2)
divide_words = make_intrinsic(_u(_u, _u), lambda b, a: b.udiv(a[0], a[1]), 2)
choose = make_intrinsic(  # choose(test, x, y) = x if test else y
    i128(_i, i128, i128), lambda b, a: b.select(b.icmp_signed("!=", a[0], I64(0)), a[1], a[2]), 3
)
product = make_intrinsic(i128(_i, _i), lambda b, a: b.mul(b.sext(a[0], I128), b.sext(a[1], I128)), 2)


def _emit_power(b: Any, a: Any) -> Any:
    """10 ** a[0] for 0..38, from a table in the object's constants."""
    kind = ir.ArrayType(I128, len(POWERS))
    name = ".powers_of_ten"
    table = b.module.globals.get(name)
    if table is None:
        table = ir.GlobalVariable(b.module, kind, name)
        table.initializer = ir.Constant(kind, [I128(p) for p in POWERS])
        table.global_constant = True
        table.linkage = "internal"
    return b.load(b.gep(table, [I64(0), a[0]]))


power_of_ten = make_intrinsic(i128(_i), _emit_power, 1)


def _emit_float(b: Any, a: Any) -> Any:
    """high * 2**64 + low, one rounding for values of 53 bits, two else."""
    upper = b.sitofp(b.trunc(b.ashr(a[0], I128(64)), I64), F64)
    return b.fadd(b.fmul(upper, F64(2.0**64)), b.uitofp(b.trunc(a[0], I64), F64))


_float_of_magnitude = make_intrinsic(_f(i128), _emit_float, 1)


@inline
def magnitude(x):
    """(|x|, 1 if negative); |-2**127| is right as an unsigned value."""
    negative = high(x) < 0
    return choose(negative, negate(x), x), negative


@inline
def signed(x, negative):
    return choose(negative, negate(x), x)


@inline
def fits_word(x):
    """True when the signed value fits int64."""
    return high(x) == as_i64(low(x)) >> 63


@inline
def to_float(x):
    size, negative = magnitude(x)
    value = _float_of_magnitude(size)
    return -value if negative else value


@inline
def divide_step(upper, lower, divisor):
    """(quotient, rest) of upper * 2**64 + lower by a 64-bit divisor, for upper < divisor."""
    shift = leading_zeros(divisor)
    d = divisor << shift
    d1, d0 = d >> u64(32), d & u64(0xFFFFFFFF)
    n32 = (upper << shift) | ((lower >> u64(1)) >> (u64(63) - shift))
    n10 = lower << shift
    q1 = divide_words(n32, d1)
    rest = n32 - q1 * d1
    while q1 >= u64(1 << 32) or q1 * d0 > ((rest << u64(32)) | (n10 >> u64(32))):
        q1 -= u64(1)
        rest += d1
        if rest >= u64(1 << 32):
            break
    n21 = ((n32 << u64(32)) | (n10 >> u64(32))) - q1 * d
    q0 = divide_words(n21, d1)
    rest = n21 - q0 * d1
    while q0 >= u64(1 << 32) or q0 * d0 > ((rest << u64(32)) | (n10 & u64(0xFFFFFFFF))):
        q0 -= u64(1)
        rest += d1
        if rest >= u64(1 << 32):
            break
    quotient = (q1 << u64(32)) | q0
    return quotient, lower - quotient * divisor


@shared
def divide(n, d):
    """Unsigned (quotient, rest) of 128 bits by 128 bits; d is not 0."""
    n1, n0, d1, d0 = u64(high(n)), low(n), u64(high(d)), low(d)
    if d1 == u64(0):
        if n1 == u64(0):
            q = divide_words(n0, d0)
            return make(q, 0), make(n0 - q * d0, 0)
        q1 = divide_words(n1, d0)
        q0, rest = divide_step(n1 - q1 * d0, n0, d0)
        return make(q0, as_i64(q1)), make(rest, 0)
    shift = leading_zeros(d1)
    upper = low(shift_right(shift_left(d, shift), u64(64)))
    half = shift_right(n, u64(1))
    q, _ = divide_step(low(shift_right(half, u64(64))), low(half), upper)
    q = q >> (u64(63) - shift)
    if q != u64(0):
        q -= u64(1)
    quotient = make(q, 0)
    rest = subtract(n, multiply(quotient, d))
    if less_unsigned(rest, d) == 0:
        quotient = add(quotient, make(u64(1), 0))
        rest = subtract(rest, d)
    return quotient, rest


@inline
def multiply_full(x, y):
    """Unsigned 128 x 128 bits: (lower 128, upper 128)."""
    x1, x0, y1, y0 = low(shift_right(x, u64(64))), low(x), low(shift_right(y, u64(64))), low(y)
    p00 = make(x0 * y0, as_i64(mulhi(x0, y0)))
    p01 = make(x0 * y1, as_i64(mulhi(x0, y1)))
    p10 = make(x1 * y0, as_i64(mulhi(x1, y0)))
    p11 = make(x1 * y1, as_i64(mulhi(x1, y1)))
    middle = add(shift_right(p00, u64(64)), make(low(p01), 0))
    middle = add(middle, make(low(p10), 0))
    lower = make(low(p00), as_i64(low(middle)))
    upper = add(p11, add(shift_right(p01, u64(64)), shift_right(p10, u64(64))))
    return lower, add(upper, shift_right(middle, u64(64)))


@inline
def divide_double(upper, lower, d):
    """Quotient and rest of a 256-bit value by 128 bits, for upper < d: one bit at a time."""
    quotient = make(u64(0), 0)
    rest = upper
    for _ in range(128):
        carry = high(rest) < 0
        rest = shift_left(rest, u64(1))
        if high(lower) < 0:
            rest = add(rest, make(u64(1), 0))
        lower = shift_left(lower, u64(1))
        quotient = shift_left(quotient, u64(1))
        if carry or less_unsigned(rest, d) == 0:
            rest = subtract(rest, d)
            quotient = add(quotient, make(u64(1), 0))
    return quotient, rest
