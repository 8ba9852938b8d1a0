"""Sorting by compound keys: equal to a plain stable sort, whatever the types."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as s
from warehouse.storage import types as t
from warehouse.storage.sort_order import sort_order
from warehouse.storage.vector import from_list

VALUES = {
    t.BIGINT: s.one_of(s.none(), s.integers(-3, 3), s.integers(-(1 << 63), (1 << 63) - 1)),
    t.SMALLINT: s.one_of(s.none(), s.integers(-5, 5)),
    t.DATE: s.integers(8000, 8010),
    t.BOOLEAN: s.one_of(s.none(), s.booleans()),
    t.DOUBLE: s.one_of(s.none(), s.floats(allow_nan=False), s.sampled_from([0.0, -0.0, 1.5])),
    t.varchar(20): s.one_of(s.none(), s.text("abß", max_size=3)),
    t.decimal(38, 2): s.integers(-(10**30), 10**30),
}


def plain_order(keys: list[list[Any]]) -> list[int]:
    """NULLs last, strings by their bytes."""

    def rank(value: Any) -> Any:
        return (value is None, value.encode() if isinstance(value, str) else 0 if value is None else value)

    return sorted(range(len(keys[0])), key=lambda row: [rank(key[row]) for key in keys])


@given(s.data())
def test_equals_a_plain_sort(data: s.DataObject) -> None:
    kinds = data.draw(s.lists(s.sampled_from(list(VALUES)), min_size=1, max_size=3))
    rows = data.draw(s.integers(0, 30))
    keys = [data.draw(s.lists(VALUES[kind], min_size=rows, max_size=rows)) for kind in kinds]
    order = sort_order([from_list(kind, key) for kind, key in zip(kinds, keys)])
    found = list(range(rows)) if order is None else order.tolist()
    assert [[key[row] for key in keys] for row in found] == [
        [key[row] for key in keys] for row in plain_order(keys)
    ]


def test_rows_in_order_need_no_sorting() -> None:
    assert sort_order([from_list(t.BIGINT, [1, 1, 2])]) is None
    assert sort_order([]) is None


@pytest.mark.parametrize("bits", [20, 47, 62])
def test_wide_ranges_sort_without_room_for_the_row_number(bits: int) -> None:
    values = np.random.default_rng(1).integers(0, 1 << bits, 5000)
    order = sort_order([from_list(t.BIGINT, values.tolist())])
    assert order is not None
    assert np.array_equal(order, np.argsort(values, kind="stable"))


def test_nan_sorts_above_all_numbers() -> None:
    order = sort_order([from_list(t.DOUBLE, [float("nan"), float("inf"), None, -1.0])])
    assert order is not None and order.tolist() == [3, 1, 0, 2]
