"""Opening, sharing, locking and closing database folders; snapshots and pins."""
from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import stored_tables as st
import warehouse
from warehouse import errors
from warehouse.storage.catalog import folder
from warehouse.storage.catalog.delta import Delta, DropExtents
from warehouse.storage.check import Checked, check
from warehouse.storage.database import Database
from warehouse.storage.schema import Topology
from warehouse.storage.timeline import RECENT_STATES


def contents(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file and folder below, with size, time of change and bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.stat()
        found[str(path.relative_to(folder))] = (
            status.st_size, status.st_mtime_ns, path.read_bytes() if path.is_file() else b"",
        )  # fmt: skip
    return found


def in_child(code: str, *arguments: str) -> subprocess.Popen[str]:
    """A Python process that runs `code` and says "ready" when its test may go on."""
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/",
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "ready"
    return child


def end(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.communicate()


OPEN_AND_WAIT = """
    import sys
    from warehouse.storage.database import Database
    db = Database.open(sys.argv[1], read_only=len(sys.argv) > 2)
    print("ready", flush=True)
    sys.stdin.read()
"""


# -- folders ---------------------------------------------------------------------------------------


def test_a_missing_path_is_created_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "new" / "dw"
    with Database.open(path, nodes=2, slices_per_node=2) as db:
        assert db.topology == Topology.even(2, 2)
    for name in ("data", "locks", "run", "spill", "catalog.sqlite"):
        assert (path / name).exists()


def test_lock_files_of_tables_that_were_do_not_gather(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Database.open(tmp_path / "dw").close()
    monkeypatch.setattr(folder, "MOST_LOCKS", 3)
    locks = tmp_path / "dw" / "locks"
    others = set(os.listdir(locks))
    for name in ("100001.write", "100001.access", "100002.gate"):
        (locks / name).touch()
    Database.open(tmp_path / "dw").close()
    assert len(os.listdir(locks)) == len(others) + 3
    (locks / "100003.write").touch()
    Database.open(tmp_path / "dw").close()
    assert set(os.listdir(locks)) == others


def test_create_false_refuses_a_missing_path(tmp_path: Path) -> None:
    with pytest.raises(errors.FileMissing, match="does not exist"):
        Database.open(tmp_path / "dw", create=False)
    assert not (tmp_path / "dw").exists()


def test_a_file_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "f.db"
    path.write_text("x")
    with pytest.raises(errors.OperationalError, match="is a file"):
        Database.open(path)


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("x")
    with pytest.raises(errors.OperationalError, match="not a database folder"):
        Database.open(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["letters.txt"]


def test_a_creation_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    (path / "data").mkdir(parents=True)
    (path / "catalog.sqlite").touch()
    with pytest.raises(errors.FileMissing):
        Database.open(path, create=False)
    with Database.open(path) as db:
        assert db.snapshot() == 0


def test_everything_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    with Database.open(path, nodes=1, slices_per_node=2) as db:
        table = st.create(db, st.define())
        st.load(db, table, [(1, "x"), (2, None)])
        seq = db.snapshot()
    with Database.open(path) as db:
        assert db.snapshot() == seq
        assert st.current(db, table) == table
        assert st.stored(db, table) == [(1, "x"), (2, None)]
        assert st.data_of(db, table).statistics.columns[0].high == 2


def test_another_topology_is_refused_by_name(tmp_path: Path) -> None:
    Database.open(tmp_path / "dw", nodes=1, slices_per_node=2).close()
    for arguments in ({"nodes": 2}, {"slices_per_node": 3}, {"node_type": "ra3.4xlarge"}):
        with pytest.raises(errors.TopologyMismatch, match=r"1 node with 2 slices .* asked for"):
            Database.open(tmp_path / "dw", **arguments)  # type: ignore[arg-type]
    with Database.open(tmp_path / "dw", node_type="dc2.large") as db:
        assert db.topology.slices == 2


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    Database.open(path).close()
    connection = sqlite3.connect(path / "catalog.sqlite")
    connection.execute("UPDATE meta SET value = '999' WHERE key = 'format'")
    connection.commit()
    connection.close()
    for read_only in (False, True):
        with pytest.raises(errors.FormatTooNew, match="999"):
            Database.open(path, read_only=read_only)


def test_the_first_write_raises_an_older_format(tmp_path: Path) -> None:
    path = tmp_path / "dw"

    def format_of_catalogue(set_to: str | None = None) -> str:
        connection = sqlite3.connect(path / "catalog.sqlite")
        if set_to is not None:
            connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (set_to,))
            connection.commit()
        found = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()[0]
        connection.close()
        return str(found)

    Database.open(path).close()
    newest = format_of_catalogue()
    assert format_of_catalogue(set_to="1") == "1" != newest
    Database.open(path, read_only=True).close()
    assert format_of_catalogue() == "1"
    with warehouse.connect(path, autocommit=True) as connection:
        connection.execute("create table t (a int)")
    assert format_of_catalogue() == newest


def test_a_damaged_catalogue_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    Database.open(path).close()
    (path / "catalog.sqlite").write_bytes(b"this is no SQLite file at all" * 100)
    with pytest.raises(errors.DataCorrupted, match=r"catalog\.sqlite"):
        Database.open(path)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "dw"
    with Database.open(path, nodes=1, slices_per_node=2) as db:
        st.load(db, st.create(db, st.define()), [(n, "x") for n in range(2000)])
    return path


def flipped(at: int, count: int = 8) -> Callable[[Path], None]:
    def change(catalog: Path) -> None:
        data = bytearray(catalog.read_bytes())
        for i in range(at, at + count):
            data[i] ^= 0xFF
        catalog.write_bytes(data)

    return change


def somebody_elses(catalog: Path) -> None:
    catalog.unlink()
    connection = sqlite3.connect(catalog)
    connection.execute("create table letters (a)")
    connection.commit()
    connection.close()


def a_folder(catalog: Path) -> None:
    catalog.unlink()
    catalog.mkdir()


def a_circle(catalog: Path) -> None:
    catalog.unlink()
    catalog.symlink_to(catalog.name)


def shortened(size: int) -> Callable[[Path], None]:
    return lambda catalog: os.truncate(catalog, size)


@pytest.mark.parametrize(("change", "match"), [
    (flipped(0, 1), "file is not a database"),
    (flipped(100), "malformed"),
    (flipped(4096, 2000), "malformed"),
    (shortened(6000), "malformed"),
    (shortened(50), "damaged"),
    (shortened(0), "missing or empty, but there are data files"),
    (somebody_elses, "not the catalogue of a database: no such table: meta"),
    (a_folder, "is a folder where a file should be"),
    (a_circle, "cannot be used"),
    (Path.unlink, "missing or empty, but there are data files|does not exist"),
])
def test_a_catalogue_that_is_none_is_told_and_nothing_is_changed(
    sound: Path, tmp_path: Path, change: Callable[[Path], None], match: str
) -> None:
    path = tmp_path / "dw"
    shutil.copytree(sound, path)
    change(path / "catalog.sqlite")
    kept = {p: p.read_bytes() for p in path.rglob("*") if p.is_file() and p.parent.name != "run"}
    for read_only in (False, True):
        with pytest.raises(errors.DatabaseError, match=match) as caught:
            Database.open(path, read_only=read_only)
        assert caught.value.sqlstate in ("XX001", "58030", "58P01")
    with suppress(errors.DatabaseError):
        list(check(path, Checked(), lambda name: None))
    assert {p: p.read_bytes() for p in kept if p.exists()} == kept


def test_a_header_that_forbids_to_write_is_told_by_the_first_write(sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "dw"
    shutil.copytree(sound, path)
    flipped(18, 1)(path / "catalog.sqlite")
    with warehouse.connect(path, autocommit=True) as c:
        assert c.execute("select count(*) from t").fetchone() == (2000,)
        with pytest.raises(errors.DataCorrupted, match="its header forbids to write to it"):
            c.execute("create table u (a int)")


def test_a_folder_without_its_catalogue_is_still_known(sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "dw"
    shutil.copytree(sound, path)
    (path / "catalog.sqlite").unlink()
    (path / "snapshots").mkdir()
    with pytest.raises(errors.DataCorrupted, match="has lost its catalogue"):
        Database.open(path)


def test_a_relative_path_stays_what_it_was_when_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Database.open("dw") as db:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        table = st.create(db, st.define())
        st.load(db, table, [(1, "x")])
        assert st.stored(db, table) == [(1, "x")]
    assert (tmp_path / "dw" / "catalog.sqlite").exists()


# -- who holds it ----------------------------------------------------------------------------------


def test_the_same_process_shares_one_object(tmp_path: Path) -> None:
    first = Database.open(tmp_path / "dw")
    second = Database.open(str(tmp_path / "." / "dw"))
    assert second is first
    first.close()
    assert second.snapshot() == 0
    second.commit(Delta(create_schemas=("s",)))
    second.close()
    assert second.closed


def test_sharing_needs_the_same_mode_and_topology(tmp_path: Path) -> None:
    with Database.open(tmp_path / "dw", nodes=1, slices_per_node=2):
        with pytest.raises(errors.DatabaseInUse, match="for writing already"):
            Database.open(tmp_path / "dw", read_only=True)
        with pytest.raises(errors.TopologyMismatch):
            Database.open(tmp_path / "dw", nodes=2)


def test_a_second_process_comes_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    child = in_child(OPEN_AND_WAIT, str(path))
    try:
        with Database.open(path) as db:
            assert len(list((path / "run").glob("process-*"))) == 2
            db.commit(Delta(create_schemas=("s",)))
        with Database.open(path, read_only=True) as db:
            assert "s" in db.view().schemas()
    finally:
        end(child)
    with Database.open(path):
        assert len(list((path / "run").glob("process-*"))) == 1  # the dead one's file is gone


def test_a_read_only_process_keeps_files_from_being_removed(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    with Database.open(path) as db:
        table = st.create(db, st.define())
        st.load(db, table, [(1, "x")])
        child = in_child(OPEN_AND_WAIT, str(path), "read-only")
        try:
            db.commit(Delta(drop_extents=(DropExtents(table),)))
            assert len(list(path.rglob("*.ext"))) == 1
        finally:
            end(child)
        db.unpin(db.pin())
        assert list(path.rglob("*.ext")) == []


# -- read-only -------------------------------------------------------------------------------------


def test_read_only_never_writes_a_byte(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    with Database.open(path, nodes=1, slices_per_node=2) as db:
        table = st.create(db, st.define())
        st.load(db, table, [(1, "x")])
        db.history.record({"query": db.history.next_query_id()})
    before = contents(path)
    with Database.open(path, read_only=True) as db:
        assert st.stored(db, table) == [(1, "x")]
        db.history.record({"query": db.history.next_query_id()})
        snapshot = db.pin()
        db.unpin(snapshot)
        with pytest.raises(errors.ReadOnly):
            db.commit(Delta(create_schemas=("s",)))
        with pytest.raises(errors.ReadOnly):
            st.load(db, table, [(2, "y")])
    assert contents(path) == before


def test_read_only_sees_what_a_killed_writer_committed(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    code = """
        import sys
        from warehouse.storage.database import Database
        from warehouse.storage.catalog.delta import Delta
        db = Database.open(sys.argv[1])
        db.commit(Delta(create_schemas=("kept",)))
        print("ready", flush=True)
        sys.stdin.read()
    """
    end(in_child(code, str(path)))
    assert (path / "catalog.sqlite-wal").stat().st_size > 0
    before = contents(path)
    with Database.open(path, read_only=True) as db:
        assert "kept" in db.view().schemas()
    assert contents(path) == before


def test_read_only_needs_a_database(tmp_path: Path) -> None:
    with pytest.raises(errors.FileMissing):
        Database.open(tmp_path / "dw", read_only=True)
    with pytest.raises(errors.InterfaceError):
        Database.open(":memory:", read_only=True)


# -- in memory -------------------------------------------------------------------------------------


def test_databases_in_memory_are_apart_and_leave_nothing() -> None:
    first, second = Database.open(), Database.open(":memory:", nodes=2, slices_per_node=1)
    assert first is not second and second.topology.nodes == 2
    table = st.create(first, st.define())
    assert first.files._data is None, "no folder before rows are stored"
    st.load(first, table, [(1, "x")])
    folder = first.data_folder()
    assert st.stored(first, table) == [(1, "x")]
    assert second.view().relation(None, "t") is None
    first.close()
    second.close()
    assert not folder.exists()


# -- snapshots and pins ----------------------------------------------------------------------------


def test_a_view_shows_its_snapshot_only() -> None:
    with Database.open() as db:
        before = db.snapshot()
        table = st.create(db, st.define())
        created = db.snapshot()
        st.load(db, table, [(1, "x")])
        assert db.view(before).relation(None, "t") is None
        assert st.stored(db, table, created) == []
        assert st.stored(db, table) == [(1, "x")]


def test_dropped_files_stay_for_those_who_pinned_them() -> None:
    with Database.open() as db:
        table = st.create(db, st.define())
        st.load(db, table, [(1, "x")])
        (extent,) = st.data_of(db, table).extents
        pinned = db.pin()
        db.commit(Delta(drop_extents=(DropExtents(table),)))
        assert st.stored(db, table) == []
        assert st.stored(db, table, pinned) == [(1, "x")]
        db.unpin(pinned)
        assert not db.extent_path(extent).exists()
        with pytest.raises(errors.OperationalError, match="lost files"):
            db.pin(pinned)


def test_unpinning_twice_is_noticed() -> None:
    with Database.open() as db:
        snapshot = db.pin()
        db.pin(snapshot)
        db.unpin(snapshot)
        db.unpin(snapshot)
        with pytest.raises(errors.InternalError):
            db.unpin(snapshot)


def test_old_snapshots_go_unless_pinned() -> None:
    with Database.open() as db:
        first = db.pin()
        for i in range(RECENT_STATES + 5):
            db.commit(Delta(settings={"x": str(i)}))
        assert db.view(first).settings == {}
        with pytest.raises(errors.OperationalError, match="not kept"):
            db.view(first + 1)


def test_a_closed_database_commits_nothing() -> None:
    db = Database.open()
    db.close()
    with pytest.raises(errors.InterfaceError, match="closed"):
        db.commit(Delta(create_schemas=("s",)))


def test_ids_and_identity_values_are_never_given_twice(tmp_path: Path) -> None:
    with Database.open(tmp_path / "dw") as db:
        ids = [db.new_id(), db.new_id()]
        db.commit(Delta(create=(st.define(),)))
        ids.append(db.view().relations()[0].id)
        db.commit(Delta(drop=(db.view().relations()[0],)))
        assert db.numbering.identity(1, 0, seed=5, step=2, count=3) == (5, 11)
        assert db.numbering.identity(1, 0, seed=5, step=2, count=1) == (11, 13)
    with Database.open(tmp_path / "dw") as db:
        ids.append(db.new_id())
    assert len(set(ids)) == 4
