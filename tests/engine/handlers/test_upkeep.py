"""TRUNCATE and ANALYZE."""

from __future__ import annotations

from typing import Any

import pytest
from warehouse.errors import Error


@pytest.fixture
def t(db: Any) -> Any:
    db.execute("create table t (a int, b varchar(5)); insert into t values (1, 'x'), (2, 'y'), (2, null)")
    return db


def statistics(db: Any) -> Any:
    view = db.session.database.view()
    return view.data(view.relation("public", "t")).statistics


def test_truncate(t: Any) -> None:
    assert t.execute("truncate table t").statusmessage == "TRUNCATE"
    assert t.execute("select count(*) from t").fetchone() == (0,)
    assert statistics(t).rows == 0
    t.execute("insert into t values (5)")
    assert t.execute("select a from t").fetchall() == [(5,)]


def test_a_reader_keeps_its_snapshot(t: Any) -> None:
    cursor = t.execute("select a from t order by a")
    t.execute("truncate t")
    assert cursor.fetchall() == [(1,), (2,), (2,)]


def test_analyze_gives_what_loads_gave(t: Any) -> None:
    t.execute("insert into t values (7, 'z')")
    before = statistics(t)
    assert t.execute("analyze t").statusmessage == "ANALYZE"
    after = statistics(t)
    assert after.rows == 4
    assert after.columns == before.columns
    assert (after.columns[1].low, after.columns[1].high, after.columns[2].null_count) == (1, 7, 1)
    t.execute("analyze")
    t.execute("analyze t (a, b)")


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("truncate nosuch", "42P01"),
        ("truncate v", "42809"),
        ("truncate pg_class", "42501"),
        ("analyze nosuch", "42P01"),
        ("analyze t (nosuch)", "42703"),
        ("analyze v", "42809"),
    ],
)
def test_refused(t: Any, sql: str, sqlstate: str) -> None:
    t.execute("create view v as select a from t")
    with pytest.raises(Error) as caught:
        t.execute(sql)
    assert caught.value.sqlstate == sqlstate
