"""UNLOAD beside DuckDB: TPC-H's lineitem out of a table into Parquet and CSV files.

Each engine has the table in a database file of its own (the data of copies.py). Each format is written in a process of
its own, ours and DuckDB's in turns, the table's blocks read once beforehand, with the same threads. What was written is
counted and summed up by DuckDB before a time counts. `make bench SUITE=unload SF=1`.
"""
from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from . import machine
from .copies import DESIGNS, MEMORY_GOAL, TABLE, TABLES, data
from .engines import NAMES, Warehouse, timed
from .runner import say
from .worker import in_new_process

NAME = "unload"
RUNS = 3
GOAL = 1.2
# Our clauses, DuckDB's, and how what was written is read.
FORMATS = {
    "Parquet": ("format parquet", "format parquet", "read_parquet('{}/*')"),
    "CSV": ("csv header", "format csv, header true", "read_csv('{}/*', header=true)"),
}
CHECK = "select count(*), sum(l_extendedprice::decimal(15, 2)), min(l_shipdate::date), max(l_comment) from "
WARM = f"select count(distinct l_comment), sum(l_orderkey + l_partkey + l_suppkey), max(l_shipinstruct) from {TABLE}"


def measure(scale: float, threads: int, runs: int = RUNS, design: str = "demo") -> dict[str, Any]:
    """Figures by format and engine: median seconds, CPU seconds, peak bytes, megabytes written."""
    folder = data(scale)
    result: dict[str, Any] = {
        "suite": NAME, "machine": machine.describe(), "scale": scale, "threads": threads, "runs": runs, "unloads": {},
    }  # fmt: skip
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for name in NAMES:
            say(f"{name}: load")
            _job(name, place, threads, format="", folder=str(folder), design=design)
        for format in FORMATS:
            found: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
            for run in range(runs):
                for name in NAMES:
                    say(f"{format}: {name}, run {run + 1}")
                    found[name].append(_job(name, place, threads, format=format))
            answers = {str(answer["check"]) for answers in found.values() for answer in answers}
            if len(answers) > 1:
                raise SystemExit(f"{format}: the written files differ: {answers}")
            result["unloads"][format] = {name: _figures(answers) for name, answers in found.items()}
    return result


def _figures(answers: list[dict[str, Any]]) -> dict[str, float]:
    return {
        "wall": round(statistics.median(a["wall"] for a in answers), 3),
        "cpu": round(statistics.median(a["cpu"] for a in answers), 3),
        "peak": max(a["peak_rss"] for a in answers),
        "written": answers[0]["written"],
    }


def _job(name: str, place: str, threads: int, **more: Any) -> dict[str, Any]:
    options = {"nodes": 1, "slices_per_node": 2} if name == "warehouse" else {}
    path = str(Path(place) / name)
    return in_new_process(task=NAME, engine=name, path=path, threads=threads, options=options, place=place, **more)


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
        written = sum(file.stat().st_size for file in Path(folder).iterdir())
        import duckdb

        [check] = duckdb.sql(CHECK + reader.format(folder)).fetchall()  # type: ignore[union-attr]
    return {"wall": took.wall, "cpu": took.cpu, "check": [str(v) for v in check], "written": written}


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
    out = [
        f"UNLOAD of {TABLE} at scale factor {result['scale']:g}, {result['threads']} threads, medians of "
        f"{result['runs']} runs in turns; goal: at most {GOAL}x DuckDB, under {MEMORY_GOAL:,} MiB.",
        "",
        "| to | ours, s | DuckDB, s | ratio | CPU | ours, MiB | DuckDB, MiB | written, MB | DuckDB, MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for format, figures in result["unloads"].items():
        ours, theirs = figures["warehouse"], figures["duckdb"]
        out.append(
            f"| {format} | {ours['wall']:.2f} | {theirs['wall']:.2f} | {ours['wall'] / theirs['wall']:.2f}x | "
            f"{ours['cpu'] / theirs['cpu']:.2f}x | {ours['peak'] >> 20:,} | {theirs['peak'] >> 20:,} | "
            f"{ours['written'] / 1e6:,.0f} | {theirs['written'] / 1e6:,.0f} |"
        )
    return out
