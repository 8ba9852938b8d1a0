"""Avro records and ORC stripes into rows."""
from __future__ import annotations

import bz2
import datetime
import gzip
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import orc
from warehouse import errors
from warehouse.storage import types as t
from warehouse.storage.arrow import from_arrow
from warehouse.storage.formats import open_source
from warehouse.storage.formats.avro_columns import ColumnParser
from warehouse.storage.formats.document_rows import DocumentRows, Row
from warehouse.storage.formats.options import text_options
from warehouse.storage.formats.rejected import RejectedRow
from warehouse.storage.schema import Column

SCHEMA = {
    "type": "record", "name": "r", "fields": [
        {"name": "a", "type": ["null", "int"]}, {"name": "B", "type": "string"},
        {"name": "d", "type": {"type": "int", "logicalType": "date"}},
        {"name": "m", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "n", "type": {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}},
        {"name": "l", "type": {"type": "array", "items": "long"}},
        {"name": "f", "type": "double"},
    ],
}  # fmt: skip
MOMENT = datetime.datetime(2024, 1, 2, 3, 4, 5, 678, datetime.UTC)
RECORD = {"a": 1, "B": "x", "d": datetime.date(2024, 1, 31), "m": MOMENT, "n": Decimal("1.50"), "l": [1, 2], "f": 0.1}


def avro(records: list[dict[str, Any]], codec: str = "null", schema: Any = SCHEMA) -> bytes:
    into = io.BytesIO()
    fastavro.writer(into, schema, records, codec=codec)
    return into.getvalue()


def read(path: Path, format: str, kinds: list[tuple[str, t.SqlType]], options: dict[str, Any] | None = None) -> Any:
    wanted = tuple(Column(i, name, kind) for i, (name, kind) in enumerate(kinds))
    source = open_source(str(path), format, options or {})
    found = []
    for part in source.parts:
        for batch in source.read(part, wanted):
            found += zip(*(from_arrow(a, c.type, c.name).to_list() for a, c in zip(batch.columns, wanted)))
    return found


def test_types_and_names(tmp_path: Path) -> None:
    path = tmp_path / "x.avro"
    path.write_bytes(avro([RECORD, {**RECORD, "a": None}], "deflate"))
    kinds = [("a", t.INTEGER), ("b", t.varchar(5)), ("d", t.DATE), ("m", t.TIMESTAMP), ("n", t.decimal(6, 2)),
             ("l", t.varchar(9)), ("f", t.DOUBLE)]  # fmt: skip
    day = (datetime.date(2024, 1, 31) - datetime.date(1970, 1, 1)).days
    moment = int(MOMENT.timestamp() * 1_000_000)
    first = (1, "x", day, moment, 150, "[1,2]", 0.1)
    assert read(path, "avro", kinds, {"AVRO": "auto ignorecase"}) == [first, (None, *first[1:])]
    assert read(path, "avro", kinds[:2]) == [(1, None), (None, None)]
    assert read(path, "avro", [("l", t.SUPER), ("m", t.BIGINT)], {"TIMEFORMAT": "epochsecs"})[0] == (
        "[1,2]", int(MOMENT.timestamp()),
    )  # fmt: skip


def test_snappy_blocks(tmp_path: Path) -> None:
    data = bytearray(avro([RECORD] * 3))
    header, marker = data.index(b"avro.codec"), bytes(data[-16:])
    at = data.index(marker, header) + 16
    count, rest = bytes(data[at : at + 1]), bytes(data[at + 1 : -16])
    block = rest[2:] if rest[0] & 0x80 else rest[1:]
    packed = pa.compress(block, codec="snappy", asbytes=True) + b"\0\0\0\0"
    size = len(packed) << 1
    coded = bytes([size & 0x7F | 0x80, size >> 7]) if size > 127 else bytes([size])
    head = bytes(data[:at]).replace(b"\x08null", b"\x0csnappy")
    (tmp_path / "x.avro").write_bytes(head + count + coded + packed + marker)
    assert read(tmp_path / "x.avro", "avro", [("a", t.INTEGER)]) == [(1,)] * 3


VALUES = [
    None, 1, -(1 << 40), 1.5, float("inf"), True, "x", "", " ", "toolong", "é", "\x1e", "a\nb", b"", b"ab",
    Decimal("1.25"), Decimal("123456.7"), datetime.date(1, 2, 3), MOMENT, MOMENT.replace(tzinfo=None), [1], {"k": "v"},
]  # fmt: skip
TARGETS = [
    t.SMALLINT, t.BIGINT, t.REAL, t.DOUBLE, t.decimal(6, 2), t.BOOLEAN, t.char(3), t.varchar(3), t.DATE, t.TIMESTAMP,
    t.TIMESTAMPTZ, t.SUPER, t.SqlType(t.Kind.VARBYTE, length=4),
]  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"EMPTYASNULL": True, "TRUNCATECOLUMNS": True}])
def test_values_that_go_straight_are_those_that_go_by_text(options: dict[str, Any]) -> None:
    """Each kind of value into each kind of column, alone and beside NULL: the same value, or it is left to the text."""
    checked = 0
    for target in TARGETS:
        column = Column(0, "c", target)
        for value in VALUES:
            rows = DocumentRows("x", (column,), text_options("avro", options), None)
            direct = ColumnParser((column,), text_options("avro", options), rows.fast)
            found = direct.batch([{"c": value}, {}])
            if found is not None:
                checked += value is not None
                assert list(rows.add(Row(1, [value], bytes))) == [] and list(rows.add(Row(2, [None], bytes))) == []
                [expected] = rows.flush()
                [a], [b] = found.columns, expected.columns
                assert from_arrow(a, target, "c").to_list() == from_arrow(b, target, "c").to_list(), (target, value)
    assert checked > 15


