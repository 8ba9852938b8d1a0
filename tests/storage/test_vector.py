"""ColumnData: building, slicing, taking, joining, and its invariants."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.errors import InternalError
from warehouse.storage.types import BIGINT, BOOLEAN, DOUBLE, decimal, varchar
from warehouse.storage.vector import TEXT_PADDING, concat, empty_column, from_list, gather_text

SAMPLES: list[tuple[Any, list[Any]]] = [
    (BIGINT, [1, None, -(1 << 63), 4, 5]),
    (DOUBLE, [0.5, None, -2.0, 1e300, 7.0]),
    (BOOLEAN, [True, None, False, True, True]),
    (decimal(38, 2), [10**37, None, -(10**37), 0, -1]),
    (varchar(20), ["ab", None, "", "é", "a longer text here"]),
]
every_type = pytest.mark.parametrize(("type", "items"), SAMPLES, ids=[str(t) for t, _ in SAMPLES])


@every_type
def test_from_list_and_back(type: Any, items: list[Any]) -> None:
    column = from_list(type, items)
    assert column.to_list() == items
    assert (column.rows, column.null_count) == (5, 1)
    assert from_list(type, [i for i in items if i is not None]).valid is None


@every_type
def test_slice_shares_and_rebases(type: Any, items: list[Any]) -> None:
    column = from_list(type, items)
    for start, stop in ((0, 5), (1, 3), (3, 3), (2, 99), (-4, 2)):
        part = column.slice(start, stop)
        assert part.to_list() == items[max(0, start) : stop]
        if part.offsets is not None and part.data is not None:
            assert part.offsets[0] == 0
            assert len(part.data) >= part.text_bytes + TEXT_PADDING
    assert column.slice(1, 4).slice(1, 3).to_list() == items[2:4]


@every_type
def test_take_repeats_and_reorders(type: Any, items: list[Any]) -> None:
    column = from_list(type, items)
    assert column.take(np.array([4, 0, 0, 1])).to_list() == [items[4], items[0], items[0], items[1]]
    assert column.take(np.array([], np.int64)).to_list() == []


@every_type
def test_concat(type: Any, items: list[Any]) -> None:
    column, dense = from_list(type, items), from_list(type, [items[0]])
    assert concat([column]) is column
    assert concat([dense, column, empty_column(type), dense]).to_list() == [items[0], *items, items[0]]
    assert concat([dense, dense]).valid is None


@given(st.lists(st.text(max_size=70), min_size=1, max_size=20), st.data())
def test_gather_text_equals_python(items: list[str], data: st.DataObject) -> None:
    """Lengths around the 32-byte chunks, and nothing written beyond the padding."""
    indices = data.draw(st.lists(st.integers(0, len(items) - 1), max_size=30))
    offsets, found = gather_text(*from_list(varchar(300), items).text, np.array(indices, np.int64))
    assert found[: offsets[-1]].tobytes().decode() == "".join(items[i] for i in indices)
    assert len(found) == offsets[-1] + TEXT_PADDING
    assert not found[offsets[-1] :].any()


def test_raw_bytes_count_declared_widths() -> None:
    assert from_list(BIGINT, [1, 2]).raw_bytes == 16
    assert from_list(varchar(9), ["ab", "c"]).raw_bytes == 2 * 4 + 3


def test_wrong_access_is_a_defect() -> None:
    with pytest.raises(InternalError):
        _ = from_list(varchar(3), ["a"]).fixed
    with pytest.raises(InternalError):
        _ = from_list(BIGINT, [1]).text
