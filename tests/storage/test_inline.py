"""Inline extents: what small commits store in the catalogue reads, changes, survives and moves as files do."""
from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import warehouse
from other_process import OtherProcess
from warehouse.engine.maintenance.worker import Worker
from warehouse.storage import inline, types
from warehouse.storage.check import Checked, check
from warehouse.storage.database import Database
from warehouse.storage.encodings.registry import RAW
from warehouse.storage.extent import ExtentReader, ExtentWriter
from warehouse.storage.maintenance import flush, upkeep
from warehouse.storage.one_row import row_extent
from warehouse.storage.schema import INLINE, Column, ExtentRef
from warehouse.storage.single_rows import SingleRows
from warehouse.storage.types import Kind, SqlType
from warehouse.storage.vector import from_list

TYPES = (
    types.BIGINT, types.DOUBLE, types.BOOLEAN, types.varchar(30), types.decimal(38, 2), types.decimal(10, 2),
    types.INTEGER, types.SMALLINT, types.REAL, types.char(5), SqlType(Kind.VARCHAR, length=20, case_insensitive=True),
)
TEXTS = ("", "a", "abc  ", "ab\0", "abcdefgh", "abcdefghij", "äöü   ", " ", "1234567\0x")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dw"


@pytest.fixture
def c(path: Path) -> Iterator[Any]:
    """Four slices; t has rows of two commits inline on several slices, one deleted, one changed."""
    with warehouse.connect(path, nodes=2, slices_per_node=2, autocommit=True, maintenance=False) as connection:
        run = connection.execute
        run("create table t (a int, b varchar(9), i bigint identity(1, 1)) distkey(a) sortkey(a)")
        run("insert into t (a, b) values (1, 'x'), (2, 'y'), (3, 'z'), (4, null)")
        run("insert into t (a, b) values (5, 'v')")
        run("delete from t where a = 2")
        run("update t set b = 'new' where a = 5")
        yield connection


ROWS = [(1, "x"), (3, "z"), (4, None), (5, "new")]


def rows(connection: Any, table: str = "t") -> list[Any]:
    return connection.execute(f"select a, b from {table} order by a").fetchall()  # type: ignore[no-any-return]


def entry(connection: Any, name: str = "t") -> Any:
    database = connection.session.database
    database.snapshot()
    return next(e for e in database.newest.entries.values() if e.table.name == name)


def files(folder: Path) -> list[Path]:
    return list(folder.rglob("*.ext"))


def value(type: SqlType, draw: random.Random) -> Any:
    match type.physical.name:
        case "STR":
            options: tuple[Any, ...] = TEXTS
        case "F64":
            options = (0.0, -0.0, 1.5, float("nan"), float("inf"), -2.25)
        case "BOOL":
            options = (True, False)
        case "I128":
            options = (0, -1, 10**30, -(10**30), 5)
        case _:
            options = (0, 1, -1, 32767, -32768)
    return draw.choice((None, *options))


def test_one_row_is_written_as_any_extent_is() -> None:
    draw = random.Random(5)
    columns = [Column(i, f"c{i}", type) for i, type in enumerate(TYPES)]
    for _ in range(100):
        values = [value(column.type, draw) for column in columns]
        writer = ExtentWriter(Path("x"), columns, inline=True)
        writer.append([from_list(column.type, [v]) for column, v in zip(columns, values)])
        written = writer.finish().data
        assert row_extent(columns, values) == written
        rows = SingleRows(columns, [reference(1, written)])
        assert [rows.column(i).to_list() for i in range(len(columns))] == [
            same(from_list(column.type, [v]).to_list()) for column, v in zip(columns, values)
        ]
    delta, plain = [Column(0, "c", types.BIGINT, encoding="delta")], [Column(0, "c", types.BIGINT)]
    assert row_extent(delta, [1]) == row_extent(plain, [1])  # the rewrite encodes


def reference(rows: int, data: bytes) -> ExtentRef:
    return ExtentRef(7, f"{INLINE}1-0", 0, rows, len(data), 1, data)


