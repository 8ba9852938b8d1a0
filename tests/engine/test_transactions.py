"""Transactions over two connections: what each sees, who waits, who is refused; the known anomalies by name."""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.errors import (
    Error,
    OperationalError,
    ProgrammingError,
    QueryCanceled,
    SerializationFailure,
    UndefinedTable,
)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """Two connections to one database with tables x and y of one row each."""
    path = tmp_path / "dw"
    with warehouse.connect(path, autocommit=True) as a, warehouse.connect(path, autocommit=True) as b:
        for table in ("x", "y"):
            a.execute(f"create table {table} (k int, v int)")
            a.execute(f"insert into {table} values (1, 10)")
        yield a, b


def value(c: Any, table: str = "x") -> int:
    return int(c.execute(f"select sum(v) from {table}").fetchone()[0])


def refused(action: Callable[[], Any]) -> SerializationFailure:
    with pytest.raises(SerializationFailure, match="1023") as caught:
        action()
    assert caught.value.sqlstate == "40001"
    assert "Serializable isolation violation on table - " in (caught.value.detail or "")
    return caught.value


# -- what is seen --------------------------------------------------------------------------------------


def test_no_dirty_read(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    a.execute("update x set v = 99")
    assert (value(a), value(b)) == (99, 10)
    a.execute("rollback")
    assert (value(a), value(b)) == (10, 10)


def test_no_fuzzy_read(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    assert value(a) == 10
    b.execute("update x set v = 11")
    assert value(a) == 10
    a.execute("commit")
    assert value(a) == 11


def test_no_phantom_read(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    assert a.execute("select count(*) from x where v > 5").fetchone() == (1,)
    b.execute("insert into x values (2, 20)")
    b.execute("create table z as select * from x")
    assert a.execute("select count(*) from x where v > 5").fetchone() == (1,)
    with pytest.raises(SerializationFailure, match="1018"):
        a.execute("select * from z")


def test_the_snapshot_is_taken_at_the_first_use(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    a.execute("select 1")
    b.execute("update x set v = 11")
    assert value(a) == 11


def test_no_lost_update(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    read = value(a)
    b.execute("update x set v = v + 1")
    refused(lambda: a.execute(f"update x set v = {read} + 1"))
    a.execute("rollback")
    assert value(a) == 11


def test_no_write_skew(two: tuple[Any, Any]) -> None:
    a, b = two
    for c in (a, b):
        c.execute("begin")
        assert value(c, "x") + value(c, "y") == 20
    a.execute("update x set v = 0")
    b.execute("update y set v = 0")
    a.execute("commit")
    refused(lambda: b.execute("commit"))
    assert (value(a, "x"), value(a, "y")) == (0, 10)
    assert value(b, "y") == 10  # and b goes on


def test_no_read_only_anomaly(two: tuple[Any, Any], tmp_path: Path) -> None:
    a, b = two
    a.execute("begin")
    assert value(a, "x") + value(a, "y") == 20
    b.execute("begin")
    assert value(b, "y") == 10
    b.execute("update y set v = 30")
    b.execute("commit")
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        assert c.execute("select sum(x.v + y.v) from x, y").fetchone() == (40,)
    a.execute("update x set v = -1")
    refused(lambda: a.execute("commit"))


REDEFINED = (
    "alter table x add column w int default 7", "alter table x drop column v", "alter table x rename column v to w",
    "alter table x rename to z", "drop table x",
)


@pytest.mark.parametrize("change", REDEFINED)
def test_a_definition_that_changes_is_a_write(two: tuple[Any, Any], change: str) -> None:
    """Each sees the database without what the other does: neither can have been the first."""
    a, b = two
    a.execute("begin; select * from x")
    b.execute("begin; select * from y")
    b.execute(change)
    b.execute("commit")
    a.execute("insert into y values (2, 20)")
    refused(lambda: a.execute("commit"))


@pytest.mark.parametrize("change", [*REDEFINED[:-1], "alter table x alter distkey k"])
def test_rows_for_a_table_of_another_definition_are_refused(two: tuple[Any, Any], change: str) -> None:
    a, b = two
    a.execute("begin; select * from x")
    b.execute(change)
    refused(lambda: a.execute("insert into x values (2, 20)"))


def test_another_key_or_encoding_is_no_write(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin; select * from x")
    b.execute("begin; select * from y")
    b.execute("alter table x alter distkey k")
    b.execute("commit")
    a.execute("insert into y values (2, 20)")
    a.execute("commit")


def test_blind_inserts_into_two_tables_commit(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    b.execute("begin")
    a.execute("insert into x values (2, 1)")
    b.execute("insert into y values (2, 1)")
    a.execute("commit")
    b.execute("commit")
    assert (value(a, "x"), value(a, "y")) == (11, 11)


# -- statements in a block --------------------------------------------------------------------------------


def test_ddl_is_transactional(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    a.execute("create schema s")
    a.execute("create table s.t (a int)")
    a.execute("insert into s.t values (1), (2)")
    a.execute("create view s.v as select sum(a) as n from s.t")
    a.execute("delete from s.t where a = 1")
    a.execute("drop table y")
    assert a.execute("select n from s.v").fetchone() == (2,)
    b.execute("set statement_timeout to 30")
    with pytest.raises(QueryCanceled):  # a table that is being dropped is not read
        value(b, "y")
    b.execute("reset statement_timeout")
    a.execute("commit")
    assert b.execute("select n from s.v").fetchone() == (2,)
    with pytest.raises(UndefinedTable):
        value(b, "y")


@pytest.mark.parametrize("kind", ["table", "schema"])
def test_if_not_exists_while_another_creates_it(
    two: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    a, b = two
    real, columns = a.session.commit_delta, "(k int)" if kind == "table" else ""

    def late(delta: Any) -> None:
        b.execute(f"create {kind} if not exists fresh {columns}")
        real(delta)

    monkeypatch.setattr(a.session, "commit_delta", late)
    a.execute(f"create {kind} if not exists fresh {columns}")
    assert "already exists and will be skipped" in str(a.notices[-1])
    b.execute(f"drop {kind} fresh")
    with pytest.raises(ProgrammingError, match="already exists"):
        a.execute(f"create {kind} fresh {columns}")


def test_what_comes_and_goes_in_one_block_leaves_nothing(two: tuple[Any, Any], tmp_path: Path) -> None:
    a, _ = two
    before = sorted(tmp_path.rglob("*.ext"))
    a.execute("begin")
    a.execute("create table t (a int)")
    a.execute("insert into t values (1)")
    a.execute("drop table t")
    a.execute("create schema s")
    a.execute("drop schema s")
    a.execute("insert into x values (5, 5)")
    a.execute("delete from x where k = 5")
    a.execute("commit")
    assert value(a) == 10
    assert sorted(tmp_path.rglob("*.ext")) == before


@pytest.mark.usefixtures("in_files")
def test_rollback_removes_files(two: tuple[Any, Any], tmp_path: Path) -> None:
    a, _ = two
    before = sorted(tmp_path.rglob("*.ext"))
    a.execute("begin")
    a.execute("insert into x values (5, 5)")
    assert len(list(tmp_path.rglob("*.ext"))) == len(before) + 1
    a.execute("rollback")
    assert sorted(tmp_path.rglob("*.ext")) == before


def test_the_catalogue_is_read_committed(two: tuple[Any, Any]) -> None:
    """System tables are no part of a block's snapshot; its own changes are in them, too."""
    a, b = two
    a.execute("begin; select * from x; create table mine (a int); insert into mine values (1)")
    b.execute("create table later (a int); drop table y; insert into later values (1), (2); analyze later")
    tables = "select tablename from pg_tables where schemaname = 'public' order by 1"
    assert a.execute(tables).fetchall() == [("later",), ("mine",), ("x",)]
    sizes = 'select "table", tbl_rows from svv_table_info order by 1'
    assert a.execute(sizes).fetchall() == [("later", 2), ("mine", 1), ("x", 1)]
    with pytest.raises(SerializationFailure, match="1018"):
        a.execute("select * from y")
    a.execute("rollback")
    assert b.execute(tables).fetchall() == [("later",), ("x",)]


def test_an_error_aborts_the_block(two: tuple[Any, Any]) -> None:
    a, _ = two
    a.execute("begin")
    a.execute("update x set v = 1")
    with pytest.raises(Error, match="division by zero"):
        a.execute("select 1 / 0 from x").fetchall()
    for statement in ("select 1", "begin", "insert into x values (1, 1)"):
        if statement != "begin":
            with pytest.raises(OperationalError, match="current transaction is aborted") as caught:
                a.execute(statement)
            assert caught.value.sqlstate == "25P02"
    assert a.execute("commit").statusmessage == "ROLLBACK"
    assert value(a) == 10


def test_notices_about_blocks(two: tuple[Any, Any]) -> None:
    a, _ = two
    a.execute("rollback")
    assert "no transaction in progress" in a.notices[-1]
    a.execute("begin")
    a.execute("begin")
    assert "already a transaction in progress" in a.notices[-1]


def test_truncate_commits(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    a.execute("update y set v = 1")
    a.execute("truncate x")
    a.execute("rollback")
    assert b.execute("select count(*) from x").fetchone() == (0,)
    assert value(b, "y") == 1


def test_statistics_of_a_block_are_not_kept_for_others(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    a.execute("insert into x values (1000, 1)")
    a.execute("analyze x")
    assert b.execute("select count(*) from x where k < 500").fetchone() == (1,)
    a.execute("rollback")
    assert a.execute("select max(k) from x").fetchone() == (1,)


# -- waiting ----------------------------------------------------------------------------------------------


def test_a_writer_waits_and_then_sees_what_it_waited_for(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    a.execute("update x set v = v + 1")
    done: list[int] = []
    thread = threading.Thread(target=lambda: done.append(b.execute("update x set v = v + 1").rowcount))
    thread.start()
    assert value(a) == 11
    a.execute("commit")
    thread.join(20)
    assert done == [1] and value(a) == 12


def test_waiting_ends_with_the_timeout(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    a.execute("delete from x")
    b.execute("set statement_timeout to 100")
    with pytest.raises(QueryCanceled):
        b.execute("update x set v = 1")
    b.execute("set statement_timeout to 10000")  # not of a busy machine
    assert value(b) == 10  # readers never wait
    a.execute("commit")


def test_deadlock(two: tuple[Any, Any]) -> None:
    a, b = two
    for c, table in ((a, "x"), (b, "y")):
        c.execute("begin")
        c.execute(f"update {table} set v = v + 1")
    outcome: list[Any] = []

    def crossing() -> None:
        try:
            outcome.append(a.execute("update y set v = v + 1").rowcount)
        except OperationalError as error:
            outcome.append(error.sqlstate)

    thread = threading.Thread(target=crossing)
    thread.start()
    try:
        outcome.append(b.execute("update x set v = v + 1").rowcount)
    except OperationalError as error:
        outcome.append(error.sqlstate)
        b.execute("rollback")
    thread.join(20)
    assert "40P01" in outcome
    for c in two:
        c.execute("rollback")


def test_a_closed_connection_gives_up_its_block(tmp_path: Path) -> None:
    with warehouse.connect(tmp_path / "dw", autocommit=True) as a:
        a.execute("create table t (a int)")
        b = warehouse.connect(tmp_path / "dw", autocommit=True)
        b.execute("begin")
        b.execute("insert into t values (1)")
        b.close()
        assert a.execute("insert into t values (2)").rowcount == 1
        assert a.execute("select sum(a) from t").fetchone() == (2,)
    with warehouse.connect(tmp_path / "dw", autocommit=True) as a:
        assert a.execute("select sum(a) from t").fetchone() == (2,)


def test_a_streaming_result_outlives_its_transaction(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("insert into x select k, v from x")
    a.execute("begin")
    cursor = a.execute("select v from x")
    a.execute("commit")
    b.execute("truncate x")
    assert cursor.fetchall() == [(10,), (10,)]


def test_transfers_keep_their_total(tmp_path: Path) -> None:
    """Several threads move money in blocks; who is refused tries again."""
    path, threads, moves = tmp_path / "dw", 4, 12
    with warehouse.connect(path, autocommit=True) as c:
        c.execute("create table account (id int, amount int)")
        c.execute("insert into account values " + ", ".join(f"({i}, 100)" for i in range(5)))
    problems: list[BaseException] = []

    def move(worker: int) -> None:
        try:
            with warehouse.connect(path, autocommit=True) as c:
                done = 0
                while done < moves:
                    try:
                        c.execute("begin")
                        c.execute("update account set amount = amount - 1 where id = %s", (worker % 5,))
                        c.execute("update account set amount = amount + 1 where id = %s", ((worker + 1) % 5,))
                        c.execute("commit")
                        done += 1
                    except OperationalError:
                        c.execute("rollback")
        except BaseException as error:
            problems.append(error)

    with warehouse.connect(path, autocommit=True) as c:
        workers = [threading.Thread(target=move, args=(i,)) for i in range(threads)]
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            assert c.execute("select count(*), sum(amount) from account").fetchone() == (5, 500)
        assert not problems
        assert c.execute("select sum(amount), min(amount) from account").fetchone() == (500, 100 - moves)
    with warehouse.connect(path, autocommit=True) as c:
        assert c.execute("select sum(amount) from account").fetchone() == (500,)
