"""TPC-H's tables and designs: complete, and generated once."""
from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from warehouse.bench import data


@pytest.mark.parametrize("design", data.DESIGNS)
def test_every_design_covers_every_table(design: str) -> None:
    statements = data.create_statements(design)
    assert len(statements) == 8 and set(data.DESIGNS[design]) == set(data.TPCH_TABLES)


def test_columns_are_the_files_columns() -> None:
    folder = data.generate(0.01)
    for table, columns in data.TPCH_TABLES.items():
        names = [part.split()[0] for part in columns.replace("(15,2)", "").split(",")]
        assert pq.read_schema(folder / f"{table}.parquet").names == names


def test_generated_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    calls: list[float] = []

    def fake(scale: float, folder: Path) -> None:
        calls.append(scale)
        (folder / "nation.parquet").write_bytes(b"x")

    monkeypatch.setattr(data, "_run_generator", fake)
    assert data.generate(0.5) == data.generate(0.5) == tmp_path / "sf0.5"
    assert calls == [0.5] and data.folder_bytes(tmp_path) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["sf0.5"], "nothing half-made stays behind"
