"""What the benchmarks of COPY and UNLOAD share: a job by both engines in turns, its figures, their table."""
from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from .engines import NAMES
from .runner import say

RUNS = 3
GOAL = 1.2
MEMORY_GOAL = 1536  # MiB
# A job's answer: wall and CPU seconds, peak bytes, "check" (what both engines must have made), perhaps bytes "written".
Answer = dict[str, Any]
Figures = dict[str, dict[str, float]]


def in_turns(case: str, runs: int, job: Callable[..., Answer], *arguments: Any) -> Figures:
    """Figures by engine: median seconds, CPU seconds, peak bytes, bytes written. `job(engine, *arguments)` is a run."""
    found: dict[str, list[Answer]] = {name: [] for name in NAMES}
    for run in range(runs):
        for name in NAMES:
            say(f"{case}: {name}, run {run + 1}")
            found[name].append(job(name, *arguments))
    checks = {str(answer["check"]) for answers in found.values() for answer in answers}
    if len(checks) > 1:
        raise SystemExit(f"{case}: what the engines made differs: {checks}")
    return {name: _figures(answers) for name, answers in found.items()}


def _figures(answers: list[Answer]) -> dict[str, float]:
    found = {
        "wall": round(statistics.median(a["wall"] for a in answers), 3),
        "cpu": round(statistics.median(a["cpu"] for a in answers), 3),
        "peak": max(a["peak_rss"] for a in answers),
    }
    return found | ({"written": answers[0]["written"]} if "written" in answers[0] else {})


def lines(result: dict[str, Any], what: str, first: str, cases: dict[str, Figures]) -> list[str]:
    """The figures as a Markdown table. `what`: "COPY of lineitem"; `first`: the heading over the cases."""
    written = any("written" in figures for engines in cases.values() for figures in engines.values())
    heads = [first, "ours, s", "DuckDB, s", "ratio", "CPU", "ours, MiB", "DuckDB, MiB"]
    heads += ["written, MB", "DuckDB, MB"] * written
    out = [
        f"{what} at scale factor {result['scale']:g}, {result['threads']} threads, medians of {result['runs']} runs in "
        f"turns; goal: at most {GOAL}x DuckDB, under {MEMORY_GOAL:,} MiB.",
        "",
        f"| {' | '.join(heads)} |",
        f"|---|{'---:|' * (len(heads) - 1)}",
    ]
    for case, figures in cases.items():
        ours, theirs = figures["warehouse"], figures["duckdb"]
        row = [
            case, f"{ours['wall']:.2f}", f"{theirs['wall']:.2f}", f"{ours['wall'] / theirs['wall']:.2f}x",
            f"{ours['cpu'] / theirs['cpu']:.2f}x", f"{int(ours['peak']) >> 20:,}", f"{int(theirs['peak']) >> 20:,}",
        ]  # fmt: skip
        row += [f"{engine['written'] / 1e6:,.0f}" for engine in (ours, theirs)] if written else []
        out.append(f"| {' | '.join(row)} |")
    return out
