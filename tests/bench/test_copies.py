"""The suite of COPY: its data, a load by each engine from each form, the table of figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from warehouse.bench import copies, report, worker


def test_a_source_by_both_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    monkeypatch.setattr(copies, "in_new_process", lambda **job: worker.run(job))
    monkeypatch.setattr(copies, "SOURCES", {"8 gzip parts": copies.SOURCES["8 gzip parts"]})
    result = copies.measure(0.001, threads=2, runs=1)
    assert len(list((tmp_path / "copy" / "sf0.001" / "gzip").iterdir())) == copies.PARTS
    assert "| 8 gzip parts |" in "\n".join(report.lines(result))


def test_other_rows_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(**job: Any) -> dict[str, Any]:
        return {"wall": 1.0, "cpu": 1.0, "peak_rss": 1, "check": [job["engine"]]}

    monkeypatch.setattr(copies, "data", lambda scale: tmp_path)
    monkeypatch.setattr(copies, "in_new_process", answer)
    with pytest.raises(SystemExit, match="differ"):
        copies.measure(0.001, threads=2, runs=1)
