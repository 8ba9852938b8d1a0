"""The session's time zone as clients see it: Python's values, Arrow's type, printed tables, parameters, ALTER USER."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import warehouse
from warehouse.client.render import text_column

NEW_YORK = ZoneInfo("America/New_York")


def test_values_and_schema(tmp_path: Path) -> None:
    with warehouse.connect(tmp_path / "db", autocommit=True, timezone="america/new_york") as connection:
        cursor = connection.cursor()
        cursor.execute("select timestamptz '2020-07-01 10:00', %s::timestamptz, %s",
                       (datetime(2020, 1, 1, 10), datetime(2020, 1, 1, 10, tzinfo=UTC)))
        (row,) = cursor.fetchall()
        assert row == (datetime(2020, 7, 1, 14, tzinfo=UTC), datetime(2020, 1, 1, 15, tzinfo=UTC),
                       datetime(2020, 1, 1, 10, tzinfo=UTC))
        assert [v.hour for v in row] == [10, 10, 5] and row[0].tzinfo == NEW_YORK
        cursor.execute("select timestamptz '2020-07-01 10:00' as z")
        table = cursor.fetch_arrow_table()
        assert table.schema.field("z").type.tz == "America/New_York"
        assert text_column(table["z"]).to_pylist() == ["2020-07-01 10:00:00-04"]
        cursor.execute("create user bob password disable; alter user bob set timezone to '-8:00'")
    with warehouse.connect(tmp_path / "db", autocommit=True, user="bob") as connection:
        cursor = connection.cursor()
        cursor.execute("select timestamptz '2020-07-01 10:00Z'")
        ((value,),) = cursor.fetchall()
        assert value.utcoffset() == timedelta(hours=-8) and value.hour == 2
        cursor.execute("begin; set local timezone to 'Asia/Tokyo'; select timestamptz '2020-07-01 10:00Z'")
        assert cursor.fetchone()[0].hour == 19


def test_a_zone_that_is_none() -> None:
    with pytest.raises(warehouse.Error, match="timezone"):
        warehouse.connect(timezone="Mars")
