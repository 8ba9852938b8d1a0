"""`warehouse-sql`: the command line. Options follow psql; results on stdout, all else on stderr.

    warehouse-sql dw                      a prompt on the database folder dw (made if missing)
    warehouse-sql dw -c "select 1"        one statement; several -c and -f run in order
    warehouse-sql dw < script.sql         a script from standard input
    warehouse-sql warmup                  compile the kernels ahead of time
    warehouse-sql check dw                is everything there, and whole?
    warehouse-sql snapshot | resize       snapshots of a database, other nodes for it (admin.py)
    warehouse-sql load dw orders.csv      files into a table that is made by their look (loading.py)
    warehouse-sql crawl dw s3://lake/     external tables for files, by their look (crawling.py)
    warehouse-sql design | advise         table design, registered by bench/design/ as an entry point

Imports are late so that --help and --version answer at once.
"""
from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from .repl.shell import Shell

FORMATS = ("table", "csv", "tsv", "json", "jsonl", "markdown", "vertical", "html")
EXAMPLES = """
\b
Examples:
  warehouse-sql                              an empty database in memory
  warehouse-sql dw --nodes 2 --slices 2      a database folder with 2x2 slices
  warehouse-sql dw -c "select count(*) from sales"
  warehouse-sql dw --csv -c "select * from sales" > sales.csv
  warehouse-sql dw -f load.sql -v ON_ERROR_STOP=1 -v day=2024-01-31
  echo "select 1" | warehouse-sql --format json
  warehouse-sql warmup                       compile all kernels now (minutes of one core, once)
  warehouse-sql check dw                     read everything, compare with checksums and catalogue
  warehouse-sql snapshot create dw monday    keep dw as it is now; see snapshot --help
  warehouse-sql load dw orders.csv           make a table by the file's look, and COPY; see load --help
  warehouse-sql resize dw dw4 --nodes 4      the database with 4 nodes, in a new folder; see resize --help
  warehouse-sql design dw -w queries/        measure which distribution and sort keys the queries want
  warehouse-sql advise dw                    what to alter, by estimates for the recorded queries

\b
Exit codes: 0 fine, 1 fatal error, 2 no connection, 3 error in a script with ON_ERROR_STOP.
"""


