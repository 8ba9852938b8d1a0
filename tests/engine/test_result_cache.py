"""The result cache: what it answers, and what it must not."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.engine import result_cache

SUM = "select sum(a) from t"


@pytest.fixture
def table(db: Any) -> Any:
    db.execute("create table t (a int)")
    db.execute("insert into t values (1), (2)")
    return db


def hits() -> int:
    return sum(cache.hits for cache in result_cache._caches.values())


def answers(connection: Any, sql: str) -> tuple[Any, bool]:
    """The first value, and whether it came from the cache."""
    before = hits()
    value = connection.execute(sql).fetchall()[0][0]
    return value, hits() > before


def test_unchanged_tables_answer_from_the_cache(table: Any) -> None:
    assert [answers(table, SUM) for _ in range(3)] == [(3, False), (3, True), (3, True)]
    assert answers(table, SUM + " where a > 1") == (2, False)


@pytest.mark.parametrize(("change", "value"), [
    ("insert into t values (5)", 8), ("delete from t where a = 1", 2), ("update t set a = 10 where a = 1", 12),
    ("truncate t", None),
])
def test_a_change_makes_the_kept_result_stale(table: Any, change: str, value: int | None) -> None:
    assert answers(table, SUM) == (3, False)
    table.execute(change)
    assert answers(table, SUM) == (value, False)
    assert answers(table, SUM) == (value, True)


def test_another_definition_of_a_view_is_seen(table: Any) -> None:
    table.execute("create view v as select a + 1 as b from t")
    assert answers(table, "select sum(b) from v") == (5, False)
    table.execute("create or replace view v as select a + 2 as b from t")
    assert answers(table, "select sum(b) from v") == (7, False)


def test_settings_and_parameters_are_part_of_the_key(table: Any) -> None:
    sql = "select a from t where a = %s"
    assert table.execute(sql, (1,)).fetchall() == [(1,)]
    assert table.execute(sql, (2,)).fetchall() == [(2,)]
    assert answers(table, SUM) == (3, False)
    table.execute("set search_path to public")
    assert answers(table, SUM) == (3, False)
    table.execute("set enable_result_cache_for_session to off")
    assert answers(table, SUM) == (3, False)
    assert answers(table, SUM) == (3, False)


@pytest.mark.parametrize("sql", [
    "select a, getdate() from t", "select a, random() from t", "select count(*) from pg_class", "select 1",
    "select count(*) from kept",
])
def test_what_is_never_kept(table: Any, sql: str) -> None:
    table.execute("create temp table kept as select a from t")
    table.execute(sql).fetchall()
    assert not answers(table, sql)[1]


def test_a_transaction_sees_its_own_changes(table: Any) -> None:
    assert answers(table, SUM) == (3, False)
    table.execute("begin")
    assert answers(table, SUM) == (3, True)
    table.execute("insert into t values (100)")
    assert answers(table, SUM) == (103, False)
    assert answers(table, SUM) == (103, False)
    table.execute("rollback")
    assert answers(table, SUM) == (3, True)


def test_sessions_share_it_and_older_snapshots_do_not_suffer(tmp_path: Path) -> None:
    with (warehouse.connect(tmp_path / "dw", autocommit=True) as one,
          warehouse.connect(tmp_path / "dw", autocommit=True) as other):
        one.execute("create table t (a int)")
        one.execute("insert into t values (1), (2)")
        assert answers(one, SUM) == (3, False)
        assert answers(other, SUM) == (3, True)
        other.execute("begin")
        assert answers(other, SUM) == (3, True)
        one.execute("insert into t values (5)")
        assert answers(one, SUM) == (8, False)
        assert answers(other, SUM) == (3, False)  # its snapshot is older
        other.execute("rollback")
        assert answers(other, SUM)[0] == 8


def test_large_results_are_not_kept(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_cache, "MOST_BYTES", 4)
    assert [answers(table, SUM) for _ in range(2)] == [(3, False), (3, False)]


def test_the_least_recently_used_go_first(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    table.execute(SUM).fetchall()
    monkeypatch.setattr(result_cache, "TOTAL_BYTES", 0)
    table.execute(SUM + " where a > 0").fetchall()
    monkeypatch.undo()
    assert answers(table, SUM) == (3, False)
