"""Snapshots in object stores: copied there, listed, restored from there; cut short, damaged, in the way, missing."""
from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse import errors
from warehouse.storage import failpoints
from warehouse.storage.database import Database
from warehouse.storage.objects.options import StoreOptions
from warehouse.storage.snapshots import places, restore
from warehouse.storage.snapshots.transfer import each

ROWS = [(1, "x"), (3, "z"), (4, None)]
PLACE = "s3://backup/dw"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of two extents a table, and its snapshot "monday"; nobody changes it."""
    path = tmp_path_factory.mktemp("made") / "dw"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "inline_bytes", 0)
        with warehouse.connect(path, slices_per_node=2, autocommit=True, maintenance=False) as c:
            c.execute("create table t (a int, b varchar(9)) distkey(a)")
            c.execute("insert into t values (1, 'x'), (2, 'y'), (3, 'z'), (4, null)")
            c.execute("delete from t where a = 2")
            c.snapshots.create("monday")
    return path


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """A folder that is the bucket s3://backup."""
    made = tmp_path / "s3" / "backup"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def db(made: Path, bucket: Path) -> Iterator[Any]:
    with warehouse.connect(made, autocommit=True, s3_root=bucket.parent, maintenance=False) as connection:
        yield connection


def rows(folder: Path, sql: str = "select a, b from t order by a") -> list[tuple[Any, ...]]:
    with warehouse.connect(folder, autocommit=True, create=False, maintenance=False) as c:
        return list(c.execute(sql).fetchall())


def objects(bucket: Path) -> list[str]:
    return sorted(str(p.relative_to(bucket)) for p in bucket.rglob("*") if p.is_file())


def extents(bucket: Path) -> list[Path]:
    return sorted(bucket.rglob("*.ext"))


@contextlib.contextmanager
def failing(point: str) -> Iterator[None]:
    """What is under way ends at a fail point, as if it were killed there."""
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    failpoints.ACTIONS[point] = die
    try:
        with pytest.raises(Killed):
            yield
    finally:
        del failpoints.ACTIONS[point]


def test_a_copy_in_a_store_is_listed_restored_and_deleted(db: Any, bucket: Path, tmp_path: Path) -> None:
    db.snapshots.copy("monday", PLACE + "/")
    (found,) = db.snapshots.list(PLACE)
    (own,) = db.snapshots.list()
    assert (found.name, found.created, found.rows, found.bytes) == (own.name, own.created, own.rows, own.bytes)
    assert found.own_bytes == found.bytes
    assert not [name for name in objects(bucket) if name.endswith(".part")]
    db.snapshots.restore("monday", tmp_path / "back", source=PLACE)
    assert rows(tmp_path / "back") == ROWS
    assert db.snapshots.restore_table("monday", "t", "t2", source=PLACE) == 3
    assert db.execute("select a, b from t2 order by a").fetchall() == ROWS
    db.execute("drop table t2")
    db.snapshots.delete("monday", source=PLACE)
    assert objects(bucket) == [] and db.snapshots.list(PLACE) == []


def test_a_copy_from_a_store_into_a_folder(db: Any, bucket: Path, tmp_path: Path) -> None:
    db.snapshots.copy("monday", PLACE)
    store = places.place_of(PLACE, StoreOptions(s3_root=str(bucket.parent)))
    restore.copy(store, "monday", tmp_path / "copies")
    restore.restore(tmp_path / "copies", "monday", tmp_path / "back")
    assert rows(tmp_path / "back") == ROWS


def test_a_copy_from_one_store_into_another(db: Any, bucket: Path, tmp_path: Path) -> None:
    db.snapshots.copy("monday", PLACE)
    away = bucket.parent / "away"
    away.mkdir()
    with failing("snapshot.sent"):
        db.snapshots.copy("monday", "s3://away/dw", source=PLACE)
    assert db.snapshots.list("s3://away/dw") == []
    sent = {path: path.stat().st_ino for path in extents(away)}
    assert sent
    db.snapshots.copy("monday", "s3://away/dw", source=PLACE)
    assert all(path.stat().st_ino == number for path, number in sent.items()), "sent again"
    assert objects(away) == objects(bucket)
    assert all((away / path).read_bytes() == (bucket / path).read_bytes() for path in objects(bucket))
    db.snapshots.restore("monday", tmp_path / "back", source="s3://away/dw")
    assert rows(tmp_path / "back") == ROWS
    with pytest.raises(errors.OperationalError, match="is there already"):
        db.snapshots.copy("monday", PLACE, source=PLACE)
    with pytest.raises(errors.UndefinedObject, match='snapshot "tuesday" does not exist'):
        db.snapshots.copy("tuesday", "s3://away/other", source=PLACE)
    assert not [name for name in objects(away) if name.startswith("other")]


