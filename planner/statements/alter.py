"""ALTER TABLE in the forms that change names, owners and columns without touching rows.

    ALTER TABLE t RENAME TO u                  ALTER TABLE t RENAME COLUMN a TO b
    ALTER TABLE t DROP [COLUMN] a [RESTRICT | CASCADE]
    ALTER TABLE t ALTER COLUMN a TYPE varchar(n)
    ALTER TABLE t OWNER TO u

ALTER of schemas, principals and default privileges is in schemas.py, principals.py and grants.py.

All others, and ALTER of anything else, are refused by name.
"""
from __future__ import annotations

from ...errors import NotSupportedError
from . import AlterTable, RelationName, Statement
from .cursor import Cursor
from .grants import parse_default_privileges
from .principals import PRINCIPALS, alter_principal
from .schemas import alter_schema
from .tables import read_type


def parse_alter(cursor: Cursor) -> Statement:
    """What follows ALTER."""
    start = cursor.position
    word = cursor.word()
    if word in PRINCIPALS:
        return alter_principal(cursor)
    if cursor.accept("schema"):
        return alter_schema(cursor)
    if cursor.accept("default", "privileges"):
        return parse_default_privileges(cursor)
    if not cursor.accept("table"):
        raise NotSupportedError(f"ALTER {word} is not supported yet", position=start)
    table = cursor.relation()
    position = cursor.position
    if cursor.accept("rename", "to"):
        found = AlterTable(table, "rename", cursor.name(), position=position)
    elif cursor.accept("owner", "to"):
        found = AlterTable(table, "owner", cursor.name_or_string(), position=position)
    elif cursor.accept("rename"):
        cursor.accept("column")
        name = cursor.name()
        cursor.expect("to")
        found = AlterTable(table, "rename column", name, cursor.name(), position=position)
    elif cursor.at("drop") and not cursor.at("drop", "constraint") and not cursor.at("drop", "partition"):
        cursor.next()
        cursor.accept("column")
        name = cursor.name()
        cascade = cursor.accept("cascade")
        if not cascade:
            cursor.accept("restrict")
        found = AlterTable(table, "drop column", name, cascade=cascade, position=position)
    else:
        found = _column_type(cursor, table, position)
    cursor.finish()
    return found


def _column_type(cursor: Cursor, table: RelationName, position: int | None) -> AlterTable:
    """ALTER COLUMN name TYPE type, or the refusal of what stands there."""
    word = cursor.word()
    if cursor.accept("alter", "column"):
        name = cursor.name()
        if cursor.accept("type"):
            return AlterTable(table, "type", name, type=read_type(cursor), position=position)
    raise NotSupportedError(f"ALTER TABLE ... {word} in this form is not supported yet", position=position)
