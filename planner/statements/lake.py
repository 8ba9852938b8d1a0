"""External schemas and tables (r_CREATE_EXTERNAL_SCHEMA, r_CREATE_EXTERNAL_TABLE, r_ALTER_TABLE, MSCK REPAIR TABLE).

    CREATE EXTERNAL SCHEMA [IF NOT EXISTS] s FROM DATA CATALOG DATABASE 'd' [REGION 'r'] IAM_ROLE '...'
        [CATALOG_ROLE '...'] [CREATE EXTERNAL DATABASE IF NOT EXISTS] [CATALOG_ID '...']
    CREATE EXTERNAL TABLE s.t (a int, ...) [PARTITIONED BY (k date, ...)] [ROW FORMAT ...] STORED AS format
        LOCATION '...' [TABLE PROPERTIES ('name'='value', ...)]
    CREATE EXTERNAL TABLE s.t [PARTITIONED BY (k, ...)] ... [LOCATION '...'] AS query
    ALTER TABLE s.t SET LOCATION | SET FILE FORMAT | SET TABLE PROPERTIES
        | PARTITION (k='v', ...) SET LOCATION | ADD [IF NOT EXISTS] PARTITION (...) LOCATION '...' ...
        | DROP PARTITION (...)

Athena's TBLPROPERTIES and MSCK REPAIR TABLE are taken as well. Schemas from other sources are refused by name.
"""
from __future__ import annotations

from typing import Any

from sqlglot.tokens import TokenType

from ...errors import InvalidDefinition, NotSupportedError, SqlSyntaxError
from .cursor import Cursor
from .external import (
    AlterExternalTable,
    CreateExternalSchema,
    CreateExternalTable,
    ExternalColumn,
    Pairs,
    PartitionSpec,
    RepairTable,
    RowFormat,
)
from .names import RelationName

_ROLES = ("iam_role", "catalog_role")
_ELSEWHERE = {
    "hive": "HIVE METASTORE", "postgres": "POSTGRES", "mysql": "MYSQL", "kinesis": "KINESIS", "msk": "MSK",
    "kafka": "KAFKA", "redshift": "REDSHIFT",
}  # fmt: skip
_FORMATS = ("parquet", "orc", "avro", "textfile", "rcfile", "sequencefile", "ion", "json", "iceberg")


# -- schemas -----------------------------------------------------------------------------------------


def create_external_schema(cursor: Cursor) -> CreateExternalSchema:
    """What follows CREATE EXTERNAL SCHEMA."""
    if_not_exists = cursor.accept("if", "not", "exists")
    name = cursor.name()
    if cursor.accept("from"):
        _from(cursor)
    given: dict[str, str] = {}
    create_database = False
    while not cursor.done:
        position = cursor.position
        if cursor.accept("create", "external", "database"):
            cursor.expect("if", "not", "exists")
            create_database = True
            continue
        word = cursor.accept_any("database", "region", "iam_role", "catalog_role", "catalog_id")
        if word is None:
            other = cursor.accept_any("schema", "uri", "secret_arn", "authentication", "cluster_arn", "port")
            if other is not None:
                raise NotSupportedError(f"{other.upper()} is not for schemas FROM DATA CATALOG", position=position)
            raise cursor.error()
        if word in given:
            raise SqlSyntaxError("conflicting or redundant options", position=position)
        given[word] = "default" if word in _ROLES and cursor.accept("default") else cursor.string()
    if "database" not in given:
        raise SqlSyntaxError("an external schema FROM DATA CATALOG needs DATABASE 'name'", position=cursor.position)
    options = tuple((w.upper(), v) for w, v in given.items() if w not in ("database", "region"))
    return CreateExternalSchema(
        name, given["database"].lower(), if_not_exists, given.get("region", ""), options, create_database
    )


def _from(cursor: Cursor) -> None:
    position = cursor.position
    if cursor.accept("data", "catalog") or cursor.at("database"):
        return
    word = cursor.word().lower().split(" ")[0]
    if word in _ELSEWHERE:
        raise NotSupportedError(f"CREATE EXTERNAL SCHEMA FROM {_ELSEWHERE[word]} is not supported",
                                hint="Schemas FROM DATA CATALOG are.", position=position)
    raise cursor.error()


# -- tables ------------------------------------------------------------------------------------------


