"""Join tables and their probes, all structures and kinds, against nested loops in Python."""
from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_kernels import Run, column, wide_values
from warehouse.errors import InternalError
from warehouse.kernels import abi, memory
from warehouse.kernels.join_table import JoinTable, KeyColumn

KINDS = ("inner", "left", "semi", "anti")
Rows = Sequence[Sequence[Any]]  # one sequence of values a key


def build(kinds: Sequence[str], keys: Rows, kind: str = "inner") -> JoinTable:
    columns = [KeyColumn(k, *column(k, values)) for k, values in zip(kinds, keys, strict=True)]
    return JoinTable.build(columns, len(keys[0]) if keys else 0, kind=kind)


def probe(
    table: JoinTable, kind: str, kinds: Sequence[str], keys: Rows, rows: int | None = None
) -> list[tuple[int, int]]:
    """All (probe row, build row) pairs in the order they come; filters give (row, -2)."""
    n = len(keys[0]) if rows is None else rows
    columns = [column(k, values) for k, values in zip(kinds, keys, strict=True)]
    values = [memory.address(v) for v, _ in columns]
    valids = [0 if ok is None else memory.address(ok) for _, ok in columns]
    run, state = Run(), table.state(kind, values, valids)
    out, matched = run.out(abi.BATCH_ROWS), run.out(abi.BATCH_ROWS)
    op, level = table.op(kind)
    a, b = (values[0], valids[0]) if table.takes_operands else (0, 0)
    pairs: list[tuple[int, int]] = []
    while True:
        assert run.call(op, out, a, b, matched, state, n) == abi.OK
        rows_out = [-2] * run.n if kind in ("semi", "anti") else matched[: run.n].tolist()
        pairs += zip(out[: run.n].tolist(), rows_out, strict=True)
        if level != abi.LEVEL_RESUMABLE or state[0] == 0:
            return pairs


def expected(kind: str, build_keys: Rows, probe_keys: Rows) -> list[tuple[int, int]]:
    places: dict[tuple[Any, ...], list[int]] = {}
    for row, key in enumerate(zip(*build_keys, strict=True)):
        if None not in key:
            places.setdefault(tuple(map(canonical, key)), []).append(row)
    pairs = []
    for row, key in enumerate(zip(*probe_keys, strict=True)):
        found = [] if None in key else places.get(tuple(map(canonical, key)), [])
        if kind == "semi" or kind == "anti":
            pairs += [(row, -2)] if bool(found) == (kind == "semi") else []
        else:
            pairs += [(row, other) for other in found] or ([(row, -1)] if kind == "left" else [])
    return pairs


def canonical(value: Any) -> Any:
    return "nan" if value != value else value


def some(values: Sequence[Any], n: int, nulls: bool, seed: int) -> list[Any]:
    source = random.Random(seed)
    return [None if nulls and source.random() < 0.1 else source.choice(values) for _ in range(n)]


UNIQUE = random.Random(0).sample(range(1000), 700)
INTEGERS: dict[str, tuple[list[int], str]] = {
    "unique in a small range": (UNIQUE, "array"),
    "repeated in a small range": ([x % 100 - 50 for x in UNIQUE], "runs"),
    "unique over all": ([(x - 500) * (1 << 54) for x in UNIQUE], "hash"),
    "repeated over all": ([(x % 90 - 45) * (1 << 57) for x in UNIQUE], "hash"),
    "extremes": ([-(1 << 63), (1 << 63) - 1, 0], "hash"),
    "one row": ([7], "array"),
    "none": ([], "array"),
}


@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("name", INTEGERS)
def test_one_integer_key(name: str, nulls: bool) -> None:
    values, structure = INTEGERS[name]
    keys: list[Any] = [None if nulls and i % 9 == 4 else v for i, v in enumerate(values)]
    probes = some([*values, -51, 10**6, (1 << 63) - 1], 3000, nulls, 1)
    for kind in KINDS:
        table = build(["i64"], [keys], kind)
        filters = kind in ("semi", "anti")
        assert table.structure == ("bitmap" if filters and structure in ("array", "runs") else structure)
        assert table.null_rows == keys.count(None)
        assert probe(table, kind, ["i64"], [probes]) == expected(kind, [keys], [probes])


