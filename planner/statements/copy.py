"""COPY t [(columns)] FROM 'source' [authorization] [[FORMAT] [AS] format] [option [argument]] ...

Options come in any order and go into `Copy.options` under their upper-case names:

    flag            True                    GZIP, ESCAPE, FILLRECORD, MANIFEST, NOLOAD ...
    text            str                     DELIMITER, NULL, QUOTE, DATEFORMAT, TIMEFORMAT, ENCODING ...
    number          int                     IGNOREHEADER, MAXERROR, COMPROWS
    on or off       'on', 'off', 'preset'   COMPUPDATE, STATUPDATE
    format          its argument            FIXEDWIDTH, JSON, AVRO: under the format's own name

Who may read from where goes into `Copy.authorization`, by clause (storage/objects/options.py honours it).
COPY JOB is in copy_job.py. What cannot be done here is refused by its name.
"""
from __future__ import annotations

from typing import Any

from ...errors import NotSupportedError, ProgrammingError
from . import Copy
from .clauses import authorization, null_string
from .cursor import Cursor

_FLAGS = (
    "GZIP", "BZIP2", "ZSTD", "ESCAPE", "REMOVEQUOTES", "EMPTYASNULL", "BLANKSASNULL", "IGNOREBLANKLINES", "TRIMBLANKS",
    "TRUNCATECOLUMNS", "ROUNDEC", "FILLRECORD", "SERIALIZETOJSON", "ACCEPTANYDATE", "EXPLICIT_IDS", "MANIFEST",
    "NOLOAD", "IGNOREALLERRORS",
)
# Refused by name, and why.
_REFUSED = {
    "SHAPEFILE": "shapefiles are not read here",
    "LZOP": "there is no kept reader of that format; GZIP, BZIP2 and ZSTD are read",
    "ENCRYPTED": "files with client-side encryption are not read here",
    "MASTER_SYMMETRIC_KEY": "files with client-side encryption are not read here",
    "SSH": "remote hosts are not read here",
    "READRATIO": "DynamoDB is not read here",
}
_SOURCES = {"emr": "Amazon EMR", "dynamodb": "Amazon DynamoDB"}
_TEXTS = ("DATEFORMAT", "TIMEFORMAT", "DELIMITER", "QUOTE")
_ENCODINGS = ("UTF8", "UTF16", "UTF16LE", "UTF16BE")
MAX_ERRORS = 100_000
COMPROWS_RANGE = (1000, (1 << 31) - 1)


def parse_copy(cursor: Cursor) -> Copy:
    """What follows COPY, up to its end or to JOB."""
    table = cursor.relation()
    columns = cursor.names() if cursor.at("(") else ()
    cursor.expect("from")
    position = cursor.position
    source = cursor.string()
    scheme = source.partition("://")[0].lower()
    if scheme in _SOURCES:
        raise NotSupportedError(f"COPY from {scheme}://, {_SOURCES[scheme]}, is not supported", position=position)
    clauses = _Clauses(cursor)
    while not cursor.done and not cursor.at("job", "create"):
        clauses.read()
    clauses.check()
    return Copy(table, columns, source, clauses.format, clauses.options, clauses.authorization)


class _Clauses:
    """Reads one clause after the other."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._formats: list[str] = []
        self.options: dict[str, Any] = {}
        self.authorization: dict[str, str] = {}

    @property
    def format(self) -> str:
        return self._formats[0] if self._formats else "delimited"

    def read(self) -> None:
        cursor = self._cursor
        position, word = cursor.position, cursor.word()
        if cursor.accept("format"):
            cursor.accept("as")
            if not self._read_format():
                raise self._refused()
            return
        if self._read_format() or authorization(cursor, self.authorization):
            return
        name, value = self._argument()
        if name is None:
            raise self._refused()
        if name in self.options:
            raise ProgrammingError(f"COPY option {word} is given twice", position=position)
        self.options[name] = value

    def check(self) -> None:
        """What contradicts itself."""
        if len(set(self._formats)) > 1:
            raise ProgrammingError(
                f"COPY has two formats: {self._formats[0].upper()} and {self._formats[1].upper()}"
            )
        if "MAXERROR" in self.options and "IGNOREALLERRORS" in self.options:
            raise ProgrammingError("IGNOREALLERRORS cannot be used with MAXERROR")

    def _refused(self) -> Exception:
        word = self._cursor.word()
        if word in _REFUSED:
            return NotSupportedError(
                f"COPY option {word} is not supported: {_REFUSED[word]}", position=self._cursor.position
            )
        return self._cursor.error()

    def _read_format(self) -> bool:
        cursor = self._cursor
        word = cursor.accept_any("csv", "parquet", "orc", "avro", "json", "fixedwidth")
        if word is None:
            return False
        self._formats.append(word)
        if word == "csv" and cursor.accept("quote"):
            cursor.accept("as")
            self.options["QUOTE"] = cursor.string()
        elif word in ("json", "avro"):
            cursor.accept("as")
            self.options[word.upper()] = cursor.string() if cursor.at_string() else "auto"
        elif word == "fixedwidth":
            cursor.accept("as")
            self.options["FIXEDWIDTH"] = cursor.string()
        return True

    def _argument(self) -> tuple[str | None, Any]:
        """(name, value) of an option, or (None, None) when the present word is none."""
        cursor = self._cursor
        name = cursor.accept_any(
            *_FLAGS, *_TEXTS, "NULL", "IGNOREHEADER", "MAXERROR", "COMPROWS", "ENCODING", "ACCEPTINVCHARS",
            "COMPUPDATE", "STATUPDATE",
        )  # fmt: skip
        match name:
            case None:
                return None, None
            case "NULL":
                cursor.accept("as")
                return name, null_string(cursor)
            case "ENCODING":
                return name, _encoding(cursor)
            case "ACCEPTINVCHARS":
                asked = cursor.accept("as")
                return name, cursor.string() if asked or cursor.at_string() else "?"
            case "IGNOREHEADER":
                cursor.accept("as")
                return name, _count(cursor)
            case "MAXERROR":
                cursor.accept("as")
                return name, _between(cursor, name, 0, MAX_ERRORS)
            case "COMPROWS":
                return name, _between(cursor, name, *COMPROWS_RANGE)
            case "COMPUPDATE" | "STATUPDATE":
                return name, _switch(cursor, name)
        if name in _TEXTS:
            cursor.accept("as")
            return name, cursor.string()
        return name, True


def _count(cursor: Cursor) -> int:
    if cursor.at_string():
        position, text = cursor.position, cursor.string()
        if not text.isdigit():
            raise ProgrammingError(f'a whole number is needed, not "{text}"', position=position)
        return int(text)
    return cursor.integer()


def _between(cursor: Cursor, name: str, least: int, most: int) -> int:
    position = cursor.position
    value = _count(cursor)
    if not least <= value <= most:
        raise ProgrammingError(f"{name} must be between {least} and {most}, not {value}", position=position)
    return value


def _switch(cursor: Cursor, name: str) -> str:
    if name == "COMPUPDATE" and cursor.accept("preset"):
        return "preset"
    word = cursor.accept_any("on", "off", "true", "false")
    return "off" if word in ("off", "false") else "on"


def _encoding(cursor: Cursor) -> str:
    cursor.accept("as")
    position = cursor.position
    word = cursor.string() if cursor.at_string() else cursor.any_word()
    name = word.upper().replace("-", "")
    if name not in _ENCODINGS:
        raise NotSupportedError(f"COPY ENCODING {word.upper()} is not supported", position=position)
    return name
