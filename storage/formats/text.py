"""COPY's text formats, delimited and CSV: pyarrow where it must agree with us, our own reader elsewhere.

    chunk (whole records)  --> well-formed as far as a glance can tell?
                                 yes -> pyarrow.csv with the columns' types --> checks --> batches
                                 no, or pyarrow refuses, or a check fails
                                     -> strict.py: batches after all, or the row and why

pyarrow parses on all CPUs. It is only trusted with what both readers take for the same: quotes only around
whole fields, no lone carriage returns, no hexadecimal numbers; backslashes under ESCAPE are taken out before
(escapes.py), dates in formats of the user's own are read as text (moments.py). Behind it NOT NULL and lengths
are checked; a chunk that fails a check is read again, slowly, to find the row.
"""
from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from ... import errors
from ..arrow import arrow_type
from ..hexadecimal import bytes_of
from ..schema import Column
from ..types import Kind
from ..vector import Array
from . import datetimes, ranges
from .chunks import CHUNK_BYTES, NO_CHUNK, Chunk, read_chunks
from .escapes import unescaped, with_marks_replaced
from .fixedwidth import SEPARATOR, as_delimited
from .listing import SourceFile
from .moments import moments
from .options import AUTO, EPOCH_FORMATS, NULL_STRING, TextOptions, text_options, widths
from .ranges import Ranges
from .rejected import Findings
from .source import Part, PartsOfFiles, Progress, whole
from .strict import StrictParser
from .values import FALSE_TEXTS, MAX_REAL, NOT_A_NUMBER, TRUE_TEXTS, WIDE

# pyarrow shares a chunk out to threads in pieces of this size.
BLOCK_BYTES = 2 << 20
# A chunk that pyarrow refuses is halved down to this before the slow path takes it.
STRICT_BYTES = 64 << 10
_LINE_END, _RETURN, _LOWER_CASE = 0x0A, 0x0D, 0x20
# How noncharacters of Unicode may look in UTF-8: U+FDD0 and following, and the last two of each plane.
_NONCHARACTERS = re.compile(rb"\xef\xb7[\x90-\xaf]|\xbf[\xbe\xbf]")
MAX_DOUBLE = sys.float_info.max


class TextSource(PartsOfFiles):
    """Text files, delimited, CSV or FIXEDWIDTH; read in chunks. Each is one part, but a large one that is not
    compressed is read in ranges."""

    def __init__(
        self, files: tuple[SourceFile, ...], format_: str, options: Mapping[str, Any], chunk_bytes: int = CHUNK_BYTES
    ) -> None:
        self.options = text_options(format_, options)
        if format_ == "fixedwidth":
            self.options = replace(self.options, widths=widths(options["FIXEDWIDTH"]))
        check_formats(self.options)
        self._chunk_bytes = chunk_bytes
        self._ranges: dict[str, Ranges] = {}
        super().__init__(files, self._parts_of)

    def _parts_of(self, file: SourceFile) -> Iterable[Part]:
        if file.bytes < 2 * ranges.RANGE_BYTES or not ranges.splits(file, self.options):
            return whole(file)
        found = self._ranges[file.path] = Ranges(file, self.options)
        return found.parts()

    def read(
        self,
        part: Part,
        columns: tuple[Column, ...],
        on_progress: Progress | None = None,
        findings: Findings | None = None,
    ) -> Iterator[pa.RecordBatch]:
        options = self.options
        self._check(columns)
        fast = FastParser(columns, replace(options, delimiter=SEPARATOR) if options.widths else options)
        strict = StrictParser(part.file.path, columns, options, findings, part.start)
        found = self._ranges.get(part.file.path)
        if found is None:
            for chunk in read_chunks(part.file, options, on_progress, self._chunk_bytes):
                yield from _parse(chunk, fast, strict)
            return
        span, chunk = found.span(part), NO_CHUNK
        for chunk in read_chunks(
            part.file, options, on_progress, self._chunk_bytes, span, lambda: found.lines_before(span[0])
        ):
            yield from _parse(chunk, fast, strict)
        if findings is not None:
            findings.lines(chunk.line - 1 + chunk.data.count(b"\n"))

    def _check(self, columns: tuple[Column, ...]) -> None:
        """Raise where these columns cannot come from the format."""
        for column in columns:
            if column.type.kind is Kind.VARBYTE and (self.options.widths or self.options.remove_quotes):
                word = "FIXEDWIDTH" if self.options.widths else "REMOVEQUOTES"
                raise errors.NotSupportedError(
                    f'column "{column.name}" of type {column.type} cannot be loaded with {word}'
                )
            if column.type.is_sketch and self.options.widths:
                raise errors.NotSupportedError(
                    f'column "{column.name}" of type {column.type} cannot be loaded with FIXEDWIDTH'
                )
        if self.options.widths and len(self.options.widths) != len(columns):
            raise errors.ProgrammingError(
                f"FIXEDWIDTH has {len(self.options.widths)} columns, but {len(columns)} are loaded"
            )


