"""UNLOAD ('query') TO 'prefix' [authorization] [option [argument]] ...

Options come in any order and go into `Unload.options` under their upper-case names:

    flag     True           HEADER, ADDQUOTES, ESCAPE, ALLOWOVERWRITE, CLEANPATH, GZIP, BZIP2, ZSTD
    text     str            DELIMITER, NULL, EXTENSION, FIXEDWIDTH (its widths as a tuple)
    size     bytes          MAXFILESIZE, ROWGROUPSIZE
    others                  PARALLEL: bool; MANIFEST: 'plain' or 'verbose'; PARTITION BY: names; INCLUDE: True

The query is a text in a text: `place` finds its characters in the statement, for positions in errors. What cannot
stand together is refused here, what depends on the query's columns by the handler (engine/handlers/unload.py).
"""
from __future__ import annotations

from decimal import Decimal
from typing import Any

from ...errors import NotSupportedError, ProgrammingError
from . import Unload
from .clauses import authorization, null_string
from .cursor import Cursor

MEGABYTE = 1 << 20
# MAXFILESIZE and ROWGROUPSIZE, in megabytes.
FILE_MEGABYTES = (Decimal(5), Decimal("6.2") * 1024)
GROUP_MEGABYTES = (Decimal(32), Decimal(128))

_FORMATS = ("csv", "parquet", "json")
_FLAGS = ("HEADER", "ADDQUOTES", "ESCAPE", "ALLOWOVERWRITE", "CLEANPATH", "GZIP", "BZIP2", "ZSTD")
_COMPRESSIONS = ("GZIP", "BZIP2", "ZSTD")
_REFUSED = ("ENCRYPTED", "KMS_KEY_ID", "MASTER_SYMMETRIC_KEY")
# What cannot be used with a format.
_TEXT_ONLY = ("DELIMITER", "HEADER", "FIXEDWIDTH", "ADDQUOTES", "ESCAPE", "NULL")
_CLASHES: dict[str, tuple[str, ...]] = {
    "CSV": ("FIXEDWIDTH", "ADDQUOTES", "ESCAPE"),
    "PARQUET": (*_TEXT_ONLY, *_COMPRESSIONS),
    "JSON": _TEXT_ONLY,
    "FIXEDWIDTH": ("DELIMITER", "HEADER", "ADDQUOTES", "ESCAPE"),
    "CLEANPATH": ("ALLOWOVERWRITE",),
}


def parse_unload(cursor: Cursor) -> Unload:
    """What follows UNLOAD."""
    cursor.expect("(")
    token = cursor.token
    query = cursor.string()
    assert token is not None
    cursor.expect(")")
    cursor.expect("to")
    target = cursor.string()
    clauses = _Clauses(cursor)
    while not cursor.done:
        clauses.read()
    clauses.check()
    raw = cursor.text[token.start : token.end + 1]
    found = Unload(query, _places(raw, token.start), target, clauses.format, clauses.options, clauses.authorization)
    return found


def _places(raw: str, start: int) -> tuple[int, ...]:
    """Where each character of a quoted text stands in the statement; `raw`: as it is written, from `start` on."""
    if not raw.startswith("'"):  # $$query$$
        opening = raw.index("$", 1) + 1
        return tuple(range(start + opening, start + len(raw)))
    places, at = [], 1
    while at < len(raw) - 1:
        places.append(start + at)
        at += 2 if raw[at] in "'\\" else 1
    return tuple(places)


