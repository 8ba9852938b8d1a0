"""Print a measurement as tables, keep it as JSON, and fill the README's block of measured figures.

    q01   ours 61.2 ms (58.9-70.1)   duckdb 101.0 (99.1-120.4)   0.61x   cpu 0.60x   first 80.1 (limit 129.6)

A ratio is our median over DuckDB's: below 1 we are faster. "first" is the first run in a new process
with a filled kernel pack; its limit is 1.3 times the warm median of that process plus 50 ms.
"""
from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import copies, dml, unloads
from .suites import named

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
BEGIN, END = "<!-- measured figures: begin -->", "<!-- measured figures: end -->"


def keep(result: dict[str, Any], folder: Path = RESULTS) -> Path:
    """Write the result as JSON; the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    path = folder / f"{result['suite']}-{stamp}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    return path


def lines(result: dict[str, Any]) -> list[str]:
    """The whole report as Markdown, readable as plain text."""
    out = heading(result)
    for figures in result.get("designs", ()):
        out += ["", *design(figures)]
    if "copies" in result:
        out += ["", *copies.lines(result)]
    if "unloads" in result:
        out += ["", *unloads.lines(result)]
    if "small" in result:
        out += ["", *small(result["small"])]
    if "dml" in result:
        out += ["", *dml.lines(result["dml"])]
    return out


def heading(result: dict[str, Any]) -> list[str]:
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    out = []
    if "plan" in result:
        plan = result["plan"]
        out.append(
            f"{named(result['suite']).title} at scale factor {plan['scale']:g}, "
            f"{plan['nodes']}x{plan['slices_per_node']} slices, {plan['threads']} threads; "
            f"medians of {plan['runs']} warm runs (quickest and slowest in brackets), "
            "ours and DuckDB in turns in one process."
        )
    out.append(
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}, "
        f"Python {machine['python']}, load average {machine['load_average'][0]:g} at the start; {versions}; "
        f"commit {machine['commit']}."
    )
    return out


def design(figures: dict[str, Any]) -> list[str]:
    """One design's tables: per query, then the totals around them."""
    out = [f"Design `{figures['design']}`:", "", *query_table(figures), ""]
    out += ["| | warehouse | DuckDB | ratio |", "|---|---:|---:|---:|"]
    load, size = figures["load"], figures["bytes_on_disk"]
    out.append(row("load from Parquet, s", [load[n]["wall"] for n in _BOTH]))
    out.append(row("bytes on disk, MB", [size[n] / 1e6 for n in _BOTH], "{:.1f}"))
    out.append(row("peak memory of the load, MiB", [load[n]["peak_rss"] / 2**20 for n in _BOTH], "{:.0f}"))
    if peak := figures["peak_bytes"]:
        out.append(row("peak memory of the queries, MiB", [peak[n] / 2**20 for n in _BOTH], "{:.0f}"))
    if second := figures["second_thread"]:
        out.append(row("a join: speed-up by a second thread", [second[n]["speed_up"] for n in _BOTH]))
    return out


_BOTH = ("warehouse", "duckdb")


def row(name: str, pair: Sequence[float], form: str = "{:.2f}") -> str:
    ours, theirs = pair
    return f"| {name} | {form.format(ours)} | {form.format(theirs)} | {ours / theirs:.2f}x |"


def query_table(figures: dict[str, Any]) -> list[str]:
    """A line per query and the total."""
    out = [
        "| query | warehouse, ms | DuckDB, ms | wall | CPU "
        "| planning / EXPLAIN, ms (repeated) | first run, ms (limit) |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    total = {"wall": [0.0, 0.0], "cpu": [0.0, 0.0]}
    for query, sample in figures["warm"].items():
        wall = [sample[n]["wall"] for n in _BOTH]
        cpu = [sample[n]["cpu"]["median"] for n in _BOTH]
        for i in (0, 1):
            total["wall"][i] += wall[i]["median"]
            total["cpu"][i] += cpu[i]
        cells = [
            query, spread(wall[0]), spread(wall[1]), ratio(wall[0]["median"], wall[1]["median"]), ratio(*cpu),
            planned(figures["planning"].get(query)), first_run(figures["first"].get(query)),
        ]
        out.append("| " + " | ".join(cells) + " |")
    mine, theirs = total["wall"]
    cells = [f"**{cell}**" for cell in ("total", f"{mine:.1f}", f"{theirs:.1f}", ratio(mine, theirs))]
    out.append("| " + " | ".join([*cells, f"**{ratio(*total['cpu'])}**", "", ""]) + " |")
    return out


def planned(figure: dict[str, float] | None) -> str:
    if not figure:
        return ""
    alone = f"{figure['planner']:.1f} / " if "planner" in figure else ""  # results kept before it was told apart
    return f"{alone}{figure['first']:.1f} ({figure['again']:.1f})"


def spread(sample: dict[str, float]) -> str:
    return f"{sample['median']:.1f} ({sample['low']:.1f}-{sample['high']:.1f})"


def ratio(ours: float, theirs: float) -> str:
    return f"{ours / theirs:.2f}x" if theirs else "-"


def first_run(first: dict[str, dict[str, float]] | None) -> str:
    if not first:
        return ""
    mine = first["warehouse"]
    return f"{mine['first']:.1f} ({1.3 * mine['warm'] + 50:.1f})"


def small(figures: dict[str, dict[str, Any]]) -> list[str]:
    """Small data: one line per measurement, with the goal beside it."""
    out = ["Small data, medians:", "", "| | warehouse, ms | DuckDB, ms | goal, ms |", "|---|---:|---:|---:|"]
    for name, figure in figures.items():
        theirs = f"{figure['duckdb']:.2f}" if figure.get("duckdb") is not None else "-"
        goal = "-" if figure["goal"] is None else f"{figure['goal']:g}"
        out.append(f"| {name} | {figure['warehouse']:.2f} | {theirs} | {goal} |")
    return out


def write_readme(result: dict[str, Any], readme: Path = ROOT / "README.md") -> None:
    """Put the report between README's markers."""
    head, _, rest = readme.read_text().partition(BEGIN)
    _, _, tail = rest.partition(END)
    if not tail:
        raise SystemExit(f"{readme.name} lacks the markers {BEGIN} and {END}")
    readme.write_text(f"{head}{BEGIN}\n" + "\n".join(lines(result)) + f"\n{END}{tail}")
