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
