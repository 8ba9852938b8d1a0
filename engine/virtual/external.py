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
SHOWN_MESSAGE = 512


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
            scan["files"], _most(scan, "files"), scan["files"] // slices, count, _most(scan, "splits"), count // slices,
            scan["split_bytes"], scan["largest_split"], scan["split_bytes"] // max(count, 1), 0, 0, 0, 0.0, slices,
            float(min(slices, count)), 0, 0,
        )  # fmt: skip


def _most(scan: dict[str, Any], what: str) -> int:
    """Of the slice that had most of something."""
    return max((share[what] for share in scan.get("shares", ())), default=0)


def _slices(context: Context) -> Rows:
    """SVL_S3QUERY. Requests and their retries are the object store's client's and not counted here: no value."""
    nodes = context.view.topology.node_of_slice
    for r, segment, scan in _scans(context):
        for number, share in enumerate(scan.get("shares", ())):
            yield (
                r["userid"], r["query"], segment, 0, nodes[number] if number < len(nodes) else 0, number,
                moment(r["starttime"]), moment(r["endtime"]), r["endtime"] - r["starttime"], scan["table"],
                "t" if scan["is_partitioned"] else "f", "t" if scan["skipped_splits"] else "f", share["rows"],
                share["bytes"], share["returned"], share["returned"] * scan["width"], share["files"], share["splits"],
                share["split_bytes"], share["largest_split"], *(None,) * 6,
            )  # fmt: skip


def _failures(context: Context) -> Rows:
    """SVL_S3RETRIES: why a query failed that read files; what its slices had read by then."""
    nodes = context.view.topology.node_of_slice
    for r, segment, scan in _own_scans(context):
        for number, share in enumerate(scan.get("shares", ()) if r["error"] else ()):
            yield (r["query"], segment, nodes[number] if number < len(nodes) else 0, number, moment(r["starttime"]),
                   None, share["read"], scan.get("largest_file"), scan.get("location", ""), r["error"])


def _own_scans(context: Context) -> Iterator[tuple[dict[str, Any], int, dict[str, Any]]]:
    """Those of the user's own queries; superusers see all."""
    user = context.rights.user
    for r, segment, scan in _scans(context):
        if context.rights.superuser or (user is not None and user.id == r["userid"]):
            yield r, segment, scan


def _partitions(context: Context) -> Rows:
    for r, segment, scan in _own_scans(context):
        if scan["is_partitioned"]:
            yield (r["query"], segment, 0, 0, moment(r["starttime"]), moment(r["endtime"]),
                   r["endtime"] - r["starttime"], scan["partitions"], scan["qualified"], scan["qualified"], "p")


def _partition_summary(context: Context) -> Rows:
    """SVL_S3PARTITION by query and segment; all is of one node."""
    for query, segment, _, _, began, ended, took, every, qualified, assigned, kind in _partitions(context):
        yield (query, segment, kind, began, ended, took, took, took, every, qualified, assigned, assigned, assigned)


def _log(context: Context) -> Rows:
    """What each scan did, in a line; an error that ended the query in another."""
    for r, segment, scan in _own_scans(context):
        place = (r["pid"], r["query"], segment, 0, 0, 0)
        yield (*place, moment(r["starttime"]), (
            f"{scan['table']}: {scan['files']} of {scan['files'] + scan['skipped']} files read, {scan['splits']} of "
            f"{scan['splits'] + scan['skipped_splits']} splits, {scan['rows']} rows, {scan['bytes']} bytes"))
        if r["error"]:
            yield (*place, moment(r["endtime"]), r["error"])


def _log_of_segments(context: Context) -> Rows:
    for *place, _, at, message in _log(context):
        yield (*place, at, message[:SHOWN_MESSAGE])


def _lists(context: Context) -> Rows:
    """The files that were found for each scan; the leader lists them, at the query's beginning."""
    for r, segment, scan in _own_scans(context):
        files, splits, listed = scan.get("listed_files", 0), scan["splits"] + scan["skipped_splits"], scan["listed"]
        bucket, prefix = _bucket(scan.get("location", ""))
        yield (r["query"], segment, 0, 0, moment(r["starttime"]), bucket, prefix, "t", files,
               scan.get("largest_file", 0), listed / max(files, 1), splits, listed / max(splits, 1),
               scan.get("listing", 0))


def _lists_of_segments(context: Context) -> Rows:
    for query, segment, node, _, *rest in _lists(context):
        yield query, segment, node, *rest


def _bucket(location: str) -> tuple[str, str]:
    """(bucket, what follows); a local path has no bucket."""
    scheme, found, rest = location.partition("://")
    if not found or scheme == "file":
        return "", location
    bucket, _, prefix = rest.partition("/")
    return bucket, prefix


