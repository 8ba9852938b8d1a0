"""VACUUM and ANALYZE (r_VACUUM_command.md, r_ANALYZE.md).

    VACUUM [FULL | SORT ONLY | DELETE ONLY | REINDEX | RECLUSTER] [table [TO n PERCENT] [BOOST]]
    ANALYZE [VERBOSE] [table [(columns)]] [PREDICATE COLUMNS | ALL COLUMNS]
"""
from __future__ import annotations

from ...errors import InvalidDefinition, NotSupportedError, SqlSyntaxError
from . import Analyze, Vacuum
from .cursor import Cursor

_KINDS = (("full",), ("sort", "only"), ("delete", "only"), ("recluster",))


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


def parse_analyze(cursor: Cursor) -> Analyze:
    """What follows ANALYZE."""
    if cursor.at("compression"):
        raise NotSupportedError("ANALYZE COMPRESSION is not supported yet", position=cursor.position)
    if cursor.accept("verbose"):
        raise NotSupportedError("ANALYZE VERBOSE is not supported yet")
    if cursor.done:
        return Analyze(())
    table = cursor.relation()
    columns = cursor.names() if cursor.at("(") else ()
    if not cursor.accept("all", "columns") and cursor.at("predicate"):
        raise NotSupportedError("ANALYZE ... PREDICATE COLUMNS is not supported yet", position=cursor.position)
    cursor.finish()
    return Analyze((table,), columns)
