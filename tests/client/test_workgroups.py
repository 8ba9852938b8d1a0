"""Workgroups: the limit of what a query scans, what it costs, where its result is kept."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse
from warehouse import errors
from warehouse.engine import workgroups
from warehouse.engine.workgroups import Workgroup


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Any]:
    """A connection with an external table of two files, results in s3://results/."""
    folder = tmp_path / "s3" / "lake" / "t"
    folder.mkdir(parents=True)
    for i in range(2):
        pq.write_table(pa.table({"a": [i, i + 10]}), folder / f"{i}.parquet")
    with warehouse.connect(":memory:", autocommit=True, s3_root=tmp_path / "s3", threads=1) as db:
        db.crawl("s3://lake/")
        yield db


def test_made_listed_and_deleted(lake: Any) -> None:
    lake.workgroups.create("b", scan_limit=10**9)
    lake.workgroups.create("a", price=7.5)
    lake.workgroups.create("a", price=6)  # altered
    assert lake.workgroups.list() == [Workgroup("a", price=6), Workgroup("b", 10**9)]
    lake.workgroups.delete("b")
    with pytest.raises(errors.UndefinedObject, match='workgroup "b" does not exist'):
        lake.workgroups.delete("b")
    with pytest.raises(errors.ProgrammingError, match="at least 10,000,000 bytes"):
        lake.workgroups.create("c", scan_limit=5)
    with pytest.raises(errors.ProgrammingError, match="enforce needs"):
        lake.workgroups.create("c", enforce=True)
    lake.execute("set workgroup to 'gone'")
    with pytest.raises(errors.UndefinedObject, match='workgroup "gone" does not exist'):
        lake.execute("select a from lake.t")


def test_a_query_over_the_limit_is_cancelled(lake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.client.workgroups.LEAST_LIMIT", 1)
    lake.workgroups.create("small", scan_limit=1)
    lake.execute("set workgroup to 'small'")
    lake.execute("set enable_result_cache_for_session to off")
    with pytest.raises(errors.QueryCanceled, match=workgroups.OVER_LIMIT):
        lake.execute("select sum(a) from lake.t").fetchall()
    assert lake.execute("select 1").fetchall() == [(1,)]  # scans nothing
    lake.workgroups.create("small", scan_limit=10**7)
    assert lake.execute("select sum(a) from lake.t").fetchall() == [(22,)]
    failed, nothing, done = lake.workgroups.history("small")
    assert (failed.state, failed.error, nothing.cost) == ("FAILED", workgroups.OVER_LIMIT, 0)
    assert done.state == "SUCCEEDED" and done.scanned > 0 and done.text == "select sum(a) from lake.t"
    assert done.cost == pytest.approx(10 * 5 / 1e6)  # ten megabytes at least
    assert lake.workgroups.history("other") == []


def test_a_megabyte_begun_counts_as_one() -> None:
    assert Workgroup("g", price=5).cost(20_000_001) == pytest.approx(21 * 5 / 1e6)


def test_results_are_kept(lake: Any, tmp_path: Path) -> None:
    lake.workgroups.create("g", result_location="s3://results/group", enforce=True)
    lake.execute("set query_result_location to 's3://results/mine/'")
    lake.execute("select 1 as x, 'a\"b' as y, null as z").fetchall()
    lake.execute("set workgroup to 'g'")
    lake.execute("select a from lake.t order by a").fetchall()
    lake.workgroups.create("g", result_location="s3://results/group")
    lake.execute("select 2 as own").fetchall()  # no longer enforced: the session's own
    kept = {p.parent.name: p for p in sorted((tmp_path / "s3" / "results").rglob("*.csv"), reverse=True)}
    texts = sorted(p.read_text() for p in (tmp_path / "s3" / "results").rglob("*.csv"))
    assert texts == ['"a"\n"0"\n"1"\n"10"\n"11"\n', '"own"\n"2"\n', '"x","y","z"\n"1","a""b",\n']
    assert sorted(kept) == ["group", "mine"]
    told = json.loads(kept["group"].with_name(kept["group"].name + ".metadata").read_text())
    assert told == {"columns": [{"name": "a", "type": "bigint"}]}


def test_a_failed_query_leaves_no_result(lake: Any, tmp_path: Path) -> None:
    lake.execute("set query_result_location to 's3://results/mine/'")
    with pytest.raises(errors.DivisionByZero):
        lake.execute("select 1 / (a - 11) from lake.t").fetchall()
    assert not list((tmp_path / "s3").rglob("*.csv*"))