def test_paths_into_records(tmp_path: Path) -> None:
    (tmp_path / "paths").write_text(json.dumps({"jsonpaths": ["$.l[1]", "$.B"]}))
    (tmp_path / "x.avro").write_bytes(avro([RECORD]))
    options = {"AVRO": str(tmp_path / "paths")}
    assert read(tmp_path / "x.avro", "avro", [("p", t.INTEGER), ("q", t.varchar(3))], options) == [(2, "x")]
    (tmp_path / "x.avro").write_bytes(avro([RECORD, {**RECORD, "l": []}]))
    with pytest.raises(RejectedRow, match=r"line 2.*index out of range"):
        read(tmp_path / "x.avro", "avro", [("p", t.INTEGER), ("q", t.varchar(3))], options)


@pytest.mark.parametrize("damage", [lambda d: b"no avro", lambda d: d[:-40], lambda d: d[:20], lambda d: b""])
def test_broken_avro(tmp_path: Path, damage: Any) -> None:
    (tmp_path / "x.avro").write_bytes(damage(avro([RECORD] * 100)))
    with pytest.raises(errors.LoadError, match=r"x\.avro"):
        read(tmp_path / "x.avro", "avro", [("a", t.INTEGER)])


def test_avro_of_no_records(tmp_path: Path) -> None:
    (tmp_path / "x.avro").write_bytes(avro([1], schema={"type": "int"}))  # type: ignore[list-item]
    with pytest.raises(errors.LoadError, match="type record"):
        read(tmp_path / "x.avro", "avro", [("a", t.INTEGER)])
    for option in ("DELIMITER", "GZIP", "NULL"):
        with pytest.raises(errors.ProgrammingError, match=f"{option} cannot be used with AVRO"):
            open_source(str(tmp_path / "x.avro"), "avro", {option: True})


def test_orc_stripes_are_parts(tmp_path: Path) -> None:
    numbers = [i * 7919 % 65_521 for i in range(30_000)]
    table = pa.table({"x": pa.array(numbers, pa.int32()), "y": [f"{n}" for n in numbers]})
    orc.write_table(table, tmp_path / "x.orc", stripe_size=1 << 14, batch_size=5_000, compression="uncompressed")
    source = open_source(str(tmp_path / "x.orc"), "orc")
    assert len(source.parts) > 1 and source.total_bytes == (tmp_path / "x.orc").stat().st_size
    found = read(tmp_path / "x.orc", "orc", [("a", t.INTEGER), ("b", t.varchar(20))])
    assert found == [(n, f"{n}") for n in numbers]


@pytest.mark.parametrize("pack", [("gz", gzip.compress), ("bz2", bz2.compress)])
def test_columnar_files_that_are_compressed_as_a_whole(tmp_path: Path, pack: Any) -> None:
    table = pa.table({"x": [1, 2], "y": ["a", "b"]})
    orc.write_table(table, tmp_path / "x.orc")
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=1)
    for format in ("orc", "parquet"):
        packed = tmp_path / f"y.{format}.{pack[0]}"
        packed.write_bytes(pack[1]((tmp_path / f"x.{format}").read_bytes()))
        assert read(packed, format, [("a", t.BIGINT), ("b", t.varchar(3))]) == [(1, "a"), (2, "b")]
        packed.write_bytes(packed.read_bytes()[:-9])
        with pytest.raises(errors.LoadError, match="cannot be read"):
            read(packed, format, [("a", t.BIGINT), ("b", t.varchar(3))])


def test_orc_that_does_not_fit(tmp_path: Path) -> None:
    orc.write_table(pa.table({"x": [1]}), tmp_path / "x.orc")
    with pytest.raises(errors.LoadError, match='incompatible ORC schema for column "a"'):
        read(tmp_path / "x.orc", "orc", [("a", t.varchar(3))])
    with pytest.raises(errors.LoadError, match="Unmatched number of columns"):
        read(tmp_path / "x.orc", "orc", [("a", t.BIGINT), ("b", t.BIGINT)])
    assert read(tmp_path / "x.orc", "orc", [("a", t.BIGINT), ("b", t.BIGINT)], {"FILLRECORD": True}) == [(1, None)]
    (tmp_path / "y.orc").write_bytes(b"ORC nothing")
    with pytest.raises(errors.LoadError, match=r"y\.orc.*not a readable ORC file"):
        read(tmp_path / "y.orc", "orc", [("a", t.BIGINT)])
