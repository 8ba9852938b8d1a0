"""Bad input: each mistake and each kind of damage gives the right DB-API class, SQLSTATE and place,
leaves the database as it was and the session usable."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse
from warehouse.errors import (
    DatabaseInUse,
    DataCorrupted,
    DataError,
    Error,
    FileMissing,
    FormatTooNew,
    IntegrityError,
    OperationalError,
    OutOfMemory,
    ProgrammingError,
    QueryCanceled,
)

ROWS = [(1, "x", 1.5, 32767, 9223372036854775807, 1), (0, "y", 2.5, 1, 2, 2)]


@pytest.fixture(scope="module")
def bad() -> Iterator[Any]:
    """A connection whose table t must never change."""
    with warehouse.connect(autocommit=True) as c:
        c.execute(
            "create table t (a int, b varchar(5), f float8, s smallint, big bigint, n int not null)"
        )
        c.cursor().executemany("insert into t values (%s, %s, %s, %s, %s, %s)", ROWS)
        yield c


def fails(c: Any, sql: str, sqlstate: str, kind: type[Error]) -> Error:
    """The error of a statement, after which t is as it was."""
    with pytest.raises(kind) as caught:
        c.execute(sql).fetchall()
    assert caught.value.sqlstate == sqlstate, str(caught.value)
    assert sorted(c.execute("select * from t").fetchall()) == sorted(ROWS)
    assert "u" not in [name for (name,) in c.execute("select relname from pg_class").fetchall()]
    return caught.value


# -- texts: the place is what stands between the angle brackets ----------------------------------------


@pytest.mark.parametrize(("sql", "sqlstate", "kind", "words"), [
    # names
    ("select * from <nope>", "42P01", ProgrammingError, 'relation "nope" does not exist'),
    ("select <nope> from t", "42703", ProgrammingError, 'column "nope" does not exist'),
    ("select a from t where <t.nope> = 1", "42703", ProgrammingError, "t.nope"),
    ("select <nofunc(a)> from t", "42883", ProgrammingError, "nofunc(integer)"),
    ("insert into <nope> values (1)", "42P01", ProgrammingError, "nope"),
    ("drop table <nope>", "42P01", ProgrammingError, "nope"),
    ("create table <t> (a int)", "42P07", ProgrammingError, "already exists"),
    ("create table u (a int, <a> int)", "42701", ProgrammingError, "more than once"),
    ("create table u (a <nosuch>)", "42704", ProgrammingError, "nosuch"),
    # types
    ("select <a + b> from t", "42883", ProgrammingError, "integer + character varying"),
    ("select a from t where <b>", "42804", ProgrammingError, "boolean"),
    ("select a from t where a = <'x'>", "22P02", DataError, '"x"'),
    ("select a from t union select <b> from t", "42804", ProgrammingError, "cannot be matched"),
    ("insert into t (a, n) values (<'x'>, 1)", "22P02", DataError, '"x"'),
    ("insert into t (b, n) values (<'too long'>, 1)", "22001", DataError, "character varying(5)"),
    ("insert into t (s, n) values (<99999>, 1)", "22003", DataError, "smallint"),
    ("insert into t (a, n) select b, 1 from t", "42804", ProgrammingError, "expression is of type"),
    # encodings
    ("create table u (<a> varchar(5) encode delta)", "42P16", ProgrammingError, "invalid encoding type"),
    ("create table u (<a> int encode text255)", "42P16", ProgrammingError, "invalid encoding type"),
    ("create table u (<a> float8 encode az64)", "42P16", ProgrammingError, "invalid encoding type"),
    ("create table u (<a> int encode nosuch)", "42P16", ProgrammingError, "not recognized"),
    # values of rows, found while running
    ("select a from t where <10 / a> > 1", "22012", DataError, "division by zero"),
    ("select n from t where n > 1 and <n % a> = 1", "22012", DataError, "division by zero"),
    ("select a, sum(n) from t group by a having <sum(n) / a> > 0", "22012", DataError, "division by zero"),
    ("select <s + s> from t", "22003", DataError, "out of range"),
    ("select a from t where <big * 2> > 1", "22003", DataError, "out of range"),
    ("select cast(<big> as int) from t", "22003", DataError, "out of range"),
    ("select <b>::int from t", "22P02", DataError, "invalid input syntax"),
    ("insert into t (a, n) values (<1 / 0>, 1)", "22012", DataError, "division by zero"),
    ("insert into t (s, n) select <big>, 1 from t", "22003", DataError, "out of range"),
    ("insert into t (a, n) values (1, null)", "23502", IntegrityError, '"n"'),
    # refused by name
    # syntax
    ("<selec> 1", "42601", ProgrammingError, "selec"),
    ("select a from t where<>", "42601", ProgrammingError, "end of input"),
    ("select 1; select <nope> from t", "42703", ProgrammingError, "nope"),
])  # fmt: skip
def test_statement(bad: Any, sql: str, sqlstate: str, kind: type[Error], words: str) -> None:
    start = sql.find("<")
    while start >= 0 and sql[start + 1] == " ":  # a comparison
        start = sql.find("<", start + 1)
    text = sql if start < 0 else sql[:start] + sql[start + 1 :].replace(">", "", 1)
    error = fails(bad, text, sqlstate, kind)
    assert words in str(error)
    assert error.position == (None if start < 0 else start)


def test_errors_count_only_rows_that_count(bad: Any) -> None:
    assert bad.execute("select 10 / a from t where a > 0").fetchall() == [(10,)]
    assert bad.execute("select case when a > 0 then 10 / a end from t order by n").fetchall() == [(10,), (None,)]


# -- files that COPY reads -----------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "words"), [
    ("1,x,1.5,1,1,1\n2,y,zz,1,1,1\n", ['line 2, column "f"', "'zz'"]),
    ("1,x,1.5,1,1,1\n2\n", ["line 2", "Delimiter not found"]),
    ("1,x,1.5,99999,1,1\n", ['line 1, column "s"', "Overflow"]),
    ("1,too long,1.5,1,1,1\n", ['line 1, column "b"', "length"]),
    ("1,x,1.5,1,1,\n", ['line 1, column "n"', "not-null"]),
    ('1,"x,1.5,1,1,1\n', ["line 1", "quote"]),
])  # fmt: skip
def test_a_broken_row(bad: Any, tmp_path: Path, content: str, words: list[str]) -> None:
    (tmp_path / "1good.csv").write_text("5,v,1,1,1,1\n")
    (tmp_path / "2bad.csv").write_text(content)
    error = fails(bad, f"copy t from '{tmp_path}/' csv", "22P04", DataError)
    for word in ["2bad.csv", *words]:
        assert word in str(error) + str(error.detail)


def test_a_parquet_file_with_another_schema(bad: Any, tmp_path: Path) -> None:
    few, wrong, none = (tmp_path / f"{name}.parquet" for name in ("few", "wrong", "none"))
    pq.write_table(pa.table({"a": [1]}), few)
    columns: dict[str, list[Any]] = {"a": ["no"], "b": ["x"], "f": [1.0], "s": [1], "big": [1], "n": [1]}
    pq.write_table(pa.table(columns), wrong)
    none.write_text("1,x,1.5,1,1,1\n" * 10)
    for file, words in ((few, "Unmatched number of columns"), (wrong, 'column "a"'), (none, "not a readable")):
        error = fails(bad, f"copy t from '{file}' format parquet", "22P04", DataError)
        assert words in str(error) and file.name in str(error)


def test_a_missing_file(bad: Any, tmp_path: Path) -> None:
    for form in ("csv", "format parquet"):
        error = fails(bad, f"copy t from '{tmp_path}/nothing' {form}", "58P01", OperationalError)
        assert "nothing" in str(error)


# -- damage on disk ------------------------------------------------------------------------------------

WIDE = (
    "a int, b varchar(9), v decimal(20,3) encode zstd, f float8, s varchar(300) encode lzo, "
    "k date encode runlength, g bigint encode delta32k, h varchar(20) encode text255, i int encode mostly8"
)


@pytest.fixture
def folder(tmp_path: Path, in_files: None) -> Path:
    path = tmp_path / "dw"
    with warehouse.connect(path, autocommit=True) as c:
        c.execute(f"create table t ({WIDE}) diststyle even")
        rows = [
            (i if i % 7 else None, f"n{i % 5}", i, i / 3, "text " * (i % 9), f"2020-01-0{i % 3 + 1}", i * 3,
             f"w{i} x{i % 4}", i % 200)
            for i in range(40)
        ]  # fmt: skip
        c.cursor().executemany(f"insert into t values ({', '.join(['%s'] * 9)})", rows)
    return path


def extent_of(folder: Path) -> Path:
    return sorted(folder.rglob("*.ext"))[0]


def test_any_flipped_byte_is_found(folder: Path) -> None:
    """One byte in 53 of the file, all of its parts: blocks, padding, footer, end."""
    extent = extent_of(folder)
    whole = extent.read_bytes()
    for at in [*range(0, len(whole), 53), *range(len(whole) - 9, len(whole))]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        extent.write_bytes(damaged)
        with warehouse.connect(folder, read_only=True, autocommit=True) as c:
            with pytest.raises((DataCorrupted, FormatTooNew)) as caught:
                c.execute("select * from t").fetchall()
            assert extent.name in str(caught.value), at
            assert c.execute("select 1").fetchone() == (1,)
    extent.write_bytes(whole)
    with warehouse.connect(folder, autocommit=True) as c:
        assert c.execute("select count(a), sum(g) from t").fetchone() == (34, 2340)


def test_a_damaged_block_is_named_and_the_others_serve(folder: Path) -> None:
    extent = extent_of(folder)
    damaged = bytearray(extent.read_bytes())
    damaged[70] ^= 1  # in the first column's block
    extent.write_bytes(damaged)
    with warehouse.connect(folder, autocommit=True) as c:
        with pytest.raises(DataCorrupted, match="row group 0, column 0") as caught:
            c.execute("select a from t").fetchall()
        assert caught.value.sqlstate == "XX001" and isinstance(caught.value, OperationalError)
        assert c.execute("select sum(g) from t").fetchone() == (2340,)


def test_a_truncated_extent(folder: Path) -> None:
    extent = extent_of(folder)
    whole = extent.read_bytes()
    for size in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        extent.write_bytes(whole[:size])
        with warehouse.connect(folder, autocommit=True) as c, pytest.raises(DataCorrupted, match=extent.name):
            c.execute("select b from t").fetchall()


def test_a_missing_extent_costs_no_other_file(folder: Path) -> None:
    extent, other = sorted(folder.rglob("*.ext"))
    extent.unlink()
    with warehouse.connect(folder, autocommit=True) as c, pytest.raises(FileMissing, match=extent.name):
        c.execute("select b from t").fetchall()
    assert other.exists()


@pytest.mark.parametrize("content", [None, b"", b"not a database " * 100])
def test_a_lost_or_damaged_catalogue(folder: Path, content: bytes | None) -> None:
    catalogue = folder / "catalog.sqlite"
    kept = catalogue.read_bytes()
    catalogue.unlink()
    if content is not None:
        catalogue.write_bytes(content)
    with pytest.raises(DataCorrupted, match=r"catalog\.sqlite"):
        warehouse.connect(folder, autocommit=True)
    catalogue.write_bytes(kept)  # a copy put back finds all data files in place
    with warehouse.connect(folder, autocommit=True) as c:
        assert c.execute("select count(*) from t").fetchone() == (40,)


def test_a_newer_format(folder: Path) -> None:
    catalogue = sqlite3.connect(folder / "catalog.sqlite")
    catalogue.execute("update meta set value = '999' where key = 'format'")
    catalogue.commit()
    catalogue.close()
    for read_only in (False, True):
        with pytest.raises(FormatTooNew, match="999") as caught:
            warehouse.connect(folder, read_only=read_only, autocommit=True)
        assert caught.value.sqlstate == "58P02" and isinstance(caught.value, OperationalError)
    assert extent_of(folder).exists()


def test_a_process_of_an_earlier_release_keeps_others_out(folder: Path) -> None:
    """It locks the folder exclusively; the error names it."""
    code = (
        "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.flock(f, fcntl.LOCK_EX)\n"
        "print('open', flush=True); sys.stdin.read()"
    )
    arguments = [sys.executable, "-c", code, str(folder / "locks" / "database.lock")]
    with subprocess.Popen(arguments, stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "open\n"
        with pytest.raises(DatabaseInUse, match=f"process {other.pid}.*earlier release") as caught:
            warehouse.connect(folder, autocommit=True)
        assert caught.value.sqlstate == "55006" and isinstance(caught.value, OperationalError)
        other.communicate("")
    with warehouse.connect(folder, autocommit=True) as c:
        assert c.execute("select count(*) from t").fetchone() == (40,)


# -- too much memory, too much time --------------------------------------------------------------------

NUMBERS = 400_000


@pytest.fixture(scope="module")
def crowd() -> Iterator[Any]:
    """A connection with little memory and a table that is too large for it."""
    with warehouse.connect(memory_limit="4MB", threads=2, autocommit=True) as c:
        numbers = np.arange(NUMBERS)
        for start in range(0, NUMBERS, NUMBERS // 4):
            part = numbers[start : start + NUMBERS // 4]
            c.write_arrow("numbers", pa.table({"k": part, "g": part[::-1].copy()}), create=not start)
        yield c


@pytest.mark.parametrize(("sql", "step"), [
    ("select repeat(k::varchar, 9000) from numbers", "scan of numbers"),  # a batch of rows is the least there can be
    ("select k, listagg(g, ',') over (partition by k / 5000) from numbers", "scan of numbers|sort|window"),
])  # fmt: skip
def test_a_query_over_its_memory_names_the_step(crowd: Any, sql: str, step: str) -> None:
    with pytest.raises(OutOfMemory) as caught:
        crowd.execute(sql).fetchall()
    assert caught.value.sqlstate == "53200" and isinstance(caught.value, OperationalError)
    assert re.search(f"out of memory: ({step}) needs .* MB more", str(caught.value))
    assert "of 4.0 MB" in str(caught.value.detail)
    assert crowd.execute("select count(*), max(k) from numbers").fetchone() == (NUMBERS, NUMBERS - 1)


@pytest.mark.parametrize(("sql", "rows"), [
    ("select * from numbers order by g", NUMBERS),
    ("select sum(k) over (order by g rows unbounded preceding) from numbers", NUMBERS),
    ("with recursive r(k) as (select k from numbers union all select k + 400000 from r where k < 1200000)"
     " select count(*) from r", 1),
    ("select count(*) from numbers a, numbers b where a.k = b.g and a.g < b.k + 7", 1),
])  # fmt: skip
def test_a_query_over_its_memory_goes_on_on_disk(crowd: Any, sql: str, rows: int) -> None:
    assert len(crowd.execute(sql).fetchall()) == rows


# Hours of work each.
ENDLESS = (
    "select count(*) from numbers a, numbers b where a.k < b.k",
    "select max(a.k) from numbers a, numbers b, numbers c where a.g <> b.g and b.k <> c.k",
    "create table u as select a.k from numbers a, numbers b, numbers c where (a.k - b.k) * (a.k - c.k) + 1 = -3 * b.k",
)


@pytest.fixture(scope="module")
def patient() -> Iterator[Any]:
    """A connection with enough memory for ENDLESS to begin."""
    with warehouse.connect(threads=2, autocommit=True) as c:
        numbers = np.arange(NUMBERS)
        c.write_arrow("numbers", pa.table({"k": numbers, "g": numbers[::-1].copy()}), create=True)
        yield c


@pytest.mark.parametrize("sql", ENDLESS)
def test_cancel_from_another_thread(patient: Any, sql: str) -> None:
    timer = threading.Timer(0.05, patient.cancel)
    timer.start()
    with pytest.raises(QueryCanceled) as caught:
        patient.execute(sql).fetchall()
    timer.join()
    assert caught.value.sqlstate == "57014" and isinstance(caught.value, OperationalError)
    assert patient.execute("select count(*) from numbers").fetchone() == (NUMBERS,)
    assert not patient.execute("select * from pg_class where relname = 'u'").fetchall()


@pytest.mark.parametrize("sql", ENDLESS)
def test_statement_timeout(patient: Any, sql: str) -> None:
    patient.execute("set statement_timeout to 50")
    try:
        with pytest.raises(QueryCanceled, match="statement_timeout") as caught:
            patient.execute(sql).fetchall()
    finally:
        patient.execute("reset statement_timeout")
    assert caught.value.sqlstate == "57014"
    assert patient.execute("select count(*) from numbers").fetchone() == (NUMBERS,)
