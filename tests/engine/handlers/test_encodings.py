"""ENCODE on real tables: every encoding holds its values, wrong ones are refused, loads choose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warehouse.errors import InvalidDefinition

NUMBERS = [None if i % 11 == 0 else (i * 37) % 100 for i in range(3000)]
WORDS = [None if i % 13 == 0 else f"word {i % 40} of {i % 7}" for i in range(3000)]
ENCODINGS = {
    "raw": ("int", NUMBERS), "az64": ("int", NUMBERS), "bytedict": ("int", NUMBERS), "delta": ("int", NUMBERS),
    "delta32k": ("int", NUMBERS), "lzo": ("varchar(30)", WORDS), "mostly8": ("int", NUMBERS),
    "mostly16": ("int", NUMBERS), "mostly32": ("bigint", NUMBERS), "runlength": ("int", sorted(filter(None, NUMBERS))),
    "text255": ("varchar(30)", WORDS), "text32k": ("varchar(30)", WORDS), "zstd": ("varchar(30)", WORDS),
}  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_round_trip(db: Any, encoding: str) -> None:
    declaration, values = ENCODINGS[encoding]
    db.execute(f"create table t (k int, v {declaration} encode {encoding}) diststyle even")
    db.cursor().executemany("insert into t values (%s, %s)", list(enumerate(values)))
    assert [v for _, v in db.execute("select k, v from t order by k").fetchall()] == list(values)
    found = db.execute("select encoding from pg_table_def where tablename = 't' and \"column\" = 'v'").fetchone()
    assert found == ("none" if encoding == "raw" else encoding,)


def test_the_wrong_type_is_refused(db: Any) -> None:
    with pytest.raises(InvalidDefinition, match='invalid encoding type specified for column "v"'):
        db.execute("create table t (v varchar(5) encode az64)")


def test_defaults_by_type(db: Any) -> None:
    db.execute(
        "create table t (k int encode zstd, i int, n numeric(5,1), d date, c char(3), v varchar(5), b bool, f real,"
        " s int) sortkey(s)"
    )
    found = db.execute("select \"column\", encoding from pg_table_def where tablename = 't'").fetchall()
    assert dict(found) == {
        "k": "zstd", "i": "az64", "n": "az64", "d": "az64", "c": "lzo", "v": "lzo", "b": "none", "f": "none",
        "s": "none",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("option", "encodings"),
    [("", ["auto", "raw"]), ("compupdate on", ["", ""]), ("compupdate off", ["auto", "raw"])],
)
def test_compupdate(db: Any, tmp_path: Path, option: str, encodings: list[str]) -> None:
    rows = 120_000
    pq.write_table(pa.table({"a": [i % 7 for i in range(rows)], "b": list(range(rows))}), tmp_path / "x.parquet")
    db.execute("create table t (a bigint, b bigint encode raw) encode auto diststyle even")
    db.execute(f"copy t from '{tmp_path}/x.parquet' parquet {option}")
    table = db.session.database.view().relation("public", "t")
    found = [c.encoding for c in table.columns]
    if option == "compupdate on":
        assert "raw" not in found and "auto" not in found
    elif option == "compupdate off":
        assert found == encodings
    else:
        assert found[0] not in ("auto", "raw") and found[1] == "raw"
    assert db.execute("select sum(a), sum(b) from t").fetchone() == (
        sum(i % 7 for i in range(rows)), rows * (rows - 1) // 2,
    )  # fmt: skip
