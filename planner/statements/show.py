"""SHOW of objects (r_SHOW_TABLE, r_SHOW_VIEW; SHOW DATABASES ... GRANTS are newer than the manual's edition).

    SHOW DATABASES | SCHEMAS FROM DATABASE d | TABLES FROM SCHEMA [d.]s | COLUMNS FROM TABLE [[d.]s.]t
        [LIKE 'p'] [LIMIT n]
    SHOW { TABLES | COLUMNS | GRANTS ON TABLES } FROM DATABASE d  [DRIVER_TOKEN 't']
        [WHERE { SCHEMA_NAME | TABLE_NAME | COLUMN_NAME } LIKE 'p' [AND ...]] [LIMIT n]
    SHOW CONSTRAINTS { PRIMARY KEYS | FOREIGN KEYS [EXPORTED] } FROM TABLE t  [LIMIT n]
    SHOW GRANTS ON { TABLE t | SCHEMA s | DATABASE d } [FOR user | ROLE r | GROUP g | PUBLIC]  [LIMIT n]
    SHOW COLUMN GRANTS ON TABLE t  [LIKE 'p'] [FOR ...] [LIMIT n]
    SHOW GRANTS FOR { user | ROLE r | PUBLIC }  [FROM DATABASE d] [LIMIT n]
    SHOW GRANTS ON FUNCTION [d.]s.f(types)  [FOR ...] [LIMIT n]
    SHOW { FUNCTIONS | PROCEDURES } FROM SCHEMA s  [LIKE 'p'] [LIMIT n]
    SHOW PARAMETERS OF FUNCTION [d.]s.f(types)  [LIKE 'p']
    SHOW TABLE t        SHOW VIEW v        SHOW EXTERNAL TABLE s.t [PARTITION]

A DRIVER_TOKEN has no meaning here: drivers send what a cluster gave them to know each other again.
"""
from __future__ import annotations

from dataclasses import replace

from ...errors import NotSupportedError, SqlSyntaxError, UndefinedObject
from .access import Grantee, ShowObjects
from .cursor import Cursor
from .grants import with_types
from .names import DATABASE, RelationName

_LISTS = {"databases": "", "schemas": "database", "tables": "schema", "columns": "table", "functions": "schema",
          "procedures": "schema"}
_NOT_HERE = ("DATASHARES", "EXTERNAL", "MODEL", "MATERIALIZED", "PROCEDURE", "FUNCTION", "CATALOGS",
             "TEMPLATES", "POLICIES")


def parse_show_objects(cursor: Cursor) -> ShowObjects | None:
    """What follows SHOW, when it speaks of objects; None: of a parameter."""
    word = cursor.word()
    if cursor.accept("table"):
        return _definition(cursor, "table")
    if cursor.accept("view"):
        return _definition(cursor, "view")
    if cursor.accept("external", "table"):
        name = cursor.relation()
        kind = "external partitions" if cursor.accept("partition") else "external table"
        cursor.finish()
        return ShowObjects(kind, name)
    if word.lower() in _LISTS:
        return _list(cursor)
    if cursor.accept("constraints"):
        return _constraints(cursor)
    if cursor.at("grants") or cursor.at("column", "grants"):
        return _grants(cursor)
    if cursor.accept("parameters"):
        return _parameters(cursor)
    if word in _NOT_HERE:
        raise NotSupportedError(f"SHOW {word} is not supported: there is none here", position=cursor.position)
    return None


def _definition(cursor: Cursor, kind: str) -> ShowObjects:
    found = ShowObjects(kind, _name(cursor, 3))
    cursor.finish()
    return found


def _list(cursor: Cursor) -> ShowObjects:
    kind = cursor.next().text.lower()
    inside = _LISTS[kind]
    name = RelationName(None, "")
    if inside:
        cursor.expect("from")
        if kind in ("tables", "columns") and cursor.accept("database"):
            return _of_database(cursor, f"{kind} of database")
        cursor.expect(inside)
        name = _name(cursor, {"database": 1, "schema": 2, "table": 3}[inside])
    elif cursor.accept("from"):
        raise NotSupportedError("SHOW DATABASES FROM is not supported", position=cursor.position)
    return _ended(cursor, kind, name)


