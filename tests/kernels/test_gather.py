"""Selections and gathers."""
from __future__ import annotations

import random
from typing import Any

import pytest
from warehouse.kernels import abi

ROWS = [3, 0, -1, 5, 5, -1, 1]
VALUES: dict[str, list[Any]] = {
    "i64": [10, -1, 7, (1 << 63) - 1, -(1 << 63), 3],
    "f64": [1.5, -0.0, 2.0, 1e300, 3.25, 9.0],
    "bool": [0, 1, 1, 0, 1, 1],
    "i128": [10, -1, 1 << 100, -(1 << 127), 5, 3],
}


def gathered(ops: Any, signature: str, op: str, source: Any, rows: list[int]) -> list[Any]:
    outcome = ops.call(signature, op, [source, rows], rows=len(rows))
    assert outcome.status == abi.OK
    return outcome.values


@pytest.mark.parametrize("density", [0.0, 0.01, 0.2, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("rows", [1, 7, 8, 9, 1000, 65536])
def test_select(ops: Any, rows: int, density: float) -> None:
    source = random.Random(rows)
    mask = [int(source.random() < density) for _ in range(rows)]
    outcome = ops.call("bool -> i64", "select", [mask], rows=rows)
    expected = [i for i, m in enumerate(mask) if m]
    assert outcome.frame[abi.F_N] == len(expected)
    assert outcome.values[: len(expected)] == expected


@pytest.mark.parametrize("kind", VALUES)
def test_gather(ops: Any, kind: str) -> None:
    values = VALUES[kind]
    got = gathered(ops, f"{kind} i64 -> {kind}", "gather_" + kind, values, ROWS)
    assert got == [values[r] if r >= 0 else 0 for r in ROWS]
    assert gathered(ops, f"{kind} i64 -> {kind}", "gather_" + kind, None, [-1] * 5) == [0] * 5


def test_gather_strings(ops: Any) -> None:
    got = gathered(ops, "str i64 -> str", "gather_str", [b"", b"ab", b"c"], [1, -1, 2, 0])
    assert [length for _, length in got] == [2, 0, 1, 0]
    assert got[1] == (0, 0)


def test_gather_valid(ops: Any) -> None:
    valid = [1, 0, 1, 0, 1, 0]
    got = gathered(ops, "bool i64 -> bool", "gather_valid", valid, ROWS)
    assert got == [valid[r] if r >= 0 else 0 for r in ROWS]
    assert gathered(ops, "bool i64 -> bool", "gather_valid", None, ROWS) == [int(r >= 0) for r in ROWS]


def test_compose(ops: Any) -> None:
    first = [9, -1, 4, 2, 0, 8]
    got = gathered(ops, "i64 i64 -> i64", "compose", first, ROWS)
    assert got == [first[r] if r >= 0 else -1 for r in ROWS]
