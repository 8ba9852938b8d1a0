"""Group ids against a dictionary in Python: every kind of table, growth, NULLs, export."""
from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_kernels import Run, column, python_values
from warehouse.errors import InternalError
from warehouse.kernels import abi, memory
from warehouse.kernels.group_table import GroupKey, GroupTable


def ids_of(table: GroupTable, kinds: Sequence[str], keys: Sequence[Sequence[Any]]) -> tuple[list[int], int]:
    """The ids of a batch, and how often the table had to grow."""
    n, grown, run = len(keys[0]), 0, Run()
    columns = [column(kind, values) for kind, values in zip(kinds, keys, strict=True)]
    out = run.out(n)
    values = [memory.address(v) for v, _ in columns]
    valids = [0 if ok is None else memory.address(ok) for _, ok in columns]
    if not table.takes_operands:
        table.bind(values, valids)
    while (status := run.call(table.op, out, values[0], valids[0], k=table.address, n=n)) == abi.NEED_SPACE:
        table.grow()
        grown += 1
    assert status == abi.OK
    return out.tolist(), grown


def expected(keys: Sequence[Sequence[Any]], known: dict[Any, int]) -> list[int]:
    return [known.setdefault(tuple(map(canonical, key)), len(known)) for key in zip(*keys, strict=True)]


def canonical(value: Any) -> Any:
    return "nan" if value != value else value + 0.0 if isinstance(value, float) else value


def exported(table: GroupTable) -> list[tuple[Any, ...]]:
    columns = [python_values(c.physical, c.values, c.valid) for c in table.export()]
    return [tuple(map(canonical, row)) for row in zip(*columns, strict=True)]


def some(values: Sequence[Any], n: int, seed: int) -> list[Any]:
    source = random.Random(seed)
    return [source.choice(values) for _ in range(n)]


TEXTS = [b"", b"a", b"ab", b"b" * 8, b"b" * 9, None, *(b"text %d" % i for i in range(200))]
CASES: dict[str, tuple[list[GroupKey], list[Sequence[Any]], str]] = {
    "dense": ([GroupKey("i64", -5, 300)], [[*range(-5, 300), None]], "dense"),
    "one integer": ([GroupKey("i64")], [[*range(0, 10**12, 10**9), None, -(1 << 63), (1 << 63) - 1]], "single"),
    "wide range": ([GroupKey("i64", 0, 1 << 40)], [[*range(0, 1 << 40, 1 << 32)]], "single"),
    "text": ([GroupKey("str")], [TEXTS], "generic"),
    "float": ([GroupKey("f64")], [[0.0, -0.0, float("nan"), None, 1.0, float("inf")]], "generic"),
    "bool": ([GroupKey("bool")], [[0, 1, None]], "generic"),
    "wide": ([GroupKey("i128")], [[0, -1, 1 << 64, 1 << 100, None]], "generic"),
    "many": ([GroupKey("i64"), GroupKey("str"), GroupKey("bool")], [[1, 2, None], TEXTS, [0, 1, None]], "generic"),
}


