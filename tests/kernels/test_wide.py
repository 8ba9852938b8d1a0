"""128-bit ops against Python's integers."""
from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.kernels import abi, memory

MIN, MAX = -(1 << 127), (1 << 127) - 1
TOP = 10**38 - 1
EDGES = [0, 1, -1, 2, 10, -10, 1 << 63, -(1 << 63), 1 << 64, (1 << 64) - 1, -(1 << 64), (1 << 96) + 5, TOP, -TOP,
         MAX, MIN + 1, 10**19, 3 * 10**37, (1 << 32) - 1, 1 << 32]
PAIRS = [(x, y) for x in EDGES for y in EDGES]


def wrap(x: int) -> int:
    return (x - MIN) % (1 << 128) + MIN


def truncated(x: int, y: int) -> int:
    return abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)


def half_away(x: int, y: int) -> int:
    return (abs(x) * 2 + abs(y)) // (2 * abs(y)) * (1 if (x < 0) == (y < 0) else -1)


def fits(x: int) -> bool:
    return abs(x) <= MAX


def columns(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [x for x, _ in pairs], [y for _, y in pairs]


def test_sums(ops: Any) -> None:
    ops.check("i128 i128 -> i128", "add_i128", lambda x, y: wrap(x + y), *columns(PAIRS))
    ops.check("i128 i128 -> i128", "sub_i128", lambda x, y: wrap(x - y), *columns(PAIRS))
    ops.check("i128 -> i128", "abs_i128", abs, EDGES)
    ops.check("i128 -> i64", "sign_i128", lambda x: (x > 0) - (x < 0), EDGES)


def test_products(ops: Any) -> None:
    words = [0, 1, -1, (1 << 63) - 1, -(1 << 63), 10**18]
    pairs = [(x, y) for x in words for y in words]
    ops.check("i64 i64 -> i128", "mul_i64_to_i128", lambda x, y: x * y, *columns(pairs))
    fitting = [(x, y) for x, y in PAIRS if fits(x * y)]
    ops.check("i128 i128 -> i128", "mul_i128", lambda x, y: x * y, *columns(fitting))
    for x, y in PAIRS:
        if not fits(x * y):
            assert ops.call("i128 i128 -> i128", "mul_i128", [[x], [y]]).status == abi.FAILED
    ops.check_failure("i128 i128 bool -> i128", "mul_i128", abi.ERR_OVERFLOW, (3, 4), (TOP, 10))


def test_rests(ops: Any) -> None:
    source = random.Random(1)
    left = [source.randrange(MIN + 1, MAX) >> source.randrange(127) for _ in range(900)]
    pairs = [(x, source.randrange(1, MAX) >> source.randrange(126)) for x in left]
    defined = [(x, y) for x, y in [*PAIRS, *pairs] if y != 0]
    ops.check("i128 i128 -> i128", "mod_i128", lambda x, y: x - truncated(x, y) * y, *columns(defined))
    ops.check_failure("i128 i128 bool -> i128", "mod_i128", abi.ERR_DIVISION_BY_ZERO, (8, 2), (8, 0))


@pytest.mark.parametrize("digits", [0, 1, 5, 18, 19, 20, 30, 38])
def test_rescale(ops: Any, digits: int) -> None:
    k = 10**digits
    values = [v for v in [*EDGES, k // 2, k // 2 - 1, -(k // 2), 3 * k // 2, k + 1] if fits(v)]
    ops.check("i128 -> i128", "rescale_down_i128", lambda x: half_away(x, k), values, k=digits)
    ops.check("i128 -> i128", "rescale_trunc_i128", lambda x: truncated(x, k), values, k=digits)
    ops.check("i128 -> i128", "rescale_up_i128", lambda x: x * k, [v for v in values if fits(v * k)], k=digits)


def test_failures(ops: Any) -> None:
    ops.check_failure("i128 -> i128", "rescale_up_i128", abi.ERR_OVERFLOW, (1,), (10**30,), k=20)
    ops.check_failure("i128 -> i128", "check_range_i128", abi.ERR_OVERFLOW, (TOP,), (TOP + 1,))
    ops.check_failure("i128 -> i128", "check_range_i128", abi.ERR_OVERFLOW, (-TOP,), (-TOP - 1,))
    limits = memory.words(-5, -1, 7, 0)
    ops.check("i128 -> i128", "check_range_i128", lambda x: x, [-5, 0, 7], k=memory.address(limits))
    ops.check_failure("i128 -> i128", "check_range_i128", abi.ERR_OVERFLOW, (0,), (8,), k=memory.address(limits))


@pytest.mark.parametrize("digits", [0, 4, 20, 38])
@pytest.mark.parametrize("mode", [0, 1])
def test_decimal_division(ops: Any, digits: int, mode: int) -> None:
    block = memory.words(digits, mode)
    exact = half_away if mode else truncated
    values = [(x, y) for x, y in PAIRS if y != 0]
    fitting = [(x, y) for x, y in values if fits(exact(x * 10**digits, y))]
    ops.check("i128 i128 -> i128", "div_decimal", lambda x, y: exact(x * 10**digits, y), *columns(fitting),
              k=memory.address(block))
    for x, y in values:
        if not fits(exact(x * 10**digits, y)):
            outcome = ops.call("i128 i128 -> i128", "div_decimal", [[x], [y]], k=memory.address(block))
            assert (outcome.status, outcome.frame[abi.F_ERROR_CODE]) == (abi.FAILED, abi.ERR_OVERFLOW)
    ops.check_failure("i128 i128 bool -> i128", "div_decimal", abi.ERR_DIVISION_BY_ZERO, (1, 2), (1, 0),
                      k=memory.address(block))


_integers = st.integers(MIN + 1, MAX)
_WHOLE = memory.words(0, 0)  # div_decimal: no digits behind the point, truncated


@given(_integers, _integers.filter(bool), st.integers(0, 127), st.integers(0, 126))
def test_division_by_everything(ops: Any, x: int, y: int, shift_x: int, shift_y: int) -> None:
    """Quotients of all lengths, which take the three ways of wide_math.divide."""
    x >>= shift_x
    y = (y >> shift_y) or 1
    outcome = ops.call("i128 i128 -> i128", "div_decimal", [[x], [y]], k=memory.address(_WHOLE))
    assert outcome.values == [truncated(x, y)]
    rest = ops.call("i128 i128 -> i128", "mod_i128", [[x], [y]])
    assert rest.values == [x - truncated(x, y) * y]
