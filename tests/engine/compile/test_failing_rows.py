"""Functions outside native code fail for rows that count only: not for those that WHERE, AND, CASE leave out."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import warehouse
from warehouse.errors import DataError, InvalidText


@pytest.fixture(scope="module", params=[(1, 1), (2, 2)])
def cursor(request: pytest.FixtureRequest) -> Iterator[Any]:
    nodes, slices = request.param
    with warehouse.connect(":memory:", nodes=nodes, slices_per_node=slices, threads=2, autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("create table t (id integer, s varchar(10), n integer)")
        cursor.execute("insert into t values (1, '12', 1), (2, 'x', 0), (3, null, 0), (4, '7', 2)")
        yield cursor


@pytest.mark.parametrize(("sql", "answer"), [
    ("select case when n > 0 then s::int end from t order by id", [12, None, None, 7]),
    ("select id from t where n > 0 and s::int > 10", [1]),
    ("select id from t where n = 0 or s::int > 10 order by id", [1, 2, 3]),
    ("select coalesce(nullif(n, 0), s::int) from t where id <> 2 order by id", [1, None, 2]),
    ("select case when n > 0 then strtol(s || '0', 10) + 1 else 0 end from t order by id", [121, 0, 0, 71]),
    # a failing argument of a function, and of a function of a function
    ("select case when n > 0 then to_hex(s::int) else '-' end from t order by id", ["c", "-", "-", "7"]),
    ("select case when n > 0 then upper(to_hex(s::int)) || lpad(to_hex(s::int), 2, '.') end from t order by id",
     ["C.c", None, None, "7.7"]),
    ("select case when n > 0 then split_part(s, '2', n) || 'z' end from t order by id", ["1z", None, None, "z"]),
    ("select sum(case when n > 0 then s::int end) from t", [19]),
    ("select a.id from t a join t b on a.id = b.id and b.n > 0 and b.s::int < 10", [4]),
])
def test_only_rows_that_count_fail(cursor: Any, sql: str, answer: list[Any]) -> None:
    assert [row[0] for row in cursor.execute(sql).fetchall()] == answer


@pytest.mark.parametrize(("sql", "words", "at"), [
    ("select s::int from t", '"x"', "s::int"),
    ("select to_hex(s::int) || 'a' from t", '"x"', "s::int"),
    ("select case when n = 0 then s::int end from t", '"x"', "s::int"),
    ("select id from t where id > 1 and upper(s)::int = 7", '"X"', "upper"),
    ("select strtol(s, 10), case when n > 0 then strtol(s, 10) end from t", '"x"', "strtol"),
    ("select case when n > 0 then strtol(s, 10) end, strtol(s, 10) from t", '"x"', "strtol"),
])
def test_rows_that_count_fail_with_their_place(cursor: Any, sql: str, words: str, at: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        cursor.execute(sql).fetchall()
    assert caught.value.position is not None and sql.startswith(at, caught.value.position)


def test_the_row_that_fails_may_be_in_any_batch(cursor: Any) -> None:
    """Batches of 65,536 rows; the bad value is in the last one."""
    import pyarrow as pa

    rows = 140_000
    texts = [str(i) for i in range(rows)]
    texts[-1] = "two"
    cursor.execute("drop table if exists long")
    cursor.execute("create table long (n integer, s varchar(10)) diststyle all")
    cursor.connection.write_arrow("long", pa.table({"n": pa.array(range(rows), pa.int32()), "s": texts}))
    with pytest.raises(InvalidText, match='"two"'):
        cursor.execute("select max(s::int) from long").fetchall()
    found = cursor.execute(f"select count(s::int), max(case when n < {rows - 1} then s::int end) from long "
                           f"where n < {rows - 1}").fetchall()
    assert found == [(rows - 1, rows - 2)]
