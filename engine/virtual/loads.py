"""What COPY statements did (storage/catalog/loads.py keeps it): the STL tables of loads and their SYS views."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from ...storage.catalog import loads
from ...storage.types import BIGINT, INTEGER, TIMESTAMP, SqlType, char, varchar
from ..context import Context
from .base import DATABASE, MakeRows, VirtualTable, clip
from .stl import moment

Record = dict[str, Any]
# Column: how it comes from a record, by name where that is all.
Columns = tuple[tuple[str, SqlType, str | Callable[[Record], Any]], ...]

TEXT = varchar(1024)
NAME = varchar(128)


def _text(name: str, length: int) -> tuple[SqlType, Callable[[Record], str]]:
    return char(length), lambda record: clip(record[name], length).replace("\0", " ")


def _time(name: str) -> Callable[[Record], datetime | None]:
    return lambda record: None if record[name] is None else moment(record[name])


def _raw(name: str) -> tuple[SqlType, Callable[[Record], str]]:
    """Multibyte characters show as periods."""
    return char(1024), lambda r: "".join(c if c.isascii() and c != "\0" else "." for c in r[name])[:1024]


def _table(name: str, kind: str, columns: Columns) -> VirtualTable:
    getters = [(lambda record, at=get: record[at]) if isinstance(get, str) else get for _, _, get in columns]

    def rows(context: Context) -> Iterator[tuple[Any, ...]]:
        for record in context.database.loads.records(kind):
            yield tuple(get(record) for get in getters)

    make: MakeRows = rows
    return VirtualTable("pg_catalog", name, tuple((n, t) for n, t, _ in columns), make, leader_only=False)


def _duration(record: Record) -> int | None:
    return None if record["end"] is None else record["end"] - record["start"]


_WHO: Columns = (
    ("user_id", INTEGER, "userid"), ("query_id", BIGINT, "query"), ("transaction_id", BIGINT, "xid"),
    ("session_id", INTEGER, "pid"), ("database_name", NAME, lambda r: DATABASE),
)  # fmt: skip

def _load_state(context: Context) -> Iterator[tuple[Any, ...]]:
    """STV_LOAD_STATE: loads that run in this process, by slice. Compressed bytes are those of the files."""
    for r in context.database.loads.states():
        plain, packed = ((0, 0), (r["to_load"], r["loaded"])) if r["packed"] else ((r["to_load"], r["loaded"]), (0, 0))
        yield (
            r["userid"], r["pid"], r["query"], r["slice"], r["pid"], moment(r["time"]), *plain, *packed, r["lines"],
            r["files"], r["done"], r["file"][:256], 100 * r["loaded"] // max(r["to_load"], 1),
        )  # fmt: skip


_LOAD_STATE = (
    ("userid", INTEGER), ("session", INTEGER), ("query", INTEGER), ("slice", INTEGER), ("pid", INTEGER),
    ("recordtime", TIMESTAMP), ("bytes_to_load", BIGINT), ("bytes_loaded", BIGINT),
    ("bytes_to_load_compressed", BIGINT), ("bytes_loaded_compressed", BIGINT), ("lines", INTEGER),
    ("num_files", INTEGER), ("num_files_complete", INTEGER), ("current_file", char(256)), ("pct_complete", INTEGER),
)  # fmt: skip

TABLES = (
    VirtualTable("pg_catalog", "stv_load_state", _LOAD_STATE, _load_state, leader_only=False),
    _table("stl_load_errors", loads.ERRORS, (
        ("userid", INTEGER, "userid"), ("slice", INTEGER, "slice"), ("tbl", INTEGER, "tbl"),
        ("starttime", TIMESTAMP, _time("start")), ("session", INTEGER, "pid"), ("query", INTEGER, "query"),
        ("filename", *_text("file", 256)), ("line_number", BIGINT, "line"), ("colname", *_text("column", 127)),
        ("type", *_text("type", 10)), ("col_length", *_text("length", 10)), ("position", INTEGER, "position"),
        ("raw_line", *_raw("raw_line")), ("raw_field_value", *_raw("raw_value")), ("err_code", INTEGER, "code"),
        ("err_reason", *_text("reason", 100)), ("is_partial", INTEGER, "partial"), ("start_offset", BIGINT, "offset"),
        ("copy_job_id", BIGINT, "job"),
    )),
    _table("stl_loaderror_detail", loads.DETAILS, (
        ("userid", INTEGER, "userid"), ("slice", INTEGER, "slice"), ("session", INTEGER, "pid"),
        ("query", INTEGER, "query"), ("filename", *_text("file", 256)), ("line_number", BIGINT, "line"),
        ("field", INTEGER, "field"), ("colname", *_text("column", 1024)), ("value", *_raw("value")),
        ("is_null", INTEGER, "is_null"), ("type", *_text("type", 10)), ("col_length", *_text("length", 10)),
    )),
    _table("stl_load_commits", loads.FILES, (
        ("userid", INTEGER, "userid"), ("query", INTEGER, "query"), ("slice", INTEGER, "slice"),
        ("name", *_text("file", 256)), ("filename", *_text("file", 256)), ("byte_offset", INTEGER, lambda r: 0),
        ("lines_scanned", INTEGER, "lines"), ("errors", INTEGER, "errors"), ("curtime", TIMESTAMP, _time("time")),
        ("status", INTEGER, lambda r: 1), ("file_format", *_text("format", 16)), ("is_partial", INTEGER, "partial"),
        ("start_offset", BIGINT, "offset"), ("copy_job_id", BIGINT, "job"),
    )),
    _table("stl_file_scan", loads.FILES, (
        ("userid", INTEGER, "userid"), ("query", INTEGER, "query"), ("slice", INTEGER, "slice"),
        ("name", *_text("file", 90)), ("lines", BIGINT, "lines"), ("bytes", BIGINT, "bytes"),
        ("loadtime", BIGINT, lambda r: r.get("taken")),
        ("curtime", TIMESTAMP, lambda r: moment(r["time"] - r.get("taken", 0))), ("is_partial", INTEGER, "partial"),
        ("start_offset", BIGINT, "offset"),
    )),
    _table("stl_replacements", loads.REPLACEMENTS, (
        ("userid", INTEGER, "userid"), ("query", INTEGER, "query"), ("slice", INTEGER, "slice"),
        ("starttime", TIMESTAMP, _time("start")), ("session", INTEGER, "pid"), ("filename", *_text("file", 256)),
        ("line_number", BIGINT, "line"), ("colname", *_text("column", 127)), ("raw_line", *_raw("raw_line")),
    )),
    _table("sys_load_history", loads.LOADS, (
        *_WHO, ("status", NAME, "status"), ("table_name", NAME, "table"), ("start_time", TIMESTAMP, _time("start")),
        ("end_time", TIMESTAMP, _time("end")), ("duration", BIGINT, _duration), ("data_source", TEXT, "source"),
        ("file_format", NAME, "format"), ("loaded_rows", BIGINT, "rows"),
        ("loaded_bytes", BIGINT, lambda r: r["bytes"] if r["status"] == "completed" else 0),
        ("source_file_count", INTEGER, "files"), ("source_file_bytes", BIGINT, "bytes"),
        ("file_count_scanned", INTEGER, "files"), ("file_bytes_scanned", BIGINT, "bytes"),
        ("error_count", BIGINT, "errors"), ("copy_job_id", BIGINT, "job"),
    )),
    _table("sys_load_detail", loads.FILES, (
        *_WHO, ("file_name", TEXT, "file"), ("bytes_scanned", INTEGER, "bytes"), ("lines_scanned", INTEGER, "lines"),
        ("splits_scanned", INTEGER, lambda r: 1), ("record_time", TIMESTAMP, _time("time")),
        ("is_partial", INTEGER, "partial"), ("start_offset", BIGINT, "offset"), ("copy_job_id", BIGINT, "job"),
    )),
    _table("sys_load_error_detail", loads.ERRORS, (
        *_WHO, ("table_id", INTEGER, "tbl"), ("start_time", TIMESTAMP, _time("start")), ("file_name", TEXT, "file"),
        ("line_number", BIGINT, "line"), ("column_name", NAME, "column"), ("column_type", NAME, "type"),
        ("column_length", NAME, "length"), ("position", INTEGER, "position"), ("error_code", INTEGER, "code"),
        ("error_message", varchar(512), "reason"), ("copy_job_id", BIGINT, "job"),
    )),
)  # fmt: skip
