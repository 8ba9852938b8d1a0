"""`warehouse-sql snapshot ...` and `warehouse-sql resize`: the command line of snapshots and resizes.

    warehouse-sql snapshot create dw monday
    warehouse-sql snapshot restore dw monday dw2
    warehouse-sql snapshot copy dw monday s3://backup/dw            list, restore and delete read it there
    warehouse-sql snapshot restore s3://backup/dw monday dw2 --streaming
    warehouse-sql resize dw dw4 --nodes 4 --slices-per-node 2       classic, into a new folder
    warehouse-sql resize dw --nodes 4                               elastic, in place

What reads a snapshot only (list, restore, copy, delete) does not open the database, so it works on a damaged one.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..storage.snapshots.manifest import Snapshot
    from ..storage.snapshots.places import Place
    from .dbapi import Connection

HELP = {"help_option_names": ["-h", "--help"]}
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
R = TypeVar("R")


@click.group(context_settings=HELP)
def snapshot() -> None:
    """Snapshots of DATABASE: make, list, restore, copy and delete them.

    Of copies DATABASE is the folder or URL that they were copied to. What reaches S3 is as the environment says: AWS_*
    variables and files, or WAREHOUSE_S3_ROOT for a folder in place of S3.
    """


@snapshot.command()
@click.argument("database")
@click.argument("name")
def create(database: str, name: str) -> None:
    """Make a snapshot of what is committed now."""
    made = _with(database, lambda c: c.snapshots.create(name))
    click.echo(f"snapshot {name}: {made.tables} tables, {made.rows:,} rows, {size(made.bytes)}", err=True)


@snapshot.command("list")
@click.argument("database")
def list_(database: str) -> None:
    """List snapshots: size, and how much of it deleting would give back."""
    from ..storage.snapshots.places import list_snapshots

    for line in lines(guarded(lambda: list_snapshots(_place(database)))):
        click.echo(line)


@snapshot.command()
@click.argument("database")
@click.argument("name")
@click.argument("folder")
@click.option("--streaming", is_flag=True, help="open at once; blocks come as they are asked for")
def restore(database: str, name: str, folder: str, streaming: bool) -> None:
    """Make FOLDER, which must be new, a database as it was."""
    from ..storage.snapshots.restore import restore

    made = guarded(lambda: restore(_place(database), name, Path(folder), streaming=streaming))
    coming = ", on their way" if streaming else ""
    click.echo(f"{folder}: {made.tables} tables, {made.rows:,} rows{coming}", err=True)


@snapshot.command()
@click.argument("database")
def fill(database: str) -> None:
    """Bring in now what a streaming restore has not brought in yet. It can be interrupted and goes on later."""
    def run(connection: Connection) -> str:
        missing = connection.snapshots.restoring
        connection.snapshots.fill()
        if missing is None:
            return "nothing was missing"
        return f"{missing.missing_files:,} files ({size(missing.missing_bytes)}) came from {missing.where}"

    click.echo(_with(database, run), err=True)


@snapshot.command("restore-table")
@click.argument("database")
@click.argument("name")
@click.argument("table")
@click.argument("new_name")
@click.option("--source", metavar="PLACE", help="the folder or URL that the snapshot was copied to")
def restore_table(database: str, name: str, table: str, new_name: str, source: str | None) -> None:
    """Bring TABLE of a snapshot back into the database as NEW_NAME."""
    rows = _with(database, lambda c: c.snapshots.restore_table(name, table, new_name, source=source))
    click.echo(f"{rows:,} rows restored", err=True)


@snapshot.command()
@click.argument("database")
@click.argument("name")
@click.argument("target")
def copy(database: str, name: str, target: str) -> None:
    """Copy a snapshot of DATABASE, a folder or URL, into TARGET, a folder or s3://bucket/prefix (also gs:// and az://);
    the other commands read it there. A copy into a store that was cut short goes on where it was."""
    from ..storage.snapshots.places import place_of
    from ..storage.snapshots.restore import copy

    to = guarded(lambda: place_of(target))
    if not isinstance(to, Path) and to.url.startswith("memory:"):
        raise click.UsageError(f'"{target}" would go with this command')
    click.echo(f"copied to {guarded(lambda: copy(_place(database), name, to))}", err=True)


@snapshot.command()
@click.argument("database")
@click.argument("name")
def delete(database: str, name: str) -> None:
    """Delete a snapshot and give its space back."""
    from ..storage.snapshots.places import delete

    guarded(lambda: delete(_place(database), name))


@snapshot.command()
@click.argument("database")
@click.option("--every", metavar="TIME", help="such as 30m, 8h or 1d")
@click.option("--keep", metavar="TIME", default="1d", show_default=True, help="how long each is kept")
@click.option("--off", is_flag=True, help="make no more automatic snapshots")
def schedule(database: str, every: str | None, keep: str, off: bool) -> None:
    """Make snapshots automatically while the database is open; without options, show the schedule."""
    if off and every:
        raise click.UsageError("--every and --off exclude each other")
    if off:
        _with(database, lambda c: c.snapshots.unschedule())
    elif every:
        times = _time(every), _time(keep)
        _with(database, lambda c: c.snapshots.schedule(*times))
    else:
        found = _with(database, lambda c: c.snapshots.scheduled)
        click.echo("no schedule" if found is None else f"every {_span(found.every)}, kept for {_span(found.keep)}")


@click.command(context_settings=HELP)
@click.argument("database")
@click.argument("folder", required=False)
@click.option("--nodes", type=click.IntRange(1), help="nodes from now on")
@click.option("--slices-per-node", type=click.IntRange(1), help="slices of each node; needs FOLDER")
@click.option("--node-type", help="Redshift's node type, such as ra3.4xlarge")
@click.option("--list", "show", is_flag=True, help="list what an elastic resize can go to")
def resize(
    database: str, folder: str | None, nodes: int | None, slices_per_node: int | None, node_type: str | None,
    show: bool,
) -> None:
    """Change DATABASE's nodes: in place where its slices stay, or into the new FOLDER with other slices."""
    if show:
        from ..storage.topology import describe

        fitting = _with(database, lambda c: c.elastic_resize_options(node_type))
        for number, slices in fitting:
            click.echo(describe(number, slices))
        if not fitting:
            click.echo("none: other slices need a new folder", err=True)
    elif folder is not None:
        where: str = folder
        _with(database, lambda c: c.resize(
            where, nodes=nodes, slices_per_node=slices_per_node, node_type=node_type
        ))
    elif nodes is None or slices_per_node is not None:
        raise click.UsageError("name a new folder for other slices, or only --nodes for the same slices in place")
    else:
        new: int = nodes
        _with(database, lambda c: c.elastic_resize(new, node_type))


