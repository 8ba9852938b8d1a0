"""Snapshots: what they hold, what they cost, how they come back, and that nothing is lost when something goes wrong."""
from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import warehouse
from other_process import OtherProcess
from warehouse import errors
from warehouse.storage import staging
from warehouse.storage.check import Checked, check
from warehouse.storage.database import Database
from warehouse.storage.snapshots import create, manifest, restore, schedule, source

pytestmark = pytest.mark.usefixtures("in_files")
START = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with rows, deleted rows, a view, a counter, a BACKUP NO table, and its snapshot; tests copy it."""
    path = tmp_path_factory.mktemp("made") / "dw"
    with pytest.MonkeyPatch.context() as patch, warehouse.connect(
        path, nodes=2, slices_per_node=2, autocommit=True
    ) as c:
        patch.setattr(Database, "inline_bytes", 0)
        c.execute("create table t (a int, b varchar(9), i bigint identity(1, 1)) distkey(a) sortkey(a)")
        c.execute("insert into t (a, b) values (1, 'x'), (2, 'y'), (3, 'z'), (4, null)")
        c.execute("delete from t where a = 2")
        c.execute("create table scratch (a int) backup no")
        c.execute("insert into scratch values (1)")
        c.execute("create view v as select sum(a) as n from t")
        snapshot = c.snapshots.create("monday")
        assert (snapshot.tables, snapshot.rows, snapshot.left_out) == (2, 3, ("public.scratch",))
    return path


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it, links and all."""
    path = tmp_path / "dw"
    shutil.copytree(made, path, copy_function=os.link)
    for file in path.glob("*.sqlite*"):  # what is written in place must not be shared
        data = file.read_bytes()
        file.unlink()
        file.write_bytes(data)
    return path


@pytest.fixture
def db(folder: Path) -> Iterator[warehouse.Connection]:
    with warehouse.connect(folder, autocommit=True) as connection:
        yield connection


