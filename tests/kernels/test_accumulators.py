"""Aggregates against Python over lists: with and without groups, NULLs, extremes, growth."""
from __future__ import annotations

import functools
import math
import operator
import random
import statistics
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_kernels import Run, column, python_values
from warehouse.errors import InternalError, NumericOutOfRange
from warehouse.kernels import abi, memory
from warehouse.kernels.accumulators import Accumulator, Accumulators
from warehouse.kernels.group_table import GroupKey, GroupTable

LOW, HIGH = -(1 << 63), (1 << 63) - 1
VALUES: dict[str, list[Any]] = {
    "i64": [0, 1, -1, 5, LOW, HIGH, HIGH, None],
    "small": [0, 1, -1, 900, -900, None],
    "f64": [0.5, -2.25, 1e6, -1e6, 0.0, None],
    "bool": [0, 1, None],
    "i128": [0, 1, -1, 1 << 100, -(1 << 100), (1 << 64) + 7, None],
    "str": [b"", b"a", b"ab", b"abcdefgh", b"abcdefghi", b"z" * 300, None],
}
FUNCTIONS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "count": len, "sum": sum, "min": min, "max": max, "bool_and": min, "bool_or": max,
    "bit_and": lambda m: functools.reduce(operator.and_, m), "bit_or": lambda m: functools.reduce(operator.or_, m),
}
CASES = [
    *[("count", kind) for kind in VALUES],
    *[("sum", kind) for kind in ("i64", "small", "f64", "i128")],
    *[(function, kind) for function in ("min", "max") for kind in VALUES],
    ("bool_and", "bool"), ("bool_or", "bool"), ("bit_and", "i64"), ("bit_or", "i64"),
]


def feed(item: Accumulator, kind: str, values: Sequence[Any], ids: Sequence[int] | None) -> None:
    """Run the op over one batch, growing the heap when asked."""
    run, (array, valid) = Run(), column(kind, values)
    groups = None if ids is None else memory.padded(np.array(ids, np.int64))
    while (status := run.call(item.op, None, array, valid, groups, item.address, len(values))) != abi.OK:
        assert status == abi.NEED_SPACE
        item.grow_heap()


def table_of(groups: int) -> GroupTable:
    """A table that has met the keys 0 .. groups - 1, in this order."""
    table, run = GroupTable([GroupKey("i64")], groups), Run()
    out = run.out(groups)
    assert run.call(table.op, out, np.arange(groups), k=table.address, n=groups) == abi.OK
    return table


def expected(function: str, values: Sequence[Any], ids: Sequence[int], groups: int) -> list[Any]:
    """The function over each group's values; None when there is none."""
    members: list[list[Any]] = [[] for _ in range(groups)]
    for value, group in zip(values, ids, strict=True):
        if value is not None:
            members[group].append(value)
    return [FUNCTIONS[function](m) if m or function == "count" else None for m in members]


@pytest.mark.parametrize("groups", [0, 1, 3, 4, 5, 700])
@pytest.mark.parametrize(("function", "kind"), CASES)
def test_functions(function: str, kind: str, groups: int) -> None:
    source = random.Random(groups)
    physical = "i64" if kind == "small" else kind
    item = Accumulators(table_of(groups) if groups else None).add(function, physical)
    all_values: list[Any] = []
    all_ids: list[int] = []
    for nulls in (False, True):  # the first batch has no validity at all
        domain = VALUES[kind] if nulls else VALUES[kind][:-1]
        ids = [source.randrange(max(groups - 1, 1)) for _ in range(1500)]  # the last group stays empty
        values = [source.choice(domain) for _ in ids]
        feed(item, physical, values, ids if groups else None)
        all_values, all_ids = all_values + values, all_ids + ids
    want = expected(function, all_values, all_ids, max(groups, 1))
    result = item.export()
    got = python_values(result.physical, result.values, result.valid)
    if kind == "f64" and function == "sum":
        assert got == pytest.approx(want, abs=1e-6)
    else:
        assert got == want


@pytest.mark.parametrize("groups", [0, 3, 6])
def test_only_nulls_and_nothing(groups: int) -> None:
    for function, kind in CASES:
        physical = "i64" if kind == "small" else kind
        item = Accumulators(table_of(groups) if groups else None).add(function, physical)
        for values in ([], [None] * 100):
            feed(item, physical, values, [0] * len(values) if groups else None)
            result = item.export()
            got = python_values(result.physical, result.values, result.valid)
            assert got == [0 if function == "count" else None] * max(groups, 1)


def test_count_star_counts_rows() -> None:
    item, run = Accumulators(None).add("count", "i64"), Run()
    run.call(item.op, k=item.address, n=70000)
    assert item.export().values.tolist() == [70000]


def test_integer_sums_are_exact_beyond_64_bits() -> None:
    for groups in (0, 2, 9):
        item = Accumulators(table_of(groups) if groups else None).add("sum", "i64")
        for value in (HIGH, LOW, LOW):
            feed(item, "i64", [value] * 60000, [0] * 60000 if groups else None)
        result = item.export()
        assert python_values("i128", result.values, None)[0] == 60000 * (HIGH + 2 * LOW)
        with pytest.raises(NumericOutOfRange, match="bigint"):
            item.export_i64()


