"""Mathematical functions over F64 vectors.

    op                                            fails
    floor_f64 ceil_f64 trunc_f64                  -
    round_f64    halves away from zero            -
    sqrt_f64                                      negative                      ERR_DOMAIN
    ln_f64 log10_f64                              zero or negative              ERR_DOMAIN
    asin_f64 acos_f64                             |a| > 1                       ERR_DOMAIN
    exp_f64 pow_f64                               finite operands, no finite    ERR_OVERFLOW
                                                  result
    pow_f64                                       0 to a negative, negative to  ERR_DOMAIN
                                                  a fraction
    sin_f64 cos_f64 tan_f64 atan_f64              -

NaN goes through all of them. The transcendental ones call the C library's functions one row at a
time; the pack checks that the process has them before it loads the op.
"""
from __future__ import annotations

import math
from functools import partial
from typing import Any

from . import elementwise
from .abi import ERR_DOMAIN, ERR_OVERFLOW, OK
from .casts import round_away, truncate
from .failing import fail, is_active
from .intrinsics import F64, call_llvm, f64p, inline, make_intrinsic, types
from .registry import op

_total = partial(elementwise.unary, __name__, f64p)


def _calling(name: str, expression: Any) -> None:
    """As `_total`, for what is too slow to run on rows that are not there."""

    @op(name)
    def run(out, a, b, c, k, n, frame):
        o, x = f64p(out), f64p(a)
        for i in range(n):
            o[i] = expression(x[i])
        return OK


def _partial(name: str, expression: Any, outside: Any) -> None:
    """Fails for active rows where `outside(x)`; the others give 0 there."""

    @op(name)
    def run(out, a, b, c, k, n, frame):
        o, x = f64p(out), f64p(a)
        bad = 0
        for i in range(n):
            bad |= outside(x[i])
            o[i] = expression(x[i])
        if bad != 0:
            for i in range(n):
                if outside(x[i]):
                    if is_active(c, i):
                        return fail(frame, ERR_DOMAIN, i)
                    o[i] = 0.0
        return OK


_float_to_float = types.float64(types.float64)
_floor = make_intrinsic(_float_to_float, call_llvm("llvm.floor.f64", F64), 1)
_ceil = make_intrinsic(_float_to_float, call_llvm("llvm.ceil.f64", F64), 1)

_total("floor_f64", _floor)
_total("ceil_f64", _ceil)
_total("trunc_f64", truncate)
_total("round_f64", round_away)
for _name in ("sin", "cos", "tan", "atan"):
    _calling(_name + "_f64", getattr(math, _name))
_partial("sqrt_f64", math.sqrt, inline(lambda x: x < 0.0))
_partial("ln_f64", math.log, inline(lambda x: x <= 0.0))
_partial("log10_f64", math.log10, inline(lambda x: x <= 0.0))
_partial("asin_f64", math.asin, inline(lambda x: abs(x) > 1.0))
_partial("acos_f64", math.acos, inline(lambda x: abs(x) > 1.0))


@op("exp_f64")
def exp_f64(out, a, b, c, k, n, frame):
    o, x = f64p(out), f64p(a)
    for i in range(n):
        value = math.exp(x[i])
        if value == math.inf and x[i] != math.inf:
            if is_active(c, i):
                return fail(frame, ERR_OVERFLOW, i)
            value = 0.0
        o[i] = value
    return OK


@op("pow_f64")
def pow_f64(out, a, b, c, k, n, frame):
    o, x, y = f64p(out), f64p(a), f64p(b)
    for i in range(n):
        base, exponent = x[i], y[i]
        value = math.pow(base, exponent)
        if (base == 0.0 and exponent < 0.0) or (base < 0.0 and exponent != truncate(exponent)):
            if is_active(c, i):
                return fail(frame, ERR_DOMAIN, i)
            value = 0.0
        elif abs(value) == math.inf and abs(base) != math.inf and abs(exponent) != math.inf:
            if is_active(c, i):
                return fail(frame, ERR_OVERFLOW, i)
            value = 0.0
        o[i] = value
    return OK
