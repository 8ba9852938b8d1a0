"""`warehouse-sql load`: files into a table that need not be there, by what the files say of themselves.

    $ warehouse-sql load dw orders-2024.csv
    create table orders_2024 (
        id integer,
        day date
    );
    copy orders_2024 (id, day) from 'orders-2024.csv' csv ignoreheader 1;
    INFO:  Load into table 'orders_2024' completed, 1200 record(s) loaded successfully.

The statements are those that one would write: they are printed before they run, and `--dry-run` leaves it at that.
All files go in one transaction. \\copy without options asks the same questions (repl/copying.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..reserved_words import quoted
from .admin import guarded

if TYPE_CHECKING:
    from ..storage.inference.files import Inferred
    from .dbapi import Connection


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("database")
@click.argument("files", nargs=-1, required=True)
@click.option("-t", "--table", help="the table  [default: named after the first file]")
@click.option("--header/--no-header", default=None, help="has text a line of names?  [default: by its look]")
@click.option("--delimiter", help="what divides the fields of text  [default: by its look]")
@click.option("--options", default="", metavar="CLAUSES", help="further clauses of COPY, such as 'maxerror 10'")
@click.option("-n", "--dry-run", is_flag=True, help="print the statements, run none")
def load(
    database: str, files: tuple[str, ...], table: str | None, header: bool | None, delimiter: str | None, options: str,
    dry_run: bool,
) -> None:
    """Load FILES (local or s3://...) into a table of DATABASE: infer and print its CREATE TABLE, then COPY."""
    guarded(lambda: _load(database, files, table, header, delimiter, options, dry_run))


def _load(
    database: str, files: tuple[str, ...], table: str | None, header: bool | None, delimiter: str | None, options: str,
    dry_run: bool,
) -> None:
    from .. import connect
    from ..storage.inference.files import infer
    from ..storage.inference.names import table_name
    from ..storage.objects.registry import Objects

    with connect(database) as connection:
        objects = Objects(connection.session.stores)
        found = [infer(objects, name, header=header, delimiter=delimiter) for name in files]
        target = table or table_name(files[0])
        statements = [] if is_there(connection, target) else [create_statement(target, found[0])]
        statements += [copy_statement(target, name, each, options) for name, each in zip(files, found, strict=True)]
        for statement in statements:
            click.echo(statement + ";")
            if not dry_run:
                connection.execute(statement)
                for notice in connection.notices[-1:] if statement.startswith("copy") else ():
                    click.echo(str(notice), err=True)
        if not dry_run:
            connection.commit()


def is_there(connection: Connection, table: str) -> bool:
    """Is there a relation that the name means?"""
    from ..errors import UndefinedTable

    try:
        connection.execute(f"select * from {dotted(table)} where false").close()
    except UndefinedTable:
        connection.rollback()
        return False
    return True


def create_statement(table: str, found: Inferred) -> str:
    columns = ",\n".join(f"    {quoted(c.name)} {c.type}" for c in found.columns)
    return f"create table {dotted(table)} (\n{columns}\n)"


def copy_statement(table: str, source: str, found: Inferred, options: str = "") -> str:
    """COPY of one file; its columns are named, in the file's order."""
    named = ", ".join(quoted(c.name) for c in found.columns)
    name = source.replace("\\", "\\\\").replace("'", "''")
    return " ".join(filter(None, [f"copy {dotted(table)} ({named}) from '{name}'", found.clauses(), options]))


def dotted(name: str) -> str:
    """A name in a statement; schema.table stays two names."""
    return ".".join(map(quoted, name.split(".")))


COMMANDS: dict[str, click.Command] = {"load": load}
