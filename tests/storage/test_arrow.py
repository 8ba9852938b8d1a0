"""Arrow in and out: every source type, windows into larger arrays, and the checks of a load."""
from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pyarrow as pa
import pytest
from warehouse.errors import DatatypeMismatch, Error, NumericOutOfRange, StringTooLong
from warehouse.storage.arrow import arrow_type, for_load, from_arrow, to_arrow
from warehouse.storage.coded import CodedColumn
from warehouse.storage.narrow import plain
from warehouse.storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    SqlType,
    char,
    decimal,
    varchar,
)

MICRO = 86_400_000_000
CASES: list[tuple[str, Any, SqlType, list[Any]]] = [
    ("int8", pa.array([1, None, -3], pa.int8()), BIGINT, [1, None, -3]),
    ("int64, shared", pa.array([1, 2], pa.int64()), BIGINT, [1, 2]),
    ("uint64", pa.array([1, None, (1 << 63) - 1], pa.uint64()), BIGINT, [1, None, (1 << 63) - 1]),
    ("null", pa.nulls(2), INTEGER, [None, None]),
    ("null text", pa.nulls(2), varchar(3), [None, None]),
    ("double to integer, half to even", pa.array([1.5, 2.5, None]), INTEGER, [2, 2, None]),
    ("decimal to integer, half away", pa.array([D("1.5"), D("2.5"), D("-0.5")]), INTEGER, [2, 3, -1]),
    ("integer to decimal", pa.array([7, None], pa.int32()), decimal(12, 2), [700, None]),
    ("same scale", pa.array([D("1.25"), None]), decimal(12, 2), [125, None]),
    ("scale up", pa.array([D("1.25")]), decimal(12, 4), [12500]),
    ("scale down, half away", pa.array([D("1.25"), D("-1.25"), D("1.24")]), decimal(12, 1), [13, -13, 12]),
    ("wide", pa.array([D(10) ** 30, None, D(-1)]), decimal(38, 2), [10**32, None, -100]),
    ("decimal256", pa.array([D(5)], pa.decimal256(50, 3)), decimal(10, 2), [500]),
    ("decimal32", pa.array([D("1.2")], pa.decimal32(5, 1)), decimal(10, 2), [120]),
    ("double to decimal", pa.array([1.005, 2.5]), decimal(10, 1), [10, 25]),
    ("float", pa.array([0.5, None], pa.float32()), DOUBLE, [0.5, None]),
    ("integer to double", pa.array([3]), DOUBLE, [3.0]),
    ("decimal to double", pa.array([D("0.25")]), DOUBLE, [0.25]),
    ("double to real rounds", pa.array([0.1]), REAL, [0.10000000149011612]),
    ("bool", pa.array([True, None, False]), BOOLEAN, [True, None, False]),
    ("date32", pa.array([dt.date(1970, 1, 3), None]), DATE, [2, None]),
    ("date64", pa.array([dt.date(1969, 12, 31)], pa.date64()), DATE, [-1]),
    ("timestamp to date floors", pa.array([-1], pa.timestamp("us")), DATE, [-1]),
    ("seconds", pa.array([2, None], pa.timestamp("s")), TIMESTAMP, [2_000_000, None]),
    ("milliseconds", pa.array([2], pa.timestamp("ms")), TIMESTAMPTZ, [2_000]),
    ("nanoseconds are cut", pa.array([1999, -1], pa.timestamp("ns")), TIMESTAMP, [1, -1]),
    ("date to timestamp", pa.array([dt.date(1970, 1, 2)]), TIMESTAMP, [MICRO]),
    ("time32", pa.array([5], pa.time32("s")), TIME, [5_000_000]),
    ("time64", pa.array([5_000], pa.time64("ns")), TIME, [5]),
    ("string", pa.array(["a", None, ""]), varchar(5), ["a", None, ""]),
    ("large_string", pa.array(["é"], pa.large_string()), varchar(2), ["é"]),
    ("string_view", pa.array(["a longer string, out of line", None], pa.string_view()), varchar(50),
     ["a longer string, out of line", None]),
    ("binary", pa.array([b"ab"]), varchar(2), ["ab"]),
    ("dictionary", pa.array(["x", None, "x"]).dictionary_encode(), varchar(1), ["x", None, "x"]),
    ("chunks", pa.chunked_array([["a"], [], [None, "b"]]), varchar(1), ["a", None, "b"]),
    ("no chunks", pa.chunked_array([], pa.string()), varchar(1), []),
    ("char drops blanks", pa.array(["a  ", "  ", "b"]), char(3), ["a", "", "b"]),
    ("blanks beyond the length", pa.array(["ab    ", None]), varchar(3), ["ab ", None]),
]


