"""Text files of external tables: what pyarrow reads of a chunk is what the reader itself reads line by line."""
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as s
from warehouse.storage.lake.definition import Field, Source
from warehouse.storage.lake.formats.text import TextReader
from warehouse.storage.lake.hive_types import read_type
from warehouse.storage.objects.base import ObjectInfo
from warehouse.storage.objects.registry import Objects

TYPES = ["int", "smallint", "bigint", "double", "float", "boolean", "date", "timestamp", "varchar(6)", "decimal(6,2)",
         "decimal(20,3)"]  # fmt: skip
FIELDS = [
    "", "1", " 7", "-5 ", "1.0", "1.005", "99999", "-32769", "2147483648", "9223372036854775808", "1e2", "0x1F", "nan",
    "nan(5)", "inf", "true", "T", "2", "2020-01-02", "2020-01-02 03", "2020-01-02 03:04:05.123456", "20200102", "NULL",
    "\\N", "é", "  ", '"', "a\0",
]  # fmt: skip
_rows = s.lists(s.lists(s.sampled_from(FIELDS), min_size=1, max_size=3), min_size=1, max_size=3)


def _read(format: str, types: list[str], chunk: bytes) -> tuple[int, list[list[str | None]]]:
    columns = tuple(Field(f"c{i}", read_type(type)) for i, type in enumerate(types))
    properties = () if format == "csv" else (("field.delim", ","),)
    source = Source("d", "t", columns, (), "x", format, "", "", "", properties, (), 1, "u")
    rows, arrays = TextReader(source, Objects()).rows(chunk, columns, ObjectInfo("f", len(chunk)))
    return rows, [[None if v is None else _shown(v, t) for v in a.to_pylist()] for a, t in zip(arrays, types)]


def _shown(value: Any, type: str) -> str:
    return repr(float(value)) if type in ("double", "float") else str(int(value) if type.endswith("int") else value)


def _both(format: str, types: list[str], chunk: bytes) -> list[tuple[int, list[list[str | None]]]]:
    with pytest.MonkeyPatch.context() as patch:
        read = [_read(format, types, chunk)]
        patch.setattr(TextReader, "_fast", lambda *args, **named: None)
        return [*read, _read(format, types, chunk)]


@settings(max_examples=20)
@given(s.sampled_from(["text", "csv"]), s.lists(s.sampled_from(TYPES), min_size=1, max_size=3), _rows, s.booleans())
def test_both_ways_read_the_same(format: str, types: list[str], rows: list[list[str]], quoted: bool) -> None:
    if format == "csv" and quoted:
        rows = [['"' + field.replace('"', '""') + '"' for field in row] for row in rows]
    fast, slow = _both(format, types, "".join(",".join(row) + "\n" for row in rows).encode())
    assert fast == slow


@pytest.mark.parametrize(("format", "type", "text", "found"), [
    ("text", "decimal(6,2)", "99999\n1\n", [None, "1.00"]), ("text", "double", "nan(5)\n1\n", [None, "1.0"]),
    ("csv", "varchar(3)", "a\n\n", ["a", ""]),
])  # fmt: skip
def test_where_they_differed(format: str, type: str, text: str, found: list[str | None]) -> None:
    assert _both(format, [type], text.encode()) == [(2, [found])] * 2


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_empty_line_has_one_field(end: str) -> None:
    assert _both("text", ["varchar(3)"] * 2, f",{end}{end}".encode()) == [(2, [["", ""], ["", None]])] * 2
