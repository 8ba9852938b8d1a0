"""Type names as they are written in SQL, to `SqlType`, with Redshift's defaults and limits.

    sql_type("varchar", [10])      -> character varying(10)
    sql_type("numeric", [])        -> numeric(18,0)
    sql_type("geometry", [])       -> NotSupportedError: type "geometry" ...

Both CREATE TABLE (from tokens) and CAST (from sqlglot's tree) end up here.
"""
from __future__ import annotations

from collections.abc import Sequence

from ..errors import InvalidDefinition, NotSupportedError, SqlSyntaxError, UndefinedObject
from ..storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DEFAULT_VARBYTE,
    DEFAULT_VARCHAR,
    DOUBLE,
    HLLSKETCH,
    INTEGER,
    MAX_CHAR,
    MAX_PRECISION,
    MAX_VARBYTE,
    MAX_VARCHAR,
    REAL,
    SMALLINT,
    SUPER,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    TIMETZ,
    SqlType,
    char,
    decimal,
    varbyte,
    varchar,
)

MAX_SCALE = 37
DEFAULT_PRECISION = 18

_PLAIN = {
    "smallint": SMALLINT, "int2": SMALLINT,
    "integer": INTEGER, "int": INTEGER, "int4": INTEGER,
    "bigint": BIGINT, "int8": BIGINT,
    "real": REAL, "float4": REAL,
    "double precision": DOUBLE, "float8": DOUBLE, "float": DOUBLE,
    "super": SUPER, "hllsketch": HLLSKETCH,
    "boolean": BOOLEAN, "bool": BOOLEAN,
    "date": DATE,
    "datetime": TIMESTAMP, "timestamp": TIMESTAMP, "timestamp without time zone": TIMESTAMP,
    "timestamptz": TIMESTAMPTZ, "timestamp with time zone": TIMESTAMPTZ,
    "time": TIME, "time without time zone": TIME,
    "timetz": TIMETZ, "time with time zone": TIMETZ,
}
_DECIMAL = ("numeric", "decimal", "dec")
_CHAR = ("char", "character", "nchar", "bpchar")
_VARCHAR = ("varchar", "character varying", "char varying", "nvarchar", "text")
_VARBYTE = ("varbyte", "varbinary", "binary varying")
_NOT_YET = (
    "geometry", "geography",
)
_NEVER = (  # c_unsupported-postgresql-datatypes
    "bytea", "json", "jsonb", "xml", "uuid", "money", "serial", "bigserial", "smallserial", "bit", "bit varying",
    "varbit", "array", "inet", "cidr", "macaddr", "oid", "regproc", "name", "enum", "point", "line", "box",
)


def sql_type(name: str, arguments: Sequence[int | str] = (), position: int | None = None) -> SqlType:
    """The type called `name` with its modifiers ('max' may stand for a length)."""
    name = " ".join(name.lower().split())
    if name in _PLAIN:
        return _plain(name, arguments, position)
    if name in _DECIMAL:
        return _decimal(arguments, position)
    if name in _CHAR or name in _VARCHAR:
        return _text(name, arguments, position)
    if name in _VARBYTE:
        return varbyte(_length(name, arguments, DEFAULT_VARBYTE, MAX_VARBYTE, position))
    if name in _NOT_YET:
        raise NotSupportedError(f'type "{name}" is not supported yet', position=position)
    if name in _NEVER:
        raise NotSupportedError(f'type "{name}" is not supported by Redshift', position=position)
    raise UndefinedObject(f'type "{name}" does not exist', position=position)


def _plain(name: str, arguments: Sequence[int | str], position: int | None) -> SqlType:
    if not arguments:
        return _PLAIN[name]
    if name == "float" and len(arguments) == 1 and isinstance(arguments[0], int):
        if not 1 <= arguments[0] <= 53:
            raise InvalidDefinition("precision for type float must be between 1 and 53", position=position)
        return REAL if arguments[0] <= 24 else DOUBLE
    if name in ("timestamp", "timestamptz", "time", "timetz") and all(isinstance(a, int) for a in arguments):
        raise NotSupportedError(f"a precision for type {name} is not supported by Redshift", position=position)
    raise SqlSyntaxError(f'type "{name}" takes no modifier', position=position)


def _decimal(arguments: Sequence[int | str], position: int | None) -> SqlType:
    numbers = [a for a in arguments if isinstance(a, int)]
    if len(numbers) != len(arguments) or len(numbers) > 2:
        raise SqlSyntaxError("invalid NUMERIC type modifier", position=position)
    precision = numbers[0] if numbers else DEFAULT_PRECISION
    scale = numbers[1] if len(numbers) > 1 else 0
    if not 1 <= precision <= MAX_PRECISION:
        raise InvalidDefinition(
            f"NUMERIC precision {precision} must be between 1 and {MAX_PRECISION}", position=position,
            sqlstate="22023",
        )
    if not 0 <= scale <= min(precision, MAX_SCALE):
        raise InvalidDefinition(
            f"NUMERIC scale {scale} must be between 0 and {min(precision, MAX_SCALE)}", position=position,
            sqlstate="22023",
        )
    return decimal(precision, scale)


def _text(name: str, arguments: Sequence[int | str], position: int | None) -> SqlType:
    fixed = name in _CHAR
    unsized = name in ("text", "bpchar")
    if arguments and unsized:
        raise SqlSyntaxError(f'type "{name}" takes no such modifier', position=position)
    usual = 1 if fixed and not unsized else DEFAULT_VARCHAR
    length = _length(name, arguments, usual, MAX_CHAR if fixed else MAX_VARCHAR, position)
    return char(length) if fixed else varchar(length)


def _length(name: str, arguments: Sequence[int | str], usual: int, limit: int, position: int | None) -> int:
    """A declared length in bytes; `usual` where there is none."""
    if len(arguments) > 1:
        raise SqlSyntaxError(f'type "{name}" takes no such modifier', position=position)
    length: int | str = usual
    if arguments:
        length = limit if str(arguments[0]).lower() == "max" else arguments[0]
    if not isinstance(length, int):
        raise SqlSyntaxError(f"invalid length for type {name}", position=position)
    if not 1 <= length <= limit:
        problem = "must be at least 1" if length < 1 else f"cannot exceed {limit}"
        raise InvalidDefinition(f"length for type {name} {problem}", position=position, sqlstate="22023")
    return length
