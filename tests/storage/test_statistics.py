"""Column sketches: estimates within HyperLogLog's error, bounds that are proofs, merging, bytes."""
from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.storage.statistics import (
    REGISTERS,
    ColumnSketch,
    add_hashes,
    estimate_distinct,
    merge_all,
    text_above,
)
from warehouse.storage.types import BIGINT, BOOLEAN, DOUBLE, Physical, decimal, varchar
from warehouse.storage.vector import from_list
from warehouse.storage.zones import text_key


@pytest.mark.parametrize("distinct", [0, 1, 7, 300, 5_000, 60_000])
def test_distinct_values(distinct: int) -> None:
    numbers = np.arange(60_000) % max(1, distinct) * 977
    sketch = ColumnSketch.of(from_list(BIGINT, numbers.tolist() if distinct else []))
    assert abs(sketch.distinct() - distinct) <= 0.05 * distinct


def test_registers_equal_the_plain_definition() -> None:
    hashes = np.random.default_rng(3).integers(0, 1 << 64, 500, np.uint64, endpoint=False)
    hashes[:2] = 0, (1 << 64) - 1
    valid = (np.arange(500) % 3 > 0).astype(np.uint8)
    found, wanted = np.zeros(REGISTERS, np.uint8), np.zeros(REGISTERS, np.uint8)
    add_hashes(found, hashes, valid)
    for h, live in zip(hashes.tolist(), valid.tolist()):
        if live:
            rest = (h << 12) & ((1 << 64) - 1)
            rank = 64 - rest.bit_length() + 1 if rest else 53
            wanted[h >> 52] = max(wanted[h >> 52], rank)
    assert (found == wanted).all()


def test_nulls_do_not_count_as_values() -> None:
    statistics = ColumnSketch.of(from_list(varchar(9), ["a", None, "b", None])).statistics()
    assert (round(statistics.distinct), statistics.null_count) == (2, 2)
    assert statistics.average_width == 0.5


def test_merging_equals_sketching_all() -> None:
    first, second = from_list(BIGINT, list(range(3000))), from_list(BIGINT, [None, *range(2000, 9000)])
    merged = merge_all([ColumnSketch.of(first), ColumnSketch.of(second)])
    whole = ColumnSketch.of(from_list(BIGINT, [*range(3000), None, *range(2000, 9000)]))
    assert merged.statistics() == whole.statistics()
    assert (merged.registers == whole.registers).all()
    nothing = ColumnSketch.of(from_list(BIGINT, [None]))
    assert nothing.merge(merged).statistics().low == 0


def test_bounds_in_physical_form() -> None:
    def low_high(type: object, items: list[object]) -> tuple[object, object, bool]:
        found = ColumnSketch.of(from_list(type, items)).statistics()  # type: ignore[arg-type]
        return found.low, found.high, found.exact_bounds

    assert low_high(BIGINT, [3, -3]) == (-3, 3, True)
    assert low_high(DOUBLE, [0.5, float("nan")]) == (None, None, False)
    assert low_high(BOOLEAN, [False]) == (False, False, True)
    assert low_high(decimal(38, 0), [1, 10**30]) == (1, None, True)
    assert low_high(varchar(20), ["AIR", "TRUCK"]) == ("AIR", "TRUCK", True)
    assert low_high(varchar(20), ["REGISTERED", "REGISTERED MAIL"]) == ("REGISTER", "REGISTES", True)
    assert low_high(BIGINT, [None]) == (None, None, True)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8))
def test_text_bounds_hold(items: list[str]) -> None:
    found = ColumnSketch.of(from_list(varchar(60), items)).statistics()
    for item in items:
        assert found.low.encode() <= item.encode()
        assert found.high is None or item.encode() <= found.high.encode()


def test_rounding_up_skips_what_is_no_character() -> None:
    assert text_above(text_key("abcdefgh")) == "abcdefgi"
    assert text_above(text_key("abc")) == "abc"
    assert text_above(text_key("aaaaa\ud7ff".encode("utf-8", "surrogatepass"))) == "aaaaa\ue000"
    assert text_above(text_key("\U0010ffff" * 2)) is None


def test_bytes_from_before_samples_are_read() -> None:
    sketch = ColumnSketch.of(from_list(BIGINT, [1, None, 7]))
    packed = zlib.compress(sketch.registers.tobytes(), 1)
    code = tuple(Physical).index(Physical.I64)
    head = struct.pack("<BBBBQQQI", 1, code, sketch.bounds.state, 0, 3, 1, 24, len(packed))
    old = ColumnSketch.from_bytes(head + struct.pack("<qq", 1, 7) + packed)
    assert (old.rows, old.nulls, old.bounds) == (3, 1, sketch.bounds)
    assert old.distinct() == sketch.distinct()
    assert old.sample.values == () and not old.sample.is_complete
    merged = ColumnSketch.from_bytes(old.merge(sketch).to_bytes())
    assert merged.rows == 6 and merged.sample.values == () and not merged.sample.is_complete


def test_bytes_round_trip_and_are_checked() -> None:
    wide = decimal(38, 0)
    for type, items in ((BIGINT, [1, None]), (DOUBLE, [0.5]), (varchar(9), ["a"]), (wide, [10**30])):
        sketch = ColumnSketch.of(from_list(type, items))
        blob = sketch.to_bytes()
        again = ColumnSketch.from_bytes(blob)
        assert again.statistics() == sketch.statistics()
        assert (again.registers == sketch.registers).all()
        for cut in (0, 10, len(blob) - 1):
            with pytest.raises(ValueError, match="column sketch"):
                ColumnSketch.from_bytes(blob[:cut])
    assert len(ColumnSketch.of(from_list(BIGINT, [1])).to_bytes()) < 150  # small inserts stay small


def test_estimate_of_nothing() -> None:
    assert estimate_distinct(np.zeros(REGISTERS, np.uint8)) == 0
