"""Statements: those that run, and those that have run, with their text, from the database's history.

    stl_query, svl_qlog, stl_querytext        queries
    stl_ddltext, stl_utilitytext              other statements; svl_statementtext: all three
    stv_inflight, svv_query_inflight          what runs now in this process
    stv_recents                               ... and what ran last
    sys_query_history                         all of it

Texts are cut in lines of 200 bytes, numbered by `sequence`, with newlines as `\\n`.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from typing import Any

from ...planner.functions.system import LEADER_SLICE, VERSION
from ...storage.types import BIGINT, BOOLEAN, INTEGER, TIMESTAMP, SqlType, char, varchar
from ...wlm.configuration import SHORT_CLASS
from ..context import DEFAULT_SERVICE_CLASS, Context
from ..history import QUERIES
from ..history.records import begun
from .base import DATABASE, VirtualTable, clip
from .stl import moment

Rows = Iterator[tuple[Any, ...]]
Queries = frozenset[int] | None  # that are asked for
Columns = tuple[tuple[str, SqlType], ...]
Record = dict[str, Any]

LABEL_BYTES = 320
TEXT_BYTES = 4000
LINE_BYTES = 200
HASH_VERSION = 1  # of the query hashes: texts without blanks; without literals too
_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b")
RECENT = 100  # statements of stv_recents that have ended
_VERBS = {"Select": "SELECT", "Insert": "INSERT", "Update": "UPDATE", "Delete": "DELETE", "Copy": "COPY",
          "Unload": "UNLOAD", "CreateTableAs": "CTAS", "Merge": "OTHER", "Execute": "SELECT"}
_DDL = ("Create", "Drop", "Alter", "Append", "AddColumn")
# Statements about users, databases and roles are utilities (r_STL_UTILITYTEXT.md).
_NOT_DDL = ("CreateUser", "AlterUser", "CreateGroup", "AlterGroup", "CreateRole", "AlterRole", "DropPrincipal")
_COMMANDS = frozenset(("SetOption", "Show", "Transaction", "CancelQuery", "SetUser", "ShowObjects"))


def _is_ddl(kind: str) -> bool:
    return kind.startswith(_DDL) and kind not in _NOT_DDL and kind not in QUERIES


def _is_utility(kind: str) -> bool:
    return kind not in QUERIES and not _is_ddl(kind)


def _running(context: Context) -> Iterator[Record]:
    """Records of the statements that run in this process, as far as they go, oldest first."""
    for running in sorted(context.database.history.running.copy().items()):
        yield begun(running[1].context, running[1].work.kind)


def _queries(context: Context, queries: Queries) -> Iterator[Record]:
    return (r for r in context.database.history.rows(queries) if r["kind"] in QUERIES)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """A text in numbered lines, none but the last ending in blanks: who puts them together cuts those off."""
    left = text.replace("\n", "\\n")
    number = 0
    while left or number == 0:
        line = clip(left, LINE_BYTES)
        line = line if line == left else line.rstrip(" ") or line
        yield number, line
        left = left[len(line):]
        number += 1


# -- queries -------------------------------------------------------------------------------------


def _stl_query(context: Context, queries: Queries) -> Rows:
    for r in _queries(context, queries):
        yield (
            r["userid"], r["query"], clip(r["label"], LABEL_BYTES), r["xid"], r["pid"], r["database"],
            clip(r["querytxt"], TEXT_BYTES), moment(r["starttime"]), moment(r["endtime"]), r["aborted"],
            0, int("executor" in r),
        )  # fmt: skip


def _svl_qlog(context: Context, queries: Queries) -> Rows:
    for r in _queries(context, queries):
        yield (
            r["userid"], r["query"], r["xid"], r["pid"], moment(r["starttime"]), moment(r["endtime"]),
            r["endtime"] - r["starttime"], r["aborted"], clip(r["label"], LABEL_BYTES), clip(r["querytxt"], 60),
            r.get("source"),
            "1 - Ran on concurrency scaling cluster" if "executor" in r else "0 - Ran on main cluster", "f",
        )  # fmt: skip


def _stl_querytext(context: Context, queries: Queries) -> Rows:
    for r in _queries(context, queries):
        for number, line in _lines(r["querytxt"]):
            yield r["userid"], r["xid"], r["pid"], r["query"], number, line


def _stl_ddltext(context: Context, queries: Queries) -> Rows:
    return _text_lines(context, queries, _is_ddl)


def _stl_utilitytext(context: Context, queries: Queries) -> Rows:
    return _text_lines(context, queries, _is_utility)


def _text_lines(context: Context, queries: Queries, wanted: Any) -> Rows:
    for r in context.database.history.rows(queries):
        if wanted(r["kind"]):
            for number, line in _lines(r["querytxt"]):
                yield (r["userid"], r["xid"], r["pid"], clip(r["label"], LABEL_BYTES), moment(r["starttime"]),
                       moment(r["endtime"]), number, line)


def _svl_statementtext(context: Context, queries: Queries) -> Rows:
    for r in context.database.history.rows(queries):
        kind = r["kind"]
        word = "QUERY" if kind in QUERIES else "DDL" if _is_ddl(kind) else "UTILITY"
        for number, line in _lines(r["querytxt"]):
            yield (r["userid"], r["xid"], r["pid"], clip(r["label"], LABEL_BYTES), moment(r["starttime"]),
                   moment(r["endtime"]), number, word, line)


# -- now -----------------------------------------------------------------------------------------


def _stv_inflight(context: Context, queries: Queries) -> Rows:
    for r in _running(context):
        if r["kind"] in QUERIES:
            yield (
                r["userid"], LEADER_SLICE, r["query"], clip(r["label"], LABEL_BYTES), r["xid"], r["pid"],
                moment(r["starttime"]), clip(r["querytxt"], 100), 0, 0, 0,
            )  # fmt: skip


def _svv_query_inflight(context: Context, queries: Queries) -> Rows:
    for r in _running(context):
        if r["kind"] in QUERIES:
            for number, line in _lines(r["querytxt"]):
                yield r["userid"], LEADER_SLICE, r["query"], r["pid"], moment(r["starttime"]), 0, line, number


def _stv_recents(context: Context, queries: Queries) -> Rows:
    """Its column `query` is the text: `queries` stays None."""
    now = time.time_ns() // 1000
    ended = [(r, "Done", r["endtime"]) for r in context.database.history.rows(queries)[-RECENT:]]
    for r, status, end in [*ended, *((r, "Running", now) for r in _running(context))]:
        yield (
            r["userid"], status, moment(r["starttime"]), min(end - r["starttime"], (1 << 31) - 1), clip(r["user"], 50),
            DATABASE, clip(r["querytxt"], 600), r["pid"],
        )  # fmt: skip


# -- sys_query_history ---------------------------------------------------------------------------


def _sys_query_history(context: Context, queries: Queries) -> Rows:
    now = time.time_ns() // 1000
    for r in context.database.history.rows(queries):
        yield _history_row(r, "failed" if r["aborted"] else "success", r["endtime"])
    for r in _running(context):
        yield _history_row(r, "running", now)


def _history_row(r: Record, status: str, end: int) -> tuple[Any, ...]:
    elapsed = end - r["starttime"]
    queued = r.get("queue_time", 0)
    planning = min(max(r["planned"] - r["starttime"] - queued, 0), elapsed) if "planned" in r else 0
    error = r.get("error")
    if error is not None and error.lower().startswith("query cancel"):
        status = "canceled"
    returns = r["kind"] in ("Select", "Execute", "Fetch", "Show", "Explain") and r.get("rows", -1) >= 0
    return (
        r["userid"], r["query"], clip(r["label"], LABEL_BYTES), r["xid"], r["pid"], r["database"],
        _query_type(r["kind"]), status, "source" in r, moment(r["starttime"]),
        None if status == "running" else moment(end), elapsed, queued, max(0, elapsed - planning - queued),
        None if error is None else clip(error, 512), r["rows"] if returns else 0, r.get("bytes", 0) if returns else 0,
        clip(r["querytxt"], TEXT_BYTES), VERSION, None,
        "primary-scale" if "executor" in r else "primary", 0, planning, None,
        *_queue(r), _hash(r["querytxt"]), _hash(_LITERAL.sub("?", r["querytxt"])), HASH_VERSION, r.get("source"),
    )  # fmt: skip


def _queue(r: Record) -> tuple[Any, ...]:
    """A statement's queue by number and name, its priority (which is not kept), whether it was a short query."""
    service = r.get("class", DEFAULT_SERVICE_CLASS)
    name = r.get("class_name", "Default queue" if service == DEFAULT_SERVICE_CLASS else None)
    return service, name, None, "true" if service == SHORT_CLASS else "false"


