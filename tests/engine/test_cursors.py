"""A cursor's rows at rest, in memory and in a file."""
from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from warehouse.engine import cursors


@pytest.mark.parametrize("limit", [0, 3000, 1 << 30])
def test_rows_come_back_wherever_they_are_kept(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(cursors, "MEMORY_BYTES", limit)
    schema = pa.schema([("n", pa.int64())])
    sizes = [100, 0, 250, 1, 300]
    start, batches = 0, []
    for size in sizes:
        batches.append(pa.RecordBatch.from_arrays([pa.array(range(start, start + size), pa.int64())], schema=schema))
        start += size
    rows = cursors.Rows(schema, iter(batches))
    assert rows.rows == start == 651
    for first, stop in ((0, 651), (0, 1), (99, 101), (350, 351), (100, 100), (650, 651), (340, 600)):
        found = [n for batch in rows.slices(first, stop) for n in batch.column(0).to_pylist()]
        assert found == list(range(first, stop))
    rows.close()


def test_a_cursor_keeps_what_it_sees(db: Any) -> None:
    db.execute("create table t (a int)")
    db.execute("insert into t values (1), (2), (3)")
    db.execute("begin")
    db.execute("declare c cursor for select a from t order by a")
    db.execute("delete from t where a = 2")
    assert db.execute("fetch forward 10 from c").fetchall() == [(1,), (2,), (3,)]
    assert db.execute("select count(*) from t").fetchall() == [(2,)]
    db.execute("close c")
    db.execute("commit")
