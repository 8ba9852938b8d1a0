"""Text to records and fields, byte by byte where it must be: the slow path's first half.

    delimited            1|a|b            fields end at the delimiter
    ... ESCAPE           1|a/|b           the byte behind a backslash (drawn as /) stands for itself
    ... REMOVEQUOTES     1|'a|b'          a field in quotes loses them; delimiters inside are kept
    CSV                  1,"a ""b"" c"    quotes around, doubled quotes and line ends inside
    FIXEDWIDTH           1  a  b          so many characters a field, whatever they are

A record keeps its first line's number and each field's position, which load errors name.
"""
from __future__ import annotations

from collections.abc import Iterator

from ...records import dataclass
from .chunks import Chunk
from .options import NULL_STRING, TextOptions
from .rejected import BAD_QUOTES, MISSING_END_QUOTE

_QUOTES = (0x22, 0x27)  # " and ', which REMOVEQUOTES takes off
_BACKSLASH = 0x5C


class BadRecord(Exception):
    """A record whose fields cannot be told apart: (code, reason), and where in the line."""

    def __init__(self, problem: tuple[int, str], position: int) -> None:
        super().__init__(problem[1])
        self.code, self.reason = problem
        self.position = position


@dataclass(frozen=True, slots=True)
class Record:
    """One row's raw text without its line end, and the number of its first line."""

    line: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Field:
    """A field's text; `is_null`: it is NULL whatever it says (so JSON's null, or the null string under ESCAPE)."""

    value: bytes
    position: int
    is_null: bool = False


def records(chunk: Chunk, options: TextOptions) -> Iterator[Record]:
    """The records of a chunk; blank lines are left out when IGNOREBLANKLINES says so."""
    data, at, line = chunk.data, 0, chunk.line
    while at < len(data):
        end = _record_end(data, at, options)
        raw = data[at:end]
        if raw.endswith(b"\r") and not (options.escape and _escaped(raw, 0, len(raw) - 1)):
            raw = raw[:-1]
        if raw or not options.ignore_blank_lines:
            yield Record(line, raw)
        line += data.count(b"\n", at, end + 1)
        at = end + 1


def _record_end(data: bytes, at: int, options: TextOptions) -> int:
    """Where the line end that ends the record stands (or the end of the data)."""
    quote = options.quote.encode()
    end = at - 1
    while True:
        end = data.find(b"\n", end + 1)
        if end < 0:
            return len(data)
        if options.csv and data.count(quote, at, end) % 2:
            continue
        if options.escape and _escaped(data, at, end):
            continue
        return end


def _escaped(data: bytes, start: int, at: int) -> bool:
    first = at
    while first > start and data[first - 1] == _BACKSLASH:
        first -= 1
    return (at - first) % 2 == 1


def fields(record: Record, options: TextOptions) -> list[Field]:
    """The record's fields; raises BadRecord."""
    if options.csv:
        return _csv_fields(record.raw, options)
    if options.widths:
        return _fixed_fields(record.raw, options.widths)
    if options.escape or options.remove_quotes:
        return _quoted_fields(record.raw, options)
    delimiter = options.delimiter.encode()
    found, at = [], 0
    for value in record.raw.split(delimiter):
        found.append(Field(value, at))
        at += len(value) + 1
    return found


def _fixed_fields(raw: bytes, widths: tuple[int, ...]) -> list[Field]:
    """Pieces of so many characters; a line that is too short has fewer, the last of them cut."""
    text = raw.decode(errors="surrogateescape")
    found: list[Field] = []
    at = position = 0
    for width in widths:
        if at >= len(text) and found:
            break
        value = text[at : at + width].encode(errors="surrogateescape")
        found.append(Field(value, position))
        at, position = at + width, position + len(value)
    if at < len(text):
        found.append(Field(text[at:].encode(errors="surrogateescape"), position))
    return found


def _csv_fields(raw: bytes, options: TextOptions) -> list[Field]:
    delimiter, quote = options.delimiter.encode(), options.quote.encode()
    found: list[Field] = []
    at = 0
    while True:
        start = at
        while raw[at : at + 1] == b" " and delimiter != b" ":
            at += 1
        if raw[at : at + 1] == quote:
            value, at = _csv_quoted(raw, at + 1, quote)
            while raw[at : at + 1] == b" " and delimiter != b" ":
                at += 1
            if at < len(raw) and raw[at : at + 1] != delimiter:
                raise BadRecord(BAD_QUOTES, at)
        else:
            end = raw.find(delimiter, start)
            at = len(raw) if end < 0 else end
            value = raw[start:at]
        found.append(Field(value, start))
        if at >= len(raw):
            return found
        at += 1


def _csv_quoted(raw: bytes, at: int, quote: bytes) -> tuple[bytes, int]:
    """The text of a field behind its opening quote, and where it ends."""
    parts: list[bytes] = []
    while True:
        end = raw.find(quote, at)
        if end < 0:
            raise BadRecord(MISSING_END_QUOTE, at)
        parts.append(raw[at:end])
        if raw[end + 1 : end + 2] != quote:
            return b"".join(parts), end + 1
        parts.append(quote)
        at = end + 2


def _quoted_fields(raw: bytes, options: TextOptions) -> list[Field]:
    """Fields of delimited text with ESCAPE or REMOVEQUOTES."""
    delimiter = options.delimiter.encode()[0]
    found: list[Field] = []
    at = 0
    while True:
        start, value, closing = at, bytearray(), 0
        if options.remove_quotes and at < len(raw) and raw[at] in _QUOTES:
            closing, at = raw[at], at + 1
        while at < len(raw) and (closing or raw[at] != delimiter):
            if closing and raw[at] == closing and (at + 1 == len(raw) or raw[at + 1] == delimiter):
                closing, at = 0, at + 1
                break
            if options.escape and raw[at] == _BACKSLASH and at + 1 < len(raw):
                at += 1
            value.append(raw[at])
            at += 1
        if closing:
            raise BadRecord(MISSING_END_QUOTE, start)
        written = raw[start:at]
        is_null = options.escape and options.null_string == NULL_STRING and written in (b"\\N", b"\\\\N")
        found.append(Field(bytes(value), start, is_null))
        if at >= len(raw):
            return found
        at += 1
