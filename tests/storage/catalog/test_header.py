"""Every byte of the catalogue's header: damage is noticed by the check, or shown to change nothing."""
from __future__ import annotations

from pathlib import Path

import pytest
import warehouse
from warehouse import errors
from warehouse.storage.catalog.follower import Follower
from warehouse.storage.catalog.header import LENGTH
from warehouse.storage.check import Checked, check

# The schema's cookie, and the digits of the release of SQLite that wrote last.
HARMLESS = {*range(40, 44), *range(97, 100)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("header") / "dw"
    with warehouse.connect(path, autocommit=True, slices_per_node=2) as c:
        c.execute("create table t (a int)")
        c.execute("insert into t values (1), (2)")
    return path


def found(path: Path) -> list[str]:
    follower = Follower(path)
    try:
        return follower.integrity()
    except errors.DataCorrupted as e:
        return [e.message]
    finally:
        follower.close()


@pytest.mark.parametrize("flip", [0xFF, 0x01])
def test_a_flipped_byte_is_noticed(made: Path, flip: int) -> None:
    catalogue = made / "catalog.sqlite"
    whole = catalogue.read_bytes()
    assert found(made) == []
    try:
        for at in set(range(LENGTH)) - HARMLESS:
            catalogue.write_bytes(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
            assert found(made), at
    finally:
        catalogue.write_bytes(whole)


def test_what_cannot_be_noticed_changes_nothing(made: Path, tmp_path: Path) -> None:
    (tmp_path / "dw").mkdir()
    whole = bytearray((made / "catalog.sqlite").read_bytes())
    for at in HARMLESS:
        whole[at] ^= 0x01
    (tmp_path / "dw" / "catalog.sqlite").write_bytes(whole)
    for name in ("data", "locks"):
        (tmp_path / "dw" / name).mkdir()
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        c.execute("insert into t values (3)")
        assert c.execute("select sum(a) from t").fetchone() == (6,)
    assert list(check(tmp_path / "dw", Checked(), lambda name: None)) == []


def test_a_restored_catalogue_is_whole_before_anybody_writes_to_it(made: Path, tmp_path: Path) -> None:
    """It is no write-ahead log's yet."""
    with warehouse.connect(made) as c:
        c.snapshots.create("s")
        c.snapshots.restore("s", tmp_path / "dw")
        assert found(made) == []  # a catalogue that is open is asked through SQLite
    assert found(tmp_path / "dw") == []
