"""Types as the data catalogue writes them: Redshift's names, Hive's, and nested ones.

    int  string  decimal(8,2)  varchar(20)         a column's SQL type
    struct<a:int,b:array<double>>  map<string,int>   SUPER here: reached into by dots and unnested (planner/partiql.py)

`read_type` checks the text and answers both the SQL type and the text in its plain form.
"""
from __future__ import annotations

import re
from typing import NoReturn

from ... import errors
from ...records import dataclass
from ..types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    MAX_VARBYTE,
    MAX_VARCHAR,
    REAL,
    SMALLINT,
    SUPER,
    TIMESTAMP,
    TIMESTAMPTZ,
    Kind,
    SqlType,
    char,
    decimal,
    varbyte,
    varchar,
)

_PLAIN: dict[str, tuple[SqlType, str]] = {
    "smallint": (SMALLINT, "smallint"), "int2": (SMALLINT, "smallint"), "tinyint": (SMALLINT, "tinyint"),
    "int": (INTEGER, "int"), "integer": (INTEGER, "int"), "int4": (INTEGER, "int"),
    "bigint": (BIGINT, "bigint"), "int8": (BIGINT, "bigint"), "long": (BIGINT, "bigint"),
    "real": (REAL, "float"), "float4": (REAL, "float"), "float": (REAL, "float"),
    "double": (DOUBLE, "double"), "double precision": (DOUBLE, "double"), "float8": (DOUBLE, "double"),
    "boolean": (BOOLEAN, "boolean"), "bool": (BOOLEAN, "boolean"),
    "date": (DATE, "date"), "timestamp": (TIMESTAMP, "timestamp"),
    "timestamp without time zone": (TIMESTAMP, "timestamp"),
    "timestamp with time zone": (TIMESTAMPTZ, "timestamptz"), "timestamptz": (TIMESTAMPTZ, "timestamptz"),
    "string": (varchar(MAX_VARCHAR), "string"), "text": (varchar(MAX_VARCHAR), "string"),
    "binary": (varbyte(MAX_VARBYTE), "binary"),
    "varbyte": (varbyte(64_000), "binary"),
}  # fmt: skip
_SIZED = {
    "varchar": "varchar", "character varying": "varchar", "nvarchar": "varchar",
    "char": "char", "character": "char", "nchar": "char",
    "varbyte": "varbyte", "varbinary": "varbyte", "decimal": "decimal", "numeric": "decimal",
}  # fmt: skip
NESTED = ("struct", "array", "map")
_WORD = re.compile(r"\s*([A-Za-z_][\w ]*?)\s*(?=[<(,>:)]|$)")
_NUMBERS = re.compile(r"\s*\(\s*(\d+|max)\s*(?:,\s*(\d+)\s*)?\)", re.IGNORECASE)
_FIELD = re.compile(r'\s*(?:"([^"]+)"|`([^`]+)`|([^\s:<>,]+))\s*:')


@dataclass(frozen=True, slots=True)
class HiveType:
    """`sql`: what a column of it is here. `text`: its plain form. `fields` of a struct; `items` of an array: the
    element's type, of a map: key and value."""

    sql: SqlType
    text: str
    fields: tuple[tuple[str, HiveType], ...] = ()
    items: tuple[HiveType, ...] = ()

    @property
    def is_nested(self) -> bool:
        return self.sql.kind is Kind.SUPER


def read_type(text: str) -> HiveType:
    """UndefinedObject for what is no type, InvalidDefinition for wrong modifiers."""
    found, end = _read(text, 0)
    if text[end:].strip():
        _refuse(text)
    return found


def of_sql(type: SqlType) -> HiveType:
    """A SQL type as the data catalogue writes it."""
    match type.kind:
        case Kind.DECIMAL:
            return HiveType(type, f"decimal({type.precision},{type.scale})")
        case Kind.VARCHAR | Kind.CHAR:
            return HiveType(type, f"{'char' if type.kind is Kind.CHAR else 'varchar'}({type.length})")
        case Kind.VARBYTE:
            return HiveType(type, f"varbyte({type.length})")
        case Kind.HLLSKETCH:
            raise errors.NotSupportedError("external tables have no columns of type HLLSKETCH",
                                           hint="Redshift Spectrum does not know sketches.")
        case Kind.SUPER:
            raise errors.NotSupportedError("external tables have no columns of type SUPER",
                                           hint="Write struct<...>, array<...> or map<...>.")
        case kind:
            return read_type(kind.value)


def _read(text: str, start: int) -> tuple[HiveType, int]:
    match = _WORD.match(text, start)
    if match is None:
        _refuse(text)
    word, end = " ".join(match[1].lower().split()), match.end()
    if word in NESTED:
        return _nested(word, text, end)
    numbers = _NUMBERS.match(text, end)
    if numbers is not None and word in _SIZED:
        return _sized(_SIZED[word], numbers[1].lower(), numbers[2], text), numbers.end()
    if numbers is not None or word not in (*_PLAIN, *_SIZED):
        _refuse(text)
    if word in _PLAIN:
        return HiveType(*_PLAIN[word]), end
    usual = {"decimal": "18", "char": "1", "varchar": "256", "varbyte": "64000"}[_SIZED[word]]
    return _sized(_SIZED[word], usual, "0" if _SIZED[word] == "decimal" else None, text), end


def _sized(word: str, first: str, second: str | None, text: str) -> HiveType:
    limit = {"varchar": MAX_VARCHAR, "char": 4096, "varbyte": MAX_VARBYTE, "decimal": 38}[word]
    size = limit if first == "max" else int(first)
    if not 1 <= size <= limit or (second is not None and (word != "decimal" or int(second) > size)):
        raise errors.InvalidDefinition(f'type "{text.strip()}" has an invalid length or precision', sqlstate="22023")
    match word:
        case "decimal":
            scale = int(second or 0)
            return HiveType(decimal(size, scale), f"decimal({size},{scale})")
        case "char":
            return HiveType(char(size), f"char({size})")
        case "varbyte":
            return HiveType(varbyte(size), f"varbyte({size})")
        case _:
            return HiveType(varchar(size), f"varchar({size})")


def _nested(word: str, text: str, start: int) -> tuple[HiveType, int]:
    """What follows STRUCT, ARRAY or MAP."""
    end = _symbol(text, start, "<")
    fields: list[tuple[str, HiveType]] = []
    items: list[HiveType] = []
    while True:
        if word == "struct":
            name = _FIELD.match(text, end)
            if name is None:
                _refuse(text)
            found, end = _read(text, name.end())
            fields.append(((name[1] or name[2] or name[3]).lower(), found))
        else:
            found, end = _read(text, end)
            items.append(found)
        if not text[end:].lstrip().startswith(","):
            break
        end = _symbol(text, end, ",")
    end = _symbol(text, end, ">")
    if (word == "array" and len(items) != 1) or (word == "map" and len(items) != 2):
        _refuse(text)
    inside = [f"{n}:{t.text}" for n, t in fields] or [t.text for t in items]
    return HiveType(SUPER, f"{word}<{','.join(inside)}>", tuple(fields), tuple(items)), end


def _symbol(text: str, start: int, symbol: str) -> int:
    """Behind `symbol`, which must be next."""
    at = start + len(text[start:]) - len(text[start:].lstrip())
    if not text.startswith(symbol, at):
        _refuse(text)
    return at + 1


def _refuse(text: str) -> NoReturn:
    raise errors.UndefinedObject(f'type "{text.strip()}" does not exist or is no type of external tables')
