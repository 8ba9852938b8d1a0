"""LOCK, and what closes tables: who waits, for whom, and for how long; error 1018."""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import warehouse
from other_process import OtherProcess
from warehouse.errors import (
    OperationalError,
    PermissionDenied,
    ProgrammingError,
    QueryCanceled,
    SerializationFailure,
    SqlSyntaxError,
    UndefinedTable,
)
from warehouse.storage import lock_waits


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    path = tmp_path / "dw"
    with warehouse.connect(path, autocommit=True) as a, warehouse.connect(path, autocommit=True) as b:
        for table in ("x", "y"):
            a.execute(f"create table {table} (k int, v int)")
            a.execute(f"insert into {table} values (1, 10)")
        yield a, b


@pytest.fixture(scope="module")
def other() -> Iterator[OtherProcess]:
    process = OtherProcess()
    yield process
    process.end()


def value(c: Any, table: str = "x") -> int:
    return int(c.execute(f"select sum(v) from {table}").fetchone()[0])


def waits(c: Any, sql: str) -> None:
    """The statement waits for a lock until it is stopped."""
    c.execute("set statement_timeout to 30")
    with pytest.raises(QueryCanceled):
        c.execute(sql).fetchall()
    c.execute("reset statement_timeout")


class Waiting:
    """A statement in a thread of its own, which must be waiting before the test goes on."""

    def __init__(self, c: Any, sql: str) -> None:
        self._found: list[Any] = []
        self._thread = threading.Thread(target=self._run, args=(c, sql))
        self._thread.start()

    def _run(self, c: Any, sql: str) -> None:
        try:
            cursor = c.execute(sql)
            self._found.append(cursor.fetchall() if cursor.description else None)
        except warehouse.Error as error:
            self._found.append(error)

    @property
    def runs(self) -> bool:
        self._thread.join(0.05)
        return self._thread.is_alive()

    def end(self) -> Any:
        self._thread.join(20)
        return self._found[0]


