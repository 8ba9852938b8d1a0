"""ALTER TABLE (r_ALTER_TABLE.md, r_ALTER_TABLE_APPEND.md).

    ALTER TABLE t RENAME TO u                  ALTER TABLE t RENAME COLUMN a TO b
    ALTER TABLE t ADD [COLUMN] a type [DEFAULT expression] [ENCODE encoding] [NOT NULL | NULL]
    ALTER TABLE t DROP [COLUMN] a [RESTRICT | CASCADE]
    ALTER TABLE t ALTER COLUMN a TYPE varchar(n)
    ALTER TABLE t ADD [CONSTRAINT c] { PRIMARY KEY (a, ...) | UNIQUE (a, ...) | FOREIGN KEY (a, ...) REFERENCES u }
    ALTER TABLE t DROP CONSTRAINT c [RESTRICT | CASCADE]
    ALTER TABLE t OWNER TO u

    ALTER DATABASE dev ISOLATION LEVEL { SERIALIZABLE | SNAPSHOT }

ALTER of schemas, principals and default privileges is in schemas.py, principals.py and grants.py.

    ALTER TABLE t ALTER DISTSTYLE ALL | EVEN | AUTO | KEY DISTKEY a          ALTER DISTKEY a
                  ALTER [COMPOUND] SORTKEY (a, ...)      ALTER SORTKEY AUTO | NONE
                  ALTER COLUMN a ENCODE encoding         ALTER ENCODE AUTO          several, with commas between

    ALTER TABLE t APPEND FROM u [IGNOREEXTRA | FILLTARGET]

All others, and ALTER of anything else, are refused by name.
"""
from __future__ import annotations

from typing import Any, Union

from ...errors import DuplicateColumn, InvalidDefinition, NotSupportedError
from ...storage.schema import DistStyle
from . import (
    AddColumn,
    AddConstraint,
    AlterDatabase,
    AlterDesign,
    AlterTable,
    AppendTable,
    DropConstraint,
    RelationName,
    Statement,
)
from .attributes import MAX_COMPOUND
from .cursor import Cursor
from .grants import parse_default_privileges
from .principals import PRINCIPALS, alter_principal
from .schemas import alter_schema
from .session import parse_alter_system
from .tables import read_column, read_constraint, read_type, unknown_kind

Alter = Union[AlterTable, AddColumn, AddConstraint, DropConstraint, AlterDesign, AppendTable]


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
    if cursor.accept("system"):
        return parse_alter_system(cursor)
    if cursor.accept("database"):
        return _alter_database(cursor)
    if not cursor.accept("table"):
        raise NotSupportedError(f"ALTER {unknown_kind(cursor) or word} is not supported yet", position=start)
    table = cursor.relation()
    found = _external(cursor, table) or _change(cursor, table)
    cursor.finish()
    return found


def _external(cursor: Cursor, table: RelationName) -> Statement | None:
    """What external tables alone have."""
    if not any(cursor.at(word) for word in ("set", "partition", "add", "drop")):
        return None
    from .lake import alter_external

    return alter_external(cursor, table)


def _alter_database(cursor: Cursor) -> AlterDatabase:
    """name ISOLATION LEVEL level (r_ALTER_DATABASE.md); a folder is one database, so its name and limits stay."""
    position = cursor.position
    name = cursor.name()
    if not cursor.accept("isolation", "level"):
        option = cursor.word().upper()
        if option not in ("RENAME", "OWNER", "CONNECTION", "COLLATE"):
            raise cursor.error()
        hint = "Columns have collations: c VARCHAR(20) COLLATE CASE_INSENSITIVE." if option == "COLLATE" else None
        raise NotSupportedError(f"ALTER DATABASE {option} is not supported (r_ALTER_DATABASE)",
                                position=cursor.position, hint=hint)
    level = "snapshot" if cursor.accept("snapshot") else "serializable"
    if level == "serializable":
        cursor.expect("serializable")
    cursor.finish()
    return AlterDatabase(name, level, position)


