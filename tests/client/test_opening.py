"""Opening databases: paths, topologies, read-only, a second process, a newer format, damage."""

from __future__ import annotations

from pathlib import Path

import pytest
import warehouse
from warehouse.errors import DataCorrupted, Error, FileMissing, InterfaceError, TopologyMismatch


@pytest.fixture
def folder(tmp_path: Path, in_files: None) -> Path:
    path = tmp_path / "dw"
    with warehouse.connect(path, nodes=2, slices_per_node=2, autocommit=True) as c:
        c.execute("create table t (a int, b varchar(9)) diststyle even")
        c.cursor().executemany("insert into t values (%s, %s)", [(i, f"n{i}") for i in range(500)])
    return path


def test_a_missing_path_is_created(tmp_path: Path) -> None:
    with warehouse.connect(str(tmp_path / "new"), autocommit=True) as c:
        c.execute("create table t (a int)")
    assert (tmp_path / "new").is_dir()


def test_create_false_refuses(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="nothing"):
        warehouse.connect(tmp_path / "nothing", create=False, autocommit=True)
    assert not (tmp_path / "nothing").exists()


def test_another_topology_is_refused_by_both_names(folder: Path) -> None:
    with pytest.raises(TopologyMismatch, match=r"2x2.*1x4"):
        warehouse.connect(folder, nodes=1, slices_per_node=4, autocommit=True)
    with warehouse.connect(folder, autocommit=True) as c:
        assert c.execute("select count(*) from t").fetchone() == (500,)


def test_node_types_are_presets(tmp_path: Path) -> None:
    for node_type, slices in (("dc2.large", 2), ("ra3.4xlarge", 4), ("dc2.8xlarge", 16)):
        with warehouse.connect(nodes=2, node_type=node_type, autocommit=True) as c:
            assert c.execute("select count(*) from stv_slices").fetchone() == (2 * slices,)
    with pytest.raises(InterfaceError, match=r"dc2\.large"):
        warehouse.connect(node_type="dc2.largest")


def test_two_connections_in_one_process_share_it(folder: Path) -> None:
    with warehouse.connect(folder, autocommit=True) as a, warehouse.connect(folder, autocommit=True) as b:
        a.execute("insert into t values (1000, 'x')")
        assert b.execute("select count(*) from t").fetchone() == (501,)


@pytest.mark.parametrize("where", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_flipped_bit_is_found(folder: Path, where: float) -> None:
    extents = sorted(folder.rglob("*.ext"))
    data = bytearray(extents[0].read_bytes())
    data[int(len(data) * where)] ^= 4
    extents[0].write_bytes(data)
    with warehouse.connect(folder, autocommit=True) as c:
        with pytest.raises(DataCorrupted, match=extents[0].name):
            c.execute("select count(b), sum(a) from t")
        assert c.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize("keep", [0, 10, 0.5, -1])
def test_a_cut_extent_is_found(folder: Path, keep: float) -> None:
    extents = sorted(folder.rglob("*.ext"))
    data = extents[0].read_bytes()
    extents[0].write_bytes(data[: int(len(data) * keep) if isinstance(keep, float) else keep])
    with warehouse.connect(folder, autocommit=True) as c, pytest.raises(DataCorrupted, match=extents[0].name):
        c.execute("select count(b), sum(a) from t")


def test_a_lost_extent_is_named(folder: Path) -> None:
    extent = sorted(folder.rglob("*.ext"))[0]
    extent.unlink()
    with warehouse.connect(folder, autocommit=True) as c, pytest.raises(Error, match=extent.name) as caught:
        c.execute("select sum(a) from t")
    assert isinstance(caught.value, warehouse.OperationalError)
