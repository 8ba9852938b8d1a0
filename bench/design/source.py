"""Where the tables come from, and how they get into the run's scratch database.

    FromDatabase("dw")               every table with rows, streamed over as Arrow; the database is only read
    FromFiles("schema.sql", "data")  the script's tables, each COPYed from data/<table>.parquet, .csv, .csv.gz, or the
                                     files of data/<table>/

Staged tables have the topology that was asked for and keep their own design (what the run calls the baseline), without
defaults, identities and constraints. Views come along; one that cannot be made is reported.

A sample keeps joins whole: large tables that are joined are sampled by the hash of the column that joins them, the same
share of values on both sides, and small tables are taken whole (`sample_clauses`).
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.advisor.designs import TableName, name_of, shown
from ...engine.advisor.usage import Column
from ...engine.result import Result
from ...engine.virtual.definitions import create_table
from ...errors import Error
from ...reserved_words import quoted
from ...storage.schema import Table, TableStatistics, View
from ...storage.types import Kind

if TYPE_CHECKING:
    from ...client.dbapi import Connection
    from ...engine.context import Context

SAMPLE_PARTS = 1000
_ENCODING = re.compile(r" ENCODE \w+")
_HASHED = (Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT, Kind.VARCHAR, Kind.CHAR, Kind.DATE)
_CSV = "format csv ignoreheader 1"
_FORMATS = {".parquet": "format parquet", ".csv": _CSV, ".csv.gz": f"{_CSV} gzip"}

Step = Callable[[str], None]


class CannotRead(Exception):
    """The source is not there or makes no sense; the text says what."""


@dataclass(frozen=True, slots=True)
class Relations:
    """What a database has: tables with rows, and views."""

    tables: tuple[Table, ...]
    views: tuple[View, ...]
    statistics: Mapping[TableName, TableStatistics]

    def rows(self, name: TableName) -> int:
        return self.statistics[name].rows


def relations(connection: Connection) -> Relations:
    """Tables of users' schemas that have rows, and views."""
    tables: list[Table] = []
    views: list[View] = []
    statistics: dict[TableName, TableStatistics] = {}

    def look(context: Context) -> Result:
        for found in context.view.relations():
            if isinstance(found, View):
                views.append(found)
            elif (known := context.view.data(found).statistics).rows:
                tables.append(found)
                statistics[name_of(found)] = known
        return Result("SHOW")

    connection.session.perform("-- relations", "Show", look)
    return Relations(tuple(tables), tuple(views), statistics)


def copy_database(source: Connection, target: Connection, clauses: Mapping[TableName, str], step: Step) -> list[str]:
    """Stage all tables of `source`; `clauses`: WHERE clauses of those that are sampled. What could not be taken."""
    there = relations(source)
    for schema in sorted({t.schema for t in there.tables} | {v.schema for v in there.views}):
        target.execute(f"create schema if not exists {quoted(schema)}")
    problems = []
    for table in there.tables:
        step(f"staging {shown(name_of(table))}")
        try:
            _copy_table(table, source, target, clauses.get(name_of(table), ""))
        except Error as error:
            problems.append(f"{shown(name_of(table))}: {error}")
            target.execute(f"drop table if exists {quoted(table.schema)}.{quoted(table.name)}")
    return problems + _copy_views(there.views, target)


def _copy_table(table: Table, source: Connection, target: Connection, clause: str) -> None:
    columns = tuple(replace(c, identity=None, default_sql=None, encoding="auto") for c in table.columns)
    plain = replace(table, columns=columns, constraints=(), auto_key=False)
    name = f"{quoted(table.schema)}.{quoted(table.name)}"
    target.execute(f"drop table if exists {name}")
    target.execute("\n".join(without_encoding(line) for line in create_table(plain).split("\n")))
    rows = source.cursor().execute(f"select * from {name}{clause}")
    target.write_arrow(name, rows, create=False)


def without_encoding(line: str) -> str:
    """A column's line of CREATE TABLE, its encoding left to the load."""
    return _ENCODING.sub("", line, count=1) if line.startswith("    ") else line


