"""Resizing: every query answers the same before and after, whatever the tables' designs; nothing committed is lost."""
from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import warehouse
from warehouse import errors
from warehouse.storage.maintenance import resize as resizing
from warehouse.storage.schema import Topology
from warehouse.storage.topology import configurations, moved

DESIGNS = {
    "by_key": "distkey(a) sortkey(b)", "by_key_plain": "distkey(b)", "even": "diststyle even",
    "even_sorted": "diststyle even sortkey(a)", "everywhere": "diststyle all", "automatic": "",
    "unsaved": "diststyle even backup no", "vacant": "diststyle even",
    "woven": "diststyle even interleaved sortkey(a, b)",
}
QUERIES = [
    *(f"select count(*), sum(a), count(b), min(b), max(i), sum(i) from {name}" for name in DESIGNS),
    "select a, b from by_key where b = 'v3' and a between 40 and 87 order by a",
    "select a from woven where a > 150 and b = 'v1' order by 1",
    "select l.a, r.b from by_key l join even r on l.a = r.a where l.a < 20 order by 1",
    "select b, count(*) from shown group by b order by b",
]
DEFINITIONS = (
    "select tablename, \"column\", type, encoding, distkey, sortkey, \"notnull\" from pg_table_def "
    "where schemaname = 'public' order by 1, 2"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[warehouse.Connection]:
    path = tmp_path_factory.mktemp("resize") / "dw"
    values = ", ".join(f"({n}, 'v{n % 7}')" for n in range(200)) + ", (null, null)"
    with warehouse.connect(path, nodes=2, slices_per_node=2, autocommit=True) as c:
        for name, design in DESIGNS.items():
            c.execute(f"create table {name} (a int, b varchar(9), i bigint identity(5, 2)) {design}")
            if name != "vacant":
                c.execute(f"insert into {name} (a, b) values {values}")
                c.execute(f"delete from {name} where a % 5 = 0")
        c.execute("create view shown as select b from even_sorted")
        c.execute("analyze by_key")
        yield c


def answers(connection: Any) -> list[Any]:
    return [connection.execute(query).fetchall() for query in (*QUERIES, DEFINITIONS)]


def slices(connection: Any, table: str) -> set[int]:
    database = connection.session.database
    state = database.newest
    return {e.slice for e in state.entries[state.names["public", table]].extents}


def test_a_classic_resize_changes_no_answer(made: warehouse.Connection, tmp_path: Path) -> None:
    nodes, each = 3, 1
    before = answers(made)
    statistics = made.session.database.newest.entries
    made.resize(tmp_path / "new", nodes=nodes, slices_per_node=each)
    with warehouse.connect(tmp_path / "new", nodes=nodes, slices_per_node=each, autocommit=True) as new:
        assert answers(new) == before
        for name in ("by_key", "even", "even_sorted", "unsaved", "woven"):
            assert slices(new, name) == set(range(nodes * each))
        for table, entry in new.session.database.newest.entries.items():
            old, now = statistics[table].data().statistics, entry.data().statistics
            assert (now.rows, now.columns.keys()) == (old.rows, old.columns.keys())
            assert all(now.columns[c].low >= old.columns[c].low for c in old.columns if old.columns[c].low is not None)
        new.execute("insert into by_key (a) values (1000)")
        assert new.execute("select max(i) from by_key").fetchall() == [(5 + 2 * 201,)]
    assert answers(made) == before
    assert [p.name for p in tmp_path.iterdir()] == ["new"]


def test_elastic_resizes_change_no_answer(made: warehouse.Connection) -> None:
    before = answers(made)
    assert made.elastic_resize_options() == [(1, 4), (4, 1)]
    with warehouse.connect(made.session.database.path) as reader:
        running = reader.execute("select a from even order by a")
        for nodes in (4, 1, 2):
            made.elastic_resize(nodes)
            assert made.execute("select count(distinct node), count(*) from stv_slices").fetchall() == [(nodes, 4)]
            if nodes == 4:
                assert answers(made) == before
        assert len(running.fetchall()) == 161
    with pytest.raises(errors.TopologyMismatch, match="4 slices on 2 nodes cannot be moved to 3 nodes"):
        made.elastic_resize(3)


def test_as_few_slices_move_as_can() -> None:
    two = Topology.even(2, 2)
    assert moved(two, 4).node_of_slice == (0, 2, 1, 3)
    assert moved(moved(two, 4), 2).node_of_slice in ((0, 0, 1, 1), (0, 1, 1, 0))
    assert moved(two, 1).node_of_slice == (0, 0, 0, 0)
    eight = Topology.even(4, 2)
    assert configurations(eight) == (1, 2, 8)
    assert configurations(eight, "dc2.large") == (2, 8)  # doubled or halved only
    with pytest.raises(errors.InterfaceError, match="unknown node type"):
        configurations(eight, "vax")


def test_what_is_committed_meanwhile_is_not_lost(
    made: warehouse.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite = resizing._rewrite
    with warehouse.connect(made.session.database.path, autocommit=True) as other:

        def change(database: Any, table: Any, check: Any, memory: int) -> None:
            if table.name == "even":
                other.execute("set statement_timeout to 50")
                with pytest.raises(errors.QueryCanceled):  # writers wait
                    other.execute("insert into even (a) values (1)")
                other.execute("set statement_timeout to 0")
                assert other.execute("select count(*) from even").fetchone() == (161,)
                other.execute("create table late as select 1 as a")
            rewrite(database, table, check, memory)

        monkeypatch.setattr(resizing, "_rewrite", change)
        with pytest.raises(errors.OperationalError, match="was changed meanwhile") as caught:
            made.resize(tmp_path / "new", slices_per_node=3)
        assert caught.value.sqlstate == "40001" and not list(tmp_path.iterdir())
        other.execute("drop table late")


def test_a_resize_that_waits_for_a_writer_ends_at_the_timeout(made: warehouse.Connection, tmp_path: Path) -> None:
    with warehouse.connect(made.session.database.path) as writer, warehouse.connect(made.session.database.path) as c:
        writer.execute("insert into even (a) values (1)")
        c.execute("set statement_timeout to 50")
        c.commit()
        with pytest.raises(errors.QueryCanceled, match="statement_timeout"):
            c.resize(tmp_path / "new", slices_per_node=3)
        assert not list(tmp_path.iterdir()) and not c.session.block.is_open and not c.autocommit
        writer.rollback()
        c.execute("set statement_timeout to 0")
        c.commit()
        c.resize(tmp_path / "new", slices_per_node=3)
        assert not c.session.block.is_open and (tmp_path / "new" / "catalog.sqlite").exists()


def test_a_resize_lets_its_own_connection_read(
    made: warehouse.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From another thread, also in a transaction of its own, which does not become the resize's."""
    rewrite, seen = resizing._rewrite, []
    with warehouse.connect(made.session.database.path) as c:

        def read() -> None:
            seen.append(c.execute("select count(*) from even").fetchone())
            seen.append(c.session.block.is_open)
            c.rollback()

        def meanwhile(database: Any, table: Any, check: Any, memory: int) -> None:
            if table.name == "even":
                thread = threading.Thread(target=read)
                thread.start()
                thread.join(10)
            rewrite(database, table, check, memory)

        monkeypatch.setattr(resizing, "_rewrite", meanwhile)
        c.resize(tmp_path / "new", slices_per_node=3)
        assert seen == [(161,), True]


def test_a_connection_that_is_closed_ends_its_resize_first(
    made: warehouse.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = warehouse.connect(made.session.database.path)
    closing = threading.Thread(target=c.close)

    def meanwhile(database: Any, table: Any, check: Any, memory: int) -> None:
        closing.start()
        for _ in range(5000):
            check()
            time.sleep(0.001)

    monkeypatch.setattr(resizing, "_rewrite", meanwhile)
    with pytest.raises(errors.QueryCanceled):
        c.resize(tmp_path / "new", slices_per_node=3)
    closing.join(10)
    assert not closing.is_alive() and not list(tmp_path.iterdir())


def test_what_a_resize_refuses(made: warehouse.Connection, tmp_path: Path) -> None:
    path = made.session.database.path
    for target in (path, path / "inside"):
        with pytest.raises(errors.OperationalError, match="nothing was written"):
            made.resize(target, nodes=3)
    with pytest.raises(errors.InterfaceError, match="nodes must be between"):
        made.resize(tmp_path / "new", nodes=999)
    unfit: Any = "4"
    for action in (lambda: made.resize(tmp_path / "new", nodes=unfit), lambda: made.elastic_resize(unfit)):
        with pytest.raises(errors.InterfaceError, match="nodes must be a whole number between 1 and 128, not '4'"):
            action()
    with pytest.raises(errors.InterfaceError, match="path of a new folder, not 5"):
        made.resize(cast(Any, 5), nodes=3)
    made.execute("begin")
    for action in (lambda: made.resize(tmp_path / "new", nodes=3), lambda: made.elastic_resize(1)):
        with pytest.raises(errors.ProgrammingError, match="inside a transaction"):
            action()
    made.execute("rollback")
    with warehouse.connect() as memory, pytest.raises(errors.NotSupportedError, match="in memory cannot be resized"):
        memory.resize(tmp_path / "new", nodes=3)
