"""Text formats against a slow reference in Python, and the cases that the manual's pages name."""
from __future__ import annotations

import csv
import gzip
import io
import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse import errors
from warehouse.storage.arrow import arrow_type
from warehouse.storage.types import Kind, SqlType
from warehouse.storage.writers.base import OutColumn
from warehouse.storage.writers.options import FileOptions
from warehouse.storage.writers.text import TextFormat, compressor

TYPES = {
    "small": SqlType(Kind.SMALLINT), "int": SqlType(Kind.INTEGER), "big": SqlType(Kind.BIGINT),
    "dec": SqlType(Kind.DECIMAL, 12, 2), "wide": SqlType(Kind.DECIMAL, 38, 10), "whole": SqlType(Kind.DECIMAL, 38, 0),
    "real": SqlType(Kind.REAL), "dbl": SqlType(Kind.DOUBLE), "yes": SqlType(Kind.BOOLEAN), "day": SqlType(Kind.DATE),
    "ts": SqlType(Kind.TIMESTAMP), "tz": SqlType(Kind.TIMESTAMPTZ), "ti": SqlType(Kind.TIME),
    "titz": SqlType(Kind.TIMETZ), "text": SqlType(Kind.VARCHAR, length=100), "bin": SqlType(Kind.VARBYTE, length=10),
}  # fmt: skip
COLUMNS = [OutColumn(name, type) for name, type in TYPES.items()]


def _scaled(digits: int, scale: int) -> st.SearchStrategy[Decimal]:
    return st.integers(1 - 10**digits, 10**digits - 1).map(lambda v: Decimal(v).scaleb(-scale).quantize(
        Decimal(1).scaleb(-scale), context=None) if digits <= 28 else Decimal(f"{v}E-{scale}"))


def _integers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


TEXT = st.text(st.sampled_from('ab|,"\'\\\n\r\t\x01 é中'), max_size=12)
VALUES = {
    "small": _integers(16), "int": _integers(32), "big": _integers(64), "dec": _scaled(12, 2), "wide": _scaled(38, 10),
    "whole": _scaled(38, 0), "real": st.floats(width=32), "dbl": st.floats(), "yes": st.booleans(),
    "day": st.dates(), "ts": st.datetimes(), "tz": st.datetimes(timezones=st.just(UTC)), "ti": st.times(),
    "titz": st.times(), "text": TEXT, "bin": st.binary(max_size=6),
}  # fmt: skip
ROWS = st.lists(st.tuples(*[st.none() | VALUES[name] for name in TYPES]), max_size=6)


def _batch(rows: list[tuple], columns: list[OutColumn] = COLUMNS) -> pa.RecordBatch:
    arrays = [pa.array([row[i] for row in rows], arrow_type(c.type)) for i, c in enumerate(columns)]
    return pa.RecordBatch.from_arrays(arrays, names=[c.name for c in columns])


def _text(batch: pa.RecordBatch, columns: list[OutColumn] = COLUMNS, **options) -> str:
    made = TextFormat(columns, FileOptions(**options))
    return b"".join([bytes(piece.data) for piece in made.pieces(batch)]).decode()


def _clock(value: time) -> str:
    return value.isoformat() if not value.microsecond else value.isoformat().rstrip("0")


def printed(value: object, kind: Kind) -> str:
    """The slow reference of one value."""
    match value:
        case bool():
            return "t" if value else "f"
        case datetime():
            return f"{value.date().isoformat()} {_clock(value.time())}" + ("+00" if kind is Kind.TIMESTAMPTZ else "")
        case time():
            return _clock(value) + ("+00" if kind is Kind.TIMETZ else "")
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case bytes():
            return value.hex()
        case float() if math.isnan(value):
            return "NaN"
        case float() if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        case float():
            import numpy as np

            return str(pa.scalar(np.float32(value) if kind is Kind.REAL else value).cast(pa.string()))
        case _:
            return str(value)


@settings(max_examples=12)
@given(ROWS)
def test_csv_reads_back_as_the_values(rows: list[tuple]) -> None:
    text = _text(_batch(rows), format="csv", delimiter=",", null="\\N")
    found = list(csv.reader(io.StringIO(text, newline="")))
    expected = [["\\N" if v is None else printed(v, c.type.kind) for v, c in zip(row, COLUMNS, strict=True)]
                for row in rows]
    assert found == expected


@settings(max_examples=12)
@given(ROWS, st.booleans())
def test_escaped_text_is_the_reference_s(rows: list[tuple], quotes: bool) -> None:
    text = _text(_batch(rows), escape=True, add_quotes=quotes, null="@")

    def field(value: object, kind: Kind) -> str:
        if value is None:
            return "@"
        shown = printed(value, kind)
        special = "\n\r|\\" + ("\"'" if quotes else "")
        shown = "".join([f"\\{c}" if c in special else c for c in shown])
        return f'"{shown}"' if quotes else shown

    lines = ["|".join([field(v, c.type.kind) for v, c in zip(row, COLUMNS, strict=True)]) + "\n" for row in rows]
    assert text == "".join(lines)


