"""Delimited, CSV, fixed-width and JSON text: what stands around the values, by format.

    delimited   1|x|          NULL is the null string; ESCAPE puts a backslash before what would be misread,
                              ADDQUOTES quotation marks around every field that is not NULL
    csv         1,"a|""b",      quotation marks where a field has the delimiter, one of them, or a line end
    fixedwidth  1  x          blanks up to each column's width, in characters; longer values are refused
    json        {"a":1,"b":"x","c":null}     booleans as "t" and "f" (`words`: true, false), SUPER as it is

The rows themselves are put together by a kernel (kernels/text_rows.py), in a buffer of BUFFER_BYTES at a time; with a
compression each buffer becomes a member of its own (gzip, zstd and bzip2 files may have any number of them), so that
several threads compress and the size of a file is known while it grows.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import DataError, InternalError
from ...kernels import memory, pack
from ...kernels import text_rows_layout as layout
from ..objects.base import ObjectWriter
from ..types import SUPER, Kind, SqlType
from .base import Charge, OutColumn, Piece
from .fields import as_printed, describe, kind_of
from .options import FileOptions

BUFFER_BYTES = 1 << 20
# Larger batches are taken in parts: text doubles in size at most before it reaches the kernel.
BATCH_BYTES = 256 << 20
_NUMBERS = frozenset((Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT, Kind.REAL, Kind.DOUBLE, Kind.DECIMAL, Kind.SUPER))
# What values other than text are made of.
_PLAIN = frozenset("0123456789+-.: BCtfeINa")


class TextFormat:
    """See base.Format."""

    def __init__(self, columns: Sequence[OutColumn], options: FileOptions) -> None:
        self._options = options
        self._json = options.format == "json"
        self._words_of = [i for i, c in enumerate(columns) if options.words and c.type.kind is Kind.BOOLEAN]
        columns = [OutColumn(c.name, SUPER) if i in self._words_of else c for i, c in enumerate(columns)]
        self._columns = columns
        self.header_rows = int(options.header)
        self.empty_files = not self._json
        self._compress = compressor(options.compression)
        self._ending = _bytes(b"}\n" if self._json else b"\n")
        self._kept: list[np.ndarray] = []  # what the words point to
        self._words = np.zeros((len(columns), layout.COLUMN_WORDS), np.int64)
        for i, column in enumerate(columns):
            self._fill(self._words[i], i, column)
        self._row_bytes = self._bound()

    def pieces(self, batch: pa.RecordBatch) -> Iterator[Piece]:
        for data, rows in self._texts(batch):
            packed = data if self._compress is None else self._compress(data)
            yield Piece(packed, rows, len(packed))

    def open(self, out: ObjectWriter, charge: Charge) -> TextFile:
        return TextFile(out, self._header, b"" if self._compress is None else self._compress(b""))

    @cached_property
    def _header(self) -> bytes:
        """The names as a row of text in this format."""
        if not self._options.header:
            return b""
        names = [OutColumn(c.name, SqlType(Kind.VARCHAR)) for c in self._columns]
        lines = TextFormat(names, FileOptions(
            self._options.format, self._options.delimiter, add_quotes=self._options.add_quotes,
            escape=self._options.escape, compression=self._options.compression, quote_all=self._options.quote_all,
        ))  # fmt: skip
        row = pa.RecordBatch.from_arrays([pa.array([c.name]) for c in names], [str(i) for i in range(len(names))])
        return b"".join([bytes(piece.data) for piece in lines.pieces(row)])

    # -- what stands around values ---------------------------------------------------------------------

    def _fill(self, words: np.ndarray, i: int, column: OutColumn) -> None:
        kind = kind_of(column.type.kind)
        words[layout.KIND] = kind
        words[layout.SCALE] = column.type.scale if kind == layout.DECIMAL else 0
        self._point(words, layout.BEFORE, self._before(i, column.name))
        self._point(words, layout.NULL, self._null(i, column.type))
        classes, quotes, growth = self._rules(column.type, kind)
        if classes is not None:
            self._kept.append(classes)
            words[layout.CLASSES] = memory.address(classes)
        words[layout.QUOTES] = quotes
        words[layout.GROWTH] = growth
        words[layout.WIDTH] = self._options.widths[i] if self._options.widths else 0

    def _point(self, words: np.ndarray, at: int, text: bytes) -> None:
        kept = _bytes(text)
        self._kept.append(kept)
        words[at], words[at + 1] = memory.address(kept), len(text)

    def _before(self, i: int, name: str) -> bytes:
        if self._json:
            return (("," if i else "{") + json.dumps(name, ensure_ascii=False) + ":").encode()
        if self._options.format == "fixedwidth" or i == 0:
            return b""
        return self._options.delimiter.encode()

    def _null(self, i: int, type: SqlType) -> bytes:
        """SUPER has a null of its own. A null string too long for a fixed width is left out, but not of text."""
        if self._json or type.is_super:
            return b"null"
        null = self._options.null
        if self._options.widths and not type.is_string and len(null) > self._options.widths[i]:
            return b""
        return null.encode()

    def _rules(self, type: SqlType, kind: int) -> tuple[np.ndarray | None, int, int]:
        """(byte classes, when to quote, growth of a byte) of a column's text."""
        options = self._options
        if self._json:
            if type.kind in _NUMBERS:
                return None, layout.NEVER, 1
            return _json_classes(), layout.ALWAYS, 6
        if options.format == "csv":
            if kind != layout.TEXT:
                clash = options.quote_all or options.delimiter in _PLAIN
                return None, layout.ALWAYS if clash else layout.NEVER, 1
            quotes = layout.ALWAYS if options.quote_all else layout.WHERE_NEEDED
            return _csv_classes(options.delimiter), quotes, 2
        quotes = layout.ALWAYS if options.add_quotes else layout.NEVER
        if options.escape and kind == layout.TEXT:
            return _escape_classes(options.delimiter, options.add_quotes), quotes, 2
        return None, quotes, 1

    def _bound(self) -> int:
        """Bytes of a row at most, its texts left out."""
        total = len(self._ending)
        for words in self._words:
            value = max(layout.LONGEST[int(words[layout.KIND])] + 2, int(words[layout.NULL_BYTES]))
            total += int(words[layout.BEFORE_BYTES]) + max(value, int(words[layout.WIDTH])) + int(words[layout.WIDTH])
        return total

    # -- rows --------------------------------------------------------------------------------------------

    def _texts(self, batch: pa.RecordBatch) -> Iterator[tuple[memoryview, int]]:
        """(bytes of rows, how many rows)."""
        parts = -(-batch.nbytes // BATCH_BYTES) or 1
        step = max(-(-batch.num_rows // parts), 1)
        for start in range(0, batch.num_rows, step):
            yield from self._written(batch.slice(start, step))

    def _written(self, batch: pa.RecordBatch) -> Iterator[tuple[memoryview, int]]:
        for i in self._words_of:
            batch = batch.set_column(i, batch.schema.names[i], batch.column(i).cast(pa.string()))
        arrays = [as_printed(a, c.type.kind) for a, c in zip(batch.columns, self._columns, strict=True)]
        if self._json:
            arrays = [_json_floats(a, c.type.kind) for a, c in zip(arrays, self._columns, strict=True)]
        words = self._words.copy()
        for i, array in enumerate(arrays):
            describe(words[i], array, int(words[i, layout.KIND]))
        row = np.zeros(layout.ROW_WORDS, np.int64)
        row[:3] = (memory.address(self._ending), len(self._ending), self._row_bytes)
        state = memory.zeros(layout.STATE_WORDS, np.int64)
        out = memory.empty(max(BUFFER_BYTES, self._row_bytes), np.uint8)
        write, at = pack.native("write_rows"), 0
        while at < batch.num_rows:
            end = write(memory.address(words), len(words), at, batch.num_rows, memory.address(out), len(out),
                        memory.address(row), memory.address(state))
            written = int(state[0])
            if state[1] >= 0:
                self._too_long(int(state[1]), arrays, end)
            if end == at:  # not even one row has room
                out = memory.empty(self._room_for(arrays, words, at), np.uint8)
                continue
            yield memoryview(out)[:written], end - at
            at = end

    def _room_for(self, arrays: Sequence[pa.Array], words: np.ndarray, row: int) -> int:
        """Bytes that one row may take."""
        total = 2 * self._row_bytes
        for array, column in zip(arrays, words, strict=True):
            if column[layout.KIND] == layout.TEXT and array[row].is_valid:
                total += int(column[layout.GROWTH]) * len(array[row].as_py().encode())
        return total

    def _too_long(self, i: int, arrays: Sequence[pa.Array], row: int) -> None:
        column, width = self._columns[i], self._options.widths[i]
        value = arrays[i][row].as_py()
        raise DataError(
            f'UNLOAD FIXEDWIDTH: the value "{self._options.null if value is None else value}" of column '
            f'"{column.name}" is longer than its width of {width}',
            hint="Values are not truncated: give the column the width of its longest value.", sqlstate="22001",
        )  # fmt: skip


class TextFile:
    """See base.FormatFile."""

    def __init__(self, out: ObjectWriter, header: bytes, nothing: bytes) -> None:
        """`nothing`: what a file without rows holds, if compressed."""
        self._out = out
        self._nothing = nothing
        self.bytes = len(header)
        if header:
            out.write(header)

    def write(self, piece: Piece) -> None:
        self._out.write(piece.data)
        self.bytes += piece.bytes

    def finish(self) -> None:
        if not self.bytes and self._nothing:
            self._out.write(self._nothing)
            self.bytes = len(self._nothing)


def compressor(name: str | None) -> Callable[[Any], bytes] | None:
    """Bytes to one whole member of a compressed file."""
    if name is None:
        return None
    if name == "gzip":
        import zlib

        return lambda data: zlib.compress(data, 6, zlib.MAX_WBITS | 16)
    if name == "bzip2":
        import bz2

        return lambda data: bz2.compress(data)
    if name == "zstd":
        import zstandard

        return lambda data: zstandard.ZstdCompressor(level=3).compress(data)
    raise InternalError(f"no compression {name}")


def _bytes(text: bytes) -> np.ndarray:
    """Bytes that kernels may read."""
    made = memory.zeros(len(text), np.uint8)
    made[:] = np.frombuffer(text, np.uint8)
    return made


def _classes(pairs: dict[str, int]) -> np.ndarray:
    made = memory.zeros(256, np.uint8)
    for character, kind in pairs.items():
        made[ord(character)] = kind
    return made


def _csv_classes(delimiter: str) -> np.ndarray:
    return _classes({delimiter: layout.QUOTED, "\n": layout.QUOTED, "\r": layout.QUOTED, '"': layout.DOUBLED})


def _escape_classes(delimiter: str, quotes: bool) -> np.ndarray:
    special = ["\n", "\r", "\\", delimiter, *('"', "'") * quotes]
    return _classes(dict.fromkeys(special, layout.ESCAPED))


def _json_classes() -> np.ndarray:
    controls = {chr(i): layout.UNICODE for i in range(32)}
    short = {"\b": ord("b"), "\t": ord("t"), "\n": ord("n"), "\f": ord("f"), "\r": ord("r")}
    return _classes({**controls, **short, '"': layout.ESCAPED, "\\": layout.ESCAPED})


def _json_floats(array: pa.Array, kind: Kind) -> pa.Array:
    """JSON has no numbers for NaN and Infinity: they become strings."""
    if kind not in (Kind.REAL, Kind.DOUBLE):
        return array
    import pyarrow.compute as pc

    named = pc.match_substring_regex(array, "^(NaN|-?Infinity)$")
    if not pc.any(named).as_py():
        return array
    return pc.if_else(named, pc.binary_join_element_wise('"', array, '"', ""), array)