def create_external_table(cursor: Cursor) -> CreateExternalTable:
    """What follows CREATE EXTERNAL TABLE."""
    if_not_exists = cursor.accept("if", "not", "exists")
    name = cursor.relation()
    columns = _columns(cursor) if cursor.at("(") else ()
    keys: tuple[ExternalColumn, ...] = ()
    if cursor.accept("partitioned", "by"):
        keys = _columns(cursor)
    made = _row_format(cursor)
    location = cursor.string() if cursor.accept("location") else ""
    properties: Pairs = ()
    if cursor.accept("table", "properties") or cursor.accept("tblproperties"):
        properties = pairs(cursor)
    query = None
    if cursor.accept("as"):
        query = cursor.query()
    cursor.finish()
    if query is None and not location:
        raise cursor.error()
    _check(name, columns, keys, query)
    return CreateExternalTable(name, columns, keys, made, location, properties, query, if_not_exists)


def _check(name: RelationName, columns: tuple[ExternalColumn, ...], keys: tuple[ExternalColumn, ...],
           query: Any) -> None:
    if query is None and not columns:
        raise InvalidDefinition("an external table needs columns", position=name.position)
    if query is not None and columns:
        raise InvalidDefinition("CREATE EXTERNAL TABLE AS takes its columns from the query", position=name.position)
    for column in (*columns, *keys):
        if (column.type is None) != (query is not None):
            raise SqlSyntaxError(
                f'column "{column.name}" needs a type' if query is None
                else "partition columns of CREATE EXTERNAL TABLE AS are named without types", position=column.position)


def _columns(cursor: Cursor) -> tuple[ExternalColumn, ...]:
    cursor.expect("(")
    found = cursor.list_of(lambda: _column(cursor))
    cursor.expect(")")
    return found


def _column(cursor: Cursor) -> ExternalColumn:
    position = cursor.position
    name = cursor.name()
    if cursor.at(",") or cursor.at(")"):
        return ExternalColumn(name, None, position)
    return ExternalColumn(name, _type_text(cursor), position)


def _type_text(cursor: Cursor) -> str:
    """The text of a type, up to the comma or parenthesis behind it."""
    start, depth = cursor.index, 0
    while not cursor.done:
        token = cursor.tokens[cursor.index]
        if token.token_type in (TokenType.COMMA, TokenType.R_PAREN) and depth == 0:
            break
        opened = sum(token.text.count(c) for c in "<(") if token.token_type is not TokenType.STRING else 0
        closed = sum(token.text.count(c) for c in ">)") if token.token_type is not TokenType.STRING else 0
        depth += opened - closed
        cursor.index += 1
    if cursor.index == start:
        raise cursor.error()
    return cursor.source(start, cursor.index)


def _row_format(cursor: Cursor) -> RowFormat:
    """[ROW FORMAT ...] [WITH SERDEPROPERTIES ...] STORED AS ..."""
    given: dict[str, Any] = {}
    if cursor.accept("row", "format"):
        if cursor.accept("serde"):
            given["serde"] = cursor.string()
        else:
            cursor.expect("delimited")
            given["delimiters"] = _delimiters(cursor)
    if cursor.accept("with", "serdeproperties"):
        given["serde_properties"] = pairs(cursor)
    if cursor.accept("stored"):
        cursor.expect("as")
        given |= stored_as(cursor)
    elif not given:
        raise cursor.error()
    return RowFormat(**given)


def stored_as(cursor: Cursor) -> dict[str, str]:
    """What follows STORED AS or SET FILE FORMAT."""
    if cursor.accept("inputformat"):
        found = {"input_format": cursor.string()}
        cursor.expect("outputformat")
        return found | {"output_format": cursor.string()}
    position = cursor.position
    word = cursor.accept_any(*_FORMATS)
    if word is None:
        raise cursor.error()
    if word in ("rcfile", "sequencefile"):
        raise NotSupportedError(f"STORED AS {word.upper()} is not supported: no maintained reader is known",
                                position=position)
    return {"stored_as": word}


_CLAUSES = (
    ("fields", "terminated"), ("lines", "terminated"), ("collection", "items", "terminated"),
    ("map", "keys", "terminated"), ("escaped",), ("null", "defined"),
)  # fmt: skip


