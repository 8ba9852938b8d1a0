"""TIMETZ on the ways in and out: Python values, parameters, COPY. SQL: tests/slt/types/timetz.slt."""
from __future__ import annotations

from datetime import UTC, time, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
import warehouse


@pytest.fixture
def cursor() -> Any:
    with warehouse.connect(":memory:", nodes=1, slices_per_node=2) as connection:
        yield connection.cursor()


def test_rows_have_their_zone(cursor: Any) -> None:
    cursor.execute("select timetz '10:20:30.5+02', null::timetz, time '10:20'")
    assert cursor.description[0][1] == 1266 == warehouse.DATETIME
    assert cursor.fetchall() == [(time(8, 20, 30, 500_000, UTC), None, time(10, 20))]


def test_arrow_is_a_time(cursor: Any) -> None:
    """Arrow has no time with a zone: values are UTC, and the field says what they are."""
    table = cursor.execute("select timetz '10:20+02' as a").fetch_arrow_table()
    assert table.schema.field("a").type == pa.time64("us")
    assert table.schema.field("a").metadata == {b"sql_type": b"timetz"}
    assert table.column("a").to_pylist() == [time(8, 20)]


def test_parameters(cursor: Any) -> None:
    early = time(1, 30, tzinfo=timezone(timedelta(hours=2)))
    cursor.execute("select %s, %s = timetz '23:00'", (early, time(23, tzinfo=UTC)))
    assert cursor.fetchall() == [(time(23, 30, tzinfo=UTC), True)]
    with pytest.raises(warehouse.InterfaceError, match="daylight saving"):
        cursor.execute("select %s", (time(1, tzinfo=ZoneInfo("Europe/Berlin")),))


def test_copy(cursor: Any, tmp_path: Path) -> None:
    cursor.execute("create table t (a timetz)")
    (tmp_path / "1.csv").write_text("10:20:30\n10:20:30.25+02\n\n0:30+01:00\n23:00Z\n")
    cursor.execute(f"copy t from '{tmp_path}/' csv")
    rows = [value for (value,) in cursor.execute("select a from t where a is not null order by a").fetchall()]
    assert rows == [time(8, 20, 30, 250_000, UTC), time(10, 20, 30, 0, UTC), time(23, 0, tzinfo=UTC),
                    time(23, 30, tzinfo=UTC)]