def _change(cursor: Cursor, table: RelationName) -> Alter:
    position = cursor.position
    if cursor.accept("rename", "to"):
        return AlterTable(table, "rename", cursor.name(), position=position)
    if cursor.accept("owner", "to"):
        return AlterTable(table, "owner", cursor.user(), position=position)
    if cursor.accept("rename"):
        cursor.accept("column")
        name = cursor.name()
        cursor.expect("to")
        return AlterTable(table, "rename column", name, cursor.name(), position=position)
    if cursor.accept("drop", "constraint"):
        return DropConstraint(table, cursor.name(), _cascade(cursor), position)
    if cursor.at("drop") and not cursor.at("drop", "partition"):
        cursor.next()
        cursor.accept("column")
        return AlterTable(table, "drop column", cursor.name(), cascade=_cascade(cursor), position=position)
    if cursor.at("add") and not any(cursor.at("add", *words) for words in _NO_COLUMNS):
        cursor.next()
        constraint = read_constraint(cursor)
        if constraint is not None:
            return AddConstraint(table, constraint, position)
        cursor.accept("column")
        return AddColumn(table, read_column(cursor))
    if cursor.accept("append", "from"):
        source = cursor.relation()
        option = cursor.accept_any("ignoreextra", "filltarget")
        return AppendTable(table, source, option == "ignoreextra", option == "filltarget")
    if cursor.at("alter"):
        return _type(cursor, table, position) or _design(cursor, table, position)
    word = cursor.word()
    raise NotSupportedError(f"ALTER TABLE ... {word} in this form is not supported yet", position=position)


_NO_COLUMNS = (("partition",), ("if", "not", "exists"))


def _cascade(cursor: Cursor) -> bool:
    """[RESTRICT | CASCADE]"""
    return cursor.accept_any("restrict", "cascade") == "cascade"


def _type(cursor: Cursor, table: RelationName, position: int | None) -> AlterTable | None:
    """ALTER COLUMN name TYPE type; None where it is another ALTER."""
    start = cursor.index
    if cursor.accept("alter", "column"):
        name = cursor.name()
        if cursor.accept("type"):
            return AlterTable(table, "type", name, type=read_type(cursor), position=position)
    cursor.index = start
    return None


def _design(cursor: Cursor, table: RelationName, position: int | None) -> AlterDesign:
    """ALTER clauses up to the end; each kind once."""
    given: dict[str, Any] = {}
    encodings: list[tuple[str, str, int | None]] = []
    while True:
        at = cursor.position
        cursor.expect("alter")
        kind = _clause(cursor, given, encodings, position)
        if kind in given.setdefault("kinds", ()):
            raise InvalidDefinition(f"ALTER {kind} is given twice", sqlstate="42601", position=at)
        if kind != "COLUMN":
            given["kinds"] += (kind,)
        if not cursor.accept(","):
            break
    kinds = given.pop("kinds")
    if ("ENCODE" in kinds or encodings) and len(kinds) + bool(encodings) > 1:
        raise NotSupportedError("ALTER ... ENCODE cannot be combined with other clauses", position=position)
    return AlterDesign(table, encodings=tuple(encodings), position=position, **given)


def _clause(cursor: Cursor, given: dict[str, Any], encodings: list[tuple[str, str, int | None]],
            position: int | None) -> str:
    """One clause behind ALTER, into `given` or `encodings`; its kind."""
    if cursor.accept("diststyle"):
        style = cursor.accept_any("all", "even", "auto", "key")
        if style is None:
            raise cursor.error()
        given["dist_style"] = DistStyle[style.upper()]
        if style == "key":
            cursor.expect("distkey")
            given["dist_key"] = cursor.name()
        return "DISTSTYLE"
    if cursor.accept("distkey"):
        given["dist_style"], given["dist_key"] = DistStyle.KEY, cursor.name()
        return "DISTSTYLE"
    if cursor.accept("encode", "auto"):
        given["encode_auto"] = True
        return "ENCODE"
    if cursor.accept("column"):
        at = cursor.position
        name = cursor.name()
        cursor.expect("encode")
        encodings.append((name, cursor.any_word(), at))
        return "COLUMN"
    at = cursor.position
    if cursor.at("interleaved"):
        raise InvalidDefinition("a sort key cannot be altered to an interleaved one", sqlstate="0A000", position=at)
    compound = cursor.accept("compound")
    if not cursor.accept("sortkey"):
        word = cursor.word()
        raise NotSupportedError(f"ALTER TABLE ... ALTER {word} in this form is not supported yet", position=position)
    _sort_key(cursor, given, compound, at)
    return "SORTKEY"


def _sort_key(cursor: Cursor, given: dict[str, Any], compound: bool, position: int | None) -> None:
    if not compound and cursor.accept("auto"):
        given["sort_auto"] = True
    elif not compound and cursor.accept("none"):
        given["sort_key"] = ()
    else:
        given["sort_key"] = cursor.names()
        if len(given["sort_key"]) > MAX_COMPOUND:
            raise InvalidDefinition(f"a sort key has at most {MAX_COMPOUND} columns", position=position)
        if len(set(given["sort_key"])) < len(given["sort_key"]):
            raise DuplicateColumn("a column stands twice in the SORTKEY", position=position)
