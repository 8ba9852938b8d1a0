"""However a statement ends, what it held of its memory is given back, its files are gone and the session goes on."""
from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import warehouse
from warehouse.engine.context import MemoryBudget
from warehouse.engine.spill import files
from warehouse.engine.spill.files import SpillFile
from warehouse.errors import Error

from .test_faults import spill_files

ROWS = 20_000
# Statements that put rows on disk, in every step that does.
SPILLING = {
    "join": "select t.id, u.id, t.s, u.s from t join t u on t.k = u.k",
    "full join": "select t.id, u.id, t.s from t full join t u on t.k = u.id",
    "groups": "select s, k, count(*), max(s) from t group by s, k",
    "sort": "select id, s from t order by s, id",
    "top": "select id, s from t order by s, id limit 15000",
    "window": "select id, sum(id) over (order by id rows unbounded preceding) from t",
    "windows": "select id, sum(id) over (partition by k order by id rows unbounded preceding) from t",
    "distinct": "select count(distinct s), count(distinct k) from t",
    "union": "select s from t union select s || 'x' from t",
    "recursion": "with recursive r(id, n) as (select id, 1 from t union all select id, n + 1 from r where n < 3)"
                 " select * from r",
    "unnest": "select id, v from (select id, split_to_array(s, ' ') as a from t) x, x.a v order by v",
    "insert": "insert into e select id, k, s from t order by s",
    "update": "update t set s = s || 'y' from (select k, count(*) as n from t group by k) x where x.k = t.k",
}
# Each fails late: at one row of many. {}: a division by zero there.
ONE_ROW = "1 / (case when id = 19000 then 0 else 1 end)"
FAILING = {
    "scan": f"select {ONE_ROW} from t",
    "filter": f"select count(*) from t where {ONE_ROW} > 0",
    "probe": f"select t.id + {ONE_ROW.replace('id', 'u.id')} from t join t u on t.k = u.k",
    "build": f"select count(*) from t join (select k, {ONE_ROW} as z from t) u on t.k = u.k and u.z > 0",
    "group": f"select k, sum({ONE_ROW}) from t group by k",
    "keys": f"select k + {ONE_ROW}, count(*) from t group by 1",
    "sort": f"select id from t order by {ONE_ROW}, s",
    "window": "select id, ntile(case when id = 19000 then 0 else 1 end) over (partition by id) from t",
    "above a window": "select n / (n - 19000) from (select row_number() over (order by id) as n from t)",
    "recursion": f"with recursive r(id, n) as (select id, 1 from t union all select id, n + {ONE_ROW} from r"
                 " where n < 3) select count(*) from r",
    "scalar": "select id, (select s from t u where u.k = t.k) from t",
    "text": "select s::int from t",
    "memory": "select repeat(s, 3000) from t",
    "insert": f"insert into e select id, k + {ONE_ROW}, s from t",
    "not null": "insert into e select id, nullif(k, 7), s from t",
    "length": "insert into e select id, k, s || repeat('x', id - 19980) from t where id < 19999",
    "create": f"create table made as select id, {ONE_ROW} as z from t",
    "update": f"update t set k = k + {ONE_ROW}",
    "delete": f"delete from t where {ONE_ROW} < 0",
}  # fmt: skip


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    path = tmp_path_factory.mktemp("budget") / "dw"
    with warehouse.connect(str(path), nodes=1, slices_per_node=2, threads=2, memory_limit="2MB", autocommit=True) as c:
        random = np.random.default_rng(1)
        rows = pa.table({"id": random.permutation(ROWS), "k": random.integers(0, ROWS // 2, ROWS),
                         "s": [f"text number {n % 9000}" for n in range(ROWS)]})
        c.write_arrow("t", rows, create=True)
        c.execute("create table e (id bigint, k bigint not null, s varchar(30))")
        c.execute("set enable_result_cache_for_session to off")
        yield c


def error_of(db: Any, sql: str) -> str:
    """The statement's error, of which nothing is kept."""
    try:
        cursor = db.execute(sql)
        if cursor.description is not None:
            cursor.fetchall()
    except Error as error:
        return type(error).__name__
    return ""


def check(db: Any, budgets: list[MemoryBudget]) -> None:
    assert [b.used for b in budgets] == [0] * len(budgets)
    assert not spill_files()
    assert db.execute("select count(*), min(id), max(id) from t").fetchall() == [(ROWS, 0, ROWS - 1)]


@pytest.mark.parametrize("name", FAILING)
def test_after_an_error_in_the_rows(db: Any, budgets: list[MemoryBudget], name: str) -> None:
    assert error_of(db, FAILING[name]) not in ("", "InternalError")
    check(db, budgets)


@pytest.mark.parametrize("name", SPILLING)
def test_after_a_full_disk_and_a_cancel(db: Any, budgets: list[MemoryBudget], name: str,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """Both at the second chunk: in the middle of the step's work."""
    write = SpillFile.write
    written: list[int] = []

    def full(file: SpillFile, data: bytearray) -> Any:
        written.append(1)
        if len(written) == 2:
            raise files._failed("write", Path("spill"), OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        return write(file, data)

    def cancelling(file: SpillFile, data: bytearray) -> Any:
        written.append(1)
        if len(written) == 2:
            db.cancel()
        return write(file, data)

    for fault, expected in ((full, "DiskFull"), (cancelling, "QueryCanceled")):
        written.clear()
        with monkeypatch.context() as patch:
            patch.setattr(SpillFile, "write", fault)
            assert error_of(db, SPILLING[name]) == expected
        check(db, budgets)
