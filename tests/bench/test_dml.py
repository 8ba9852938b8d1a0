"""The suite of changes, with next to nothing to do: its parts run, agree and are told."""
from __future__ import annotations

from warehouse.bench import dml, report


def test_all_parts_run_and_agree() -> None:
    found = dml.measure(dml.Amounts(rows=1200, inserts=3, times=2, warm=2, burst=2, upserts=1, seconds=0.1))
    assert set(found["milliseconds"]["point read (p50)"]) == {"warehouse", "duckdb", "sqlite"}
    assert found["reader"]["waits"] == 0 < found["reader"]["alone"]
    told = "\n".join(dml.lines(found))
    assert "single-row INSERT, durable (p50)" in told and "waited 0 times" in told
    assert "upsert of 1,000 rows" in "\n".join(report.lines({"machine": MACHINE, "dml": found}))


MACHINE = {"cpu": "a", "cores": 2, "memory_gib": 1, "system": "s", "python": "3", "load_average": [0.0],
           "versions": {"warehouse": "1"}, "commit": "c"}
