"""What files say of themselves."""
from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warehouse import errors
from warehouse.storage.inference.files import Inferred, infer
from warehouse.storage.inference.names import format_of, identifiers, table_name
from warehouse.storage.inference.texts import type_of
from warehouse.storage.objects.registry import Objects


def look(path: Path, data: str | bytes, **how: object) -> Inferred:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return infer(Objects(), str(path), **how)


def shown(found: Inferred) -> list[tuple[str, str]]:
    return [(c.name, str(c.type)) for c in found.columns]


@pytest.mark.parametrize(
    ("values", "type"),
    [
        (["1", "-20", "", " 3 "], "integer"), (["1", "12345678901"], "bigint"), (["007", "1"], "character varying(32)"),
        (["2.50", "-10.00", ""], "numeric(18,2)"), (["2.5", "10.00"], "double precision"),
        (["1e5", "2"], "double precision"),
        (["true", "F"], "boolean"), (["2024-01-31", ""], "date"), (["2024-02-30x"], "character varying(32)"),
        (["2024-01-31 10:00", "2024-01-31T10:00:01.5"], "timestamp without time zone"),
        (["2024-01-31 10:00:00+02"], "timestamp with time zone"), (["", ""], "character varying(32)"),
        (["x" * 33], "character varying(128)"), (["é" * 20], "character varying(128)"),
        (["99999999999999999999"], "double precision"),
    ],
)  # fmt: skip
def test_types_of_texts(values: list[str], type: str) -> None:
    assert str(type_of(pa.array(values), True)) == type


def test_a_sample_leaves_room_for_larger_numbers() -> None:
    assert str(type_of(pa.array(["1"]), False)) == "bigint"


def test_names() -> None:
    assert format_of("a/b.CSV.gz") == ("csv", "GZIP") and format_of("part-0001") == ("delimited", None)
    assert table_name("s3://b/dir/Orders-2024.csv.gz") == "orders_2024" and table_name("x/2024.json") == "_2024"
    assert identifiers(["Order ID", "order_id", "", "1st"]) == ["order_id", "order_id_2", "column3", "_1st"]


def test_csv_with_and_without_a_header(tmp_path: Path) -> None:
    found = look(tmp_path / "a.csv", 'Id,"Full, name",Day\n1,"x, y",2024-01-01\n2,z,\n')
    assert shown(found) == [("id", "integer"), ("full_name", "character varying(32)"), ("day", "date")]
    assert found.clauses() == "csv ignoreheader 1"
    found = look(tmp_path / "b.csv", "1;x\n2;y\n")
    assert (found.header, found.clauses()) == (False, "csv delimiter ';'")
    found = look(tmp_path / "c.csv", "a,b\nx,y\nz,w\n")
    assert [c.name for c in found.columns] == ["a", "b"]
    assert look(tmp_path / "c.csv", "a,b\nx,y\n", header=False).columns[0].name == "column1"


def test_other_delimiters_and_compression(tmp_path: Path) -> None:
    found = look(tmp_path / "t.tsv.gz", gzip.compress(b"a\tb\n1\t2024-01-01 10:00:00\n"))
    assert found.clauses() == "csv delimiter '\\t' ignoreheader 1 gzip timeformat 'auto'"
    found = look(tmp_path / "n.tbl", "1|x|\n2|y|\n")
    assert shown(found) == [("column1", "integer"), ("column2", "character varying(32)")] and found.clauses() == ""


def test_json(tmp_path: Path) -> None:
    lines = [{"a": 1, "B": "x", "n": {"k": 1}}, {"a": 2.5, "t": "2024-01-01", "z": "007"}]
    expected = [("a", "double precision"), ("b", "character varying(32)"), ("n", "super"), ("t", "date"),
                ("z", "character varying(32)")]  # fmt: skip
    assert shown(look(tmp_path / "a.json", "\n".join(map(json.dumps, lines)))) == expected
    assert shown(look(tmp_path / "b.json", json.dumps(lines))) == expected


def test_parquet(tmp_path: Path) -> None:
    moments = pa.array([0], pa.timestamp("ns"))
    table = pa.table({"I": pa.array([1], pa.int32()), "s": ["x"], "l": [[1]], "t": moments})
    pq.write_table(table, tmp_path / "a.parquet")
    found = infer(Objects(), str(tmp_path / "a.parquet"))
    assert [t for _, t in shown(found)] == [
        "integer", "character varying(65535)", "super", "timestamp without time zone"]  # fmt: skip
    assert found.clauses() == "format parquet"


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.csv", b""), ("a.csv", b"\xff\xfe"), ("a.json", b"{"), ("a.json", b"1"), ("a.parquet", b"x"),
     ("a.csv.gz", b"x")],
)
def test_files_that_say_nothing(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(errors.LoadError):
        look(tmp_path / name, data)
