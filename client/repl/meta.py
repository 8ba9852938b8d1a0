"""Backslash commands: one function each, in COMMANDS; \\? lists them from their docstrings."""
from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InterfaceError
from .. import render
from . import describe

if TYPE_CHECKING:
    from .shell import Shell

Command = Callable[["Shell", str], None]


def run_command(shell: Shell, text: str) -> None:
    """Run one command; InterfaceError for what is not known."""
    match = re.match(r"\\(\S+)\s*(.*)", text, re.DOTALL)
    name, argument = (match.group(1), match.group(2).strip()) if match else ("", "")
    name, argument = name.rstrip(";"), argument.rstrip(";").strip()
    command = COMMANDS.get(name)
    if command is None and re.fullmatch(r"d[tv]?[S+]*", name):
        command = lambda shell, argument: _d(shell, name, argument)  # noqa: E731
    if command is None:
        raise InterfaceError(f"invalid command \\{name}", hint="\\? lists the commands")
    command(shell, argument)


def _d(shell: Shell, name: str, argument: str) -> None:
    """[NAME] relations, or columns with ENCODE, DISTKEY, SORTKEY; \\dt tables, \\dv views, S: system too"""
    system, what = "S" in name, name[1:].rstrip("S+")
    if argument and not what:
        for listing in describe.one(shell.connection, argument):
            draw(shell, listing)
        return
    listing = describe.listing(shell.connection, what, argument, system)
    if listing.table.num_rows == 0:
        shell.tell("Did not find any relations." if not argument else f"Did not find any named {argument!r}.")
        return
    draw(shell, listing)


def draw(shell: Shell, listing: describe.Listing) -> None:
    """A listing to where results go."""
    as_table = shell.look.format == "table"
    if as_table:
        print(listing.title, file=shell.out)
    shell.show(listing.table, [], footer=False)
    if as_table:
        for note in listing.notes:
            print(note, file=shell.out)


def _dn(shell: Shell, argument: str) -> None:
    """schemas"""
    draw(shell, describe.schemas(shell.connection))


def _df(shell: Shell, argument: str) -> None:
    """[PATTERN] functions, how they are called, and which are refused"""
    listing = describe.functions(argument)
    if listing.table.num_rows == 0:
        shell.tell(f"Did not find any function named {argument!r}.")
        return
    draw(shell, listing)


def _l(shell: Shell, argument: str) -> None:
    """databases"""
    draw(shell, describe.databases(shell.connection))


def _timing(shell: Shell, argument: str) -> None:
    """[on|off] show how long each statement takes"""
    shell.look.timing = _switch(argument, shell.look.timing)
    shell.tell(f"Timing is {'on' if shell.look.timing else 'off'}.")


def _x(shell: Shell, argument: str) -> None:
    """[on|off] a line per column instead of a row per line"""
    shell.look.expanded = _switch(argument, shell.look.expanded)
    shell.tell(f"Expanded display is {'on' if shell.look.expanded else 'off'}.")


def _switch(argument: str, before: bool) -> bool:
    if not argument:
        return not before
    if argument.lower() not in ("on", "off", "true", "false", "1", "0"):
        raise InterfaceError(f"unrecognized value {argument!r}: on or off expected")
    return argument.lower() in ("on", "true", "1")


def _o(shell: Shell, argument: str) -> None:
    """[FILE] send results to a file; without one, back to the screen"""
    import sys

    name = _unquoted(argument)
    try:
        fresh = open(Path(name).expanduser(), "w") if name else sys.stdout  # noqa: SIM115 - closed by the next \o
    except OSError as error:
        raise InterfaceError(f"{name}: {error.strerror}") from None
    if shell.out is not sys.stdout:
        shell.out.close()
    shell.out = fresh


def _i(shell: Shell, argument: str) -> None:
    """FILE run a script"""
    name = _unquoted(argument)
    if not name:
        raise InterfaceError("\\i: missing required argument")
    if not shell.run_file(name) and shell.stop_on_error:
        raise InterfaceError(f"{name}: stopped by the error above")


