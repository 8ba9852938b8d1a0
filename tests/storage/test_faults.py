"""A failing disk: a full one, one that cannot be written or read. A clean error, and nothing is lost or left over."""
from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import warehouse
from warehouse.errors import DataCorrupted, DiskFull, Error, FileError
from warehouse.storage import access_locks, failpoints, locks
from warehouse.storage.blockio import BlockReader


def failing(code: int) -> Callable[[], None]:
    def fail() -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Any]:
    with warehouse.connect(tmp_path / "dw", nodes=1, slices_per_node=2, autocommit=True) as c:
        c.execute("create table t (id int, v int) diststyle even")
        c.execute("insert into t values (1, 1), (2, 2), (3, 3)")
        c.execute("create table s as select 1 as id, 7 as v")
        (tmp_path / "rows.csv").write_text("8,8\n9,9\n")
        yield c


WRITES = [
    "insert into t values (4, 4)",
    "insert into t select id + 10, v from t",
    "update t set v = v + 1",
    "delete from t where id = 1",
    "merge into t using s on t.id = s.id when matched then update set v = s.v"
    " when not matched then insert values (s.id, s.v)",
    "copy t from '{folder}/rows.csv' csv",
    "create table c as select * from t",
    "vacuum full t to 100 percent",
]
ROWS = [(1, 1), (2, 2), (3, 3)]


def rows(c: Any) -> list[tuple[Any, ...]]:
    return list(c.execute("select id, v from t order by id").fetchall())


@pytest.mark.usefixtures("in_files")
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("point", ["extent.write", "extent.sync", "load.synced", "commit.written"])
def test_a_write_that_fails_is_an_error_and_nothing_else(
    db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, code: int
) -> None:
    if point == "extent.write":
        db.execute("delete from t where id = 3")  # something to rewrite
        db.execute("insert into t values (3, 3)")
    before = sorted(tmp_path.rglob("*.ext"))
    failed = 0
    for sql in WRITES:
        monkeypatch.setitem(failpoints.ACTIONS, point, failing(code))
        try:
            db.execute(sql.format(folder=tmp_path))
        except (FileError, DiskFull) as error:
            failed += 1
            assert isinstance(error, DiskFull) == (code == errno.ENOSPC)
            assert os.strerror(code) in error.message
        monkeypatch.delitem(failpoints.ACTIONS, point)
        assert rows(db) == ROWS if sql != "delete from t where id = 1" or point.startswith("commit") else rows(db)
        if rows(db) != ROWS:  # a DELETE writes no extent
            db.execute("insert into t values (1, 1)")
            before = sorted(tmp_path.rglob("*.ext"))
    assert failed >= len(WRITES) - 2
    assert sorted(tmp_path.rglob("*.ext")) == before
    db.execute("insert into t values (4, 4)")  # and on it goes
    assert len(rows(db)) == 4


def test_a_full_catalogue(db: Any) -> None:
    """SQLite's own word that the disk is full."""
    connection = db.session.database._store.connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull, match="full"):
        for n in range(2000):
            db.execute(f"create table n{n} (a int, b varchar(100), c varchar(100))")
    assert rows(db) == ROWS
    connection.execute("PRAGMA max_page_count = 1000000")
    db.execute("insert into t values (4, 4)")
    assert len(rows(db)) == 4


def test_a_lock_that_cannot_say_whose_it_is_is_let_go(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full when a lock's file is written: nobody waits for it afterwards. Closing a table does not fail
    for that: DROP and TRUNCATE make room."""

    class Full:
        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

        def pwrite(self, *_: Any) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for sql in ("truncate t", "alter table t add column w int", "drop table t", "insert into t values (4, 4)"):
        with monkeypatch.context() as patch, pytest.raises(DiskFull, match="No space left"):
            patch.setattr(locks, "os", Full())
            db.execute(sql)
        with warehouse.connect(db.session.database.path, autocommit=True) as other:
            other.execute("set statement_timeout to 5000")
            other.execute("update t set v = v")
            other.execute("alter table t alter sortkey none")
    assert rows(db) == ROWS
    with monkeypatch.context() as patch:
        patch.setattr(access_locks, "os", Full())
        db.execute("truncate t")
    assert rows(db) == []


def test_a_read_that_fails(db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, offset: int, data: Any) -> None:
        raise FileError(f'could not read file "{path}": {os.strerror(errno.EIO)}')

    db.close()
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        monkeypatch.setattr(BlockReader, "fault", fail)
        for sql in ("select sum(v) from t", "update t set v = v + 1", "insert into t select id, v + 1 from t"):
            with pytest.raises(Error, match="Input/output error"):
                c.execute(sql).close()
        monkeypatch.undo()
        assert rows(c) == ROWS


@pytest.mark.parametrize("place", ["committed", "commit_delta"])
@pytest.mark.parametrize("sql", [
    "insert into t select a, b from source", "alter table t alter sortkey (b)",
    "create table u as select * from source", "alter table t append from moved",
])
def test_an_interrupt_right_behind_the_commit_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, sql: str
) -> None:
    """Ctrl-C may fall anywhere, also between a commit and whoever is told of it: the files are needed by then."""
    from warehouse.engine.session import Session
    from warehouse.storage.transactions import Transaction

    owner: Any = Transaction if place == "committed" else Session
    with warehouse.connect(tmp_path / "dw", autocommit=True, maintenance=False) as connection:
        for name in ("source", "t", "moved"):
            connection.execute(f"create table {name} (a bigint, b bigint)")
        connection.write_arrow("source", pa.table({"a": range(30_000), "b": range(30_000)}), create=False)
        connection.execute("insert into t select a, b from source")
        connection.execute("insert into moved select a, b from source")
        true = getattr(owner, place)

        def interrupted(*args: Any) -> None:
            if place == "commit_delta":
                true(*args)
            raise KeyboardInterrupt

        monkeypatch.setattr(owner, place, interrupted)
        with pytest.raises((KeyboardInterrupt, warehouse.Error)):
            connection.execute(sql)
        monkeypatch.setattr(owner, place, true)
    with warehouse.connect(tmp_path / "dw", autocommit=True, maintenance=False) as connection:
        tables = ["u"] if "table u" in sql else ["t", "moved"] if "append" in sql else ["t"]
        found = [connection.execute(f"select count(*), sum(b) from {table}").fetchone() for table in tables]
        rows = sum(count for count, _ in found)
        assert rows == (60_000 if "insert" in sql or "append" in sql else 30_000)
        assert sum(total or 0 for _, total in found) == rows // 30_000 * 449_985_000


@pytest.mark.usefixtures("in_files")
def test_a_file_that_is_whole_and_another_one(tmp_path: Path) -> None:
    """A folder that was copied back piece by piece gives no wrong rows."""
    with warehouse.connect(tmp_path / "dw", autocommit=True, nodes=1, slices_per_node=1, maintenance=False) as c:
        c.execute("create table u (a int); insert into u values (1); insert into u values (2), (3)")
    few, many = sorted((tmp_path / "dw" / "data").rglob("*.ext"), key=lambda p: p.stat().st_size)
    few.write_bytes(many.read_bytes())
    with warehouse.connect(tmp_path / "dw", autocommit=True, maintenance=False) as c, pytest.raises(
        DataCorrupted, match="is not the one that the catalogue names"
    ):
        c.execute("select * from u").fetchall()