def test_readers_and_writers_wait_for_a_locked_table(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    a.execute("lock table x, y")
    assert value(a) == 10
    for sql in ("select * from x", "select count(*) from y", "insert into x values (2, 2)", "update y set v = 1",
                "create table z as select * from x", "lock x", "insert into x select 1, 1"):
        waits(b, sql)
    assert b.execute("select 1").fetchone() == (1,)
    waiting = Waiting(b, "select sum(v) from x")
    assert waiting.runs
    a.execute("update x set v = 11")
    a.execute("commit")
    assert waiting.end() == [(11,)]  # what there is now, not what there was when it began
    assert value(b, "y") == 10


def test_lock_waits_for_readers_and_writers(two: tuple[Any, Any]) -> None:
    a, b = two
    b.execute("begin")
    assert value(b) == 10
    waits(a, "lock x")
    waiting = Waiting(a, "begin; lock x; select sum(v) from x")
    assert waiting.runs
    b.execute("update y set v = 12; commit")
    assert waiting.end() == [(10,)]
    a.execute("rollback; update y set v = 10")
    b.execute("begin; insert into y values (1, 1)")
    waits(a, "lock y")
    b.execute("rollback")
    a.execute("lock y")  # by itself it holds until its own end
    assert value(b, "y") == 10


def test_locking_first_keeps_conflicts_away(two: tuple[Any, Any]) -> None:
    """The manual's remedy for error 1023."""
    a, b = two
    a.execute("begin; lock x, y")
    assert value(a) == 10
    waiting = Waiting(b, "begin; lock x, y; select sum(v) from y; insert into x values (2, 20); commit")
    a.execute("insert into y values (2, 20)")
    assert waiting.runs
    a.execute("commit")
    assert waiting.end() is None and value(a) == value(a, "y") == 30


def test_ddl_keeps_readers_out_and_does_not_wait_for_them(two: tuple[Any, Any]) -> None:
    a, b = two
    b.execute("begin")
    assert value(b) == 10
    a.execute("begin; alter table x rename column v to w")
    assert value(b) == 10  # it is in
    a.execute("alter table y add column w int; rollback")
    b.execute("rollback")
    a.execute("begin; alter table y rename column v to w")
    waits(b, "select * from y")
    a.execute("commit")
    assert b.execute("select w from y").fetchone() == (10,)
    a.execute("truncate x")
    assert b.execute("select count(*) from x").fetchone() == (0,)


def test_a_circle_of_readers_and_lockers_is_a_deadlock(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    value(a, "x")
    b.execute("begin; lock y")
    waiting = Waiting(b, "lock x")
    assert waiting.runs
    with pytest.raises(OperationalError, match="deadlock detected") as caught:
        value(a, "y")
    assert caught.value.sqlstate == "40P01"
    a.execute("rollback")
    assert waiting.end() is None
    b.execute("rollback")


def test_between_processes(two: tuple[Any, Any], other: OtherProcess, tmp_path: Path,
                           monkeypatch: pytest.MonkeyPatch) -> None:
    a, _ = two
    other.connect("o", tmp_path / "dw")
    a.execute("begin; lock x")
    other.execute("o", "set statement_timeout to 50")
    with pytest.raises(QueryCanceled):
        other.execute("o", "select sum(v) from x")
    other.execute("o", "reset statement_timeout")
    a.execute("update x set v = 15")
    a.execute("commit")
    assert other.execute("o", "select sum(v) from x") == [(15,)]
    other.execute("o", "begin")
    other.execute("o", "select * from x")
    waits(a, "lock x")
    other.execute("o", "commit")
    a.execute("begin; lock x; rollback")
    other.execute("o", "begin; lock y")
    waits(a, "select * from y")
    other.execute("o", "commit")
    assert value(a, "y") == 10
    # a circle over both: the youngest is refused
    monkeypatch.setattr(lock_waits, "PATIENCE", 0.02)
    other.execute("o", "begin; lock y")
    a.execute("begin")
    value(a)
    waiting = other.start("o", "lock x")
    with pytest.raises(OperationalError, match="deadlock detected"):
        value(a, "y")
    a.execute("rollback")
    waiting()
    other.execute("o", "rollback")
    other.close("o")


def test_a_killed_process_opens_what_it_had_closed(two: tuple[Any, Any], tmp_path: Path) -> None:
    process = OtherProcess()
    process.connect("o", tmp_path / "dw")
    process.execute("o", "begin; lock x")
    waits(two[0], "select * from x")
    process.kill()
    assert value(two[0]) == 10
    with warehouse.connect(tmp_path / "dw", autocommit=True) as again:
        again.execute("lock x")


def test_what_cannot_be_locked(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("create view v as select * from x")
    for sql, error, words in (
        ("lock v", ProgrammingError, "is a view, not a table"), ("lock nothing", UndefinedTable, "does not exist"),
        ("lock stl_query", ProgrammingError, "is a system catalog"), ("lock", SqlSyntaxError, "syntax error"),
        ("lock x in share mode", SqlSyntaxError, '"in"'), ("lock table x nowait", SqlSyntaxError, '"nowait"'),
    ):
        with pytest.raises(error, match=words):
            a.execute(sql)
    a.execute("create user reader password disable")
    b.execute("set session authorization reader")
    with pytest.raises(PermissionDenied):
        b.execute("lock x")
    b.execute("reset session authorization")


def too_new(action: Callable[[], Any]) -> None:
    with pytest.raises(SerializationFailure, match="1018") as caught:
        action()
    assert "Relation does not exist" in (caught.value.detail or "") and caught.value.sqlstate == "40001"


def test_1018_for_what_came_or_went_after_the_snapshot(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("begin")
    assert value(a) == 10
    b.execute("create table z (v int)")
    too_new(lambda: a.execute("select * from z"))
    a.execute("rollback; begin")
    assert value(a) == 10
    b.execute("drop table z; create table z (v int)")
    too_new(lambda: a.execute("insert into z values (1)"))
    a.execute("rollback; begin")
    assert value(a) == 10
    b.execute("drop table y")
    too_new(lambda: value(a, "y"))
    a.execute("rollback")
    with pytest.raises(UndefinedTable):
        value(a, "y")
    a.execute("begin; create table own (v int); insert into own values (5)")
    assert value(a, "own") == 5
    a.execute("rollback")


def test_1018_for_what_another_process_has_dropped(two: tuple[Any, Any], other: OtherProcess, tmp_path: Path) -> None:
    a, _ = two
    other.connect("o", tmp_path / "dw")
    try:
        for sql in ("select * from y", "insert into y values (1)", "update y set v = 1"):
            a.execute("begin")
            assert value(a) == 10
            other.execute("o", "drop table y")
            too_new(partial(a.execute, sql))
            a.execute("rollback; create table y (v int)")
    finally:
        other.close("o")
