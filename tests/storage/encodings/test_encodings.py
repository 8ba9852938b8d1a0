"""The shared suite: every encoding over every type it takes, by reference and by native form."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.errors import DataCorrupted, InvalidDefinition
from warehouse.kernels import memory
from warehouse.storage.block import decode_block, encode_block, native_block, open_block
from warehouse.storage.encodings import base, registry
from warehouse.storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TIMESTAMP,
    char,
    decimal,
    varchar,
)
from warehouse.storage.vector import ColumnData, from_list

ENCODINGS = {encoding.name: encoding for encoding in registry.ENCODINGS}
every_encoding = pytest.mark.parametrize("name", sorted(ENCODINGS))


@every_encoding
@pytest.mark.parametrize("rows", [0, 1, 1023, 1025, 2500])
def test_round_trip(name: str, rows: int, sample_columns: Any, same_column: Any) -> None:
    """What goes in comes out: all types, NULLs, extremes, runs, tails, empty blocks."""
    encoding = ENCODINGS[name]
    for what, column in sample_columns(rows):
        if encoding.usable_for(column.type):
            block = encode_block(column, encoding)
            assert block.nulls == column.null_count
            assert len(block.data) % 64 == 0
            same_column(decode_block(block.data, column.type), column, f"{name}, {what}, {rows} rows")


@every_encoding
def test_native_form_is_made(name: str, sample_columns: Any) -> None:
    """Every block has a descriptor with its rows and a kind that native code knows."""
    encoding = ENCODINGS[name]
    for _, column in sample_columns(1500):
        if encoding.usable_for(column.type):
            data = memory.padded(np.frombuffer(encode_block(column, encoding).data, np.uint8))
            descriptor = native_block(data, column.type)
            assert 1 <= descriptor.words[0] <= 8
            assert descriptor.words[1] == 1500
            assert (descriptor.words[2] != 0) == (column.null_count > 0)


@every_encoding
def test_estimate_is_near(name: str, sample_columns: Any) -> None:
    """From a sample, the size is within a factor of two and a frame."""
    encoding = ENCODINGS[name]
    for what, column in sample_columns(9000 if name in ("az64", "bytedict", "zstd") else 3000):
        if encoding.usable_for(column.type) and "few" in what:
            size = len(encode_block(column, encoding).data)
            assert size / 2 - 2048 <= encoding.estimate(column) <= size * 2 + 2048, what


@every_encoding
def test_missing_and_short_parts_are_refused(name: str) -> None:
    """No decoder trusts the parts it is given: each is dropped, and each is cut short."""
    encoding = ENCODINGS[name]
    type = varchar(20) if encoding.usable_for(varchar(20)) else BIGINT
    values = [f"a{i % 300} b" for i in range(1100)] if type.is_string else [i * i for i in range(1100)]
    block = encode_block(from_list(type, values), encoding)
    parts = dict(open_block(block.data, type).parts)
    for part, array in parts.items():
        if not array.nbytes:
            continue
        without = {key: value for key, value in parts.items() if key != part}
        bytes_of = array.reshape(-1).view(np.uint8)
        half = bytes_of[: len(bytes_of) // 2]
        for damaged in (without, {**parts, part: bytes_of[:-1]}, {**parts, part: half}):
            if part is base.Part.EXTRA_ROWS and part not in damaged:
                continue  # the part's absence means that there are no extra rows
            with pytest.raises(DataCorrupted):
                encoding.native(damaged, type, 1100)


texts = st.lists(st.one_of(st.none(), st.text(alphabet="ab é\x00z", max_size=12)), max_size=60)
wide_numbers = st.integers(-(1 << 63), (1 << 63) - 1)
numbers = st.lists(st.one_of(st.none(), wide_numbers, st.integers(-3, 3)), max_size=60)
wide_decimals = st.lists(
    st.one_of(st.none(), st.integers(-(10**38) + 1, 10**38 - 1), st.integers(-9, 9)), max_size=40
)


def check_all(column: ColumnData, items: list[Any]) -> None:
    """Every usable encoding gives the items back."""
    for encoding in registry.usable_encodings(column.type):
        found = decode_block(encode_block(column, encoding).data, column.type)
        assert found.to_list() == items, encoding.name


@given(texts)
def test_any_text(items: list[str | None]) -> None:
    check_all(from_list(varchar(100), items), items)


@given(numbers)
def test_any_number(items: list[int | None]) -> None:
    check_all(from_list(BIGINT, items), items)


@given(wide_decimals)
def test_any_wide_decimal(items: list[int | None]) -> None:
    check_all(from_list(decimal(38, 4), items), items)


def test_float_bits_survive() -> None:
    """NaN, infinities and -0 come back bit for bit."""
    values = [float("nan"), float("inf"), -float("inf"), -0.0, 5e-324, 1.7976931348623157e308]
    column = from_list(DOUBLE, values)
    for encoding in registry.usable_encodings(DOUBLE):
        found = decode_block(encode_block(column, encoding).data, DOUBLE)
        assert found.fixed.tobytes() == np.array(values).tobytes(), encoding.name


INTEGERS = {SMALLINT, INTEGER, BIGINT, decimal(10, 2)}
TEMPORAL = {DATE, TIMESTAMP}
FLOATS = {REAL, DOUBLE}
TEXT = {char(3), varchar(3)}
ALLOWED = {
    "raw": INTEGERS | TEMPORAL | FLOATS | TEXT | {BOOLEAN},
    "az64": INTEGERS | TEMPORAL,
    "bytedict": INTEGERS | TEMPORAL | FLOATS | TEXT,
    "delta": INTEGERS | TEMPORAL,
    "delta32k": INTEGERS - {SMALLINT} | TEMPORAL,
    "lzo": INTEGERS | TEMPORAL | TEXT,
    "mostly8": INTEGERS,
    "mostly16": INTEGERS - {SMALLINT},
    "mostly32": INTEGERS - {SMALLINT, INTEGER},
    "runlength": INTEGERS | TEMPORAL | FLOATS | TEXT | {BOOLEAN},
    "text255": {varchar(3)},
    "text32k": {varchar(3)},
    "zstd": INTEGERS | TEMPORAL | FLOATS | TEXT | {BOOLEAN},
}


@every_encoding
def test_types_are_redshifts(name: str) -> None:
    """The table of types in the manual's "Compression encodings"."""
    for type in ALLOWED["raw"]:
        assert ENCODINGS[name].usable_for(type) == (type in ALLOWED[name]), type


