"""Row groups handed out in parts: the answer is the same whatever the batches' size.

Every kind of block, with and without NULLs; row groups that end at, before and behind a batch's border; filters
that keep none, all, every other row, a run of rows. Judged by DuckDB over the same rows.
"""
from __future__ import annotations

import decimal
import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import warehouse
from oracle.compare import difference
from warehouse.engine.compile import program
from warehouse.kernels import abi

SIZES = (1, 1024, 1025, 16385, 65536)
MOST_SHOWN = 2000  # more rows are only counted and summed
COLUMNS = """
    id bigint encode raw, n int encode az64, small smallint encode mostly8, d decimal(12,2) encode az64,
    wide decimal(30,2) encode raw, f double precision encode raw, r real encode raw, b boolean encode raw,
    day date encode az64, code char(3) encode bytedict, other varchar(10) encode bytedict,
    t varchar(40) encode raw, k bigint encode bytedict
"""
FILTERS = ("", "where n < -5", "where id % 2 = 0", "where id between 700 and 1800", "where t like '%xy%z%'",
           "where other in ('p', 'q') and day > '1995-01-05'")
QUERIES = (
    "select count(*), count(n), sum(n), sum(d), sum(wide), min(f), max(r), sum(small), max(t), min(day) from t {}",
    "select code, other, count(*), count(d), sum(d), sum(n), sum(k), sum(d * (1 - d)), max(id) from t {} group by 1, 2",
    "select code, count(*), sum(wide), min(t), count(b) from t {} group by 1",
    "select b, code, sum(n), sum(id) from t {} group by 1, 2",
    "select k, other, day, count(*) from t {} group by 1, 2, 3",
    "select id, n, d, wide, code, other, t, b from t {}",
    "select u.code, count(*), sum(t.d), sum(u.n) from t join t u on t.id = u.id + 1 {} group by 1",
)


def rows(n: int) -> pa.Table:
    source = random.Random(n)

    def some(values: list[Any]) -> list[Any]:
        return [source.choice(values) for _ in range(n)]

    cents = [decimal.Decimal(x).scaleb(-2) for x in (-150, 0, 1, 99, 123456, -7)]
    arrays = {
        "id": pa.array(range(n), pa.int64()),
        "n": pa.array(some([None, 0, 3, -4, 100_000]), pa.int32()),
        "small": pa.array(some([-7, 5, 1000]), pa.int16()),
        "d": pa.array(some([*cents, None]), pa.decimal128(12, 2)),
        "wide": pa.array(some([*cents, None, decimal.Decimal(10) ** 20]), pa.decimal128(30, 2)),
        "f": pa.array(some([None, 0.5, -1.25, 1e9]), pa.float64()),
        "r": pa.array(some([0.5, 2.25]), pa.float32()),
        "b": pa.array(some([None, True, False]), pa.bool_()),
        "day": pa.array([date(1995, 1, 1) + timedelta(i // 3000) for i in range(n)], pa.date32()),
        "code": pa.array(some(["a", "b", "ccc"]), pa.string()),
        "other": pa.array(some([None, "p", "q", "rr"]), pa.string()),
        "t": pa.array(some([None, "", "xyz", "a long text xy and z", "wxyz0"]), pa.string()),
        "k": pa.array(some([7, 1 << 40, -3]), pa.int64()),
    }
    return pa.table(arrays)


@pytest.fixture(scope="module", params=SIZES)
def sides(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    """Ours and the judge, with the same rows."""
    table = rows(request.param)
    ours = warehouse.connect(":memory:", threads=2, autocommit=True)
    ours.cursor().execute(f"create table t ({COLUMNS}) diststyle all")
    ours.write_arrow("t", table, create=False)
    judge = duckdb.connect()
    judge.register("given", table)
    judge.execute("create table t as select * from given")
    yield ours, judge
    ours.close()
    judge.close()


def lines(found: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(c.to_pylist() for c in found.columns), strict=True))


@pytest.mark.parametrize("fewest", [1024, 4096])
def test_answers(sides: tuple[Any, Any], fewest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "CACHE_BYTES", 0)
    monkeypatch.setattr(program, "FEWEST_BATCH_ROWS", fewest)
    ours, judge = sides
    many = judge.sql("select count(*) from t").fetchall()[0][0] > MOST_SHOWN
    for query in QUERIES:
        if many and query.startswith("select id"):
            continue
        for condition in FILTERS:
            if " u " in query:
                for column in ("n", "id", "code", "t", "other", "day"):
                    condition = condition.replace(f" {column} ", f" t.{column} ")
            text = query.format(condition)
            got = ours.cursor().execute(text).fetch_arrow_table()
            assert difference(lines(got), lines(judge.sql(text).to_arrow_table())) is None, text


def test_fewer_rows_the_more_is_kept_of_them() -> None:
    builder = program.ProgramBuilder()
    assert program.batch_rows(builder, 0) == abi.BATCH_ROWS
    slot = 8 * (abi.BATCH_ROWS + abi.VECTOR_ROWS)
    assert program.batch_rows(builder, slot) == program.CACHE_BYTES // 8
    assert program.batch_rows(builder, 1000 * slot) == program.FEWEST_BATCH_ROWS
    builder.call(lambda task, n: None, ())
    assert program.batch_rows(builder, 1000 * slot) == abi.BATCH_ROWS
