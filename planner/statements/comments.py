"""COMMENT ON (r_COMMENT): TABLE, VIEW, COLUMN, CONSTRAINT and DATABASE; SCHEMA as well, which PostgreSQL has."""
from __future__ import annotations

from ...errors import NotSupportedError, SqlSyntaxError
from .access import Comment
from .cursor import Cursor
from .names import DATABASE, RelationName

_ELSEWHERE = ("FUNCTION", "PROCEDURE", "LANGUAGE", "INDEX", "SEQUENCE", "TRIGGER", "TYPE", "ROLE")


def parse_comment(cursor: Cursor) -> Comment:
    """What follows COMMENT."""
    cursor.expect("on")
    position = cursor.position
    if cursor.word() in _ELSEWHERE:
        raise NotSupportedError(f"COMMENT ON {cursor.word()} is not supported by Redshift", position=position)
    kind = cursor.accept_any("table", "view", "column", "constraint", "database", "schema")
    if kind is None:
        raise cursor.error()
    part = ""
    if kind == "column":
        name, part = _column(cursor)
    elif kind == "constraint":
        part = cursor.name()
        cursor.expect("on")
        name = cursor.relation()
    else:
        name = cursor.relation()
    cursor.expect("is")
    text = None if cursor.accept("null") else cursor.string()
    cursor.finish()
    return Comment(kind, name, text or None, part)


def _column(cursor: Cursor) -> tuple[RelationName, str]:
    """[[database.]schema.]table.column"""
    position = cursor.position
    parts = [cursor.name()]
    while cursor.accept("."):
        parts.append(cursor.name())
    if len(parts) == 4 and parts[0].lower() == DATABASE:
        del parts[0]
    if len(parts) not in (2, 3):
        raise SqlSyntaxError("column name must be qualified", position=position)
    return RelationName(parts[0] if len(parts) == 3 else None, parts[-2], position), parts[-1]
