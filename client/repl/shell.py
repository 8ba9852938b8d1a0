"""The shell without its line editor: statements and commands in, results and messages out.

    text --splitter.py--> statement ----> running.py (Ctrl-C, bar) --> DB-API --> render.py --> out
                     \\--> \\command ---> meta.py

Results go to `out` (stdout, or the file of \\o); everything else (tags, notices, timing, errors) goes
to stderr. Interactive use adds prompt.py around it. Exit codes are psql's: 0 fine, 1 fatal, 2 no
connection, 3 a script stopped by an error while ON_ERROR_STOP was set.
"""
from __future__ import annotations

import shutil
import sys
import time
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ...errors import Error, InterfaceError, InternalError, QueryCanceled
from ...records import dataclass
from .. import render
from . import complaint, running, splitter
from .describe import column_type

if TYPE_CHECKING:
    import pyarrow as pa

    from ..dbapi import Connection, Cursor

EXIT_OK, EXIT_FATAL, EXIT_CONNECTION, EXIT_SCRIPT = 0, 1, 2, 3
TERMINAL_ROWS = 40  # of a result on a terminal: half from its start, half from its end
MAX_DEPTH = 20  # of \\i inside \\i


@dataclass(slots=True)
class Look:
    """How results look; the options, \\pset and \\x change it."""

    format: str = "table"
    expanded: bool = False
    timing: bool = False
    quiet: bool = False
    null: str = render.NULL
    header: bool = True
    max_rows: int | None = None  # None: TERMINAL_ROWS on a terminal, else all


@dataclass(slots=True)
class Shell:
    """One connection and what psql calls its state."""

    connection: Connection
    database: str
    look: Look = field(default_factory=Look)
    variables: dict[str, str] = field(default_factory=dict)
    out: TextIO = field(default_factory=lambda: sys.stdout)
    interactive: bool = False
    last_statement: str = ""
    depth: int = 0
    done: bool = False  # \\q was given

    @property
    def stop_on_error(self) -> bool:
        return self.variables.get("ON_ERROR_STOP", "off").lower() in ("1", "on", "true", "yes")

    # -- scripts -------------------------------------------------------------------------------------

    def run_text(self, text: str, source: str = "", finish: bool = True) -> bool:
        """Run all pieces of a text, with `finish` an unended last statement too; whether all was well.

        Stops at the first error while ON_ERROR_STOP is set, and where \\q stands.
        """
        fine = True
        script = splitter.Script(text, self.variables)
        for piece in script:
            if not self.run_piece(piece, source):
                fine = False
                if self.stop_on_error:
                    return False
            if self.done:
                return fine
        last = script.last() if finish else None
        return (last is None or self.run_piece(last, source)) and fine

    def run_piece(self, piece: splitter.Piece, source: str) -> bool:
        """Run one statement or command; whether it went well."""
        place = f"{source}:{piece.line}: " if source else ""
        try:
            if piece.is_command:
                from .meta import run_command

                run_command(self, piece.text)
            else:
                self.run_statement(piece.text)
        except Error as error:
            self.complain(error, "" if piece.is_command else piece.text, place)
            return False
        except Exception as error:  # a defect: say so, and keep the session
            self.complain(InternalError(f"{type(error).__name__}: {error}"), piece.text, place)
            return False
        return True

    def run_file(self, name: str) -> bool:
        """\\i: run a script; `-` is standard input."""
        if self.depth >= MAX_DEPTH:
            raise InterfaceError(f"{name}: scripts include each other too deeply")
        if name == "-":
            return self.run_text(sys.stdin.read(), "stdin")
        try:
            text = Path(name).expanduser().read_text()
        except OSError as error:
            raise InterfaceError(f"{name}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise InterfaceError(f"{name}: not UTF-8 text") from None
        self.depth += 1
        try:
            return self.run_text(text, name)
        finally:
            self.depth -= 1

    # -- one statement -------------------------------------------------------------------------------

    def run_statement(self, sql: str) -> None:
        """Execute, fetch, render; errors are the caller's."""
        self.last_statement = sql
        start = time.perf_counter()
        cursor = self.connection.cursor()
        try:
            table = running.run(self.connection, lambda: fetch(cursor, sql))
            for notice in cursor.notices:
                self.tell(notice)
            if table is not None:
                self.show(table, [column_type(column) for column in cursor.description or ()])
            elif not self.look.quiet:
                self.tell(tag(cursor))
        finally:
            with suppress(InterfaceError):
                cursor.close()
        if self.look.timing:
            self.tell(f"Time: {(time.perf_counter() - start) * 1000:,.3f} ms")

    def show(self, table: pa.Table, types: list[str], footer: bool = True) -> None:
        """Write a result to where results go."""
        to_terminal = self.out.isatty()
        size = shutil.get_terminal_size()
        form = "vertical" if self.look.expanded and self.look.format == "table" else self.look.format
        rows = self.look.max_rows
        options = render.Options(
            width=size.columns if to_terminal else None,
            max_rows=rows if rows is not None else (TERMINAL_ROWS if to_terminal else None),
            types=types if form == "table" and to_terminal else (),
            null=self.look.null,
            header=self.look.header,
            footer=footer,
        )
        render.write(table, form, self.out, options)
        self.out.flush()

    # -- messages ------------------------------------------------------------------------------------

    def tell(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def complain(self, error: Error, sql: str, place: str = "") -> None:
        """Show an error with its place, detail and hint."""
        if isinstance(error, QueryCanceled) and self.interactive:
            self.tell(error.message)
            return
        lines = list(complaint.lines(error, sql))
        lines[0] = place + lines[0]
        if sys.stderr.isatty():
            lines[0] = f"\x1b[31m{lines[0]}\x1b[0m"
        for line in lines:
            self.tell(line)


def fetch(cursor: Cursor, sql: str) -> pa.Table | None:
    """Run a statement; its rows, or None where it has none."""
    cursor.execute(sql)
    return cursor.fetch_arrow_table() if cursor.description is not None else None


def tag(cursor: Cursor) -> str:
    """psql's tag: `INSERT 0 3`, `COPY 3`, `CREATE TABLE`."""
    name, count = cursor.statusmessage or "OK", cursor.rowcount
    if name == "INSERT":
        return f"INSERT 0 {max(count, 0)}"
    counted = count >= 0 and name in ("COPY", "SELECT", "UPDATE", "DELETE", "MERGE")
    return f"{name} {count}" if counted else name
