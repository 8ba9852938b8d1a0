"""Columns built batch by batch are the batches one after the other."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as s
from warehouse.storage import types as t
from warehouse.storage.builder import ColumnBuilder
from warehouse.storage.vector import TEXT_PADDING, from_list

VALUES: dict[t.SqlType, s.SearchStrategy[Any]] = {
    t.BIGINT: s.integers(-9, 9),
    t.DOUBLE: s.sampled_from([0.5, -1.0]),
    t.BOOLEAN: s.booleans(),
    t.decimal(38, 0): s.integers(-(10**37), 10**37),
    t.varchar(20): s.text(max_size=6),
}


@given(s.data(), s.sampled_from(list(VALUES)), s.integers(0, 12))
def test_equals_the_batches(data: s.DataObject, kind: t.SqlType, reserve: int) -> None:
    batches = data.draw(s.lists(s.lists(s.one_of(s.none(), VALUES[kind]), max_size=9), max_size=5))
    builder = ColumnBuilder(kind, reserve)
    for batch in batches:
        builder.append(from_list(kind, batch))
    column = builder.finish()
    assert column.to_list() == [value for batch in batches for value in batch]
    assert builder.rows == column.rows
    if column.offsets is not None:
        assert column.data is not None and len(column.data) >= column.text_bytes + TEXT_PADDING


def test_one_batch_is_not_copied() -> None:
    column = from_list(t.BIGINT, [1, 2])
    builder = ColumnBuilder(t.BIGINT, 100)
    builder.append(column)
    assert builder.finish() is column


@pytest.mark.parametrize("kind", [t.BIGINT, t.varchar(20)])
def test_bytes_grow_with_the_rows(kind: t.SqlType) -> None:
    builder = ColumnBuilder(kind, 1000)
    sizes = []
    for _ in range(3):
        builder.append(from_list(kind, [7] * 100))
        sizes.append(builder.bytes)
    assert np.diff(sizes).min() >= 800
