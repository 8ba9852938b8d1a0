"""Key filters against Python sets: ranges, NULLs, keys outside, and the pause when most rows pass."""
from __future__ import annotations

import numpy as np
import pytest
from support_kernels import Run
from warehouse.engine.collection import StoredColumn
from warehouse.engine.joins import KeyFilter
from warehouse.kernels import abi, memory
from warehouse.kernels.keyfilter_layout import OFF, PASSED_LIMIT
from warehouse.planner.expressions import ColumnRef
from warehouse.storage.types import BIGINT, Physical


def _column(values: list[int], valid: list[int] | None = None) -> StoredColumn:
    array = memory.padded(np.array(values, np.int64))
    flags = None if valid is None else memory.padded(np.array(valid, np.uint8))
    return StoredColumn(ColumnRef(1, BIGINT, "k"), Physical.I64, valid is not None, array, flags)


def _select(state: np.ndarray, keys: np.ndarray, valid: np.ndarray | None = None) -> list[int]:
    run = Run()
    out, rows = run.out(len(keys) + 1), memory.padded(keys.astype(np.int64))
    flags = None if valid is None else memory.padded(valid)
    assert run.call("key_filter_select", out, rows, flags, k=state, n=len(keys)) == abi.OK
    return out[: run.n].tolist()


@pytest.mark.parametrize("low", [0, -(1 << 62), (1 << 62)])
def test_rows_with_a_key_pass(low: int) -> None:
    random = np.random.default_rng(3)
    build = (low + random.integers(0, 5000, 300)).tolist()
    valid = [int(v) for v in random.integers(0, 2, 300)]
    made = KeyFilter.build([(_column(build, valid), 300)])
    assert made is not None
    wanted = {k for k, ok in zip(build, valid, strict=True) if ok}
    probe = low + random.integers(-100, 5100, 3000)
    flags = random.integers(0, 2, 3000).astype(np.uint8)
    expected = [i for i in range(3000) if int(probe[i]) in wanted and flags[i]]
    assert _select(made.state(), probe, flags) == expected
    assert made.density == pytest.approx(len(wanted) / made.span)


def test_no_build_rows_let_nothing_pass() -> None:
    made = KeyFilter.build([(_column([]), 0)])
    assert made is not None
    assert _select(made.state(), np.arange(-5, 5)) == []


def test_keys_far_apart_have_no_filter() -> None:
    assert KeyFilter.build([(_column([0, 1 << 40]), 2)]) is None


def test_a_filter_that_keeps_most_rows_pauses_and_tries_again() -> None:
    made = KeyFilter.build([(_column(list(range(100))), 100)])
    assert made is not None
    state, few = made.state(), np.array([5, 200, 300])
    many = np.arange(100)
    assert 100 * len(many) > PASSED_LIMIT * len(many)
    assert _select(state, many) == list(range(100))
    assert state[OFF] == 1
    assert _select(state, few) == [0, 1, 2]  # paused: all rows
    assert _select(state, few) == [0]
