"""Sorting and top-k against a comparison sort in Python."""
from __future__ import annotations

import functools
import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_kernels import column
from warehouse.errors import InternalError
from warehouse.kernels.sorting import SortColumn, sort_rows, topk

Key = tuple[str, Sequence[Any], bool, bool]  # class, values, descending, nulls first

DOMAINS: dict[str, list[Any]] = {
    "i64": [*range(-20, 20), None],
    "far": [-(1 << 63), (1 << 63) - 1, 0, 7, None],
    "bool": [0, 1, None],
    "f64": [0.0, -0.0, 1.5, -3.0, math.inf, -math.inf, math.nan, None],
    "i128": [0, -1, 1 << 64, (1 << 64) + 1, -(1 << 100), (1 << 127) - 1, None],
    "near": [5, -5, 6, None],
    "str": [b"", b"a", b"a\x00", b"ab", b"abcdefg", b"abcdefgh", b"abcdefghi", b"abcdefgz", b"abcdefghiz", None],
    "prefixed": [b"customer#%09d and some more" % i for i in range(900)],
}
PHYSICAL = {"far": "i64", "near": "i128", "prefixed": "str"}


def sort_columns(keys: Sequence[Key]) -> list[SortColumn]:
    out = []
    for kind, values, descending, nulls_first in keys:
        array, valid = column(PHYSICAL.get(kind, kind), values)
        out.append(SortColumn(PHYSICAL.get(kind, kind), array, valid, descending, nulls_first))
    return out


def expected(keys: Sequence[Key], rows: int) -> list[int]:
    def compare(i: int, j: int) -> int:
        for _, values, descending, nulls_first in keys:
            x, y = values[i], values[j]
            if x is None or y is None:
                if x is not y:
                    return -1 if (x is None) == nulls_first else 1
                continue
            if x != x or y != y:
                x, y = x != x, y != y
            if x != y:
                return -1 if (x < y) != descending else 1
        return 0

    return sorted(range(rows), key=functools.cmp_to_key(compare))


def check(keys: Sequence[Key], rows: int) -> None:
    columns, want = sort_columns(keys), expected(keys, rows)
    assert sort_rows(columns, rows).tolist() == want
    for limit in (0, 1, 7, rows // 3, rows, rows + 5):
        assert topk(columns, rows, limit).tolist() == want[:limit]


@pytest.mark.parametrize("nulls_first", [False, True])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("kind", DOMAINS)
def test_one_key(kind: str, descending: bool, nulls_first: bool) -> None:
    source = random.Random(3)
    for rows in (0, 1, 500):
        for domain in (DOMAINS[kind], DOMAINS[kind][:-1]):
            check([(kind, [source.choice(domain) for _ in range(rows)], descending, nulls_first)], rows)


@pytest.mark.parametrize("seed", range(25))
def test_several_keys(seed: int) -> None:
    source = random.Random(seed)
    kinds = source.choices(list(DOMAINS), k=source.randrange(2, 5))
    keys = [
        (kind, [source.choice(DOMAINS[kind]) for _ in range(400)], source.random() < 0.5, source.random() < 0.5)
        for kind in kinds
    ]
    check(keys, 400)


def test_all_null_and_all_equal() -> None:
    for kind in DOMAINS:
        check([(kind, [None] * 50, True, False)], 50)
        check([(kind, [DOMAINS[kind][0]] * 50, False, True)], 50)


def test_few_and_many_distinct_strings() -> None:
    """Few are interned and only they are sorted, many are sorted as they are."""
    source = random.Random(5)
    few = [b"flag %d" % source.randrange(20) for _ in range(70000)]
    perm = sort_rows(sort_columns([("str", few, False, False)]), len(few))
    assert perm.tolist() == sorted(range(len(few)), key=few.__getitem__)
    many = [b"shared prefix %06d" % source.randrange(10**6) for _ in range(5000)]
    perm = sort_rows(sort_columns([("str", many, True, False)]), len(many))
    assert perm.tolist() == sorted(range(len(many)), key=lambda i: (-int(many[i][-6:]), i))


def test_codes_wider_than_a_word_are_sorted_in_steps() -> None:
    source = np.random.default_rng(1)
    a, b, c = (source.integers(0, 4, 3000) * (1 << 60) for _ in range(3))
    perm = sort_rows([SortColumn("i64", x) for x in (a, b, c)], 3000)
    assert perm.tolist() == np.lexsort((c, b, a)).tolist()


def test_no_keys_keep_the_order() -> None:
    assert sort_rows([], 4).tolist() == [0, 1, 2, 3]
    assert topk([], 4, 2).tolist() == [0, 1]


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(InternalError, match="expected 24"):
        sort_rows([SortColumn("i64", np.zeros(2, np.int64))], 3)


@given(st.lists(st.tuples(st.one_of(st.none(), st.binary(max_size=18)), st.one_of(st.none(), st.integers(-2, 2))),
                min_size=1, max_size=60), st.booleans(), st.booleans())
def test_property(rows: list[tuple[Any, Any]], descending: bool, nulls_first: bool) -> None:
    texts, numbers = zip(*rows, strict=True)
    check([("i64", numbers, not descending, nulls_first), ("str", texts, descending, not nulls_first)], len(rows))
