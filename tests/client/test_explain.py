"""EXPLAIN as a designer reads it: the label of each join, what moves, what zone maps skip, the advice."""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
import warehouse

ROWS = 400_000
JOIN = "select count(*), sum(price) from {} o join {} i on o.id = i.order_id"


@pytest.fixture(scope="module")
def db() -> Iterator[Any]:
    """Two tables, each distributed by key, EVEN and ALL, on 2x2 slices; items are sorted by day."""
    connection = warehouse.connect(":memory:", nodes=2, slices_per_node=2, threads=2, autocommit=True)
    numbers = pa.array(range(ROWS), pa.int64())
    orders = pa.table({"id": numbers, "customer": pa.array([i * 7 % 1000 for i in range(ROWS)], pa.int64())})
    items = pa.table({"order_id": pa.array([i * 3 % ROWS for i in range(ROWS)], pa.int64()),
                      "price": numbers, "day": pa.array([i // 100 for i in range(ROWS)], pa.int32())})
    for suffix, key_o, key_i in (("key", "distkey(id)", "distkey(order_id)"),
                                 ("even", "diststyle even", "diststyle even"),
                                 ("all", "diststyle all", "diststyle all")):
        connection.execute(f"create table orders_{suffix} (id bigint, customer bigint) {key_o}")
        connection.execute(
            f"create table items_{suffix} (order_id bigint, price bigint, day integer) {key_i} sortkey(day)"
        )
        connection.write_arrow(f"orders_{suffix}", orders, create=False)
        connection.write_arrow(f"items_{suffix}", items, create=False)
    yield connection
    connection.close()


def plan(db: Any, sql: str, how: str = "explain") -> str:
    return "\n".join(line for (line,) in db.execute(f"{how} {sql}").fetchall())


def moved(text: str) -> int:
    return sum(int(n) for n in re.findall(r"bytes moved=(\d+)", text))


@pytest.mark.parametrize(
    ("orders", "items", "labels"),
    [
        ("orders_key", "items_key", {"DS_DIST_NONE"}),
        ("orders_all", "items_even", {"DS_DIST_ALL_NONE"}),
        ("orders_key", "items_all", {"DS_DIST_ALL_NONE"}),
        ("orders_even", "items_even", {"DS_BCAST_INNER", "DS_DIST_BOTH"}),
        ("orders_key", "items_even", {"DS_DIST_OUTER", "DS_DIST_INNER", "DS_BCAST_INNER"}),
    ],
)
def test_labels_and_moves(db: Any, orders: str, items: str, labels: set[str]) -> None:
    sql = JOIN.format(orders, items)
    found = set(re.findall(r"DS_\w+", plan(db, sql)))
    assert found and found <= labels
    in_place = found <= {"DS_DIST_NONE", "DS_DIST_ALL_NONE"}
    assert (moved(plan(db, sql, "explain analyze")) == 0) == in_place
    assert db.execute(sql).fetchone() == (ROWS, sum(range(ROWS)))


def test_advice_names_the_key(db: Any) -> None:
    text = plan(db, JOIN.format("orders_even", "items_even"))
    assert re.search(r"Advice: .*(broadcasts|redistributes) \d+ MB; DISTKEY\(", text)
    assert "Advice" not in plan(db, JOIN.format("orders_key", "items_key"))


def test_advice_names_a_sort_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where zone maps skip nothing though the filter leaves little; not where the rows lie in order, by key or by
    chance, nor where little could be spared."""
    rows = 12 * 65_536
    monkeypatch.setattr("warehouse.engine.scan_advice.ADVICE_BYTES", 100_000)
    mixed = pa.array([i * 7919 % rows for i in range(rows)], pa.int32())
    with warehouse.connect(":memory:", nodes=1, slices_per_node=1, autocommit=True) as one:
        one.execute("create table events (mixed integer, climbing integer, few integer)")
        climbing = pa.array(range(rows), pa.int32())
        few = pa.array([i % 3 for i in range(rows)], pa.int32())
        one.write_arrow("events", pa.table({"mixed": mixed, "climbing": climbing, "few": few}), create=False)
        (line,) = re.findall("Advice: .*", plan(one, "select count(*) from events where mixed < 5000 and few = 1"))
        assert re.fullmatch(r"Advice: scans \d+ MB of events for less than 1% of its rows; SORTKEY\(mixed\) avoids it",
                            line)
        for where in ("climbing < 5000", "few = 1", "mixed + 1 < 5000", "mixed > 0"):
            assert "Advice" not in plan(one, f"select count(*) from events where {where}"), where
        one.execute("create table kept sortkey(mixed) as select * from events")
        assert "Advice" not in plan(one, "select count(*) from kept where mixed < 5000")


def test_analyze_counts(db: Any) -> None:
    text = plan(db, "select sum(price) from items_key where day < 100", "explain analyze")
    scan = next(line for line in text.splitlines() if "Seq Scan" in line)
    read, skipped = map(int, re.search(r"blocks read=(\d+) skipped=(\d+)", scan).groups())  # type: ignore[union-attr]
    assert read and skipped, "a filter on the sort key skips blocks"
    assert re.search(r"actual rows=10000 ", scan)
    assert re.search(r"time=\d+\.\d+ ms", text)


def test_costs_rows_and_conditions_are_told(db: Any) -> None:
    text = plan(db, "select customer, count(*) from orders_key where id > 5 group by customer order by 2 limit 3")
    for part in (r"XN Limit  \(cost=[\d.]+\.\.[\d.]+ rows=3 width=\d+\)", "XN Sort", "Sort Key:", "XN HashAggregate",
                 r"XN Seq Scan on orders_key", r"Filter: \(id > 5\)"):
        assert re.search(part, text), part


def test_cartesian_products_are_warned_of(db: Any) -> None:
    assert "Nested Loop" in plan(db, "select count(*) from orders_key a, orders_key b")


def test_explain_runs_nothing(db: Any) -> None:
    plan(db, "select 1 / (id - id) from orders_key")
    with pytest.raises(warehouse.DataError):
        plan(db, "select sum(1 / (id - id)) from orders_key", "explain analyze")
