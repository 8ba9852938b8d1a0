"""Arithmetic ops against Python's integers and floats."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from warehouse.kernels import abi, memory

MIN, MAX = -(1 << 63), (1 << 63) - 1
EDGES = [0, 1, -1, 2, -2, 7, -7, 10, 99, -100, 1 << 31, -(1 << 31), (1 << 32) + 1, MAX, MIN, MAX - 1, MIN + 1, 10**18]
PAIRS = [(x, y) for x in EDGES for y in EDGES]
LEFT, RIGHT = [x for x, _ in PAIRS], [y for _, y in PAIRS]
NAN, INF = math.nan, math.inf
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 1e300, -1e300, 5e-324, INF, -INF, NAN, 3.0]
F_PAIRS = [(x, y) for x in FLOATS for y in FLOATS]


def wrap(x: int) -> int:
    return (x + (1 << 63)) % (1 << 64) - (1 << 63)


def truncated(x: int, y: int) -> int:
    return abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)


def half_away(x: int, y: int) -> int:
    return (abs(x) * 2 + y) // (2 * y) * (-1 if x < 0 else 1)


@pytest.mark.parametrize(("op", "reference"), [
    ("add_i64", lambda x, y: wrap(x + y)),
    ("sub_i64", lambda x, y: wrap(x - y)),
    ("mul_i64", lambda x, y: wrap(x * y)),
])
def test_wrapping(ops: Any, op: str, reference: Any) -> None:
    ops.check("i64 i64 -> i64", op, reference, LEFT, RIGHT)


@pytest.mark.parametrize(("op", "reference"), [
    ("sign_i64", lambda x: (x > 0) - (x < 0)),
    ("copy_i64", lambda x: x),
])
def test_unary(ops: Any, op: str, reference: Any) -> None:
    ops.check("i64 -> i64", op, reference, EDGES)


@pytest.mark.parametrize("k", [0, 1, -1, 100, MAX, MIN])
def test_constant(ops: Any, k: int) -> None:
    ops.check("i64 -> i64", "add_i64_k", lambda x: wrap(x + k), EDGES, k=k)
    ops.check("i64 -> i64", "rsub_i64_k", lambda x: wrap(k - x), EDGES, k=k)
    ops.check("i64 -> i64", "mul_i64_k", lambda x: wrap(k * x), EDGES, k=k)


def test_products_of_values_within_32_bits(ops: Any) -> None:
    small = [0, 1, -1, 7, (1 << 31) - 1, -(1 << 31), 46341, -65536]
    pairs = [(x, y) for x in small for y in small]
    ops.check("i64 i64 -> i64", "mul_i32", lambda x, y: x * y, [x for x, _ in pairs], [y for _, y in pairs])
    for k in small:
        ops.check("i64 -> i64", "mul_i32_k", lambda x, k=k: x * k, small, k=k)


@pytest.mark.parametrize(("op", "exact"), [
    ("add_i64_checked", lambda x, y: x + y),
    ("sub_i64_checked", lambda x, y: x - y),
    ("mul_i64_checked", lambda x, y: x * y),
])
def test_checked(ops: Any, op: str, exact: Any) -> None:
    fitting = [(x, y) for x, y in PAIRS if MIN <= exact(x, y) <= MAX]
    ops.check("i64 i64 -> i64", op, exact, [x for x, _ in fitting], [y for _, y in fitting])
    for x, y in PAIRS:
        if not MIN <= exact(x, y) <= MAX:
            assert ops.call("i64 i64 -> i64", op, [[1, x], [1, y]]).status == abi.FAILED
    x, y = (MIN, 1) if op.startswith("sub") else (MAX, MAX)
    ops.check_failure("i64 i64 bool -> i64", op, abi.ERR_OVERFLOW, (3, 4), (x, y))


def test_size(ops: Any) -> None:
    ops.check("i64 -> i64", "abs_i64", abs, [x for x in EDGES if x != MIN])
    ops.check_failure("i64 -> i64", "abs_i64", abi.ERR_OVERFLOW, (5,), (MIN,))


def test_division(ops: Any) -> None:
    defined = [(x, y) for x, y in PAIRS if y != 0 and (x, y) != (MIN, -1)]
    left, right = [x for x, _ in defined], [y for _, y in defined]
    ops.check("i64 i64 -> i64", "div_i64", truncated, left, right)
    ops.check("i64 i64 -> i64", "mod_i64", lambda x, y: x - truncated(x, y) * y, left, right)
    for op in ("div_i64", "mod_i64"):
        ops.check_failure("i64 i64 bool -> i64", op, abi.ERR_DIVISION_BY_ZERO, (8, 2), (8, 0))
        ops.check_failure("i64 i64 bool -> i64", op, abi.ERR_OVERFLOW, (8, 2), (MIN, -1))


@pytest.mark.parametrize("digits", [0, 1, 2, 5, 9, 17, 18])
def test_rescale(ops: Any, digits: int) -> None:
    k = 10**digits
    near = [m * k + d for m in (0, 1, 7) for d in (-1, 0, 1, k // 2 - 1, k // 2, k // 2 + 1)]
    values = [v for v in [*EDGES, *near, *(-x for x in near)] if MIN <= v <= MAX]
    ops.check("i64 -> i64", "rescale_down_i64", lambda x: half_away(x, k), values, k=k)
    ops.check("i64 -> i64", "rescale_trunc_i64", lambda x: truncated(x, k), values, k=k)


def test_rescale_by_any_divisor(ops: Any) -> None:
    for k in (2, 3, 7, 8, 1 << 40, 86_400_000_000, 12_345_678_901):
        ops.check("i64 -> i64", "rescale_trunc_i64", lambda x, k=k: truncated(x, k), EDGES, k=k)


def test_range(ops: Any) -> None:
    limits = memory.words(-99, 99)
    inside = list(range(-99, 100))
    ops.check("i64 -> i64", "check_range_i64", lambda x: x, inside, k=memory.address(limits))
    for bad in (-100, 100, MAX, MIN):
        ops.check_failure("i64 -> i64", "check_range_i64", abi.ERR_OVERFLOW, (5,), (bad,), k=memory.address(limits))


@pytest.mark.filterwarnings("ignore:overflow|invalid")
@pytest.mark.parametrize(("op", "reference"), [
    ("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("div", np.divide)])
def test_floats(ops: Any, op: str, reference: Any) -> None:
    """As IEEE has it, but where finite numbers make none."""
    with np.errstate(all="ignore"):
        pairs = [(x, y) for x, y in F_PAIRS if op != "div" or y != 0.0]
        overflow = [(x, y) for x, y in pairs
                    if math.isinf(reference(x, y)) and math.isfinite(x) and math.isfinite(y)]
        fine = [pair for pair in pairs if pair not in overflow]
        left, right = zip(*fine)
        ops.check("f64 f64 -> f64", op + "_f64", lambda x, y: float(reference(x, y)), left, right)
        for x, y in [*overflow, (1e308, -1e308 if op == "sub" else 1e-308 if op == "div" else 1e308)]:
            ops.check_failure("f64 f64 bool -> f64", op + "_f64", abi.ERR_OVERFLOW, (8.0, 2.0), (x, y))


def test_float_signs(ops: Any) -> None:
    ops.check("f64 -> f64", "neg_f64", lambda x: -x, FLOATS)
    ops.check("f64 -> f64", "abs_f64", abs, FLOATS)


def test_float_division(ops: Any) -> None:
    defined = [(x, y) for x, y in F_PAIRS if y != 0.0]
    left, right = [x for x, _ in defined], [y for _, y in defined]
    with np.errstate(all="ignore"):
        ops.check("f64 f64 -> f64", "mod_f64", lambda x, y: float(np.fmod(x, y)), left, right)
    for op in ("div_f64", "mod_f64"):
        ops.check_failure("f64 f64 bool -> f64", op, abi.ERR_DIVISION_BY_ZERO, (8.0, 2.0), (8.0, -0.0))
