"""Commits of single rows: one row of one table each, which the next other commit moves to where all others are."""
from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.storage.catalog.growth import with_row, with_rows
from warehouse.storage.catalog.row_commits import fold
from warehouse.storage.catalog.state import CatalogState, TableEntry
from warehouse.storage.catalog.store import Behind, CatalogStore
from warehouse.storage.one_row import added_row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dw"


@pytest.fixture
def c(path: Path) -> Iterator[Any]:
    """A table of three rows, of which the last two are row commits."""
    with warehouse.connect(path, autocommit=True, maintenance=False) as connection:
        connection.execute("create table t (id int, v varchar(9)) diststyle even")
        for i in range(3):
            connection.execute(f"insert into t values ({i}, 'v{i}')")
        yield connection


def waiting(path: Path) -> int:
    with sqlite3.connect(path / "catalog.sqlite") as catalogue:
        return catalogue.execute("select count(*) from row_commits").fetchone()[0]


def told(state: CatalogState) -> tuple[Any, ...]:
    """What a state has of t."""
    (entry,) = state.entries.values()
    return state.seq, entry.modified, [(e.id, e.slice, e.rows, e.bytes, e.data) for e in entry.extents]


def read(path: Path) -> tuple[Any, ...]:
    """The same, out of the file."""
    store = CatalogStore(path / "catalog.sqlite", read_only=True, live=True)
    try:
        loaded, _ = store.load()
        return (*told(loaded.state), loaded.next_extent)
    finally:
        store.close()


def test_a_row_by_itself_changes_one_table(c: Any, path: Path) -> None:
    assert waiting(path) == 2  # the first one told that the table has rows
    c.execute("insert into t values (3, 'x'), (4, 'y')")
    assert waiting(path) == 0
    assert c.execute("select id from t order by 1").fetchall() == [(i,) for i in range(5)]


def test_it_reads_the_same_before_and_after(c: Any, path: Path) -> None:
    before = read(path)
    assert before[:3] == told(c.session.database.newest)
    with sqlite3.connect(path / "catalog.sqlite") as catalogue:
        fold(catalogue)
    assert waiting(path) == 0
    assert read(path) == before
    assert before[1] == 2


def test_a_database_that_is_opened_anew(c: Any, path: Path) -> None:
    before = told(c.session.database.newest)
    c.close()
    with warehouse.connect(path, autocommit=True) as again:
        assert told(again.session.database.newest) == before
        for i in range(3, 5):
            again.execute(f"insert into t values ({i}, 'v{i}')")
        again.execute("delete from t where id = 4")
        assert again.execute("select id from t order by 1").fetchall() == [(i,) for i in range(4)]


def test_a_snapshot_has_them(c: Any, path: Path, tmp_path: Path) -> None:
    c.snapshots.create("monday")
    c.execute("insert into t values (3, 'later')")
    c.snapshots.restore("monday", tmp_path / "again")
    with warehouse.connect(tmp_path / "again", autocommit=True) as again:
        assert again.execute("select id, v from t order by 1").fetchall() == [(i, f"v{i}") for i in range(3)]
        again.execute("insert into t values (3, 'x')")
        assert again.execute("select count(*) from t").fetchone() == (4,)


def test_the_state_with_a_row_is_that_of_any_delta(c: Any) -> None:
    """What is known without looking is what looking finds; where it is not, nothing is said."""
    database = c.session.database
    c.execute("create table e (id int)")
    state = database.newest
    for entry in state.entries.values():
        values = [None] * len(entry.table.columns)
        added = added_row(database, entry.table, entry, values, range(len(values)), {})
        assert added is not None
        expected, changes = with_rows(state, added.as_extents(), state.seq + 1)
        found = with_row(state, added)
        assert (found is None) is (entry.rows == 0) and (found is None or (changes.counted and not changes.touched))
        if found is not None:
            a, b = (s.entries[entry.table.id] for s in (found, expected))
            assert [getattr(a, f) for f in TableEntry.__slots__] == [getattr(b, f) for f in TableEntry.__slots__]
            assert replace(found, entries={}) == replace(expected, entries={})


@pytest.mark.parametrize("later", ["row", "other", "both"])
def test_a_number_is_given_once(c: Any, path: Path, later: str) -> None:
    """Whoever has not seen another's commit is behind, whatever kind it was."""
    database = c.session.database
    state = database.newest
    with sqlite3.connect(path / "catalog.sqlite", isolation_level=None) as catalogue:
        if later in ("row", "both"):
            catalogue.execute("insert into row_commits select seq + 1, extent_id + 500, table_id, slice, 'inline/1-0', "
                              "data from row_commits order by seq desc limit 1")
        if later in ("other", "both"):
            fold(catalogue)
            catalogue.execute("update meta set value = value + 1 where key = 'seq'")
    (entry,) = state.entries.values()
    added = added_row(database, entry.table, entry, [7, "x"], (0, 1), {})
    assert added is not None
    newer, changes = with_rows(state, added.as_extents(), state.seq + 1)
    store = database._commits._store
    with pytest.raises(Behind):
        store.append(newer.seq, entry.table.id, added.extent)
    with pytest.raises(Behind):
        store.write(newer, changes, next_relation=database.numbering.next_relation,
                    transaction=database.numbering.transaction)
    c.execute("insert into t values (7, 'x')")
    assert c.execute("select count(*) from t where id = 7").fetchone() == (1,)
