"""Window functions over random rows with NULLs and ties, on several topologies and designs, against DuckDB.

Queries are made of a partition, an order, a frame and functions. Where a function depends on the order of ties,
the order ends with the unique column `id`.
"""
from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import warehouse
from oracle.compare import difference

ROWS = 300
TOPOLOGIES = ((1, 1), (1, 2), (2, 2), (4, 4))
DESIGNS = ("diststyle even", "distkey(g)", "distkey(id)", "diststyle all")
COLUMNS = """id integer, g integer, h varchar(4), k integer, b bigint, d decimal(12,2), w decimal(30,3),
f double precision"""
FOLLOWING = "rows between current row and unbounded following"  # what Redshift writes without BETWEEN too
FRAMES = (
    "rows unbounded preceding", "rows 3 preceding", "rows current row", "rows unbounded following",
    "rows between unbounded preceding and current row", "rows between unbounded preceding and 2 preceding",
    "rows between unbounded preceding and unbounded following", "rows between unbounded preceding and 1 following",
    "rows between 4 preceding and 2 preceding", "rows between 2 preceding and 2 following",
    "rows between current row and current row", "rows between current row and 3 following",
    "rows between current row and unbounded following", "rows between 1 following and 3 following",
    "rows between 2 following and unbounded following", "rows between 2 preceding and unbounded following",
)
RANGES = (
    "range unbounded preceding", "range between unbounded preceding and current row",
    "range between current row and unbounded following", "range between current row and current row",
    "range between unbounded preceding and unbounded following", "",
)
PARTITIONS = ("", "partition by g", "partition by h", "partition by g, h", "partition by h, k % 3")
ORDERS = ("k", "k desc", "h nulls first, k", "f desc nulls last", "d, h desc", "k + g")
RANKS = ("row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(4)", "ntile(1000)")
FRAMED = (
    "sum(k)", "sum(d)", "sum(w)", "sum(f)", "sum(b)", "avg(k)", "avg(f)", "count(*)", "count(h)", "min(h)", "max(h)",
    "min(w)", "max(d)", "min(f)", "max(b)", "first_value(h)", "last_value(w)", "nth_value(f, 3)", "nth_value(h, 1 + g)",
)
SHIFTS = ("lag(k)", "lead(h, 2)", "lag(w, 0)", "lead(f, 1000)", "lag(d, g)")


def random_rows() -> list[tuple[Any, ...]]:
    source = random.Random(11)

    def maybe(value: Any, share: float = 0.15) -> Any:
        return None if source.random() < share else value

    return [
        (
            i, maybe(source.randrange(6)), maybe(source.choice(["a", "b", "ab", "a c", "xyz"])),
            maybe(source.randrange(12)), maybe(source.randrange(-(1 << 62), 1 << 62)),
            maybe(Decimal(source.randrange(-5000, 5000)) / 100),
            maybe(Decimal(source.randrange(-(10**26), 10**26)) / 1000), maybe(source.randrange(-40, 40) / 8),
        )
        for i in range(ROWS)
    ]


@pytest.fixture(scope="module")
def judge() -> Iterator[Any]:
    connection = duckdb.connect()
    connection.execute(f"create table t ({COLUMNS})")
    values = dict(zip("abcdefgh", map(pa.array, zip(*random_rows()))))
    connection.register("random_rows", pa.table(values))
    connection.execute("insert into t select * from random_rows")
    yield connection
    connection.close()


@pytest.fixture(scope="module", params=range(len(TOPOLOGIES)), ids=["x".join(map(str, t)) for t in TOPOLOGIES])
def ours(request: pytest.FixtureRequest, judge: Any) -> Iterator[Any]:
    nodes, slices = TOPOLOGIES[request.param]
    connection = warehouse.connect(
        ":memory:", nodes=nodes, slices_per_node=slices, threads=2, compatibility="extended", autocommit=True
    )
    cursor = connection.cursor()
    cursor.execute(f"create table t ({COLUMNS}) {DESIGNS[request.param]}")
    connection.write_arrow("t", judge.sql("select * from t").to_arrow_table())
    yield cursor
    connection.close()


def judged(text: str) -> str:
    """The text as DuckDB reads it: Redshift sorts NULLs last ascending and first descending."""
    parts = []
    for key in text.split(","):
        key = key.strip()
        spelled = "nulls" in key
        parts.append(key if spelled else key + (" nulls first" if key.endswith("desc") else " nulls last"))
    return ", ".join(parts)


def check(ours: Any, judge: Any, calls: list[tuple[str, str, str, str]]) -> None:
    """One query of several calls (function, partition, order, frame) on both."""
    def text(over_order: bool) -> str:
        items = []
        for function, partition, order, frame in calls:
            sorted_by = judged(order) if over_order and order else order
            if over_order and frame == "rows unbounded following":
                frame = FOLLOWING
            clause = " ".join(x for x in (partition, sorted_by and f"order by {sorted_by}", frame) if x)
            name = "trunc(avg(k)" if over_order and function == "avg(k)" else function
            items.append(f"{name} over ({clause})" + (")" if name != function else ""))
        return f"select id, {', '.join(items)} from t"

    mine, theirs = rows_by_id(ours, text(False)), rows_by_id(judge, text(True))
    for a, b in zip(mine, theirs, strict=True):
        if a != b:
            problem = difference([a], [b])
            assert problem is None, f"{problem}\n{text(False)}"


