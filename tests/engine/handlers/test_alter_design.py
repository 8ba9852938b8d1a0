"""ALTER TABLE of distribution, sort key and encodings over stored rows of several runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import warehouse
from warehouse.engine.handlers import alter_design
from warehouse.errors import QueryCanceled
from warehouse.storage import loader
from warehouse.storage.maintenance import redesign
from warehouse.storage.maintenance.regions import sorted_rows

COUNTED = "select count(*), sum(a), count(distinct b), count(c) from t"


@pytest.fixture
def c(tmp_path: Path) -> Any:
    with warehouse.connect(tmp_path / "dw", nodes=2, slices_per_node=1, autocommit=True) as connection:
        connection.execute("create table t (a int, b varchar(8), c int) diststyle even")
        rng = np.random.default_rng(3)
        for _ in range(2):
            numbers = rng.integers(0, 5000, 4000)
            connection.write_arrow("t", pa.table({
                "a": pa.array(numbers, pa.int32()), "b": [f"v{n % 91}" for n in numbers],
                "c": pa.array([None if n % 7 == 0 else n for n in numbers], pa.int32()),
            }))
        connection.execute("delete from t where a % 5 = 0")
        yield connection


def data(c: Any) -> Any:
    return next(e for e in c.session.database.newest.entries.values() if e.table.name == "t").data()


def files(c: Any) -> set[str]:
    folder = c.session.database.data_folder()
    return {str(p.relative_to(folder)) for p in folder.rglob("*.ext")}


@pytest.mark.parametrize("clause", [
    "alter distkey a", "alter distkey a, alter sortkey (c, b)", "alter sortkey (b)", "alter diststyle all",
    "alter diststyle all, alter sortkey (a)", "alter diststyle auto", "alter column b encode zstd",
])  # fmt: skip
def test_rows_stay(c: Any, clause: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "RUN_ROWS_PER_SLICE", 1000)  # several runs a slice, to be merged
    before = c.execute(COUNTED).fetchone()
    c.execute(f"alter table t {clause}")
    assert c.execute(COUNTED).fetchone() == before
    found = data(c)
    assert found.statistics.rows == before[0] == sum(e.rows for e in found.extents)
    assert sorted_rows(c.session.database, found) == before[0]
    assert files(c) == {e.path for e in found.extents}


def test_equal_keys_meet_on_one_slice(c: Any) -> None:
    c.execute("alter table t alter distkey b")
    homes: dict[str, set[int]] = {}
    for extent in data(c).extents:
        for text in c.session.database.open_extent(extent).column(0, 1).to_list():
            homes.setdefault(text, set()).add(extent.slice)
    assert all(len(slices) == 1 for slices in homes.values()) and len(homes) == 91


def test_blocks_have_the_new_encoding(c: Any) -> None:
    c.execute("alter table t alter column a encode delta32k")
    for extent in data(c).extents:
        assert c.session.database.open_extent(extent).encoding_name(0, 0) == "delta32k"


def test_a_cancel_leaves_all_as_it_was(c: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before, named = c.execute(COUNTED).fetchone(), files(c)
    real = redesign.stored_column
    calls: list[int] = []

    def stored_column(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 5:
            c.cancel()
        return real(*args)

    monkeypatch.setattr(redesign, "stored_column", stored_column)
    with pytest.raises(QueryCanceled):
        c.execute("alter table t alter distkey a")
    assert c.execute(COUNTED).fetchone() == before
    assert files(c) == named
    assert data(c).table.dist_key is None


def test_a_definition_that_stays_rewrites_nothing(c: Any) -> None:
    extents = data(c).extents
    for clause in ("alter diststyle even", "alter sortkey none", "alter encode auto"):
        c.execute(f"alter table t {clause}")
    assert data(c).extents == extents


def test_a_large_table_with_a_key_keeps_it_under_auto(c: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alter_design, "AUTO_ALL_ROWS", 1000)
    c.execute("alter table t alter distkey b")
    before = files(c)
    c.execute("alter table t alter diststyle auto")
    assert c.execute("select diststyle from svv_table_info").fetchall() == [("AUTO(KEY(b))",)] and files(c) == before


@pytest.mark.parametrize(("clause", "reads"), [("alter column b encode zstd", True), ("alter sortkey (b)", False)])
def test_who_reads_while_it_changes(c: Any, clause: str, reads: bool) -> None:
    """Another encoding keeps nobody out; what moves rows does (r_ALTER_TABLE)."""
    before = c.execute(COUNTED).fetchone()
    c.execute(f"begin; alter table t {clause}")
    with warehouse.connect(c.session.database.path, autocommit=True) as other:
        other.execute("set enable_result_cache_for_session to off; set statement_timeout to 10000")
        if reads:
            assert other.execute(COUNTED).fetchone() == before
        else:
            other.execute("set statement_timeout to 50")
            with pytest.raises(QueryCanceled):
                other.execute(COUNTED)
    c.execute("commit")
    assert c.execute(COUNTED).fetchone() == before
