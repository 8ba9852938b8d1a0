"""COPY beside DuckDB: TPC-H's lineitem into a table from one delimited file, from 8 gzip parts, and from Parquet.

Each load runs in a process of its own, ours and DuckDB's in turns, into a fresh database file, with the same threads
and DuckDB's columns of the same types; DuckDB's checkpoint counts, for our COPY leaves everything on disk. The sums of
the loaded tables are compared before a time counts. `make bench SUITE=copy SF=1`.
"""
from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import machine, movements
from .engines import Warehouse, timed
from .movements import RUNS, in_turns
from .suite import cache_folder
from .tpch import DESIGNS, TABLES
from .worker import in_new_process

NAME = "copy"
PARTS = 8
TABLE = "lineitem"
CHECK = f"select count(*), sum(l_extendedprice), min(l_shipdate), max(l_comment) from {TABLE}"
# What is loaded: our COPY's source and options, DuckDB's reader.
SOURCES = {
    "one delimited file": (f"{TABLE}.tbl", "delimiter '|'", "read_csv('{}', {})"),
    "8 gzip parts": ("gzip/part-", "gzip delimiter '|'", "read_csv('{}*', {})"),
    "Parquet": (f"{TABLE}.parquet", "format parquet", "read_parquet('{}')"),
}


def measure(scale: float, threads: int, runs: int = RUNS, designs: Sequence[str] = ("even",)) -> dict[str, Any]:
    """Figures by source and engine: median seconds, CPU seconds, peak bytes. Of our designs, "even" does what DuckDB
    does; "demo" places rows by a key and sorts them besides."""
    folder = data(scale)
    result: dict[str, Any] = {
        "suite": NAME, "machine": machine.describe(), "scale": scale, "threads": threads, "runs": runs, "copies": {},
    }  # fmt: skip
    for design, source in [(design, source) for design in designs for source in SOURCES]:
        case = f"{source}, {design}"
        result["copies"][case] = in_turns(case, runs, _load, source, folder, threads, design)
    return result


def _load(name: str, source: str, folder: Path, threads: int, design: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        options = {"nodes": 1, "slices_per_node": 2} if name == "warehouse" else {}
        return in_new_process(
            task=NAME, engine=name, path=str(Path(place) / "db"), threads=threads, options=options, source=source,
            folder=str(folder), design=design,
        )  # fmt: skip


def run(job: dict[str, Any], engine: Any) -> dict[str, Any]:
    """One load, in the worker's process."""
    place, options, reader = SOURCES[job["source"]]
    path = Path(job["folder"]) / place
    connection = engine.connection
    if isinstance(engine, Warehouse):
        cursor = connection.cursor()
        cursor.execute(f"create table {TABLE} ({TABLES[TABLE]}) {DESIGNS[job['design']][TABLE]}")
        took, _ = timed(cursor.execute, f"copy {TABLE} from '{path}' {options}")
        connection.commit()
    else:
        connection.execute(f"create table {TABLE} ({TABLES[TABLE]})")
        types = connection.execute(f"select column_name, column_type from (describe {TABLE})").fetchall()
        columns = ", ".join(f"'{column}': '{type_}'" for column, type_ in types)
        csv = f"delim='|', header=false, columns={{{columns}}}"
        took, _ = timed(_load_duckdb, connection, f"insert into {TABLE} from {reader.format(path, csv)}")
    [check] = engine.run(CHECK).to_pylist()
    return {"wall": took.wall, "cpu": took.cpu, "check": [str(v) for v in check.values()]}


def _load_duckdb(connection: Any, sql: str) -> None:
    connection.execute(sql)
    connection.execute("checkpoint")


def data(scale: float) -> Path:
    """The folder with lineitem in all forms, made when it is not there."""
    folder = cache_folder(NAME) / f"sf{scale:g}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        for form in ("tbl", "parquet"):
            _generate(form, scale, fresh)
        _pack(fresh / f"{TABLE}.tbl", fresh / "gzip")
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _generate(form: str, scale: float, folder: Path) -> None:
    beside = Path(sys.executable).with_name("tpchgen-cli")
    command = str(beside) if beside.exists() else shutil.which("tpchgen-cli") or "tpchgen-cli"
    arguments = ["-q", "--scale-factor", f"{scale:g}", "--tables", TABLE, "--output-dir", str(folder)]
    subprocess.run([command, form, *arguments], check=True)


def _pack(file: Path, folder: Path) -> None:
    """The file's lines in PARTS gzip files of about the same size."""
    folder.mkdir()
    share = file.stat().st_size // PARTS + 1
    with file.open("rb") as lines:
        for number in range(PARTS):
            with gzip.open(folder / f"part-{number}.gz", "wb", compresslevel=6) as part:
                part.write(lines.read(share))
                part.write(lines.readline())


def lines(result: dict[str, Any]) -> list[str]:
    """The figures as a Markdown table."""
    return movements.lines(result, f"COPY of {TABLE}", "from", result["copies"])
