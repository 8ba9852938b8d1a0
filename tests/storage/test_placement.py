"""Which slice rows go to."""
from __future__ import annotations

import numpy as np
import stored_tables as st
from hypothesis import given
from hypothesis import strategies as s
from warehouse.storage.distribution import hash_column, slice_of_hash
from warehouse.storage.placement import REPLICATED, Placement, rows_by_slice
from warehouse.storage.schema import DistStyle
from warehouse.storage.types import BIGINT
from warehouse.storage.vector import from_list

EVEN = st.define(dist_style=DistStyle.EVEN)
KEY = st.define(dist_style=DistStyle.KEY, dist_key=0)


@given(s.lists(s.integers(0, 40), max_size=8), s.integers(1, 7), s.integers(0, 100))
def test_even_differs_by_at_most_one_row_a_batch_and_goes_on(
    batches: list[int], slices: int, before: int
) -> None:
    placement = Placement(EVEN, slices, before, replicated=False)
    placed = np.concatenate([placement.place(rows, None) for rows in batches] or [np.zeros(0, int)])
    counts = np.bincount(placed.astype(int), minlength=slices)
    assert counts.sum() == sum(batches)
    whole = np.bincount((np.arange(sum(batches)) + before) % slices, minlength=slices)
    assert np.array_equal(counts, whole), "as many rows as round robin deals to each slice"


def test_even_keeps_neighbours_together() -> None:
    placed = Placement(EVEN, 4, 2, replicated=False).place(10, None)
    assert placed.tolist() == [2, 2, 2, 3, 3, 3, 0, 0, 1, 1]


def test_key_follows_the_hash() -> None:
    key = from_list(BIGINT, [1, 2, None, 1, None])
    placed = Placement(KEY, 3, 0, replicated=False).place(5, key)
    assert placed.tolist() == slice_of_hash(hash_column(key), 3).tolist()
    assert placed[0] == placed[3] and placed[2] == placed[4]


def test_one_slice_and_replicated_need_no_placing() -> None:
    assert Placement(KEY, 1, 0, replicated=False).single == 0
    assert Placement(st.define(), 8, 0, replicated=True).single == REPLICATED
    assert Placement(EVEN, 8, 0, replicated=False).single is None


def test_rows_of_each_slice_keep_their_order() -> None:
    found = rows_by_slice(np.array([2, 0, 2, 5, 0], np.uint16))
    assert [(slice_, rows.tolist()) for slice_, rows in found] == [(0, [1, 4]), (2, [0, 2]), (5, [3])]
