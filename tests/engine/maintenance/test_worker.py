"""The background worker, round by round; its thread only as far as that it comes and goes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.engine.maintenance import worker as workers
from warehouse.engine.maintenance.worker import Worker


@pytest.fixture
def c(tmp_path: Path) -> Any:
    with warehouse.connect(tmp_path / "dw", slices_per_node=1, maintenance=False, autocommit=True) as connection:
        connection.execute("create table t (a int, b int) diststyle even sortkey (a)")
        for first in (0, 5):
            connection.execute("insert into t values " + ", ".join(f"({first + i}, {i})" for i in range(20)))
        yield connection


def entry(c: Any) -> Any:
    return next(e for e in c.session.database.newest.entries.values() if e.table.name == "t")


def actions(c: Any) -> list[Any]:
    return c.execute(
        "select trim(type), trim(status) from svl_auto_worker_action order by eventtime"
    ).fetchall()  # type: ignore[no-any-return]


def test_a_round(c: Any) -> None:
    c.execute("delete from t where b = 3")
    before = sorted(c.execute("select a, b from t").fetchall())
    worker = Worker(c.session.database)
    worker.tick()
    assert sorted(c.execute("select a, b from t").fetchall()) == before
    assert [e.rows for e in entry(c).extents] == [38] and entry(c).modified == 0
    assert actions(c) == [(kind, s) for kind in ("vacuum delete only", "analyze") for s in ("Start", "Complete")]
    assert c.execute("select is_background from stl_analyze").fetchall() == [("t",)]
    assert c.execute("select status from stl_vacuum order by eventtime").fetchall() == [
        ("[VacuumBG] Started Delete Only",), ("[VacuumBG] Finished",),
    ]
    worker.tick()  # nothing is left to do
    assert len(actions(c)) == 4


def test_unsorted_tables_are_sorted(c: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.storage.maintenance.vacuum.SMALL_ROWS", 1)
    Worker(c.session.database).tick()
    assert ("vacuum sort only", "Complete") in actions(c) and len(entry(c).extents) == 1


def test_it_gives_way(c: Any) -> None:
    """A statement that runs, a vacuum, a setting: each keeps it from working; what it had written goes."""
    database, worker = c.session.database, Worker(c.session.database)
    extents = entry(c).extents
    database.upkeep.activity.begin()
    worker.tick()
    database.upkeep.activity.end()
    assert database.upkeep.turn.try_take()
    worker.tick()
    database.upkeep.turn.give_back()
    worker._sessions.add(c.session)
    c.execute("set auto_maintenance to off")
    worker.tick()
    assert entry(c).extents == extents and actions(c) == []
    c.execute("set auto_maintenance to on; set auto_analyze to off")
    worker.tick()
    assert ("analyze", "Start") not in actions(c) and entry(c).extents != extents


@pytest.mark.usefixtures("in_files")
def test_a_statement_in_the_middle(c: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    database = c.session.database
    extents = entry(c).extents
    from warehouse.storage.maintenance import rewrite

    real = rewrite.encode_run

    def encode_run(*args: Any, **options: Any) -> Any:
        database.upkeep.activity.begin()
        return real(*args, **options)

    monkeypatch.setattr(rewrite, "encode_run", encode_run)
    Worker(database).tick()
    database.upkeep.activity.end()
    assert entry(c).extents == extents
    found = {str(p.relative_to(database.data_folder())) for p in database.data_folder().rglob("*.ext")}
    assert found == {e.path for e in extents}
    assert database.upkeep.turn.try_take()
    database.upkeep.turn.give_back()


def test_it_lets_rows_come_until_they_pause(c: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    upkeep, worker, coming = c.session.database.upkeep, Worker(c.session.database), list[Any]()

    def wait(seconds: float) -> bool:
        coming.pop()()
        return False

    monkeypatch.setattr(worker._stopped, "wait", wait)
    upkeep.activity.passing()
    worker._let_rows_come()  # nothing is noted
    upkeep.inline[1] = workers.MANY_EXTENTS
    worker._let_rows_come()
    upkeep.inline[1] = 64

    def nothing() -> None:
        upkeep.activity._ended -= workers.PAUSE_SECONDS

    def many() -> None:
        upkeep.inline[1] = workers.MANY_EXTENTS

    for what in (nothing, upkeep.activity.begin, many):
        coming += [what, upkeep.activity.passing]
        upkeep.activity.passing()
        worker._let_rows_come()
        assert not coming


def test_the_thread_comes_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticked = threading.Event()
    monkeypatch.setattr(workers, "INTERVAL", 0.001)
    monkeypatch.setattr(workers, "QUIET_SECONDS", 0.0)
    monkeypatch.setattr(Worker, "tick", lambda self: ticked.set())
    with warehouse.connect(tmp_path / "dw") as a:
        with warehouse.connect(tmp_path / "dw") as b:
            assert a.session.worker is b.session.worker
            thread = a.session.worker._thread
        assert ticked.wait(30) and thread.is_alive()
    assert not thread.is_alive()
    with warehouse.connect(tmp_path / "dw", maintenance=False) as c:
        assert c.session.worker is None
    with warehouse.connect(":memory:") as c:
        assert c.session.worker is None
