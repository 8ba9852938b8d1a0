"""The suites' tables and designs: complete, and generated once."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from warehouse.bench import tpcds_generator
from warehouse.bench.suite import Suite, folder_bytes
from warehouse.bench.suites import SUITES, named
from warehouse.bench.tpcds import TPCDS
from warehouse.bench.tpcds_tables import TABLES
from warehouse.bench.tpch import TPCH

BOTH = pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)


@BOTH
def test_every_design_covers_every_table(suite: Suite) -> None:
    for design, tables in suite.designs.items():
        assert len(suite.create_statements(design)) == len(suite.tables) and set(tables) == set(suite.tables)
    with pytest.raises(SystemExit, match="no design 'other'"):
        suite.create_statements("other")


@pytest.mark.parametrize("suite", [TPCH, TPCDS], ids=["tpch", "tpcds"])
def test_columns_are_the_files_columns(suite: Suite) -> None:
    folder = suite.generate(0.01)
    for table, columns in suite.tables.items():
        assert pq.read_schema(folder / f"{table}.parquet").names == list(tpcds_generator.types(columns)), table


@BOTH
def test_queries_are_chosen_by_number(suite: Suite) -> None:
    assert suite.chosen(None) == suite.queries
    assert suite.chosen("1,q6,Q14") == ("q01", "q06", "q14")
    with pytest.raises(SystemExit, match="no such query: q100; there are q01"):
        suite.chosen("1,100")


def test_generated_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WAREHOUSE_DATA", str(tmp_path))
    calls: list[float] = []

    def fake(scale: float, folder: Path) -> None:
        calls.append(scale)
        (folder / "nation.parquet").write_bytes(b"x")

    suite = replace(TPCH, make=fake)
    assert suite.generate(0.5) == suite.generate(0.5) == tmp_path / "sf0.5"
    assert calls == [0.5] and folder_bytes(tmp_path) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["sf0.5"], "nothing half-made stays behind"


def test_suites_are_named() -> None:
    assert named("tpcds").title == "TPC-DS"
    with pytest.raises(SystemExit, match="no suite 'tpce'; there are tpch, tpcds"):
        named("tpce")


def test_types_of_column_definitions() -> None:
    types = tpcds_generator.types(TABLES["promotion"])
    assert types["p_cost"] == "decimal(15,2)" and types["p_promo_sk"] == "integer" and len(types) == 19