def test_sums_that_fit_come_as_bigint() -> None:
    item = Accumulators(None).add("sum", "i64")
    feed(item, "i64", [HIGH, 5, -5], None)
    assert item.export_i64().values.tolist() == [HIGH]


def test_wide_sums_report_overflow() -> None:
    item, run = Accumulators(None).add("sum", "i128"), Run()
    values, _ = column("i128", [1, (1 << 127) - 1])
    assert run.call(item.op, None, values, k=item.address, n=2) == abi.FAILED
    assert (run.frame[abi.F_ERROR_CODE], run.frame[abi.F_ERROR_ROW]) == (abi.ERR_OVERFLOW, 1)


def test_nan_is_the_largest_float() -> None:
    for groups in (0, 2, 9):
        for function, want in (("min", -1.0), ("max", math.nan)):
            item = Accumulators(table_of(groups) if groups else None).add(function, "f64")
            feed(item, "f64", [math.nan, -1.0, math.inf], [0] * 3 if groups else None)
            assert item.export().values[0] == pytest.approx(want, nan_ok=True)


def test_states_grow_with_the_table() -> None:
    table = table_of(8)
    states = Accumulators(table)
    items = [states.add(function, kind) for function, kind in CASES if kind != "small"]
    for item in items:
        feed(item, item.physical, VALUES[item.physical][:1], [7])
    before = [python_values(c.physical, c.values, c.valid) for c in states.export()]
    table.grow()
    while table.capacity < 5000:
        table.words[0] = table.capacity  # as if full
        table.grow()
    table.words[0] = 5000
    states.grow()
    for item, old, now in zip(items, before, states.export(), strict=True):
        got = python_values(now.physical, now.values, now.valid)
        assert got[:8] == old
        assert got[8:] == [0 if item.function == "count" else None] * 4992
    states.reset()
    assert states.export()[0].values.tolist() == [0] * 5000


@pytest.mark.parametrize("groups", [0, 1, 5, 300])
def test_moments(groups: int) -> None:
    """Large values that lie close together; states of several batches, put together by a merge."""
    source, table = random.Random(groups), table_of(groups) if groups else None
    merged = Accumulators(table).add("merge_moments", "str")
    members: list[list[float]] = [[] for _ in range(max(groups, 1))]
    for nulls in (False, True, True):
        ids = [source.randrange(max(groups - 1, 1)) for _ in range(1500)]
        values = [None if nulls and source.random() < 0.3 else 1e8 + source.gauss(0, 2) for _ in ids]
        for id, value in zip(ids, values, strict=True):
            if value is not None:
                members[id].append(value)
        item = Accumulators(table).add("moments", "f64")
        feed(item, "f64", values, ids if groups else None)
        state = item.export()
        texts = python_values("str", state.values, state.valid)
        feed(merged, "str", texts, list(range(groups)) if groups else None)
    result = merged.export()
    for state_bytes, kept in zip(python_values("str", result.values, result.valid), members, strict=True):
        if not kept:
            assert state_bytes is None
            continue
        count, mean, squares = struct.unpack("<3d", state_bytes)
        assert (count, mean) == (len(kept), pytest.approx(statistics.fmean(kept), rel=1e-14))
        assert squares == pytest.approx(statistics.pvariance(kept) * len(kept), rel=1e-6, abs=1e-6)


def test_functions_of_moments() -> None:
    run, states = Run(), [struct.pack("<3d", n, 5.0, 8.0) for n in (0, 1, 2, 5)] + [b""]
    array, _ = column("str", states)
    for k, want in ((0, [0, 0, 8, 2, 0]), (1, [0, 8, 4, 1.6, 0]), (2, [0, 0, 8**0.5, 2**0.5, 0])):
        out = run.out(5, np.float64)
        assert run.call("moments_value", out, array, k=k, n=5) == abi.OK
        assert out.tolist() == pytest.approx(want)
    for k, known in ((0, [0, 1, 1, 1, 0]), (1, [0, 0, 1, 1, 0])):
        flags = run.out(5, np.uint8)
        assert run.call("moments_known", flags, array, k=k, n=5) == abi.OK
        assert flags.tolist() == known


def test_unknown_functions_are_refused() -> None:
    with pytest.raises(InternalError, match="no accumulator for sum of str"):
        Accumulators(None).add("sum", "str")


@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(LOW, HIGH))), max_size=60))
def test_integer_property(rows: list[tuple[int, int | None]]) -> None:
    ids, values = [g for g, _ in rows], [v for _, v in rows]
    states = Accumulators(table_of(6))
    for function in ("count", "sum", "min", "max"):
        item = states.add(function, "i64")
        feed(item, "i64", values, ids)
        result = item.export()
        assert python_values(result.physical, result.values, result.valid) == expected(function, values, ids, 6)
