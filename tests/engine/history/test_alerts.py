"""Each alert of STL_ALERT_EVENT_LOG comes from a query that deserves it, and from none that does not."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
import warehouse
from warehouse.engine.history import alerts

ROWS = 4_000


@pytest.fixture(scope="module")
def db() -> Iterator[Any]:
    connection = warehouse.connect(":memory:", nodes=2, slices_per_node=2, threads=2, autocommit=True)
    run = connection.execute
    run("set enable_result_cache_for_session to off")
    values = pa.array([i % 50 for i in range(ROWS)], pa.int32())
    numbers = pa.table({"k": pa.array(range(ROWS), pa.int32()), "v": values})
    for name, design in (("facts", "distkey(k) sortkey(k)"), ("other", "distkey(k)"), ("copies", "diststyle all")):
        run(f"create table {name} (k int, v int) {design}")
        connection.write_arrow(name, numbers, create=False)
    yield connection
    connection.close()


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a million rows on a cluster takes a thousand here."""
    monkeypatch.setattr(alerts, "MOVED_ROWS", 1_000)
    monkeypatch.setattr(alerts, "SCANNED_ROWS", 1_000)


def told(db: Any, sql: str) -> list[tuple[str, str, int, int]]:
    """(event up to its colon, solution, segment, step) of a query."""
    db.execute(sql).fetchall() if sql.startswith("select") else db.execute(sql)
    (query,) = db.execute("select pg_last_query_id()").fetchone()
    found = db.execute(
        "select trim(split_part(event, ':', 1)), trim(solution), segment, step, userid, pid, event_time is not null "
        f"from stl_alert_event_log where query = {query} order by 3, 4"
    ).fetchall()
    assert all(row[5:] == (db.session.id, True) for row in found)
    return [row[:4] for row in found]


def test_a_query_without_faults_has_none(db: Any) -> None:
    assert told(db, "select f.v, count(*) from facts f join other o using (k) group by 1") == []
    assert told(db, "select count(*) from facts where k < 10 and v > 100") == []
    assert told(db, "select count(*) from facts where v < 10") == []


def test_nested_loop(db: Any) -> None:
    events = told(db, "select count(*) from facts f join (select k from other where k < 9) o on f.k > o.k + 3999")
    assert ("Nested Loop Join in the query plan", "Review the join predicates to avoid Cartesian products", -1, -1
            ) in events


def test_missing_statistics(db: Any) -> None:
    """A first load brings its own statistics; what came later counts once it is as much as there is."""
    db.execute("create table fresh (a int)")
    db.execute("insert into fresh values (1)")
    assert told(db, "select count(*) from fresh") == []
    db.execute("insert into fresh values (2), (3), (4)")
    db.execute("delete from fresh where a = 1")
    assert told(db, "select count(*) from fresh") == [
        ("Missing query planner statistics", "Run the ANALYZE command", -1, -1)
    ]
    db.execute("analyze fresh")
    assert told(db, "select count(*) from fresh") == []


def test_a_very_selective_filter(db: Any) -> None:
    (event,) = told(db, "select count(*) from other where v = 7 and k % 50 = 7 and k > 3900")
    assert event[0] == "Very selective query filter" and event[2:] == (0, 0)
    (text,) = db.execute("select trim(event) from stl_alert_event_log order by query desc limit 1").fetchone()
    assert text == "Very selective query filter:ratio=rows(2)/rows_pre_user_filter(4000)=0.000500"


def test_a_stale_sort_order(db: Any) -> None:
    """Every load covers all of the key's range, so that zone maps skip nothing."""
    db.execute("create table messy (k int sortkey, v int) diststyle even")
    for i in range(6):
        db.execute(f"insert into messy select k * 6 + {i}, v from facts")
    (event,) = told(db, "select count(*) from messy where k between 400 and 420")
    assert event[:1] == ("Stale sort order of messy",) and event[1].startswith("Run the VACUUM SORT ONLY command")
    db.execute("vacuum full messy to 100 percent")
    assert "Stale sort order of messy" not in [e[0] for e in told(db, "select count(*) from messy where k < 20")]


def test_ghost_rows(db: Any) -> None:
    db.execute("create table haunted (k int, v int) diststyle even")
    db.execute("insert into haunted select k, v from facts")
    db.execute("delete from haunted where v < 10")
    assert told(db, "select sum(v) from haunted")[0][:2] == (
        "Scanned a large number of deleted rows", "Run the VACUUM command to reclaim deleted space",
    )


def test_large_moves(db: Any) -> None:
    db.execute("create table far (k int, v int) distkey(v)")
    (event,) = told(db, "insert into far select k, v from facts")
    assert event[0] == "Distributed a large number of rows across the network"
    (detail,) = db.execute(
        "select alert from sys_query_detail where step_name = 'distribute' order by query_id desc limit 1").fetchone()
    assert detail.startswith("Distributed a large number of rows")
    events = told(db, "select count(*) from facts f join (select k from other where k > 1) o on f.v < o.k")
    assert "Broadcasted a large number of rows across the network" in [e[0] for e in events]
    assert told(db, "select count(*) from facts f join copies c on f.v = c.k") == []


def test_serial_execution() -> None:
    """The plan's label decides."""
    from dataclasses import replace

    from warehouse.planner.physical import HashJoin, JoinType, OnLeader, Props, WorkingTable

    side = WorkingTable(0, "w", (), Props(1.0, 4, 0.0, 0.0, OnLeader()))
    join = HashJoin(JoinType.INNER, side, side, (), (), None, "DS_DIST_ALL_INNER", side.props)
    assert [a.event for a in alerts.alerts_of_plan([join])] == ["DS_DIST_ALL_INNER for Hash Join in the query plan"]
    assert not list(alerts.alerts_of_plan([replace(join, label="DS_DIST_NONE")]))
