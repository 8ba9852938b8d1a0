"""Filters of join keys: which ranges hold a key, and row groups that a join skips."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import warehouse
from hypothesis import given
from hypothesis import strategies as st
from warehouse.engine.collection import StoredColumn
from warehouse.engine.joins import KeyFilter
from warehouse.kernels import memory
from warehouse.planner.expressions import ColumnRef
from warehouse.storage.types import BIGINT, Physical

NUMBERS = st.integers(-500, 500)


@given(st.lists(NUMBERS, max_size=8), st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20))
def test_ranges_with_a_key_are_never_refused(keys: list[int], pairs: list[tuple[int, int]]) -> None:
    values = memory.padded(np.array(keys, np.int64))
    filter = KeyFilter.build([(StoredColumn(ColumnRef(1, BIGINT, "k"), Physical.I64, False, values, None), len(keys))])
    assert filter is not None
    ranges = np.array([sorted(pair) for pair in pairs])
    held = filter.may_hold(ranges[:, 0], ranges[:, 1])
    assert [filter.may_hold(int(low), int(high)) for low, high in ranges] == held.tolist()
    for (low, high), answer in zip(ranges, held, strict=True):
        if any(low <= key <= high for key in keys):
            assert answer
        if not any(low - 64 < key < high + 64 for key in keys):
            assert not answer


@pytest.mark.parametrize(("nodes", "slices"), [(1, 1), (1, 2), (2, 2)])
def test_a_join_skips_row_groups_without_its_keys(nodes: int, slices: int) -> None:
    import pyarrow as pa

    with warehouse.connect(":memory:", nodes=nodes, slices_per_node=slices, autocommit=True) as connection:
        rows = 600_000
        connection.execute("create table sale (day integer, paid bigint) diststyle even sortkey(day)")
        days = pa.array([None if i % 100 == 0 else i // 1000 for i in range(rows)], pa.int32())
        connection.write_arrow("sale", pa.table({"day": days, "paid": pa.array(range(rows), pa.int64())}))
        connection.execute("create table calendar (day integer, year smallint) diststyle all")
        connection.execute(f"insert into calendar values {', '.join(f'({d}, {d // 100})' for d in range(0, 600))}")
        sql = "select count(*), sum(paid) from sale join calendar on sale.day = calendar.day where year = 3"
        expected = [i for i in range(300_000, 400_000) if i % 100]
        assert connection.execute(sql).fetchall() == [(len(expected), sum(expected))]
        assert _skipped(connection, sql) > 0
        assert connection.execute(sql.replace("= 3", "= 77")).fetchall() == [(0, None)]


def _skipped(connection: Any, sql: str) -> int:
    """Blocks that the scan of `sale` skipped."""
    lines = [line for (line,) in connection.execute("explain analyze " + sql).fetchall()]
    scan = next(line for line in lines if "Seq Scan on sale" in line)
    return int(scan.rpartition("skipped=")[2].split(")")[0])


@pytest.fixture(scope="module")
def chained() -> Any:
    """few: three keys; a, b: many rows of 2,000 keys each, `b` with a NULL key."""
    import pyarrow as pa

    with warehouse.connect(":memory:", nodes=1, slices_per_node=2, autocommit=True) as connection:
        connection.execute("create table few (k bigint, x int) diststyle all")
        connection.execute("insert into few values (5, 1), (700, 2), (5000, 3)")
        for name, rows in (("a", 40_000), ("b", 20_001)):
            connection.execute(f"create table {name} (k bigint, n bigint) diststyle even")
            keys = [None if i == 20_000 else i % 2000 for i in range(rows)]
            connection.write_arrow(name, pa.table({"k": pa.array(keys, pa.int64()), "n": range(rows)}))
        yield connection


@pytest.mark.parametrize(("sql", "answer", "read"), [
    ("select count(*), sum(b.n) from few join a on few.k = a.k join b on a.k = b.k", (400, 3_741_000), 20),
    ("select count(*), count(b.n) from few join a on few.k = a.k left join b on a.k = b.k and b.n < 100", (40, 20), 1),
    ("select count(*) from few join a on few.k = a.k where a.k in (select k from b where n > 100)", (40,), 20),
    ("select count(*) from few join a on few.k = a.k where not exists (select 1 from b where b.k = a.k and b.n < 100)",
     (20,), 1),
    ("select count(*) from few join a on few.k = a.k where a.k not in (select k from b where n < 100)", (20,), 100),
    ("select count(*) from few join a on few.k = a.k where a.k not in (select k from b)", (0,), 20_001),
])
def test_a_filter_goes_into_the_build_sides_below(chained: Any, sql: str, answer: tuple[int, ...], read: int) -> None:
    assert chained.execute(sql).fetchall() == [answer]
    lines = [line for (line,) in chained.execute("explain analyze " + sql).fetchall()]
    scan = next(line for line in lines if "Seq Scan on b" in line)
    assert int(scan.rpartition("actual rows=")[2].split()[0]) <= read


def test_a_shared_subplan_is_read_in_place_where_few_ask_for_it(chained: Any) -> None:
    sql = """with w as (select a.k, b.n from a, b where a.k = b.k and a.n <> b.n)
             select x from few
             where k in (select k from w) and k in (select a.k from a, w where a.k = w.k) order by x"""
    plan = "\n".join(line for (line,) in chained.execute("explain " + sql).fetchall())
    assert "computed above" not in plan and plan.count("Seq Scan on b") == 2
    assert chained.execute(sql).fetchall() == [(1,), (2,)]
    other = sql.replace("select x from few", "select x, (select count(*) from w) from few")
    plan = "\n".join(line for (line,) in chained.execute("explain " + other).fetchall())
    assert "computed above" in plan  # one reader wants all rows
    assert chained.execute(other).fetchall() == [(1, 379_990), (2, 379_990)]


def test_a_filter_goes_into_the_branches_of_a_union(chained: Any) -> None:
    """Where a branch's column is no column at all it does not, and the answer holds."""
    union = "select k, n from a union all select k, n + 1 from b union all select 700, 1 union all select n, k from b"
    sql = f"select count(*), sum(u.n) from few join ({union}) u on few.k = u.k"
    expected = 0, 0
    for k in (5, 700, 5000):
        for values in ([n for n in range(40_000) if n % 2000 == k], [n + 1 for n in range(20_000) if n % 2000 == k],
                       [1] * (k == 700), [k % 2000]):
            expected = expected[0] + len(values), expected[1] + sum(values)
    assert chained.execute(sql).fetchall() == [expected]
    lines = [line for (line,) in chained.execute("explain analyze " + sql).fetchall()]
    (append,) = [line for line in lines if "Append" in line]
    assert int(append.rpartition("actual rows=")[2].split(" ")[0]) < 100


def test_a_shared_subplan_is_read_in_place_where_inner_joins_want_few_of_its_rows(chained: Any) -> None:
    join = "from a join b on a.k = b.k where a.n < b.n"
    half = f"(select sum(n) from few join (select a.k, b.n {join}) w on few.k = w.k where x = {{}})"
    sql = f"select {half.format(1)}, {half.format(2)}"
    plan = "\n".join(line for (line,) in chained.execute("explain " + sql).fetchall())
    assert "computed above" not in plan and plan.count("Seq Scan on b") == 2
    expected = []
    for k in (5, 700):
        sides = [[n for n in range(rows) if n % 2000 == k] for rows in (40_000, 20_000)]
        expected.append(sum(n for m in sides[0] for n in sides[1] if m < n))
    assert chained.execute(sql).fetchall() == [tuple(expected)]
