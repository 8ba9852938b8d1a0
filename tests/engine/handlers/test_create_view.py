"""Views: they follow their tables, mean the same under any search path, hold their tables back."""

from __future__ import annotations

from typing import Any

import pytest
from warehouse.errors import Error


@pytest.fixture
def t(db: Any) -> Any:
    db.execute("create table t (a int, b varchar(7)); insert into t values (1, 'x'), (2, 'y')")
    return db


def test_a_view_follows_its_table(t: Any) -> None:
    t.execute("create view v (n, m) as select a * 10, b from t where a > 1")
    assert t.execute("select n, m from v").fetchall() == [(20, "y")]
    t.execute("insert into t values (3, 'z')")
    assert sorted(t.execute("select m from v").fetchall()) == [("y",), ("z",)]


def test_the_search_path_of_its_making_counts(t: Any) -> None:
    t.execute("create view v as with w as (select a from t) select t.b, w.a from t join w on t.a = w.a")
    text = t.session.database.view().relation("public", "v").sql
    assert "from public.t)" in text and "from public.t join w" in text
    t.execute("create schema s; create table s.t (x int); set search_path to s, public")
    assert sorted(t.execute("select * from v").fetchall()) == [("x", 1), ("y", 2)]


def test_or_replace(t: Any) -> None:
    t.execute("create view v as select a from t")
    with pytest.raises(Error, match="already exists"):
        t.execute("create view v as select b from t")
    t.execute("create or replace view v as select a * 10 as a from t")
    assert sorted(t.execute("select * from v").fetchall()) == [(10,), (20,)]
    with pytest.raises(Error, match='"t" is not a view'):
        t.execute("create or replace view t as select 1 as a")


def test_dependents(t: Any) -> None:
    t.execute("create view v as select a from t; create view w as select a from v")
    with pytest.raises(Error, match="cannot drop table t because other objects depend on it") as caught:
        t.execute("drop table t")
    assert caught.value.sqlstate == "2BP01"
    assert "view v" in str(caught.value.detail) and "view w" in str(caught.value.detail)
    t.execute("drop table t cascade")
    assert t.session.database.view().relations() == ()


def test_late_binding(t: Any) -> None:
    t.execute("create view v as select x from public.later with no schema binding")
    with pytest.raises(Error, match="later") as caught:
        t.execute("select * from v")
    assert caught.value.sqlstate == "42P01"
    t.execute("create table later (x int); insert into later values (5)")
    assert t.execute("select * from v").fetchall() == [(5,)]
    t.execute("drop table later")
    with pytest.raises(Error, match="with its schema"):
        t.execute("create view w as select a from t with no schema binding")


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("create view v as select nosuch from t", "42703"),
        ("create view v as select a from nosuch", "42P01"),
        ("create view v as select a, a from t", "42701"),
        ("create view v (x, y, z) as select a, b from t", "42601"),
    ],
)
def test_refused(t: Any, sql: str, sqlstate: str) -> None:
    with pytest.raises(Error) as caught:
        t.execute(sql)
    assert caught.value.sqlstate == sqlstate
    assert t.session.database.view().relation("public", "v") is None


def test_drop_view(t: Any) -> None:
    t.execute("create view v as select a from t; drop view v")
    with pytest.raises(Error, match='"v" does not exist'):
        t.execute("select * from v")
    assert t.execute("select count(*) from t").fetchone() == (2,)
