"""VACUUM and ANALYZE (r_VACUUM_command.md, r_ANALYZE.md).

    VACUUM [FULL | SORT ONLY | DELETE ONLY | REINDEX | RECLUSTER] [table [TO n PERCENT] [BOOST]]
    ANALYZE [VERBOSE] [table [(columns)]] [PREDICATE COLUMNS | ALL COLUMNS]
    ANALYZE COMPRESSION [table [(columns)]] [COMPROWS n]
"""
from __future__ import annotations

from ...errors import InvalidDefinition, NotSupportedError, SqlSyntaxError
from . import Analyze, AnalyzeCompression, Vacuum
from .cursor import Cursor

_KINDS = (("full",), ("sort", "only"), ("delete", "only"), ("recluster",))
MIN_COMPROWS, MAX_COMPROWS = 1000, 1_000_000_000


def parse_vacuum(cursor: Cursor, kind: str = "") -> Vacuum:
    """What follows VACUUM, or VACUUM REINDEX (`kind` 'reindex')."""
    kind = kind or next((" ".join(words) for words in _KINDS if cursor.accept(*words)), "full")
    if cursor.done or cursor.at("to") or cursor.at("boost"):
        needed = kind.upper() if kind in ("reindex", "recluster") else "TO" if cursor.at("to") else "BOOST"
        if cursor.done and kind not in ("reindex", "recluster"):
            return Vacuum(kind)
        raise SqlSyntaxError(f"VACUUM ... {needed} needs the name of a table", position=cursor.position)
    table = cursor.relation()
    threshold, position = None, cursor.position
    if cursor.accept("to"):
        threshold = cursor.integer()
        cursor.expect("percent")
        if kind in ("reindex", "recluster"):
            raise NotSupportedError(f"VACUUM {kind.upper()} is not supported with TO threshold PERCENT",
                                    position=position)
        if not 0 <= threshold <= 100:
            raise InvalidDefinition(f"the threshold of VACUUM must be between 0 and 100, not {threshold}",
                                    sqlstate="22023", position=position)
    position = cursor.position
    boost = cursor.accept("boost")
    if boost and kind == "reindex":
        raise NotSupportedError("BOOST is not supported with VACUUM REINDEX", position=position)
    cursor.finish()
    return Vacuum(kind, table, threshold, boost)


def parse_analyze(cursor: Cursor) -> Analyze | AnalyzeCompression:
    """What follows ANALYZE."""
    if cursor.accept("compression"):
        return _compression(cursor)
    verbose = cursor.accept("verbose")
    tables = () if cursor.done or cursor.at("predicate", "columns") or cursor.at("all", "columns") else (
        cursor.relation(),
    )
    columns = cursor.names() if tables and cursor.at("(") else ()
    predicate = False
    if not cursor.accept("all", "columns"):
        position = cursor.position
        predicate = cursor.accept("predicate", "columns")
        if predicate and columns:
            raise SqlSyntaxError("a list of columns and PREDICATE COLUMNS cannot both be given", position=position)
    cursor.finish()
    return Analyze(tables, columns, predicate, verbose)


def _compression(cursor: Cursor) -> AnalyzeCompression:
    table = None if cursor.done or cursor.at("comprows") else cursor.relation()
    columns = cursor.names() if table is not None and cursor.at("(") else ()
    rows = None
    if cursor.accept("comprows"):
        position = cursor.position
        rows = cursor.integer()
        if not MIN_COMPROWS <= rows <= MAX_COMPROWS:
            raise InvalidDefinition(f"COMPROWS must be between {MIN_COMPROWS} and {MAX_COMPROWS}, not {rows}",
                                    sqlstate="22023", position=position)
    cursor.finish()
    return AnalyzeCompression(table, columns, rows)