def _of_database(cursor: Cursor, kind: str) -> ShowObjects:
    """What follows FROM DATABASE."""
    name = _name(cursor, 1)
    if cursor.accept("driver_token"):
        cursor.string()
    known = ("schema_name", "table_name", "column_name")[: 3 if kind.startswith("columns") else 2]
    where: list[tuple[str, str]] = []
    while cursor.accept("and") if where else cursor.accept("where"):
        position = cursor.position
        column = cursor.name().lower()
        if column not in known:
            raise SqlSyntaxError(f"WHERE of SHOW cannot name {column}: it may be {' or '.join(known)}",
                                 position=position)
        cursor.expect("like")
        where.append((column, cursor.string()))
    return replace(_ended(cursor, kind, name, likes=False), where=tuple(where))


def _constraints(cursor: Cursor) -> ShowObjects:
    exported = False
    if cursor.accept("primary"):
        kind = "primary keys"
    else:
        cursor.expect("foreign")
        kind = "foreign keys"
    cursor.expect("keys")
    if kind == "foreign keys":
        exported = cursor.accept("exported")
    cursor.expect("from", "table")
    return _ended(cursor, "exported keys" if exported else kind, _name(cursor, 3))


def _grants(cursor: Cursor) -> ShowObjects:
    columns = cursor.accept("column")
    cursor.expect("grants")
    name, kind = RelationName(None, ""), "grants for"
    if cursor.accept("on"):
        if not columns and cursor.accept("tables", "from", "database"):
            return _of_database(cursor, "table grants of database")
        what = cursor.accept_any("table", "schema", "database", "function")
        if what is None:
            if cursor.word() in ("PROCEDURE", "DATASHARE", "MODEL"):
                raise NotSupportedError(f"SHOW GRANTS ON {cursor.word()} is not supported", position=cursor.position)
            what = "table"
        kind = f"grants on {what}"
        name = _name(cursor, {"database": 1, "schema": 2, "table": 3, "function": 3}[what])
        if what == "function":
            name = with_types(cursor, name)
    if columns:
        kind = "column grants"
    like = cursor.string() if columns and cursor.accept("like") else None
    grantee = None
    if kind == "grants for" or cursor.at("for"):
        cursor.expect("for")
        position = cursor.position
        which = cursor.accept_any("role", "group", "public") or "user"
        grantee = Grantee(which, "" if which == "public" else cursor.user(), position)
    if kind == "grants for" and cursor.accept("from", "database"):
        name = _name(cursor, 1)
    return replace(_ended(cursor, kind, name, grantee, likes=False), like=like)


def _parameters(cursor: Cursor) -> ShowObjects:
    cursor.expect("of")
    if cursor.at("procedure"):
        raise NotSupportedError("SHOW PARAMETERS OF PROCEDURE is not supported: there is none here",
                                position=cursor.position)
    cursor.expect("function")
    return _ended(cursor, "parameters", with_types(cursor, _name(cursor, 3)))


def _ended(
    cursor: Cursor, kind: str, name: RelationName, grantee: Grantee | None = None, *, likes: bool = True
) -> ShowObjects:
    like = cursor.string() if likes and cursor.accept("like") else None
    limit = cursor.integer() if cursor.accept("limit") else None
    if limit is not None and not 0 <= limit <= 10_000:
        raise SqlSyntaxError("LIMIT of SHOW must be between 0 and 10000", sqlstate="22023")
    cursor.finish()
    return ShowObjects(kind, name, like, limit, grantee)


def _name(cursor: Cursor, parts: int) -> RelationName:
    """A dotted name of at most so many parts. The first of all of them is the database, of which there is one."""
    position = cursor.position
    found = [cursor.name()]
    while len(found) < parts and cursor.accept("."):
        found.append(cursor.name())
    if parts > 1 and len(found) == parts:
        database = found.pop(0)
        if database != DATABASE:
            raise UndefinedObject(f'database "{database}" does not exist', sqlstate="3D000", position=position)
    return RelationName(found[0] if len(found) == 2 else None, found[-1], position)
