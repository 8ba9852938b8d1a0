"""External tables in workload management: what is scanned is measured, counted against limits, and kept back."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse

Open = Callable[..., Any]


def test_external_bytes_are_measured_and_limited(open_house: Open, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    pq.write_table(pa.table({"a": pa.array(range(1000), pa.int32())}), tmp_path / "t" / "a.parquet")
    house = open_house([{"auto_wlm": True}], filled=False)
    house.run("create external schema lake from data catalog database 'd' iam_role default "
              "create external database if not exists")  # fmt: skip
    house.run(f"create external table lake.t (a int) stored as parquet location '{tmp_path}/t/'")
    limit = {"feature_type": "spectrum", "amount": 1e-9, "period": "daily", "breach_action": "disable"}
    house.run(f"alter system set usage_limits = '{json.dumps([limit])}'")
    assert house.run("select sum(a) from lake.t") == [(499_500,)]
    assert "usage limit limit-1 of spectrum" in str(house.first.notices[-1])
    measured = "select spectrum_scan_row_count, scan_row_count from svl_query_metrics_summary order by query desc"
    assert house.run(measured)[0] == (1000, 1000)
    with pytest.raises(warehouse.OperationalError, match="external tables cannot be read until") as error:
        house.run("select max(a) from lake.t")
    assert error.value.sqlstate == "53400"
    assert house.run("select max(d) from digits") == [(7,)]
    house.run("alter system reset usage_limits")
    assert house.run("select max(a) from lake.t") == [(999,)]
