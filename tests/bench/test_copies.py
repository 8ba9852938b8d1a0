"""The suite of COPY: its data, a load by each engine from each form, the table of figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from warehouse.bench import copies, report, worker

LINE = "{}|2|3|4|17.00|21168.23|0.04|0.02|N|O|1996-03-13|1996-02-12|1996-03-22|DELIVER IN PERSON|TRUCK|words|\n"


def test_a_source_by_both_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.tbl").write_text("".join(LINE.format(n) for n in range(100)))
    copies._pack(tmp_path / "x.tbl", tmp_path / "gzip")
    assert len(list((tmp_path / "gzip").iterdir())) == copies.PARTS
    monkeypatch.setattr(copies, "data", lambda scale: tmp_path)
    monkeypatch.setattr(copies, "in_new_process", lambda **job: worker.run(job))
    monkeypatch.setattr(copies, "SOURCES", {"8 gzip parts": copies.SOURCES["8 gzip parts"]})
    result = copies.measure(0.001, threads=2, runs=1)
    assert "| 8 gzip parts, even |" in "\n".join(report.lines(result))


def test_other_rows_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(**job: Any) -> dict[str, Any]:
        return {"wall": 1.0, "cpu": 1.0, "peak_rss": 1, "check": [job["engine"]]}

    monkeypatch.setattr(copies, "data", lambda scale: tmp_path)
    monkeypatch.setattr(copies, "in_new_process", answer)
    with pytest.raises(SystemExit, match="differ"):
        copies.measure(0.001, threads=2, runs=1)
