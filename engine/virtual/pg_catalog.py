"""PostgreSQL's own catalogue tables, as Redshift has them: relations, columns, schemas, types, views.

Ids are stable: a relation's is its catalogue id, a schema's is derived from its name. `oid` is a
plain column here. pg_table_def is Redshift's: only tables in schemas of the search path.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.schema import Table, View
from ...storage.types import BOOLEAN, INTEGER, REAL, SMALLINT, TEXT, char
from ..context import Context
from .base import DATABASE, NAME, SUPERUSER_ID, VirtualTable
from .relations import (
    PG_TYPES,
    columns_of,
    dist_style_code,
    namespace_id,
    shown_encoding,
    type_modifier,
)

PG = "pg_catalog"
Rows = Iterator[tuple[Any, ...]]


def _pg_class(context: Context) -> Rows:
    for relation in context.view.relations():
        is_table = isinstance(relation, Table)
        rows = float(context.view.data(relation).statistics.rows) if isinstance(relation, Table) else 0.0
        kinds = [kind for kind, _, _ in relation.constraints] if isinstance(relation, Table) else []
        yield (
            relation.id, relation.name, namespace_id(relation.schema), SUPERUSER_ID, 0, 0, 0, rows,
            False, False, "r" if is_table else "v", len(relation.columns), dist_style_code(relation),
            kinds.count("unique"), kinds.count("foreign key"), "primary key" in kinds, False, None,
        )  # fmt: skip


def _pg_attribute(context: Context) -> Rows:
    for relation in context.view.relations():
        for c in columns_of(relation, context):
            oid, _, length = PG_TYPES[c.type.kind]
            yield (
                relation.id, c.name, oid, length, c.number, type_modifier(c.type), not c.nullable,
                c.default is not None, False, c.is_dist_key, c.sort_position, c.encoding,
            )  # fmt: skip


def _pg_attrdef(context: Context) -> Rows:
    for relation in context.view.relations():
        for c in columns_of(relation, context):
            if c.default is not None:
                yield relation.id, c.number, c.default


def _pg_namespace(context: Context) -> Rows:
    for schema in context.view.schemas():
        yield namespace_id(schema), schema, 1 if schema != "public" else SUPERUSER_ID, None


def _pg_type(context: Context) -> Rows:
    for kind, (oid, name, length) in PG_TYPES.items():
        yield oid, name, namespace_id(PG), 1, length, "b", True, 0, 0, -1, False, kind.value


def _pg_table_def(context: Context) -> Rows:
    for relation in context.view.relations():
        if not isinstance(relation, Table) or not (relation.temporary or relation.schema in context.search_path):
            continue
        for i, c in enumerate(relation.columns):
            sort = relation.sort_key.index(i) + 1 if i in relation.sort_key else 0
            if relation.interleaved and sort % 2 == 0:
                sort = -sort  # of an interleaved key the signs alternate
            yield (
                relation.schema, relation.name, c.name, str(c.type), shown_encoding(relation, i),
                relation.dist_key == i, sort, not c.nullable,
            )  # fmt: skip


def _pg_views(context: Context) -> Rows:
    for relation in context.view.relations():
        if isinstance(relation, View):
            yield relation.schema, relation.name, relation.owner, relation.sql


def _pg_tables(context: Context) -> Rows:
    for relation in context.view.relations():
        if isinstance(relation, Table):
            yield relation.schema, relation.name, relation.owner, None, False, False, False


def _pg_user(context: Context) -> Rows:
    yield context.user, SUPERUSER_ID, True, True, True, "********", None, None


def _pg_database(context: Context) -> Rows:
    yield 100, DATABASE, SUPERUSER_ID, 6, False, True, -1, None


TABLES = (
    VirtualTable(
        PG,
        "pg_class",
        (
            ("oid", INTEGER), ("relname", NAME), ("relnamespace", INTEGER), ("relowner", INTEGER),
            ("relam", INTEGER), ("relfilenode", INTEGER), ("relpages", INTEGER), ("reltuples", REAL),
            ("relhasindex", BOOLEAN), ("relisshared", BOOLEAN), ("relkind", char(1)), ("relnatts", SMALLINT),
            ("reldiststyle", SMALLINT), ("relukeys", SMALLINT), ("relfkeys", SMALLINT),
            ("relhaspkey", BOOLEAN), ("relhasrules", BOOLEAN), ("relacl", TEXT),
        ),
        _pg_class,
    ),
    VirtualTable(
        PG,
        "pg_attribute",
        (
            ("attrelid", INTEGER), ("attname", NAME), ("atttypid", INTEGER), ("attlen", SMALLINT),
            ("attnum", SMALLINT), ("atttypmod", INTEGER), ("attnotnull", BOOLEAN), ("atthasdef", BOOLEAN),
            ("attisdropped", BOOLEAN), ("attisdistkey", BOOLEAN), ("attsortkeyord", INTEGER),
            ("attencoding", NAME),
        ),
        _pg_attribute,
    ),
    VirtualTable(
        PG, "pg_attrdef", (("adrelid", INTEGER), ("adnum", SMALLINT), ("adsrc", TEXT)), _pg_attrdef
    ),
    VirtualTable(
        PG,
        "pg_namespace",
        (("oid", INTEGER), ("nspname", NAME), ("nspowner", INTEGER), ("nspacl", TEXT)),
        _pg_namespace,
    ),
    VirtualTable(
        PG,
        "pg_type",
        (
            ("oid", INTEGER), ("typname", NAME), ("typnamespace", INTEGER), ("typowner", INTEGER),
            ("typlen", SMALLINT), ("typtype", char(1)), ("typisdefined", BOOLEAN), ("typrelid", INTEGER),
            ("typelem", INTEGER), ("typtypmod", INTEGER), ("typnotnull", BOOLEAN), ("typformat", NAME),
        ),
        _pg_type,
    ),
    VirtualTable(
        PG,
        "pg_table_def",
        (
            ("schemaname", NAME), ("tablename", NAME), ("column", NAME), ("type", char(128)),
            ("encoding", char(128)), ("distkey", BOOLEAN), ("sortkey", INTEGER), ("notnull", BOOLEAN),
        ),
        _pg_table_def,
    ),
    VirtualTable(
        PG,
        "pg_views",
        (("schemaname", NAME), ("viewname", NAME), ("viewowner", NAME), ("definition", TEXT)),
        _pg_views,
    ),
    VirtualTable(
        PG,
        "pg_tables",
        (
            ("schemaname", NAME), ("tablename", NAME), ("tableowner", NAME), ("tablespace", NAME),
            ("hasindexes", BOOLEAN), ("hasrules", BOOLEAN), ("hastriggers", BOOLEAN),
        ),
        _pg_tables,
    ),
    VirtualTable(
        PG,
        "pg_user",
        (
            ("usename", NAME), ("usesysid", INTEGER), ("usecreatedb", BOOLEAN), ("usesuper", BOOLEAN),
            ("usecatupd", BOOLEAN), ("passwd", TEXT), ("valuntil", TEXT), ("useconfig", TEXT),
        ),
        _pg_user,
    ),
    VirtualTable(
        PG,
        "pg_database",
        (
            ("oid", INTEGER), ("datname", NAME), ("datdba", INTEGER), ("encoding", INTEGER),
            ("datistemplate", BOOLEAN), ("datallowconn", BOOLEAN), ("datconnlimit", INTEGER),
            ("datacl", TEXT),
        ),
        _pg_database,
    ),
)  # fmt: skip
