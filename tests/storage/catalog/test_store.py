"""The catalogue in SQLite: what is written is what is loaded, and a commit is all or nothing."""
from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import stored_tables as st
from warehouse import errors
from warehouse.storage.catalog.delta import Delta, DropExtents
from warehouse.storage.catalog.store import CatalogStore
from warehouse.storage.database import Database
from warehouse.storage.schema import Column, Constraint, DistStyle, Topology, View
from warehouse.storage.types import BIGINT, char, decimal


def full_table() -> st.Table:
    columns = (
        Column(0, "id", BIGINT, nullable=False, encoding="raw", identity=(1, 10), primary_key=True),
        Column(3, "price", decimal(38, 4), default_sql="0.5"),
        Column(4, "c", char(9), encoding="zstd"),
    )
    return st.define(
        "full", columns=columns, dist_style=DistStyle.KEY, dist_key=1, sort_key=(2, 0), owner="ann",
        constraints=(Constraint("foreign key", ("price",), "p(q)", "points"), Constraint("unique", ("id",))),
        backup=False,
    )  # fmt: skip


def reopened(path: Path) -> Database:
    return Database.open(path)


def test_definitions_come_back_whole(tmp_path: Path) -> None:
    with Database.open(tmp_path / "dw") as db:
        table = st.create(db, full_table())
        db.commit(Delta(create_schemas=("s",), settings={"k": "v"}))
        db.commit(Delta(create=(View(0, "s", "v", "select 1", ("one",), True, owner="bob"),)))
        view = db.view().relation("s", "v")
    with reopened(tmp_path / "dw") as db:
        assert st.current(db, table) == table
        assert db.view().relation("s", "v") == view
        assert db.view().settings == {"k": "v"}
        assert "s" in db.view().schemas()


def test_statistics_extents_and_counters_come_back(tmp_path: Path) -> None:
    with Database.open(tmp_path / "dw", nodes=1, slices_per_node=2) as db:
        table = st.create(db, st.define(dist_style=DistStyle.EVEN))
        st.load(db, table, [(i, f"v{i}") for i in range(100)])
        before = st.data_of(db, table)
        transaction = db.new_transaction()
    with reopened(tmp_path / "dw") as db:
        after = st.data_of(db, table)
        assert (after.extents, after.statistics, after.replicated) == (
            before.extents, before.statistics, before.replicated,
        )  # fmt: skip
        st.load(db, table, [(1, "x")])
        assert [e.id for e in st.data_of(db, table).extents] == [1, 2, 3]
        assert db.new_transaction() >= transaction


def test_what_was_dropped_is_gone_from_the_file_after_opening(tmp_path: Path) -> None:
    with Database.open(tmp_path / "dw") as db:
        table = st.create(db, st.define())
        st.load(db, table, [(1, "x")])
        db.commit(Delta(drop_extents=(DropExtents(table),)))
        db.commit(Delta(drop=(table,)))
    reopened(tmp_path / "dw").close()
    connection = sqlite3.connect(tmp_path / "dw" / "catalog.sqlite")
    for name in ("tables", "extents", "statistics"):
        assert connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,), name
    connection.close()


def test_a_failing_write_leaves_file_and_memory_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Database.open(tmp_path / "dw") as db:
        table = st.create(db, st.define())

        def fail(*_: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(CatalogStore, "_write_meta", fail)
        with pytest.raises(errors.FileError, match="disk is full"):
            st.load(db, table, [(1, "x")])
        monkeypatch.undo()
        assert st.stored(db, table) == []
        assert list(db.data_folder().rglob("*.ext")) == []
        st.load(db, table, [(2, "y")])
    with reopened(tmp_path / "dw") as db:
        assert st.stored(db, table) == [(2, "y")]


def test_a_catalogue_that_went_back_is_noticed(tmp_path: Path) -> None:
    with Database.open(tmp_path / "dw") as db:
        db.commit(Delta(create_schemas=("r",)))
        other = sqlite3.connect(tmp_path / "dw" / "catalog.sqlite")
        other.execute("UPDATE meta SET value = '0' WHERE key = 'seq'")
        other.commit()
        other.close()
        with pytest.raises(errors.DataCorrupted, match=r"commit 0.*commit 1"):
            db.commit(Delta(create_schemas=("s",)))


def test_a_damaged_definition_is_data_corrupted(tmp_path: Path) -> None:
    with Database.open(tmp_path / "dw") as db:
        st.create(db, st.define())
    connection = sqlite3.connect(tmp_path / "dw" / "catalog.sqlite")
    connection.execute("UPDATE tables SET definition = '{}'")
    connection.commit()
    connection.close()
    with pytest.raises(errors.DataCorrupted, match="damaged"):
        reopened(tmp_path / "dw")


class Failing:
    """A connection to a disk that is full."""

    def __init__(self, connection: sqlite3.Connection, at: str) -> None:
        self._connection = connection
        self._at = at

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        if self._at in sql:
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(sql, *values)

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


@pytest.mark.parametrize(("at", "action"), [
    ("CREATE TABLE meta", lambda store: store.create(Topology.even(1, 2))),
    ("DELETE FROM extents", CatalogStore.purge_dropped),
    ("dropped_seq IS NOT NULL", CatalogStore.has_dropped),
    ("FROM meta", lambda store: store.number("transaction")),
    ("FROM extents", CatalogStore.paths_by_state),
])
def test_what_opening_does_fails_in_our_words(
    tmp_path: Path, at: str, action: Callable[[CatalogStore], object]
) -> None:
    store = CatalogStore(tmp_path / "catalog.sqlite")
    if at != "CREATE TABLE meta":
        store.create(Topology.even(1, 2))
    store.connection = Failing(store.connection, at)  # type: ignore[assignment]
    with pytest.raises(errors.FileError, match="cannot be used: database or disk is full"):
        action(store)
    store.close()
