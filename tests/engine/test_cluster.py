"""More workers than slices: several share one slice's rows, and the answers stay the same."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import warehouse
from warehouse.engine import cluster, group_steps

ROWS = 210_000  # four row groups
QUERIES = (
    "select count(*), sum(v), min(v), max(s), count(s), avg(v) from t",
    "select k, count(*), sum(v), min(s), max(v), count(distinct s) from t group by k",
    "select s, count(v) from t where v > 0 group by s having count(*) > 10",
    "select a.k, a.v from t a join small b on a.k = b.k where a.v < -990",
    "select b.k, count(a.v) from small b left join t a on a.k = b.k and a.v > 990 group by b.k",
    "select k from small where k not in (select k from t where k is not null and v > 0)",
    "select sum(c) from (select k, count(*) as c from t group by k) x where c > 1",
    "select count(*) from t where exists (select 1 from small where small.k = t.k and small.v < t.v)",
    "select k, v from t where v between 5 and 6 order by v desc, k limit 40",
    "select count(*) from t where false",
)


def _answers(threads: int) -> Iterator[list[tuple[Any, ...]]]:
    random = np.random.default_rng(5)
    keys = random.integers(0, 900, ROWS)
    table = pa.table({
        "k": pa.array(keys, mask=keys % 13 == 0),
        "v": pa.array(random.integers(-1000, 1000, ROWS)),
        "s": pa.array([f"text {i % 37}" if i % 5 else None for i in range(ROWS)]),
    })
    with warehouse.connect(":memory:", nodes=1, slices_per_node=1, threads=threads, autocommit=True) as connection:
        connection.execute("create table t(k bigint, v bigint not null, s varchar(20)) diststyle even")
        connection.write_arrow("t", table, create=False)
        connection.execute("create table small as select distinct k, 0 as v from t where k < 300")
        for query in QUERIES:
            yield sorted(connection.execute(query).fetchall(), key=repr)


def test_shared_slices_answer_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = list(_answers(1))
    monkeypatch.setattr(cluster, "SHARE_ROWS", 0)
    monkeypatch.setattr(group_steps, "MERGE_WORTH", 0)
    assert list(_answers(3)) == alone
    assert alone[0][0][0] == ROWS and len(alone[1]) == 831


def test_a_job_is_divided_by_the_threads() -> None:
    with warehouse.connect(":memory:", nodes=1, slices_per_node=1, threads=2, autocommit=True) as connection:
        connection.execute("create table t(v bigint not null) diststyle even")
        connection.write_arrow("t", pa.table({"v": pa.array(range(ROWS))}), create=False)
        seen: list[int] = []
        submit = cluster.LocalCluster.submit

        def watched(self: cluster.LocalCluster, job: cluster.Job) -> Any:
            slices = submit(self, job)
            seen.extend(len(tasks) for tasks in slices)
            return slices

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cluster.LocalCluster, "submit", watched)
            assert connection.execute("select sum(v) from t").fetchone() == (ROWS * (ROWS - 1) // 2,)
        assert max(seen) == 2
