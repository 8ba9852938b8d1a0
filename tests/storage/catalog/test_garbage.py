"""Pins, waiting extents and orphans."""
from __future__ import annotations

from pathlib import Path

from warehouse.storage.catalog.garbage import Garbage, Pins, remove_orphans
from warehouse.storage.schema import ExtentRef


def extent(id_: int) -> ExtentRef:
    return ExtentRef(id_, f"{id_}.ext", 0, 1, 1, 1)


def test_pins_count() -> None:
    pins = Pins()
    for snapshot in (5, 3, 3):
        pins.add(snapshot)
    assert pins.oldest() == 3
    pins.remove(3)
    assert 3 in pins
    pins.remove(3)
    assert pins.oldest() == 5
    pins.remove(5)
    assert pins.oldest() is None


def test_extents_wait_for_older_pins(tmp_path: Path) -> None:
    garbage = Garbage(lambda extent: tmp_path / extent.path)
    for id_ in (1, 2):
        (tmp_path / f"{id_}.ext").touch()
    garbage.add(10, [extent(1)])
    garbage.add(12, [extent(2)])
    assert garbage.collect(9) == []
    assert garbage.collect(10) == [extent(1)]
    assert [p.name for p in tmp_path.iterdir()] == ["2.ext"]
    assert garbage.horizon == 10
    assert garbage.collect(None) == [extent(2)]
    assert garbage.take_unlinked() == [1, 2]
    assert garbage.take_unlinked() == []


def test_a_file_that_is_gone_already_is_no_trouble(tmp_path: Path) -> None:
    garbage = Garbage(lambda extent: tmp_path / extent.path)
    garbage.add(1, [extent(1)])
    assert garbage.collect(None) == [extent(1)]


def orphans(data: Path, *named: str, dropped: tuple[str, ...] = (), live: int = 9) -> int:
    """How many went; the writer with the number `live` is alive."""
    return remove_orphans(data, lambda: (named, dropped), lambda number: number == live)


def test_orphans_and_empty_folders_go(tmp_path: Path) -> None:
    for name in ("7/0/1-0.ext", "7/0/2-0.ext", "8/all/2-1.ext"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert orphans(tmp_path, "7/0/1-0.ext") == 2
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")) == ["7", "7/0", "7/0/1-0.ext"]
    assert orphans(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_files_of_live_writers_and_dropped_ones_are_no_orphans(tmp_path: Path) -> None:
    for name in ("1-0.ext", "2-0.ext", "9-0.ext"):
        (tmp_path / name).touch()
    assert orphans(tmp_path, dropped=("1-0.ext", "3-0.ext")) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1-0.ext", "9-0.ext"]


def test_nothing_goes_where_a_named_file_is_missing(tmp_path: Path) -> None:
    """The catalogue may be damaged: what looks like a leftover may be the file it means."""
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "1-0.ext").touch()
    assert orphans(tmp_path, "8/1-0.ext") == 0
    assert (tmp_path / "7" / "1-0.ext").exists()
