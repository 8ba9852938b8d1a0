"""Statements far larger than people write: they work, or fail cleanly; never a Python recursion trace."""
from __future__ import annotations

from typing import Any

import pytest
import warehouse


@pytest.fixture
def t(db: Any) -> Any:
    db.execute("create table t (a integer, b varchar(10))")
    db.execute("insert into t values (1, 'x'), (2, 'y'), (500, 'z'), (null, null)")
    return db


def test_a_thousand_columns(t: Any) -> None:
    columns = ", ".join(f"a + {i} as c{i}" for i in range(1000))
    row = t.execute(f"select {columns} from t where a = 1").fetchone()
    assert row == tuple(range(1, 1001))


def test_a_table_of_a_thousand_columns(db: Any) -> None:
    db.execute(f"create table wide ({', '.join(f'c{i} integer' for i in range(1000))})")
    db.execute(f"insert into wide values ({', '.join(map(str, range(1000)))})")
    assert db.execute("select * from wide").fetchone() == tuple(range(1000))
    assert db.execute("select sum(c999) from wide where c0 = 0").fetchone() == (999,)


def test_long_in_lists(t: Any) -> None:
    values = ", ".join(map(str, range(2, 502)))
    assert t.execute(f"select count(*) from t where a in ({values})").fetchone() == (2,)
    texts = ", ".join(f"'v{i}'" for i in range(500))
    assert t.execute(f"select count(*) from t where b in ({texts}, 'z')").fetchone() == (1,)


def test_a_hundred_way_union(t: Any) -> None:
    union = " union all ".join(f"select a + {i} as n from t" for i in range(100))
    assert t.execute(f"select count(*), count(n) from ({union}) u").fetchone() == (400, 300)
    distinct = " union ".join(f"select {i % 10}" for i in range(100))
    assert len(t.execute(distinct).fetchall()) == 10


def test_many_conditions(t: Any) -> None:
    ors = " or ".join(f"a = {i}" for i in range(300, 800))
    ands = " and ".join(f"a <> {i}" for i in range(1000, 1500))
    assert t.execute(f"select count(*) from t where ({ors}) and {ands}").fetchone() == (1,)


def test_many_joins(t: Any) -> None:
    joins = " ".join(f"join t t{i} on t{i}.a = t.a" for i in range(30))
    assert t.execute(f"select count(*) from t {joins}").fetchone() == (3,)


def test_many_rows_of_values(t: Any) -> None:
    t.execute("insert into t values " + ", ".join(f"({i}, 'r{i}')" for i in range(5000)))
    assert t.execute("select count(*), max(a) from t").fetchone() == (5004, 4999)


def nested_subqueries(depth: int) -> str:
    return "select * from (" * depth + "select 1 as n" + "".join(f") s{i}" for i in range(depth))


def nested_parentheses(depth: int) -> str:
    return "select " + "(" * depth + "1" + ")" * depth


def nested_case(depth: int) -> str:
    return "select " + "case when 1 = 1 then " * depth + "1" + " end" * depth


def nested_calls(depth: int) -> str:
    return "select " + "abs(" * depth + "1" + ")" * depth


def chain(depth: int) -> str:
    return "select " + " + ".join(["1"] * depth)


@pytest.mark.parametrize("make", [nested_subqueries, nested_parentheses, nested_case, nested_calls, chain])
@pytest.mark.parametrize("depth", [20, 200, 2000])
def test_depth(t: Any, make: Any, depth: int) -> None:
    try:
        rows = t.execute(make(depth)).fetchall()
    except warehouse.InternalError:
        raise
    except warehouse.Error as error:
        assert depth > 20 and error.sqlstate in ("54001", "54000", "0A000"), error
    else:
        assert rows == [(depth if make is chain else 1,)]
    assert t.execute("select count(*) from t").fetchone() == (4,), "the session goes on"