def _delimiters(cursor: Cursor) -> Pairs:
    """FIELDS TERMINATED BY 'c' [ESCAPED BY 'c'] LINES TERMINATED BY 'c' ... (the last four are Athena's)."""
    found: list[tuple[str, str]] = []
    while True:
        for words in _CLAUSES:
            if cursor.accept(*words):
                cursor.expect("as" if words[0] == "null" else "by")
                found.append((words[0], _character(cursor.string())))
                break
        else:
            return tuple(found)


def _character(text: str) -> str:
    r"""A delimiter as written: \ddd is octal, \t \n \r \b \f what they are elsewhere, \A start of heading."""
    if len(text) == 4 and text[0] == "\\" and text[1:].isdigit():
        return chr(int(text[1:], 8))
    return _ESCAPES.get(text, text)


_ESCAPES = {
    "\\t": "\t", "\\n": "\n", "\\r": "\r", "\\b": "\b", "\\f": "\f", "\\A": "\x01", "\\\\": "\\",
}  # fmt: skip


def pairs(cursor: Cursor) -> Pairs:
    """('name'='value', ...)"""
    cursor.expect("(")
    found = cursor.list_of(lambda: _pair(cursor))
    cursor.expect(")")
    return found


def _pair(cursor: Cursor) -> tuple[str, str]:
    name = cursor.string()
    cursor.expect("=")
    return name, cursor.string()


# -- ALTER TABLE, MSCK ---------------------------------------------------------------------------------


def alter_external(cursor: Cursor, table: RelationName) -> AlterExternalTable | None:
    """The forms of ALTER TABLE that external tables alone have; None where it is another one."""
    position = cursor.position
    if cursor.accept("set", "location"):
        return AlterExternalTable(table, "location", cursor.string(), position=position)
    if cursor.accept("set", "file", "format"):
        return AlterExternalTable(table, "format", stored_as(cursor).get("stored_as", ""), position=position)
    if cursor.accept("set", "table", "properties") or cursor.accept("set", "tblproperties"):
        return AlterExternalTable(table, "properties", properties=pairs(cursor), position=position)
    if cursor.at("partition", "("):
        one = _partition(cursor)
        cursor.expect("set", "location")
        return AlterExternalTable(table, "partition location", cursor.string(), partitions=(one,), position=position)
    start = cursor.index
    if cursor.accept("add"):
        if_not_exists = cursor.accept("if", "not", "exists")
        if cursor.at("partition", "("):
            return AlterExternalTable(table, "add partition", partitions=_partitions(cursor),
                                      if_not_exists=if_not_exists, position=position)
    cursor.index = start
    if cursor.accept("drop"):
        if_exists = cursor.accept("if", "exists")
        if cursor.at("partition", "("):
            found = cursor.list_of(lambda: _partition(cursor))
            return AlterExternalTable(table, "drop partition", partitions=found, if_not_exists=if_exists,
                                      position=position)
    cursor.index = start
    return None


def _partitions(cursor: Cursor) -> tuple[PartitionSpec, ...]:
    """PARTITION (...) LOCATION '...', one after the other; commas between them may stand. Athena: LOCATION may lack."""
    found = [_partition(cursor)]
    while cursor.accept(",") or cursor.at("partition", "("):
        found.append(_partition(cursor))
    return tuple(found)


def _partition(cursor: Cursor) -> PartitionSpec:
    position = cursor.position
    cursor.expect("partition", "(")
    values = cursor.list_of(lambda: _key_value(cursor))
    cursor.expect(")")
    location = cursor.string() if cursor.accept("location") else ""
    return PartitionSpec(values, location, position)


def _key_value(cursor: Cursor) -> tuple[str, str | None]:
    name = cursor.name()
    cursor.expect("=")
    if cursor.accept("null"):
        return name, None
    if cursor.at_string():
        return name, cursor.string()
    if cursor.accept("date"):
        return name, cursor.string()
    if cursor.word() in ("TRUE", "FALSE"):
        return name, cursor.next().text.lower()
    negative = cursor.accept("-")
    if not cursor.at_number():
        raise cursor.error()
    return name, ("-" if negative else "") + cursor.next().text


def parse_msck(cursor: Cursor) -> RepairTable:
    """What follows MSCK."""
    cursor.expect("repair", "table")
    table = cursor.relation()
    if cursor.word() in ("ADD", "DROP", "SYNC"):
        raise NotSupportedError(f"MSCK REPAIR TABLE ... {cursor.word()} PARTITIONS is not supported",
                                position=cursor.position)
    cursor.finish()
    return RepairTable(table)