def rows(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    return list(connection.execute(sql).fetchall())


def names(folder: Path) -> list[str]:
    return [s.name for s in manifest.list_snapshots(folder)]


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.ext"))


def damage(path: Path, at: int) -> None:
    """Change a byte, in this file only."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.unlink()
    path.write_bytes(data)


# -- as of a snapshot ----------------------------------------------------------------------------------


def test_a_connection_as_of_a_snapshot(db: warehouse.Connection, folder: Path) -> None:
    wanted = rows(db, "select a, b, i from t order by a")
    db.execute("delete from t where a = 1")
    db.execute("drop view v")
    with warehouse.connect(folder, as_of="monday") as then:
        assert rows(then, "select a, b, i from t order by a") == wanted
        assert rows(then, "select n from v") == [(8,)]
        db.execute("vacuum full t to 100 percent")
        db.execute("truncate t")
        assert rows(then, "select sum(a) from t join (select a as k from t) s on s.k = t.a") == [(8,)]
        then.rollback()
        with pytest.raises(errors.ReadOnly):
            then.execute("delete from t")
        with pytest.raises(errors.DatabaseInUse, match='snapshot "monday" is being read'):
            db.snapshots.delete("monday")
        db.snapshots.create("tuesday")
    with warehouse.connect(folder, as_of="tuesday") as now:
        assert rows(now, "select count(*) from t") == [(0,)]
    assert not any(check(folder / "snapshots" / "monday", Checked(), lambda name: None))
    db.snapshots.delete("monday")
    assert not list((folder / "locks").glob("snapshot-*monday*"))
    for name, message in (("monday", '"monday" does not exist'), ("a/b", "cannot be a snapshot's name")):
        with pytest.raises(errors.ProgrammingError, match=message):
            warehouse.connect(folder, as_of=name)
    with pytest.raises(errors.NotSupportedError, match="in memory has no snapshots"):
        warehouse.connect(as_of="monday")


def test_a_snapshot_is_read_in_place_and_never_written(folder: Path) -> None:
    path = folder / "snapshots" / "monday"
    before = sorted(path.rglob("*"))
    with pytest.raises(errors.ReadOnly, match="is a snapshot: it can only be read"):
        warehouse.connect(path)
    with warehouse.connect(path, read_only=True) as then:
        assert rows(then, "select count(*) from t") == [(3,)]
    assert sorted(path.rglob("*")) == before
    damage(path / "catalog.snapshot", 100)
    with pytest.raises(errors.DataCorrupted, match=r"catalog\.snapshot fails its checksum"):
        warehouse.connect(path, read_only=True)


# -- making and deleting -------------------------------------------------------------------------------


def test_a_snapshot_is_links_and_deleting_it_gives_space_back(db: warehouse.Connection, folder: Path) -> None:
    shared = db.snapshots.create("tuesday")
    assert shared.bytes and shared.own_bytes == 0 and not shared.automatic
    linked = files(folder / "snapshots" / "tuesday")
    assert all(os.stat(f).st_nlink > 1 for f in linked)
    for other in ("monday", "tuesday"):
        assert rows(db, "select count(*) from t") == [(3,)]
        db.snapshots.delete(other)
    assert not list((folder / "snapshots").iterdir())
    assert rows(db, "select n from v") == [(8,)]


def test_rows_that_the_database_drops_stay_in_the_snapshot(db: warehouse.Connection, tmp_path: Path) -> None:
    db.execute("truncate t")
    db.execute("drop table scratch")
    db.snapshots.restore("monday", tmp_path / "back")
    with warehouse.connect(tmp_path / "back", autocommit=True) as back:
        assert rows(back, "select a, b, i from t order by a") == [(1, "x", 1), (3, "z", 3), (4, None, 4)]
        assert rows(back, "select n from v") == [(8,)]
        assert rows(back, "select count(*) from scratch") == [(0,)]  # BACKUP NO: there, but empty
        back.execute("insert into t (a) values (9)")
        back.execute("insert into scratch values (7)")
        assert rows(back, "select max(i) from t") == [(5,)]  # the counter went on
        assert rows(back, "select a from scratch") == [(7,)]
    assert rows(db, "select count(*) from t") == [(0,)]


def test_a_snapshot_beside_writers_of_another_process_holds_whole_commits(tmp_path: Path) -> None:
    other = OtherProcess()
    try:
        with warehouse.connect(tmp_path / "dw", slices_per_node=2, autocommit=True) as c:
            for table in ("x", "y"):
                c.execute(f"create table {table} (k int) diststyle even")
            other.connect("b", tmp_path / "dw")
            for k in range(3):
                waiting = other.start("b", f"begin; insert into x values ({k}); delete from y; "
                                           "insert into y select k from x; commit")
                c.snapshots.create(f"s{k}")
                waiting()
            nodes = "select count(distinct node) from stv_slices"
            assert other.execute("b", nodes) == [(1,)]
            c.elastic_resize(2)
            assert other.execute("b", nodes) == [(2,)]
            other.close("b")
        for k in range(3):
            restore.restore(tmp_path / "dw", f"s{k}", tmp_path / f"r{k}")
            with warehouse.connect(tmp_path / f"r{k}") as back:
                assert rows(back, "select count(*) from x") == rows(back, "select count(*) from y")
    finally:
        other.end()


@pytest.mark.parametrize("name", ["", "-a", "a--b", "a/b", "..", "1a", "a" * 200])
def test_names_that_are_none(db: warehouse.Connection, name: str) -> None:
    for action in (db.snapshots.create, db.snapshots.delete):
        with pytest.raises(errors.ProgrammingError, match="cannot be a snapshot's name"):
            action(name)


def test_names_that_are_no_texts(db: warehouse.Connection, folder: Path) -> None:
    number: Any = 5
    for action in (
        lambda: db.snapshots.create(number), lambda: db.snapshots.restore_table("monday", number, "x"),
        lambda: warehouse.connect(folder, as_of=number),
    ):
        with pytest.raises(errors.InterfaceError, match="name must be a text, not 5"):
            action()
    for action in (
        lambda: db.snapshots.copy("monday", number), lambda: db.snapshots.restore("monday", number),
        lambda: db.snapshots.schedule(number),
    ):
        with pytest.raises(errors.InterfaceError, match=r"must be a .*, not 5"):
            action()


def test_what_is_refused(db: warehouse.Connection, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.ProgrammingError, match='snapshot "monday" already exists'):
        db.snapshots.create("monday")
    for action in (db.snapshots.delete, lambda n: db.snapshots.restore(n, tmp_path / "r")):
        with pytest.raises(errors.UndefinedObject, match='snapshot "friday" does not exist') as caught:
            action("friday")
        assert caught.value.hint == "There are monday."
    with pytest.raises(errors.NotSupportedError, match="ftp:// is not supported"):
        db.snapshots.copy("monday", "ftp://host/x")
    with warehouse.connect() as memory, pytest.raises(errors.NotSupportedError, match="in memory has no snapshots"):
        memory.snapshots.create("a")
    assert names(folder) == ["monday"] and not (tmp_path / "r").exists()


def test_a_restore_never_touches_what_exists(db: warehouse.Connection, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    before = sorted(folder.rglob("*"))
    for target in (folder, folder / "inside"):
        with pytest.raises(errors.OperationalError, match="nothing was written"):
            db.snapshots.copy("monday", target)
    for target in (folder, folder / "inside", tmp_path / "file", tmp_path / "full"):
        with pytest.raises(errors.OperationalError, match="nothing was written"):
            db.snapshots.restore("monday", target)
    assert (tmp_path / "file").read_text() == (tmp_path / "full" / "mine").read_text() == "mine"
    assert [p for p in before if not p.exists()] == [] and rows(db, "select n from v") == [(8,)]


def test_a_full_disk_leaves_nothing_half_made(
    db: warehouse.Connection, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path, *, link: bool) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(create, "place", full)
    monkeypatch.setattr(source, "place", full)
    for action in (lambda: db.snapshots.create("tuesday"), lambda: db.snapshots.restore("monday", tmp_path / "r"),
                   lambda: db.snapshots.copy("monday", tmp_path / "c")):
        with pytest.raises(errors.DiskFull, match="the disk is full") as caught:
            action()
        assert caught.value.sqlstate == "53100"
    monkeypatch.undo()
    assert names(folder) == ["monday"] and os.listdir(folder / "snapshots") == ["monday"]
    assert not (tmp_path / "r").exists() and not list(tmp_path.glob(".*"))
    db.snapshots.create("tuesday")


def test_what_a_killed_process_left_is_not_listed_and_goes(db: warehouse.Connection, folder: Path) -> None:
    left = folder / "snapshots" / ".auto-1.part-xyz"
    left.mkdir()
    (left / manifest.MANIFEST).write_text("{}")
    assert names(folder) == ["monday"]
    db.snapshots.create("tuesday")
    assert not left.exists()


def test_without_links_files_are_copied(
    db: warehouse.Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(source: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", no_link)
    copied = db.snapshots.create("tuesday")
    assert copied.own_bytes == copied.bytes > 0


def test_read_only_connections_make_none(folder: Path) -> None:
    with warehouse.connect(folder, read_only=True) as c:
        assert [s.name for s in c.snapshots.list()] == ["monday"]
        with pytest.raises(errors.ReadOnly):
            c.snapshots.create("tuesday")
        with pytest.raises(errors.ReadOnly):
            c.snapshots.delete("monday")


def test_only_superusers_copy_everything(db: warehouse.Connection, folder: Path, tmp_path: Path) -> None:
    db.execute("create user clerk password 'Secret123'")
    db.execute("set session authorization clerk")
    for action in (lambda: db.snapshots.create("a"), lambda: db.snapshots.delete("monday"), db.snapshots.schedule,
                   lambda: db.snapshots.restore("monday", tmp_path / "r"), lambda: db.resize(tmp_path / "r", nodes=3),
                   lambda: db.snapshots.restore_table("monday", "t", "n"), lambda: db.elastic_resize(1)):
        with pytest.raises(errors.PermissionDenied, match="must be superuser to"):
            action()
    assert names(folder) == ["monday"]


# -- damage --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["extent", "missing", "catalogue", "manifest"])
def test_a_damaged_snapshot_is_refused_and_can_be_deleted(folder: Path, tmp_path: Path, part: str) -> None:
    snapshot = folder / "snapshots" / "monday"
    if part == "missing":
        files(snapshot)[0].unlink()
    else:
        which = {"extent": files(snapshot)[0], "catalogue": snapshot / manifest.CATALOG,
                 "manifest": snapshot / manifest.MANIFEST}
        damage(which[part], 120)
    with pytest.raises(errors.DataCorrupted, match='snapshot "monday" is damaged'):
        restore.restore(folder, "monday", tmp_path / "r")
    assert not (tmp_path / "r").exists()
    if part in ("missing", "manifest"):
        assert manifest.list_snapshots(folder)[0].damage
    create.delete(folder, "monday")
    assert names(folder) == []


# -- copies and tables ---------------------------------------------------------------------------------


def test_a_copy_lives_without_the_database(db: warehouse.Connection, folder: Path, tmp_path: Path) -> None:
    db.snapshots.copy("monday", tmp_path / "safe")
    with pytest.raises(errors.OperationalError, match="is not empty"):
        db.snapshots.copy("monday", tmp_path / "safe")
    db.close()
    shutil.rmtree(folder)
    assert all(os.stat(f).st_nlink == 1 for f in files(tmp_path / "safe"))
    restore.restore(tmp_path / "safe", "monday", tmp_path / "back")
    with warehouse.connect(tmp_path / "back") as back:
        assert rows(back, "select n from v") == [(8,)]


def test_a_table_comes_back_under_a_new_name(db: warehouse.Connection) -> None:
    db.execute("drop view v")
    db.execute("drop table t")
    db.execute("create schema before")
    assert db.snapshots.restore_table("monday", "t", "before.t") == 3
    assert rows(db, "select a, b, i from before.t order by a") == [(1, "x", 1), (3, "z", 3), (4, None, 4)]
    assert rows(db, "select a from before.t where a > 1 and b is not null") == [(3,)]
    db.snapshots.delete("monday")
    db.execute("insert into before.t (a) values (9)")
    db.execute("delete from before.t where a = 1")
    assert rows(db, "select a, i from before.t order by a") == [(3, 3), (4, 4), (9, 5)]


def test_tables_that_cannot_come_back(db: warehouse.Connection, tmp_path: Path) -> None:
    back = db.snapshots.restore_table
    with pytest.raises(errors.UndefinedTable, match=r'has no table "public\.nothing"'):
        back("monday", "nothing", "n")
    with pytest.raises(errors.UndefinedTable, match="declared BACKUP NO"):
        back("monday", "scratch", "n")
    with pytest.raises(errors.DuplicateTable, match='"t" already exists'):
        back("monday", "t", "t")
    with pytest.raises(errors.UndefinedObject, match='schema "nowhere" does not exist'):
        back("monday", "t", "nowhere.t")
    for system in ("pg_catalog.x", "information_schema.x"):
        with pytest.raises(errors.PermissionDenied, match="is a system schema"):
            back("monday", "t", system)
    with pytest.raises(errors.InvalidDefinition, match="begins with #"):
        back("monday", "t", "#t")
    db.execute("begin")
    with pytest.raises(errors.ProgrammingError, match="inside a transaction"):
        back("monday", "t", "n")
    db.execute("rollback")
    home = db.session.database.path
    with warehouse.connect(tmp_path / "five", nodes=1, slices_per_node=5) as five:
        with pytest.raises(errors.TopologyMismatch, match="made with 4 slices, the database has 5"):
            five.snapshots.restore_table("monday", "t", "n", source=home)
        assert not files(tmp_path / "five")
    assert len(files(home / "data")) == len(files(home / "snapshots")) + 1  # + scratch


# -- schedule ------------------------------------------------------------------------------------------


def test_automatic_snapshots_are_made_when_due_and_go_when_their_time_is_over(
    db: warehouse.Connection, folder: Path
) -> None:
    database = db.session.database
    assert schedule.run_due(database, START) is None
    db.snapshots.schedule(every=timedelta(hours=8), keep=timedelta(hours=20))
    for hours, expected in (
        (0, ["08"]), (7, ["08"]), (8, ["08", "16"]), (17, ["08", "16", "01"]), (21, ["16", "01"]),
        (-50, ["06", "16", "01"]),  # the clock was set back: those of the future do not count
    ):
        schedule.run_due(database, START + timedelta(hours=hours))
        automatic = [s for s in manifest.list_snapshots(folder) if s.automatic]
        assert [f"{s.created:%H}" for s in automatic] == expected
    assert "monday" in names(folder)
    db.snapshots.unschedule()
    assert db.snapshots.scheduled is None and schedule.run_due(database, START + timedelta(days=9)) is None


def test_the_worker_looks_only_when_something_may_be_due(
    db: warehouse.Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = db.session.worker
    worker.snapshot(START)  # no schedule
    db.snapshots.schedule()
    assert db.snapshots.scheduled == schedule.Schedule(timedelta(hours=8), timedelta(days=1))
    runs: list[datetime] = []
    run_due = schedule.run_due
    monkeypatch.setattr(schedule, "run_due", lambda d, now, check: (runs.append(now), run_due(d, now, check=check))[1])
    for hours in (0, 1, 8, 9, 16, 24, 25, -1):
        worker.snapshot(START + timedelta(hours=hours))
    assert [(r - START) // timedelta(hours=1) for r in runs] == [0, 8, 16, 24, -1]
    assert len(names(folder)) == 5  # monday, 8, 16, 24 and -1
    for wrong in ({"every": timedelta(0)}, {"keep": timedelta(days=36)}, {"keep": timedelta(0)}):
        with pytest.raises(errors.DataError):
            schedule.Schedule(**wrong)


def test_staging_is_whole_or_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), staging.Staging(tmp_path / "a") as work:
        (work.folder / "f").write_text("1")
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
    with staging.Staging(tmp_path / "a") as work:
        (work.folder / "f").write_text("1")
        work.publish()
    assert [p.name for p in tmp_path.rglob("*")] == ["a", "f"]
