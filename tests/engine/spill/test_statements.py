"""Statements that change tables, with little memory: the tables are those made with plenty."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import warehouse

ROWS = 20_000
STATEMENTS = (
    "create table made distkey (k) sortkey (s) as select id, k, s from t",
    "create table dealt diststyle even as select a.id, b.s from t a join t b on a.k = b.id",
    "create table every (id bigint, k bigint, s varchar(40)) diststyle all",
    "insert into every select id, k, s from t order by s",
    "update made set s = s || 'x' where id % 3 = 0",
    "update made set k = t.k + 1 from t where t.id = made.id and t.k % 2 = 0",
    "delete from made using t where t.id = made.id and t.k < 2000",
    "merge into every using made on every.id = made.id when matched then update set s = made.s"
    " when not matched then insert values (made.id, made.k, made.s)",
    "alter table made alter distkey id",
    "alter table made alter sortkey (id)",
    "vacuum full made to 100 percent",
    "unload ('select * from every') to '{folder}/out/' format parquet",
    "create table again (id bigint, k bigint, s varchar(40)) sortkey (s)",
    "copy again from '{folder}/out/' format parquet",
    "delete from dealt",
)


def tables(path: Path, rows: pa.Table, **limits: Any) -> dict[str, list[Any]]:
    # Without the background worker, which would take its share of so little memory at times.
    with warehouse.connect(str(path / "dw"), nodes=1, slices_per_node=2, threads=2, autocommit=True,
                           maintenance=False, **limits) as c:
        c.write_arrow("t", rows, create=True)
        for sql in STATEMENTS:
            c.execute(sql.format(folder=path))
    with warehouse.connect(str(path / "dw")) as c:
        return {name: sorted(c.execute(f"select * from {name}").fetchall(), key=repr)
                for name in ("made", "dealt", "every", "again")}


def test_tables_are_the_same(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    rows = pa.table({"id": random.permutation(ROWS), "k": random.integers(0, ROWS, ROWS),
                     "s": [f"text number {n}" for n in random.integers(0, ROWS, ROWS)]})
    for name in ("little", "plenty"):
        (tmp_path / name).mkdir()
    found = tables(tmp_path / "little", rows, memory_limit="3MB")
    assert found == tables(tmp_path / "plenty", rows)
    assert len(found["again"]) == ROWS
    assert not list((tmp_path / "little" / "dw" / "spill").iterdir())


def test_what_cannot_be_cut_says_what_it_needs() -> None:
    """A batch of very long texts."""
    with warehouse.connect(memory_limit="1MB", autocommit=True) as c:
        c.execute("create table t (s varchar(65000))")
        with pytest.raises(warehouse.errors.OutOfMemory, match=r"a load needs .* MB for 200 rows, the fewest"):
            c.write_arrow("t", pa.table({"s": ["x" * 60_000] * 200}))
        assert c.execute("select count(*) from t").fetchall() == [(0,)]
