"""External schemas, tables, columns and partitions, and what queries read of them (SVV_EXTERNAL_*, SVL_S3*).

Who may not use an external schema sees nothing of it. The classes of a format that was named by a word (STORED AS
PARQUET) are shown as the data catalogue has them. What a query read is kept in its history record: one scan of an
external table is one row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...storage.lake.classes import classes_of
from ...storage.types import BIGINT, DOUBLE, INTEGER, TEXT, TIMESTAMP, char
from ..context import Context
from .base import DATABASE, VirtualTable
from .columns import table
from .relations import namespace_id
from .stl import moment

if TYPE_CHECKING:
    from ...storage.lake.catalogue import ExternalSchema
    from ...storage.lake.definition import Source

Rows = Iterator[tuple[Any, ...]]
DATA_CATALOG = 1  # eskind
SHOWN_LOCATION = 128


def _schemas(context: Context) -> Iterator[ExternalSchema]:
    if context.view.facts.keys("external schema"):
        for name, schema in sorted(context.view.facts.lake.schemas.items()):
            if context.rights.schema(name, "usage"):
                yield schema


def sources_seen(context: Context) -> Iterator[tuple[str, Source]]:
    """(schema, definition) of every external table that the user may use."""
    from ..lake.tables import sources  # not imported before there is an external schema

    for schema in _schemas(context):
        for source in sources(schema, context):
            yield schema.name, source


def _external_schemas(context: Context) -> Rows:
    directory = context.view.facts.directory
    for schema in _schemas(context):
        owner = directory.owner_of_schema(schema.name)
        yield (namespace_id(schema.name), DATA_CATALOG, schema.name,
               directory.user_id(context.user if owner is None else owner), schema.database, _json(schema.options))


def pg_external_schema(context: Context) -> Rows:
    for schema in _schemas(context):
        yield namespace_id(schema.name), DATA_CATALOG, schema.database, _json(schema.options)


def _external_databases(context: Context) -> Rows:
    seen = {schema.database for schema in _schemas(context)}
    for name in sorted(context.view.facts.lake.databases) if context.view.facts.keys("external database") else ():
        if context.rights.superuser or name in seen:
            yield DATA_CATALOG, "{}", name, None, None


def _external_tables(context: Context) -> Rows:
    for schema, source in sources_seen(context):
        yield (DATABASE, schema, source.name, "TABLE", source.location, *classes_of(source),
               _json(source.serde_properties), 0, _json(source.properties))


def _external_columns(context: Context) -> Rows:
    for schema, source in sources_seen(context):
        for place, column in enumerate((*source.columns, *source.keys), start=1):
            key = max(place - len(source.columns), 0)
            yield DATABASE, schema, source.name, column.name, column.type.text, place, key, ""


def _external_partitions(context: Context) -> Rows:
    from ..lake.tables import partitions

    for schema, source in sources_seen(context):
        for partition in partitions(source, context) if source.keys else ():
            yield (schema, source.name, json.dumps(partition.values), partition.location[:SHOWN_LOCATION],
                   *classes_of(source), _json(source.serde_properties), 0, "{}")


def _json(pairs: tuple[tuple[str, str], ...]) -> str:
    return json.dumps(dict(pairs))


def _scans(context: Context) -> Iterator[tuple[dict[str, Any], int, dict[str, Any]]]:
    for record in context.database.history.rows():
        for number, scan in enumerate(record.get("scans", ())):
            yield record, number, scan


def _query_summary(context: Context) -> Rows:
    for r, segment, scan in _scans(context):
        count, slices = scan["splits"], max(scan["slices"], 1)
        yield (
            r["userid"], r["query"], r["xid"], r["pid"], segment, 0, moment(r["starttime"]), moment(r["endtime"]),
            r["endtime"] - r["starttime"], r["aborted"], scan["table"], scan["format"].upper(),
            "t" if scan["is_partitioned"] else "f", "t" if scan["skipped_splits"] else "f",
            "t" if scan["is_nested"] else "f", scan["rows"], scan["bytes"], scan["returned"], scan["returned_bytes"],
            scan["files"], scan["most_files"], scan["files"] // slices, count, scan["most_splits"], count // slices,
            scan["split_bytes"], scan["largest_split"], scan["split_bytes"] // max(count, 1), 0, 0, 0, 0.0, slices,
            float(min(slices, count)), 0, 0,
        )  # fmt: skip


def _partitions(context: Context) -> Rows:
    user = context.rights.user
    for r, segment, scan in _scans(context):
        if not (context.rights.superuser or (user is not None and user.id == r["userid"])):
            continue
        if scan["is_partitioned"]:
            yield (r["query"], segment, 0, 0, moment(r["starttime"]), moment(r["endtime"]),
                   r["endtime"] - r["starttime"], scan["partitions"], scan["qualified"], scan["qualified"], "p")


def _log(context: Context) -> Rows:
    """What each scan did, in a line; an error that ended the query in another."""
    user = context.rights.user
    for r, segment, scan in _scans(context):
        if not (context.rights.superuser or (user is not None and user.id == r["userid"])):
            continue
        place = (r["pid"], r["query"], segment, 0, 0, 0)
        yield (*place, moment(r["starttime"]), (
            f"{scan['table']}: {scan['files']} of {scan['files'] + scan['skipped']} files read, {scan['splits']} of "
            f"{scan['splits'] + scan['skipped_splits']} splits, {scan['rows']} rows, {scan['bytes']} bytes"))
        if r["error"]:
            yield (*place, moment(r["endtime"]), r["error"])


_LOG = (
    ("pid", INTEGER), ("query", INTEGER), ("segment", INTEGER), ("step", INTEGER), ("node", INTEGER),
    ("slice", INTEGER), ("eventtime", TIMESTAMP), ("message", TEXT),
)  # fmt: skip
_SUMMARY = (
    ("userid", INTEGER), ("query", INTEGER), ("xid", BIGINT), ("pid", INTEGER), ("segment", INTEGER),
    ("step", INTEGER), ("starttime", TIMESTAMP), ("endtime", TIMESTAMP), ("elapsed", BIGINT), ("aborted", INTEGER),
    ("external_table_name", char(136)), ("file_format", char(16)), ("is_partitioned", char(1)),
    ("is_rrscan", char(1)), ("is_nested", char(1)), ("s3_scanned_rows", BIGINT), ("s3_scanned_bytes", BIGINT),
    ("s3query_returned_rows", BIGINT), ("s3query_returned_bytes", BIGINT), ("files", INTEGER),
    ("files_max", INTEGER), ("files_avg", INTEGER), ("splits", INTEGER), ("splits_max", INTEGER),
    ("splits_avg", INTEGER), ("total_split_size", BIGINT), ("max_split_size", BIGINT), ("avg_split_size", BIGINT),
    ("total_retries", INTEGER), ("max_retries", INTEGER), ("max_request_duration", INTEGER),
    ("avg_request_duration", DOUBLE), ("max_request_parallelism", INTEGER), ("avg_request_parallelism", DOUBLE),
    ("total_slowdown_count", INTEGER), ("max_slowdown_count", INTEGER),
)  # fmt: skip
_PARTITION = (
    ("query", INTEGER), ("segment", INTEGER), ("node", INTEGER), ("slice", INTEGER), ("starttime", TIMESTAMP),
    ("endtime", TIMESTAMP), ("duration", BIGINT), ("total_partitions", INTEGER), ("qualified_partitions", INTEGER),
    ("assigned_partitions", INTEGER), ("assignment", char(1)),
)  # fmt: skip

TABLES = (
    table("pg_catalog", "svv_external_schemas", "esoid:o eskind:s schemaname:n esowner:i databasename:t esoptions:t",
          _external_schemas, leader_only=False),
    table("pg_catalog", "svv_external_databases", "eskind:i esoptions:t databasename:t location:t parameters:t",
          _external_databases, leader_only=False),
    table("pg_catalog", "svv_external_tables",
          "redshift_database_name:t schemaname:t tablename:t tabletype:t location:t input_format:t output_format:t "
          "serialization_lib:t serde_parameters:t compressed:i parameters:t", _external_tables, leader_only=False),
    table("pg_catalog", "svv_external_columns",
          "redshift_database_name:t schemaname:t tablename:t columnname:t external_type:t columnnum:i part_key:i "
          "is_nullable:t", _external_columns, leader_only=False),
    table("pg_catalog", "svv_external_partitions",
          "schemaname:t tablename:t values:t location:t input_format:t output_format:t serialization_lib:t "
          "serde_parameters:t compressed:i parameters:t", _external_partitions, leader_only=False),
    VirtualTable("pg_catalog", "svl_s3query_summary", _SUMMARY, _query_summary, leader_only=False),
    VirtualTable("pg_catalog", "svcs_s3query_summary", _SUMMARY, _query_summary, leader_only=False),
    VirtualTable("pg_catalog", "svl_s3partition", _PARTITION, _partitions, leader_only=False),
    VirtualTable("pg_catalog", "svl_s3log", _LOG, _log, leader_only=False),
)  # fmt: skip