def same(values: list[Any]) -> list[Any]:
    """Such that lists with a NaN are equal."""
    return [ANY if value != value else value for value in values]


def test_only_rows_of_these_columns_are_read_together() -> None:
    columns = [Column(0, "a", types.BIGINT), Column(1, "b", types.varchar(9))]
    other = [Column(0, "a", types.BIGINT), Column(1, "b", types.varchar(8))]
    whole = row_extent(columns, [5, "abc"])
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 1
    writer = ExtentWriter(Path("x"), columns, inline=True)
    writer.append([from_list(columns[0].type, [1, 2]), from_list(columns[1].type, ["a", None])])
    two = writer.finish().data
    kept = [reference(1, whole), reference(1, row_extent(columns, [None, None]))]
    left = [reference(1, data) for data in (bytes(damaged), row_extent(other, [5, "abc"]), whole[:90])]
    left.append(reference(2, two))
    rows = SingleRows(columns, [left[0], kept[0], *left[1:], kept[1]])
    assert (rows.extents, rows.rest) == (kept, left)
    assert rows.column(1).to_list() == ["abc", None]
    assert rows.column(0, [1]).to_list() == [None]
    assert rows.reader(0).column(0, 0).to_list() == [5]


def test_a_row_of_a_loaded_table_takes_the_short_way(c: Any) -> None:
    """Whose encodings are chosen; they are back when the rows are worth a file."""
    c.execute("create table u (a int encode delta, b varchar(9) encode bytedict) diststyle even")
    for i in range(4):
        c.execute(f"insert into u values ({i}, 'x')")
    for extent in entry(c, "u").extents:
        assert set(ExtentReader(Path("x"), extent.data).footer.entries["encoding"].ravel()) == {RAW.code}
    c.execute("vacuum")
    assert c.execute("select * from u order by a").fetchall() == [(i, "x") for i in range(4)]


def test_rows_are_there_and_no_file_is(c: Any, path: Path) -> None:
    assert rows(c) == ROWS and not files(path)
    assert all(e.is_inline for e in entry(c).extents)
    assert c.execute("select count(distinct i) from t").fetchone() == (4,)
    c.close()
    assert list(check(path, Checked(), lambda name: None)) == []
    with warehouse.connect(path, read_only=True) as again:
        assert rows(again) == ROWS


def test_another_process_sees_and_changes_them(c: Any, path: Path) -> None:
    other = OtherProcess()
    try:
        other.connect("o", path)
        assert [tuple(r) for r in other.execute("o", "select a, b from t order by a")] == ROWS
        c.execute("insert into t (a, b) values (6, 'w')")
        other.execute("o", "delete from t where a in (1, 6)")
        other.execute("o", "insert into t (a, b) values (7, 'o')")
        assert rows(c) == [*ROWS[1:], (7, "o")]
    finally:
        other.kill()
    assert rows(c) == [*ROWS[1:], (7, "o")]


def test_a_transaction_sees_its_own_and_takes_them_back(c: Any, path: Path) -> None:
    c.execute("begin; insert into t (a) values (9); insert into t (a) values (10); delete from t where a < 10")
    assert rows(c) == [(10, None)]
    c.execute("rollback")
    assert rows(c) == ROWS
    c.execute("begin; insert into t (a) values (9); delete from t where a = 1; commit")
    assert rows(c) == [*ROWS[1:], (9, None)]


