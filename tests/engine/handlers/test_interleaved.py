"""INTERLEAVED SORTKEY: every column of the key prunes; REINDEX follows values that have moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import warehouse
from warehouse.storage import run
from warehouse.storage.interleave import build, skew, word_order, words
from warehouse.storage.maintenance.regions import sorted_rows
from warehouse.storage.types import INTEGER, varchar
from warehouse.storage.vector import from_list


@pytest.fixture
def c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A table of 64 row groups of 256 rows, keyed by two columns that have nothing to do with one another."""
    monkeypatch.setattr(run, "GROUP_ROWS", 256)
    with warehouse.connect(tmp_path / "dw", nodes=1, slices_per_node=1, autocommit=True) as connection:
        connection.execute("create table t (a int, b varchar(12), n int) diststyle even interleaved sortkey (a, b)")
        connection.write_arrow("t", rows(0, 16384))
        yield connection


def rows(low: int, count: int) -> pa.Table:
    rng = np.random.default_rng(5)
    return pa.table({
        "a": pa.array(rng.integers(low, low + 10_000, count), pa.int32()),
        "b": [f"{n:05}" for n in rng.integers(0, 10_000, count)], "n": pa.array(range(count), pa.int32()),
    })  # fmt: skip


def data(c: Any) -> Any:
    return next(e for e in c.session.database.newest.entries.values() if e.table.name == "t").data()


def groups_that_may_hold(c: Any, column: int, low: Any, high: Any) -> int:
    """Row groups whose zone maps do not exclude the range."""
    found = 0
    for extent in data(c).extents:
        zones = c.session.database.reader(extent).zones(column)
        found += int(((zones.low <= high) & (zones.high >= low)).sum())
    return found


def test_words_take_bits_in_turn() -> None:
    keys = [from_list(INTEGER, [0, 1, 0, 1]), from_list(varchar(3), ["x", "x", "y", "y"])]
    index = build(keys)
    assert word_order(words(index, keys)).tolist() == [0, 2, 1, 3]


def test_every_column_counts_the_same(c: Any) -> None:
    """A tenth of either column's range is in about a third of the row groups; a compound key gives nothing for b."""
    text = [int.from_bytes(t.encode().ljust(8, b"\0"), "big") for t in ("02000", "02999")]
    by_a = groups_that_may_hold(c, 0, 2000, 2999)
    by_b = groups_that_may_hold(c, 1, np.uint64(text[0]), np.uint64(text[1]))
    assert sum(e.row_groups for e in data(c).extents) == 64
    assert by_a <= 26 and by_b <= 26
    assert c.execute("select count(*) from t where a between 2000 and 2999").fetchone() == (
        sum(2000 <= a <= 2999 for a in rows(0, 16384)["a"].to_pylist()),
    )


def test_vacuum_and_reindex(c: Any) -> None:
    counted = "select count(*), sum(a), count(distinct b), sum(n) from t"
    c.write_arrow("t", rows(50_000, 8192))
    c.execute("delete from t where n % 5 = 0")
    before = c.execute(counted).fetchone()
    skews = "select interleaved_skew, last_reindex is null from svv_interleaved_columns order by col"
    c.execute("set analyze_threshold_percent to 0; analyze t")
    assert c.execute(skews).fetchone()[1] is True
    assert float(c.execute(skews).fetchone()[0]) > 1.2
    c.execute("vacuum t to 100 percent")
    assert c.execute(counted).fetchone() == before
    old = data(c).table.index
    c.execute("vacuum reindex t")
    assert c.execute(counted).fetchone() == before
    found = data(c)
    assert found.table.index != old
    assert sorted_rows(c.session.database, found) == before[0] == sum(e.rows for e in found.extents)
    assert all(c.session.database.reader(e).footer.order[0] == found.table.index.built for e in found.extents)
    (value, never), _ = c.execute(skews).fetchall()
    assert float(value) < 1.35 and never is False
    c.execute("vacuum reindex t")
    assert c.execute(counted).fetchone() == before


def test_it_is_there_after_reopening_and_altered(c: Any, tmp_path: Path) -> None:
    index = data(c).table.index
    signs = [1, -2, 0]
    assert [s for (s,) in c.execute("select sortkey from pg_table_def where tablename = 't'").fetchall()] == signs
    c.close()
    with warehouse.connect(tmp_path / "dw", autocommit=True) as again:
        assert data(again).table.index == index and data(again).table.interleaved
        again.execute("alter table t alter compound sortkey (n)")
        assert data(again).table.index is None and not data(again).table.interleaved
        assert again.execute("select count(*), sum(n) from t").fetchone() == (16384, 16384 * 16383 // 2)


def test_ctas_over_slices_and_changes(db: Any) -> None:
    db.execute("create table n (i int)")
    db.execute("insert into n values " + ", ".join(f"({i})" for i in range(60)))
    db.execute("create table t distkey (a) interleaved sortkey (a, b) as select x.i as a, y.i as b from n x, n y")
    assert data(db).table.index is not None
    db.execute("update t set b = b + 1 where a = 3; delete from t where b = 7; insert into t values (null, 1)")
    before = db.execute("select count(*), sum(a), sum(b) from t").fetchone()
    for kind in ("sort only", "delete only", "reindex", "full"):
        db.execute(f"vacuum {kind} t")
        assert db.execute("select count(*), sum(a), sum(b) from t").fetchone() == before


def test_skew() -> None:
    values = from_list(INTEGER, list(range(400)))
    (bounds,) = build([values]).bounds
    assert skew(bounds, values) == pytest.approx(1, abs=0.05)
    assert skew(bounds, from_list(INTEGER, [1000] * 50)) == 4