def rows_by_id(cursor: Any, text: str) -> list[tuple[Any, ...]]:
    return sorted(map(tuple, cursor.execute(text).fetchall()), key=lambda row: row[0])


@pytest.mark.one_in(2)
@pytest.mark.parametrize("partition", PARTITIONS)
def test_ranks_and_shifts(ours: Any, judge: Any, partition: str) -> None:
    for order in random.Random(partition).sample(ORDERS, 3):
        ties = [f for f in RANKS if f.startswith(("rank", "dense", "percent", "cume"))]
        check(ours, judge, [(f, partition, order, "") for f in ties])
        check(ours, judge, [(f, partition, f"{order}, id", "") for f in (*RANKS, *SHIFTS)])


@pytest.mark.one_in(2)
@pytest.mark.parametrize("frame", FRAMES)
def test_frames_in_rows(ours: Any, judge: Any, frame: str) -> None:
    source = random.Random(frame)
    partition, order = source.choice(PARTITIONS), source.choice(ORDERS)
    check(ours, judge, [(f, partition, f"{order}, id", frame) for f in FRAMED])


@pytest.mark.one_in(2)
@pytest.mark.parametrize("frame", RANGES)
def test_frames_of_peers(ours: Any, judge: Any, frame: str) -> None:
    calls = [f for f in FRAMED if f.startswith(("sum", "count", "min", "max"))]
    for partition in ("", "partition by h"):
        check(ours, judge, [(f, partition, "k", frame) for f in calls])


@pytest.mark.one_in(2)
@pytest.mark.parametrize("partition", PARTITIONS)
def test_whole_partitions(ours: Any, judge: Any, partition: str) -> None:
    check(ours, judge, [(f, partition, "", "") for f in FRAMED if "value" not in f])


def test_windows_of_several_specifications(ours: Any, judge: Any) -> None:
    """Sorts and moves are shared where they can be, and anew where not."""
    source = random.Random(3)
    for _ in range(5):
        calls = []
        for _ in range(source.randrange(2, 6)):
            partition, order = source.choice(PARTITIONS), source.choice(ORDERS)
            calls.append((source.choice(FRAMED), partition, f"{order}, id", source.choice(FRAMES)))
            calls.append((source.choice(("rank()", "dense_rank()")), partition, order, ""))
        check(ours, judge, calls)


@pytest.mark.parametrize("nulls", ["ignore nulls", "respect nulls"])
def test_ignore_nulls(ours: Any, judge: Any, nulls: str) -> None:
    for frame in FRAMES[::3]:
        mine, theirs = [], []
        for function in ("first_value(h", "last_value(w", "nth_value(f, 2"):
            mine.append(f"{function}) {nulls} over (partition by g order by k, id {frame})")
            spelled = FOLLOWING if frame == "rows unbounded following" else frame
            theirs.append(f"{function} {nulls}) over (partition by g order by k nulls last, id {spelled})")
        for function in ("lag(h, 2", "lead(d"):
            mine.append(f"{function}) {nulls} over (partition by g order by k, id)")
            theirs.append(f"{function} {nulls}) over (partition by g order by k nulls last, id)")
        found = ours.execute(f"select id, {', '.join(mine)} from t").fetchall()
        problem = difference(found, judge.execute(f"select id, {', '.join(theirs)} from t").fetchall())
        assert problem is None, problem


def test_below_and_above_other_steps(ours: Any, judge: Any) -> None:
    for text in (
        "select g, h, sum(sum(k)) over (partition by g), rank() over (order by count(*)) from t group by g, h",
        "select * from (select id, g, row_number() over (partition by g order by id) r from t) where g = 2 and r < 9",
        "select a.id, b.r from t a join (select g, max(id) m, rank() over (order by g) r from t group by g) b "
        "on a.id = b.m",
        "select distinct g, count(*) over (partition by g) from t",
        "select id from t qualify row_number() over (partition by g, h order by id desc) = 1",
        "select g, count(*) from t group by g having count(*) > 3 qualify rank() over (order by count(*), g) < 4",
        "select id, sum(r) over (partition by g) from (select id, g, dense_rank() over (partition by h order by id) r "
        "from t)",
        "select id from t where (select max(c) from (select count(*) over () c, k from t u where u.g = t.g) v "
        "where v.k > 9) > 3",
        "select (select max(r) from (select rank() over (order by id) r, g from t) u where u.g = t.g), count(*) "
        "from t group by t.g",
        "select count(*) over (partition by g), id from t where k > 100",
        "select max(c) from (select count(*) over (partition by g) c from t union all select k from t)",
    ):
        judging = text.replace("order by g)", "order by g nulls last)")
        judging = judging.replace("count(*), g)", "count(*), g nulls last)")
        problem = difference(ours.execute(text).fetchall(), judge.execute(judging).fetchall())
        assert problem is None, f"{problem}\n{text}"
