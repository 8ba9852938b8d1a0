"""Redshift's views over PostgreSQL's catalogue: PG_CLASS_INFO, PG_DATABASE_INFO; and the names of time zones.

    pg_class_info        pg_class with reloid, the table's creation time (not kept: NULL) and its present distribution
    pg_database_info     pg_database with its id once more, and the limit of connections as text
    pg_conf              Redshift's marks on objects: those of tables with BACKUP NO, which scripts look for
    pg_timezone_names    name, abbreviation and distance from UTC as of the statement; pg_timezone_abbrevs: fixed ones
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any

from ...storage.schema import DistStyle, Table
from ...storage.types import BOOLEAN, Kind, SqlType, varchar
from ..context import Context
from . import pg_catalog
from .base import VirtualTable
from .blocks import DATABASE_ID
from .columns import columns

PG = "pg_catalog"
Rows = Iterator[tuple[Any, ...]]
_EFFECTIVE = {True: 10, False: 11}  # DISTSTYLE AUTO, kept as ALL or EVEN
AUTO_KEY = 12
_ZONE = varchar(64)
_DISTANCE = SqlType(Kind.INTERVAL_DS)


def _class_info(context: Context) -> Rows:
    tables = {r.id: r for r in context.view.relations() if isinstance(r, Table)}
    style = [name for name, _ in pg_catalog.CLASS.columns].index("reldiststyle")
    for row in pg_catalog.CLASS.made(context):
        relation = tables.get(row[0])
        effective = row[style]
        if relation is not None and relation.declared_style is DistStyle.AUTO:
            effective = AUTO_KEY if relation.auto_key else _EFFECTIVE[context.view.data(relation).replicated]
        yield (*row, row[0], None, effective)


def _database_info(context: Context) -> Rows:
    for row in pg_catalog.DATABASES.made(context):
        yield (*row[:6], "UNLIMITED", *row[7:], row[0])


def _conf(context: Context) -> Rows:
    for relation in context.view.relations():
        if isinstance(relation, Table) and not relation.backup:
            yield f"pg_class_backup_{DATABASE_ID}_{relation.id}", "NO"


def _zones(context: Context) -> Rows:
    import zoneinfo

    now = context.now.replace(tzinfo=UTC)
    for name in sorted(zoneinfo.available_timezones()):
        there = now.astimezone(zoneinfo.ZoneInfo(name))
        yield name, there.tzname(), there.utcoffset(), bool(there.dst())


def _abbreviations(context: Context) -> Rows:
    from ...storage.timezones import abbreviations

    for name, hours, summer in abbreviations():
        yield name, timedelta(hours=hours), summer


TABLES = (
    VirtualTable(PG, "pg_class_info",
                 (*pg_catalog.CLASS.columns, *columns("reloid:o relcreationtime:d releffectivediststyle:i")),
                 _class_info),
    VirtualTable(PG, "pg_database_info",
                 (*[(n, varchar(128) if n == "datconnlimit" else t) for n, t in pg_catalog.DATABASES.columns],
                  *columns("datid:o")),
                 _database_info),
    VirtualTable(PG, "pg_conf", columns("key:t value:t"), _conf),
    VirtualTable(PG, "pg_timezone_names",
                 (("name", _ZONE), ("abbrev", _ZONE), ("utc_offset", _DISTANCE), ("is_dst", BOOLEAN)), _zones),
    VirtualTable(PG, "pg_timezone_abbrevs",
                 (("abbrev", _ZONE), ("utc_offset", _DISTANCE), ("is_dst", BOOLEAN)), _abbreviations),
)