class _Clauses:
    """Reads one clause after the other."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._positions: dict[str, int | None] = {}
        self.format = "delimited"
        self.options: dict[str, Any] = {}
        self.authorization: dict[str, str] = {}

    def read(self) -> None:
        cursor = self._cursor
        position = cursor.position
        if cursor.accept("format"):
            cursor.accept("as")
            if not cursor.at_any(*_FORMATS):
                raise cursor.error()
        word = cursor.accept_any(*_FORMATS)
        if word is not None:
            if self.format not in ("delimited", word):
                raise ProgrammingError(f"UNLOAD has two formats: {self.format.upper()} and {word.upper()}",
                                       position=position)  # fmt: skip
            self.format = word
            self._positions[word.upper()] = position
        elif not authorization(cursor, self.authorization):
            self._keep(*self._option(), position)

    def _keep(self, name: str, value: Any, position: int | None) -> None:
        if name in self.options:
            raise ProgrammingError(f"UNLOAD option {name} is given twice", position=position)
        self.options[name] = value
        self._positions[name] = position

    def _option(self) -> tuple[str, Any]:
        cursor = self._cursor
        name = cursor.accept_any(
            *_FLAGS, "DELIMITER", "FIXEDWIDTH", "NULL", "EXTENSION", "MAXFILESIZE", "ROWGROUPSIZE", "PARALLEL",
            "MANIFEST",
        )  # fmt: skip
        match name:
            case None if cursor.accept("partition", "by"):
                return "PARTITION BY", self._partition()
            case None:
                raise self._refused()
            case "DELIMITER":
                cursor.accept("as")
                return name, _delimiter(cursor)
            case "FIXEDWIDTH":
                cursor.accept("as")
                return name, _widths(cursor)
            case "NULL":
                cursor.accept("as")
                return name, null_string(cursor)
            case "EXTENSION":
                return name, cursor.string()
            case "MAXFILESIZE":
                return name, _size(cursor, name, FILE_MEGABYTES)
            case "ROWGROUPSIZE":
                return name, _size(cursor, name, GROUP_MEGABYTES)
            case "PARALLEL":
                return name, cursor.accept_any("on", "true", "off", "false") not in ("off", "false")
            case "MANIFEST":
                return name, "verbose" if cursor.accept("verbose") else "plain"
        return name, True

    def _partition(self) -> tuple[str, ...]:
        names = self._cursor.names()
        twice = next((n for n in names if names.count(n) > 1), None)
        if twice is not None:
            raise ProgrammingError(f'column "{twice}" appears twice in PARTITION BY', position=self._cursor.position)
        if self._cursor.accept("include"):
            self.options["INCLUDE"] = True
        return names

    def _refused(self) -> Exception:
        word = self._cursor.word()
        if word in _REFUSED:
            return NotSupportedError(
                f"UNLOAD option {word} is not supported: files are not encrypted here", position=self._cursor.position
            )
        return self._cursor.error()

    def check(self) -> None:
        """What contradicts itself."""
        given = {**self.options, self.format.upper(): True}
        for one, others in _CLASHES.items():
            for other in others:
                if one in given and other in given:
                    shown = "NULL AS" if other == "NULL" else other
                    raise ProgrammingError(f"{one} cannot be used with {shown}", position=self._positions[other])
        packed = [name for name in _COMPRESSIONS if name in given]
        if len(packed) > 1:
            raise ProgrammingError(f"{packed[0]} cannot be used with {packed[1]}", position=self._positions[packed[1]])
        if self.format == "csv" and given.get("DELIMITER") == '"':
            raise ProgrammingError("DELIMITER and QUOTE must differ", position=self._positions["DELIMITER"])
        if "ROWGROUPSIZE" in given and self.format != "parquet":
            raise ProgrammingError("ROWGROUPSIZE is for PARQUET only", position=self._positions["ROWGROUPSIZE"])


def _delimiter(cursor: Cursor) -> str:
    position = cursor.position
    text = cursor.string()
    if len(text) != 1 or not text.isascii() or text in "\r\n\0":
        raise ProgrammingError(f"DELIMITER must be one ASCII character, not {text!r}", position=position)
    return text


def _widths(cursor: Cursor) -> tuple[int, ...]:
    """'a:3,b:20': labels are for the reader, columns are taken in their order."""
    position = cursor.position
    widths = []
    for item in cursor.string().split(","):
        label, _, width = item.strip().rpartition(":")
        if not label or not width.strip().isdecimal() or int(width) < 1:
            raise ProgrammingError(f'FIXEDWIDTH needs column:width for each column, not "{item}"', position=position)
        widths.append(int(width))
    return tuple(widths)


def _size(cursor: Cursor, name: str, limits: tuple[Decimal, Decimal]) -> int:
    """[AS] number [MB | GB], in bytes."""
    cursor.accept("as")
    position = cursor.position
    number = cursor.number()
    unit = cursor.accept_any("mb", "gb")
    megabytes = number * 1024 if unit == "gb" else number
    least, most = limits
    if not least <= megabytes <= most:
        shown = f"{least} MB and 6.2 GB" if name == "MAXFILESIZE" else f"{least} MB and {most} MB"
        raise ProgrammingError(f"{name} must be between {shown}", position=position)
    if name == "ROWGROUPSIZE" and megabytes != int(megabytes):
        raise ProgrammingError(f"{name} must be a whole number of MB", position=position)
    return int(megabytes * MEGABYTE)
