"""Measure: ours and DuckDB in turns, the same data, threads and result form; answers checked first.

    load (own process each)  ->  check every answer  ->  warm runs, alternating in this process
                             ->  first runs, a new process per query  ->  peak memory of all

Rules: DuckDB on a database file with the same threads, loaded from the same Parquet files in the same
order; results fetched as Arrow; wall and CPU time of the process; the first `COLD_RUNS` of each query
are not counted as warm; medians with the spread beside them. A wrong answer ends the run.
"""
from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import machine
from .engines import NAMES, Engine, Warehouse, open_engine, timed
from .oracle import oracle
from .planning import of_queries
from .suite import Suite, folder_bytes
from .suites import named
from .worker import in_new_process

COLD_RUNS = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured."""

    suite: str
    scale: float
    designs: tuple[str, ...]
    queries: tuple[str, ...]
    threads: int = 2
    nodes: int = 1
    slices_per_node: int = 2
    runs: int = 7
    first: bool = True

    @property
    def topology(self) -> dict[str, int]:
        return {"nodes": self.nodes, "slices_per_node": self.slices_per_node}


@dataclass(frozen=True, slots=True)
class Sample:
    """Milliseconds of several runs: median, quickest and slowest."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(seconds: list[float]) -> Sample:
        ms = [round(s * 1000, 3) for s in seconds]
        return Sample(statistics.median(ms), min(ms), max(ms))


@dataclass(slots=True)
class Figures:
    """All that was measured for one design."""

    design: str
    load: dict[str, Any] = field(default_factory=dict)
    bytes_on_disk: dict[str, int] = field(default_factory=dict)
    # query -> engine -> "wall", "cpu" (warm) or "first", "warm" (a new process)
    warm: dict[str, dict[str, dict[str, Sample]]] = field(default_factory=dict)
    planning: dict[str, dict[str, float]] = field(default_factory=dict)  # query -> "first", "again", ms
    first: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    peak_bytes: dict[str, int] = field(default_factory=dict)
    second_thread: dict[str, dict[str, float]] = field(default_factory=dict)


def measure(plan: Plan) -> dict[str, Any]:
    """The whole benchmark as one JSON-ready object."""
    before = machine.describe()
    folder = named(plan.suite).generate(plan.scale)
    with scratch() as work:
        figures = [measure_design(plan, design, folder, work) for design in plan.designs]
    return {"suite": plan.suite, "plan": asdict(plan), "machine": before, "designs": [asdict(f) for f in figures]}


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for databases, removed afterwards."""
    work = Path(tempfile.mkdtemp(prefix="warehouse-bench-"))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def measure_design(plan: Plan, design: str, folder: Path, work: Path) -> Figures:
    """Load both engines and measure one design."""
    figures = Figures(design)
    paths = {"warehouse": str(work / design), "duckdb": str(work / f"{design}.duckdb")}
    for name in NAMES:
        say(f"{design}: loading into {name}")
        figures.load[name] = in_new_process(
            task="load", engine=name, path=paths[name], threads=plan.threads, options=plan.topology,
            suite=plan.suite, folder=str(folder), design=design,
        )
        figures.bytes_on_disk[name] = folder_bytes(Path(paths[name]))
    measure_warm(plan, figures, paths)
    if plan.first:
        measure_first(plan, figures, paths)
        measure_memory(plan, figures, paths)
        measure_threads(plan, figures, paths)
    return figures


def measure_warm(plan: Plan, figures: Figures, paths: dict[str, str]) -> None:
    """Check each answer, then run each query in turns in this process."""
    suite = named(plan.suite)
    ours = Warehouse(paths["warehouse"], plan.threads)
    engines = [ours, open_engine("duckdb", paths["duckdb"], plan.threads)]
    try:
        figures.planning = of_queries(ours, suite, plan.queries, plan.scale)
        for query in plan.queries:
            check_answer(suite, engines, query, plan.scale)
            say(f"{figures.design}: {query}")
            figures.warm[query] = alternate(engines, suite.text(query, plan.scale), plan.runs)
    finally:
        for engine in engines:
            engine.close()


def check_answer(suite: Suite, engines: list[Any], query: str, scale: float) -> None:
    """SystemExit unless ours is what the judge says."""
    ours, judge = engines
    table = ours.run(suite.text(query, scale))
    wrong = oracle("judge").wrong(suite, query, scale, table, lambda sql: rows(judge.run(sql)))
    if wrong:
        raise SystemExit(f"{query}: wrong answer: {wrong}")


def rows(table: Any) -> list[tuple[Any, ...]]:
    """An Arrow table's rows as tuples."""
    return list(zip(*(column.to_pylist() for column in table.columns)))


def alternate(engines: Sequence[Engine], sql: str, runs: int) -> dict[str, dict[str, Sample]]:
    """Warm wall and CPU samples per engine; the engines take turns."""
    seen: dict[str, list[Any]] = {engine.name: [] for engine in engines}
    for _ in range(COLD_RUNS + runs):
        for engine in engines:
            seen[engine.name].append(timed(engine.run, sql)[0])
    return {
        name: {
            "wall": Sample.of([t.wall for t in timings[COLD_RUNS:]]),
            "cpu": Sample.of([t.cpu for t in timings[COLD_RUNS:]]),
        }
        for name, timings in seen.items()
    }


def measure_first(plan: Plan, figures: Figures, paths: dict[str, str]) -> None:
    """A new process per query and engine: its first run, and the median from the third on."""
    suite = named(plan.suite)
    for query in plan.queries:
        say(f"{figures.design}: {query}, first run in a new process")
        figures.first[query] = {}
        for name in NAMES:
            done = in_new_process(
                task="runs", engine=name, path=paths[name], threads=plan.threads, times=COLD_RUNS + 3,
                texts=[suite.text(query, plan.scale)],
            )
            walls = [wall * 1000 for wall, _ in done["runs"][0]]
            warm = statistics.median(walls[COLD_RUNS:])
            figures.first[query][name] = {"first": round(walls[0], 3), "warm": round(warm, 3)}


def measure_memory(plan: Plan, figures: Figures, paths: dict[str, str]) -> None:
    """The peak of one process that runs all chosen queries twice."""
    suite = named(plan.suite)
    texts = [suite.text(query, plan.scale) for query in plan.queries]
    for name in NAMES:
        say(f"{figures.design}: peak memory of {name}")
        done = in_new_process(
            task="runs", engine=name, path=paths[name], threads=plan.threads, texts=texts, times=2,
        )
        figures.peak_bytes[name] = done["peak_rss"]


def measure_threads(plan: Plan, figures: Figures, paths: dict[str, str]) -> None:
    """One join with one thread and with two, three processes each in turns; medians of warm runs."""
    for name in NAMES:
        say(f"{figures.design}: second thread of {name}")
        walls: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(3):
            for threads in (1, 2):
                done = in_new_process(
                    task="runs", engine=name, path=paths[name], threads=threads, times=COLD_RUNS + 5,
                    texts=[named(plan.suite).join_heavy],
                )
                walls[threads] += [wall for wall, _ in done["runs"][0]][COLD_RUNS:]
        one, two = (statistics.median(walls[threads]) * 1000 for threads in (1, 2))
        figures.second_thread[name] = {
            "one": round(one, 2), "two": round(two, 2), "speed_up": round(one / two, 2),
        }


def say(text: str) -> None:
    """Progress, on stderr, when somebody looks."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