def _parse(chunk: Chunk, fast: FastParser, strict: StrictParser) -> Iterator[pa.RecordBatch]:
    """A chunk by the fast path, or in halves, so that the slow one gets little more than it must."""
    table = fast.parse(chunk)
    if table is not None:
        yield from table.combine_chunks().to_batches()
        return
    halves = chunk.halves(strict.options) if fast.usable and len(chunk.data) > STRICT_BYTES else None
    if halves is None:
        yield strict.parse(chunk)
    else:
        for half in halves:
            yield from _parse(half, fast, strict)


def check_formats(options: TextOptions) -> None:
    """Raise ProgrammingError for a DATEFORMAT or TIMEFORMAT that is none."""
    for name, pattern in (("DATEFORMAT", options.date_format), ("TIMEFORMAT", options.time_format)):
        if pattern is None or pattern == AUTO or (name == "TIMEFORMAT" and pattern in EPOCH_FORMATS):
            continue
        try:
            datetimes.check_pattern(pattern)
        except ValueError as e:
            raise errors.ProgrammingError(f"{name} '{pattern}' cannot be used: {e}") from e


class FastParser:
    """Reads chunks with pyarrow; answers None for a chunk it had better not judge."""

    def __init__(self, columns: tuple[Column, ...], options: TextOptions) -> None:
        self.columns = columns
        self.options = options
        self.names = [str(i) for i in range(len(columns))]
        self._types = {name: self.type_of(column) for name, column in zip(self.names, columns)}
        self.usable = bool(columns) and "\0" not in (options.delimiter, options.quote)  # which pyarrow does not take
        self._ascii = False  # the present chunk
        self._unescaped = b""  # the present chunk, where it had backslashes under ESCAPE
        epochs = options.time_format in EPOCH_FORMATS
        self._integers = epochs or any(c.type.is_integer for c in columns)
        self._floats = any(c.type.is_float for c in columns)
        delimiter = re.escape(options.delimiter.encode())
        self._single_quote = re.compile(rb"(?:^|[\n" + delimiter + rb"])'")
        borders = re.escape(options.delimiter.encode() + options.quote.encode())
        self._hex = re.compile(rb"(?:^|[\n" + borders + rb"])\s*[+-]?0[xX]")

    def type_of(self, column: Column) -> pa.DataType:
        """The type pyarrow converts to; text for what it would read in another way than we do."""
        match column.type.kind:
            case Kind.REAL:
                return pa.float64()
            case Kind.DATE if self.options.date_format not in (None, AUTO):
                return pa.string()
            case Kind.TIMESTAMP | Kind.TIMESTAMPTZ if self.options.time_format not in (None, AUTO):
                return pa.string()
            case Kind.VARBYTE | Kind.INTERVAL_YM | Kind.INTERVAL_DS:  # hexadecimal digits, words
                return pa.string()
            case _:
                return arrow_type(column.type)

    def parse(self, chunk: Chunk) -> pa.Table | None:
        data = self._prepared(chunk.data) if self.usable else None
        if data is None or not self._is_plain(data):
            return None
        self._ascii = data.isascii()
        try:
            table = self._read(data)
        except (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowNotImplementedError):
            return None
        arrays = []
        for column, array in zip(self.columns, table.columns):
            finished = self.finish(column, array)
            if finished is None:
                return None
            arrays.append(finished)
        return pa.table(arrays, names=self.names)

    def _prepared(self, data: bytes) -> bytes | None:
        """The chunk as text that is delimited alone; None where that cannot be made of it."""
        options = self.options
        self._unescaped = b""
        if options.widths:
            return as_delimited(data, options.widths)
        if options.escape and b"\\" in data:
            quotes = options.remove_quotes and (b'"' in data or b"'" in data)
            made = None if quotes else unescaped(data, options.delimiter, options.null_string == NULL_STRING)
            self._unescaped = made or b""
            return made
        return data

    def _is_plain(self, data: bytes) -> bool:
        options = self.options
        if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
            return False
        if options.remove_quotes and b"'" in data and self._single_quote.search(data):
            return False
        if options.replacement is not None and _NONCHARACTERS.search(data):
            return False
        if self._floats and b"(" in data and NOT_A_NUMBER.search(data):
            return False
        if self._integers and _has_hex_prefix(data) and self._hex.search(data):
            return False
        quotes = _quote_places(data, options)
        if len(self.columns) > 1 and not options.ignore_blank_lines and _has_blank_lines(data, quotes):
            return False
        if not len(quotes) or not _quotes_are_plain(data, quotes, options):
            return not len(quotes)
        return not options.remove_quotes or _quotes_are_simple(data, quotes)

    def _read(self, data: bytes) -> pa.Table:
        options = self.options
        names = list(self.names)
        types = dict(self._types)
        if self._ends_with_delimiter(data):
            names.append("end")
            types["end"] = pa.null()
        quoted = (options.csv or options.remove_quotes) and options.quote.encode() in data
        return pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(column_names=names, block_size=BLOCK_BYTES),
            parse_options=pacsv.ParseOptions(
                delimiter=options.delimiter,
                quote_char=options.quote if quoted else False,
                double_quote=quoted and options.csv,
                newlines_in_values=quoted and options.csv,
                ignore_empty_lines=options.ignore_blank_lines,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=types,
                null_values=["", options.null_string or ""],
                strings_can_be_null=False,
                true_values=list(TRUE_TEXTS),
                false_values=list(FALSE_TEXTS),
            ),
        ).select(self.names)

    def _ends_with_delimiter(self, data: bytes) -> bool:
        """Does the first line have a delimiter behind its last field (as TPC-H's .tbl files)?"""
        if self.options.csv:
            return False
        end = data.find(b"\n")
        line = (data if end < 0 else data[:end]).removesuffix(b"\r")
        delimiter = self.options.delimiter.encode()
        return line.endswith(delimiter) and line.count(delimiter) == len(self.columns)

    def finish(self, column: Column, array: pa.ChunkedArray) -> pa.ChunkedArray | None:
        """NULL strings of text, blanks, lengths, ranges, NOT NULL; None when a row must be looked at."""
        if self._unescaped and pa.types.is_string(array.type):
            array = with_marks_replaced(array, self._unescaped, self.options.delimiter)
        if (column.type.is_temporal or column.type.is_interval) and pa.types.is_string(array.type):
            return moments(column, array, self.options)
        if column.type.kind is Kind.VARBYTE:
            return _bytes(column, array, self.options)
        if column.type.is_sketch:
            return None
        if column.type.is_super:
            return _documents(column, array, self.options)
        if column.type.is_string:
            array = self._finish_text(column, array)
            longest = pc.max(pc.binary_length(array)).as_py()
            if longest is not None and longest > column.type.length and self.options.truncate_columns and self._ascii:
                array, longest = _truncated(column, array), column.type.length
            if longest is not None and longest > column.type.length:
                return None
            if column.type.kind is Kind.CHAR and not self._ascii and not _is_ascii(array):
                return None
        elif (column.type.kind is Kind.DECIMAL or column.type.is_float) and not _in_range(column, array):
            return None
        if array.null_count and (not column.nullable or column.primary_key):
            return None
        return array

    def _finish_text(self, column: Column, array: pa.ChunkedArray) -> pa.ChunkedArray:
        options = self.options
        null = pc.equal(pc.utf8_rtrim(array, " ") if options.widths else array, options.null_string)
        if options.empty_as_null:
            null = pc.or_(null, pc.equal(array, ""))
        if options.blanks_as_null:
            blank = pc.and_(pc.equal(pc.ascii_trim_whitespace(array), ""), pc.not_equal(array, ""))
            null = pc.or_(null, blank)
        if pc.any(null).as_py():
            array = pc.if_else(null, pa.scalar(None, pa.string()), array)
        if options.trim_blanks and column.type.kind is Kind.VARCHAR:
            array = pc.utf8_rtrim(array, " ")
        return array