@pytest.mark.parametrize("kind", ["semi", "anti"])
@pytest.mark.parametrize("name", INTEGERS)
def test_filters_over_tables_with_rows(name: str, kind: str) -> None:
    """A table made for an inner join serves filters too."""
    values, _ = INTEGERS[name]
    probes = some([*values, -51, 10**6], 2000, True, 2)
    assert probe(build(["i64"], [values]), kind, ["i64"], [probes]) == expected(kind, [values], [probes])


GENERIC: dict[str, tuple[list[str], list[list[Any]]]] = {
    "float": (["f64"], [[0.0, 1.5, float("nan"), float("inf"), -2.0]]),
    "bool": (["bool"], [[0, 1]]),
    "wide": (["i128"], [[0, 1, -1, 1 << 100, -(1 << 127), 1 << 64]]),
    "text": (["str"], [[b"", b"a", b"b" * 7, b"b" * 8, b"b" * 9, b"c" * 100, b"c" * 99 + b"d"]]),
    "integer and text": (["i64", "str"], [list(range(8)), [b"x", b"y", b"zz"]]),
    "far integers": (["i64", "i64"], [[-(1 << 62), 0, 1 << 62], [-(1 << 62), 5, 1 << 62]]),
}


@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("name", GENERIC)
def test_other_keys(name: str, nulls: bool) -> None:
    kinds, domains = GENERIC[name]
    keys = [some(domain[:-1], 150, nulls, 3 + j) for j, domain in enumerate(domains)]
    probes = [some(domain, 1500, nulls, 5 + j) for j, domain in enumerate(domains)]
    for kind in KINDS:
        table = build(kinds, keys, kind)
        assert table.structure == "generic"
        assert probe(table, kind, kinds, probes) == expected(kind, keys, probes)


def test_zero_keys_and_nan_keys_are_equal() -> None:
    assert probe(build(["f64"], [[0.0]]), "inner", ["f64"], [[-0.0]]) == [(0, 0)]
    negative_nan = np.array([0xFFF8000000000001], np.uint64).view(np.float64)[0]
    assert probe(build(["f64"], [[float("nan")]]), "inner", ["f64"], [[negative_nan]]) == [(0, 0)]