@pytest.mark.parametrize("resumable", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_ids_in_order_of_appearance(name: str, resumable: bool) -> None:
    keys, domains, kind = CASES[name]
    kinds = [key.physical for key in keys]
    table, known = GroupTable(keys, 8, resumable=resumable), {}
    assert table.kind == kind
    grown = 0
    for batch in range(3):
        rows = [some(domain, 2500, 10 * batch + j) for j, domain in enumerate(domains)]
        ids, times = ids_of(table, kinds, rows)
        assert ids == expected(rows, known)
        grown += times
    assert table.count == len(known)
    assert exported(table) == list(known)
    assert (grown > 0) == (len(known) > 8)


def test_the_heap_grows_with_long_strings() -> None:
    texts = [bytes([65 + i % 26]) * 5000 + b"%d" % i for i in range(60)]
    table = GroupTable([GroupKey("str"), GroupKey("str")], 64)
    ids, grown = ids_of(table, ["str", "str"], [texts, texts[::-1]])
    assert ids == list(range(60))
    assert grown > 0
    assert exported(table) == list(zip(texts, texts[::-1], strict=True))


def test_equal_hashes_do_not_make_equal_keys() -> None:
    """Concatenations look alike: ('a', 'bc') and ('ab', 'c')."""
    table = GroupTable([GroupKey("str"), GroupKey("str")])
    assert ids_of(table, ["str", "str"], [[b"a", b"ab", b"a"], [b"bc", b"c", b"bc"]])[0] == [0, 1, 0]


def test_a_key_outside_the_proven_range_fails() -> None:
    table, run = GroupTable([GroupKey("i64", 0, 9)]), Run()
    keys = memory.padded(np.array([3, 10]))
    assert run.call("group_dense", run.out(2), keys, k=table.address, n=2) == abi.FAILED
    assert run.frame[abi.F_ERROR_ROW] == 1


def test_reset_forgets_the_groups() -> None:
    for keys in ([GroupKey("i64", 0, 9)], [GroupKey("i64")], [GroupKey("str")]):
        kind = keys[0].physical
        rows = [[None, b"x", b"y"]] if kind == "str" else [[None, 3, 4]]
        table = GroupTable(keys)
        ids_of(table, [kind], rows)
        table.reset()
        assert table.count == 0
        assert ids_of(table, [kind], [rows[0][::-1]])[0] == [0, 1, 2]


def test_packing_small_ids() -> None:
    run = Run()
    out = run.out(3)
    run.call("pack_keys", out, memory.padded(np.array([1, 2, 0])), memory.padded(np.array([5, 6, 7])), k=10, n=3)
    assert out.tolist() == [15, 26, 7]


def test_wrong_use_is_an_internal_error() -> None:
    with pytest.raises(InternalError, match="needs a key"):
        GroupTable([])
    with pytest.raises(InternalError, match="2 keys was given 1"):
        GroupTable([GroupKey("i64"), GroupKey("i64")]).bind([0], [0])
    with pytest.raises(InternalError, match="unknown physical class"):
        GroupTable([GroupKey("date")])


rows = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 3)),
        st.one_of(st.none(), st.binary(max_size=20)),
        st.sampled_from([None, 0.0, -0.0, float("nan"), 2.5]),
    ),
    min_size=1, max_size=50,
)


@given(rows)
def test_any_keys_property(batch: list[tuple[Any, ...]]) -> None:
    kinds, keys = ["i64", "str", "f64"], list(zip(*batch, strict=True))
    table, known = GroupTable([GroupKey(kind) for kind in kinds], 8), {}
    assert ids_of(table, kinds, keys)[0] == expected(keys, known)
    assert exported(table) == list(known)
    single, known = GroupTable([GroupKey("i64")], 8), {}
    assert ids_of(single, ["i64"], keys[:1])[0] == expected(keys[:1], known)


def test_exact_text_keys_count_trailing_blanks() -> None:
    texts = [b"a", b"a ", b"", b" ", b"a", b" ", b"a  "]
    values, _ = column("str", texts)
    exact, other = GroupTable([GroupKey("str", exact=True)], 8), GroupTable([GroupKey("str")], 8)
    assert exact.ids(values).tolist() == [0, 1, 2, 3, 0, 3, 4]
    assert other.ids(values).tolist() == [0, 0, 1, 1, 0, 1, 0]
    assert [row[0] for row in exported(exact)] == [b"a", b"a ", b"", b" ", b"a  "]


def test_ids_of_a_column_longer_than_a_batch() -> None:
    keys = some(TEXTS, 150_000, 3)
    values, valid = column("str", keys)
    known: dict[Any, int] = {}
    assert GroupTable([GroupKey("str")], 8).ids(values, valid).tolist() == expected([keys], known)
