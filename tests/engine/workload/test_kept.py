"""What workload management has done is in the history: it outlives the database's closing and is seen elsewhere."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse
from other_process import OtherProcess
from warehouse.engine.workload.manager import manager_of
from warehouse.wlm.log import ActionRecord, QueryRecord
from warehouse.wlm.usage import Feature

Rows = list[tuple[Any, ...]]
TWO = json.dumps([{"query_group": ["g"], "query_concurrency": 2, "name": "mine"}, {}])
LIMIT = {"feature_type": "spectrum", "amount": 5, "period": "monthly", "breach_action": "disable"}


def connect(path: Path, **options: Any) -> Any:
    return warehouse.connect(path, autocommit=True, maintenance=False, threads=1, **options)


def rows(connection: Any, sql: str) -> Rows:
    cursor = connection.cursor()
    cursor.execute(sql)
    return [tuple(r) for r in cursor.fetchall()]


def run(connection: Any, sql: str) -> None:
    connection.cursor().execute(sql)


TURNS = """select w.service_class, trim(w.service_class_name), trim(final_state), slot_count, slots, trim(querytxt)
           from stl_wlm_query w join svl_query_queue_info using (query) where trim(querytxt) like 'select a from t%'"""
ACTIONS = "select trim(rule), trim(action), service_class from stl_wlm_rule_action"
ERRORS = "select error_string from stl_wlm_error"
METRICS = "select scan_row_count, return_row_count from svl_query_metrics_summary where query = {}"
USAGE = "select queries, usage_in_seconds, datediff(s, start_time, end_time) from svcs_concurrency_scaling_usage"


def told(connection: Any, query: int) -> list[Rows]:
    return [rows(connection, sql) for sql in (TURNS, ACTIONS, ERRORS, METRICS.format(query))]


@pytest.fixture
def other() -> Iterator[OtherProcess]:
    made = OtherProcess()
    yield made
    made.kill()


def test_turns_rules_and_errors_outlive_the_database(tmp_path: Path, other: OtherProcess) -> None:
    first = connect(tmp_path / "db", wlm_json_configuration=TWO)
    run(first, "create table t as select 1 as a union all select 2 union all select 3")
    run(first, "set query_group to 'g'")
    run(first, "set wlm_query_slot_count to 3")
    with pytest.raises(warehouse.ProgrammingError, match="asks for 3 slots"):
        rows(first, "select a from t")
    run(first, "set wlm_query_slot_count to 2")
    assert len(rows(first, "select a from t where a > 0")) == 3
    ((query,),) = rows(first, "select pg_last_query_id()")
    log = manager_of(first.session).log
    log.action(ActionRecord(100, query, 6, "mine", "all", "log", 1_000_000))  # rules only see what runs for a while
    before = told(first, query)
    assert before == [
        [(6, "mine", "Completed", 2, 2, "select a from t where a > 0")], [("all", "log", 6)],
        [("the query asks for 3 slots (wlm_query_slot_count); its queue 'mine' has 2",)], [(3, 3)],
    ]  # fmt: skip
    first.session.database.history.flush()
    other.connect("b", str(tmp_path / "db"))
    assert [tuple(r) for r in other.execute("b", ACTIONS)] == [("all", "log", 6)]
    first.close()
    again = connect(tmp_path / "db")
    assert told(again, query) == before
    again.close()


def test_what_limits_have_counted_outlives_the_database(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    pq.write_table(pa.table({"a": pa.array(range(1000), pa.int32())}), tmp_path / "t" / "a.parquet")
    first = connect(tmp_path / "db")
    run(first, "create external schema lake from data catalog database 'd' iam_role default "
               "create external database if not exists")  # fmt: skip
    run(first, f"create external table lake.t (a int) stored as parquet location '{tmp_path}/t/'")
    run(first, f"alter system set usage_limits = '{json.dumps([LIMIT])}'")

    def scan() -> int:
        rows(first, f"select sum(a) from lake.t where a > {next(numbers)}")
        return sum("usage limit" in str(notice) for notice in first.session.notices)

    def counted() -> list[float]:
        return [amount for _, amount in first.session.database.history.counts().values()]

    numbers = iter(range(99))
    assert scan() == 0
    (size,) = counted()
    amount = 1.5 * size / (1 << 40)
    run(first, f"alter system set usage_limits = '{json.dumps([LIMIT | {'amount': amount}])}'")
    assert counted() == []  # another limit
    assert scan() == 0 and counted() == [size]
    first.close()
    first = connect(tmp_path / "db")
    assert scan() == 1 and counted() == [2 * size]
    first.close()
    first = connect(tmp_path / "db")
    with pytest.raises(warehouse.OperationalError, match="a usage limit of spectrum has been reached"):
        scan()
    assert rows(first, "select trim(feature_type) from stl_usage_control") == [("spectrum",)]
    run(first, "alter system reset usage_limits")
    assert scan() == 0 and counted() == []
    first.close()


def test_usage_of_executors_goes_over_processes(tmp_path: Path) -> None:
    """As the machine tells it: executors are processes, and those are tested elsewhere."""
    first = connect(tmp_path / "db")
    manager = manager_of(first.session)
    limits = manager.machine.floor.scaling.limits
    assert limits.allows(Feature.SCALING, manager.now())
    for begun, ended in ((1_000_000, 3_000_000), (3_500_000, 4_000_000), (9_000_000, 10_500_000)):
        manager.log.query(QueryRecord(100, 1, 1, 7, 6, "q", 1, begun, begun, begun, ended, "Completed", 0, None, {},
                                      executor=1))  # fmt: skip
    assert rows(first, USAGE) == [(2, 2, 3), (1, 2, 1)]
    first.close()
    again = connect(tmp_path / "db")
    assert rows(again, USAGE) == [(2, 2, 3), (1, 2, 1)]
    again.close()
