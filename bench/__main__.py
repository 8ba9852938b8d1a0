"""`python -m warehouse.bench`: demo, run, small, report. Other suites register an entry point.

A package adds a command with the entry-point group `warehouse.bench`: a click command by name.
"""
from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import click

from . import machine, report
from .suites import SUITES, named


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure warehouse-sql beside DuckDB, by fair rules; every answer is checked first."""


def _threads(value: int | None) -> int:
    return value or min(2, machine.usable_cores())


@main.command()
@click.option("--sf", "scale", default=0.1, show_default=True, help="TPC-H scale factor")
@click.option("--threads", type=int, help="worker threads of both engines  [default: 2]")
@click.option("--nodes", default=2, show_default=True)
@click.option("--slices", default=2, show_default=True, help="slices of each node")
def demo(scale: float, threads: int | None, nodes: int, slices: int) -> None:
    """Load TPC-H, explain a join in two designs, check the 22 queries, show times."""
    from .demo import main as run

    run(scale, _threads(threads), nodes, slices)


OTHERS = ("copy", "unload", "dml", "wlm")  # that run no list of queries


def _measure_other(name: str, scale: float, designs: str, threads: int | None, runs: int, seconds: float) -> None:
    from . import copies, dml, runner, unloads, wlm

    if name == "wlm":
        found = wlm.measure(seconds)
        report.keep(found)
        runner.say("")
        click.echo("\n".join(wlm.lines(found)))
    elif name == "dml":
        before = machine.describe()
        _show({"suite": name, "machine": before, "dml": dml.measure()}, False)
    elif name == "copy":
        _show(copies.measure(scale, _threads(threads), min(runs, copies.RUNS), designs.split(",")), False)
    else:
        _show(unloads.measure(scale, _threads(threads), min(runs, unloads.RUNS)), False)


@main.command()
@click.option("--suite", "suite_name", default="tpch", show_default=True,
              help=f"of {', '.join([*SUITES, *OTHERS])}")
@click.option("--sf", "scale", default=1.0, show_default=True, help="scale factor")
@click.option("--queries", "names", help="such as 1,6,14  [default: all]")
@click.option("--design", "designs", default="demo,even", show_default=True,
              help="; ".join(f"{suite.name}: of {', '.join(suite.designs)}" for suite in SUITES.values()))
@click.option("--threads", type=int, help="worker threads of both engines  [default: 2]")
@click.option("--nodes", default=1, show_default=True)
@click.option("--slices", default=2, show_default=True, help="slices of each node")
@click.option("--runs", default=7, show_default=True, help="warm runs of each query")
@click.option("--quick", is_flag=True, help="warm runs only: no new processes, no small data")
@click.option("--memory-limit", help="only load and query once with this limit (such as 512MB), and without one")
@click.option("--seconds", default=10.0, show_default=True, help="wlm: of each part")
@click.option("--readme", is_flag=True, help="write the tables into README.md")
def run(
    suite_name: str, scale: float, names: str | None, designs: str, threads: int | None, nodes: int, slices: int,
    runs: int, quick: bool, memory_limit: str | None, seconds: float, readme: bool,
) -> None:
    """A suite: load, planning, warm and first runs, memory, threads, small data; a table and a JSON file."""
    from . import runner, small

    if suite_name in OTHERS:
        _measure_other(suite_name, scale, designs, threads, runs, seconds)
        return
    suite = named(suite_name)
    if memory_limit is not None:
        from . import limited

        for design in designs.split(","):
            found = limited.measure(suite.name, scale, design, suite.chosen(names), memory_limit, nodes=nodes,
                                    slices_per_node=slices, threads=_threads(threads))
            runner.say("")
            click.echo("\n".join(limited.lines(found)))
        return
    plan = runner.Plan(
        suite.name, scale, tuple(designs.split(",")), suite.chosen(names), _threads(threads), nodes, slices, runs,
        first=not quick,
    )
    result = runner.measure(plan)
    if suite.name == "tpch" and not quick:
        result["small"] = small.measure()
    _show(result, readme)


@main.command(name="small")
@click.option("--cycles", default=1000, show_default=True)
def small_data(cycles: int) -> None:
    """Start-up, opening a database, small statements and planning, beside DuckDB."""
    from . import small

    before = machine.describe()
    _show({"suite": "small", "machine": before, "small": small.measure(cycles)}, False)


@main.command(name="report")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--readme", is_flag=True, help="write the tables into README.md")
def show(file: Path, readme: bool) -> None:
    """Print a kept result again."""
    result = json.loads(file.read_text())
    if readme:
        report.write_readme(result)
    print("\n".join(report.lines(result)))


def _show(result: dict[str, object], readme: bool) -> None:
    from .runner import say

    path = report.keep(result)
    kept = json.loads(path.read_text())  # as a later `report` reads it
    say("")
    print("\n".join(report.lines(kept)))
    if readme:
        report.write_readme(kept)
    click.echo(f"kept in {path.name}", err=True)


for _entry in importlib.metadata.entry_points(group="warehouse.bench"):
    main.add_command(_entry.load(), _entry.name)


if __name__ == "__main__":
    main(prog_name="python -m warehouse.bench")
