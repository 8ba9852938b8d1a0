"""CREATE SCHEMA and ALTER SCHEMA (r_CREATE_SCHEMA, r_ALTER_SCHEMA).

    CREATE SCHEMA [IF NOT EXISTS] s [AUTHORIZATION u] [QUOTA UNLIMITED]
    CREATE SCHEMA AUTHORIZATION u
    ALTER SCHEMA s { RENAME TO t | OWNER TO u | QUOTA UNLIMITED }

Any other QUOTA is refused.
"""
from __future__ import annotations

from ...errors import NotSupportedError
from . import CreateSchema
from .access import AlterSchema
from .cursor import Cursor


def create_schema(cursor: Cursor) -> CreateSchema:
    """What follows CREATE SCHEMA."""
    if_not_exists = cursor.accept("if", "not", "exists")
    owner = None
    if cursor.accept("authorization"):
        name = owner = cursor.user()
    else:
        name = cursor.name()
        if cursor.accept("authorization"):
            owner = cursor.user()
    if cursor.at("quota"):
        _quota(cursor)
    if cursor.word() in ("CREATE", "GRANT"):
        raise NotSupportedError("schema elements in CREATE SCHEMA are not supported: make them by statements of "
                                "their own", position=cursor.position)
    cursor.finish()
    return CreateSchema(name, if_not_exists, owner)


def _quota(cursor: Cursor) -> None:
    """QUOTA UNLIMITED says what is so anyway."""
    position = cursor.position
    cursor.expect("quota")
    if not cursor.accept("unlimited"):
        raise NotSupportedError("QUOTA of a schema is not supported", position=position)


def alter_schema(cursor: Cursor) -> AlterSchema:
    """What follows ALTER SCHEMA."""
    name = cursor.name()
    if cursor.accept("rename", "to"):
        found = AlterSchema(name, "rename", cursor.name())
    elif cursor.accept("owner", "to"):
        found = AlterSchema(name, "owner", cursor.user())
    else:
        _quota(cursor)
        found = AlterSchema(name, "quota")
    cursor.finish()
    return found
