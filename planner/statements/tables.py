"""CREATE TABLE, CREATE TABLE AS, CREATE VIEW, DROP, TRUNCATE; CREATE and DROP of other things go to their own modules.

    CREATE [TEMP] TABLE [IF NOT EXISTS] t
        ( column type [column attributes and constraints] | table constraint | LIKE parent [...] , ... )
        [ table attributes ]
    CREATE [TEMP] TABLE t [(names)] [table attributes] AS query      (WITH (...): Athena's, lake_athena.py)

Column attributes are read here; types in typenames.py; table attributes in attributes.py. Whether keys
and encodings fit together is for the handlers, which know the catalogue.
"""
from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from ...errors import InvalidDefinition, NotSupportedError, SqlSyntaxError
from ...records import dataclass
from ...storage.schema import Constraint
from ...storage.types import SqlType
from ..intervals import interval_type
from ..typenames import sql_type
from . import (
    ColumnDefinition,
    CreateExternalTable,
    CreateTable,
    CreateTableAs,
    CreateView,
    Drop,
    DropFunction,
    DropPrincipal,
    RelationName,
    Statement,
    Truncate,
)
from .attributes import table_attributes
from .cursor import Cursor
from .principals import PRINCIPALS, create_principal, drop_principal
from .schemas import create_schema

_TWO_WORD_TYPES = {"CHARACTER": "VARYING", "CHAR": "VARYING", "DOUBLE": "PRECISION", "BINARY": "VARYING"}
_COLUMN_ENDS = (
    "NOT", "NULL", "DEFAULT", "IDENTITY", "GENERATED", "ENCODE", "DISTKEY", "SORTKEY", "PRIMARY", "UNIQUE",
    "REFERENCES", "COLLATE", "CONSTRAINT", "CHECK",
)


def parse_create(cursor: Cursor) -> Statement:
    """What follows CREATE."""
    if cursor.accept("schema"):
        return create_schema(cursor)
    if cursor.word() in PRINCIPALS:
        return create_principal(cursor)
    if cursor.at("external", "schema") or cursor.at("external", "table"):
        from .lake import create_external_schema, create_external_table

        cursor.next()
        made = create_external_schema if cursor.next().text.upper() == "SCHEMA" else create_external_table
        return made(cursor)
    or_replace = cursor.accept("or", "replace")
    if cursor.accept("view"):
        return _create_view(cursor, or_replace)
    if cursor.accept("function"):
        from .functions import create_function

        return create_function(cursor, or_replace)
    if or_replace:
        raise _unsupported(cursor)
    local = cursor.accept("local")
    temporary = cursor.accept_any("temporary", "temp") is not None
    if local and not temporary:
        raise cursor.error()
    if cursor.accept("table"):
        return _create_table(cursor, temporary)
    raise _unsupported(cursor)


def no_databases(verb: str, cursor: Cursor) -> NotSupportedError:
    """A session has one database, the folder it was opened with."""
    return NotSupportedError(
        f"{verb} DATABASE is not supported: a database is a folder, and a session has one", position=cursor.position,
        hint="warehouse.connect() makes and opens databases, in a process or beside others.",
    )


def _unsupported(cursor: Cursor) -> Exception:
    words = ("EXTERNAL", "MATERIALIZED", "PROCEDURE", "LIBRARY",
             "DATASHARE", "MODEL", "IDENTITY", "RLS", "MASKING", "INDEX", "SEQUENCE", "TRIGGER")
    word = cursor.word()
    if word == "DATABASE":
        return no_databases("CREATE", cursor)
    if word in words:
        return NotSupportedError(f"CREATE {unknown_kind(cursor)} is not supported yet", position=cursor.position)
    return cursor.error()


def unknown_kind(cursor: Cursor) -> str:
    """What kind of object the present words name: MATERIALIZED VIEW, LIBRARY ..."""
    word = cursor.word()
    following = cursor.tokens[cursor.index + 1].text.upper() if cursor.index + 1 < len(cursor.tokens) else ""
    return f"{word} {following}".strip() if word in ("EXTERNAL", "MATERIALIZED", "RLS", "MASKING", "IDENTITY") else word


# -- tables ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Elements:
    """What stands between the parentheses of CREATE TABLE."""

    columns: list[ColumnDefinition] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    like: RelationName | None = None
    like_defaults: bool = False


def _create_table(cursor: Cursor, temporary: bool) -> CreateTable | CreateTableAs | CreateExternalTable:
    if_not_exists = cursor.accept("if", "not", "exists")
    name = cursor.relation()
    if name.name.startswith("#"):
        temporary = True
    if cursor.at("with", "(") and not temporary and not if_not_exists:
        from .lake_athena import table_as

        return table_as(cursor, name)
    names: tuple[str, ...] = ()
    if cursor.at("(") and _is_name_list(cursor):
        names = cursor.names()
    if names or not cursor.at("("):
        return _create_table_as(cursor, name, names, temporary, if_not_exists)
    elements = _elements(cursor)
    attributes = table_attributes(cursor)
    cursor.finish()
    return CreateTable(
        name, tuple(elements.columns), attributes, if_not_exists, temporary, elements.like,
        elements.like_defaults, tuple(elements.constraints),
    )


