"""Dictionaries of a block: against Python's dict, the limit, early ends."""
from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from warehouse.storage.encodings.dictionaries import (
    build_numbers,
    build_strings,
    count_numbers,
    count_strings,
    distinct_numbers,
    distinct_strings,
)
from warehouse.storage.types import varchar
from warehouse.storage.vector import from_list


@given(st.lists(st.integers(-3, 3) | st.integers(-(1 << 63), (1 << 63) - 1), max_size=60), st.integers(1, 9))
def test_numbers(items: list[int], limit: int) -> None:
    words = np.array(items, np.int64)
    first = list(dict.fromkeys(items))
    values, codes, extra = build_numbers(words, limit)
    assert values.tolist() == sorted(first[:limit])
    assert extra.tolist() == [i for i, item in enumerate(items) if item not in first[:limit]]
    inside = np.setdiff1d(np.arange(len(items)), extra)
    assert values[codes[inside]].tolist() == words[inside].tolist()
    assert not codes[extra].any()
    assert distinct_numbers(words)[0].tolist() == first
    assert count_numbers(words, limit) == min(len(first), limit + 1)


@given(st.lists(st.text(alphabet="ab\0é", max_size=20), max_size=60), st.integers(1, 9))
def test_strings(items: list[str], limit: int) -> None:
    column, raw = from_list(varchar(90), items), [item.encode() for item in items]
    first = list(dict.fromkeys(raw))
    entries, codes, extra = build_strings(column, limit)
    assert entries == sorted(first[:limit])
    assert extra.tolist() == [i for i, item in enumerate(raw) if item not in first[:limit]]
    assert all(entries[code] == raw[i] for i, code in enumerate(codes.tolist()) if i not in extra)
    assert distinct_strings(column)[0] == first
    count, size = count_strings(column, limit)
    assert count == min(len(first), limit + 1)
    assert size == (sum(map(len, first)) if count <= limit else 0)


def test_many_values() -> None:
    """A table that fills up: every value its own code, in order of appearance."""
    words = np.random.default_rng(5).permutation(65536).astype(np.int64) << 20
    values, codes = distinct_numbers(words)
    assert (values == words).all()
    assert (codes == np.arange(65536)).all()
    texts = from_list(varchar(20), [f"Clerk#{i:09d}" for i in range(20_000)])
    assert (distinct_strings(texts)[1] == np.arange(20_000)).all()