@settings(max_examples=12)
@given(ROWS)
def test_json_reads_back_as_the_values(rows: list[tuple]) -> None:
    lines = _text(_batch(rows), format="json").split("\n")
    assert lines.pop() == "" and len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        found = json.loads(line, parse_float=Decimal, parse_int=Decimal)
        assert list(found) == list(TYPES)
        for value, column in zip(row, COLUMNS, strict=True):
            shown = found[column.name]
            if value is None:
                assert shown is None
            elif isinstance(shown, Decimal):
                assert shown == Decimal(printed(value, column.type.kind))
            else:
                assert shown == printed(value, column.type.kind)


def test_a_window_of_a_batch_is_written_from_its_own_first_row() -> None:
    rows = [tuple(None if (i + j) % 3 == 0 else (bool(i & 1), i, f"r{i}")[j] for j in range(3)) for i in range(40)]
    columns = [OutColumn("b", SqlType(Kind.BOOLEAN)), OutColumn("i", SqlType(Kind.INTEGER)),
               OutColumn("t", SqlType(Kind.VARCHAR, length=9))]  # fmt: skip
    whole = _text(_batch(rows, columns), columns).split("\n")
    assert _text(_batch(rows, columns).slice(13, 9), columns).split("\n")[:-1] == whole[13:22]


def test_super_is_json_and_its_null_is_json_s() -> None:
    columns = [OutColumn("s", SqlType(Kind.SUPER)), OutColumn("t", SqlType(Kind.VARCHAR, length=9))]
    batch = _batch([('{"a":"x"}', None), (None, "y")], columns)
    assert _text(batch, columns, null="fred") == '{"a":"x"}|fred\nnull|y\n'
    assert _text(batch, columns, format="csv", delimiter=",") == '"{""a"":""x""}",\nnull,y\n'
    assert _text(batch, columns, format="json") == '{"s":{"a":"x"},"t":null}\n{"s":null,"t":"y"}\n'


def test_intervals_are_printed_as_casts_print_them() -> None:
    columns = [OutColumn("m", SqlType(Kind.INTERVAL_YM)), OutColumn("d", SqlType(Kind.INTERVAL_DS))]
    months = pa.array([(14, 0, 0), None], pa.month_day_nano_interval())
    batch = pa.RecordBatch.from_arrays([months, pa.array([timedelta(1, 2), None])], names=["m", "d"])
    assert _text(batch, columns) == "1 year 2 mons|1 day 00:00:02\n|\n"


def test_fixed_width_counts_characters_and_refuses_longer_values() -> None:
    columns = [OutColumn("t", SqlType(Kind.VARCHAR, length=20)), OutColumn("i", SqlType(Kind.INTEGER))]
    batch = _batch([("né", 7), (None, None)], columns)
    assert _text(batch, columns, format="fixedwidth", widths=(3, 2)) == "né 7 \n     \n"
    with pytest.raises(errors.DataError, match='"né" of column "t" is longer than its width of 1'):
        _text(batch, columns, format="fixedwidth", widths=(1, 2))
    # A null string too long for its column is left out of numbers, and an error in text.
    assert _text(batch.slice(0, 1), columns, format="fixedwidth", widths=(4, 2), null="null") == "né  7 \n"
    with pytest.raises(errors.DataError, match='column "t"'):
        _text(batch, columns, format="fixedwidth", widths=(3, 2), null="null")
    assert _text(batch, columns, format="fixedwidth", widths=(4, 2), null="null") == "né  7 \nnull  \n"


def test_a_delimiter_that_numbers_hold_is_quoted_away() -> None:
    columns = [OutColumn("d", SqlType(Kind.DATE)), OutColumn("t", SqlType(Kind.VARCHAR, length=20))]
    assert _text(_batch([(date(2024, 1, 2), "x")], columns), columns, format="csv", delimiter="-") == '"2024-01-02"-x\n'


def test_a_row_larger_than_the_buffer() -> None:
    columns = [OutColumn("t", SqlType(Kind.VARCHAR, length=65535))]
    rows = [("x" * 40_000,)] * 70 + [('"' * 3_000_000,), ("y",)]
    text = _text(_batch(rows, columns), columns, format="csv", delimiter=",")
    assert [row[0] for row in csv_rows(text)] == [row[0] for row in rows]


def csv_rows(text: str) -> list[list[str]]:
    csv.field_size_limit(1 << 24)
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("name", ["gzip", "bzip2", "zstd"])
def test_compressed_members_follow_one_another(name: str) -> None:
    import bz2

    import zstandard

    compress = compressor(name)
    packed = compress(b"one ") + compress(b"") + compress(b"two")
    unpack = {
        "gzip": gzip.decompress, "bzip2": bz2.decompress,
        "zstd": lambda data: zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read(),
    }  # fmt: skip
    assert unpack[name](packed) == b"one two"
