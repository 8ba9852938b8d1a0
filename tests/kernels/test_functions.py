"""Mathematical functions against Python's math module."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from warehouse.kernels import abi

VALUES = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.5, -2.5, 1e-3, 100.25, -7.75]
SPECIAL = [*VALUES, math.nan, math.inf, -math.inf, 1e300]


@pytest.mark.parametrize(("op", "reference"), [
    ("floor_f64", np.floor), ("ceil_f64", np.ceil), ("trunc_f64", np.trunc),
])
def test_rounding(ops: Any, op: str, reference: Any) -> None:
    ops.check("f64 -> f64", op, lambda x: float(reference(x)), SPECIAL)


def test_round_half_away(ops: Any) -> None:
    got = ops.call("f64 -> f64", "round_f64", [SPECIAL]).values
    assert got[:9] == [0.0, 0.0, 1.0, -1.0, 1.0, -1.0, 3.0, -3.0, 0.0]
    assert math.isnan(got[11])
    assert got[12:] == [math.inf, -math.inf, 1e300]


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "atan"])
def test_total(ops: Any, name: str) -> None:
    got = ops.call("f64 -> f64", name + "_f64", [VALUES]).values
    assert got == pytest.approx([getattr(math, name)(x) for x in VALUES])


@pytest.mark.parametrize(("op", "reference", "good", "bad"), [
    ("sqrt_f64", math.sqrt, [0.0, 1.0, 2.0, math.inf], -1e-300),
    ("ln_f64", math.log, [1.0, 2.0, 1e-300, math.inf], 0.0),
    ("log10_f64", math.log10, [1.0, 1000.0, 0.5], -1.0),
    ("asin_f64", math.asin, [0.0, 1.0, -1.0, 0.3], 1.0000001),
    ("acos_f64", math.acos, [0.0, 1.0, -1.0, 0.3], -2.0),
])
def test_partial(ops: Any, op: str, reference: Any, good: list[float], bad: float) -> None:
    got = ops.call("f64 -> f64", op, [good]).values
    assert got == pytest.approx([reference(x) for x in good])
    assert math.isnan(ops.call("f64 -> f64", op, [[math.nan]]).values[0])
    ops.check_failure("f64 -> f64", op, abi.ERR_DOMAIN, (0.5,), (bad,))


def test_powers(ops: Any) -> None:
    got = ops.call("f64 -> f64", "exp_f64", [[0.0, 1.0, -1e9, math.inf]]).values
    assert got == pytest.approx([1.0, math.e, 0.0, math.inf])
    ops.check_failure("f64 -> f64", "exp_f64", abi.ERR_OVERFLOW, (0.5,), (1000.0,))
    pairs = [(2.0, 10.0), (2.0, -1.0), (-2.0, 3.0), (0.0, 0.0), (9.0, 0.5)]
    got = ops.call("f64 f64 -> f64", "pow_f64", [[x for x, _ in pairs], [y for _, y in pairs]]).values
    assert got == pytest.approx([math.pow(x, y) for x, y in pairs])
    for bad, code in (((0.0, -1.0), abi.ERR_DOMAIN), ((-2.0, 0.5), abi.ERR_DOMAIN), ((1e300, 2.0), abi.ERR_OVERFLOW)):
        ops.check_failure("f64 f64 bool -> f64", "pow_f64", code, (2.0, 2.0), bad)
