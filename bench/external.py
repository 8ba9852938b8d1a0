"""TPC-H over external tables: the same Parquet files, read in place by both engines.

    ours      CREATE EXTERNAL TABLE lake.lineitem ... LOCATION '<folder>/lineitem/', a late-binding view over each
    DuckDB    a view over read_parquet('<folder>/lineitem/*.parquet')

Each table has a folder of links to TPC-H's own files, so that nothing is generated twice. One design: files have none.
"""
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .suite import Suite
from .tpch import JOIN_HEAVY, TABLES, TPCH

SCHEMA = "lake"


class ExternalSuite(Suite):
    """A suite whose tables stay files."""

    def load(self, connection: Any, folder: Path, design: str) -> None:
        """Definitions alone: no file is read."""
        cursor = connection.cursor()
        cursor.execute(f"create external schema {SCHEMA} from data catalog database 'tpch' iam_role default "
                       "create external database if not exists")
        for table, columns in self.tables.items():
            plain = columns.replace(" not null", "")
            cursor.execute(f"create external table {SCHEMA}.{table} ({plain}) stored as parquet "
                           f"location '{folder / table}/'")
            cursor.execute(f"create view {table} as select * from {SCHEMA}.{table} with no schema binding")

    def load_duckdb(self, connection: Any, folder: Path) -> None:
        for table in self.tables:
            connection.execute(f"create view {table} as select * from read_parquet('{folder / table}/*.parquet')")


def _links(scale: float, folder: Path) -> None:
    """A folder for each table with a link to its file."""
    files = TPCH.generate(scale)
    for table in TABLES:
        (folder / table).mkdir()
        os.symlink(files / f"{table}.parquet", folder / table / f"{table}.parquet")


EXTERNAL = ExternalSuite(
    name="external",
    title="TPC-H over external Parquet",
    tables=TABLES,
    designs={"parquet": dict.fromkeys(TABLES, "")},
    queries=TPCH.queries,
    texts=TPCH.texts,
    judges_texts=TPCH.judges_texts,
    make=_links,
    join_heavy=JOIN_HEAVY,
)