def test_a_flush_makes_files_that_hold_the_same(c: Any, path: Path) -> None:
    other = warehouse.connect(path, maintenance=False)
    seen = rows(other)  # an older snapshot, by which a row is deleted after the flush
    known = {column.name: entry(c).data().statistics.columns[column.id] for column in entry(c).table.columns}
    c.session.database.upkeep.inline[entry(c).table.id] = upkeep.FLUSH_EXTENTS
    Worker(c.session.database).flush()
    assert not any(e.is_inline for e in entry(c).extents) and len(files(path)) == len(entry(c).extents)
    assert rows(c) == rows(other) == seen == ROWS
    for column in entry(c).table.columns:
        found = entry(c).data().statistics.columns[column.id]
        assert (found.low, found.high) == (known[column.name].low, known[column.name].high)
        assert round(found.distinct) == len({r[0] for r in c.execute(f"select {column.name} from t where "
                                                                     f"{column.name} is not null").fetchall()})
    other.execute("delete from t where a = 3")
    other.commit()
    other.close()
    assert rows(c) == [ROWS[0], *ROWS[2:]]
    with sqlite3.connect(path / "catalog.sqlite") as catalogue:
        assert catalogue.execute("select count(*) from inline_extents").fetchone() == (0,)


def test_many_are_flushed_by_the_session_that_made_them(c: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FLUSH_EXTENTS", 3)
    monkeypatch.setattr(upkeep, "OVERDUE_EXTENTS", 6)
    c.execute("create table u (a int, b int) diststyle all")
    c.execute("create temporary table v (a int, b int) diststyle all")
    for i in range(7):
        c.execute(f"insert into u values ({i}, {i})")
        c.execute(f"insert into v values ({i}, {i})")
    assert [e.is_inline for e in entry(c, "u").extents] == [False, True]
    assert rows(c, "u") == rows(c, "v") == [(i, i) for i in range(7)]
    c.execute("begin")
    for i in range(7):
        c.execute(f"insert into u values ({i}, {i})")
    c.execute("commit")
    c.execute("select 1")
    assert sum(e.is_inline for e in entry(c, "u").extents) < 6
    assert c.execute("select count(*), sum(a) from u").fetchone() == (14, 42)


def test_small_files_are_joined_as_rows_come(c: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FLUSH_EXTENTS", 2)
    monkeypatch.setattr(upkeep, "OVERDUE_EXTENTS", 2)
    monkeypatch.setattr(flush, "JOINED_FILES", 3)
    c.execute("create table u (a int, b int) diststyle all")
    for i in range(40):
        c.execute(f"insert into u values ({i}, {i})")
        if i == 20:
            c.execute("delete from u where a % 3 = 0")
    left = [(i, i) for i in range(40) if i > 20 or i % 3]
    assert rows(c, "u") == left and len(entry(c, "u").extents) < 10
    found = entry(c, "u").data().statistics
    assert (found.rows, round(found.columns[1].distinct)) == (len(left), len(left)) and found.columns[1].high == 39


def test_what_is_large_or_rewritten_is_in_files(c: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    c.execute("create table u (a int, b varchar(60)) diststyle all")
    monkeypatch.setattr(Database, "inline_bytes", 2000)
    c.execute("insert into u values " + ", ".join(f"({i}, 'some text {i}')" for i in range(50)))
    assert not files(path)
    c.execute("insert into u select a, b || b from u union all select a, b from u")
    assert len(files(path)) == 1 and [e.is_inline for e in entry(c, "u").extents] == [True, False]
    c.execute("vacuum delete only u to 100 percent")
    assert [e.is_inline for e in entry(c, "u").extents] == [False]
    low, high, count = c.execute("select min(a), max(a), count(*) from u").fetchone()
    found = entry(c, "u").data().statistics
    assert (low, high, count) == (0, 49, 150) == (found.columns[1].low, found.columns[1].high, found.rows)
    assert round(found.columns[1].distinct) == 50


def test_snapshots_hold_them(c: Any, path: Path, tmp_path: Path) -> None:
    c.snapshots.create("monday")
    c.execute("delete from t")
    c.execute("insert into t (a, b) values (8, 'n')")
    assert c.snapshots.restore_table("monday", "t", "back") == 4
    assert rows(c, "back") == ROWS
    c.snapshots.restore("monday", tmp_path / "restored")
    with warehouse.connect(tmp_path / "restored", autocommit=True) as restored:
        assert rows(restored) == ROWS
        restored.execute("insert into t (a, b) values (6, 'r')")
        assert rows(restored) == [*ROWS, (6, "r")]
    assert rows(c) == [(8, "n")]


def test_tables_change_around_them(c: Any, path: Path) -> None:
    c.execute("alter table t add column d int default 7")
    c.execute("insert into t (a, b, d) values (6, 'w', 8)")
    assert c.execute("select sum(d), min(d), max(d), count(*) from t").fetchone() == (36, 7, 8, 5)
    c.execute("analyze t")
    assert entry(c).data().statistics.columns[entry(c).table.columns[3].id].low == 7
    c.execute("create table source (a int, b varchar(9)) diststyle even")
    c.execute("create table target (a int, b varchar(9)) diststyle even")
    for row in ROWS[:2]:
        c.execute("insert into source values (%s, %s)", row)
    c.execute("insert into target values (%s, %s)", ROWS[2])
    c.execute("delete from source where a = 3; insert into source values (3, 'z')")
    c.execute("alter table target append from source")
    c.execute("insert into target values (%s, %s)", ROWS[3])
    assert rows(c, "target") == ROWS and rows(c, "source") == [] and not files(path)
    c.execute("alter table target alter diststyle all")
    assert rows(c, "target") == ROWS and files(path)
    c.execute("truncate target")
    assert rows(c, "target") == []


def test_a_damaged_one_is_named(c: Any, path: Path) -> None:
    c.close()
    with sqlite3.connect(path / "catalog.sqlite") as catalogue:
        id, data = catalogue.execute("select extent_id, data from inline_extents order by 1 limit 1").fetchone()
        damaged = bytearray(data)
        damaged[100] ^= 1
        catalogue.execute("update inline_extents set data = ? where extent_id = ?", (bytes(damaged), id))
    found = list(check(path, Checked(), lambda name: None))
    assert len(found) == 1 and "fails its checksum" in found[0] and "inline/" in found[0]
    with warehouse.connect(path) as again, pytest.raises(warehouse.Error, match="fails its checksum"):
        rows(again)


def test_a_missing_one_is_named(c: Any, path: Path) -> None:
    c.close()
    with sqlite3.connect(path / "catalog.sqlite") as catalogue:
        catalogue.execute("delete from inline_extents")
    found = list(check(path, Checked(), lambda name: None))
    assert found and all("inline/" in problem for problem in found)


def test_sketches_are_told_when_asked(c: Any) -> None:
    c.execute("create table u (a int, b varchar(9)) diststyle all")
    for i in range(5):
        c.execute(f"insert into u values ({i}, 'text {i}')")
        found = entry(c, "u").data().statistics
        assert (found.rows, round(found.columns[1].distinct), found.columns[1].high) == (i + 1, i + 1, i)
    assert ExtentReader(Path("x"), entry(c, "u").extents[0].data).footer.sketches == (b"", b"")


def test_sketches_read_what_came(c: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are changed one by one leave their extents; those that stay are not read again, until half are gone."""
    c.execute("create table u (a int, b varchar(9)) diststyle all")
    for i in range(10):
        c.execute(f"insert into u values ({i}, 'text {i}')")
    assert entry(c, "u").data().statistics.columns[1].high == 9
    opened: list[str] = []
    read = inline._open
    monkeypatch.setattr(inline, "_open", lambda extent: (opened.append(extent.path), read(extent))[1])
    for i in range(3):
        c.execute(f"update u set a = {20 + i} where a = {i}")
        opened.clear()
        found = entry(c, "u").data().statistics
        assert (found.rows, found.columns[1].low, found.columns[1].high, len(opened)) == (10, 0, 20 + i, 1)
    for i in range(3, 10):
        c.execute(f"update u set a = {20 + i} where a = {i}")
    found = entry(c, "u").data().statistics
    assert found.columns[1].low > 3 and found.columns[1].high == 29 and 10 <= round(found.columns[1].distinct) <= 15
