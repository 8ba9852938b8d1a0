"""Streaming restores: open at once, blocks as they are asked for, the rest in the background; killed, refused, gone."""
from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import warehouse
from click.testing import CliRunner
from warehouse import errors
from warehouse.client import admin, cli
from warehouse.storage import failpoints
from warehouse.storage.blockio import BlockReader
from warehouse.storage.check import Checked, check
from warehouse.storage.database import Database
from warehouse.storage.snapshots import places, restore, streaming
from warehouse.storage.snapshots.filling import Filler

PLACE = "s3://backup/dw"
ROWS = 200_000  # two row groups a slice
pytestmark = pytest.mark.usefixtures("in_files")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in place of S3, with a snapshot in the bucket "backup": `big` has large blocks, `small` one row."""
    path = tmp_path_factory.mktemp("made")
    (path / "s3" / "backup").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch, warehouse.connect(
        path / "dw", slices_per_node=2, autocommit=True, maintenance=False, s3_root=path / "s3"
    ) as c:
        patch.setattr(Database, "inline_bytes", 0)
        c.execute("create table big (a int, b bigint encode raw) distkey(a) sortkey(a)")
        c.execute("create table small (k int, v varchar(9)) diststyle even")
        c.execute(
            "insert into big with recursive n(a) as (select 1 union all select a + 1 from n where a < 200) "
            "select x.a * 1000 + y.a, x.a from n x, (select a from n union all select a + 200 from n union all "
            "select a + 400 from n union all select a + 600 from n union all select a + 800 from n) y"
        )
        c.execute("insert into small values (1, 'one')")
        c.snapshots.create("monday")
        c.snapshots.copy("monday", PLACE)
    return path


@pytest.fixture
def folder(store: Path, tmp_path: Path) -> Path:
    """A streaming restore that nobody has opened yet, of a bucket of its own, whose files are not shared."""
    shutil.copytree(store / "s3", tmp_path / "s3")
    place = places.place_of(PLACE, streaming.StoreOptions(s3_root=str(tmp_path / "s3")))
    restore.restore(place, "monday", tmp_path / "back", streaming=True)
    return tmp_path / "back"


def connect(folder: Path, **options: Any) -> Any:
    return warehouse.connect(folder, autocommit=True, create=False, **{"maintenance": False, **options})


def here(folder: Path) -> list[Path]:
    return sorted((folder / "data").rglob("*.ext"))


def gone(folder: Path) -> None:
    """The snapshot is not where it was any more."""
    os.rename(folder.parent / "s3", folder.parent / "elsewhere")


def answers(connection: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = connection.execute(
        "select count(*), count(distinct a), sum(b) from big union all select k, k, k from small order by 1"
    ).fetchall()
    return found


WANTED = [(1, 1, 1), (ROWS, ROWS, 1000 * 200 * 201 // 2)]


def test_it_opens_without_a_file_and_answers(folder: Path) -> None:
    with connect(folder) as c:
        assert here(folder) == []
        assert answers(c) == WANTED
        assert here(folder) == [], "blocks come to queries, extents by the filler"
        missing = c.snapshots.restoring
        assert missing.where == f"{PLACE}/snapshots/monday" and missing.missing_files == missing.files == 3
        assert c.execute("select sum(on_disk), min(on_disk) from stv_blocklist where tbl > 0").fetchall()[0][1] == 0
        c.snapshots.fill()
        assert c.snapshots.restoring is None and len(here(folder)) == 3
        assert answers(c) == WANTED
        assert c.execute("select min(on_disk) from stv_blocklist").fetchall() == [(1,)]
        gone(folder)
        assert answers(c) == WANTED
    assert not (folder / "restore.json").exists()
    with connect(folder) as c:
        assert answers(c) == WANTED


def test_a_query_reads_the_blocks_that_it_needs_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def note(self: Any, path: str, start: int, stop: int) -> bytes:
        read.append(stop - start)
        return original(self, path, start, stop)

    original = streaming.Arrivals.read
    monkeypatch.setattr(streaming.Arrivals, "read", note)
    with connect(folder) as c:
        c.execute("select a from big where a = 1001").fetchall()
        whole = c.snapshots.restoring.missing_bytes
    assert 0 < sum(read) < whole / 3, (read, whole)
    assert len(read) <= 6, "footers by one request each, and few blocks"


def test_what_is_asked_for_comes_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    original = streaming.Arrivals.bring

    def note(self: Any, path: str, check: Any) -> Path:
        order.append(path)
        return original(self, path, check)

    monkeypatch.setattr(streaming.Arrivals, "bring", note)
    with connect(folder) as c:
        c.execute("select * from small").fetchall()
        table = c.execute("select 'small'::regclass::oid").fetchall()[0][0]
        c.snapshots.fill()
    assert order[0].startswith(f"{table}/") and len(set(order)) == 3


@pytest.mark.parametrize("point", ["restore.fetched", "restore.arrived", "restore.complete"])
def test_killed_at_any_point_it_goes_on(folder: Path, point: str) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    failpoints.ACTIONS[point] = die
    try:
        with connect(folder) as c, pytest.raises(Killed):
            c.snapshots.fill()
    finally:
        del failpoints.ACTIONS[point]
    (folder / "spill" / "restore-1-1.part").write_bytes(b"what a killed process left")
    with connect(folder) as c:
        assert not list((folder / "spill").iterdir())
        assert answers(c) == WANTED
        c.snapshots.fill()
        assert c.snapshots.restoring is None and answers(c) == WANTED


def test_a_snapshot_that_vanished_is_named(folder: Path) -> None:
    gone(folder)
    with connect(folder) as c:
        for action in (lambda: answers(c), c.snapshots.fill):
            with pytest.raises(errors.FileError, match=f'cannot be read from "{PLACE}/snapshots/monday"') as caught:
                action()
            assert "make the snapshot available again" in (caught.value.hint or "")
        assert c.execute("select count(*) from stv_slices").fetchall() == [(2,)], "the session goes on"
    os.rename(folder.parent / "elsewhere", folder.parent / "s3")
    with connect(folder) as c:
        assert answers(c) == WANTED


def test_a_source_that_has_moved(folder: Path) -> None:
    gone(folder)
    with connect(folder, s3_root=folder.parent / "elsewhere") as c:
        assert answers(c) == WANTED
        c.snapshots.fill()
        assert c.snapshots.restoring is None


def test_a_damaged_block_is_refused_when_it_is_read(folder: Path) -> None:
    (small,) = [p for p in (folder.parent / "s3").rglob("*.ext") if p.stat().st_size < 10_000]
    data = bytearray(small.read_bytes())
    data[70] ^= 1
    small.write_bytes(data)
    with connect(folder) as c:
        with pytest.raises(errors.DataCorrupted, match="fails its checksum"):
            c.execute("select * from small").fetchall()
        with pytest.raises(errors.DataCorrupted, match='"monday" is damaged'):
            c.snapshots.fill()
        assert small.parts[-3:] not in [path.parts[-3:] for path in here(folder)]
        assert len(here(folder)) == 2, "the others have come"
        with pytest.raises(errors.DataCorrupted, match=f"{PLACE}/snapshots/monday/data/.*fails its checksum"):
            c.snapshots.fill()


def test_changes_snapshots_and_drops_while_it_is_under_way(folder: Path, tmp_path: Path) -> None:
    with connect(folder) as c:
        c.execute("insert into small values (2, 'two')")
        c.execute("delete from big where a > 1100")
        c.execute("create table s2 (k int, v varchar(9)) diststyle even")
        c.execute("alter table s2 append from small")
        c.execute("drop table big")
        assert c.execute("select k from s2 order by k").fetchall() == [(1,), (2,)]
        c.snapshots.create("tuesday")
        c.snapshots.fill()
        assert c.snapshots.restoring is None
        c.snapshots.restore("tuesday", tmp_path / "again")
    gone(folder)
    for path in (folder, tmp_path / "again"):
        with connect(path) as c:
            assert c.execute("select k from s2 order by k").fetchall() == [(1,), (2,)]
        assert not any(check(path, Checked(), lambda name: None))


def test_the_thread_brings_everything_in(folder: Path) -> None:
    database = Database.open(folder, create=False)
    filler = Filler(database).start()
    filler._thread.join(30)
    assert not (folder / "restore.json").exists() and len(here(folder)) == 3
    filler.stop()
    database.close()


def test_a_thread_without_its_source_ends_with_the_session(folder: Path) -> None:
    gone(folder)
    with connect(folder, maintenance=True) as c:
        assert c.session.database.files.arrivals is not None
    assert here(folder) == [] and (folder / "restore.json").exists()


def test_read_only_it_reads_and_writes_nothing(folder: Path) -> None:
    before = sorted(p.relative_to(folder) for p in folder.rglob("*"))
    with connect(folder, read_only=True) as c:
        assert answers(c) == WANTED
        with pytest.raises(errors.ReadOnly):
            c.snapshots.fill()
    assert sorted(p.relative_to(folder) for p in folder.rglob("*")) == before


def test_a_reader_goes_over_to_the_file_that_another_process_brought(folder: Path) -> None:
    with connect(folder) as c:
        c.execute("select count(a) from big where a < 1010").fetchall()
        reader = c.session.database.reader(next(
            e for entry in c.session.database.newest.entries.values() for e in entry.extents if e.rows > 1
        ))
        place = folder.parent / "s3" / "backup" / "dw" / "snapshots" / "monday" / "data"
        shutil.copytree(place, folder / "data", dirs_exist_ok=True)
        gone(folder)
        assert isinstance(reader.reader, BlockReader) and answers(c) == WANTED
        c.snapshots.fill()
        assert c.snapshots.restoring is None


def test_check_and_fill_at_the_command_line(folder: Path) -> None:
    def run(command: str, *arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke({**cli.COMMANDS, **admin.COMMANDS}[command], arguments)
        return done.exit_code, done.output

    code, text = run("check", str(folder))
    assert code == 0 and f"3 extents are not restored yet and were read from {PLACE}/snapshots/monday" in text
    gone(folder)
    code, text = run("check", str(folder))
    assert code != 0 and "cannot be read from" in text
    os.rename(folder.parent / "elsewhere", folder.parent / "s3")
    code, text = run("snapshot", "fill", str(folder))
    assert code == 0 and "3 files" in text and f"came from {PLACE}" in text
    assert "nothing was missing" in run("snapshot", "fill", str(folder))[1]
    assert "not restored yet" not in run("check", str(folder))[1]


def test_a_damaged_note_is_told(folder: Path) -> None:
    (folder / "restore.json").write_bytes(b"{}")
    with pytest.raises(errors.DataCorrupted, match=r"restore.json. is damaged: nobody knows where the rest"):
        connect(folder)


def test_from_a_folder(store: Path, tmp_path: Path) -> None:
    restore.restore(store / "dw", "monday", tmp_path / "back", streaming=True)
    with connect(tmp_path / "back") as c:
        assert here(tmp_path / "back") == [] and answers(c) == WANTED
        c.snapshots.fill()
        assert answers(c) == WANTED
    assert not any(check(tmp_path / "back", Checked(), lambda name: None))
