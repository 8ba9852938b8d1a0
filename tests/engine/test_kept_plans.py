"""Plans kept on disk: the next session takes them, and none that planning would not make again."""
from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.engine.handlers import binding
from warehouse.engine.maintenance import worker
from warehouse.planner import kept_plans, plan_cache

QUERY = "select count(*), sum(t.a) from t join u on t.b = u.b where t.a > 1"


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own, to which every plan is worth writing."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr(kept_plans, "_folder", lambda: folder)
    monkeypatch.setattr(kept_plans, "code_digest", lambda: "sources")
    monkeypatch.setattr(plan_cache, "WORTH_KEEPING", 0.0)
    return folder


class Planned:
    """How often a statement was bound."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        true = binding.bind_query

        def counted(*arguments: Any, **named: Any) -> Any:
            self.times += 1
            return true(*arguments, **named)

        monkeypatch.setattr(binding, "bind_query", counted)


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Planned:
    return Planned(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "dw"
    made(path)
    return path


def made(path: Path) -> None:
    run(path, "create table t (a int, b int)", "create table u (b int, s varchar(10))",
        "insert into t values (1, 1), (2, 2), (3, 2)", "insert into u values (1, 'x'), (2, 'y')")


def run(path: Path, *statements: str, **options: Any) -> list[Any]:
    """The last one's rows; every call is a session of its own."""
    with warehouse.connect(path, autocommit=True, maintenance=False, **options) as connection:
        connection.execute("set enable_result_cache_for_session to off")
        for statement in statements[:-1]:
            connection.execute(statement)
        cursor = connection.execute(statements[-1])
        return cursor.fetchall() if cursor.description else []


def test_the_next_session_does_not_plan(folder: Path, planned: Planned) -> None:
    assert run(folder, QUERY) == [(2, 5)]
    assert run(folder, QUERY) == [(2, 5)]
    assert planned.times == 1


def test_other_literals_are_put_in(folder: Path, planned: Planned) -> None:
    run(folder, QUERY)
    assert run(folder, QUERY.replace("> 1", "> 2")) == [(1, 3)]
    assert run(folder, "select a from t order by a limit 1") == [(1,)]
    assert run(folder, "select a from t order by a limit 2") == [(1,), (2,)]
    assert planned.times == 3  # a limit is part of its plan


