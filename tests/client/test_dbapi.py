"""PEP 249 on connections and cursors; fetching in all ways over results of many batches."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy
import pyarrow as pa
import pytest
import warehouse
from warehouse.client.cursor import ROWS_AT_A_TIME
from warehouse.client.dbapi import Connection
from warehouse.engine.result import FIRST_ROWS, Result, ResultColumn
from warehouse.errors import (
    DatabaseError,
    DivisionByZero,
    Error,
    InterfaceError,
    ProgrammingError,
    UndefinedObject,
)
from warehouse.storage.types import BIGINT, varchar

BATCH = FIRST_ROWS
BATCHES = 5
TOTAL = BATCH * BATCHES


class FakeSession:
    """Answers every statement with BATCHES batches of (a bigint, b varchar)."""

    database_name = "fake"

    def __init__(self) -> None:
        self.given = 0
        self.fail_at = -1
        self.executed: list[tuple[str, tuple[Any, ...]]] = []

    def execute(self, text: str, values: tuple[Any, ...]) -> Result:
        self.executed.append((text, values))
        columns = (ResultColumn("a", BIGINT), ResultColumn("b", varchar(20)))
        return Result("SELECT", columns, self._batches()).start()

    def execute_all(self, text: str) -> Result:
        return self.execute(text, ())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for i in range(BATCHES):
            if i == self.fail_at:
                raise DivisionByZero("division by zero")
            self.given += 1
            numbers = list(range(i * BATCH, (i + 1) * BATCH))
            yield pa.record_batch({"a": numbers, "b": [f"n{n}" for n in numbers]})

    def close(self) -> None:
        self.given = -1


@pytest.fixture
def fake() -> Connection:
    return Connection(FakeSession(), "format")  # type: ignore[arg-type]


def expected(start: int, stop: int) -> list[tuple[int, str]]:
    return [(n, f"n{n}") for n in range(start, stop)]


# -- the module ---------------------------------------------------------------------------------------


def test_module_attributes() -> None:
    assert (warehouse.apilevel, warehouse.threadsafety, warehouse.paramstyle) == ("2.0", 1, "format")


def test_exceptions_form_pep_249s_tree_and_hang_on_connections() -> None:
    assert issubclass(warehouse.Warning, Exception) and not issubclass(warehouse.Warning, warehouse.Error)
    assert issubclass(warehouse.InterfaceError, warehouse.Error)
    for name in ("Data", "Operational", "Integrity", "Internal", "Programming", "NotSupported"):
        kind = getattr(warehouse, f"{name}Error")
        assert issubclass(kind, warehouse.DatabaseError)
        assert getattr(Connection, f"{name}Error") is kind
    assert Connection.DatabaseError is DatabaseError and Connection.Error is Error


# -- connect --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"slices": 2}, InterfaceError, "no option 'slices'"),
        ({"paramstyle": "dollar"}, InterfaceError, "unknown paramstyle 'dollar'"),
        ({"nodes": 0}, InterfaceError, "nodes must be between"),
        ({"node_type": "dc9.huge"}, InterfaceError, "dc9.huge"),
        ({"threads": 0}, InterfaceError, "threads must be"),
        ({"memory_limit": "much"}, InterfaceError, "memory_limit 'much'"),
        ({"memory_limit": -5}, InterfaceError, "positive number of bytes"),
        ({"compatibility": "oracle"}, ProgrammingError, "compatibility"),
        ({"database": "x", "create": False}, warehouse.OperationalError, "x"),
        ({"database": None}, InterfaceError, "a path object, not NoneType"),
        ({"database": b"dw"}, InterfaceError, "a path object, not bytes"),
        ({"database": "d\0w"}, InterfaceError, "null character"),
    ],
)
def test_connect_refuses(options: dict[str, Any], error: type[Error], words: str, tmp_path: Path) -> None:
    if options.get("database") == "x":
        options = {**options, "database": str(tmp_path / "x")}
    with pytest.raises(error, match=words):
        warehouse.connect(**options)


def test_an_option_nearly_right_is_suggested() -> None:
    with pytest.raises(InterfaceError) as caught:
        warehouse.connect(slice_per_node=2)
    assert caught.value.hint == "Did you mean 'slices_per_node'?"


def test_options_reach_the_session() -> None:
    with warehouse.connect(
        nodes=2, node_type="dc2.large", memory_limit="64MB", threads=3, user="ann", autocommit=True
    ) as c:
        session = c.session
        assert session.database.topology.slices == 4
        assert (session.memory, session.workers.threads, session.user) == (64 << 20, 3, "ann")


def test_a_path_may_be_a_path_object_and_is_kept(tmp_path: Path) -> None:
    with warehouse.connect(tmp_path / "dw", nodes=1, slices_per_node=2, autocommit=True) as c:
        c.execute("create table t (a int)")
    with warehouse.connect(
        tmp_path / "dw", autocommit=True
    ) as c, pytest.raises(ProgrammingError, match="already exists"):
        c.execute("create table t (a int)")


# -- fetching ---------------------------------------------------------------------------------------------


def test_fetchone_goes_through_all_batches(fake: Connection) -> None:
    cursor = fake.execute("q")
    rows = []
    while (row := cursor.fetchone()) is not None:
        rows.append(row)
    assert rows == expected(0, TOTAL)
    assert cursor.fetchone() is None and cursor.fetchall() == [] and cursor.fetchmany(3) == []


def test_the_three_ways_mix(fake: Connection) -> None:
    cursor = fake.execute("q")
    assert cursor.fetchone() == (0, "n0")
    assert cursor.fetchmany() == expected(1, 2)
    cursor.arraysize = 3
    assert cursor.fetchmany() == expected(2, 5)
    assert cursor.fetchmany(BATCH) == expected(5, BATCH + 5)
    assert next(cursor) == (BATCH + 5, f"n{BATCH + 5}")
    assert cursor.fetchall() == expected(BATCH + 6, TOTAL)


def test_fetchmany_never_exceeds_and_ends_short(fake: Connection) -> None:
    cursor = fake.execute("q")
    sizes = [len(cursor.fetchmany(ROWS_AT_A_TIME + 7)) for _ in range(20)]
    assert sum(sizes) == TOTAL
    assert set(sizes[:5]) == {ROWS_AT_A_TIME + 7}
    assert cursor.fetchmany(0) == []


def test_batches_are_pulled_when_asked(fake: Connection) -> None:
    session: Any = fake.session
    cursor = fake.execute("q")
    assert session.given == 1 and cursor.rowcount == -1
    cursor.fetchmany(BATCH)
    assert session.given == 1
    cursor.fetchone()
    assert session.given == 2
    cursor.fetchall()
    assert cursor.rowcount == TOTAL


def test_iteration(fake: Connection) -> None:
    assert list(fake.execute("q")) == expected(0, TOTAL)


def test_a_late_error_comes_while_fetching(fake: Connection) -> None:
    session: Any = fake.session
    session.fail_at = 2
    cursor = fake.execute("q")
    with pytest.raises(DivisionByZero):
        cursor.fetchall()
    session.fail_at = -1
    assert cursor.execute("q").fetchone() == (0, "n0")


# -- Arrow ------------------------------------------------------------------------------------------------


def test_arrow_takes_what_is_left(fake: Connection) -> None:
    cursor = fake.execute("q")
    cursor.fetchmany(10)
    table = cursor.fetch_arrow_table()
    assert table["a"].to_pylist() == list(range(10, TOTAL))
    assert cursor.fetchall() == [] and cursor.fetch_arrow_table().num_rows == 0


def test_a_record_batch_reader_streams(fake: Connection) -> None:
    session: Any = fake.session
    reader = fake.execute("q").fetch_record_batch_reader()
    assert session.given == 1
    assert reader.read_next_batch().num_rows == BATCH
    assert sum(batch.num_rows for batch in reader) == TOTAL - BATCH


def test_cursors_are_arrow_streams(fake: Connection) -> None:
    assert pa.table(fake.execute("q")).num_rows == TOTAL


def test_data_frames(fake: Connection) -> None:
    frame = fake.execute("q").fetch_df()
    assert list(frame.columns) == ["a", "b"] and len(frame) == TOTAL
    assert len(fake.execute("q").fetch_dataframe()) == TOTAL


def test_fetch_df_without_pandas_says_so(fake: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(InterfaceError, match="needs pandas") as caught:
        fake.execute("q").fetch_df()
    assert "warehouse-sql[pandas]" in str(caught.value.hint)


def test_html_preview_takes_nothing(fake: Connection) -> None:
    cursor = fake.execute("q")
    page = cursor._repr_html_()
    assert page is not None and "<th>a<br>" in page and ">n19<" in page and ">n20<" not in page
    assert "more than 2,048 rows" in page
    assert cursor.fetchone() == (0, "n0")
    assert fake.cursor()._repr_html_() is None


# -- description, rowcount --------------------------------------------------------------------------------


def test_description(fake: Connection) -> None:
    cursor = fake.cursor()
    assert cursor.description is None and cursor.rowcount == -1 and cursor.lastrowid is None
    cursor.execute("q")
    assert cursor.description is not None
    assert [d[0] for d in cursor.description] == ["a", "b"]
    assert all(len(d) == 7 for d in cursor.description)
    assert cursor.description[0][1] == warehouse.NUMBER and cursor.description[1][1] == warehouse.STRING


# -- misuse -----------------------------------------------------------------------------------------------


def test_fetching_without_a_result(db: Any) -> None:
    cursor = db.cursor()
    for fetch in (cursor.fetchone, cursor.fetchall, cursor.fetchmany, cursor.fetch_arrow_table):
        with pytest.raises(ProgrammingError, match="execute a query first"):
            fetch()
    cursor.execute("create table t (a int)")
    assert cursor.description is None
    with pytest.raises(ProgrammingError, match="the statement was CREATE TABLE"):
        cursor.fetchone()


def test_closed_cursors_and_connections(fake: Connection) -> None:
    cursor = fake.execute("q")
    other = fake.execute("q")
    cursor.close()
    cursor.close()
    for call in (cursor.fetchone, lambda: cursor.execute("q"), lambda: cursor.setinputsizes([])):
        with pytest.raises(InterfaceError, match="cursor is closed"):
            call()
    fake.close()
    fake.close()
    assert fake.closed and "closed" in repr(fake)
    for call in (fake.cursor, fake.commit, fake.cancel, other.fetchone, lambda: other.execute("q")):
        with pytest.raises(InterfaceError, match="connection is closed"):
            call()


def test_context_managers_close() -> None:
    with warehouse.connect(nodes=1, slices_per_node=1, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("show timezone")
    assert connection.closed
    with pytest.raises(InterfaceError):
        cursor.fetchone()


def test_parameters_are_bound_never_pasted(fake: Connection) -> None:
    session: Any = fake.session
    hostile = "'; drop table t; --"
    fake.execute("select %s", (hostile,))
    text, values = session.executed[-1]
    assert hostile not in text and values == (hostile,)


@pytest.mark.parametrize("statement", ["select %s", "insert into t values (%s)", "select * from t where a = %s"])
def test_what_cannot_be_sent_leaves_the_transaction_alone(statement: str) -> None:
    with warehouse.connect() as c:
        c.execute("create table t (a int)")
        for value in (object(), {1}, [1], "\ud800", time(1, tzinfo=ZoneInfo("Europe/Berlin")), numpy.array([1, 2])):
            with pytest.raises(InterfaceError):
                c.execute(statement, (value,))
            with pytest.raises(InterfaceError):
                c.cursor().executemany(statement, [(1,), (value,)])
        for text in (None, b"select 1", "select '\ud800'"):
            with pytest.raises(InterfaceError, match=r"a statement must be a str|no text in UTF-8"):
                c.execute(text)
        assert c.execute("select count(*) from t").fetchone() == (0,)


def test_a_position_counts_in_the_users_text(db: Any) -> None:
    sql = "  insert into t values (%s, '50%%', %s) oops"
    with pytest.raises(ProgrammingError) as caught:
        db.execute(sql, (1, 2))
    assert caught.value.position == sql.index("oops")


# -- transactions ---------------------------------------------------------------------------------------


@pytest.fixture
def plain() -> Iterator[Any]:
    """A connection as PEP 249 has it: nothing is kept before commit()."""
    with warehouse.connect() as connection:
        yield connection


def test_rollback_forgets_and_commit_keeps(plain: Any) -> None:
    plain.execute("create table t (a int)")
    plain.rollback()
    with pytest.raises(ProgrammingError, match='"t" does not exist'):
        plain.execute("select * from t")
    plain.rollback()
    plain.execute("create table t (a int)")
    plain.execute("insert into t values (1)")
    plain.commit()
    plain.execute("delete from t")
    plain.rollback()
    assert plain.execute("select a from t").fetchall() == [(1,)]
    plain.commit()
    plain.rollback()


def test_commit_after_an_error_says_that_nothing_was_kept(plain: Any) -> None:
    plain.execute("create table t (a int)")
    plain.commit()
    plain.execute("insert into t values (1)")
    with pytest.raises(ProgrammingError):
        plain.execute("select nothing from t")
    with pytest.raises(warehouse.OperationalError, match="aborted") as caught:
        plain.execute("select 1")
    assert caught.value.sqlstate == "25P02"
    with pytest.raises(warehouse.OperationalError, match="rolled back instead"):
        plain.commit()
    assert plain.execute("select count(*) from t").fetchone() == (0,)


def test_autocommit_can_be_switched_between_transactions(plain: Any) -> None:
    assert plain.autocommit is False
    plain.execute("create table t (a int)")
    with pytest.raises(ProgrammingError, match="inside a transaction"):
        plain.autocommit = True
    plain.commit()
    plain.autocommit = True
    plain.execute("insert into t values (1)")
    plain.rollback()
    assert plain.execute("select a from t").fetchall() == [(1,)]


def test_with_closes_and_forgets_what_is_not_committed(tmp_path: Path) -> None:
    with warehouse.connect(tmp_path / "dw") as c:
        c.execute("create table t (a int)")
        c.write_arrow("t", pa.table({"a": [1]}), create=False)
        c.commit()
        c.execute("insert into t values (2)")
    assert c.closed
    with pytest.raises(KeyError), warehouse.connect(tmp_path / "dw") as c:
        c.execute("insert into t values (3)")
        raise KeyError
    with warehouse.connect(tmp_path / "dw") as c:
        assert c.execute("select a from t").fetchall() == [(1,)]


def test_a_script_keeps_the_last_result(db: Any) -> None:
    cursor = db.execute("create table t (a int); insert into t values (1), (2); show timezone;")
    assert cursor.fetchall() == [("UTC",)]
    with pytest.raises(ProgrammingError, match="multiple commands"):
        db.execute("show timezone; show timezone", ())
    with pytest.raises(ProgrammingError, match="empty"):
        db.execute(" ; -- nothing\n")


def test_an_error_leaves_the_session_usable(db: Any) -> None:
    with pytest.raises(UndefinedObject):
        db.execute("show nosuch")
    assert db.execute("show timezone").fetchone() == ("UTC",)


def test_notices(db: Any) -> None:
    cursor = db.execute("drop table if exists nosuch")
    assert cursor.notices == ['INFO:  Table "nosuch" does not exist and will be skipped']
    assert db.notices == cursor.notices


def test_executemany_inserts_in_one_commit(db: Any) -> None:
    db.execute("create table t (a int, b varchar(5))")
    before = db.session.database.snapshot()
    cursor = db.cursor().executemany("insert into t values (%s, %s)", ((i, str(i)) for i in range(100)))
    assert cursor.rowcount == 100
    assert db.session.database.snapshot() == before + 1
    assert cursor.executemany("insert into t values (%s, %s)", []).rowcount == -1


def test_executemany_is_all_or_nothing(db: Any) -> None:
    db.execute("create table t (a int)")
    with pytest.raises(warehouse.DataError):
        db.cursor().executemany("insert into t values (%s)", [(1,), ("x",)])
    table = db.session.database.view().relation("public", "t")
    assert db.session.database.view().data(table).statistics.rows == 0
    with pytest.raises(ProgrammingError, match="each execution"):
        db.cursor().executemany("insert into t values (%s)", [None])


def test_a_second_thread_waits_its_turn(db: Any) -> None:
    db.execute("create table t (a int)")

    def work() -> None:
        for i in range(20):
            db.execute("insert into t values (%s)", (i,))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    view = db.session.database.view()
    assert view.data(view.relation("public", "t")).statistics.rows == 60