def _query_detail(context: Context) -> Rows:
    """Rows and bytes are those scanned, as the manual has it of Amazon S3."""
    for r, segment, scan in _own_scans(context):
        yield (r["userid"], r["query"], r["xid"], 1, segment, "S3", moment(r["starttime"]), moment(r["endtime"]),
               r["endtime"] - r["starttime"], scan["partitions"], scan["qualified"], scan["files"], scan["rows"],
               scan["bytes"], scan["format"].upper(), scan.get("location", ""), "", "")


_LIST = (
    ("query", INTEGER), ("segment", INTEGER), ("node", INTEGER), ("slice", INTEGER), ("eventtime", TIMESTAMP),
    ("bucket", TEXT), ("prefix", TEXT), ("recursive", char(1)), ("retrieved_files", INTEGER),
    ("max_file_size", BIGINT), ("avg_file_size", DOUBLE), ("generated_splits", INTEGER),
    ("avg_split_length", DOUBLE), ("duration", BIGINT),
)  # fmt: skip
_QUERY_DETAIL = (
    ("user_id", INTEGER), ("query_id", BIGINT), ("transaction_id", BIGINT), ("child_query_sequence", INTEGER),
    ("segment_id", INTEGER), ("source_type", char(32)), ("start_time", TIMESTAMP), ("end_time", TIMESTAMP),
    ("duration", BIGINT), ("total_partitions", INTEGER), ("qualified_partitions", INTEGER),
    ("scanned_files", BIGINT), ("returned_rows", BIGINT), ("returned_bytes", BIGINT), ("file_format", TEXT),
    ("file_location", TEXT), ("external_query_text", TEXT), ("warning_message", TEXT),
)  # fmt: skip
_S3QUERY = (
    ("userid", INTEGER), ("query", INTEGER), ("segment", INTEGER), ("step", INTEGER), ("node", INTEGER),
    ("slice", INTEGER), ("starttime", TIMESTAMP), ("endtime", TIMESTAMP), ("elapsed", INTEGER),
    ("external_table_name", char(136)), ("is_partitioned", char(1)), ("is_rrscan", char(1)),
    ("s3_scanned_rows", BIGINT), ("s3_scanned_bytes", BIGINT), ("s3query_returned_rows", BIGINT),
    ("s3query_returned_bytes", BIGINT), ("files", INTEGER), ("splits", INTEGER), ("total_split_size", BIGINT),
    ("max_split_size", BIGINT), ("total_retries", INTEGER), ("max_retries", INTEGER),
    ("max_request_duration", INTEGER), ("avg_request_duration", DOUBLE), ("max_request_parallelism", INTEGER),
    ("avg_request_parallelism", DOUBLE),
)  # fmt: skip
_RETRIES = (
    ("query", INTEGER), ("segment", INTEGER), ("node", INTEGER), ("slice", INTEGER), ("eventtime", TIMESTAMP),
    ("retries", INTEGER), ("successful_fetches", INTEGER), ("file_size", BIGINT), ("location", TEXT),
    ("message", TEXT),
)  # fmt: skip
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

_PARTITION_SUMMARY = (
    ("query", INTEGER), ("segment", INTEGER), ("assignment", char(1)), ("min_starttime", TIMESTAMP),
    ("max_endtime", TIMESTAMP), ("min_duration", BIGINT), ("max_duration", BIGINT), ("avg_duration", BIGINT),
    ("total_partitions", INTEGER), ("qualified_partitions", INTEGER), ("min_assigned_partitions", INTEGER),
    ("max_assigned_partitions", INTEGER), ("avg_assigned_partitions", BIGINT),
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
    VirtualTable("pg_catalog", "svl_s3query", _S3QUERY, _slices, leader_only=False),
    VirtualTable("pg_catalog", "svl_s3retries", _RETRIES, _failures, leader_only=False),
    VirtualTable("pg_catalog", "svl_s3partition", _PARTITION, _partitions, leader_only=False),
    VirtualTable("pg_catalog", "svl_s3partition_summary", _PARTITION_SUMMARY, _partition_summary, leader_only=False),
    VirtualTable("pg_catalog", "svcs_s3partition_summary", _PARTITION_SUMMARY, _partition_summary, leader_only=False),
    VirtualTable("pg_catalog", "svl_s3list", _LIST, _lists, leader_only=False),
    VirtualTable("pg_catalog", "svcs_s3list", (*_LIST[:3], *_LIST[4:]), _lists_of_segments, leader_only=False),
    VirtualTable("pg_catalog", "sys_external_query_detail", _QUERY_DETAIL, _query_detail, leader_only=False),
    VirtualTable("pg_catalog", "svl_s3log", _LOG, _log, leader_only=False),
    VirtualTable("pg_catalog", "svcs_s3log", (*_LOG[:5], _LOG[6], ("message", char(SHOWN_MESSAGE))), _log_of_segments,
                 leader_only=False),
)  # fmt: skip
