"""INSERT: values, defaults, identities, conversions, and what is refused with nothing written."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from warehouse.errors import Error


def rows(db: Any, sql: str) -> list[tuple[Any, ...]]:
    return sorted(db.execute(sql).fetchall(), key=repr)


@pytest.fixture
def t(db: Any) -> Any:
    db.execute("create table t (a int not null, b varchar(5), c numeric(8, 2) default 1.5, d date)")
    return db


def test_values_of_all_forms(t: Any) -> None:
    cursor = t.execute(
        "insert into t values (1, 'x', 2.345, '2020-02-29'), (-2, null, -3, date '2020-01-01'),"
        " (1 + 2, upper('y'), default, null)"
    )
    assert (cursor.statusmessage, cursor.rowcount) == ("INSERT", 3)
    assert rows(t, "select * from t") == [
        (-2, None, Decimal("-3.00"), datetime.date(2020, 1, 1)),
        (1, "x", Decimal("2.35"), datetime.date(2020, 2, 29)),
        (3, "Y", Decimal("1.50"), None),
    ]


def test_named_columns_and_the_rest_by_default(t: Any) -> None:
    t.execute("insert into t (b, a) values ('x', 1)")
    t.execute("insert into t values (2)")
    assert rows(t, "select * from t") == [(1, "x", Decimal("1.50"), None), (2, None, Decimal("1.50"), None)]


def test_parameters_of_all_types(db: Any) -> None:
    db.execute(
        "create table p (i bigint, f double precision, n numeric(10,3), s varchar(9), b boolean, d date,"
        " t timestamp, z timestamptz)"
    )
    values = (
        2**40, 0.5, Decimal("1.125"), "é';--", True, datetime.date(2020, 1, 2),
        datetime.datetime(2020, 1, 2, 3, 4, 5, 6), datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC),
    )  # fmt: skip
    db.execute("insert into p values (%s, %s, %s, %s, %s, %s, %s, %s)", values)
    db.execute("insert into p values (%s, %s, %s, %s, %s, %s, %s, %s)", (None,) * 8)
    assert rows(db, "select * from p") == sorted([values, (None,) * 8], key=repr)


@pytest.mark.parametrize(
    ("sql", "sqlstate", "words"),
    [
        ("insert into nosuch values (1)", "42P01", 'relation "nosuch" does not exist'),
        ("insert into pg_class values (1)", "42501", "system catalog"),
        ("insert into t values (null)", "23502", 'null value in column "a"'),
        ("insert into t (b) values ('x')", "23502", 'null value in column "a"'),
        ("insert into t (nosuch) values (1)", "42703", '"nosuch"'),
        ("insert into t (a, a) values (1, 2)", "42701", '"a" specified more than once'),
        ("insert into t values (1, 'x', 1, null, 5)", "42601", "more expressions than target columns"),
        ("insert into t (a, b) values (1)", "42601", "more target columns than expressions"),
        ("insert into t values (1), (1, 'x')", "42601", "same length"),
        ("insert into t values (1), ('x')", "22P02", '"x"'),
        ("insert into t values (3000000000)", "22003", "out of range"),
        ("insert into t values (1, 'toolong')", "22001", "value too long for type character varying(5)"),
        ("insert into t values (1, 'x', 1234567.5)", "22003", "overflow"),
        ("insert into t values (1, 'x', 1, '2020-13-01')", "22008", "2020-13-01"),
        ("insert into t values (1, 'x', 1, 5)", "42804", 'column "d" is of type date'),
        ("insert into t values (1, 'x', true)", "42804", 'column "c" is of type numeric but'),
        ("insert into t values (1 / 0)", "22012", "division by zero"),
        ("insert into t values (a)", "42703", "a"),
    ],
)
def test_refused(t: Any, sql: str, sqlstate: str, words: str) -> None:
    with pytest.raises(Error) as caught:
        t.execute(sql)
    assert words in str(caught.value)
    assert caught.value.sqlstate == sqlstate
    assert t.execute("select count(*) from t").fetchone() == (0,)


def test_an_error_points_at_the_value(t: Any) -> None:
    sql = "insert into t values (1, 'ok'), (2, 'toolong')"
    with pytest.raises(Error) as caught:
        t.execute(sql)
    assert caught.value.position == sql.index("'toolong'")


def test_blanks_beyond_the_length_are_cut(db: Any) -> None:
    db.execute("create table s (v varchar(2), c char(3))")
    db.execute("insert into s values ('a    ', 'b     ')")
    assert db.execute("select v, len(v), c from s").fetchall() == [("a ", 2, "b")] or db.execute(
        "select v, c from s"
    ).fetchall() == [("a ", "b")]


def test_identity(db: Any) -> None:
    db.execute("create table i (id int identity(10, 5), b varchar(3))")
    db.execute("insert into i (b) values ('a'), ('b')")
    db.execute("insert into i values (default, 'c')")
    db.execute("insert into i (b) select 'd'")
    assert rows(db, "select id, b from i") == [(10, "a"), (15, "b"), (20, "c"), (25, "d")]
    with pytest.raises(Error, match="IDENTITY") as caught:
        db.execute("insert into i values (1, 'x')")
    assert caught.value.sqlstate == "428C9"


def test_identity_by_default_takes_a_value(db: Any) -> None:
    db.execute("create table i (id bigint generated by default as identity(1, 1), b varchar(3))")
    db.execute("insert into i values (7, 'a'), (default, 'b'), (default, 'c')")
    db.execute("insert into i (b) values ('d')")
    assert rows(db, "select id, b from i") == [(1, "b"), (2, "c"), (3, "d"), (7, "a")]


def test_default_values(db: Any) -> None:
    db.execute("create table d (a int default 5, b varchar(3))")
    db.execute("insert into d default values")
    assert db.execute("select * from d").fetchall() == [(5, None)]


def test_select_converts_and_fills(t: Any) -> None:
    t.execute("create table s (x bigint, y char(3), z double precision)")
    t.execute("insert into s values (1, 'a', 2.345), (2, 'b', null)")
    assert t.execute("insert into t (a, b) select x, y from s").rowcount == 2
    assert t.execute("insert into t (c, a) select z, x from s").rowcount == 2
    assert rows(t, "select a, b, c from t") == [
        (1, "a", Decimal("1.50")), (1, None, Decimal("2.35")),
        (2, "b", Decimal("1.50")), (2, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("insert into t select x, y, z, x from s", "42804"),
        ("insert into t select x, y, z, null, 1 from s", "42601"),
        ("insert into t (a, b) select x from s", "42601"),
        ("insert into t select y from s", "42804"),
        ("insert into t select x * 3000000000 from s", "22003"),
        ("insert into t select null from s", "23502"),
        ("insert into t select x, 'much too long' from s", "22001"),
        ("insert into t select nosuch from s", "42703"),
    ],
)
def test_select_refused(t: Any, sql: str, sqlstate: str) -> None:
    t.execute("create table s (x bigint, y char(3), z double precision)")
    t.execute("insert into s values (1, 'a', 2.345)")
    with pytest.raises(Error) as caught:
        t.execute(sql)
    assert caught.value.sqlstate == sqlstate
    assert t.execute("select count(*) from t").fetchone() == (0,)


def test_a_table_into_itself(t: Any) -> None:
    t.execute("insert into t values (1), (2)")
    for _ in range(3):
        t.execute("insert into t select * from t")
    assert t.execute("select count(*), sum(a) from t").fetchone() == (16, 24)


def test_executemany_uses_each_set(t: Any) -> None:
    t.cursor().executemany("insert into t (a, b) values (%s, %s), (%s, 'k')", [(1, "a", 2), (3, "b", 4)])
    assert rows(t, "select a, b from t") == [(1, "a"), (2, "k"), (3, "b"), (4, "k")]


def test_not_null(t: Any) -> None:
    with pytest.raises(Error, match='null value in column "a" violates not-null constraint') as caught:
        t.execute("insert into t (a) values (1), (null)")
    assert caught.value.sqlstate == "23502"
    assert t.execute("select count(*) from t").fetchone() == (0,)


def test_a_scalar_subquery_in_one_row(t: Any) -> None:
    t.execute("insert into t (a) values (4)")
    t.execute("insert into t (a, b) values ((select max(a) + 1 from t), 'x')")
    assert rows(t, "select a, b from t") == [(4, None), (5, "x")]
    with pytest.raises(Error, match="can't use subqueries in multi-row VALUES"):
        t.execute("insert into t (a) values ((select max(a) + 1 from t)), (9)")


@pytest.mark.parametrize("sql", ["insert into t (a, zz) values (1, 2)", "insert into t (a, a) select 1, 2"])
def test_wrong_columns_are_told_with_their_places(t: Any, sql: str) -> None:
    with pytest.raises(Error) as caught:
        t.execute(sql)
    assert caught.value.position == 18
