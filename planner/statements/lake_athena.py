"""Athena's CREATE TABLE AS (create-table-as), which makes an external table: it stands in an external schema.

    CREATE TABLE s.t [WITH (name = value, ...)] AS query [WITH [NO] DATA]

    format = 'PARQUET' | 'TEXTFILE'       others are only read here
    external_location = 's3://...'        else the query result location says where (engine/workgroups.py)
    partitioned_by = ARRAY['k', ...]      field_delimiter = ',' (of TEXTFILE)
    write_compression, parquet_compression = 'GZIP' | 'SNAPPY' | 'ZSTD' | 'NONE'
    table_type = 'HIVE'                   is_external = true

Other properties are refused by name.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import InvalidDefinition, NotSupportedError
from .cursor import Cursor
from .external import CreateExternalTable, ExternalColumn, Pairs, RowFormat
from .names import RelationName

_REFUSED = (
    "bucketed_by", "bucket_count", "location", "partitioning", "orc_compression", "compression_level",
    "write_target_data_file_size_bytes", "optimize_rewrite_min_data_file_size_bytes",
    "optimize_rewrite_max_data_file_size_bytes", "optimize_rewrite_data_file_threshold",
    "optimize_rewrite_delete_file_threshold", "vacuum_min_snapshots_to_keep", "vacuum_max_snapshot_age_seconds",
)
_CODECS = {
    "parquet": {"gzip": "gzip", "snappy": "snappy", "zstd": "zstd", "none": "none", "uncompressed": "none"},
    "textfile": {"gzip": "gzip", "zstd": "zstd", "bzip2": "bzip2", "none": "none"},
}  # fmt: skip


def table_as(cursor: Cursor, name: RelationName) -> CreateExternalTable:
    """What follows CREATE TABLE s.t, at WITH (."""
    position = cursor.position
    given = _properties(cursor)
    if given.get("table_type", "hive").lower() != "hive":
        raise NotSupportedError("CREATE TABLE AS makes no Iceberg tables: they are only read", position=position)
    if given.get("is_external", "true") != "true":
        raise NotSupportedError("is_external = false is for Iceberg tables", position=position)
    cursor.expect("as")
    query = _query(cursor)
    stored = given.get("format", "parquet").lower()
    if stored not in _CODECS:
        raise NotSupportedError(f"CREATE TABLE AS writes PARQUET and TEXTFILE, not {stored.upper()}", position=position)
    delimiters: Pairs = ()
    if "field_delimiter" in given:
        if stored != "textfile" or len(given["field_delimiter"]) != 1:
            raise InvalidDefinition("field_delimiter is one character, of format TEXTFILE", position=position)
        delimiters = (("fields", given["field_delimiter"]),)
    names = [name.lower() for name in given.get("partitioned_by", "").split(",") if name]
    keys = tuple(ExternalColumn(name, None, position) for name in names)
    return CreateExternalTable(
        name, (), keys, RowFormat(stored, delimiters=delimiters), given.get("external_location", ""),
        (_compression(given, stored, position),), query, athena=True,
    )  # fmt: skip


def plain_table_as(name: RelationName, query: Any) -> CreateExternalTable:
    """CREATE TABLE s.t AS query, without properties."""
    compression = _compression({}, "parquet", name.position)
    return CreateExternalTable(name, (), (), RowFormat("parquet"), "", (compression,), query, athena=True)


def _properties(cursor: Cursor) -> dict[str, str]:
    """WITH (name = value, ...): texts; an array's elements with commas between them."""
    cursor.expect("with", "(")
    found: dict[str, str] = {}
    while True:
        position, name = cursor.position, cursor.any_word()
        if name in _REFUSED:
            raise NotSupportedError(f"the property {name} of CREATE TABLE AS is not supported", position=position)
        if name not in _VALUES:
            raise InvalidDefinition(f'"{name}" is no property of CREATE TABLE AS', position=position)
        if name in found:
            raise InvalidDefinition(f'property "{name}" specified more than once', position=position)
        cursor.expect("=")
        found[name] = _VALUES[name](cursor)
        if not cursor.accept(","):
            cursor.expect(")")
            return found


def _array(cursor: Cursor) -> str:
    cursor.expect("array", "[")
    found = cursor.list_of(cursor.string)
    cursor.expect("]")
    return ",".join(found)


def _boolean(cursor: Cursor) -> str:
    word = cursor.accept_any("true", "false")
    if word is None:
        raise cursor.error()
    return word


_VALUES = {
    "format": Cursor.string, "external_location": Cursor.string, "field_delimiter": Cursor.string,
    "table_type": Cursor.string, "write_compression": Cursor.string, "parquet_compression": Cursor.string,
    "partitioned_by": _array, "is_external": _boolean,
}  # fmt: skip


def _compression(given: dict[str, str], stored: str, position: int | None) -> tuple[str, str]:
    """The table property that says how files are compressed; GZIP unless told."""
    if "write_compression" in given and "parquet_compression" in given:
        raise InvalidDefinition("write_compression and parquet_compression cannot be used together", position=position)
    if "parquet_compression" in given and stored != "parquet":
        raise InvalidDefinition("parquet_compression is for format PARQUET", position=position)
    codec = given.get("write_compression", given.get("parquet_compression", "gzip")).lower()
    if codec not in _CODECS[stored]:
        raise NotSupportedError(f"{stored.upper()} files are not written with {codec.upper()}", position=position,
                                hint=f"Known: {', '.join(_CODECS[stored]).upper()}.")
    return ("parquet.compression" if stored == "parquet" else "compression_type"), _CODECS[stored][codec]


def _query(cursor: Cursor) -> Any:
    """The query, up to WITH [NO] DATA: without data it is one of no rows."""
    last = [token.text.upper() for token in cursor.tokens[-3:]]
    empty = last == ["WITH", "NO", "DATA"]
    end = len(cursor.tokens) - (3 if empty else 2 if last[1:] == ["WITH", "DATA"] else 0)
    tree = Cursor(cursor.tokens[:end], cursor.text, cursor.index, cursor.exact_names).query()
    cursor.index = len(cursor.tokens)
    return exp.select("*").from_(tree.subquery("q")).where(exp.false()) if empty else tree
