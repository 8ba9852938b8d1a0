"""The command line: `warehouse-sql design` and `warehouse-sql advise`.

    warehouse-sql design dw --workload queries/ --nodes 2 --slices 2
    warehouse-sql design --ddl schema.sql --data files/ --workload report.sql:3 --workload adhoc.sql
    warehouse-sql design --suite tpch --sf 1
    warehouse-sql advise dw

client/cli.py finds them by the entry-point group `warehouse.commands`.
"""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

HELP = {"help_option_names": ["-h", "--help"]}
EPILOG = """
\b
Examples:
  warehouse-sql design dw --workload queries/            the design of dw's tables for the queries in a folder
  warehouse-sql design dw                                ... for the queries that dw's history recorded
  warehouse-sql design --ddl t.sql --data files/ --workload q.sql
  warehouse-sql design --suite ssb --sf 0.1 --out ssb-design

\b
Stopped with Ctrl-C, the same command goes on where it was. OUT gets design.html, design.json, design.sql.
Exit codes: 0 fine, 1 error, 2 wrong options, 130 stopped.
"""


@click.command(context_settings=HELP, epilog=EPILOG)
@click.argument("database", required=False)
@click.option("--workload", "-w", multiple=True, metavar="FILE[:WEIGHT]", help="SQL file or folder of them  [default: "
              "the queries that the database's history recorded]")
@click.option("--ddl", type=click.Path(exists=True, dir_okay=False), help="CREATE TABLE script, instead of a database")
@click.option("--data", type=click.Path(exists=True, file_okay=False), help="folder with TABLE.parquet or .csv")
@click.option("--suite", type=click.Choice(["tpch", "ssb"]), help="a ready-made run")
@click.option("--sf", "scale", type=click.FloatRange(0.001, 100), default=0.1, show_default=True,
              help="its scale factor")
@click.option("--nodes", type=click.IntRange(1, 128), help="of the cluster  [default: the database's, else 2]")
@click.option("--slices", type=click.IntRange(1, 64), help="of each node  [default: the database's, else 2]")
@click.option("--out", default="design-report", show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--minutes", default=10.0, show_default=True, type=click.FloatRange(0),
              help="after them nothing more is loaded")
@click.option("--sample", type=click.IntRange(1000), metavar="ROWS",
              help="of the largest table, others in step  [default: all]")
@click.option("--minimise", type=click.Choice(["time", "bytes"]), default="time", show_default=True,
              help="seconds on the cluster, or bytes between slices")
@click.option("--network", default=100.0, show_default=True, type=click.FloatRange(1),
              help="MB/s a node sends while shuffling")
@click.option("--disk", default=4000.0, show_default=True, type=click.FloatRange(1),
              help="MB/s of blocks a node reads")
@click.option("--finalists", default=4, show_default=True, type=click.IntRange(1, 50),
              help="designs measured after screening")
@click.option("--restarts", default=4, show_default=True, type=click.IntRange(1, 1000),
              help="starts of the search")
@click.option("--runs", default=2, show_default=True, type=click.IntRange(1, 100),
              help="of each query; the quickest counts")
@click.option("--seed", default=0, show_default=True, help="the same seed, the same search")
@click.option("--threads", type=click.IntRange(1), help="worker threads  [default: the usable cores]")
@click.option("--estimate-only", is_flag=True, help="load nothing: the optimiser's estimates decide")
@click.option("--fresh", is_flag=True, help="forget a run that was stopped")
@click.option("--keep", is_flag=True, help="keep the scratch database with all variants")
@click.option("--verbose", "-v", is_flag=True, help="show the candidates that rules struck out")
@click.option("--quiet", "-q", is_flag=True, help="no progress")
def design(**options: Any) -> None:
    """Find the distribution, sort keys and encodings that a workload wants, by measurement, for DATABASE's tables.

    The database is only read: everything is loaded into a scratch one below OUT.
    """
    from ...errors import Error
    from .source import CannotRead

    try:
        _design(options)
    except (Error, CannotRead, ValueError) as error:
        click.echo(f"warehouse-sql: error: {getattr(error, 'message', error)}", err=True)
        raise SystemExit(1) from error
    except KeyboardInterrupt:
        click.echo(f"\nstopped; the same command goes on from here (state in {options['out']})", err=True)
        raise SystemExit(130) from None


def _design(options: dict[str, Any]) -> None:
    from . import report, report_html, report_text
    from .job import job_of
    from .progress import Progress
    from .state import State, forget

    _check(options)
    job = job_of(options)
    out: Path = options["out"]
    if options["fresh"]:
        forget(out)
    state = State.open(out, job.signature)
    parts = job.harness(Progress(quiet=options["quiet"]), state).run()
    found = report.result(job.title, parts, job.options.model, options["minimise"], job.notes, job.broken)
    (out / "design.json").write_text(json.dumps(found, indent=1) + "\n")
    (out / "design.html").write_text(report_html.page(found))
    (out / "design.sql").write_text(report.ddl(found))
    click.echo("\n".join(report_text.lines(found, options["verbose"])))
    click.echo(f"\n{out / 'design.html'}, design.json and design.sql hold all of it.")
    if not options["keep"]:
        forget(out)


def _check(options: dict[str, Any]) -> None:
    """One source of tables, and what goes with it."""
    sources = [bool(options["database"]), bool(options["ddl"]), bool(options["suite"])]
    if sum(sources) != 1:
        raise click.UsageError("name a DATABASE, or --ddl with --data, or a --suite")
    if bool(options["ddl"]) != bool(options["data"]):
        raise click.UsageError("--ddl and --data go together")
    if options["suite"] and options["workload"]:
        raise click.UsageError("a --suite brings its own workload")
    if options["ddl"] and not options["workload"]:
        raise click.UsageError("--ddl needs a --workload")


@click.command(context_settings=HELP)
@click.argument("database")
@click.option("--workload", "-w", multiple=True, metavar="FILE[:WEIGHT]",
              help="SQL file or folder of them  [default: the recorded history]")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def advise(database: str, workload: tuple[str, ...], as_json: bool) -> None:
    """Say what to alter in DATABASE, and what each change would gain. Changes nothing."""
    from ... import connect
    from ...errors import Error
    from . import advise as advisor
    from .workload import read

    queries, broken = read(workload)
    try:
        with connect(database, create=False, autocommit=True, maintenance=False) as connection:
            found, tips = advisor.found_for(connection, queries if workload else None)
    except Error as error:
        click.echo(f"warehouse-sql: error: {error.message}", err=True)
        raise SystemExit(1) from error
    if as_json:
        click.echo(advisor.as_json(found, tips, broken))
    else:
        click.echo("\n".join(advisor.lines(found, tips, broken)))


COMMANDS: dict[str, click.Command] = {"design": design, "advise": advise}