def _is_name_list(cursor: Cursor) -> bool:
    """Whether the parentheses hold bare names only: the column names of a CREATE TABLE AS."""
    start = cursor.index
    try:
        cursor.names()
    except SqlSyntaxError:
        return False
    finally:
        cursor.index = start
    return True


def _create_table_as(
    cursor: Cursor, name: RelationName, names: tuple[str, ...], temporary: bool, if_not_exists: bool
) -> CreateTableAs:
    if if_not_exists:
        raise NotSupportedError("CREATE TABLE AS takes no IF NOT EXISTS in Redshift", position=name.position)
    attributes = table_attributes(cursor, by_number=True)
    cursor.expect("as")
    return CreateTableAs(name, names, attributes, cursor.query(), temporary)


def _elements(cursor: Cursor) -> _Elements:
    found = _Elements()
    cursor.expect("(")
    while True:
        if cursor.accept("like"):
            if found.like is not None:
                raise cursor.error()
            found.like = cursor.relation()
            mode = cursor.accept_any("including", "excluding")
            if mode:
                cursor.expect("defaults")
                found.like_defaults = mode == "including"
        elif (constraint := read_constraint(cursor)) is not None:
            found.constraints.append(constraint)
        else:
            found.columns.append(read_column(cursor))
        if not cursor.accept(","):
            break
    cursor.expect(")")
    return found


def read_constraint(cursor: Cursor) -> Constraint | None:
    """[CONSTRAINT name] PRIMARY KEY (...), UNIQUE (...), FOREIGN KEY (...) REFERENCES t [(...)]: kept, not enforced."""
    name = cursor.name() if cursor.accept("constraint") else ""
    if cursor.at("unique", "("):
        cursor.next()
        return Constraint("unique", cursor.names(), "", name)
    if cursor.accept("primary", "key"):
        return Constraint("primary key", cursor.names(), "", name)
    if cursor.accept("foreign", "key"):
        columns = cursor.names()
        cursor.expect("references")
        return Constraint("foreign key", columns, _reference(cursor), name)
    if cursor.at("check", "("):
        raise NotSupportedError("CHECK constraints are not supported by Redshift", position=cursor.position)
    if name:
        raise cursor.error()
    return None


def _reference(cursor: Cursor) -> str:
    target = str(cursor.relation())
    if cursor.at("("):
        target += "(" + ", ".join(cursor.names()) + ")"
    return target


# -- columns -----------------------------------------------------------------------------------


def read_column(cursor: Cursor) -> ColumnDefinition:
    """A column's name, type and attributes."""
    position = cursor.position
    name = cursor.name()
    given: dict[str, Any] = {"name": name, "type": read_type(cursor), "position": position}
    while not cursor.done and not cursor.at(",") and not cursor.at(")"):
        _column_attribute(cursor, given)
    return ColumnDefinition(**given)


def _column_attribute(cursor: Cursor, given: dict[str, Any]) -> None:
    """One attribute or constraint of a column, into `given`."""
    if cursor.accept("constraint"):
        _name_constraint(cursor, given)
    if cursor.accept("not", "null"):
        _once(cursor, given, "nullable", False)
    elif cursor.accept("null"):
        _once(cursor, given, "nullable", True)
    elif cursor.accept("default"):
        _default(cursor, given)
    elif cursor.accept("identity"):
        _once(cursor, given, "identity", _seed_and_step(cursor))
    elif cursor.accept("generated"):
        cursor.expect("by", "default", "as", "identity")
        _once(cursor, given, "identity", _seed_and_step(cursor))
        given["by_default"] = True
    elif cursor.accept("encode"):
        _once(cursor, given, "encoding", cursor.any_word())
    elif cursor.accept("distkey"):
        _once(cursor, given, "dist_key", True)
    elif cursor.accept("sortkey"):
        _once(cursor, given, "sort_key", True)
    elif cursor.accept("primary", "key"):
        _once(cursor, given, "primary_key", True)
        given["nullable"] = False
    elif cursor.accept("unique"):
        _once(cursor, given, "unique", True)
    elif cursor.accept("references"):
        _once(cursor, given, "references", _reference(cursor))
    elif cursor.accept("collate"):
        _collate(cursor, given)
    elif cursor.at("check"):
        raise NotSupportedError("CHECK constraints are not supported by Redshift", position=cursor.position)
    else:
        raise cursor.error()


def _name_constraint(cursor: Cursor, given: dict[str, Any]) -> None:
    """CONSTRAINT name, before the constraint that it names. NOT NULL and the like have none in the catalogue."""
    name = cursor.name()
    for kind, *words in (("primary key", "primary", "key"), ("unique", "unique"), ("foreign key", "references")):
        if cursor.at(*words):
            given["constraint_names"] = (*given.get("constraint_names", ()), (kind, name))


def _once(cursor: Cursor, given: dict[str, Any], key: str, value: Any) -> None:
    if key in given and given[key] != value:
        raise InvalidDefinition(
            f'conflicting or repeated attributes for column "{given["name"]}"', position=given["position"]
        )
    given[key] = value