CHANGES = {
    "rows": ("insert into t values (4, 1)", [(3, 9)]),
    "fewer rows": ("delete from t where a = 3", [(1, 2)]),
    "a column": ("alter table u add column c int", [(2, 5)]),
    "a table": ("create table v (a int)", [(2, 5)]),
    "rights": ("create user ann password 'Aa345678'", [(2, 5)]),
    "nothing": ("select 1", [(2, 5)]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_planned_again(folder: Path, planned: Planned, change: str) -> None:
    run(folder, QUERY)
    statement, rows = CHANGES[change]
    run(folder, statement)
    before = planned.times
    assert run(folder, QUERY) == rows
    assert planned.times - before == (0 if change in ("nothing", "a table") else 1)


@pytest.mark.usefixtures("in_files")
def test_statistics_tell_what_they_are_of(folder: Path) -> None:
    run(folder, "insert into t values (9, 9)")

    def digests() -> list[str]:
        with warehouse.connect(folder, maintenance=False) as connection:
            view = connection.session.database.view()
            return [view.data(table).statistics.digest() for table in view.relations()]

    first = digests()
    assert len(set(first)) == 2 and digests() == first
    run(folder, "delete from t where a = 9", "insert into t values (8, 9)")
    again = digests()
    assert sorted(again)[0] in first or sorted(again)[1] in first
    assert again != first


def test_a_setting_or_user_has_plans_of_its_own(folder: Path, planned: Planned) -> None:
    run(folder, "create user ann password 'Aa345678'", "grant select on t to ann", "grant select on u to ann")
    run(folder, QUERY)
    run(folder, "set timezone to 'Europe/Paris'", QUERY)
    before = planned.times
    assert run(folder, QUERY, user="ann") == [(2, 5)]
    assert planned.times == before + 1
    run(folder, "revoke select on t from ann", "select 1")
    with pytest.raises(warehouse.ProgrammingError, match="permission denied"):
        run(folder, QUERY, user="ann")


def test_a_folder_put_back(folder: Path, tmp_path: Path) -> None:
    """The same numbers of tables, another meaning: nothing of the catalogue that went is believed."""
    shutil.copytree(folder, tmp_path / "before")
    run(folder, "create table w (a int, b int)", "insert into w values (7, 8)")
    assert run(folder, "select a + 1 from w where b = 8") == [(8,)]
    shutil.rmtree(folder)
    shutil.move(tmp_path / "before", folder)
    run(folder, "create table w (b int, a int)", "insert into w values (8, 20)")
    assert run(folder, "select a + 1 from w where b = 8") == [(21,)]


def test_views_by_their_text(folder: Path) -> None:
    run(folder, "create view few as select a from t where a < 2")
    assert run(folder, "select count(*) from few") == [(1,)]
    run(folder, "create or replace view few as select a from t where a < 3")
    assert run(folder, "select count(*) from few") == [(2,)]


def test_other_sources_plan_for_themselves(
    folder: Path, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(folder, QUERY)
    monkeypatch.setattr(kept_plans, "code_digest", lambda: "others")
    run(folder, QUERY)
    monkeypatch.setattr(kept_plans, "code_digest", lambda: None)
    run(folder, QUERY)
    assert planned.times == 3


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def changed(content: bytes) -> bytes:
    return content[:100] + bytes([content[100] ^ 1]) + content[101:]


def no_plan(content: bytes) -> bytes:
    body = b"\x80\x05N."  # None
    return content[:8] + kept_plans.zlib.crc32(body).to_bytes(4, "little") + body


def of_another_package(content: bytes) -> bytes:
    body = b"cos\nsystem\n(S'exit 1'\ntR."
    return content[:8] + kept_plans.zlib.crc32(body).to_bytes(4, "little") + body


@pytest.mark.parametrize("damage", [cut, changed, no_plan, of_another_package, lambda _: b""])
def test_a_damaged_file(folder: Path, shelf: Path, planned: Planned, damage: Callable[[bytes], bytes]) -> None:
    run(folder, QUERY)
    (file,) = shelf.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert run(folder, QUERY) == [(2, 5)]
    assert planned.times == 2
    assert run(folder, QUERY) == [(2, 5)]  # it has been written anew
    assert planned.times == 2


@pytest.mark.parametrize("query", [
    "select count(*) from pg_class",
    "select count(*) from t, svv_tables",
    "select getdate() > '2020-01-01' from t limit 1",
    "select a from gone",
])
def test_what_is_not_kept(folder: Path, shelf: Path, query: str) -> None:
    if "gone" in query:
        run(folder, "create temporary table gone as select 1 as a", query)
    else:
        run(folder, query)
    assert not list(shelf.iterdir())


def test_databases_in_memory_keep_none(shelf: Path) -> None:
    with warehouse.connect(":memory:") as connection:
        connection.execute("create table t (a int)")
        connection.execute("select a from t where a > 1").fetchall()
    assert not list(shelf.iterdir())


def test_the_oldest_go(folder: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_plans, "KEPT", 3)
    for i in range(5):
        run(folder, f"select a, {'a + ' * i} b from t")
    assert len(list(shelf.iterdir())) == 3


def test_a_folder_that_cannot_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_plans, "_folder", lambda: Path("/proc/none"))
    assert run(folder, QUERY) == run(folder, QUERY) == [(2, 5)]


def test_quiet_times_are_used(folder: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a session has planned is written while nothing runs, before it ends; nothing while a statement runs."""
    monkeypatch.setattr(worker, "BREATH_SECONDS", 0.0)
    with warehouse.connect(folder, autocommit=True, maintenance=False) as connection:
        session = connection.session
        upkeep, activity = worker.Worker(session.database), session.database.upkeep.activity
        upkeep._sessions.add(session)
        connection.execute(QUERY).fetchall()
        connection.execute("select max(a) from t where b < 3").fetchall()
        activity.begin()
        upkeep.keep_plans()
        assert not list(shelf.iterdir())
        activity.end()
        upkeep.keep_plans()
        assert len(list(shelf.iterdir())) == 2


def test_of_many_that_wait_the_oldest_are_lost(
    folder: Path, planned: Planned, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_plans, "_WAITING", 2)
    queries = [f"select a, {'a + ' * i} b from t" for i in range(4)]
    run(folder, *queries)
    assert len(list(shelf.iterdir())) == 2
    run(folder, *queries[2:])
    assert planned.times == 4
