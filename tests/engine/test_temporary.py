"""Temporary tables between sessions, processes and databases: who sees them, and what is left of them."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import warehouse


def folders(database: Path) -> list[Path]:
    return sorted((database / "run").glob("temp-*"))


@pytest.mark.usefixtures("in_files")
def test_each_session_has_its_own(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    with warehouse.connect(path, autocommit=True) as one, warehouse.connect(path, autocommit=True) as other:
        one.execute("create temp table t (a int)")
        other.execute("create temp table t (b varchar(5))")
        one.execute("insert into t values (1), (2)")
        other.execute("insert into t values ('x')")
        assert one.execute("select * from t order by 1").fetchall() == [(1,), (2,)]
        assert other.execute("select * from t").fetchall() == [("x",)]
        assert len(folders(path)) == 2
        one.close()
        assert len(folders(path)) == 1
        assert other.execute("select * from t").fetchall() == [("x",)]
    assert folders(path) == []
    with (
        warehouse.connect(path) as again, pytest.raises(warehouse.ProgrammingError, match="does not exist"),
    ):
        again.execute("select * from t")


def test_nothing_is_written_to_the_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    with warehouse.connect(path, autocommit=True) as connection:
        before = connection.session.database.snapshot()
        connection.execute("create temp table t (a int)")
        connection.execute("insert into t values (1)")
        connection.execute("drop table t")
        assert connection.session.database.snapshot() == before
        assert list((path / "data").rglob("*.ext")) == []


def test_a_killed_process_leaves_nothing_for_long(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    code = (
        "import os, sys, warehouse\n"
        "from warehouse.storage.database import Database\n"
        "Database.inline_bytes = 0\n"
        "c = warehouse.connect(sys.argv[1], autocommit=True)\n"
        "c.execute('create temp table t (a int)')\n"
        "c.execute('insert into t values (1)')\n"
        "os._exit(9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(path)], env=dict(os.environ), check=False)
    assert ended.returncode == 9 and len(folders(path)) == 1
    with warehouse.connect(path, autocommit=True):
        assert folders(path) == []


def test_a_read_only_database_takes_them(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    with warehouse.connect(path, autocommit=True) as connection:
        connection.execute("create table t (a int)")
        connection.execute("insert into t values (1), (2)")
    with warehouse.connect(path, read_only=True, autocommit=True) as connection:
        connection.execute("create temp table doubled as select a * 2 as a from t")
        assert connection.execute("select * from doubled order by 1").fetchall() == [(2,), (4,)]
        with pytest.raises(warehouse.Error, match="read-only"):
            connection.execute("create table u (a int)")
    assert folders(path) == []


def test_rows_are_read_while_their_table_is_dropped() -> None:
    with warehouse.connect(":memory:", slices_per_node=2, autocommit=True) as connection:
        connection.execute("create temp table t (a int) diststyle even")
        connection.write_arrow("t", pa.table({"a": pa.array(range(300_000), pa.int32())}))
        reading = connection.cursor()
        reading.execute("select a from t")
        connection.cursor().execute("drop table t")
        assert len(reading.fetchall()) == 300_000


def test_an_arrow_table_may_become_one() -> None:
    with warehouse.connect(":memory:", autocommit=True) as connection:
        connection.write_arrow("#t", pa.table({"a": [1, 2]}), create=True)
        assert connection.execute("select sum(a) from #t").fetchall() == [(3,)]
        assert connection.execute("select count(*) from pg_table_def where schemaname = 'public'").fetchall() == [(0,)]


def test_an_auto_table_grows_out_of_all(tmp_path: Path) -> None:
    with warehouse.connect(tmp_path / "dw", nodes=2, slices_per_node=2, autocommit=True) as connection:
        connection.execute("create temp table t (a bigint)")
        for start in (0, 10):
            rows = pa.table({"a": pa.array(range(start, start + 200_000), pa.int64())})
            connection.write_arrow("t", rows)
        assert connection.execute("select count(*), max(a) from t").fetchall() == [(400_000, 200_009)]
