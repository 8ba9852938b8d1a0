"""ISOLATION LEVEL SNAPSHOT: only rows that two transactions change conflict; how it is set, and who sees it."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import warehouse
from other_process import OtherProcess
from warehouse.errors import (
    NotSupportedError,
    OperationalError,
    PermissionDenied,
    SerializationFailure,
    SqlSyntaxError,
    UndefinedObject,
)

LEVEL = "select trim(db_name), trim(isolation_level) from stv_db_isolation_level"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        c.execute("alter database dev isolation level snapshot")
        c.execute("create table numbers (digit int, n int) diststyle even")
        c.execute("insert into numbers values (0, 1), (1, 2), (0, 3), (1, 4)")
    return tmp_path / "dw"


@pytest.fixture
def two(path: Path) -> Iterator[tuple[Any, Any]]:
    with warehouse.connect(path, autocommit=True) as a, warehouse.connect(path, autocommit=True) as b:
        yield a, b


def digits(c: Any) -> list[Any]:
    return c.execute("select n, digit from numbers order by n, digit").fetchall()  # type: ignore[no-any-return]


def test_write_skew_swaps_digits(two: tuple[Any, Any]) -> None:
    """The manual's example: no row is changed by both."""
    a, b = two
    for c in two:
        c.execute("begin")
        c.execute("select * from numbers").fetchall()
    a.execute("update numbers set digit = 0 where digit = 1")
    assert digits(a) == [(1, 0), (2, 0), (3, 0), (4, 0)]
    a.execute("commit")
    b.execute("update numbers set digit = 1 where digit = 0")
    assert digits(b) == [(1, 1), (2, 1), (3, 1), (4, 1)]
    b.execute("commit")
    assert digits(a) == digits(b) == [(1, 1), (2, 0), (3, 1), (4, 0)]


def test_a_row_that_both_change_is_a_conflict(two: tuple[Any, Any]) -> None:
    a, b = two
    for first, second in (("update numbers set digit = 5 where n = 1", "delete from numbers where n <= 2"),
                          ("delete from numbers where n = 2", "update numbers set digit = 6 where n > 0")):
        b.execute("begin")
        before = digits(b)
        a.execute(first)
        b.execute(second)
        with pytest.raises(SerializationFailure, match="1023"):
            b.execute("commit")
        assert digits(b) == digits(a) != before


def test_extents_that_went_or_moved(two: tuple[Any, Any]) -> None:
    a, b = two
    a.execute("insert into numbers values (7, 7)")
    b.execute("begin")
    digits(b)
    a.execute("vacuum delete only numbers to 100 percent")
    b.execute("delete from numbers where n = 4")
    b.execute("commit")
    assert [n for n, _ in digits(a)] == [1, 2, 3, 7]
    b.execute("begin; delete from numbers where n = 4")
    digits(b)
    b.execute("rollback; begin")
    digits(b)
    a.execute("delete from numbers")
    b.execute("delete from numbers where n = 1")
    with pytest.raises(SerializationFailure, match="1023"):
        b.execute("commit")


def test_several_changes_of_one_transaction(two: tuple[Any, Any]) -> None:
    a, b = two
    b.execute("begin")
    digits(b)
    a.execute("delete from numbers where n = 1")
    b.execute("delete from numbers where n = 2; insert into numbers values (9, 9), (9, 10)")
    b.execute("delete from numbers where n in (3, 9)")
    assert digits(b) == [(1, 0), (4, 1), (10, 9)]
    b.execute("commit")
    assert digits(a) == [(4, 1), (10, 9)]


def test_between_processes(path: Path) -> None:
    other = OtherProcess()
    try:
        other.connect("o", path)
        with warehouse.connect(path, autocommit=True) as a:
            a.execute("begin")
            digits(a)
            other.execute("o", "update numbers set digit = 3 where n = 1")
            a.execute("update numbers set digit = 4 where n = 2")
            a.execute("commit")
            assert digits(a)[:2] == [(1, 3), (2, 4)]
            with pytest.raises(OperationalError, match="is being accessed by other users") as caught:
                a.execute("alter database dev isolation level serializable")
            assert caught.value.sqlstate == "55006"
    finally:
        other.kill()


def test_setting_it(tmp_path: Path) -> None:
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        assert c.execute(LEVEL).fetchall() == [("dev", "Serializable")]
        for sql, error, words in (
            ("alter database other isolation level snapshot", UndefinedObject, "does not exist"),
            ("alter database dev isolation level chaos", SqlSyntaxError, "chaos"),
            ("alter database dev rename to prod", NotSupportedError, "RENAME"),
            ("alter database dev collate case_insensitive", NotSupportedError, "COLLATE"),
            ("begin isolation level snapshot", SqlSyntaxError, "snapshot"),
        ):
            with pytest.raises(error, match=words):
                c.execute(sql)
        c.execute("begin isolation level read committed read write")
        with pytest.raises(OperationalError, match="cannot run inside a transaction block"):
            c.execute("alter database dev isolation level snapshot")
        c.execute("rollback; create user u password disable; set session authorization u")
        with pytest.raises(PermissionDenied):
            c.execute("alter database dev isolation level snapshot")
        with pytest.raises(PermissionDenied):
            c.execute(LEVEL)
        c.execute("reset session authorization")
        c.execute("alter database dev isolation level snapshot")
        assert c.execute(LEVEL).fetchall() == [("dev", "Snapshot Isolation")]
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        assert c.execute("show databases").fetchall()[0][-1] == "Snapshot Isolation"
        c.execute("alter database dev isolation level serializable")
        assert c.execute(LEVEL).fetchall() == [("dev", "Serializable")]
