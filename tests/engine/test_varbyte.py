"""VARBYTE on the ways in and out: Arrow, Python values, COPY, parameters. SQL: tests/slt/types/varbyte.slt."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse
from hypothesis import given
from hypothesis import strategies as st
from warehouse.storage.formats.text import FastParser
from warehouse.storage.hexadecimal import bytes_of, digits_of

VALUES = [b"", b"\x00", b"\x00\xff", b"a ", b"a", None, bytes(range(256))]


@pytest.fixture
def cursor() -> Any:
    with warehouse.connect(":memory:", nodes=1, slices_per_node=2) as connection:
        yield connection.cursor()


def stored(cursor: Any) -> list[bytes | None]:
    cursor.execute("select b from t order by i")
    values: list[bytes | None] = cursor.fetch_arrow_table().column(0).to_pylist()
    return values


@given(st.binary(max_size=40))
def test_digits_are_order_and_back(data: bytes) -> None:
    raw = np.frombuffer(data, np.uint8)
    digits = digits_of(raw)
    assert digits.tobytes() == data.hex().encode()
    back = bytes_of(np.frombuffer(data.hex().upper().encode(), np.uint8))
    assert back is not None and back.tobytes() == data


def test_what_is_no_digit() -> None:
    assert bytes_of(np.frombuffer(b"6g", np.uint8)) is None


def test_arrow_in_and_out(cursor: Any) -> None:
    table = pa.table({"i": list(range(len(VALUES))), "b": pa.array(VALUES, pa.binary())})
    cursor.connection.write_arrow("t", table, create=True)
    assert stored(cursor) == VALUES
    cursor.execute("select b from t where b is not null order by b")
    ordered = cursor.fetch_arrow_table().column(0).to_pylist()
    assert ordered == sorted(v for v in VALUES if v is not None)


def test_rows_are_digits(cursor: Any) -> None:
    """As Redshift prints them, whatever the bytes are; Arrow has the bytes."""
    cursor.execute("select from_hex('6162'), from_hex('C7'), 'é'::varbyte, null::varbyte")
    assert cursor.fetchall() == [("6162", "c7", "c3a9", None)]
    assert cursor.description[0][1] == 6551 == warehouse.BINARY
    cursor.execute("select from_hex('c7') as v union all select from_hex('ff00') order by v")
    assert cursor.fetchone() == ("c7",)
    assert cursor.fetch_arrow_table().to_pydict() == {"v": [b"\xff\x00"]}


def test_what_is_left_behind_fetchone(cursor: Any) -> None:
    """Types that Python has no class for survive."""
    cursor.execute("select interval '1' year as y, 3 as i union all select interval '2' year, 4 order by i")
    assert cursor.fetchone()[1] == 3
    assert cursor.fetch_arrow_table().column("i").to_pylist() == [4]


def test_parameters(cursor: Any) -> None:
    cursor.execute("select to_hex(%s), len(%s), %s = from_hex('00')", (b"\xff\x00", bytearray(b"abc"), b"\x00"))
    assert cursor.fetchall() == [("ff00", 3, True)]


def test_copy_of_csv(cursor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digits of either case, by the fast way and by the reader that defines what COPY takes."""
    cursor.execute("create table t (i integer, b varbyte(4))")
    (tmp_path / "1.csv").write_text("1,6162\n2,\n3,FFfe\n")
    (tmp_path / "2.csv").write_text('4,"00"\r\n5,a0\n')
    cursor.execute(f"copy t from '{tmp_path}/' csv")
    assert stored(cursor) == [b"ab", None, b"\xff\xfe", b"\0", b"\xa0"]
    monkeypatch.setattr(FastParser, "parse", lambda self, chunk: None)
    cursor.execute("truncate t")
    cursor.execute(f"copy t from '{tmp_path}/' csv")
    assert stored(cursor) == [b"ab", None, b"\xff\xfe", b"\0", b"\xa0"]


@pytest.mark.parametrize("text", ["1,616", "1,zz", "1,6162636465"])
def test_copy_refuses(cursor: Any, tmp_path: Path, text: str) -> None:
    cursor.execute("create table t (i integer, b varbyte(4))")
    (tmp_path / "1.csv").write_text(text + "\n")
    with pytest.raises(warehouse.Error, match=r"hexadecimal|too long|length"):
        cursor.execute(f"copy t from '{tmp_path}/' csv")


@pytest.mark.parametrize("clause", ["fixedwidth 'i:2,b:4'", "removequotes"])
def test_copy_refuses_clauses(cursor: Any, tmp_path: Path, clause: str) -> None:
    cursor.execute("create table t (i integer, b varbyte(4))")
    (tmp_path / "1.txt").write_text("1|61\n")
    with pytest.raises(warehouse.NotSupportedError, match=f"of type .* with {clause.split()[0].upper()}"):
        cursor.execute(f"copy t from '{tmp_path}/' {clause}")


def test_copy_of_parquet(cursor: Any, tmp_path: Path) -> None:
    cursor.execute("create table t (i integer, b varbyte(256))")
    table = pa.table({"i": list(range(len(VALUES))), "b": pa.array(VALUES, pa.binary())})
    pq.write_table(table, tmp_path / "1.parquet")
    cursor.execute(f"copy t from '{tmp_path}/' format parquet")
    assert stored(cursor) == VALUES


def test_too_long(cursor: Any) -> None:
    cursor.execute("create table t (i integer, b varbyte(2))")
    with pytest.raises(warehouse.DataError, match="too long"):
        cursor.connection.write_arrow("t", pa.table({"i": [1], "b": pa.array([b"abc"], pa.binary())}))
