r"""Delimited text and CSV: LazySimpleSerDe and OpenCSVSerde.

    ROW FORMAT DELIMITED FIELDS TERMINATED BY '|'     a|b||\N         fields by a character, \001 unless told
    OpenCSVSerde                                      a,"b ""c"", d"  quotes around fields, \ before a character

A line with fewer fields than the table has NULLs for the others, one with more is cut (column_count_mismatch_handling
says otherwise). pyarrow reads chunks whose lines have one number of fields; others are taken apart here, line by line.
A field of text that is serialization.null.format (\N) is NULL; an empty one is empty text, and NULL of other types.
"""
from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from .... import errors
from ...formats.values import NOT_A_NUMBER, WIDE
from ...objects.base import ObjectInfo
from ...objects.registry import Objects
from ...types import Kind, Physical, SqlType
from ..definition import Field, Source
from .base import Part
from .lines import LineReader
from .values import read_type, texts_of, typed

NULL = "\\N"
BLOCK_BYTES = 8 << 20
MOST_DAYS = (1 << 31) - 1
_LINE_END = 0x0A
_UNITS = (Kind.DATE, Kind.TIMESTAMP)


class TextReader(LineReader):
    """See the module's text."""

    def __init__(self, source: Source, objects: Objects) -> None:
        super().__init__(source, objects)
        parameters = source.parameters
        self.quoted = source.format == "csv"
        if self.quoted:
            self.delimiter = parameters.get("separatorChar", ",").replace("\\t", "\t")
            self.quote = parameters.get("quoteChar", '"')
            self.escape = parameters.get("escapeChar", "\\").replace("\\\\", "\\")
            self.divisible = parameters.get("wholeFile", "").lower() != "true"
        else:
            self.delimiter = parameters.get("field.delim", parameters.get("serialization.format", "\x01"))
            self.quote = ""
            self.escape = parameters.get("escape.delim", "")
        for character in (self.delimiter, *((self.quote,) if self.quoted else ()), self.escape or " "):
            if len(character.encode()) != 1 or character in "\r\n\0":
                raise errors.NotSupportedError(f"{character!r} is not supported as a delimiter, quote or escape")
        self.null = source.option("serialization.null.format", parameters.get("serialization.null.format", NULL))
        cleansing = source.option("data_cleansing_enabled").lower() == "true"
        self.mismatch = source.option("column_count_mismatch_handling", "DISABLED").upper() if cleansing else "DISABLED"
        self._places = {field.name: i for i, field in enumerate(source.columns)}

    def rows(self, chunk: bytes, columns: Sequence[Field], file: ObjectInfo) -> tuple[int, list[pa.Array]]:
        places = [self._places[c.name] for c in columns]
        found = None
        if self.line_end == b"\n" and self._is_plain(chunk):
            found = self._fast(chunk, columns, places, exact=True) or self._fast(chunk, columns, places, exact=False)
        if found is not None:
            return found
        rows = list(self._split(chunk, file))
        texts = [texts_of([r[p] if p < len(r) else None for r in rows], c.type.sql) for p, c in zip(places, columns)]
        return len(rows), [self._value(text, c, told=self._tells_nulls) for text, c in zip(texts, columns)]

    @property
    def _tells_nulls(self) -> bool:
        """Are NULLs found before escapes are taken away? Then an escaped null string is text."""
        return bool(self.escape) and not self.quoted

    def _value(self, texts: pa.Array, column: Field, told: bool = False) -> pa.Array:
        """`told`: what is NULL is so already."""
        null = pc.equal(texts, self.null)
        if not told and pc.any(null).as_py():
            texts = pc.if_else(null, pa.scalar(None, pa.string()), texts)
        if self.quoted and column.type.sql.kind in _UNITS:
            texts = _of_numbers(texts, column.type.sql.kind)
        return typed(texts, column.type.sql)

    # -- by pyarrow ------------------------------------------------------------------------------------

    def _is_plain(self, chunk: bytes) -> bool:
        """Whether pyarrow takes the chunk for what it is: no escapes, quotes in pairs."""
        if self.escape and self.escape.encode() in chunk:
            return False
        if not self.quoted or self.quote.encode() not in chunk:
            return True
        data = np.frombuffer(chunk, np.uint8)
        quotes = np.flatnonzero(data == ord(self.quote))
        if len(quotes) % 2:
            return False
        # Without wholeFile a line ends where it ends, in quotes too; pyarrow would go on.
        ends = np.flatnonzero(data == _LINE_END)
        return not self.divisible or not (np.searchsorted(quotes, ends) % 2).any()

    def _chunks(self, part: Part) -> Iterator[bytes]:
        """With wholeFile all of a file at once: anywhere a line's end may stand in quotes."""
        found = super()._chunks(part)
        return found if self.divisible else iter([b"".join(found)])

    def _fast(self, chunk: bytes, columns: Sequence[Field], places: list[int],
              exact: bool) -> tuple[int, list[pa.Array]] | None:
        """By pyarrow, numbers and dates as such (`exact`) or as text; None for a chunk it refuses."""
        first = chunk[: chunk.find(b"\n")] if b"\n" in chunk else chunk
        quotes = self.quoted and self.quote.encode() in chunk
        if quotes and self.quote.encode() in first:
            count = len(next(csv.reader([first.decode(errors="replace")], delimiter=self.delimiter), []))
        else:
            count = first.count(self.delimiter.encode()) + 1
        if self.mismatch != "DISABLED" and count != len(self.source.columns):
            return None
        if count > 1 and _has_blank_line(chunk):
            return None  # of which pyarrow makes a row of empty fields, not one with a single field
        types = {str(p): self._type(c) if exact else pa.string() for p, c in zip(places, columns)}
        if exact and (b"0x" in chunk or b"0X" in chunk or (b"(" in chunk and NOT_A_NUMBER.search(chunk))):
            return None  # pyarrow takes hexadecimal numbers, and nan(...)
        table = self._parsed(chunk, count, types, quotes)
        if table is None:
            return None
        arrays = []
        for place, column in zip(places, columns):
            if place >= count:
                arrays.append(pa.nulls(table.num_rows))
                continue
            array = _one(table.column(str(place)))
            done = exact and column.type.sql.physical is not Physical.STR and not pa.types.is_string(array.type)
            if done and column.type.sql.kind is Kind.DECIMAL and not _is_within(array, column.type.sql):
                return None
            arrays.append(array if done else self._value(array, column))
        return table.num_rows, arrays

    def _type(self, column: Field) -> pa.DataType:
        """What pyarrow shall make of a column's fields."""
        as_text = self.quoted and column.type.sql.kind in _UNITS
        return (None if as_text else read_type(column.type.sql)) or pa.string()

    def _parsed(self, chunk: bytes, count: int, types: dict[str, pa.DataType], quotes: bool) -> pa.Table | None:
        names = [str(i) for i in range(count)]
        wanted = [name for name in names if name in types] or names[:1]
        try:
            return pacsv.read_csv(
                pa.BufferReader(chunk),
                read_options=pacsv.ReadOptions(column_names=names, block_size=max(BLOCK_BYTES, len(chunk) + 1),
                                               use_threads=False),
                parse_options=pacsv.ParseOptions(
                    delimiter=self.delimiter, quote_char=self.quote if quotes else False, double_quote=quotes,
                    newlines_in_values=quotes and not self.divisible, ignore_empty_lines=False,
                ),
                convert_options=pacsv.ConvertOptions(
                    column_types={n: types.get(n, pa.string()) for n in wanted}, include_columns=wanted,
                    null_values=["", self.null], strings_can_be_null=False,
                ),
            )
        except (pa.ArrowInvalid, pa.ArrowKeyError):
            return None

    # -- line by line ----------------------------------------------------------------------------------

    def _split(self, chunk: bytes, file: ObjectInfo) -> Iterator[Sequence[str | None]]:
        wanted = len(self.source.columns)
        rows: Iterator[Sequence[str | None]] = self._csv(chunk) if self.quoted else self._delimited(chunk)
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                raise errors.DataError(f'file "{file.url}" cannot be read as CSV: {error}') from error
            if row is None:
                return
            if len(row) != wanted and self.mismatch == "FAIL":
                raise errors.DataError(f'file "{file.url}" has a row of {len(row)} columns, the table has {wanted}')
            if len(row) == wanted or self.mismatch != "DROP_ROW":
                yield row

    def _csv(self, chunk: bytes) -> Iterator[list[str]]:
        if not self.divisible:
            yield from self._records(io.StringIO(chunk.decode(errors="surrogateescape"), newline=""))
            return
        for line in self.lines(chunk):
            yield from self._records([line.decode(errors="surrogateescape")])

    def _records(self, lines: Iterable[str]) -> Iterator[list[str]]:
        rows = csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, escapechar=self.escape or None)
        return (row or [""] for row in rows)  # an empty line has one field, as elsewhere

    def _delimited(self, chunk: bytes) -> Iterator[Sequence[str | None]]:
        for line in self.lines(chunk):
            text = line.decode(errors="surrogateescape")
            if not self.escape:
                yield text.split(self.delimiter)
            elif self.escape not in text:
                yield [None if field == self.null else field for field in text.split(self.delimiter)]
            else:
                found = _unescaped(text, self.delimiter, self.escape)
                yield [None if raw == self.null else field for raw, field in found]