def _copy_views(views: Sequence[View], target: Connection) -> list[str]:
    """In any order that works: views stand on views."""
    from ...engine.virtual.definitions import create_view

    left, problems = list(views), list[str]()
    while left:
        failed = []
        problems = []
        for view in left:
            try:
                target.execute(create_view(view))
            except Error as error:
                failed.append(view)
                problems.append(f"view {view.schema}.{view.name}: {error}")
        if len(failed) == len(left):
            break
        left = failed
    return problems


def load_files(target: Connection, script: Path, data: Path, step: Step) -> list[str]:
    """Run a DDL script and COPY each of its tables; the tables without files."""
    try:
        text = script.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRead(f"{script} cannot be read: {error}") from None
    if not data.is_dir():
        raise CannotRead(f"{data} is not a folder")
    try:
        for result in target.session.execute_script(text):
            result.close()
    except Error as error:
        raise CannotRead(f"{script}: {error}") from error
    missing = []
    for name in _empty_tables(target):
        found = next(_files(data, name), None)
        if found is None:
            missing.append(f"{shown(name)}: no file {name[1]}.parquet or {name[1]}.csv, and no folder {name[1]}")
            continue
        step(f"loading {shown(name)}")
        path, form = found
        try:
            place = str(path).replace("'", "''")
            target.execute(f"copy {quoted(name[0])}.{quoted(name[1])} from '{place}' {form}")
        except Error as error:
            raise CannotRead(f"{path}: {error}") from error
    return missing


def _files(data: Path, name: TableName) -> Iterator[tuple[Path, str]]:
    for stem in (f"{name[0]}.{name[1]}", name[1]):
        for suffix, form in _FORMATS.items():
            if (data / f"{stem}{suffix}").exists():
                yield data / f"{stem}{suffix}", form
        folder = data / stem
        if folder.is_dir():
            for suffix, form in _FORMATS.items():
                if any(p.name.endswith(suffix) for p in folder.iterdir()):
                    yield folder, form


def _empty_tables(connection: Connection) -> list[TableName]:
    found: list[TableName] = []

    def look(context: Context) -> Result:
        for relation in context.view.relations():
            if isinstance(relation, Table) and not context.view.data(relation).statistics.rows:
                found.append(name_of(relation))
        return Result("SHOW")

    connection.session.perform("-- relations", "Show", look)
    return found


# -- samples -------------------------------------------------------------------------------------------


def sample_clauses(there: Relations, joins: Sequence[tuple[Column, Column]], rows: int) -> dict[TableName, str]:
    """WHERE clauses that leave about `rows` rows of the largest table, and the same share of others that are larger
    than that. `joins`: those with the most work first."""
    large = {name_of(t): t for t in there.tables if there.rows(name_of(t)) > rows}
    if not large:
        return {}
    share = max(1, SAMPLE_PARTS * rows // max(there.rows(name) for name in large))
    chosen: dict[TableName, str] = {}
    for sides in joins:
        fresh = [name for name, _ in sides if name in large and name not in chosen]
        agreed = [name for name, column in sides if chosen.get(name) == column or name in fresh]
        if fresh and len(agreed) == 2:
            chosen.update((name, column) for name, column in sides)
    found = {}
    for name, table in large.items():
        column = chosen.get(name) or next((c.name for c in table.columns if c.type.kind in _HASHED), None)
        if column is not None:
            found[name] = f" where coalesce(mod(abs(fnv_hash({quoted(column)}) / 7), {SAMPLE_PARTS}), 0) < {share}"
    return found


def scale_of(there: Relations, clauses: Mapping[TableName, str]) -> float:
    """How many rows stand for each one of a sample."""
    shares = [int(clause.rpartition("<")[2]) for clause in clauses.values()]
    return SAMPLE_PARTS / min(shares) if shares else 1.0


def described(clauses: Mapping[TableName, str]) -> list[str]:
    """For the report."""
    return [f"{shown(name)}: sampled{clause}" for name, clause in clauses.items()]