def lines(snapshots: list[Snapshot]) -> list[str]:
    """The list as text, a line each."""
    found = [f"{'name':24} {'created (UTC)':19} {'kind':9} {'size':>9} {'own':>9}"] if snapshots else ["no snapshots"]
    for s in snapshots:
        if s.created is None:
            found.append(f"{s.name:24} damaged: {s.damage}")
            continue
        kind = "damaged" if s.damage else "automatic" if s.automatic else "manual"
        found.append(
            f"{s.name:24} {s.created:%Y-%m-%d %H:%M:%S} {kind:9} {size(s.bytes):>9} {size(s.own_bytes):>9}"
            + (f"  {s.damage}" if s.damage else "")
        )
    return found


def size(count: int) -> str:
    """`12.3 MB`"""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def _place(text: str) -> Place:
    """A folder that is there, or the URL of a place in an object store."""
    from ..storage.snapshots.places import place_of

    place: Place = guarded(lambda: place_of(text))
    if isinstance(place, Path) and not place.is_dir():
        raise click.UsageError(f'"{text}" is not a folder')
    return place


def _time(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if found is None:
        raise click.UsageError(f"{text!r} is no time: give a number and m, h or d, such as 8h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _span(time: timedelta) -> str:
    """As `_time` reads it; of several units the parts are put together: 1d12h."""
    minutes = int(time.total_seconds()) // 60
    parts = (minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "m")
    return "".join(f"{count}{unit}" for count, unit in parts if count) or f"{time.total_seconds():g} seconds"


def _with(database: str, action: Callable[[Connection], R]) -> R:
    """Do something with a connection to an existing database."""
    from .. import connect

    def run() -> R:
        with connect(database, autocommit=True, create=False) as connection:
            return action(connection)

    return guarded(run)


def guarded(action: Callable[[], Any]) -> Any:
    """Errors as the command line shows them; exit code 1."""
    from ..errors import Error

    try:
        return action()
    except Error as error:
        click.echo(f"warehouse-sql: error: {error.message}", err=True)
        if error.hint:
            click.echo(f"HINT:  {error.hint}", err=True)
        raise SystemExit(1) from error


COMMANDS: dict[str, click.Command] = {"snapshot": snapshot, "resize": resize}
