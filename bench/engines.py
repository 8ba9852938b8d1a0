"""Both engines behind one small face, so that the runner treats them alike.

    open_engine("warehouse" | "duckdb", path, threads) -> Engine
        .run(sql)  -> Arrow table, all rows fetched        .close()

DuckDB works on a database file with the same number of threads, and gives its result as Arrow in the
way that copies least. Our result cache is switched off.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .oracle import oracle

if TYPE_CHECKING:
    import pyarrow as pa

    from .suite import Suite

NAMES = ("warehouse", "duckdb")


class Engine(Protocol):
    name: str

    def run(self, sql: str) -> pa.Table: ...

    def close(self) -> None: ...


class Warehouse:
    """This engine, through its DB-API."""

    name = "warehouse"

    def __init__(self, path: str, threads: int, **options: Any) -> None:
        import warehouse

        self.connection = warehouse.connect(path, threads=threads, autocommit=True, **options)
        self.connection.execute("set enable_result_cache_for_session to off")

    def run(self, sql: str) -> pa.Table:
        return self.connection.cursor().execute(sql).fetch_arrow_table()

    def load(self, suite: Suite, folder: Path, design: str) -> None:
        suite.load(self.connection, folder, design)

    def close(self) -> None:
        self.connection.close()


class DuckDB:
    """The newest DuckDB, on a database file."""

    name = "duckdb"

    def __init__(self, path: str, threads: int, **options: Any) -> None:
        import duckdb

        self.connection = duckdb.connect(path, config={"threads": threads})
        oracle("judge").prepare(self.connection)

    def run(self, sql: str) -> pa.Table:
        return self.connection.sql(sql).to_arrow_table()

    def load(self, suite: Suite, folder: Path, design: str) -> None:
        suite.load_duckdb(self.connection, folder)
        self.connection.execute("checkpoint")

    def close(self) -> None:
        self.connection.close()


def open_engine(name: str, path: str, threads: int, **options: Any) -> Warehouse | DuckDB:
    """An engine on a database; options (nodes, slices_per_node) mean something to ours only."""
    return Warehouse(path, threads, **options) if name == "warehouse" else DuckDB(path, threads)


@dataclass(frozen=True, slots=True)
class Timing:
    """One run: seconds on the wall and of CPU over all threads of the process."""

    wall: float
    cpu: float


def timed(action: Callable[..., Any], *arguments: Any) -> tuple[Timing, Any]:
    """Call something and time it."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = action(*arguments)
    return Timing(time.perf_counter() - wall, time.process_time() - cpu), result
