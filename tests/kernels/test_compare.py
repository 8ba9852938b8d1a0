"""Comparison ops against Python's, with PostgreSQL's order for NaN."""
from __future__ import annotations

import bisect
import math
import random
import struct
from collections.abc import Callable
from typing import Any

import pytest
from warehouse.kernels import memory

MIN, MAX = -(1 << 63), (1 << 63) - 1
INTEGERS = [0, 1, -1, 2, MAX, MIN, MAX - 1, 1 << 32, -(1 << 32)]
FLOATS = [0.0, -0.0, 1.0, -1.0, 1e300, math.inf, -math.inf, math.nan, 5e-324]
WIDE = [0, 1, -1, 1 << 64, -(1 << 64), (1 << 64) - 1, (1 << 127) - 1, -(1 << 127), 10**38, -(10**38)]


def float_key(x: float) -> tuple[int, float]:
    return (1, 0.0) if math.isnan(x) else (0, x)


def identity(x: Any) -> Any:
    return x


KINDS: dict[str, tuple[list[Any], Callable[[Any], Any]]] = {
    "i64": (INTEGERS, identity),
    "f64": (FLOATS, float_key),
    "bool": ([0, 1], identity),
    "i128": (WIDE, identity),
}
TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda x, y: x == y, "ne": lambda x, y: x != y, "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y, "gt": lambda x, y: x > y, "ge": lambda x, y: x >= y,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operator", TESTS)
def test_two_columns(ops: Any, operator: str, kind: str) -> None:
    values, key = KINDS[kind]
    pairs = [(x, y) for x in values for y in values]
    test = TESTS[operator]
    ops.check(f"{kind} {kind} -> bool", f"{operator}_{kind}", lambda x, y: int(test(key(x), key(y))),
              [x for x, _ in pairs], [y for _, y in pairs])


@pytest.mark.parametrize("kind", ["i64", "f64"])
@pytest.mark.parametrize("operator", TESTS)
def test_constant(ops: Any, operator: str, kind: str) -> None:
    values, key = KINDS[kind]
    test = TESTS[operator]
    for constant in values:
        k = constant if kind == "i64" else struct.unpack("<q", struct.pack("<d", constant))[0]
        ops.check(f"{kind} -> bool", f"{operator}_{kind}_k",
                  lambda x, y=constant: int(test(key(x), key(y))), values, k=k)


@pytest.mark.parametrize("count", [1, 2, 5, 12, 13, 64, 1000])
def test_in_list(ops: Any, count: int) -> None:
    source = random.Random(count)
    members = sorted({source.randrange(-3 * count, 3 * count) for _ in range(count)} | {MIN, MAX})
    rows = [*members, *(source.randrange(-4 * count, 4 * count) for _ in range(500)), MIN + 1, MAX - 1]
    block = memory.words(len(members), *members)

    def reference(x: int) -> int:
        at = bisect.bisect_left(members, x)
        return int(at < len(members) and members[at] == x)

    ops.check("i64 -> bool", "in_list_i64", reference, rows, k=memory.address(block))


def test_in_empty_list(ops: Any) -> None:
    block = memory.words(0)
    ops.check("i64 -> bool", "in_list_i64", lambda x: 0, INTEGERS, k=memory.address(block))