@pytest.mark.parametrize(("array", "type", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_from_arrow(array: Any, type: SqlType, wanted: list[Any]) -> None:
    column = from_arrow(array, type, "c")
    assert column.to_list() == wanted
    # A window into the middle of a larger array gives the same values.
    if not isinstance(array, pa.ChunkedArray):
        assert from_arrow(array.slice(1), type, "c").to_list() == wanted[1:]
        many = pa.concat_arrays([array] * 5)
        assert from_arrow(many.slice(len(array), 2 * len(array)), type).to_list() == wanted * 2


@pytest.mark.parametrize(("array", "type", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_values_under_null_are_zero(array: Any, type: SqlType, wanted: list[Any]) -> None:
    column = from_arrow(array, type)
    if column.valid is not None and column.values is not None:
        assert not column.values[column.valid == 0].any()


@pytest.mark.parametrize(("array", "type", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_to_arrow_and_back(array: Any, type: SqlType, wanted: list[Any]) -> None:
    out = to_arrow(from_arrow(array, type))
    out.validate(full=True)
    assert out.type == arrow_type(type)
    assert from_arrow(out, type).to_list() == wanted


REFUSED = [
    (pa.array([40_000]), SMALLINT, NumericOutOfRange),
    (pa.array([1 << 31]), INTEGER, NumericOutOfRange),
    (pa.array([(1 << 64) - 1], pa.uint64()), BIGINT, NumericOutOfRange),
    (pa.array([D("123.4")]), decimal(3, 1), NumericOutOfRange),
    (pa.array([D(10) ** 25]), decimal(19, 0), NumericOutOfRange),
    (pa.array([D(9) * 10**37]), decimal(37, 0), NumericOutOfRange),
    (pa.array([D(-10) ** 37]), decimal(37, 0), NumericOutOfRange),
    (pa.array([1e30]), BIGINT, NumericOutOfRange),
    (pa.array([float("nan")]), BIGINT, NumericOutOfRange),
    (pa.array([1e40]), REAL, NumericOutOfRange),
    (pa.array([1 << 62], pa.timestamp("s")), TIMESTAMP, NumericOutOfRange),
    (pa.array(["x"]), INTEGER, DatatypeMismatch),
    (pa.array([1]), varchar(5), DatatypeMismatch),
    (pa.array([1]), DATE, DatatypeMismatch),
    (pa.array([True]), DOUBLE, DatatypeMismatch),
    (pa.array([1]), BOOLEAN, DatatypeMismatch),
]


@pytest.mark.parametrize(("array", "type", "error"), REFUSED)
def test_refused(array: Any, type: SqlType, error: type[Error]) -> None:
    with pytest.raises(error, match='column "price"'):
        from_arrow(array, type, "price")


def test_a_wrong_value_under_null_is_no_error() -> None:
    """Arrow leaves what stands under NULL undefined."""
    values, bitmap = pa.py_buffer((1 << 40).to_bytes(8, "little") * 2), pa.py_buffer(b"\0")
    array = pa.Array.from_buffers(pa.int64(), 2, [bitmap, values])
    assert from_arrow(array, SMALLINT).to_list() == [None, None]


def test_text_under_null_is_dropped() -> None:
    offsets = b"".join(i.to_bytes(4, "little") for i in (0, 1, 4, 6))
    buffers = [pa.py_buffer(raw) for raw in (b"\x05", offsets, b"axxxbc")]
    array = pa.Array.from_buffers(pa.string(), 3, buffers)
    column = from_arrow(array, varchar(2))
    assert column.to_list() == ["a", None, "bc"]
    assert column.text_bytes == 3


def test_length_counts_bytes() -> None:
    """VARCHAR(3) holds 'éa' (3 bytes) and not 'éé' (4), as Redshift has it."""
    assert from_arrow(pa.array(["éa"]), varchar(3)).to_list() == ["éa"]
    with pytest.raises(StringTooLong, match=r"value too long for type character varying\(3\)") as caught:
        from_arrow(pa.array(["ok", "éé"]), varchar(3), "city")
    assert caught.value.detail == 'column "city": a value of 4 bytes in row 1 of its batch'
    with pytest.raises(StringTooLong, match=r"value too long for type character\(2\)"):
        from_arrow(pa.array(["abc"]), char(2))


def test_plain_columns_share_memory() -> None:
    """No copy of BIGINT and DOUBLE without NULLs."""
    for array, type in ((pa.array([1, 2, 3]), BIGINT), (pa.array([1.0, 2.0]), DOUBLE)):
        column = from_arrow(array, type)
        assert column.fixed.__array_interface__["data"][0] == array.buffers()[1].address


@pytest.mark.parametrize(
    ("indices", "words", "type"),
    [
        ([2, None, 0, 2], ["x", "never", ""], varchar(9)),
        ([0, 1, 2], ["a ", "a", "a  "], char(3)),  # one value, once its blanks are gone
        ([0, 1], ["ab     ", "longer than three, and of no row"][:1] + ["ab"], varchar(3)),
    ],
)
def test_small_dictionaries_stay_codes(indices: list[int | None], words: list[str], type: SqlType) -> None:
    array = pa.DictionaryArray.from_arrays(pa.array([None, *indices], pa.int32()), pa.array(words)).slice(1)
    found = for_load(array, type, "c")
    assert isinstance(found, CodedColumn)
    assert found.plain().to_list() == from_arrow(array, type, "c").to_list()
    assert len(set(found.entries.to_bytes())) == found.entries.rows


def test_only_words_in_use_must_fit() -> None:
    array = pa.DictionaryArray.from_arrays(pa.array([0, 0, 1], pa.int8()), pa.array(["a", "too long"]))
    assert plain(for_load(array.slice(0, 2), varchar(3), "c")).to_list() == ["a", "a"]
    with pytest.raises(StringTooLong) as wrong:
        for_load(array, varchar(3), "c")
    assert "row 2 of its batch" in str(wrong.value.detail)


@pytest.mark.parametrize(
    ("array", "type"),
    [
        (pa.array([str(i) for i in range(300)]).dictionary_encode(), varchar(3)),
        (pa.array([1, 2]).dictionary_encode(), INTEGER),
        (pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(["a", None])), varchar(3)),
    ],
)
def test_other_dictionaries_are_decoded(array: Any, type: SqlType) -> None:
    found = for_load(array, type, "c")
    assert not isinstance(found, CodedColumn)
    assert found.to_list() == from_arrow(array, type, "c").to_list()
