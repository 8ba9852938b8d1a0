"""Collections as bytes: by value over all classes, and damage that is found."""
from __future__ import annotations

import ctypes
import pickle
from contextlib import nullcontext, suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as s
from warehouse.engine.collection import Collection, StoredColumn, allocate
from warehouse.engine.packed import heads, packed, unpacked
from warehouse.errors import DataCorrupted
from warehouse.kernels import memory
from warehouse.planner.expressions import ColumnRef
from warehouse.storage.types import BIGINT, BOOLEAN, DOUBLE, Physical, SqlType, decimal, varchar

KINDS: dict[Physical, tuple[SqlType, Any]] = {
    Physical.I64: (BIGINT, s.integers(-(1 << 63), (1 << 63) - 1)),
    Physical.F64: (DOUBLE, s.floats(allow_nan=False)),
    Physical.BOOL: (BOOLEAN, s.booleans()),
    Physical.I128: (decimal(38, 2), s.integers(-(1 << 127), (1 << 127) - 1)),
    Physical.STR: (varchar(100), s.binary(max_size=20)),
}


@s.composite
def collections(draw: s.DrawFn) -> tuple[Collection, list[list[Any]]]:
    """A collection with room for more rows than it has, and its values by column."""
    rows = draw(s.integers(0, 12))
    part, lists = Collection([], rows), []
    for i, kind in enumerate(draw(s.lists(s.sampled_from(list(KINDS)), max_size=5))):
        type, element = KINDS[kind]
        values = draw(s.lists(element, min_size=rows, max_size=rows))
        valid = draw(s.none() | s.lists(s.booleans(), min_size=rows, max_size=rows))
        lists.append([v if valid is None or ok else None for v, ok in zip(values, valid or [True] * rows)])
        part.columns.append(_column(part, ColumnRef(i, type, f"c{i}"), kind, values, valid))
    return part, lists


def _column(part: Collection, ref: ColumnRef, kind: Physical, values: list[Any], valid: Any) -> StoredColumn:
    stored = allocate(kind, len(values) + 3)
    for row, value in enumerate(values):
        if kind is Physical.STR:
            heap = np.frombuffer(b"?" + value + b"?" * 40, np.uint8)
            part.heaps.append(heap)
            stored[row] = memory.address(heap) + 1, len(value)
        elif kind is Physical.I128:
            low = value & ((1 << 64) - 1)
            stored[row] = low - (1 << 64) if low >> 63 else low, value >> 64
        else:
            stored[row] = value
    mask = None if valid is None else np.array([*valid, True, True, True], np.uint8)
    return StoredColumn(ref, kind, valid is not None, stored, mask, -5, 1 << 90)


def read(part: Collection) -> list[list[Any]]:
    return [[_value(c, row) for row in range(part.rows)] for c in part.columns]


def _value(column: StoredColumn, row: int) -> Any:
    if column.valid is not None and not column.valid[row]:
        return None
    if column.carried is Physical.STR:
        address, length = map(int, column.values[row])
        return ctypes.string_at(address, length)
    if column.carried is Physical.I128:
        low, high = map(int, column.values[row])
        return (high << 64) + (low & ((1 << 64) - 1))
    return column.values[row]


@given(collections())
def test_pickling_keeps_the_rows(made: tuple[Collection, list[list[Any]]]) -> None:
    part, lists = made
    assert read(part) == lists
    again = pickle.loads(pickle.dumps(part))
    assert read(again) == lists and again.rows == part.rows
    assert [(c.ref, c.carried, c.nullable, c.lo, c.hi) for c in again.columns] == [
        (c.ref, c.carried, c.nullable, c.lo, c.hi) for c in part.columns
    ]


@given(collections(), s.data())
def test_a_share_of_the_rows(made: tuple[Collection, list[list[Any]]], data: s.DataObject) -> None:
    part, lists = made
    start = data.draw(s.integers(0, part.rows))
    stop = data.draw(s.integers(start, part.rows))
    assert read(unpacked(packed(part, start, stop), heads(part))) == [values[start:stop] for values in lists]


@given(collections(), s.data())
def test_damage_is_found_or_harmless(made: tuple[Collection, list[list[Any]]], data: s.DataObject) -> None:
    """A changed byte never gives an address outside the bytes."""
    part, _ = made
    whole = packed(part)
    at = data.draw(s.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(s.integers(1, 255))
    with suppress(DataCorrupted):
        read(unpacked(whole, heads(part)))
    whole = packed(part)
    for position in (15, 23):  # the highest bytes of the numbers of columns and rows
        larger = bytearray(whole)
        larger[position] ^= 0x7F
        with pytest.raises(DataCorrupted) if part.columns or position == 15 else nullcontext():
            unpacked(larger, heads(part))
    with pytest.raises(DataCorrupted):
        unpacked(whole[:-8], heads(part))
    with pytest.raises(DataCorrupted):
        unpacked(bytes(whole) + b"8 bytes.", heads(part))
