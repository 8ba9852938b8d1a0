"""CREATE TABLE AS: types from the query, keys by name, one commit."""

from __future__ import annotations

from typing import Any

import pytest
from warehouse.errors import Error
from warehouse.storage.schema import DistStyle


@pytest.fixture
def t(db: Any) -> Any:
    db.execute(
        "create table t (a int, b varchar(7), c numeric(9, 3)); insert into t values (1, 'x', 2.5), (2, null, 3)"
    )
    return db


def test_columns_and_rows(t: Any) -> None:
    cursor = t.execute("create table u distkey(n) sortkey(a) as select a, c as n, b, a + 1 as k from t where a > 1")
    assert cursor.rowcount == 1
    made = t.session.database.view().relation("public", "u")
    assert [(c.name, str(c.type)) for c in made.columns[:3]] == [
        ("a", "integer"), ("n", "numeric(9,3)"), ("b", "character varying(7)"),
    ]  # fmt: skip
    assert (made.dist_style, made.dist_key, made.sort_key) == (DistStyle.KEY, 1, (0,))
    assert t.execute("select a, b, k from u").fetchall() == [(2, None, 3)]


def test_names_for_the_columns(t: Any) -> None:
    t.execute("create table u (x, y) as select a, b from t")
    assert t.execute("select y from u where x = 1").fetchall() == [("x",)]


def test_no_rows(t: Any) -> None:
    assert t.execute("create table u as select * from t where a < 0").rowcount == 0
    assert t.execute("select count(*) from u").fetchone() == (0,)


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("create table t as select 1 as a", "42P07"),
        ("create table u as select a, a from t", "42701"),
        ("create table u (x, y, z) as select a, b from t", "42601"),
        ("create table u distkey(nosuch) as select a from t", "42703"),
        ("create table u as select 1 / (a - a) as q from t", "22012"),
    ],
)
def test_refused_and_nothing_left(t: Any, sql: str, sqlstate: str) -> None:
    with pytest.raises(Error) as caught:
        t.execute(sql)
    assert caught.value.sqlstate == sqlstate
    assert t.session.database.view().relation("public", "u") is None
    folder = t.session.database.data_folder()
    tables = {r.id for r in t.session.database.view().relations()}
    assert all(int(p.parent.parent.name) in tables for p in folder.glob("*/*/*.ext"))
