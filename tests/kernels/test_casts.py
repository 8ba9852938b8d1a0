"""Casts between physical classes against exact arithmetic."""
from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from warehouse.kernels import abi

MIN, MAX = -(1 << 63), (1 << 63) - 1
INTEGERS = [0, 1, -1, 3, 250, -12345, MAX, MIN, 10**18, (1 << 53) + 1]
WIDE = [*INTEGERS, 1 << 64, -(1 << 64), 10**38 - 1, 1 - 10**38, (1 << 100) + 12345]
FLOATS = [0.0, -0.0, 0.4, 0.5, 0.6, 1.5, 2.5, -0.5, -1.5, -2.5, 1e15 + 0.5, 123456.789, -9.99, 4e18, -4e18]


def test_integers(ops: Any) -> None:
    ops.check("i64 -> i128", "i64_to_i128", lambda x: x, INTEGERS)
    ops.check("i64 -> bool", "i64_to_bool", lambda x: int(x != 0), INTEGERS)
    ops.check("bool -> i64", "bool_to_i64", lambda x: x, [0, 1])
    ops.check("i128 -> i64", "narrow_i128", lambda x: (x + (1 << 63)) % (1 << 64) - (1 << 63), WIDE)


@pytest.mark.parametrize("scale", [0, 1, 2, 6, 18])
def test_to_float(ops: Any, scale: int) -> None:
    k = 10**scale
    ops.check("i64 -> f64", "i64_to_f64", lambda x: float(x) / k, INTEGERS, k=k)
    small = [x for x in WIDE if abs(x) < 1 << 53]
    ops.check("i128 -> f64", "i128_to_f64", lambda x: float(x) / k, small, k=scale)


def test_wide_to_float_is_close(ops: Any) -> None:
    for scale in (0, 10, 37):
        got = ops.call("i128 -> f64", "i128_to_f64", [WIDE], k=scale).values
        for x, y in zip(WIDE, got):
            exact = Fraction(x, 10**scale)
            assert abs(Fraction(y) - exact) <= abs(exact) * Fraction(4, 1 << 53)


def test_to_integer_rounds_halves_to_even(ops: Any) -> None:
    ops.check("f64 -> i64", "f64_to_i64", lambda x: int(np.rint(x)), FLOATS)


@pytest.mark.parametrize("scale", [0, 1, 2, 3])
def test_to_decimal_rounds_halves_away(ops: Any, scale: int) -> None:
    """As PostgreSQL, which reads the double as a decimal of 15 digits."""

    def reference(x: float) -> int:
        text = Decimal(f"{x:.14e}") * 10**scale
        return int(text.quantize(Decimal(1), ROUND_HALF_UP))

    values = [0.145, 0.155, 1.005, 2.675, -0.145, 0.5, 1.5, 2.5, -2.5, 0.0, 123456.785, 1.1, 99.99, 0.05, 8.345]
    ops.check("f64 -> i64", "f64_to_i64", reference, values, k=10**scale)
    ops.check("f64 -> i128", "f64_to_i128", reference, values, k=scale)


def test_large_floats_to_wide(ops: Any) -> None:
    values = [1e20, -1e20, 2.0**100, 9.9e37, -9.9e37, 2.0**64, 2.0**63, 1.0, 0.0]
    ops.check("f64 -> i128", "f64_to_i128", int, values)


def test_outside(ops: Any) -> None:
    for bad in (math.nan, math.inf, -math.inf, 2.0**63, -1e19):
        ops.check_failure("f64 -> i64", "f64_to_i64", abi.ERR_OVERFLOW, (1.0,), (bad,), k=1)
    for bad in (math.nan, math.inf, 1e38, -1e39):
        ops.check_failure("f64 -> i128", "f64_to_i128", abi.ERR_OVERFLOW, (1.0,), (bad,))
    assert ops.call("f64 -> i64", "f64_to_i64", [[-(2.0**63)]], k=1).values == [MIN]


def test_single_precision(ops: Any) -> None:
    values = [0.1, -0.1, 1e38, 1e-50, math.inf, -math.inf, math.nan, 16777217.0]
    ops.check("f64 -> f64", "round_f32", lambda x: float(np.float32(x)), values)
    ops.check_failure("f64 -> f64", "round_f32", abi.ERR_OVERFLOW, (1.0,), (1e39,))