def test_refusals_use_redshifts_words() -> None:
    with pytest.raises(InvalidDefinition, match='invalid encoding type specified for column "c"'):
        registry.check_usable("MOSTLY32", INTEGER, "c")
    with pytest.raises(InvalidDefinition, match='encoding type "lz5" is not recognized'):
        registry.check_usable("lz5", INTEGER, "c")
    registry.check_usable("auto", INTEGER, "c")
    registry.check_usable("AZ64", INTEGER, "c")


def test_defaults_are_redshifts() -> None:
    assert [registry.default_for(t) for t in (BOOLEAN, REAL, DOUBLE)] == ["raw"] * 3
    for type in (SMALLINT, BIGINT, decimal(38, 2), DATE, TIMESTAMP):
        assert registry.default_for(type) == "az64"
    assert [registry.default_for(t) for t in (char(1), varchar(9))] == ["lzo"] * 2
    assert registry.default_for(BIGINT, sort_key=True) == "raw"
    assert registry.default_for(BIGINT, temporary=True) == "raw"


def test_numbers_in_files_are_unique() -> None:
    codes = [encoding.code for encoding in registry.ENCODINGS]
    assert sorted(codes) == list(range(1, len(codes) + 1))
    assert all(registry.by_code(encoding.code) is encoding for encoding in registry.ENCODINGS)


@every_encoding
def test_describes_itself(name: str) -> None:
    assert name.upper() in ENCODINGS[name].describe().upper()
