"""CREATE SCHEMA and ALTER SCHEMA (r_CREATE_SCHEMA, r_ALTER_SCHEMA).

    CREATE SCHEMA [IF NOT EXISTS] s [AUTHORIZATION u] [QUOTA n [MB|GB|TB] | UNLIMITED]
    CREATE SCHEMA AUTHORIZATION u [QUOTA ...]
    ALTER SCHEMA s { RENAME TO t | OWNER TO u | QUOTA ... }
"""
from __future__ import annotations

from ...errors import NotSupportedError
from . import CreateSchema
from .access import AlterSchema
from .cursor import Cursor

_MEGABYTES = {"MB": 1, "GB": 1024, "TB": 1024 * 1024}


def create_schema(cursor: Cursor) -> CreateSchema:
    """What follows CREATE SCHEMA."""
    if_not_exists = cursor.accept("if", "not", "exists")
    owner = None
    if cursor.accept("authorization"):
        name = owner = cursor.name_or_string()
    else:
        name = cursor.name()
        if cursor.accept("authorization"):
            owner = cursor.name_or_string()
    quota = _quota(cursor) if cursor.accept("quota") else None
    if cursor.word() in ("CREATE", "GRANT"):
        raise NotSupportedError("schema elements in CREATE SCHEMA are not supported: make them by statements of "
                                "their own", position=cursor.position)
    cursor.finish()
    return CreateSchema(name, if_not_exists, owner, quota)


def _quota(cursor: Cursor) -> int | None:
    """Megabytes; None for UNLIMITED."""
    if cursor.accept("unlimited"):
        return None
    position = cursor.position
    text = cursor.next().text.upper()  # 10 GB, or 10GB as one or two tokens
    digits = text.rstrip("MGTB")
    unit = text[len(digits):] or (cursor.accept_any("MB", "GB", "TB") or "MB")
    if not digits.isdigit() or unit not in _MEGABYTES:
        cursor.index -= 1
        raise NotSupportedError("QUOTA takes a whole number of MB, GB or TB", position=position)
    return int(digits) * _MEGABYTES[unit]


def alter_schema(cursor: Cursor) -> AlterSchema:
    """What follows ALTER SCHEMA."""
    name = cursor.name()
    if cursor.accept("rename", "to"):
        found = AlterSchema(name, "rename", cursor.name())
    elif cursor.accept("owner", "to"):
        found = AlterSchema(name, "owner", cursor.name_or_string())
    else:
        cursor.expect("quota")
        quota = _quota(cursor)
        found = AlterSchema(name, "quota", "" if quota is None else str(quota))
    cursor.finish()
    return found
