"""The report: ratios, totals and limits are computed from the samples, and README's block is replaced."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from warehouse.bench import report


def sample(median: float) -> dict[str, dict[str, float]]:
    return {kind: {"median": median, "low": median - 1, "high": median + 1} for kind in ("wall", "cpu")}


def result() -> dict[str, Any]:
    both = {"warehouse": {"wall": 2.0, "peak_rss": 2**20}, "duckdb": {"wall": 4.0, "peak_rss": 2**21}}
    design = {
        "design": "demo", "load": both, "bytes_on_disk": {"warehouse": 1_000_000, "duckdb": 2_000_000},
        "warm": {q: {"warehouse": sample(10.0), "duckdb": sample(20.0)} for q in ("q01", "q06")},
        "planning": {"q01": {"first": 7.0, "again": 0.5}},
        "first": {"q01": {"warehouse": {"first": 30.0, "warm": 10.0}}}, "peak_bytes": {}, "second_thread": {},
    }
    machine = {"cpu": "CPU", "cores": 2, "memory_gib": 4, "system": "Linux", "python": "3.11",
               "load_average": [0.5, 0, 0], "commit": "abc", "versions": {"duckdb": "2"}}
    plan = {"scale": 1.0, "nodes": 1, "slices_per_node": 2, "threads": 2, "runs": 7}
    return {"suite": "tpch", "plan": plan, "machine": machine, "designs": [design]}


def test_lines() -> None:
    text = "\n".join(report.lines(result()))
    assert "| q01 | 10.0 (9.0-11.0) | 20.0 (19.0-21.0) | 0.50x | 0.50x | 7.0 (0.5) | 30.0 (63.0) |" in text
    assert "| **total** | **20.0** | **40.0** | **0.50x** | **0.50x** |  |  |" in text
    assert "| load from Parquet, s | 2.00 | 4.00 | 0.50x |" in text
    assert "| bytes on disk, MB | 1.0 | 2.0 | 0.50x |" in text


def test_readme_block_is_replaced(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write_readme(result(), readme)
    report.write_readme(result(), readme)
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert text.count("**total**") == 1
    readme.write_text("no markers")
    with pytest.raises(SystemExit):
        report.write_readme(result(), readme)