def _default(cursor: Cursor, given: dict[str, Any]) -> None:
    """DEFAULT expression: up to the next attribute, comma or parenthesis on this level."""
    start, depth = cursor.index, 0
    while not cursor.done:
        word = cursor.word()
        if depth == 0 and (word in (",", ")") or (word in _COLUMN_ENDS and cursor.index > start)
                           or word == "PRIMARY KEY"):
            break
        depth += (word == "(") - (word == ")")
        cursor.next()
    _once(cursor, given, "default_sql", cursor.source(start, cursor.index) if cursor.index > start else "")
    given["default"] = cursor.expression(start, cursor.index)


def _seed_and_step(cursor: Cursor) -> tuple[int, int]:
    """(seed, step); without them 1 and 1 (r_CREATE_TABLE_examples, c_Examples_of_INSERT_30)."""
    if not cursor.at("("):
        return 1, 1
    cursor.expect("(")
    seed = cursor.integer()
    cursor.expect(",")
    step = cursor.integer()
    cursor.expect(")")
    return seed, step


def _collate(cursor: Cursor, given: dict[str, Any]) -> None:
    position = cursor.position
    collation = cursor.accept_any("case_sensitive", "cs", "case_insensitive", "ci")
    if collation is None:
        raise cursor.error()
    if collation in ("case_insensitive", "ci"):
        if not given["type"].is_string:
            raise InvalidDefinition("COLLATE is for CHAR and VARCHAR columns", position=position)
        given["type"] = replace(given["type"], case_insensitive=True)


def read_type(cursor: Cursor) -> SqlType:
    """A type name with its modifiers."""
    position = cursor.position
    name = cursor.any_word()
    if name.upper() in _TWO_WORD_TYPES and cursor.accept(_TWO_WORD_TYPES[name.upper()]):
        name += " " + _TWO_WORD_TYPES[name.upper()]
    if name == "interval":
        return _interval_type(cursor, position)
    arguments: list[int | str] = []
    if cursor.accept("("):
        arguments = list(cursor.list_of(lambda: _type_argument(cursor)))
        cursor.expect(")")
    if name in ("timestamp", "time"):
        if cursor.accept("with", "time", "zone"):
            name += " with time zone"
        else:
            cursor.accept("without", "time", "zone")
    return sql_type(name, arguments, position)


def _interval_type(cursor: Cursor, position: int | None) -> SqlType:
    """What follows INTERVAL: first [TO last] [(digits)]."""
    fields = [cursor.accept_any("year", "month", "day", "hour", "minute", "second")]
    if fields[0] is None:
        raise SqlSyntaxError("type interval needs a qualifier: YEAR TO MONTH or DAY TO SECOND", position=position)
    if cursor.accept("to"):
        fields.append(cursor.any_word())
    digits = None
    if cursor.accept("("):
        digits = cursor.integer()
        cursor.expect(")")
    return interval_type([f for f in fields if f], digits, position)


def _type_argument(cursor: Cursor) -> int | str:
    return cursor.name() if cursor.at("max") else cursor.integer()


# -- views, schemas, DROP ------------------------------------------------------------------------


def _create_view(cursor: Cursor, or_replace: bool) -> CreateView:
    name = cursor.relation()
    names = cursor.names() if cursor.at("(") else ()
    cursor.expect("as")
    tokens, late = cursor.tokens, False
    if len(tokens) >= 4 and [t.text.upper() for t in tokens[-4:]] == ["WITH", "NO", "SCHEMA", "BINDING"]:
        tokens, late = tokens[:-4], True
    body = Cursor(tokens, cursor.text, cursor.index, cursor.exact_names)
    if body.done:
        raise cursor.error()
    sql = body.source(body.index, len(tokens))
    return CreateView(name, names, body.query(), sql, or_replace, late)


def parse_drop(cursor: Cursor) -> Drop | DropPrincipal | DropFunction:
    """What follows DROP."""
    if cursor.accept("function"):
        from .functions import drop_function

        return drop_function(cursor)
    if cursor.word() in PRINCIPALS:
        return drop_principal(cursor)
    kind = cursor.accept_any("table", "view", "schema")
    if kind is None:
        if cursor.word() == "DATABASE":
            raise no_databases("DROP", cursor)
        known = ("PROCEDURE", "LIBRARY", "DATASHARE", "MODEL",
                 "MATERIALIZED", "EXTERNAL", "RLS", "MASKING", "IDENTITY")
        if cursor.word() in known:
            raise NotSupportedError(f"DROP {unknown_kind(cursor)} is not supported yet", position=cursor.position)
        raise cursor.error()
    if_exists = cursor.accept("if", "exists")
    names = cursor.list_of(cursor.relation)
    database = kind == "schema" and cursor.accept("drop", "external", "database")
    cascade = cursor.accept("cascade")
    if not cascade:
        cursor.accept("restrict")
    cursor.finish()
    return Drop(kind, names, if_exists, cascade, database)


def parse_truncate(cursor: Cursor) -> Truncate:
    """What follows TRUNCATE."""
    cursor.accept("table")
    name = cursor.relation()
    cursor.finish()
    return Truncate(name)
