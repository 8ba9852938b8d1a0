"""`warehouse-sql crawl` and `connection.crawl`: external tables for the files below a prefix.

    $ warehouse-sql crawl dw s3://lake/ --schema lake
    created    lake.sales       2 columns, partitioned by year; 2 partitions
    changed    lake.users       column age: int is bigint now
    unchanged  lake.events

Which files are one table, and what becomes of columns that differ: storage/inference/tables.py. The tables are made by
the statements that one would write (CREATE EXTERNAL TABLE, MSCK REPAIR TABLE), in an external schema that is made if it
is missing. Crawling again finds new files, partitions and columns; tables whose files are gone are told and stay. What
differs is made anew in one transaction, with properties that others have given the table.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from ..records import dataclass
from ..reserved_words import quoted
from .admin import guarded

if TYPE_CHECKING:
    from ..storage.inference.files import Found
    from ..storage.inference.tables import TableFound
    from .dbapi import Connection

_SERDES = {
    "csv": "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' with serdeproperties "
           "('separatorChar'='{}', 'quoteChar'='\"') stored as textfile",
    "delimited": "row format delimited fields terminated by '{}' stored as textfile",
    "json": "row format serde 'org.openx.data.jsonserde.JsonSerDe' stored as textfile",
    "parquet": "stored as parquet",
    "orc": "stored as orc",
    "avro": "stored as avro",
}  # fmt: skip
ORIGIN = "column.origin."  # storage/lake/formats/choices.py
IN_TRANSACTION = "25001"  # SQLSTATE of what is refused there
CREATED, CHANGED, UNCHANGED, GONE, CONFLICT = "created", "changed", "unchanged", "gone", "conflict"


@dataclass(frozen=True, slots=True)
class Change:
    """What a crawl did about one table."""

    table: str  # schema.table
    what: str  # 'created', 'changed', 'unchanged', 'gone' or 'conflict': its files are no table
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.what:<9}  {self.table}" + (f"  {'; '.join(self.details)}" if self.details else "")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("database")
@click.argument("prefix")
@click.option("-s", "--schema", default="lake", show_default=True, help="the external schema of the tables")
@click.option("--conflicts", type=click.Choice(("cast", "columns", "refuse")), default="cast", show_default=True,
              help="columns of two types: take the wider type, make one column per type, or make no table")
@click.option("-n", "--dry-run", is_flag=True, help="print the statements that would make the tables, run none")
def crawl_command(database: str, prefix: str, schema: str, conflicts: str, dry_run: bool) -> None:
    """Make external tables in DATABASE for the files below PREFIX: formats, columns and partitions by their look."""
    guarded(lambda: _command(database, prefix, schema, conflicts, dry_run))


def _command(database: str, prefix: str, schema: str, conflicts: str, dry_run: bool) -> None:
    from .. import connect

    with connect(database, autocommit=True) as connection:
        if dry_run:
            for table in _found(connection, prefix, conflicts):
                click.echo(f"-- {table.problem}" if table.problem else create_statement(schema, table) + ";")
            return
        for change in crawl(connection, prefix, schema, conflicts=conflicts):
            click.echo(str(change))


def crawl(connection: Connection, prefix: str, schema: str = "lake", *, conflicts: str = "cast") -> list[Change]:
    """Make or renew the external tables of `schema` for the files below `prefix`; what was done, by table."""
    found = _found(connection, prefix, conflicts)
    connection.execute(
        f"create external schema if not exists {quoted(schema)} from data catalog database '{schema}' iam_role default "
        "create external database if not exists"
    )
    known = _columns(connection, schema)
    changes = [_renew(connection, schema, table, known.get(table.name)) for table in found]
    names = {table.name for table in found}
    for name, location in _locations(connection, schema).items():
        if name not in names and location.startswith(prefix):
            changes.append(Change(f"{schema}.{name}", GONE, (f"no files at {location}",)))
    return changes


def _found(connection: Connection, prefix: str, conflicts: str) -> list[TableFound]:
    from ..errors import FileMissing
    from ..storage.inference.tables import find_tables
    from ..storage.objects.registry import Objects

    found = find_tables(Objects(connection.session.stores), prefix, conflicts=conflicts)
    if not found:
        raise FileMissing(f'there are no files below "{prefix}"')
    return found


def _renew(connection: Connection, schema: str, table: TableFound, known: dict[str, str] | None) -> Change:
    """Make the table, or bring it up to the files."""
    name = f"{quoted(schema)}.{quoted(table.name)}"
    if table.problem:
        return Change(f"{schema}.{table.name}", CONFLICT, (table.problem,))
    wanted = {c.name: _type(c) for c in (*table.inferred.columns, *table.keys)}
    before = _partitions(connection, schema, table.name)
    differing = [] if known is None else _differences(known, wanted)
    if known is None:
        connection.execute(create_statement(schema, table))
    elif differing:
        _replace(connection, schema, table)
    if table.keys:
        connection.execute(f"msck repair table {name}")
    after = _partitions(connection, schema, table.name)
    details = list(table.notes)
    if known is None:
        kinds = f"{len(table.inferred.columns)} columns, {table.inferred.format}, {table.files} files"
        by = f", partitioned by {', '.join(c.name for c in table.keys)}" if table.keys else ""
        return Change(f"{schema}.{table.name}", CREATED, (kinds + by, *details))
    details = [*differing, *([f"{after - before:+} partitions"] if after != before else []), *details]
    changed = bool(differing) or after != before
    return Change(f"{schema}.{table.name}", CHANGED if changed else UNCHANGED, tuple(details))


def _replace(connection: Connection, schema: str, table: TableFound) -> None:
    """The table anew, with the properties that others have given it; at no time is there none, save in AWS Glue, which
    has no transactions."""
    from ..errors import OperationalError

    name = f"{quoted(schema)}.{quoted(table.name)}"
    sql = "select parameters from svv_external_tables where schemaname = %s and tablename = %s"
    [(text,)] = connection.execute(sql, (schema, table.name)).fetchall()
    made = ("skip.header.line.count", "numRows")
    kept = {k: v for k, v in json.loads(text).items() if k not in made and not k.startswith(ORIGIN)}
    statements = [f"drop table {name}", create_statement(schema, table)]
    if kept:
        statements.append(f"alter table {name} set table properties ({_pairs(kept)})")
    try:
        _at_once(connection, statements)
    except OperationalError as error:
        if error.sqlstate != IN_TRANSACTION:
            raise
        for statement in statements:
            connection.execute(statement)


def _at_once(connection: Connection, statements: list[str]) -> None:
    """The data catalogue is one with the database: what Redshift refuses in a transaction can be one here."""
    [(compatibility,)] = connection.execute("show compatibility").fetchall()
    connection.execute("set compatibility to extended")
    try:
        for statement in ("begin", *statements, "commit"):
            connection.execute(statement)
    except BaseException:
        connection.execute("rollback")
        raise
    finally:
        connection.execute(f"set compatibility to {compatibility}")


def _differences(known: dict[str, str], wanted: dict[str, str]) -> list[str]:
    told = [f"column {name}: {known[name]} is {type} now" for name, type in wanted.items()
            if known.get(name, type) != type]  # fmt: skip
    told += [f"column {name} {type} is new" for name, type in wanted.items() if name not in known]
    told += [f"column {name} is gone" for name in known if name not in wanted]
    return told


def create_statement(schema: str, table: TableFound) -> str:
    """CREATE EXTERNAL TABLE of a table that was found."""
    found = table.inferred
    lines = [f"create external table {quoted(schema)}.{quoted(table.name)} ("]
    lines.append(",\n".join(f"    {quoted(c.name)} {_type(c)}" for c in found.columns))
    lines.append(")")
    if table.keys:
        lines.append("partitioned by (" + ", ".join(f"{quoted(c.name)} {_type(c)}" for c in table.keys) + ")")
    delimiter = {"\t": "\\t"}.get(found.delimiter, found.delimiter)
    lines.append(_SERDES[found.format].format(delimiter))
    lines.append(f"location {_text(table.location)}")
    properties = {"skip.header.line.count": "1"} if found.header else {}
    properties |= {ORIGIN + c.name: c.source for c in found.columns if c.chosen}
    if properties:
        lines.append(f"table properties ({_pairs(properties)})")
    return "\n".join(lines)


def _pairs(properties: dict[str, str]) -> str:
    return ", ".join(f"{_text(name)}={_text(value)}" for name, value in properties.items())


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _type(column: Found) -> str:
    """As the data catalogue writes it. Moments with a zone are timestamps there, times of day texts."""
    from ..storage.lake.hive_types import of_sql
    from ..storage.types import TIMESTAMP, Kind, varchar

    if column.nested:
        return column.nested
    kind = column.type.kind
    if kind in (Kind.TIME, Kind.SUPER):
        return of_sql(varchar(65535)).text
    return of_sql(TIMESTAMP if kind is Kind.TIMESTAMPTZ else column.type).text


def _columns(connection: Connection, schema: str) -> dict[str, dict[str, str]]:
    """Of the schema's tables: their columns' types by name."""
    rows = connection.execute(
        "select tablename, columnname, external_type from svv_external_columns where schemaname = %s "
        "order by columnnum",
        (schema,),
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, type in rows:
        found.setdefault(table, {})[column] = type
    return found


def _partitions(connection: Connection, schema: str, table: str) -> int:
    sql = "select count(*) from svv_external_partitions where schemaname = %s and tablename = %s"
    [(count,)] = connection.execute(sql, (schema, table)).fetchall()
    return int(count)


def _locations(connection: Connection, schema: str) -> dict[str, str]:
    sql = "select tablename, location from svv_external_tables where schemaname = %s"
    return dict(connection.execute(sql, (schema,)).fetchall())


COMMANDS: dict[str, click.Command] = {"crawl": crawl_command}
