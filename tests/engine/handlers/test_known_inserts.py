"""INSERTs of a shape that was seen before do what the general way does, or leave it to it."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import warehouse
from hypothesis import given, settings
from hypothesis import strategies as st
from other_process import OtherProcess
from warehouse.engine import session as sessions
from warehouse.engine.handlers.known_inserts import KnownInserts, Recipe
from warehouse.engine.history.records import begun
from warehouse.errors import (
    DiskFull,
    Error,
    NotNullViolation,
    PermissionDenied,
    QueryCanceled,
    ReadOnly,
    SerializationFailure,
    StringTooLong,
    UndefinedTable,
)
from warehouse.storage import failpoints

TYPES = (
    "smallint", "integer", "bigint", "decimal(5,2)", "decimal(30,10)", "real", "double precision", "boolean", "char(3)",
    "varchar(4)", "varchar(4) collate case_insensitive", "date", "timestamp", "timestamptz", "time", "super",
    "varbyte(3)", "interval day to second",
)
TEXTS = (
    "", "a", "abc", "abc  ", "abcde", "äöü", "it''s", "\0", "1", "-1.5", "1e3", "nan", "t", "2024-02-29", "2024-02-30",
    "2024-02-29 12:34:56.789+02", "12:34:56", "null", "1 day", "\\\\", "\\'", "a\\tb",
)
NUMBERS = (
    "0", "7", "32767", "32768", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808", "1.5", ".5",
    "2.", "999.99", "999.995", "1e3", "1e39", "1e400", "12345678901234567890123456789012345678", "0001", "1.50",
)
VALUES = [f"'{t}'" for t in TEXTS] + [f"{sign}{n}" for n in NUMBERS for sign in ("", "-", "- ")] + [
    "null", "true", "false", "1 + 1", "default", "upper('x')", "cast('1' as int)", "date '2024-01-01'", "(7)", "+7",
]
PARAMETERS = (
    None, True, 0, -5, 40_000, 1 << 40, 1 << 70, 1.5, float("nan"), float("inf"), "abc", "too long", "1", b"\1\2",
)


class Nothing(KnownInserts):
    """Knows no shape."""

    def find(self, given: str, exact_names: bool) -> None:
        return None


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables of the rows that went the short way."""
    return counted(monkeypatch)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    went: list[str] = []
    run = Recipe.run

    def counting(self: Recipe, *arguments: Any) -> Any:
        done = run(self, *arguments)
        if done is not None:
            went.append(self.table.name)
        return done

    def counting_alone(session: Any, known: Any, parameters: Any) -> Any:
        done = at_once(session, known, parameters)
        if done is not None:
            went.append(known.recipe.table.name)
        return done

    at_once = sessions.at_once
    monkeypatch.setattr(Recipe, "run", counting)
    monkeypatch.setattr(sessions, "at_once", counting_alone)
    return went


def outcome(c: Any, text: str, parameters: Any = None) -> Any:
    """What a statement does, told so that two can be compared."""
    try:
        return c.execute(text, parameters).rowcount
    except Error as error:
        return type(error), error.message, error.sqlstate, error.position, error.detail, error.hint


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Any, Any]]:
    """Two databases with the same tables, one for each way."""
    with warehouse.connect(autocommit=True) as a, warehouse.connect(autocommit=True) as b:
        b.session.__dict__["inserts"] = Nothing()
        for c in (a, b):
            for i, type in enumerate(TYPES):
                c.execute(f"create table t{i} (k int not null, v {type}, w int)")
        yield a, b


@pytest.fixture(scope="module")
def other() -> Iterator[OtherProcess]:
    process = OtherProcess()
    yield process
    process.end()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, len(TYPES) - 1), st.lists(st.sampled_from(VALUES), min_size=1, max_size=2), st.booleans())
