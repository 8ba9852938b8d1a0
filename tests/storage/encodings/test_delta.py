"""DELTA and DELTA32K: one or two bytes a step, the header's own example, wide steps in full."""
from __future__ import annotations

from warehouse.storage.encodings.base import Part
from warehouse.storage.encodings.registry import by_name
from warehouse.storage.types import BIGINT, INTEGER
from warehouse.storage.vector import from_list


def test_the_example_of_the_header() -> None:
    parts = by_name("delta").encode(from_list(INTEGER, [100, 103, 104, 9000, 9001]))
    assert parts[Part.STEPS].tolist() == [-128, 3, 1, -128, 1]
    assert parts[Part.EXTRA_VALUES].tolist() == [100, 9000]
    assert parts[Part.EXTRA_VALUES].itemsize == 4


def test_reach_of_steps() -> None:
    """From -127 to 127, and from -32,767 to 32,767."""
    for name, reach in (("delta", 127), ("delta32k", 32767)):
        near = by_name(name).encode(from_list(BIGINT, [0, reach, 0]))
        far = by_name(name).encode(from_list(BIGINT, [0, reach + 1, 0]))
        assert len(near[Part.EXTRA_VALUES]) == 1
        assert len(far[Part.EXTRA_VALUES]) == 3


def test_nulls_repeat_the_value_before() -> None:
    parts = by_name("delta").encode(from_list(BIGINT, [5000, None, 5001, None]))
    assert parts[Part.STEPS].tolist() == [-128, 0, 1, 0]


def test_a_wrapping_step_is_wide() -> None:
    parts = by_name("delta").encode(from_list(BIGINT, [(1 << 63) - 1, -(1 << 63)]))
    assert len(parts[Part.EXTRA_VALUES]) == 2
