"""The suite of UNLOAD: each format by each engine, the table of figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from warehouse.bench import report, unloads, worker


def test_all_formats_by_both_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    monkeypatch.setattr(unloads, "in_new_process", lambda **job: worker.run(job))
    text = "\n".join(report.lines(unloads.measure(0.001, threads=2, runs=1)))
    for format in unloads.FORMATS:
        assert f"| {format} |" in text


def test_other_rows_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(**job: Any) -> dict[str, Any]:
        return {"wall": 1.0, "cpu": 1.0, "peak_rss": 1, "written": 1, "check": [job["engine"]]}

    monkeypatch.setattr(unloads, "data", lambda scale: tmp_path)
    monkeypatch.setattr(unloads, "in_new_process", answer)
    with pytest.raises(SystemExit, match="differ"):
        unloads.measure(0.001, threads=2, runs=1)