def test_both_ways_agree(both: tuple[Any, Any], i: int, values: list[str], zoned: bool) -> None:
    a, b = both
    for c in both:
        c.execute(f"truncate t{i}")
        c.execute(f"set timezone to {'cet' if zoned else 'utc'}")
    for k, value in enumerate(value for value in values for _ in range(3)):  # kept, known, matched by its pattern
        text = f"insert into t{i} (k, v)\nvalues ({k}, {value})"
        text = f"  {text} ;" if k == 4 else text
        assert outcome(a, text) == outcome(b, text)
    rows = [repr(c.execute(f"select * from t{i} order by k").fetchall()) for c in both]
    assert rows[0] == rows[1]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(TYPES) - 1), st.lists(st.sampled_from(PARAMETERS), min_size=2, max_size=4))
def test_both_ways_agree_on_parameters(both: tuple[Any, Any], i: int, values: list[Any]) -> None:
    a, b = both
    for c in both:
        c.execute(f"truncate t{i}")
    for k, value in enumerate([values[0], *values]):
        text = f"insert into t{i} values (%s, %s)"
        assert outcome(a, text, (k, value)) == outcome(b, text, (k, value))
    rows = [repr(c.execute(f"select * from t{i} order by k").fetchall()) for c in both]
    assert rows[0] == rows[1]


# -- what goes the short way ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "goes"),
    [
        ("insert into t values (1, 'a')", "insert into t values (2, 'b''c')", True),
        ("INSERT INTO public.t (name, id) VALUES ('a', -1);", "INSERT INTO public.t (name, id) VALUES ('b', -2)", True),
        ("insert into t values (1, null)", "insert into t values (2, null)", True),
        ("insert into t (id) values (1)", "insert into t (id) values (2)", True),
        ("insert into t values (1, 'a')", "insert into t values (2, 'b\\\\')", False),  # what a backslash means
        ("insert into t values (1, 'a')", "insert into t values (1.5, 'a')", False),  # another shape
        ("insert into t values (1, 'a'), (2, 'b')", "insert into t values (3, 'a'), (4, 'b')", False),
        ("insert into t values (1, 'a' || 'b')", "insert into t values (2, 'a' || 'c')", False),
        ("insert into t values (1, /* 7 */ 'a')", "insert into t values (2, /* 8 */ 'b')", False),
        ("insert into t select 1, 'a'", "insert into t select 2, 'b'", False),
        ("insert into numbered (name) values ('a')", "insert into numbered (name) values ('b')", True),
        ("insert into numbered values (default, 'a')", "insert into numbered values (default, 'b')", False),
        ("insert into lenient values (7, 'a')", "insert into lenient values (8, 'b')", False),
        ("insert into preset (id) values (1)", "insert into preset (id) values (2)", False),
    ],
)
def test_which_go_the_short_way(short: list[str], first: str, second: str, goes: bool) -> None:
    with warehouse.connect(autocommit=True) as c:
        c.execute("create table t (id int, name varchar(10))")
        c.execute("create table numbered (id int identity(5, 1), name varchar(10))")
        c.execute("create table lenient (id int generated by default as identity(5, 1), name varchar(10))")
        c.execute("create table preset (id int, name varchar(10) default 'x')")
        c.execute(first)
        assert not short
        c.execute(second)
        assert bool(short) is goes


def test_a_value_that_does_not_fit_is_told_as_ever(short: list[str]) -> None:
    with warehouse.connect(autocommit=True) as c:
        c.execute("create table t (id int not null, name varchar(3))")
        for _ in range(2):
            c.execute("insert into t values (1, 'abc')")
        with pytest.raises(StringTooLong) as caught:
            c.execute("\n insert into t values (1, 'abcd')")
        assert caught.value.position == 27
        with pytest.raises(Error, match="has more expressions than target columns"):
            c.execute("insert into t values (1, 'abc', 3)")
        assert c.execute("select count(*) from t").fetchone() == (2,)
        assert short == ["t"]