def _has_blank_line(chunk: bytes) -> bool:
    return chunk.startswith((b"\n", b"\r\n")) or b"\n\n" in chunk or b"\n\r\n" in chunk


def _is_within(array: pa.Array, type: SqlType) -> bool:
    """Do all decimals fit their type? What does not is NULL, as `typed` has it."""
    extremes = pc.min_max(array).as_py()
    low, high = (Decimal(limit).scaleb(-type.scale, WIDE) for limit in type.integer_limits)
    return extremes["min"] is None or low <= extremes["min"] <= extremes["max"] <= high


def _unescaped(text: str, delimiter: str, escape: str) -> list[tuple[str, str]]:
    """Fields of a line in which a character behind `escape` is itself: as they stand there, and what they mean."""
    fields, raw, field = [], "", ""
    characters = iter(text)
    for character in characters:
        if character == escape:
            following = next(characters, "")
            raw, field = raw + character + following, field + following
        elif character == delimiter:
            fields.append((raw, field))
            raw = field = ""
        else:
            raw, field = raw + character, field + character
    return [*fields, (raw, field)]


def _of_numbers(texts: pa.Array, kind: Kind) -> pa.Array:
    """OpenCSVSerde: dates as days, timestamps as milliseconds since 1970; other texts as they are."""
    numeric = pc.match_substring_regex(texts, r"^-?[0-9]{1,15}$")
    if not pc.any(numeric).as_py():
        return texts
    numbers = pc.if_else(numeric, texts, pa.scalar(None, pa.string())).cast(pa.int64())
    if kind is Kind.DATE:
        days = pc.if_else(pc.less_equal(pc.abs(numbers), MOST_DAYS), numbers, pa.scalar(None, pa.int64()))
        moments = days.cast(pa.int32()).cast(pa.date32())
    else:
        moments = numbers.cast(pa.timestamp("ms"))
    return pc.if_else(numeric, moments.cast(pa.string()), texts)


def _one(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return found.chunk(0) if isinstance(found, pa.ChunkedArray) else found