def _truncated(column: Column, array: pa.ChunkedArray) -> pa.ChunkedArray:
    """TRUNCATECOLUMNS, of ASCII texts: a byte is a character."""
    if column.type.kind is Kind.CHAR:
        array = pc.utf8_rtrim(array, " ")
    return pc.utf8_slice_codeunits(array, 0, column.type.length)


def _is_ascii(array: pa.ChunkedArray) -> bool:
    return pc.all(pc.string_is_ascii(array)).as_py() is not False


def _documents(column: Column, array: pa.ChunkedArray, options: TextOptions) -> pa.ChunkedArray | None:
    """SUPER values of JSON; None when a row must be looked at."""
    from ..semistructured.arrow import from_json

    absent = pc.or_(pc.equal(array, options.null_string), pc.equal(pc.ascii_trim_whitespace(array), ""))
    try:
        made = from_json(pc.if_else(absent, pa.scalar(None, pa.string()), array).combine_chunks(), column.name)
    except errors.DataError:
        return None
    return None if made.null_count and (not column.nullable or column.primary_key) else pa.chunked_array([made])


def _bytes(column: Column, array: pa.ChunkedArray, options: TextOptions) -> pa.ChunkedArray | None:
    """The bytes of hexadecimal digits; None when a row must be looked at."""
    absent = pc.or_(pc.equal(array, options.null_string), pc.equal(array, ""))
    digits = pc.if_else(absent, pa.scalar(None, pa.string()), array).combine_chunks()
    odd = pc.any(pc.equal(pc.bit_wise_and(pc.binary_length(digits), 1), 1)).as_py()
    if odd or (digits.null_count and (not column.nullable or column.primary_key)):
        return None
    if (pc.max(pc.binary_length(digits)).as_py() or 0) > column.type.text_limit:
        return None
    digits = digits.cast(pa.large_string())
    valid, offsets, data = digits.buffers()
    places = np.frombuffer(offsets, np.int64, len(digits) + 1, digits.offset * 8)
    raw = bytes_of(np.frombuffer(data, np.uint8, int(places[-1] - places[0]), int(places[0])))
    if raw is None or digits.offset:
        return None
    buffers = [valid, pa.py_buffer((places - places[0]) // 2), pa.py_buffer(raw)]
    return pa.chunked_array([pa.Array.from_buffers(pa.large_binary(), len(digits), buffers)])


def _in_range(column: Column, array: pa.ChunkedArray) -> bool:
    """Do all numbers fit the declared type? (Infinite ones may have been too large as text.)"""
    extremes = pc.min_max(array).as_py()
    least, most = extremes["min"], extremes["max"]
    if least is None:
        return True
    if column.type.kind is Kind.DECIMAL:
        low, high = column.type.integer_limits
        exponent = -column.type.scale
        return low <= int(least.scaleb(-exponent, WIDE)) and int(most.scaleb(-exponent, WIDE)) <= high
    limit = MAX_REAL if column.type.kind is Kind.REAL else MAX_DOUBLE
    return bool(-limit <= least and most <= limit)


def _quote_places(data: bytes, options: TextOptions) -> Array:
    """Where quotes stand that have a meaning; empty for delimited text without REMOVEQUOTES."""
    quote = options.quote.encode()
    if not (options.csv or options.remove_quotes) or quote not in data:
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.frombuffer(data, np.uint8) == quote[0])


def _has_blank_lines(data: bytes, quotes: Array) -> bool:
    """Is there an empty line that is not inside a quoted field?"""
    whole = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(whole == _LINE_END)
    length = np.diff(ends, prepend=-1)
    blank = ends[(length == 1) | ((length == 2) & (whole[np.maximum(ends - 1, 0)] == _RETURN))]
    return bool((np.searchsorted(quotes, blank) % 2 == 0).any())


def _has_hex_prefix(data: bytes) -> bool:
    """Does 0x or 0X stand anywhere? (pyarrow reads hexadecimal integers, COPY does not.)"""
    whole = np.frombuffer(data, np.uint8)
    places = np.flatnonzero((whole | _LOWER_CASE) == ord("x"))
    return bool((whole[np.maximum(places - 1, 0)] == ord("0")).any())


def _quotes_are_simple(data: bytes, places: Array) -> bool:
    """Of plain quotes: is none doubled, and no line end between two? (REMOVEQUOTES knows nothing of either.)"""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_END)
    return not (np.diff(places)[1::2] == 1).any() and not (np.searchsorted(places, ends) % 2).any()


def _quotes_are_plain(data: bytes, places: Array, options: TextOptions) -> bool:
    """Do quotes stand only around whole fields, doubled inside? Then every CSV reader agrees."""
    if len(places) % 2:
        return False
    whole = np.frombuffer(data, np.uint8)
    opening, closing = places[::2], places[1::2]
    delimiter = options.delimiter.encode()[0]
    before = whole[np.maximum(opening - 1, 0)]
    starts = (opening == 0) | (before == delimiter) | (before == _LINE_END)
    starts[1:] |= opening[1:] == closing[:-1] + 1  # the second of a doubled quote
    after = whole[np.minimum(closing + 1, len(whole) - 1)]
    ends = (closing == len(whole) - 1) | (after == delimiter) | (after == _LINE_END) | (after == _RETURN)
    ends[:-1] |= opening[1:] == closing[:-1] + 1
    return bool(starts.all() and ends.all())
