"""COPY: all files under a prefix, one commit, and nothing left of one that fails."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warehouse.errors import Error


@pytest.fixture
def t(db: Any) -> Any:
    db.execute("create table t (a int not null, b varchar(5), c int default 7)")
    return db


def contents(db: Any) -> list[tuple[Any, ...]]:
    return sorted(db.execute("select * from t").fetchall())


def test_many_parquet_files_in_order(t: Any, tmp_path: Path) -> None:
    for i in range(6):
        numbers = list(range(i * 1000, (i + 1) * 1000))
        pq.write_table(
            pa.table({"a": pa.array(numbers, pa.int32()), "b": [f"{n}" for n in numbers], "c": numbers}),
            tmp_path / f"part-{i}.parquet",
            row_group_size=300,
        )
    cursor = t.execute(f"copy t from '{tmp_path}/part-' format as parquet")
    assert (cursor.statusmessage, cursor.rowcount) == ("COPY", 6000)
    assert cursor.notices == ["INFO:  Load into table 't' completed, 6000 record(s) loaded successfully."]
    assert contents(t) == [(n, str(n), n) for n in range(6000)]


def test_delimited_csv_and_gzip(t: Any, tmp_path: Path) -> None:
    (tmp_path / "a.tbl").write_text("1|x|5\n2|y|6\n")
    (tmp_path / "b.csv").write_text('a,b\n3,"p,q"\n')
    (tmp_path / "c.gz").write_bytes(gzip.compress(b"4|z|8\n"))
    t.execute(f"copy t from '{tmp_path}/a.tbl'")
    t.execute(f"copy t (a, b) from 'file://{tmp_path}/b.csv' csv ignoreheader 1")
    t.execute(f"copy t from '{tmp_path}/c.gz' gzip delimiter '|'")
    assert contents(t) == [(1, "x", 5), (2, "y", 6), (3, "p,q", 7), (4, "z", 8)]


@pytest.mark.parametrize(
    ("text", "options", "sqlstate", "words"),
    [
        ("1|x|5\nzwei|y|6\n", "", "22P04", 'line 2, column "a"'),
        ("1|x|5\n|y|6\n", "", "22P04", "line 2"),
        ("1|toolong|5\n", "", "22P04", 'column "b"'),
        ("1|x\n", "", "22P04", "line 1"),
        ("1|x|5\n", "zstd", "58030", "cannot be read"),
        ("1|x|5\n", "lzop", "0A000", "LZOP"),
        ("1|x|5\n", "format parquet", "22P04", "Parquet"),
    ],
)
def test_bad_input_leaves_nothing(t: Any, tmp_path: Path, text: str, options: str, sqlstate: str, words: str) -> None:
    (tmp_path / "x.tbl").write_text(text)
    with pytest.raises(Error) as caught:
        t.execute(f"copy t from '{tmp_path}/x.tbl' {options}")
    assert caught.value.sqlstate == sqlstate
    assert words in str(caught.value)
    assert contents(t) == []
    assert not list(t.session.database.data_folder().glob("*/*/*.ext"))


def test_a_bad_part_among_many(t: Any, tmp_path: Path) -> None:
    for i in range(8):
        (tmp_path / f"p{i}").write_text("1|x|5\n" * 1000 if i != 5 else "1|x|5\nbad|x|5\n")
    with pytest.raises(Error, match=r"p5.*line 2"):
        t.execute(f"copy t from '{tmp_path}/p'")
    assert contents(t) == []


def test_targets(t: Any, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("1\n")
    with pytest.raises(Error, match="NOT NULL column without DEFAULT must be included in column list"):
        t.execute(f"copy t (c) from '{tmp_path}/x'")
    with pytest.raises(Error, match="nosuch") as caught:
        t.execute(f"copy nosuch from '{tmp_path}/x'")
    assert caught.value.sqlstate == "42P01"
    with pytest.raises(Error) as caught:
        t.execute(f"copy t from '{tmp_path}/missing'")
    assert caught.value.sqlstate == "58P01"
    with pytest.raises(Error, match="emr://") as caught:
        t.execute("copy t from 'emr://cluster/x' iam_role default")
    assert caught.value.sqlstate == "0A000"


def test_identity_columns(db: Any, tmp_path: Path) -> None:
    db.execute("create table i (id int identity(1, 1), b varchar(5))")
    (tmp_path / "x").write_text("x\ny\n")
    with pytest.raises(Error, match="EXPLICIT_IDS"):
        db.execute(f"copy i (id, b) from '{tmp_path}/x'")
    db.execute(f"copy i from '{tmp_path}/x'")
    assert sorted(db.execute("select * from i").fetchall()) == [(1, "x"), (2, "y")]


def test_parquet_with_another_schema(t: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": ["text"], "y": ["b"], "z": [1]}), tmp_path / "x.parquet")
    with pytest.raises(Error, match='incompatible Parquet schema for column "a"') as caught:
        t.execute(f"copy t from '{tmp_path}/x.parquet' parquet")
    assert caught.value.sqlstate == "22P04"
    pq.write_table(pa.table({"x": [1]}), tmp_path / "y.parquet")
    with pytest.raises(Error, match="Unmatched number of columns"):
        t.execute(f"copy t from '{tmp_path}/y.parquet' parquet")
    assert contents(t) == []
