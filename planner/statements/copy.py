"""COPY t [(columns)] FROM 'source' [authorization] [[FORMAT] [AS] format] [option [argument]] ...

Options come in any order and go into `Copy.options` under their upper-case names:

    flag            True                    GZIP, ESCAPE, FILLRECORD ...
    text            str                     DELIMITER, NULL, QUOTE, DATEFORMAT, TIMEFORMAT ...
    number          int                     IGNOREHEADER, MAXERROR, COMPROWS
    on or off       'on', 'off', 'preset'   COMPUPDATE, STATUPDATE

OFF_AWS lists the clauses without meaning outside AWS: they are read and left out, so that a script
written for Redshift runs here. Everything else that is not supported is refused by its name.
"""
from __future__ import annotations

from typing import Any

from ...errors import NotSupportedError, ProgrammingError
from . import Copy
from .cursor import Cursor

# Read and dropped: who may read from where is the operating system's affair here.
OFF_AWS = ("IAM_ROLE", "CREDENTIALS", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "REGION")

_FLAGS = (
    "GZIP", "ESCAPE", "REMOVEQUOTES", "EMPTYASNULL", "BLANKSASNULL", "IGNOREBLANKLINES", "TRIMBLANKS",
    "TRUNCATECOLUMNS", "ROUNDEC", "FILLRECORD", "SERIALIZETOJSON",
)
_NOT_YET = (
    "AVRO", "JSON", "ORC", "SHAPEFILE", "FIXEDWIDTH", "BZIP2", "LZOP", "ZSTD", "MANIFEST", "ENCRYPTED",
    "MASTER_SYMMETRIC_KEY", "SSH", "READRATIO", "NOLOAD", "IGNOREALLERRORS", "ACCEPTANYDATE",
    "ACCEPTINVCHARS", "EXPLICIT_IDS", "COMPROWS", "JOB",
)
_TEXTS = {"DATEFORMAT": "DATEFORMAT", "TIMEFORMAT": "TIMEFORMAT"}


def parse_copy(cursor: Cursor) -> Copy:
    """What follows COPY."""
    table = cursor.relation()
    columns = cursor.names() if cursor.at("(") else ()
    cursor.expect("from")
    source = cursor.string()
    options: dict[str, Any] = {}
    formats: list[str] = []
    while not cursor.done:
        _option(cursor, options, formats)
    if len(set(formats)) > 1:
        raise ProgrammingError(f"COPY has two formats: {formats[0].upper()} and {formats[1].upper()}")
    return Copy(table, columns, source, formats[0] if formats else "delimited", options)


def _option(cursor: Cursor, options: dict[str, Any], formats: list[str]) -> None:
    """Read one clause."""
    position, word = cursor.position, cursor.word()
    if cursor.accept("format"):
        cursor.accept("as")
        if not _format(cursor, options, formats):
            raise _refused(cursor)
        return
    if _format(cursor, options, formats):
        return
    if _authorization(cursor):
        return
    name, value = _argument(cursor)
    if name is None:
        raise _refused(cursor)
    if name in options:
        raise ProgrammingError(f"COPY option {word} is given twice", position=position)
    options[name] = value


def _refused(cursor: Cursor) -> Exception:
    word = cursor.word()
    if word in _NOT_YET:
        return NotSupportedError(f"COPY option {word} is not supported yet", position=cursor.position)
    return cursor.error()


def _format(cursor: Cursor, options: dict[str, Any], formats: list[str]) -> bool:
    if cursor.accept("csv"):
        formats.append("csv")
        if cursor.accept("quote"):
            cursor.accept("as")
            options["QUOTE"] = cursor.string()
    elif cursor.accept("parquet"):
        formats.append("parquet")
    else:
        return False
    return True


def _authorization(cursor: Cursor) -> bool:
    """Read one clause of OFF_AWS."""
    if cursor.at("with", "credentials"):
        cursor.next()
    word = cursor.accept_any(*OFF_AWS)
    if word is None:
        return False
    if word == "IAM_ROLE" and cursor.accept("default"):
        return True
    cursor.accept("as")
    cursor.string()
    return True


def _argument(cursor: Cursor) -> tuple[str | None, Any]:
    """(name, value) of an option, or (None, None) when the present word is none."""
    flag = cursor.accept_any(*_FLAGS)
    if flag:
        return flag, True
    if cursor.accept("delimiter"):
        return "DELIMITER", _text(cursor)
    if cursor.accept("null"):
        return "NULL", _text(cursor)
    if cursor.accept("quote"):
        return "QUOTE", _text(cursor)
    name = cursor.accept_any(*_TEXTS)
    if name:
        return name, _text(cursor)
    if cursor.accept("ignoreheader"):
        cursor.accept("as")
        return "IGNOREHEADER", _count(cursor)
    if cursor.accept("maxerror"):
        cursor.accept("as")
        return "MAXERROR", _count(cursor)
    if cursor.accept("encoding"):
        return "ENCODING", _encoding(cursor)
    name = cursor.accept_any("COMPUPDATE", "STATUPDATE")
    if name:
        return name, _switch(cursor, name)
    return None, None


def _text(cursor: Cursor) -> str:
    cursor.accept("as")
    return cursor.string()


def _count(cursor: Cursor) -> int:
    if cursor.at_string():
        text, position = cursor.string(), cursor.position
        if not text.isdigit():
            raise ProgrammingError(f'a whole number is needed, not "{text}"', position=position)
        return int(text)
    return cursor.integer()


def _switch(cursor: Cursor, name: str) -> str:
    if name == "COMPUPDATE" and cursor.accept("preset"):
        return "preset"
    word = cursor.accept_any("on", "off", "true", "false")
    return "off" if word in ("off", "false") else "on"


def _encoding(cursor: Cursor) -> str:
    position = cursor.position
    cursor.accept("as")
    word = cursor.string() if cursor.at_string() else cursor.name()
    if word.lower().replace("-", "") != "utf8":
        raise NotSupportedError(f"COPY ENCODING {word.upper()} is not supported yet", position=position)
    return "utf8"