@pytest.mark.parametrize("spread", [1, 10**6])
@pytest.mark.parametrize("unique", [False, True])
def test_integers_are_packed(spread: int, unique: bool) -> None:
    numbers = list(range(2000)) if unique else some(range(500), 2000, False, 6)
    keys = [[n // 40 * spread for n in numbers], [n % 40 - 20 for n in numbers]]
    probes = [some([*keys[0], None, -1, 10**15], 4000, False, 7), some([*keys[1], None, 99], 4000, False, 8)]
    for kind in KINDS:
        table = build(["i64", "i64"], keys, kind)
        assert table.packed
        assert table.structure == ("array" if unique and spread == 1 else "hash")
        assert probe(table, kind, ["i64", "i64"], probes) == expected(kind, keys, probes)


def test_no_keys_give_every_pair() -> None:
    table = JoinTable.build([], 3)
    assert probe(table, "inner", [], [], 4) == [(i, j) for i in range(4) for j in range(3)]
    empty = JoinTable.build([], 0)
    assert probe(empty, "inner", [], [], 4) == []
    assert probe(empty, "left", [], [], 2) == [(0, -1), (1, -1)]
    assert probe(empty, "anti", [], [], 2) == [(0, -2), (1, -2)]
    assert probe(table, "semi", [], [], 2) == [(0, -2), (1, -2)]
    assert probe(table, "anti", [], [], 2) == []


@pytest.mark.parametrize("factor", [1, 1 << 40])
def test_output_comes_in_batches(factor: int) -> None:
    """More results than a batch holds: the op goes on where it stopped, in the middle of a key."""
    keys = [factor * (i % 3) for i in range(9000)]
    probes = [factor * (i % 4) for i in range(48)]
    for kind in ("inner", "left"):
        table = build(["i64"], [keys])
        assert table.op(kind)[1] == abi.LEVEL_RESUMABLE
        assert probe(table, kind, ["i64"], [probes]) == expected(kind, [keys], [probes])
    pairs = probe(JoinTable.build([], 70000), "inner", [], [], 3)
    assert pairs == [(i, j) for i in range(3) for j in range(70000)]


def test_left_rows_without_match_suspend_too() -> None:
    keys = [0] * abi.BATCH_ROWS
    assert probe(build(["i64"], [keys]), "left", ["i64"], [[0, 5, 0]]) == expected("left", [keys], [[0, 5, 0]])
    far = [1 << 40] * abi.BATCH_ROWS + [0]
    probes = [1 << 40, 5]
    assert probe(build(["i64"], [far]), "left", ["i64"], [probes]) == expected("left", [far], [probes])


@pytest.mark.parametrize("keys", [[5, 6, 6], [5, 1 << 40, 1 << 40]])
def test_single_refuses_a_second_match(keys: list[int]) -> None:
    table, run = build(["i64"], [keys]), Run()
    values = memory.padded(np.array([5, 0, keys[-1], 5]))
    state = table.state("single", [memory.address(values)], [0])
    out, matched = run.out(4), run.out(4)
    op, _ = table.op("single")
    assert run.call(op, out, values, 0, matched, state, 2) == abi.OK
    assert (run.n, out[:2].tolist(), matched[:2].tolist()) == (2, [0, 1], [0, -1])
    assert run.call(op, out, values, 0, matched, state, 4) == abi.FAILED
    assert run.frame[abi.F_ERROR_CODE] == abi.ERR_TOO_MANY_ROWS
    assert run.frame[abi.F_ERROR_ROW] == 2


def test_a_pending_batch_can_be_dropped() -> None:
    table, run = build(["i64"], [[1] * 70000]), Run()
    values = memory.padded(np.array([1, 1]))
    state = table.state("inner", [memory.address(values)], [0])
    out, matched = run.out(abi.BATCH_ROWS), run.out(abi.BATCH_ROWS)
    assert run.call("join_runs", out, values, 0, matched, state, 2) == abi.OK
    assert state[0] == 1
    state[0] = 0
    values[0] = 9
    assert run.call("join_runs", out, values, 0, matched, state, 1) == abi.OK
    assert (run.n, state[0]) == (0, 0)


def test_marks_skip_missing_rows() -> None:
    run = Run()
    marks = run.out(5, np.uint8)
    marks[:] = 0
    run.call("mark_rows", None, memory.padded(np.array([3, -1, 0, 3])), k=marks, n=4)
    assert marks.tolist() == [1, 0, 0, 1, 0]


def test_building_asks_whether_to_stop() -> None:
    asked = []
    JoinTable.build([KeyColumn("i64", np.arange(10), None)], 10, check=lambda: asked.append(1))
    assert asked


def test_wrong_use_is_an_internal_error() -> None:
    with pytest.raises(InternalError, match="semi-join was asked for inner"):
        build(["i64"], [[1, 2]], "semi").op("inner")
    with pytest.raises(InternalError, match="given 0 operands"):
        build(["i64"], [[1, 2]]).state("inner", [], [])
    with pytest.raises(InternalError, match="expected 16"):
        JoinTable.build([KeyColumn("i64", np.zeros(3, np.int64), None)], 2)


integers = st.one_of(st.none(), st.integers(-3, 3), st.integers(-(1 << 63), (1 << 63) - 1))


@given(st.lists(integers, max_size=40), st.lists(integers, min_size=1, max_size=40))
def test_integer_property(keys: list[Any], probes: list[Any]) -> None:
    for kind in KINDS:
        assert probe(build(["i64"], [keys], kind), kind, ["i64"], [probes]) == expected(kind, [keys], [probes])


mixed = st.tuples(st.one_of(st.none(), st.binary(max_size=3)), st.sampled_from([None, 0.0, -0.0, 1.0]))


@given(st.lists(mixed, min_size=1, max_size=40), st.lists(mixed, min_size=1, max_size=40))
def test_mixed_property(keys: list[Any], probes: list[Any]) -> None:
    build_keys, probe_keys = list(zip(*keys, strict=True)), list(zip(*probes, strict=True))
    table = build(["str", "f64"], build_keys)
    for kind in KINDS:
        assert probe(table, kind, ["str", "f64"], probe_keys) == expected(kind, build_keys, probe_keys)


def test_wide_helper() -> None:
    assert wide_values(column("i128", [-1, 1 << 100])[0]) == [-1, 1 << 100]
