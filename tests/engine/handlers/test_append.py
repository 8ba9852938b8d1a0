"""ALTER TABLE APPEND: rows change tables; extents go along where both tables read them alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.errors import Error

ROWS = "insert into {} values (1, 'x'), (2, 'y'), (3, 'z')"


@pytest.fixture
def c(tmp_path: Path) -> Any:
    with warehouse.connect(tmp_path / "dw", nodes=2, slices_per_node=2, autocommit=True) as connection:
        yield connection


def rows(c: Any, table: str) -> list[Any]:
    return c.execute(f"select * from {table} order by 1").fetchall()


def extents(c: Any, table: str) -> list[Any]:
    return list(next(e for e in c.session.database.newest.entries.values() if e.table.name == table).extents)


def append(c: Any, option: str = "") -> Any:
    return c.execute(f"alter table target append from source {option}")


@pytest.mark.usefixtures("in_files")
@pytest.mark.parametrize("design", ["diststyle even sortkey (a)", "distkey (a)", "diststyle all"])
def test_extents_move(c: Any, design: str) -> None:
    c.execute(f"create table target (a int, b varchar(5)) {design}; create table source (like target)")
    c.execute(ROWS.format("target"))
    c.execute(ROWS.format("source"))
    c.execute("delete from source where a = 2")
    inodes = {(c.session.database.extent_path(e)).stat().st_ino for e in extents(c, "source")}
    cursor = c.execute("select * from source order by a")
    assert append(c).statusmessage == "ALTER TABLE APPEND"
    assert rows(c, "target") == [(1, "x"), (1, "x"), (2, "y"), (3, "z"), (3, "z")]
    assert cursor.fetchall() == [(1, "x"), (3, "z")]
    assert inodes <= {(c.session.database.extent_path(e)).stat().st_ino for e in extents(c, "target")}
    assert rows(c, "source") == []
    c.execute("drop table source; vacuum target to 100 percent")
    assert len(rows(c, "target")) == 5


def test_another_column_order_copies_rows(c: Any) -> None:
    c.execute("create table target (b varchar(5), a int) diststyle even; create table source (a int, b varchar(5)) "
              "diststyle even")
    c.execute(ROWS.format("source"))
    append(c)
    assert rows(c, "target") == [("x", 1), ("y", 2), ("z", 3)]
    assert rows(c, "source") == []


def test_ignore_extra(c: Any) -> None:
    """Columns that the target adds later have nothing to do with those that were left behind."""
    c.execute("create table target (a int) diststyle even; create table source (a int, b varchar(5)) diststyle even")
    c.execute(ROWS.format("source"))
    with pytest.raises(Error, match="columns that the other table does not have: b"):
        append(c)
    append(c, "ignoreextra")
    c.execute("alter table target add column late varchar(5)")
    assert rows(c, "target") == [(1, None), (2, None), (3, None)]


def test_fill_target(c: Any) -> None:
    c.execute("create table source (a int, b varchar(5)) diststyle even")
    c.execute("create table target (a int, b varchar(5), c int default 7, d int, i int identity(10, 10)) "
              "diststyle even")
    c.execute(ROWS.format("source"))
    with pytest.raises(Error, match="columns that the other table does not have: c, d, i"):
        append(c, "ignoreextra")
    append(c, "filltarget")
    found = rows(c, "target")
    assert [r[:4] for r in found] == [(1, "x", 7, None), (2, "y", 7, None), (3, "z", 7, None)]
    assert len({r[4] for r in found}) == 3


def test_identity_columns_are_not_appended(c: Any) -> None:
    c.execute("create table target (i int identity(1, 1), a int, b varchar(5)) diststyle even")
    for definition, words in {
        "(i int identity(1, 1), a int, b varchar(5))": "both have an IDENTITY column",
        "(j int identity(1, 1), a int, b varchar(5))": "both have an IDENTITY column",
        "(i int not null, a int, b varchar(5))": '"i" is an IDENTITY column in table "target" only',
    }.items():
        c.execute(f"create table source {definition} diststyle even")
        with pytest.raises(Error, match=words):
            append(c, "filltarget")
        c.execute("drop table source")


def test_a_filled_column_without_default_moves_extents(c: Any) -> None:
    c.execute("create table source (a int, b varchar(5)) diststyle even")
    c.execute("create table target (a int, b varchar(5), d int) diststyle even")
    c.execute(ROWS.format("source"))
    append(c, "filltarget")
    assert rows(c, "target") == [(1, "x", None), (2, "y", None), (3, "z", None)]


def test_refused(c: Any) -> None:
    c.execute("create table target (a int, b varchar(5)) diststyle even sortkey (a)")
    for definition, words in {
        "(a int, b varchar(6)) diststyle even sortkey (a)": "data type or size",
        "(a int not null, b varchar(5)) diststyle even sortkey (a)": "NOT NULL",
        "(a int, b varchar(5)) diststyle even": "the same distribution",
        "(a int, b varchar(5)) distkey (a) sortkey (a)": "the same distribution",
        "(a int, b varchar(5), c int) diststyle even sortkey (a)": "does not have: c",
        "(a int) diststyle even sortkey (a)": "does not have: b",
    }.items():
        c.execute(f"create table source {definition}")
        with pytest.raises(Error, match=words):
            append(c)
        c.execute("drop table source")
    c.execute("create temp table source (like target)")
    with pytest.raises(Error, match="temporary"):
        append(c)
    with pytest.raises(Error, match="itself"):
        c.execute("alter table target append from target")
    with pytest.raises(Error, match="transaction block") as caught:
        c.execute("begin; alter table target append from source")
    assert caught.value.sqlstate == "25001"
