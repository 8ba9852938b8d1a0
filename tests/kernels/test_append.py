"""Appending batches to a chunk: what arrives, what happens when it is full, that repeating is harmless."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support_kernels import Run, column, python_values, texts_of, views
from warehouse.kernels import abi, memory
from warehouse.kernels.append import BASE, CAPACITY, HEAP, HEAP_CAPACITY, HEAP_USED, MISSING, ROWS

VALUES: dict[str, list[Any]] = {"i64": [1, -5, 7], "f64": [0.5, -1.0, 2.0], "bool": [1, 0, 1], "i128": [1 << 70, -1, 0]}
WORDS = {"i64": 1, "f64": 1, "bool": 1, "i128": 2}
DTYPES = {"f64": np.float64, "bool": np.uint8}


@pytest.mark.parametrize("kind", VALUES)
def test_values_stand_behind_each_other(kind: str) -> None:
    run, (values, _) = Run(), column(kind, VALUES[kind])
    counter = memory.words(0, 6)
    chunk = run.out(6 * WORDS[kind], DTYPES.get(kind, np.int64))
    block = memory.words(memory.address(chunk), memory.address(counter))
    for _ in range(2):
        assert run.call("sink_begin", k=counter, n=3) == abi.OK
        for _ in range(2):  # repeating an instruction changes nothing
            assert run.call(f"append_{kind}", None, values, k=block, n=3) == abi.OK
        assert run.call("sink_end", k=counter, n=3) == abi.OK
    assert counter[ROWS] == 6
    assert python_values(kind, chunk, None) == VALUES[kind] * 2
    assert run.call("sink_begin", k=counter, n=1) == abi.NEED_SPACE
    counter[CAPACITY] = 7
    assert run.call("sink_begin", k=counter, n=1) == abi.OK


def test_validities_and_their_absence() -> None:
    run, counter = Run(), memory.words(0, 5)
    chunk = run.out(5, np.uint8)
    block = memory.words(memory.address(chunk), memory.address(counter))
    run.call("append_valid", None, memory.padded(np.array([1, 0], np.uint8)), k=block, n=2)
    counter[ROWS] = 2
    run.call("append_valid", k=block, n=3)
    assert chunk.tolist() == [1, 0, 1, 1, 1]


def test_strings_are_copied_and_get_a_new_heap_when_full() -> None:
    run, counter = Run(), memory.words(0, 4)
    chunk, heap = run.out(8), run.out(10, np.uint8)
    block = memory.words(memory.address(chunk), memory.address(counter), memory.address(heap), 0, 10, 0)
    first, second = [b"abc", b""], [b"defgh", b"ijk"]
    assert run.call("append_str", None, views(first), k=block, n=2) == abi.OK
    counter[ROWS] = 2
    assert run.call("append_str", None, views(second), k=block, n=2) == abi.NEED_SPACE
    assert (block[MISSING], block[HEAP_USED]) == (1, 3)
    fresh = run.out(8, np.uint8)
    block[HEAP], block[HEAP_USED], block[HEAP_CAPACITY] = memory.address(fresh), 0, 8
    assert run.call("append_str", None, views(second), k=block, n=2) == abi.OK
    assert texts_of(chunk) == first + second
    assert heap[:3].tobytes() == b"abc"
    assert block[BASE] == memory.address(chunk)
