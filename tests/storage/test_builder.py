"""Columns built batch by batch are the batches one after the other."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as s
from warehouse.storage import types as t
from warehouse.storage.builder import ColumnBuilder
from warehouse.storage.coded import CodedColumn
from warehouse.storage.narrow import NarrowColumn, NarrowText, plain
from warehouse.storage.run import RunBuffer
from warehouse.storage.schema import Column
from warehouse.storage.vector import TEXT_PADDING, from_list

VALUES: dict[t.SqlType, s.SearchStrategy[Any]] = {
    t.BIGINT: s.integers(-9, 9) | s.sampled_from([-(1 << 63), (1 << 63) - 1, -128, -129, 128]),
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
    column = plain(builder.finish())
    assert column.to_list() == [value for batch in batches for value in batch]
    assert builder.rows == column.rows
    if column.offsets is not None:
        assert column.data is not None and len(column.data) >= column.text_bytes + TEXT_PADDING


def test_the_least_integer_alone_in_a_batch() -> None:
    builder = ColumnBuilder(t.BIGINT, 0)
    for value in (1, -(1 << 63), -128, (1 << 63) - 1):
        builder.append(from_list(t.BIGINT, [value]))
    assert plain(builder.finish()).to_list() == [1, -(1 << 63), -128, (1 << 63) - 1]


def test_a_batch_is_taken_in_whole_or_told_of() -> None:
    """StopIteration ends a `map` without a word."""
    columns = (Column(1, "a", t.BIGINT), Column(2, "b", t.BIGINT))
    buffer = RunBuffer(columns, 4)

    def fails(column: Any) -> None:
        raise StopIteration

    buffer._builders[0].append = fails  # type: ignore[method-assign]
    with pytest.raises(StopIteration):
        buffer.add([from_list(t.BIGINT, [1]), from_list(t.BIGINT, [2])])


def test_one_batch_is_not_copied() -> None:
    column = from_list(t.BIGINT, [1, 2])
    builder = ColumnBuilder(t.BIGINT, 100)
    builder.append(column)
    assert builder.finish() is column


@pytest.mark.parametrize(("value", "width"), [(7, 1), (-129, 2), (1 << 15, 4), (-(1 << 31), 4), (1 << 31, 8)])
def test_integers_take_what_the_widest_needs(value: int, width: int) -> None:
    builder = ColumnBuilder(t.BIGINT, 1000)
    sizes = []
    for _ in range(3):
        builder.append(from_list(t.BIGINT, [7] * 99 + [value]))
        sizes.append(builder.bytes)
    assert sizes[1:] == [200 * width, 300 * width]
    assert builder.finish().take(np.array([99, 0])).to_list() == [value, 7]


def test_few_strings_are_codes_until_there_are_many() -> None:
    kind = t.varchar(20)
    few, many = [f"v{i % 7}" for i in range(500)] + [None, ""], [f"w{i}" for i in range(300)]
    builder = ColumnBuilder(kind, 1000)
    for _ in range(2):
        builder.append(from_list(kind, few))
    assert builder.bytes == 2 * len(few) * 2  # a code, and whether it is NULL
    builder.append(from_list(kind, many))
    column = builder.finish()
    assert isinstance(column, NarrowText)
    rows = np.array([1303, 0, 501, 502, 500])
    assert column.take(rows).to_list() == ["w299", "v0", "", "v0", None]
    assert column.slice(500, 505).to_list() == [None, "", "v0", "v1", "v2"]


def test_codes_of_several_batches_share_a_dictionary() -> None:
    kind = t.varchar(20)
    builder = ColumnBuilder(kind, 10)
    for batch in (["b", "a"], ["c", None], ["a", "b"]):
        builder.append(from_list(kind, batch))
    column = builder.finish()
    assert isinstance(column, CodedColumn)
    assert column.take(np.array([5, 2, 3, 0])).plain().to_list() == ["b", "c", None, "b"]
    assert column.compact().entries.to_list() == ["", "a", "b", "c"]


def test_narrow_integers_with_nulls() -> None:
    builder = ColumnBuilder(t.DATE, 10)
    for batch in ([1, None], [300, 2]):
        builder.append(from_list(t.DATE, batch))
    column = builder.finish()
    assert isinstance(column, NarrowColumn)
    assert column.values.dtype == np.int16
    assert column.slice(1, 3).to_list() == [None, 300]
