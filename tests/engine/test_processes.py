"""Two processes on one database folder: what each sees, who waits, who is refused, and what death leaves."""
from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import warehouse
from other_process import OtherProcess
from warehouse.errors import OperationalError, QueryCanceled, ReadOnly, SerializationFailure


@pytest.fixture(scope="module")
def process() -> Iterator[OtherProcess]:
    other = OtherProcess()
    yield other
    other.end()


@pytest.fixture
def two(process: OtherProcess, tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """A connection of this process and one of another, to a database with tables x and y of one row each."""
    path = tmp_path / "dw"
    with warehouse.connect(path, autocommit=True) as a:
        for table in ("x", "y"):
            a.execute(f"create table {table} (k int, v int) diststyle even")
            a.execute(f"insert into {table} values (1, 10)")
        process.connect("b", path)
        try:
            yield a, Remote(process, "b")
        finally:
            process.close("b")


class Remote:
    def __init__(self, process: OtherProcess, name: str) -> None:
        self.process, self.name = process, name

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        return self.process.execute(self.name, sql)

    def start(self, sql: str) -> Callable[[], list[tuple[Any, ...]]]:
        return self.process.start(self.name, sql)


def value(c: Any, table: str = "x") -> int:
    rows = c.execute(f"select sum(v) from {table}")
    return int((rows if isinstance(rows, list) else rows.fetchall())[0][0])


def wait_for(path: Path, pattern: str) -> None:
    """Until a file of the pattern is there."""
    for _ in range(600):
        if any(path.glob(pattern)):
            return
        time.sleep(0.02)
    raise AssertionError(f"no {pattern}")


# -- rewrites ----------------------------------------------------------------------------------------


def test_a_vacuum_elsewhere_is_no_change(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("insert into x values (2, 20), (3, 30)")
    a.execute("begin")
    assert value(a) == 60
    b.execute("vacuum x to 100 percent")
    assert value(a) == 60
    a.execute("insert into x values (4, 40)")
    a.execute("commit")
    assert value(a) == value(b) == 100


def test_rows_deleted_by_their_old_places_are_found_after_a_vacuum_elsewhere(
        two: tuple[Any, Any], tmp_path: Path) -> None:
    a, b = two
    a.execute("insert into x values (2, 20), (3, 30)")
    a.execute("begin")
    assert value(a) == 60
    b.execute("vacuum x to 100 percent")
    a.execute("delete from x where k = 3")
    b.execute("vacuum x to 100 percent")
    a.execute("update x set v = v + 1 where k = 2")
    assert list((tmp_path / "dw" / "run").glob("moved-*"))
    a.execute("commit")
    assert value(a) == value(b) == 31
    b.execute("vacuum x to 100 percent")
    assert value(a) == value(b) == 31
    assert not [*(tmp_path / "dw" / "run").glob("moved-*"), *(tmp_path / "dw" / "run").glob("map-*")]


def test_rows_are_followed_through_vacuums_of_both(two: tuple[Any, Any]) -> None:
    """a's snapshot is older than b's vacuum and than one of its own process; it has made rows of its own as well."""
    a, b = two
    a.execute("insert into x values (2, 20), (3, 30)")
    with warehouse.connect(a.session.database.name, autocommit=True) as c:
        a.execute("begin")
        a.execute("insert into x values (4, 40)")
        a.execute("delete from x where k in (1, 4)")
        for each in (b, c, b):
            each.execute("vacuum y to 100 percent")
        a.execute("commit")
        a.execute("begin")
        assert value(a) == 50
        for each in (b, c, b):
            each.execute("insert into y values (1, 1)")
            each.execute("vacuum full x to 100 percent")
        a.execute("delete from x where k = 2")
        a.execute("commit")
    assert value(a) == value(b) == 30


def test_one_statement_after_the_other_empties_what_a_vacuum_elsewhere_has_moved(two: tuple[Any, Any]) -> None:
    """The new rows of one slice are all gone when a later statement deletes rows of the other."""
    a, b = two
    for k in range(2, 7):
        a.execute(f"insert into x values ({k}, 1)")
    a.execute("begin")
    assert value(a) == 15
    b.execute("vacuum x to 100 percent")
    for k in range(1, 7):
        a.execute(f"delete from x where k = {k}")
    a.execute("insert into x values (7, 70)")
    a.execute("commit")
    assert value(a) == value(b) == 70


def test_a_transaction_whose_row_map_was_lost_is_refused(two: tuple[Any, Any], tmp_path: Path) -> None:
    a, b = two
    a.execute("insert into x values (2, 20), (3, 30)")
    a.execute("begin")
    assert value(a) == 60
    b.execute("vacuum x to 100 percent")
    for file in (tmp_path / "dw" / "run").glob("moved-*"):
        file.unlink()
    a.execute("delete from x where k = 3")
    with pytest.raises(OperationalError, match="changed by another session") as caught:
        a.execute("commit")
    assert caught.value.sqlstate == "40001"
    a.execute("delete from x where k = 3")
    assert value(a) == value(b) == 30


# -- what is seen --------------------------------------------------------------------------------------


def test_each_sees_what_the_other_commits(two: tuple[Any, Any]) -> None:
    a, b = two
    b.execute("insert into x values (2, 5)")
    assert value(a) == 15
    a.execute("delete from x where k = 1")
    assert value(b) == 5
    b.execute("create table z as select * from x")
    b.execute("create view w as select sum(v) as n from z")
    assert a.execute("select n from w").fetchall() == [(5,)]
    a.execute("drop view w")
    a.execute("alter table z rename column v to u")
    assert b.execute("select u from z") == [(5,)]
    a.execute("drop table z")
    with pytest.raises(warehouse.ProgrammingError, match='"z" does not exist'):
        b.execute("select * from z")
    b.execute("truncate x")
    assert a.execute("select count(*) from x").fetchone() == (0,)


def test_a_query_shape_in_the_plan_cache_sees_new_rows(two: tuple[Any, Any]) -> None:
    a, b = two
    for n in range(3):
        b.execute(f"insert into x values ({n}, 1)")
        assert value(a) == 11 + n


def test_no_dirty_fuzzy_or_phantom_read(two: tuple[Any, Any]) -> None:
    a, b = two
    b.execute("begin")
    b.execute("update x set v = 99")
    assert (value(a), value(b)) == (10, 99)
    a.execute("begin")
    assert value(a) == 10
    b.execute("insert into x values (2, 1)")
    b.execute("commit")
    assert value(a) == 10
    assert a.execute("select count(*) from x").fetchone() == (1,)
    a.execute("commit")
    assert value(a) == 100


def refused(action: Callable[[], Any]) -> None:
    with pytest.raises(SerializationFailure, match="1023") as caught:
        action()
    assert "Serializable isolation violation on table - " in (caught.value.detail or "")


def test_no_lost_update(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    read = value(a)
    b.execute("update x set v = v + 1")
    refused(lambda: a.execute(f"update x set v = {read} + 1"))
    a.execute("rollback")
    assert value(a) == value(b) == 11
    x = a.session.database.view().relation("public", "x")
    conflicts = b.execute("select process_id, table_id, xact_start_ts < abort_time from stl_tr_conflict")
    assert conflicts == [(a.session.id, x.id, True)]


@pytest.mark.parametrize("here_first", [True, False])
def test_no_write_skew(two: tuple[Any, Any], here_first: bool) -> None:
    first, second = two if here_first else reversed(two)
    for c in (first, second):
        c.execute("begin")
        assert value(c, "x") + value(c, "y") == 20
    first.execute("update x set v = 0")
    second.execute("update y set v = 0")
    first.execute("commit")
    refused(lambda: second.execute("commit"))
    assert value(first, "y") == 10


@pytest.mark.parametrize("here_first", [True, False])
def test_no_read_only_anomaly(two: tuple[Any, Any], here_first: bool) -> None:
    """The one that only reads is in the process of the second one, and has shown its rows before the first commits."""
    a, b = two if here_first else reversed(two)
    a.execute("begin")
    assert value(a, "x") + value(a, "y") == 20
    b.execute("update y set v = 30")
    assert value(b, "x") + value(b, "y") == 40
    b.execute("begin")
    assert value(b, "x") + value(b, "y") == 40
    a.execute("update x set v = -1")
    refused(lambda: a.execute("commit"))
    b.execute("rollback")


def test_who_rolled_back_refuses_nobody(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    assert value(a, "x") + value(a, "y") == 20
    b.execute("update y set v = 30")
    b.execute("begin")
    assert b.execute("select x.v + y.v from x, y") == [(40,)]
    b.execute("rollback")
    a.execute("update x set v = -1")
    a.execute("commit")
    assert value(b) == -1


def test_blind_inserts_commit(two: tuple[Any, Any]) -> None:
    a, b = two
    for c, table in ((a, "x"), (b, "y")):
        c.execute("begin")
        c.execute(f"insert into {table} values (2, 1)")
    a.execute("commit")
    b.execute("commit")
    assert (value(a, "y"), value(b, "x")) == (11, 11)


# -- waiting ---------------------------------------------------------------------------------------------


def test_a_writer_waits_and_then_sees_what_it_waited_for(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    a.execute("update x set v = v + 1")
    waiting = b.start("update x set v = v + 1")
    assert value(a) == 11
    a.execute("commit")
    waiting()
    assert value(a) == 12


def test_waiting_ends_with_the_timeout(two: tuple[Any, Any]) -> None:
    a, b = two
    b.execute("begin")
    b.execute("delete from x")
    a.execute("set statement_timeout to 100")
    with pytest.raises(QueryCanceled):
        a.execute("update x set v = 1")
    a.execute("set statement_timeout to 0")
    assert value(a) == 10
    b.execute("rollback")
    a.execute("update x set v = 1")


def test_the_youngest_of_a_deadlock_is_aborted(two: tuple[Any, Any]) -> None:
    a, b = two
    for c, table in ((a, "x"), (b, "y")):
        c.execute("begin")
        c.execute(f"update {table} set v = v + 1")
    waiting = b.start("update x set v = v + 1")  # b began later
    a.execute("update y set v = v + 1")
    with pytest.raises(OperationalError, match="deadlock detected") as caught:
        waiting()
    assert caught.value.sqlstate == "40P01"
    a.execute("commit")
    b.execute("rollback")
    assert (value(b, "x"), value(b, "y")) == (11, 11)


# -- sessions --------------------------------------------------------------------------------------------


def test_sessions_and_locks_of_all_processes_are_listed(two: tuple[Any, Any]) -> None:
    a, b = two
    theirs = b.execute("select pg_backend_pid()")[0][0]
    listed = {row[0] for row in a.execute("select process from stv_sessions").fetchall()}
    assert {a.session.id, theirs} <= listed
    b.execute("begin")
    b.execute("update x set v = 11")
    held = a.execute("select lock_owner_pid, table_id from stv_locks").fetchall()
    assert held == [(theirs, a.session.database.view().relation("public", "x").id)]
    modes = a.execute("select lock_mode, pid, relation, granted from svv_transactions order by lock_mode").fetchall()
    assert modes == [("ExclusiveLock", theirs, None, True), ("ShareRowExclusiveLock", theirs, held[0][1], True)]
    b.execute("rollback")
    assert a.execute("select count(*) from stv_locks").fetchone() == (0,)


def test_cancel_reaches_a_session_elsewhere(two: tuple[Any, Any], tmp_path: Path) -> None:
    a, b = two
    theirs = b.execute("select pg_backend_pid()")[0][0]
    a.execute("begin")
    a.execute("update x set v = 11")
    waiting = b.start("update x set v = 12")
    wait_for(tmp_path / "dw", "run/wait-*")  # it runs, and waits for us
    assert a.execute(f"cancel {theirs} 'enough'").statusmessage == "CANCEL"
    with pytest.raises(QueryCanceled, match="enough"):
        waiting()
    waiting = b.start("update x set v = 12")
    wait_for(tmp_path / "dw", "run/wait-*")
    assert a.execute(f"select pg_cancel_backend({theirs})").fetchone() == (1,)
    with pytest.raises(QueryCanceled, match="cancelled on user's request"):
        waiting()
    a.execute("rollback")
    with pytest.raises(warehouse.ProgrammingError, match="session 1 does not exist"):
        a.execute("cancel 1")


def test_a_session_elsewhere_is_terminated(two: tuple[Any, Any], tmp_path: Path) -> None:
    a, b = two
    b.execute("begin")
    b.execute("update x set v = 12")  # it holds the lock, idle
    theirs = b.execute("select pg_backend_pid()")[0][0]
    assert a.execute(f"select pg_terminate_backend({theirs})").fetchone() == (1,)
    a.execute("update x set v = 13")  # the lock is free
    a.execute("commit")
    with pytest.raises(warehouse.Error, match="terminating connection due to administrator command"):
        b.execute("select 1")


# -- files -----------------------------------------------------------------------------------------------


def extents(path: Path) -> list[str]:
    return sorted(p.name for p in path.rglob("*.ext"))


def test_files_stay_for_a_snapshot_elsewhere(two: tuple[Any, Any], tmp_path: Path) -> None:
    a, b = two
    before = extents(tmp_path)
    b.execute("begin")
    assert value(b) == 10
    a.execute("truncate x")
    a.execute("truncate y")
    assert extents(tmp_path) == before
    assert value(b, "y") == 10
    b.execute("commit")
    a.execute("select count(*) from x").fetchall()
    assert extents(tmp_path) == []


def test_ids_are_unique(two: tuple[Any, Any]) -> None:
    a, b = two
    for n in range(3):
        a.execute(f"create table a{n} (id int identity(1, 1), v int)")
        b.execute(f"create table b{n} (v int)")
        a.execute(f"insert into a{n} (v) values (1), (2)")
        b.execute(f"insert into a{n} (v) values (3)")
        assert a.execute(f"select count(distinct id) from a{n}").fetchone() == (3,)
    oids = a.execute("select count(*), count(distinct oid) from pg_class where relkind = 'r'").fetchone()
    assert oids[0] == oids[1] >= 8
    mine, theirs = a.execute("select pg_backend_pid()").fetchone(), b.execute("select pg_backend_pid()")[0]
    assert mine != theirs
    a.session.database.history.flush()
    for c in (a, b):
        rows = c.execute("select query, pid from stl_query")
        found = [tuple(r) for r in (rows if isinstance(rows, list) else rows.fetchall())]
        assert len({q for q, _ in found}) == len(found)


# -- death -----------------------------------------------------------------------------------------------


def test_a_killed_process_frees_all_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    with warehouse.connect(path, autocommit=True) as a:
        a.execute("create table x (k int, v int)")
        a.execute("insert into x values (1, 10)")
        before = extents(path)
        other = OtherProcess()
        other.connect("b", path)
        other.execute("b", "create temporary table mine (k int, v int)")
        other.execute("b", "begin")
        other.execute("b", "update x set v = 11")
        many = ", ".join(f"({i * 7919 % 1000003}, {i * 104729 % 999983})" for i in range(9000))
        for table in ("x", "mine"):
            other.execute("b", f"insert into {table} values {many}")  # too much to stay in the catalogue
        assert len(extents(path)) > len(before)
        assert list(path.glob("run/temp-*"))
        a.execute("begin")
        assert value(a) == 10
        other.kill()
        a.execute("update x set v = 12")  # its lock is free
        a.execute("commit")
        code = (
            "import sys, warehouse\n"
            "with warehouse.connect(sys.argv[1]) as c: print(c.execute('select v from x').fetchone())"
        )
        assert run(code, path) == "(12,)"  # another opens it, beside us: what the dead one left goes
        assert len(extents(path)) <= 2
        assert not list(path.glob("run/temp-*"))
        assert value(a) == 12
    assert [n for n in os.listdir(path / "run") if n != "numbers"] == []


def run(code: str, path: Path) -> str:
    import subprocess
    import sys

    return subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True).stdout.strip()


# -- read-only -------------------------------------------------------------------------------------------


def test_a_reader_follows_a_writer(two: tuple[Any, Any], tmp_path: Path, process: OtherProcess) -> None:
    a, _ = two
    process.close("b")  # a process has one mode for a folder
    process.connect("r", tmp_path / "dw", read_only=True)
    process.connect("b", tmp_path / "dw", read_only=True)
    r = Remote(process, "r")
    assert value(r) == 10
    a.execute("update x set v = 11")
    assert value(r) == 11
    r.execute("begin")
    assert value(r, "y") == 10
    a.execute("truncate y")
    assert value(r, "y") == 10
    with pytest.raises(ReadOnly):
        r.execute("delete from x")
    r.execute("rollback")
    process.close("r")


# -- plans -------------------------------------------------------------------------------------------


def test_plans_outlive_commits_of_others_but_not_what_they_depend_on(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("set enable_result_cache_for_session to off")
    plans = a.session.plans
    assert value(a) == 10
    b.execute("insert into x values (2, 20)")
    b.execute("insert into y values (2, 20)")
    hits = plans.hits
    assert value(a) == 30 and plans.hits == hits + 1
    b.execute("create user ann password disable")  # who may read what is looked at anew
    assert value(a) == 30 and plans.hits == hits + 1
    b.execute("alter table x add column w int default 1")
    assert value(a) == 30 and plans.hits == hits + 1
    b.execute("insert into x select 1, 0 from x a, x b, x c, x d, x e, x f, x g")  # 128 rows more
    assert value(a) == 30 and plans.hits == hits + 1
