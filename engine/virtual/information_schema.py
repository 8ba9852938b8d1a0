"""information_schema: the SQL standard's names for tables, columns, views and schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.schema import Table, View
from ...storage.types import INTEGER, TEXT, varchar
from ..context import Context
from .base import DATABASE, NAME, VirtualTable
from .relations import columns_of, standard_numbers

SCHEMA = "information_schema"
YES_NO = varchar(3)
Rows = Iterator[tuple[Any, ...]]


def _tables(context: Context) -> Rows:
    for r in context.view.relations():
        yield DATABASE, r.schema, r.name, "BASE TABLE" if isinstance(r, Table) else "VIEW"


def _columns(context: Context) -> Rows:
    for r in context.view.relations():
        for c in columns_of(r, context):
            length = c.type.length if c.type.is_string else None
            precision, radix, scale = standard_numbers(c.type)
            moment = 6 if c.type.is_temporal and c.type.storage_bytes == 8 else None
            yield (
                DATABASE, r.schema, r.name, c.name, c.number, c.default, "YES" if c.nullable else "NO",
                c.type.kind.value, length, length, precision, radix, scale, moment,
            )  # fmt: skip


def _views(context: Context) -> Rows:
    for r in context.view.relations():
        if isinstance(r, View):
            yield DATABASE, r.schema, r.name, r.sql, "NONE", "NO", "NO"


def _schemata(context: Context) -> Rows:
    for schema in context.view.schemas():
        yield DATABASE, schema, context.user


TABLES = (
    VirtualTable(
        SCHEMA,
        "tables",
        (("table_catalog", NAME), ("table_schema", NAME), ("table_name", NAME), ("table_type", NAME)),
        _tables,
    ),
    VirtualTable(
        SCHEMA,
        "columns",
        (
            ("table_catalog", NAME), ("table_schema", NAME), ("table_name", NAME), ("column_name", NAME),
            ("ordinal_position", INTEGER), ("column_default", TEXT), ("is_nullable", YES_NO),
            ("data_type", NAME), ("character_maximum_length", INTEGER), ("character_octet_length", INTEGER),
            ("numeric_precision", INTEGER), ("numeric_precision_radix", INTEGER), ("numeric_scale", INTEGER),
            ("datetime_precision", INTEGER),
        ),
        _columns,
    ),
    VirtualTable(
        SCHEMA,
        "views",
        (
            ("table_catalog", NAME), ("table_schema", NAME), ("table_name", NAME), ("view_definition", TEXT),
            ("check_option", NAME), ("is_updatable", YES_NO), ("is_insertable_into", YES_NO),
        ),
        _views,
    ),
    VirtualTable(
        SCHEMA,
        "schemata",
        (("catalog_name", NAME), ("schema_name", NAME), ("schema_owner", NAME)),
        _schemata,
    ),
)  # fmt: skip
