"""Large buffers are used again once nobody holds them, and never before."""
from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.kernels import memory
from warehouse.kernels.pages import LARGEST, SMALLEST, Pages


def array_of(pages: Pages, n: int) -> np.ndarray:
    return np.asarray(pages.take(n))


@given(st.integers(SMALLEST, LARGEST))
def test_size_classes_waste_an_eighth_at_most(n: int) -> None:
    size = len(array_of(PAGES, n))
    assert n <= size <= n * 9 // 8 and size % 4096 == 0


PAGES = Pages()


def test_a_buffer_is_used_again_when_its_last_view_dies() -> None:
    pages = Pages()
    array = array_of(pages, SMALLEST)
    address, view = memory.address(array), array[100:200].view(np.int32)
    del array
    other = array_of(pages, SMALLEST)
    assert memory.address(other) != address and pages.retained == 0
    del view
    assert pages.retained == SMALLEST
    assert memory.address(array_of(pages, SMALLEST)) == address


def test_chunks_do_not_overlap() -> None:
    pages = Pages()
    sizes = [SMALLEST, LARGEST, SMALLEST + 1, LARGEST - 5, 3 << 20, *[LARGEST] * 6]
    arrays = [array_of(pages, n) for n in sizes]
    for i, array in enumerate(arrays):
        array.fill(i)
    assert all((array == i).all() for i, array in enumerate(arrays))


def test_trimmed_chunks_are_zero_and_usable() -> None:
    pages = Pages()
    arrays = [array_of(pages, 1 << 20) for _ in range(4)]
    for array in arrays:
        array.fill(7)
    del array, arrays
    pages.trim(2 << 20)
    assert pages.retained == 2 << 20
    seen = [(pages.take(1 << 20)) for _ in range(4)]
    assert sorted(bool(np.asarray(chunk).any()) for chunk in seen) == [False, False, True, True]
    assert all(not np.asarray(chunk).any() for chunk in seen if chunk.is_zero)


@pytest.mark.parametrize("rows", [10, 20_000, 60_000, 300_000, 3_000_000])
def test_zeros_are_zero_where_something_was_before(rows: int) -> None:
    for _ in range(2):
        array = memory.zeros(rows, np.int64)
        assert not array.any() and memory.address(array) % memory.ALIGNMENT == 0 and memory.has_slack(array)
        array.fill(-1)
        del array


@pytest.mark.parametrize("rows", [0, 10, 60_000, 3_000_000])
def test_arrays_made_here_are_known_by_their_slack(rows: int) -> None:
    made = memory.empty(rows, np.int64)
    assert made.shape == (rows,) and memory.has_slack(made) and memory.has_slack(made[: rows // 2])
    assert not memory.has_slack(np.empty(rows, np.int64))


def test_threads_take_different_buffers() -> None:
    pages, failures = Pages(), []

    def work(mark: int) -> None:
        for _ in range(200):
            array = array_of(pages, SMALLEST)
            array[::4096] = mark
            if (array[::4096] != mark).any():
                failures.append(mark)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and pages.retained <= 4 * SMALLEST