def _e(shell: Shell, argument: str) -> None:
    """edit the last statement with $EDITOR and run it"""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.NamedTemporaryFile("w", suffix=".sql", delete=False) as file:
        file.write(shell.last_statement + ";\n" if shell.last_statement else "")
    try:
        before = Path(file.name).read_text()
        if subprocess.run([*editor.split(), file.name], check=False).returncode:
            raise InterfaceError(f"{editor} failed; nothing was run")
        after = Path(file.name).read_text()
    finally:
        Path(file.name).unlink()
    if after != before:
        shell.tell(after.rstrip())
        shell.run_text(after)


def _g(shell: Shell, argument: str) -> None:
    """run the last statement again"""
    if shell.last_statement:
        shell.run_statement(shell.last_statement)


def _copy(shell: Shell, argument: str) -> None:
    """TABLE [(COLUMNS)] | (QUERY) from | to FILE [OPTIONS] load or unload a file of this machine"""
    from . import copying

    shell.tell(copying.run(shell.connection, argument))


def _set(shell: Shell, argument: str) -> None:
    """[NAME [VALUE]] set a variable (:name, :'name', :"name" in statements), or list them"""
    name, _, value = argument.partition(" ")
    if name:
        shell.variables[name] = _unquoted(value)
        return
    for name, value in sorted(shell.variables.items()):
        print(f"{name} = '{value}'", file=shell.out)


def _unset(shell: Shell, argument: str) -> None:
    """NAME forget a variable"""
    shell.variables.pop(argument, None)


def _pset(shell: Shell, argument: str) -> None:
    """format FORMAT | null TEXT | rows N|all    how results look"""
    option, _, value = argument.partition(" ")
    value = _unquoted(value)
    match option:
        case "format":
            if value not in render.FORMATS:
                raise InterfaceError(f"no format {value!r}", hint=f"one of {', '.join(render.FORMATS)}")
            shell.look.format = value
        case "null":
            shell.look.null = value
        case "rows":
            if value != "all" and not value.isdigit():
                raise InterfaceError(f"\\pset rows: a number or `all` expected, not {value!r}")
            shell.look.max_rows = int(value) if value.isdigit() else 1 << 62
        case _:
            raise InterfaceError(f"\\pset: unknown option {option!r}", hint="format, null or rows")


def _echo(shell: Shell, argument: str) -> None:
    """TEXT print a text"""
    print(_unquoted(argument), file=shell.out)


def _conninfo(shell: Shell, argument: str) -> None:
    """what this is connected to"""
    session = describe.rows(shell.connection, "select count(distinct node), count(*) from stv_slices")
    nodes, slices = session[0]
    shell.tell(f'You are connected to "{shell.database}", {nodes} node(s), {slices} slice(s).')


def _q(shell: Shell, argument: str) -> None:
    """leave"""
    shell.done = True


def _snapshot(shell: Shell, argument: str) -> None:
    """[create NAME | delete NAME] snapshots: list, make or delete"""
    from ..admin import lines

    snapshots = shell.connection.snapshots
    words = argument.split()
    match words:
        case []:
            for line in lines(snapshots.list()):
                print(line, file=shell.out)
        case ["create", name]:
            snapshots.create(name)
        case ["delete", name]:
            snapshots.delete(name)
        case _:
            raise InterfaceError("\\snapshot takes create NAME, delete NAME or nothing")


def _help(shell: Shell, argument: str) -> None:
    """these commands"""
    for name, command in sorted(COMMANDS.items(), key=lambda item: item[0].lower()):
        print(f"  \\{name:9} {command.__doc__}", file=shell.out)


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1].replace("''", "'") if len(text) > 1 and text[0] == text[-1] == "'" else text


COMMANDS: dict[str, Command] = {
    "?": _help, "conninfo": _conninfo, "copy": _copy, "df": _df, "dn": _dn, "e": _e, "echo": _echo, "g": _g,
    "i": _i, "l": _l, "o": _o, "pset": _pset, "q": _q, "set": _set, "snapshot": _snapshot, "timing": _timing,
    "unset": _unset, "x": _x,
}  # fmt: skip


def _d_listed(shell: Shell, argument: str) -> None:
    _d(shell, "d", argument)


_d_listed.__doc__ = _d.__doc__
COMMANDS["d"] = _d_listed