def test_identity_and_not_null(short: list[str]) -> None:
    with warehouse.connect(autocommit=True) as c:
        c.execute("create table t (id int identity(5, 2), name varchar(3) not null)")
        for name in ("a", "b", "c"):
            c.execute(f"insert into t (name) values ('{name}')")
        assert c.execute("select * from t order by id").fetchall() == [(5, "a"), (7, "b"), (9, "c")]
        c.execute("insert into t (name) values (%s)", ("d",))
        with pytest.raises(NotNullViolation, match='null value in column "name"'):
            c.execute("insert into t (name) values (%s)", (None,))
        c.execute("insert into t (name) values (%s)", ("e",))
        assert c.execute("select count(*), count(distinct id) from t").fetchone() == (5, 5)
        assert short == ["t"] * 3


def test_the_history_knows_of_it(short: list[str]) -> None:
    with warehouse.connect(autocommit=True) as c:
        c.execute("create table t (id int)")
        c.execute("insert into t values (1)")
        c.execute("insert into t values (2)")
        query = "select querytxt, aborted from stl_query where querytxt like 'insert%' order by query"
        found = c.execute(query).fetchall()
        assert [(text.strip(), aborted) for text, aborted in found] == [
            ("insert into t values (1)", 0), ("insert into t values (2)", 0)
        ]
        assert short == ["t"]


# -- what changes in between -----------------------------------------------------------------------------


def test_a_table_that_is_changed_in_between(short: list[str]) -> None:
    with warehouse.connect(autocommit=True) as c:
        c.execute("create table t (id int, name varchar(3))")
        for _ in range(2):
            c.execute("insert into t values (1, 'abc')")
        c.execute("alter table t alter column name type varchar(5)")
        c.execute("insert into t values (1, 'abcde')")
        c.execute("alter table t add column more int default 7")
        c.execute("insert into t values (1, 'abcde')")
        c.execute("drop table t")
        with pytest.raises(UndefinedTable):
            c.execute("insert into t values (1, 'abc')")
        c.execute("create table t (name varchar(5), id varchar(5))")
        c.execute("insert into t values (1, 'abc')")
        assert c.execute("select * from t").fetchall() == [("1", "abc")]
        assert short == ["t"]


def test_a_name_that_means_another_table(short: list[str]) -> None:
    with warehouse.connect(autocommit=True) as c:
        c.execute("create table t (id int)")
        c.execute("create schema s")
        c.execute("create table s.t (id int)")
        for _ in range(2):
            c.execute("insert into t values (1)")
        c.execute("set search_path to s, public")
        c.execute("insert into t values (2)")
        c.execute("create temporary table t (id int)")
        c.execute("insert into t values (3)")
        c.execute("insert into t values (4)")
        for name, ids in (("public.t", [1, 1]), ("s.t", [2]), ("t", [3, 4])):
            assert c.execute(f"select id from {name} order by 1").fetchall() == [(i,) for i in ids]


def test_a_privilege_that_is_revoked(tmp_path: Path, short: list[str]) -> None:
    path = tmp_path / "dw"
    with warehouse.connect(path, autocommit=True) as admin:
        admin.execute("create table t (id int)")
        admin.execute("create user ann password disable")
        admin.execute("grant insert on t to ann")
        with warehouse.connect(path, user="ann", autocommit=True) as ann:
            ann.execute("insert into t values (1)")
            ann.execute("insert into t values (2)")
            admin.execute("revoke insert on t from ann")
            with pytest.raises(PermissionDenied):
                ann.execute("insert into t values (3)")
        assert admin.execute("select count(*) from t").fetchone() == (2,)
        assert short == ["t"]


def test_in_a_transaction(tmp_path: Path, short: list[str]) -> None:
    with warehouse.connect(tmp_path / "dw") as a, warehouse.connect(tmp_path / "dw", autocommit=True) as b:
        b.execute("create table t (id int)")
        a.execute("insert into t values (1)")
        a.execute("insert into t values (2)")
        assert b.execute("select count(*) from t").fetchone() == (0,)
        a.rollback()
        a.execute("insert into t values (3)")
        a.commit()
        assert b.execute("select id from t").fetchall() == [(3,)]
        a.execute("insert into t values (4)")
        with pytest.raises(Error):
            a.execute("insert into t values ('x')")
        with pytest.raises(Error, match="current transaction is aborted"):
            a.execute("insert into t values (5)")
        a.rollback()
        assert b.execute("select id from t").fetchall() == [(3,)]
        assert short == ["t"] * 3


