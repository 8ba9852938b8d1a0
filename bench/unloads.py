"""UNLOAD beside DuckDB: TPC-H's lineitem out of a table into Parquet and CSV files.

Each engine has the table in a database file of its own (the data of copies.py). Each format is written in a process of
its own, ours and DuckDB's in turns, the table's blocks read once beforehand, with the same threads; its memory counts
until the files are there. What was written is
counted and summed up by DuckDB before a time counts. `make bench SUITE=unload SF=1`.
"""
from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from . import machine, movements
from .copies import DESIGNS, TABLE, TABLES, data
from .engines import NAMES, Warehouse, timed
from .movements import RUNS, in_turns
from .runner import say
from .worker import in_new_process, peak_resident

NAME = "unload"
# Our clauses, DuckDB's, and how what was written is read.
FORMATS = {
    "Parquet": ("format parquet", "format parquet", "read_parquet('{}/*')"),
    "CSV": ("csv header", "format csv, header true", "read_csv('{}/*', header=true)"),
}
CHECK = "select count(*), sum(l_extendedprice::decimal(15, 2)), min(l_shipdate::date), max(l_comment) from "
# Reads all blocks and keeps nothing: what a process holds at most is to be the UNLOAD's.
WARM = f"select {', '.join(f'max({name})' for name in re.findall(r'l_[a-z]+', TABLES[TABLE]))} from {TABLE}"


def measure(scale: float, threads: int, runs: int = RUNS, design: str = "demo") -> dict[str, Any]:
    """Figures by format and engine: median seconds, CPU seconds, peak bytes, megabytes written."""
    folder = data(scale)
    result: dict[str, Any] = {
        "suite": NAME, "machine": machine.describe(), "scale": scale, "threads": threads, "runs": runs, "unloads": {},
    }  # fmt: skip
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for name in NAMES:
            say(f"{name}: load")
            _job(name, place, threads, "", folder=str(folder), design=design)
        for format in FORMATS:
            result["unloads"][format] = in_turns(format, runs, _job, place, threads, format)
    return result


def _job(name: str, place: str, threads: int, format: str, **more: Any) -> dict[str, Any]:
    options = {"nodes": 1, "slices_per_node": 2} if name == "warehouse" else {}
    path = str(Path(place) / name)
    return in_new_process(task=NAME, engine=name, path=path, threads=threads, options=options, place=place,
                          format=format, **more)  # fmt: skip


def run(job: dict[str, Any], engine: Any) -> dict[str, Any]:
    """Make the table, or write it once, in the worker's process."""
    if not job["format"]:
        return _load(job, engine)
    ours, theirs, reader = FORMATS[job["format"]]
    engine.run(WARM)
    with tempfile.TemporaryDirectory(dir=job["place"]) as folder:
        if isinstance(engine, Warehouse):
            sql = f"unload ('select * from {TABLE}') to '{folder}/' {ours}"
        else:
            sql = f"copy {TABLE} to '{folder}/{TABLE}' ({theirs})"
        took, _ = timed(engine.connection.execute, sql)
        peak = peak_resident()  # the judge below reads the files in this process too
        written = sum(file.stat().st_size for file in Path(folder).iterdir())
        import duckdb

        [check] = duckdb.connect().execute(CHECK + reader.format(folder)).fetchall()
    return {"wall": took.wall, "cpu": took.cpu, "check": [str(v) for v in check], "written": written,
            "peak_rss": peak}  # fmt: skip


def _load(job: dict[str, Any], engine: Any) -> dict[str, Any]:
    source = Path(job["folder"]) / f"{TABLE}.parquet"
    if isinstance(engine, Warehouse):
        engine.connection.execute(f"create table {TABLE} ({TABLES[TABLE]}) {DESIGNS[job['design']][TABLE]}")
        engine.connection.execute(f"copy {TABLE} from '{source}' format parquet")
    else:
        engine.connection.execute(f"create table {TABLE} ({TABLES[TABLE]})")
        engine.connection.execute(f"insert into {TABLE} from read_parquet('{source}')")
        engine.connection.execute("checkpoint")
    return {}


def lines(result: dict[str, Any]) -> list[str]:
    """The figures as a Markdown table."""
    return movements.lines(result, f"UNLOAD of {TABLE}", "to", result["unloads"])