class _Ordered(click.Command):
    """Keeps the order in which -c and -f stand: (parameter's name, value) in ctx.meta["actions"]."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        given = {name: iter(values.get(name) or ()) for name in ("commands", "files")}
        ctx.meta["actions"] = [(p.name, next(given[p.name])) for p in order if p.name in given]
        return super().parse_args(ctx, args)


@click.command(cls=_Ordered, epilog=EXAMPLES, context_settings={"help_option_names": ["-?", "-h", "--help"]})
@click.argument("database", default=":memory:")
@click.option("-c", "--command", "commands", multiple=True, metavar="SQL", help="run this and leave")
@click.option("-f", "--file", "files", multiple=True, metavar="FILE",
              help="run this script and leave; - is stdin")
@click.option("--format", "form", type=click.Choice(FORMATS), help="how results look  [default: table]")
@click.option("--csv", is_flag=True, help="same as --format csv")
@click.option("-t", "--no-header", is_flag=True, help="csv and tsv without the line of names")
@click.option("-o", "--output", metavar="FILE", help="write results to a file")
@click.option("-v", "--set", "variables", multiple=True, metavar="NAME=VALUE", help="set a variable")
@click.option("-x", "--expanded", is_flag=True, help="a line per column")
@click.option("-q", "--quiet", is_flag=True, help="no tags such as CREATE TABLE")
@click.option("--timing", is_flag=True, help="show how long each statement takes")
@click.option("--nodes", type=click.IntRange(1), help="nodes of a new database")
@click.option("--slices", type=click.IntRange(1), help="slices of each node of a new database")
@click.option("--node-type", help="Redshift's node type, such as ra3.4xlarge, instead of --slices")
@click.option("--threads", type=click.IntRange(1), help="worker threads  [default: the usable cores]")
@click.option("--memory-limit", metavar="SIZE", help="memory that one statement may hold, such as 2GB")
@click.option("--user", default="dev", show_default=True, help="the session's user")
@click.option("--read-only", is_flag=True, help="never write")
@click.option("--as-of", metavar="SNAPSHOT", help="the database as it was at a snapshot, read-only")
@click.option("--no-create", is_flag=True, help="a missing database is an error")
@click.version_option(package_name="warehouse-sql", prog_name="warehouse-sql")
@click.pass_context
def sql(ctx: click.Context, **options: Any) -> None:
    """Run SQL on DATABASE, a folder (made if it is missing) or :memory:. A prompt without -c and -f."""
    ctx.exit(_run(options, ctx.meta["actions"]))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-q", "--quiet", is_flag=True, help="say nothing when nothing was to do")
def warmup(quiet: bool) -> None:
    """Compile every kernel that the kernel pack lacks, so that no query waits for it."""
    from ..kernels import pack
    from ..storage.topology import usable_cpus

    visible = sys.stderr.isatty()

    def show(name: str, done: int, total: int) -> None:
        if visible:
            sys.stderr.write(f"\r\x1b[K{done} of {total}  {name}")
            sys.stderr.flush()

    count = pack.warmup(show, usable_cpus())
    if visible and count:
        sys.stderr.write("\r\x1b[K")
    if count or not quiet:
        click.echo(f"{count} kernels compiled" if count else "all kernels were there already", err=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("database")
@click.option("-q", "--quiet", is_flag=True, help="say nothing when nothing is wrong")
@click.pass_context
def check(ctx: click.Context, database: str, quiet: bool) -> None:
    """Read everything in the folder DATABASE and compare it with the catalogue and the checksums. Changes nothing.

    Exit codes: 0 all is whole, 1 something is damaged or missing, 2 it cannot be opened.
    """
    ctx.exit(_check(database, quiet))


COMMANDS = {"warmup": warmup, "check": check}
# Commands in modules of their own, which few need.
_ELSEWHERE = {"snapshot": "admin", "resize": "admin", "load": "loading", "crawl": "crawling"}
# Commands of other packages (bench/design/), which register them; others may do so too.
_REGISTERED = ("design", "advise")
ENTRY_POINTS = "warehouse.commands"


def _command(name: str) -> click.Command | None:
    """The command of this name, if it is one."""
    if name in _ELSEWHERE:
        from importlib import import_module

        found: click.Command = import_module(f".{_ELSEWHERE[name]}", __package__).COMMANDS[name]
        return found
    if name in COMMANDS:
        return COMMANDS[name]
    return _registered(name) if name in _REGISTERED or _may_be_command(name) else None


def _may_be_command(name: str) -> bool:
    """Whether to ask packages for it: a word that is no database there is."""
    return name.replace("-", "").isalnum() and not name.startswith("-") and not os.path.exists(name)


def _registered(name: str) -> click.Command | None:
    from importlib.metadata import entry_points

    found = entry_points(group=ENTRY_POINTS, name=name)
    for entry in found:
        command: click.Command = entry.load()
        return command
    if name in _REGISTERED:
        raise click.ClickException(f"the command {name} is not registered: install warehouse-sql anew (pip install)")
    return None


def _found(arguments: list[str]) -> click.Command | None:
    try:
        return _command(arguments[0]) if arguments else None
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)


def main() -> None:
    """The console script."""
    arguments = sys.argv[1:]
    try:
        command = _found(arguments)
        if command is not None:
            command.main(arguments[1:], prog_name=f"warehouse-sql {arguments[0]}")
        sql.main(arguments, prog_name="warehouse-sql")
    except BrokenPipeError:  # the reader went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _check(database: str, quiet: bool) -> int:
    from pathlib import Path

    from ..errors import Error
    from ..storage.check import Checked, check
    from .repl import shell as shells

    checked, problems = Checked(), 0
    visible = sys.stderr.isatty()
    try:
        for problem in check(Path(database), checked, lambda name: _status(f"{name} ...") if visible else None):
            problems += 1
            click.echo(problem)
    except Error as error:
        click.echo(f"warehouse-sql: error: {error.message}", err=True)
        return shells.EXIT_CONNECTION
    finally:
        if visible:
            _status("")
    if problems or not quiet:
        seen = f"{checked.tables:,} tables, {checked.extents:,} extents, {checked.blocks:,} blocks"
        click.echo(f"{seen}, {checked.bytes:,} bytes: {f'{problems:,} problems' if problems else 'all is whole'}")
        if checked.absent:
            click.echo(f"{checked.absent:,} extents are not restored yet and were read from {checked.source}")
    return shells.EXIT_FATAL if problems else shells.EXIT_OK


def _status(text: str) -> None:
    """A line on the terminal in place of the one before."""
    sys.stderr.write(f"\r\x1b[K{text}")
    sys.stderr.flush()


def _run(options: dict[str, Any], actions: list[tuple[str, str]]) -> int:
    """Connect, then do what was asked; the exit code."""
    from .. import connect
    from ..errors import Error
    from .repl import shell as shells

    same = ("nodes", "node_type", "threads", "memory_limit", "user", "read_only", "as_of")
    opened = {name: options[name] for name in same}
    opened |= {"slices_per_node": options["slices"], "create": not options["no_create"]}
    try:
        connection = connect(options["database"], autocommit=True, **opened)
    except Error as error:
        click.echo(f"warehouse-sql: error: {error.message}", err=True)
        if error.hint:
            click.echo(f"HINT:  {error.hint}", err=True)
        return shells.EXIT_CONNECTION
    with connection:
        shell = shells.Shell(connection, options["database"], _look(options))
        try:
            return _work(shell, options, actions)
        finally:
            if shell.out is not sys.stdout:
                shell.out.close()


def _look(options: dict[str, Any]) -> Any:
    from .repl.shell import Look

    return Look(
        format="csv" if options["csv"] else options["form"] or "table",
        expanded=options["expanded"],
        timing=options["timing"],
        quiet=options["quiet"],
        header=not options["no_header"],
    )


def _work(shell: Shell, options: dict[str, Any], actions: list[tuple[str, str]]) -> int:
    """Variables and output, then -c and -f in order, or standard input, or the prompt."""
    from ..errors import InterfaceError
    from .repl.shell import EXIT_FATAL, EXIT_OK

    for assignment in options["variables"]:
        name, _, value = assignment.partition("=")
        shell.variables[name] = value
    if options["output"]:
        try:
            shell.out = open(options["output"], "w")  # noqa: SIM115 - closed by _run
        except OSError as error:
            shell.tell(f"warehouse-sql: error: {options['output']}: {error.strerror}")
            return EXIT_FATAL
    if not actions and sys.stdin.isatty():
        from .repl.prompt import repl

        return repl(shell)
    code = EXIT_OK
    for kind, value in actions or [("files", "-")]:
        try:
            code = _one(shell, kind, value)
        except InterfaceError as error:
            shell.tell(f"warehouse-sql: error: {error.message}")
            return EXIT_FATAL
        if shell.done or (code and shell.stop_on_error):
            break
    return code


def _one(shell: Shell, kind: str, value: str) -> int:
    """psql's rules: a failed -c is 1; a failed script is 3 with ON_ERROR_STOP and 0 without."""
    from .repl.shell import EXIT_FATAL, EXIT_OK, EXIT_SCRIPT

    if kind == "commands":
        return EXIT_OK if shell.run_text(value) else EXIT_FATAL
    if shell.run_file(value) or not shell.stop_on_error:
        return EXIT_OK
    return EXIT_SCRIPT


if __name__ == "__main__":
    main()
