"""A benchmark suite: its tables, their designs, its queries, where its data comes from.

    Suite("tpch", ...).generate(0.1)        -> folder with <table>.parquet (made once per scale)
                     .load(connection, folder, "demo")     CREATE TABLE and COPY
                     .text("q01", 0.1)      in Redshift's dialect: what is timed
                     .judges_text(...)      with Redshift's types and rounding spelled out: what is compared

The suites themselves: tpch.py, tpcds.py. All that measures (runner.py, report.py) takes any of them.
Generated data stays in a cache folder: <WAREHOUSE_DATA>/sf1 or .venv/tpch/sf1 of the checkout.
"""
from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent

Design = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Suite:
    """What a suite is made of. A design may change what a query costs, never what it answers."""

    name: str  # "tpch": of folders and result files
    title: str  # "TPC-H"
    tables: Mapping[str, str]  # table -> column definitions, in both engines' words
    designs: Mapping[str, Design]  # design -> table -> its attributes
    queries: tuple[str, ...]
    texts: Callable[[str, float], str]  # (query, scale) -> our text
    judges_texts: Callable[[str, float], str]
    make: Callable[[float, Path], None]  # writes <table>.parquet of a scale into an empty folder
    join_heavy: str  # one join without much around it, where a second thread should show

    def text(self, query: str, scale: float) -> str:
        """One query's text for a scale factor."""
        return self.texts(query, scale)

    def judges_text(self, query: str, scale: float) -> str:
        """The text whose answer in DuckDB is the right one."""
        return self.judges_texts(query, scale)

    def chosen(self, names: str | None) -> tuple[str, ...]:
        """`1,6,q14` as names; all queries where nothing is chosen."""
        if not names:
            return self.queries
        picked = tuple(f"q{int(name.strip().lstrip('qQ')):02}" for name in names.split(","))
        unknown = [name for name in picked if name not in self.queries]
        if unknown:
            first, last = self.queries[0], self.queries[-1]
            raise SystemExit(f"no such query: {', '.join(unknown)}; there are {first} to {last}")
        return picked

    def create_statements(self, design: str) -> list[str]:
        """One CREATE TABLE per table in a design."""
        if design not in self.designs:
            raise SystemExit(f"no design {design!r}; there are {', '.join(self.designs)}")
        attributes = self.designs[design]
        return [f"create table {table} ({columns}) {attributes[table]}" for table, columns in self.tables.items()]

    def copy_statements(self, folder: Path) -> list[str]:
        """One COPY per table from the Parquet files in `folder`."""
        return [f"copy {table} from '{folder / table}.parquet' format parquet" for table in self.tables]

    def load(self, connection: Any, folder: Path, design: str) -> None:
        """Create the tables in a design and COPY them."""
        cursor = connection.cursor()
        for statement in self.create_statements(design) + self.copy_statements(folder):
            cursor.execute(statement)

    def load_duckdb(self, connection: Any, folder: Path) -> None:
        """The same tables in DuckDB, with its own types for the same columns."""
        for table, columns in self.tables.items():
            connection.execute(f"create table {table} ({columns})")
            connection.execute(f"insert into {table} select * from read_parquet('{folder / table}.parquet')")

    def generate(self, scale: float) -> Path:
        """The folder with <table>.parquet of this scale factor, made when it is not there.

        Written beside and renamed, so that two processes may ask at once.
        """
        folder = cache_folder(self.name) / f"sf{scale:g}"
        if folder.is_dir():
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
        try:
            self.make(scale, fresh)
            fresh.rename(folder)
        except OSError:
            if not folder.is_dir():  # nobody else was faster: a true failure
                raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return folder


def cache_folder(suite: str) -> Path:
    """Where a suite's data stays: below WAREHOUSE_DATA, the checkout's .venv, else a temporary folder.

    WAREHOUSE_DATA names TPC-H's folder itself, as it always did; other suites have one of their own in it.
    """
    if named := os.environ.get("WAREHOUSE_DATA"):
        return Path(named) if suite == "tpch" else Path(named) / suite
    environment = CHECKOUT / ".venv"
    if os.access(environment, os.W_OK):
        return environment / suite
    return Path(tempfile.gettempdir()) / f"warehouse-{suite}"


def folder_bytes(path: Path) -> int:
    """Bytes of all files under a folder (or of one file)."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files)


def attributes(tables: Mapping[str, str], chosen: Design, others: str) -> dict[str, str]:
    """A design: some tables' attributes, and what all the others get."""
    unknown = chosen.keys() - tables.keys()
    assert not unknown, unknown
    return {table: chosen.get(table, others) for table in tables}