def test_nothing_damaged_is_copied_from_one_store_into_another(db: Any, bucket: Path, tmp_path: Path) -> None:
    db.snapshots.copy("monday", PLACE)
    for number, path in enumerate((extents(bucket)[1], bucket / "dw/snapshots/monday/catalog.snapshot")):
        whole = path.read_bytes()
        path.write_bytes(whole[:70] + bytes([whole[70] ^ 1]) + whole[71:])
        with pytest.raises(errors.DataCorrupted, match=f"is damaged.*s3://backup/dw/snapshots/monday/.*{path.name}"):
            db.snapshots.copy("monday", f"s3://backup/to{number}", source=PLACE)
        assert db.snapshots.list(f"s3://backup/to{number}") == []
        path.write_bytes(whole)


@pytest.mark.parametrize("point", ["snapshot.sent", "snapshot.uploaded"])
def test_a_copy_that_was_cut_short_is_not_there_and_goes_on(
    db: Any, bucket: Path, tmp_path: Path, point: str
) -> None:
    with failing(point):
        db.snapshots.copy("monday", PLACE)
    assert db.snapshots.list(PLACE) == []
    with pytest.raises(errors.UndefinedObject, match='"monday" does not exist'):
        db.snapshots.restore("monday", tmp_path / "back", source=PLACE)
    sent = {path: path.stat().st_ino for path in extents(bucket)}
    assert sent
    db.snapshots.copy("monday", PLACE)
    assert all(path.stat().st_ino == number for path, number in sent.items()), "sent again"
    db.snapshots.restore("monday", tmp_path / "back", source=PLACE)
    assert rows(tmp_path / "back") == ROWS


def test_what_is_in_the_way(db: Any, bucket: Path) -> None:
    db.snapshots.copy("monday", PLACE)
    before = objects(bucket)
    with pytest.raises(errors.OperationalError, match=f'"{PLACE}/snapshots/monday" is there already') as caught:
        db.snapshots.copy("monday", PLACE)
    assert caught.value.sqlstate == "58P01" and objects(bucket) == before
    other = "s3://backup/other"
    with failing("snapshot.uploaded"):
        db.snapshots.copy("monday", other)
    part = bucket / "other" / "snapshots" / "monday" / "snapshot.part"
    part.write_bytes(part.read_bytes() + b" ")
    with pytest.raises(errors.OperationalError, match="holds an unfinished copy of another snapshot"):
        db.snapshots.copy("monday", other)
    db.snapshots.delete("monday", source=other)
    db.snapshots.copy("monday", other)


def test_what_a_deletion_left_is_not_taken_for_a_part_of_the_copy(db: Any, bucket: Path, tmp_path: Path) -> None:
    """A deletion that was cut short leaves objects without a manifest; those of another database may have the same
    names and sizes."""
    db.snapshots.copy("monday", PLACE)
    (bucket / "dw" / "snapshots" / "monday" / "snapshot.json").unlink()
    for path in extents(bucket):
        path.write_bytes(bytes(path.stat().st_size))
    db.snapshots.copy("monday", PLACE)
    db.snapshots.restore("monday", tmp_path / "back", source=PLACE)
    assert rows(tmp_path / "back") == ROWS


