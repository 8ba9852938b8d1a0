"""Large results stream: rows come before all are made, LIMIT and close stop the work, nothing is lost."""
from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
import warehouse

ROWS = 700_000


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    connection = warehouse.connect(":memory:", nodes=1, slices_per_node=2, autocommit=True)
    table = pa.table({"id": pa.array(range(ROWS), pa.int64()), "text": [f"row {i % 100}" for i in range(ROWS)]})
    connection.execute("create table big(id bigint not null, text varchar(20)) diststyle even")
    connection.write_arrow("big", table, create=False)
    yield connection
    connection.close()


def test_every_row_comes_once(connection: Any) -> None:
    reader = connection.execute("select id, text from big where id % 7 <> 0").fetch_record_batch_reader()
    seen: set[int] = set()
    for batch in reader:
        ids = batch.column(0).to_pylist()
        assert batch.column(1)[0].as_py() == f"row {ids[0] % 100}"
        seen.update(ids)
    assert seen == {i for i in range(ROWS) if i % 7}


def test_limit_and_offset(connection: Any) -> None:
    assert len(connection.execute("select id from big limit 10").fetchall()) == 10
    assert len(connection.execute(f"select id from big offset {ROWS - 5}").fetchall()) == 5
    assert len(connection.execute(f"select id from big limit 20 offset {ROWS - 5}").fetchall()) == 5
    assert connection.execute("select id from big limit 0").fetchall() == []


def test_closing_early_stops_the_threads(connection: Any) -> None:
    cursor = connection.execute("select id, text from big")
    assert cursor.fetchone() is not None
    cursor.close()
    assert [t for t in threading.enumerate() if t.name == "warehouse-stream"] == []
    assert connection.execute("select count(*) from big").fetchone() == (ROWS,)


def test_two_results_are_read_in_turn(connection: Any) -> None:
    first = connection.cursor().execute("select id from big")
    assert first.fetchone() is not None
    second = connection.cursor().execute("select id from big")
    assert len(second.fetchall()) == ROWS
    assert len(first.fetchall()) == ROWS - 1


def test_an_error_in_the_middle_is_raised(connection: Any) -> None:
    cursor = connection.cursor()
    with pytest.raises(warehouse.DataError, match="division by zero"):
        cursor.execute(f"select 1 / (id - {ROWS - 1}) from big").fetchall()
    assert connection.execute("select 1").fetchone() == (1,)
