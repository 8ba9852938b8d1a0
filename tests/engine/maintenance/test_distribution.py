"""AUTO tables that keep being moved for a join get a distribution key in a quiet time."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.engine.maintenance import distribution
from warehouse.engine.maintenance.worker import Worker
from warehouse.storage import loader, one_row

JOIN = "select count(*), sum(l.v + r.v) from l join r on l.k = r.k"


@pytest.fixture
def c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two AUTO tables that count as large, joined by k."""
    monkeypatch.setattr("warehouse.planner.optimizer.advice.ADVICE_BYTES", 1)
    monkeypatch.setattr("warehouse.planner.optimizer.advice.ALL_ROWS", 1)
    monkeypatch.setattr(loader, "AUTO_ALL_ROWS", 100)
    monkeypatch.setattr(one_row, "AUTO_ALL_ROWS", 100)
    with warehouse.connect(
        tmp_path / "dw", nodes=2, slices_per_node=2, maintenance=False, autocommit=True
    ) as connection:
        connection.execute("set enable_result_cache_for_session to off")
        connection.execute("create table l (k int, v int, few int)")
        connection.execute("create table r (k int, v int)")
        connection.execute("insert into l values " + ", ".join(f"({i}, {i % 7}, {i % 3})" for i in range(2000)))
        connection.execute("insert into r values " + ", ".join(f"({i}, {i % 5})" for i in range(1, 2000, 2)))
        yield connection


def style(c: Any, table: str) -> str:
    return str(c.execute(f"select diststyle from svv_table_info where \"table\" = '{table}'").fetchone()[0])


def plan(c: Any) -> str:
    return "\n".join(row[0] for row in c.execute(f"explain {JOIN}").fetchall())


def test_a_join_that_moves_again_and_again(c: Any) -> None:
    assert style(c, "l") == style(c, "r") == "AUTO(EVEN)"
    before = c.execute(JOIN).fetchall()
    worker = Worker(c.session.database)
    worker.tick()
    assert style(c, "l") == "AUTO(EVEN)"  # once is no reason
    for _ in range(20):
        c.execute(JOIN).fetchall()
    worker.tick()
    assert style(c, "l") == "AUTO(KEY(k))" and style(c, "r") == "AUTO(KEY(k))"
    assert "DS_DIST_NONE" in plan(c) and c.execute(JOIN).fetchall() == before
    assert ("distkey", "Complete") in c.execute(
        "select trim(type), trim(status) from svl_auto_worker_action").fetchall()
    assert c.execute("select reldiststyle from pg_class where relname = 'l'").fetchone() == (9,)
    c.execute("insert into l values (5000, 1, 1)")
    c.execute("insert into r select k + 4000, v from r")
    assert c.execute(JOIN).fetchone()[0] == before[0][0] + (0 if 5000 % 2 == 0 else 1)
    c.close()


def test_what_is_declared_stays_auto(c: Any) -> None:
    database = c.session.database
    entry = next(e for e in database.newest.entries.values() if e.table.name == "l")
    distribution.distribute(database, entry.table, 0, lambda: None, 1 << 20)
    assert style(c, "l") == "AUTO(KEY(k))"
    text = c.execute("show table l").fetchone()[0]
    assert "DISTSTYLE AUTO" in text and "DISTKEY" not in text
    c.execute("create table copied (like l); insert into copied values (1, 1, 1)")
    assert style(c, "copied") == "AUTO(ALL)"
    c.execute("alter table l alter diststyle auto")
    assert style(c, "l") == "AUTO(KEY(k))"
    total = c.execute("select count(*), sum(v) from l").fetchall()
    c.execute("alter table l drop column k")
    assert style(c, "l") == "AUTO(EVEN)" and c.execute("select count(*), sum(v) from l").fetchall() == total
    c.execute("alter table r alter distkey k")
    assert style(c, "r") == "KEY(k)"


def test_no_key_that_would_leave_slices_empty(c: Any) -> None:
    database = c.session.database
    entry = next(e for e in database.newest.entries.values() if e.table.name == "l")
    few = entry.table.columns[2].id
    database.upkeep.want_key(entry.table.id, few, 1e12)
    assert distribution.wanted_key(database, entry) is None
    database.upkeep.want_key(entry.table.id, entry.table.columns[0].id, 1e11)
    assert distribution.wanted_key(database, entry) == 0