def test_what_is_taken_away_meanwhile_is_not_promised(
    db: Any, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(failpoints.ACTIONS, "snapshot.uploaded", lambda: extents(bucket)[0].unlink())
    with pytest.raises(errors.FileError, match="was removed while it was copied"):
        db.snapshots.copy("monday", PLACE)
    monkeypatch.undo()
    assert db.snapshots.list(PLACE) == []


def test_several_at_once_end_with_the_first_error() -> None:
    begun: list[int] = []

    def work(item: int, check: Any) -> None:
        begun.append(item)
        if item == 3:
            raise errors.FileError("the disk is full")
        for _ in range(200):
            check()
            time.sleep(0.001)

    with pytest.raises(errors.FileError, match="full"):
        each(range(1000), work, lambda: None, 4)
    assert len(begun) < 10
    done: list[int] = []
    each(range(20), lambda item, check: done.append(item), lambda: None, 4)
    assert sorted(done) == list(range(20))


def test_a_missing_bucket_and_a_missing_snapshot(db: Any, tmp_path: Path) -> None:
    for action in (
        lambda: db.snapshots.copy("monday", "s3://nowhere/x"),
        lambda: db.snapshots.list("s3://nowhere/x"),
        lambda: db.snapshots.restore("monday", tmp_path / "r", source="s3://nowhere/x"),
    ):
        with pytest.raises(errors.FileMissing, match="bucket does not exist: s3://nowhere/"):
            action()
    db.snapshots.copy("monday", PLACE)
    for action in (
        lambda: db.snapshots.restore("friday", tmp_path / "r", source=PLACE),
        lambda: db.snapshots.delete("friday", source=PLACE),
    ):
        with pytest.raises(errors.UndefinedObject, match='snapshot "friday" does not exist') as caught:
            action()
        assert caught.value.hint == "There are monday."
    assert not (tmp_path / "r").exists()


def test_damage_is_found_and_nothing_is_restored(db: Any, bucket: Path, tmp_path: Path) -> None:
    db.snapshots.copy("monday", PLACE)
    home = bucket / "dw" / "snapshots" / "monday"

    def refused(match: str) -> None:
        with pytest.raises(errors.DataCorrupted, match=match):
            db.snapshots.restore("monday", tmp_path / "back", source=PLACE)
        assert not (tmp_path / "back").exists()

    for path, match in (
        (extents(home)[0], "fails its checksum|is damaged"), (home / "catalog.snapshot", "catalog.snapshot fails"),
    ):
        whole = path.read_bytes()
        path.write_bytes(whole[:70] + bytes([whole[70] ^ 1]) + whole[71:])
        refused(match)
        path.write_bytes(whole[:-1])
        refused("is damaged")
        path.unlink()
        refused(f"{path.name} is missing")
        path.write_bytes(whole)
    manifest = home / "snapshot.json"
    manifest.write_bytes(json.dumps({"sha256": "0", "content": "{}"}).encode())
    refused("snapshot.json fails its checksum")
    (found,) = db.snapshots.list(PLACE)
    assert found.created is None and "fails its checksum" in found.damage
    db.snapshots.delete("monday", source=PLACE)
    assert objects(bucket) == []


def test_in_memory_and_on_a_server(db: Any, s3: Any, tmp_path: Path) -> None:
    """The same through obstore: this process's memory, and S3; and from the one into the other."""
    s3.bucket("snapshots")
    for number, place in enumerate((
        places.place_of("memory://snapshots/dw"), places.place_of("s3://snapshots/dw", s3.options),
    )):
        restore.copy(Path(db.session.database.name), "monday", place)
        assert [s.name for s in places.list_snapshots(place)] == ["monday"]
        with pytest.raises(errors.OperationalError, match="is there already"):
            restore.copy(Path(db.session.database.name), "monday", place)
        restore.restore(place, "monday", tmp_path / str(number))
        assert rows(tmp_path / str(number)) == ROWS
        if number:
            restore.copy(place, "monday", places.place_of("memory://elsewhere/x"))
            assert [s.rows for s in places.list_snapshots(places.place_of("memory://elsewhere/x"))] == [len(ROWS)]
        places.delete(place, "monday")
        assert places.list_snapshots(place) == []
    nowhere = places.place_of("s3://nobody/dw", s3.options)
    with pytest.raises(errors.FileMissing, match="NoSuchBucket"):
        restore.copy(Path(db.session.database.name), "monday", nowhere)