def test_read_only(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    with warehouse.connect(path, autocommit=True) as c:
        c.execute("create table t (id int)")
        c.execute("insert into t values (1)")
        inserts = c.session.inserts
    with warehouse.connect(path, autocommit=True, read_only=True) as c:
        c.session.__dict__["inserts"] = inserts
        with pytest.raises(ReadOnly):
            c.execute("insert into t values (2)")


def test_another_process_changes_the_table(tmp_path: Path, short: list[str], other: OtherProcess) -> None:
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        c.execute("create table t (id int, name varchar(3))")
        for _ in range(2):
            c.execute("insert into t values (1, 'abc')")
        other.connect("b", tmp_path / "dw")
        for i in (2, 4, 6):
            other.execute("b", f"insert into t values ({i}, 'abc')")
        c.execute("insert into t values (3, 'abc')")
        c.execute("insert into t values (5, 'abc')")
        assert other.execute("b", "select id from t order by 1") == [(i,) for i in (1, 1, 2, 3, 4, 5, 6)]
        assert short == ["t"] * 3
        other.execute("b", "drop table t")
        with pytest.raises(UndefinedTable):
            c.execute("insert into t values (4, 'abc')")
        other.execute("b", "create table t (name varchar(3), id bigint)")
        with pytest.raises(Error, match="invalid input syntax"):
            c.execute("insert into t values (4, 'abc')")
        other.execute("b", "alter table t alter column name type varchar(9)")
        c.execute("insert into t values ('later', 5)")
        assert other.execute("b", "select * from t") == [("later", 5)]
    other.close("b")


# -- a transaction of one row ------------------------------------------------------------------------------


def test_it_is_ordered_among_others(tmp_path: Path, short: list[str]) -> None:
    """a reads t, then the row comes, then b sees the row and not yet what a writes: a cannot commit."""
    with (
        warehouse.connect(tmp_path / "dw") as a, warehouse.connect(tmp_path / "dw") as b,
        warehouse.connect(tmp_path / "dw", autocommit=True) as c,
    ):
        for table in ("t", "u"):
            c.execute(f"create table {table} (id int)")
        c.execute("insert into t values (1)")
        assert a.execute("select count(*) from t").fetchone() == (1,)
        c.execute("insert into t values (2)")
        assert short == ["t"]
        assert b.execute("select (select count(*) from t), (select count(*) from u)").fetchone() == (2, 0)
        b.commit()
        a.execute("insert into u values (1)")
        with pytest.raises(SerializationFailure, match="1023"):
            a.commit()


def test_it_is_ordered_among_those_of_other_processes(tmp_path: Path, short: list[str], other: OtherProcess) -> None:
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        for table in ("t", "u"):
            c.execute(f"create table {table} (id int)")
        c.execute("insert into t values (1)")
        other.connect("a", tmp_path / "dw", autocommit=False)
        assert other.execute("a", "select count(*) from t") == [(1,)]
        c.execute("insert into t values (2)")
        assert short == ["t"]
        assert c.execute("select (select count(*) from t), (select count(*) from u)").fetchone() == (2, 0)
        other.execute("a", "insert into u values (1)")
        with pytest.raises(SerializationFailure, match="1023"):
            other.execute("a", "commit")
    other.close("a")


def test_it_waits_for_who_has_the_table(tmp_path: Path, short: list[str]) -> None:
    with warehouse.connect(tmp_path / "dw") as a, warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        c.execute("create table t (id int)")
        c.execute("insert into t values (1)")
        a.execute("update t set id = id + 1")
        c.execute("set statement_timeout to 20")
        with pytest.raises(QueryCanceled):
            c.execute("insert into t values (5)")
        a.commit()
        c.session.settings.set("statement_timeout", "0")  # at once: SET might take too long as well
        c.execute("insert into t values (6)")
        assert c.execute("select id from t order by 1").fetchall() == [(2,), (6,)]
        held = c.session.database.locks.held()
        assert not held


def test_it_waits_for_who_has_the_table_elsewhere(tmp_path: Path, short: list[str], other: OtherProcess) -> None:
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        c.execute("create table t (id int)")
        c.execute("insert into t values (1)")
        other.connect("a", tmp_path / "dw", autocommit=False)
        other.execute("a", "update t set id = id + 1")
        c.execute("set statement_timeout to 20")
        with pytest.raises(QueryCanceled):
            c.execute("insert into t values (5)")
        other.execute("a", "commit")
        c.session.settings.set("statement_timeout", "0")  # at once: SET might take too long as well
        c.execute("insert into t values (6)")
        assert c.execute("select id from t order by 1").fetchall() == [(2,), (6,)]
        assert short == ["t"]
    other.close("a")


@contextmanager
def at_its_commit(action: Callable[[], None]) -> Iterator[None]:
    """Do something when the row is about to be made true."""
    failpoints.ACTIONS["commit.locked"] = action
    try:
        yield
    finally:
        del failpoints.ACTIONS["commit.locked"]


@pytest.mark.parametrize("how", ["cancelled", "too late"])
def test_it_can_be_stopped(tmp_path: Path, short: list[str], how: str) -> None:
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        c.execute("create table t (id int)")
        c.execute("insert into t values (1)")
        if how == "too late":
            c.session.settings.set("statement_timeout", "1")
        action = c.cancel if how == "cancelled" else partial(time.sleep, 0.002)
        with at_its_commit(action), pytest.raises(QueryCanceled, match="user" if how == "cancelled" else "timeout"):
            c.execute("insert into t values (2)")
        c.session.settings.set("statement_timeout", "0")
        assert c.execute("select id from t").fetchall() == [(1,)]
        query = "select aborted from stl_query where querytxt like 'insert%' order by query"
        assert c.execute(query).fetchall() == [(0,), (1,)]
        assert not short


def test_it_is_known_while_it_runs(tmp_path: Path, short: list[str]) -> None:
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        c.execute("create table t (id int)")
        c.execute("set query_group to 'few'")
        c.execute("insert into t values (1)")
        database, found = c.session.database, list[Any]()

        def look() -> None:
            found.extend(begun(r.context, r.work.kind) for r in database.history.running.values())

        with at_its_commit(look):
            c.execute("insert into t values (2)")
        query = "select query, label, xid, pid, querytxt, starttime from stl_query where querytxt like '%(2)%'"
        assert short == ["t"]
        (running,), (ended,) = found, c.execute(query).fetchall()
        assert [running[k] for k in ("query", "label", "xid", "pid", "querytxt")] == [ended[0], *(
            v.strip() if isinstance(v, str) else v for v in ended[1:5])]


def test_its_answer(tmp_path: Path, short: list[str]) -> None:
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        c.execute("create table t (id int)")
        c.execute("insert into t values (1)")
        cursor = c.execute("insert into t values (2)")
        assert short == ["t"]
        assert (cursor.rowcount, cursor.statusmessage, cursor.description, cursor.notices) == (1, "INSERT", None, [])
        with pytest.raises(Error, match="there are no rows to fetch"):
            cursor.fetchall()
        assert cursor.execute("select count(*) from t").fetchone() == (2,)
        cursor.close()


def test_what_fails_in_the_commit_is_told_and_undone(tmp_path: Path, short: list[str]) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        c.execute("create table t (id int)")
        c.execute("insert into t values (1)")
        with at_its_commit(full), pytest.raises(DiskFull, match="No space left"):
            c.execute("insert into t values (2)")
        c.execute("insert into t values (3)")
        assert c.execute("select id from t order by 1").fetchall() == [(1,), (3,)]
        ended = c.execute("select aborted from stl_query where querytxt like 'insert%' order by query").fetchall()
        assert ended == [(0,), (1,), (0,)]
        assert short == ["t"]
