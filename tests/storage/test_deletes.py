"""Delete vectors and row ids: both forms on disk say the same, and damage is found."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from warehouse.errors import DataCorrupted
from warehouse.storage.deletes import GROUP_ROWS, DeleteVector, RowSet, added, first_row_id

rows = some.lists(some.integers(0, GROUP_ROWS - 1), min_size=1, max_size=40)
places = some.tuples(some.integers(1, 1 << 40), some.integers(0, 63), some.integers(0, GROUP_ROWS - 1))


def vector(numbers: list[int]) -> DeleteVector:
    found = RowSet()
    found.add(np.array(numbers, np.int64))
    return found.vectors()[0, 0]


@given(rows)
def test_a_vector_comes_back_from_its_bytes(numbers: list[int]) -> None:
    made = vector(numbers)
    assert made.rows == len(set(numbers))
    assert np.flatnonzero(made.mask()).tolist() == sorted(set(numbers))
    assert DeleteVector.from_bytes(made.data) == made


@pytest.mark.parametrize("count", [1, 4095, 4096, 4097, GROUP_ROWS])
def test_the_shorter_form_is_taken(count: int) -> None:
    made = vector(list(range(count)))
    assert len(made.data) == 1 + min(2 * count, GROUP_ROWS // 8)
    assert int(made.mask().sum()) == count
    assert DeleteVector.from_bytes(made.data) == made


@given(rows, rows)
def test_union_and_covers(first: list[int], second: list[int]) -> None:
    a, b = vector(first), vector(second)
    both = a.union(b)
    assert np.flatnonzero(both.mask()).tolist() == sorted({*first, *second})
    assert both.covers(a) and both.covers(b) and a.union(None) is a
    assert a.covers(b) == (set(second) <= set(first))


@given(some.lists(some.lists(places, max_size=30), max_size=4))
def test_a_row_set_keeps_each_row_once(batches: list[list[tuple[int, int, int]]]) -> None:
    found, seen = RowSet(), set()
    for batch in batches:
        fresh = found.add(np.array([first_row_id(e, g) + r for e, g, r in batch], np.int64))
        expected = []
        for place in batch:
            expected.append(place not in seen)
            seen.add(place)
        assert fresh.tolist() == expected
    assert found.rows == len(seen)
    marked = {
        (e, g, int(r)) for (e, g), v in found.vectors().items() for r in np.flatnonzero(v.mask())
    }
    assert marked == seen


def test_added_keeps_what_was_deleted_before() -> None:
    before = {(1, 0): vector([1]), (2, 0): vector([2])}
    new = added({(1, 0): vector([5])}, before)
    assert list(new) == [(1, 0)] and np.flatnonzero(new[1, 0].mask()).tolist() == [1, 5]


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x01", b"\x01\x00", b"\x02\x00\x00", b"\x00\x05\x00\x05\x00",
                                  b"\x00\x06\x00\x05\x00", b"\x01" + bytes(GROUP_ROWS // 8)])
def test_damage_is_found(data: bytes) -> None:
    with pytest.raises(DataCorrupted, match="delete vector"):
        DeleteVector.from_bytes(data)
