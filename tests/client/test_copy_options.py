"""Every option of COPY that is supported, through SQL: what the file says, what the table then holds."""
from __future__ import annotations

import bz2
import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse

# option text, file text, rows expected of t (a integer, b varchar(4), c decimal(5,2))
CASES: dict[str, tuple[str, str, list[tuple[Any, ...]]]] = {
    "DELIMITER": ("delimiter ','", "1,x,2.5\n", [(1, "x", "2.50")]),
    "CSV": ("csv", '1,"x,""y",2.5\n', [(1, 'x,"y', "2.50")]),
    "QUOTE": ("csv quote as ''''", "1,'x,y',2.5\n", [(1, "x,y", "2.50")]),
    "BLANKSASNULL": ("blanksasnull", "1|   |2\n", [(1, None, "2.00")]),
    "EMPTYASNULL": ("emptyasnull", "1||2\n", [(1, None, "2.00")]),
    "ESCAPE": ("escape", "1|x\\|y|2\n", [(1, "x|y", "2.00")]),
    "FILLRECORD": ("fillrecord", "1|x\n", [(1, "x", None)]),
    "IGNOREBLANKLINES": ("ignoreblanklines", "1|x|2\n\n\n", [(1, "x", "2.00")]),
    "IGNOREHEADER": ("ignoreheader 2", "a|b|c\n-|-|-\n1|x|2\n", [(1, "x", "2.00")]),
    "NULL AS": ("null as '-'", "1|-|2\n", [(1, None, "2.00")]),
    "REMOVEQUOTES": ("removequotes", '1|"x"|2\n', [(1, "x", "2.00")]),
    "ROUNDEC": ("roundec", "1|x|2.555\n", [(1, "x", "2.56")]),
    "TRIMBLANKS": ("trimblanks", "1|x   |2\n", [(1, "x", "2.00")]),
    "TRUNCATECOLUMNS": ("truncatecolumns", "1|abcdef|2\n", [(1, "abcd", "2.00")]),
    "COMPUPDATE": ("compupdate on", "1|x|2\n", [(1, "x", "2.00")]),
    "STATUPDATE": ("statupdate on", "1|x|2\n", [(1, "x", "2.00")]),
}


@pytest.fixture
def t(db: Any) -> Any:
    db.execute("create table t (a integer, b varchar(4), c decimal(5,2))")
    return db


def rows(db: Any) -> list[tuple[Any, ...]]:
    found = db.execute("select a, b, c from t order by a").fetchall()
    return [(a, b, None if c is None else str(c)) for a, b, c in found]


@pytest.mark.parametrize("option", CASES)
def test_option(t: Any, tmp_path: Path, option: str) -> None:
    clause, text, expected = CASES[option]
    (tmp_path / "in.txt").write_text(text)
    t.execute(f"copy t from '{tmp_path}/in.txt' {clause}")
    assert rows(t) == expected


@pytest.mark.parametrize("option", ["BLANKSASNULL", "FILLRECORD", "TRUNCATECOLUMNS", "IGNOREHEADER", "DELIMITER"])
def test_without_the_option_it_is_different(t: Any, tmp_path: Path, option: str) -> None:
    (tmp_path / "in.txt").write_text(CASES[option][1])
    try:
        t.execute(f"copy t from '{tmp_path}/in.txt'")
    except warehouse.DataError:
        assert rows(t) == []
    else:
        assert rows(t) != CASES[option][2]


@pytest.mark.parametrize(
    ("column", "clause", "text", "expected"),
    [
        ("date", "dateformat 'DD.MM.YYYY'", "31.01.2024", "2024-01-31"),
        ("date", "dateformat 'auto'", "Jan-31-2024", "2024-01-31"),
        ("timestamp", "timeformat 'epochsecs'", "86400", "1970-01-02 00:00:00"),
        ("timestamp", "timeformat 'DD.MM.YYYY HH:MI:SS'", "31.01.2024 10:20:30", "2024-01-31 10:20:30"),
    ],
)
def test_formats_of_dates_and_times(
    db: Any, tmp_path: Path, column: str, clause: str, text: str, expected: str
) -> None:
    db.execute(f"create table d (x {column})")
    (tmp_path / "in.txt").write_text(text + "\n")
    db.execute(f"copy d from '{tmp_path}/in.txt' {clause}")
    assert str(db.execute("select x from d").fetchone()[0]) == expected


def test_column_list(t: Any, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("2.5|1\n")
    t.execute(f"copy t (c, a) from '{tmp_path}/in.txt'")
    assert rows(t) == [(1, None, "2.50")]


def test_gzip_prefix_and_file_url(t: Any, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"part{number}.gz").write_bytes(gzip.compress(f"{number}|x|{number}\n".encode()))
    (tmp_path / "other.bz2").write_bytes(bz2.compress(b"9|x|9\n"))
    t.execute(f"copy t from 'file://{tmp_path}/part' gzip")
    assert [a for a, _, _ in rows(t)] == [1, 2, 3]


def test_a_broken_row_names_file_line_column_and_value(t: Any, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("1,x,1\n2,y,2\n3,z,oops\n")
    with pytest.raises(warehouse.DataError) as caught:
        t.execute(f"copy t from '{tmp_path}/in.csv' csv")
    told = f"{caught.value} {caught.value.detail}"
    assert "in.csv" in told and "3" in told and "c" in told and "oops" in told
    assert rows(t) == []


def test_all_files_or_none(t: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,x,1\n" * 1000)
    (tmp_path / "b.csv").write_text("1,toolong,1\n")
    with pytest.raises(warehouse.DataError):
        t.execute(f"copy t from '{tmp_path}/' csv")
    assert rows(t) == []


def test_parquet_by_position_and_other_schemas(t: Any, tmp_path: Path) -> None:
    good = pa.table({"x": pa.array([1], pa.int32()), "y": ["x"], "z": pa.array(["2.50"]).cast(pa.decimal128(5, 2))})
    pq.write_table(good, tmp_path / "good.parquet")
    t.execute(f"copy t from '{tmp_path}/good.parquet' format as parquet")
    assert rows(t) == [(1, "x", "2.50")]
    pq.write_table(good.set_column(0, "x", pa.array(["one"])), tmp_path / "bad.parquet")
    with pytest.raises(warehouse.Error) as caught:
        t.execute(f"copy t from '{tmp_path}/bad.parquet' format parquet")
    assert "bad.parquet" in f"{caught.value} {caught.value.detail}" and len(rows(t)) == 1
