"""Bit packing: native against numpy, widths at their borders, and tables that must not be followed."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.errors import DataCorrupted
from warehouse.kernels import abi, memory, pack
from warehouse.storage.encodings import packing, packing_reference

LEAST, MOST = -(1 << 63), (1 << 63) - 1
RNG = np.random.default_rng(11)


def shapes(rows: int) -> dict[str, np.ndarray]:
    return {
        "constant": np.full(rows, -9),
        "small": RNG.integers(0, 7, rows),
        "climbing": np.cumsum(RNG.integers(0, 25, rows)) + (1 << 40),
        "falling": -np.cumsum(RNG.integers(0, 25, rows)),
        "full range": RNG.integers(LEAST, MOST, rows, np.int64, endpoint=True),
        "two ends": np.where(RNG.random(rows) < 0.5, LEAST, MOST),
        "one spike": np.where(np.arange(rows) == rows // 2, MOST, 3),
    }


@pytest.mark.parametrize("rows", [0, 1, 1023, 1024, 1025, 5000])
@pytest.mark.parametrize("delta", [True, False])
def test_native_equals_reference(rows: int, delta: bool) -> None:
    valid = (np.arange(rows) % 4 > 0).astype(np.uint8)
    valid[: min(rows, 1024)] = 0  # one vector without a live value
    for name, values in shapes(rows).items():
        values = values.astype(np.int64)
        for live in (None, valid):
            found = packing.pack(values, live, allow_delta=delta)
            wanted = packing_reference.pack(values, live, allow_delta=delta)
            assert found.table.tobytes() == wanted.table.tobytes(), name
            assert found.words.tobytes() == wanted.words.tobytes(), name
        packing.check(found.table, found.words, rows)
        assert packing.unpack(found.table, found.words, rows).tolist() == values.tolist(), name
        assert packing_reference.unpack(found.table, found.words, rows).tolist() == values.tolist(), name


@pytest.mark.parametrize("width", range(65))
def test_every_width(width: int) -> None:
    values = RNG.integers(0, 1 << width, 1024, np.uint64) if width < 64 else RNG.integers(0, MOST, 1024) * 2
    values = values.astype(np.uint64).view(np.int64)
    values[:2] = [0, -1 if width == 64 else (1 << width) - 1]
    if width == 64:
        values[:2] = [LEAST, MOST]
    found = packing.pack(values, allow_delta=False)
    assert found.table["width"].tolist() == [width]
    assert len(found.words) == 16 * width + 16
    assert packing.unpack(found.table, found.words, 1024).tolist() == values.tolist()


@given(st.lists(st.integers(LEAST, MOST) | st.integers(-5, 5), min_size=1, max_size=40))
def test_any_values(items: list[int]) -> None:
    values = np.array(items, np.int64)
    found = packing.pack(values)
    assert packing.unpack(found.table, found.words, len(items)).tolist() == items
    assert found.table["low"][0] == min(items)
    assert found.table["high"][0] == max(items)


def test_delta_where_it_saves_a_quarter() -> None:
    climbing = packing.pack(np.arange(0, 5000, 4))
    assert (climbing.table["flags"] == abi.PACK_DELTA).all()
    assert (climbing.table["width"][:1] == 0).all()
    assert (packing.pack(RNG.integers(0, 100, 2048)).table["flags"] == abi.PACK_FOR).all()


def test_nulls_widen_no_vector() -> None:
    """Dates around day 10,000 keep their width when a third of them is NULL."""
    values = 10_000 + np.arange(1024) % 64
    valid = (np.arange(1024) % 3 > 0).astype(np.uint8)
    holes = packing.fill_nulls(np.where(valid == 1, values, 0), valid)
    assert packing.pack(holes, valid).table["width"][0] <= 6
    assert holes[0] == values[1]
    assert packing.fill_nulls(np.zeros(3, np.int64), np.zeros(3, np.uint8)).tolist() == [0, 0, 0]


def test_vectors_without_live_values_have_empty_bounds() -> None:
    table = packing.pack(np.zeros(1024, np.int64), np.zeros(1024, np.uint8)).table
    assert table["low"][0] > table["high"][0]


def test_tables_as_native_code_reads_them() -> None:
    mixed = np.concatenate([RNG.integers(-MOST, MOST, 1024), np.arange(2048) * 3, np.zeros(1000, np.int64)])
    found = packing.pack(mixed)
    meta, zones, used = packing.read_table(found.table)
    offsets, total = packing_reference.vector_offsets(found.table)
    assert used == total == len(found.words) - packing.TAIL_WORDS
    assert set(found.table["flags"].tolist()) == {abi.PACK_FOR, abi.PACK_DELTA}
    columns = (offsets, *(found.table[name] for name in ("width", "base", "flags")))
    assert meta.tolist() == np.stack(columns, axis=1).tolist()
    assert zones.tolist() == np.stack([found.table["low"], found.table["high"]], axis=1).tolist()
    assert packing.read_table(found.table[:0])[2] == 0


@pytest.mark.parametrize(("field", "value"), [("width", 65), ("width", 9), ("flags", 2), ("flags", 1)])
def test_a_table_that_lies_is_refused(field: str, value: int) -> None:
    found = packing.pack(RNG.integers(0, 1000, 3000))
    table = found.table.copy()
    table[field][1] = value
    with pytest.raises(DataCorrupted):
        packing.check(table, found.words, 3000)
    with pytest.raises(DataCorrupted):
        packing.check(found.table, found.words[:-1], 3000)
    with pytest.raises(DataCorrupted):
        packing.check(found.table, found.words, 4000)


def test_offsets_are_checked_sums() -> None:
    lengths = packing.pack(np.array([3, 0, 5]), allow_delta=False)
    assert packing.unpack_offsets(lengths.table, lengths.words, 3, 8).tolist() == [0, 3, 3, 8]
    for total in (7, 9):
        with pytest.raises(DataCorrupted):
            packing.unpack_offsets(lengths.table, lengths.words, 3, total)
    negative = packing.pack(np.array([5, -2, 5]), allow_delta=False)
    with pytest.raises(DataCorrupted):
        packing.unpack_offsets(negative.table, negative.words, 3, 8)
    wrapping = packing.pack(np.array([MOST, MOST, 10]), allow_delta=False)
    with pytest.raises(DataCorrupted):
        packing.unpack_offsets(wrapping.table, wrapping.words, 3, 8)


def test_codes_are_looked_at_to_the_last_filling() -> None:
    codes = packing.pack(np.array([0, 2, 1]), allow_delta=False)
    assert packing.all_below(codes.table, codes.words, 3)
    assert not packing.all_below(codes.table, codes.words, 2)
    below = packing.pack(np.array([-1, 2]), allow_delta=False)
    assert not packing.all_below(below.table, below.words, 3)


def test_kernel_stays_within_its_buffers() -> None:
    """Canaries behind the words and the table survive the widest vectors."""
    values = memory.padded(shapes(2048)["full range"].astype(np.int64))
    words, table = memory.empty(2 * 1025 + 16 + 4, np.int64), memory.empty(2 * 5 + 4, np.int64)
    words[:], table[:] = 77, 77
    used = pack.native("pack_vectors")(
        memory.address(values), 0, 2, memory.address(table), memory.address(words), 1
    )
    assert used == 2 * 1024
    assert (words[used + 16 :] == 77).all()
    assert (table[10:] == 77).all()
