"""Sessions: history, timeouts, cancel, what stays after an error, what is released at the end."""

from __future__ import annotations

import gc
import threading
import time
from collections import Counter
from typing import Any

import pytest
import warehouse
from warehouse.engine.context import Context
from warehouse.engine.handlers import MODULES
from warehouse.engine.result import Result, ResultColumn
from warehouse.errors import Error, FileError, InternalError, OutOfMemory, QueryCanceled
from warehouse.planner import statements
from warehouse.storage.types import BIGINT


@pytest.fixture
def session(db: Any) -> Any:
    return db.session


def replace_handler(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    """Let every statement be handled by `run(statement, context)`."""
    monkeypatch.setattr("warehouse.engine.session.handler_for", lambda statement: run)


def wait_for_cancel(statement: Any, context: Context) -> Result:
    while True:
        context.cancel.check()
        time.sleep(0.001)


def endless(statement: Any, context: Context) -> Result:
    import pyarrow as pa

    def batches() -> Any:
        while True:
            context.cancel.check()
            yield pa.record_batch({"a": [1] * 3000})

    return Result("SELECT", (ResultColumn("a", BIGINT),), batches())


def test_every_statement_has_a_handler() -> None:
    kinds = set(statements.Statement.__args__)
    assert set(MODULES) == kinds


def test_history_keeps_each_statement(session: Any) -> None:
    session.execute_all("set query_group to 'night'; create table t (a int)")
    with pytest.raises(Error):
        session.execute("insert into t values ('x')")
    records = session.database.history.rows()[-3:]
    assert [r["kind"] for r in records] == ["SetOption", "CreateTable", "Insert"]
    assert [r["label"] for r in records] == ["default", "night", "night"]
    assert [r["aborted"] for r in records] == [0, 0, 1]
    assert [r["querytxt"] for r in records][1] == "create table t (a int)"
    assert all(r["starttime"] <= r["endtime"] and r["pid"] == session.id for r in records)
    numbers = [r["query"] for r in records]
    assert numbers == sorted(set(numbers))


def test_statement_timeout(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session.execute("set statement_timeout to 30")
    with monkeypatch.context() as patch:
        replace_handler(patch, wait_for_cancel)
        with pytest.raises(QueryCanceled, match="statement_timeout") as caught:
            session.execute("show all")
        assert caught.value.sqlstate == "57014"
    session.execute("reset statement_timeout")


def test_cancel_from_another_thread(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        replace_handler(patch, wait_for_cancel)
        timer = threading.Timer(0.03, session.cancel)
        timer.start()
        with pytest.raises(QueryCanceled, match="user's request"):
            session.execute("show all")
        timer.join()
    assert session.execute("show timezone").rowcount == 1


def test_cancel_reaches_a_result_that_is_being_read(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        replace_handler(patch, endless)
        result = session.execute("show all")
    assert result.next_batch() is not None
    assert session.progress is not None
    session.cancel()
    with pytest.raises(QueryCanceled):
        while result.next_batch() is not None:
            pass
    assert session.progress is None
    assert session.database.history.rows()[-1]["aborted"] == 1


def test_snapshots_are_let_go(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = session.database.timeline.pins
    with monkeypatch.context() as patch:
        replace_handler(patch, endless)
        result = session.execute("show all")
    assert session.database.snapshot() in pins
    result.close()
    assert session.database.snapshot() not in pins
    with pytest.raises(Error):
        session.execute("drop table nosuch")
    assert session.database.snapshot() not in pins


@pytest.mark.parametrize("place", ["next_query_id", "oldest_live"])
def test_snapshots_are_let_go_where_a_statements_beginning_or_end_fails(
    session: Any, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    database = session.database
    session.execute_all("create table t (a int); insert into t values (1)")

    def fail(*_: Any) -> int:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(database.history if place == "next_query_id" else database.timeline, place, fail)
        with pytest.raises(OSError):
            session.execute("select sum(a) from t").close()
    assert database.snapshot() not in database.timeline.pins
    assert not database.timeline._live
    assert not session.running and not database.history.running
    assert session.execute("select sum(a) from t").table().num_rows == 1


def test_closing_stops_everything(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session = db.session
    replace_handler(monkeypatch, endless)
    result = session.execute("show all")
    result.next_batch()
    db.close()
    with pytest.raises(QueryCanceled):
        result.next_batch()
    with pytest.raises(Error, match="closed"):
        session.execute("show all")
    session.close()


@pytest.mark.parametrize(
    ("raised", "error", "words"),
    [
        (MemoryError(), OutOfMemory, "out of memory"),
        (FileNotFoundError(2, "No such file or directory", "/x"), FileError, "No such file or directory: /x"),
        (RecursionError(), Error, "stack depth"),
        (KeyError("boom"), InternalError, "KeyError: 'boom'"),
    ],
)
def test_whatever_happens_is_one_of_our_errors(
    session: Any, monkeypatch: pytest.MonkeyPatch, raised: Exception, error: type[Error], words: str
) -> None:
    def fail(statement: Any, context: Context) -> Result:
        raise raised

    replace_handler(monkeypatch, fail)
    with pytest.raises(error, match=words) as caught:
        session.execute("show all")
    assert caught.value.__cause__ is raised
    if error is InternalError:
        assert "report" in str(caught.value.hint)


def test_an_interrupt_passes_through_and_stops_the_workers(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Context] = []

    def interrupted(statement: Any, context: Context) -> Result:
        seen.append(context)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        replace_handler(patch, interrupted)
        with pytest.raises(KeyboardInterrupt):
            session.execute("show all")
    assert seen[0].cancel.is_set
    assert session.execute("show timezone").rowcount == 1


def test_positions_count_from_the_scripts_start(session: Any) -> None:
    script = "show timezone;\n  drop table nosuch"
    with pytest.raises(Error) as caught:
        session.execute_all(script)
    assert caught.value.position == script.index("nosuch")
    script = "show timezone; selec 1"
    with pytest.raises(Error) as caught:
        session.execute_all(script)
    assert caught.value.position == script.index("selec")


def test_a_script_runs_until_its_error(session: Any) -> None:
    results = session.execute_script("create table a (x int); drop table nosuch; create table b (x int)")
    assert next(results).tag == "CREATE TABLE"
    with pytest.raises(Error):
        next(results)
    assert [r.name for r in session.database.view().relations()] == ["a"]


def test_set_local_is_gone_at_once(session: Any) -> None:
    result = session.execute("set local query_group to 'x'")
    assert [str(n) for n in result.notices] == ["WARNING:  SET LOCAL can only be used in transaction blocks"]
    assert session.settings["query_group"] == "unset"


def test_read_only_never_writes(tmp_path: Any) -> None:
    import warehouse

    with warehouse.connect(tmp_path / "dw", nodes=1, slices_per_node=1, autocommit=True) as c:
        c.execute("create table t (a int)")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "dw").rglob("*") if p.is_file()}
    with warehouse.connect(tmp_path / "dw", read_only=True, autocommit=True) as c:
        for sql in ("create table u (a int)", "insert into t values (1)", "drop table t", "truncate t"):
            with pytest.raises(Error) as caught:
                c.execute(sql)
            assert caught.value.sqlstate == "25006", sql
        assert c.execute("show timezone").fetchone() == ("UTC",)
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "dw").rglob("*") if p.is_file()} == before


# -- real queries ---------------------------------------------------------------------------------------


@pytest.fixture
def numbers(db: Any) -> Any:
    """t: 2,000 rows, so that two cross joins run for minutes."""
    db.execute("create table t (a int) diststyle even")
    db.cursor().executemany("insert into t values (%s)", [(i,) for i in range(2000)])
    return db


ENDLESS = "select count(*) from t x, t y, t z where x.a + y.a * z.a = 7"


def test_a_running_query_is_cancelled(numbers: Any) -> None:
    timer = threading.Timer(0.3, numbers.cancel)
    timer.start()
    with pytest.raises(QueryCanceled):
        numbers.execute(ENDLESS)
    timer.join()
    assert numbers.execute("select count(*) from t").fetchone() == (2000,)


def test_a_running_query_times_out(numbers: Any) -> None:
    numbers.execute("set statement_timeout to 200")
    with pytest.raises(QueryCanceled, match="statement_timeout"):
        numbers.execute(ENDLESS)


def test_over_the_memory_limit_the_step_is_named() -> None:
    import warehouse

    with warehouse.connect(nodes=1, slices_per_node=2, memory_limit="3MB", autocommit=True) as c:
        c.execute("create table t (a int, s varchar(100))")
        c.cursor().executemany("insert into t values (%s, %s)", [(i, "x" * 90) for i in range(2000)])
        with pytest.raises(OutOfMemory) as caught:
            c.execute("select x.s, y.s from t x, t y")
        assert caught.value.sqlstate == "53200" and "needs" in str(caught.value)
        assert c.execute("select count(*) from t").fetchone() == (2000,)


def test_statements_leave_no_circles_behind() -> None:
    """What a statement held is free when it ends, whenever Python's cyclic collector comes by."""
    kinds = ("Context", "Ticket", "TableWriter", "RunWriter", "TableEntry", "CollectState", "BuildSide")

    def held() -> Counter[str]:
        names = Counter(type(each).__name__ for each in gc.get_objects())
        return Counter({kind: names[kind] for kind in kinds})

    def work() -> None:
        for sql in ("create table t (a int, b varchar(9))", "insert into t values (1, 'x'), (2, 'y')",
                    "select t.a, u.b from t join t u on t.a = u.a where u.a > 1", "drop table t"):
            connection.execute(sql)

    with warehouse.connect(":memory:", autocommit=True) as connection:
        connection.execute("set enable_result_cache_for_session to off")
        gc.collect()
        gc.disable()
        try:
            work()
            left = held()
            gc.collect()
            assert held() == left
        finally:
            gc.enable()
