"""Masks, choosing, constants."""
from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from warehouse.kernels import abi, memory

BITS = list(itertools.product((0, 1), repeat=3))
A, B, C = ([row[i] for row in BITS] for i in range(3))
VALUES: dict[str, list[Any]] = {
    "i64": [0, -1, 5, (1 << 63) - 1, -(1 << 63), 7],
    "f64": [0.0, -0.0, 1.5, math.nan, math.inf, -2.0],
    "bool": [0, 1, 1, 0, 1, 1],
    "i128": [0, -1, 1 << 64, (1 << 127) - 1, -(1 << 127), 7],
}


@pytest.mark.parametrize(("op", "reference"), [
    ("and_b", lambda x, y: x & y),
    ("or_b", lambda x, y: x | y),
])
def test_masks(ops: Any, op: str, reference: Any) -> None:
    ops.check("bool bool -> bool", op, reference, A, B)


def test_not_and_fill(ops: Any) -> None:
    ops.check("bool -> bool", "not_b", lambda x: 1 - x, A)
    for k in (0, 1):
        ops.check("bool -> bool", "fill_b_k", lambda x, k=k: k, A, k=k)


def test_failing_rows_that_count(ops: Any) -> None:
    for code in (abi.ERR_CALL, abi.ERR_NEGATIVE_LENGTH):
        ops.check_failure("bool i64 bool -> bool", "fail_where", code, (0,), (1,), k=code)


@pytest.mark.parametrize("kind", VALUES)
def test_moving(ops: Any, kind: str) -> None:
    values = VALUES[kind]
    other = values[::-1]
    mask = [0, 1, 1, 0, 1, 0, 1]
    zero = 0.0 if kind == "f64" else 0
    ops.check(f"{kind} {kind} bool -> {kind}", "select_" + kind, lambda x, y, m: x if m else y, values, other, mask)
    ops.check(f"{kind} bool -> {kind}", "mask_" + kind, lambda x, m: x if m else zero, values, mask)


def test_strings_move_as_views(ops: Any) -> None:
    outcome = ops.call("str str bool -> str", "select_str", [[b"left", b"x"], [b"right!", b"y"], [0, 1]])
    assert [view[1] for view in outcome.values] == [6, 1]
    outcome = ops.call("str bool -> str", "mask_str", [[b"left", b"x"], [0, 1]])
    assert outcome.values[0] == (0, 0)
    assert outcome.values[1][1] == 1


def test_constants(ops: Any) -> None:
    ops.check("i64 -> i64", "fill_i64_k", lambda x: -5, VALUES["i64"], k=-5)
    ops.check("i64 -> f64", "fill_f64_k", lambda x: 1.0, VALUES["i64"], k=0x3FF0000000000000)
    wide = memory.words(3, -1)
    ops.check("i64 -> i128", "fill_i128", lambda x: 3 - (1 << 64), VALUES["i64"], k=memory.address(wide))
    ops.check("i64 -> str", "fill_str", lambda x: (3, -1), VALUES["i64"], k=memory.address(wide))