def _hash(text: str) -> str:
    """Of a text whatever its blanks."""
    return hashlib.sha1(" ".join(text.split()).encode(), usedforsecurity=False).hexdigest()


def _query_type(kind: str) -> str:
    if kind in _VERBS:
        return _VERBS[kind]
    if _is_ddl(kind):
        return "DDL"
    return "COMMAND" if kind in _COMMANDS else "UTILITY"


# -- the tables ----------------------------------------------------------------------------------

_TEXT: Columns = (("userid", INTEGER), ("xid", BIGINT), ("pid", INTEGER), ("label", char(LABEL_BYTES)),
                  ("starttime", TIMESTAMP), ("endtime", TIMESTAMP), ("sequence", INTEGER))


def _table(name: str, columns: Columns, make: Any) -> VirtualTable:
    return VirtualTable("pg_catalog", name, columns, make, leader_only=False, by_query=True)


TABLES = (
    _table(
        "stl_query",
        (
            ("userid", INTEGER), ("query", INTEGER), ("label", char(LABEL_BYTES)), ("xid", BIGINT),
            ("pid", INTEGER), ("database", char(32)), ("querytxt", char(TEXT_BYTES)),
            ("starttime", TIMESTAMP), ("endtime", TIMESTAMP), ("aborted", INTEGER),
            ("insert_pristine", INTEGER), ("concurrency_scaling_status", INTEGER),
        ),
        _stl_query,
    ),
    _table(
        "svl_qlog",
        (
            ("userid", INTEGER), ("query", INTEGER), ("xid", BIGINT), ("pid", INTEGER), ("starttime", TIMESTAMP),
            ("endtime", TIMESTAMP), ("elapsed", BIGINT), ("aborted", INTEGER), ("label", char(LABEL_BYTES)),
            ("substring", char(60)), ("source_query", INTEGER), ("concurrency_scaling_status_txt", varchar(50)),
            ("from_sp_call", char(1)),
        ),
        _svl_qlog,
    ),
    _table(
        "stl_querytext",
        (("userid", INTEGER), ("xid", BIGINT), ("pid", INTEGER), ("query", INTEGER), ("sequence", INTEGER),
         ("text", char(LINE_BYTES))),
        _stl_querytext,
    ),
    _table("stl_ddltext", (*_TEXT, ("text", char(LINE_BYTES))), _stl_ddltext),
    _table("stl_utilitytext", (*_TEXT, ("text", char(LINE_BYTES))), _stl_utilitytext),
    _table("svl_statementtext", (*_TEXT, ("type", varchar(10)), ("text", char(LINE_BYTES))), _svl_statementtext),
    _table(
        "stv_inflight",
        (
            ("userid", INTEGER), ("slice", INTEGER), ("query", INTEGER), ("label", char(LABEL_BYTES)), ("xid", BIGINT),
            ("pid", INTEGER), ("starttime", TIMESTAMP), ("text", char(100)), ("suspended", INTEGER),
            ("insert_pristine", INTEGER), ("concurrency_scaling_status", INTEGER),
        ),
        _stv_inflight,
    ),
    _table(
        "svv_query_inflight",
        (("userid", INTEGER), ("slice", INTEGER), ("query", INTEGER), ("pid", INTEGER), ("starttime", TIMESTAMP),
         ("suspended", INTEGER), ("text", char(LINE_BYTES)), ("sequence", INTEGER)),
        _svv_query_inflight,
    ),
    _table(
        "stv_recents",
        (("userid", INTEGER), ("status", char(20)), ("starttime", TIMESTAMP), ("duration", INTEGER),
         ("user_name", char(50)), ("db_name", char(50)), ("query", char(600)), ("pid", INTEGER)),
        _stv_recents,
    ),
    _table(
        "sys_query_history",
        (
            ("user_id", INTEGER), ("query_id", BIGINT), ("query_label", char(LABEL_BYTES)), ("transaction_id", BIGINT),
            ("session_id", INTEGER), ("database_name", char(128)), ("query_type", char(32)), ("status", char(10)),
            ("result_cache_hit", BOOLEAN), ("start_time", TIMESTAMP), ("end_time", TIMESTAMP),
            ("elapsed_time", BIGINT), ("queue_time", BIGINT), ("execution_time", BIGINT),
            ("error_message", char(512)), ("returned_rows", BIGINT), ("returned_bytes", BIGINT),
            ("query_text", char(TEXT_BYTES)), ("redshift_version", char(256)), ("usage_limit", char(150)),
            ("compute_type", varchar(32)), ("compile_time", BIGINT), ("planning_time", BIGINT),
            ("lock_wait_time", BIGINT), ("service_class_id", INTEGER), ("service_class_name", char(64)),
            ("query_priority", char(20)), ("short_query_accelerated", varchar(10)), ("user_query_hash", char(40)),
            ("generic_query_hash", char(40)), ("query_hash_version", INTEGER), ("result_cache_query_id", BIGINT),
        ),
        _sys_query_history,
    ),
)  # fmt: skip
