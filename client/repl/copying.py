"""\\copy: COPY and UNLOAD with files of this machine, in psql's words.

    \\copy t from 'orders.csv'                       COPY t FROM ...; without options by the file's look
    \\copy t (a, b) from f.txt with (format csv, header, delimiter ';')
    \\copy t to 'out.csv' csv header                 UNLOAD ('select * from t') ... PARALLEL OFF, under that very name
    \\copy (select * from t order by 1) to 'out.parquet'

psql's options become clauses: FORMAT, CSV, HEADER, DELIMITER, NULL. Others pass as they are, so that all clauses of
COPY and UNLOAD can be used. Without a format the end of the file's name says it.
"""
from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InterfaceError, NotSupportedError
from ...records import dataclass

if TYPE_CHECKING:
    from ..dbapi import Connection

_SHAPE = re.compile(
    r"""\s* (?: \( (?P<query>.*) \) | (?P<table> (?:"[^"]*"|[\w.])+ ) \s* (?P<columns>\([^)]*\))? )
        \s* \b(?P<way>from|to)\b \s* (?P<file> '(?:[^']|'')*' | \S+ ) \s* (?P<options>.*)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_IN_LIST = re.compile(r"""\s*(\w+)\s*((?:'(?:[^']|'')*'|[^,'])*)\s*(?:,|$)""")


@dataclass(frozen=True, slots=True)
class CopyCommand:
    """One \\copy. `query`: of TO; `options`: clauses of COPY or UNLOAD."""

    table: str
    columns: str
    query: str
    file: str
    options: str
    loads: bool


def parse(text: str) -> CopyCommand:
    """InterfaceError where it is no \\copy."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise InterfaceError(
            "\\copy: parse error", hint="\\copy table [(columns)] | (query) from | to 'file' [options]"
        )
    file = match["file"]
    if file.lower() in ("stdin", "stdout", "pstdin", "pstdout", "program"):
        raise NotSupportedError(f"\\copy {match['way']} {file} is not supported: name a file")
    loads = match["way"].lower() == "from"
    if loads and match["query"] is not None:
        raise InterfaceError("\\copy: a query has no rows to be loaded into")
    name = file[1:-1].replace("''", "'") if file.startswith("'") else file
    return CopyCommand(match["table"] or "", match["columns"] or "", match["query"] or "", name,
                       _clauses(match["options"], loads), loads)  # fmt: skip


def run(connection: Connection, text: str) -> str:
    """Do it; the tag to show."""
    command = parse(text)
    return _load(connection, command) if command.loads else _unload(connection, command)


def _load(connection: Connection, command: CopyCommand) -> str:
    from ...reserved_words import quoted
    from ...storage.inference.files import infer
    from ...storage.objects.registry import Objects
    from ..loading import copy_statement

    path = os.path.expanduser(command.file)
    if command.options:
        columns = f" {command.columns}" if command.columns else ""
        statement = f"copy {command.table}{columns} from {_text(path)} {command.options}"
    else:
        found = infer(Objects(connection.session.stores), path)
        statement = copy_statement(command.table, path, found)
        if command.columns or not found.header:  # the file's names are none of the table's
            named = ", ".join(quoted(c.name) for c in found.columns)
            statement = statement.replace(f" ({named}) from", f" {command.columns} from".replace("  ", " "), 1)
    return f"COPY {connection.execute(statement).rowcount}"


def _unload(connection: Connection, command: CopyCommand) -> str:
    """UNLOAD names its files itself, so it writes beside the target and its file takes the name."""
    target = Path(command.file).expanduser().absolute()
    columns = command.columns[1:-1] if command.columns else "*"
    query = command.query or f"select {columns} from {command.table}"
    options = command.options or _by_name(target.name)
    with tempfile.TemporaryDirectory(prefix=".copy-", dir=target.parent) as folder:
        done = connection.execute(f"unload ({_text(query)}) to {_text(folder + '/')} {options} parallel off")
        parts = sorted(Path(folder).iterdir())
        if len(parts) > 1 and "parquet" in options.lower():
            raise NotSupportedError(f"{command.file}: the rows do not fit one Parquet file; use UNLOAD")
        if not parts:  # no rows, in a format that has no file then
            target.write_bytes(b"")
            return f"COPY {done.rowcount}"
        for part in parts[1:]:
            with open(parts[0], "ab") as whole, open(part, "rb") as more:
                shutil.copyfileobj(more, whole)
        os.replace(parts[0], target)
    return f"COPY {done.rowcount}"


def _by_name(name: str) -> str:
    from ...storage.inference.names import format_of

    format, packed = format_of(name)
    if format in ("orc", "avro"):
        raise NotSupportedError(f"{name}: UNLOAD writes no {format.upper()} files")
    words = {"csv": "csv header", "delimited": "", "json": "json", "parquet": "parquet"}[format]
    if name.lower().removesuffix(".gz").endswith(".tsv"):
        words += " delimiter '\\t'"
    return f"{words} {packed or ''}".strip()


# -- options -------------------------------------------------------------------------------------------


def _clauses(text: str, loads: bool) -> str:
    """psql's options as clauses of COPY or UNLOAD."""
    text = re.sub(r"^with\s*", "", text.strip(), flags=re.IGNORECASE)
    if text.startswith("(") and text.endswith(")"):
        return " ".join(filter(None, (_listed(m[1], m[2].strip(), loads) for m in _IN_LIST.finditer(text[1:-1]))))
    if loads:
        text = re.sub(r"\bheader\b(?=(?:[^']|'[^']*')*$)", "ignoreheader 1", text, flags=re.IGNORECASE)
    return text


def _listed(name: str, value: str, loads: bool) -> str:
    """One option of a list in parentheses."""
    word = name.lower()
    if word == "format":
        return {"text": "", "csv": "csv"}.get(value.lower(), f"format {value}")
    if word == "header":
        on = value.lower() in ("", "true", "on", "1")
        return ("ignoreheader 1" if loads else "header") if on else ""
    if word == "null":
        return f"null as {value}"
    if word == "quote" and not loads:
        if value != "'\"'":
            raise NotSupportedError(f"\\copy to: QUOTE {value} is not supported: fields are quoted by \"")
        return ""
    return f"{name} {value}".strip()


def _text(value: str) -> str:
    """A text in a statement."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
