"""Columns of a Parquet row group in the form that native code reads, made from pages without Arrow between.

    Numbers    pages' values one behind the other, as wide as in the file      DK_RAW_INT, DK_RAW_FLOAT
    Codes      text of few values: codes, and views of the dictionary page     DK_DICT_STR
    Texts      other text: offsets and bytes                                   DK_RAW_STR

    pages  |----- 20,000 -----|----- 20,000 -----|----- 20,000 -----|----- 20,000 -----|
    take(65536)               filled by whole pages ................|.........|   rest |  the rest goes to the front

So values are written once, and what a batch costs does not depend on where pages end. Pages are decoded by one call
for each batch (`parquet_fill`, kernels/parquet_values.py). Which columns are read here: `is_read`. What the file has
and is not known here is NotHereError (parquet_pages.py).
"""
from __future__ import annotations

import ctypes
from abc import ABC, abstractmethod

import numpy as np
import pyarrow as pa

from ....kernels import abi, memory, pack
from ....kernels import parquet_layout as layout
from ...encodings.packing import LANES, TAIL_WORDS, VECTOR_ROWS
from ...native import NativeColumn
from ...types import Kind, Physical, SqlType
from ...vector import TEXT_PADDING, Array
from ..columns import null_bits
from .base import BATCH_ROWS, Decoded
from .parquet_footer import BYTE_ARRAY, DOUBLE, FIXED, FLOAT, INT32, INT64, Chunk, Leaf
from .parquet_pages import CODECS, OVERRUN, NotHereError, Pages

_LEVELS = 4  # an encoding that some writers name for levels that are absent
_KNOWN = {layout.PLAIN, layout.PLAIN_DICTIONARY, layout.RLE, _LEVELS, layout.RLE_DICTIONARY}
_WORD = 8
_ROWS_A_TEXT = 4  # rows for each text of a dictionary, at least, where texts are given as codes without need
_ANY_LENGTH = (1 << 31) - 1
_MOST_TEXT = (1 << 32) - 1  # bytes in a batch
_LEAST, _GREATEST = -(1 << 63), (1 << 63) - 1


def is_read(chunk: Chunk, leaf: Leaf, stored: pa.DataType, type: SqlType) -> bool:
    """Whether columns of this kind are read here. `stored`: the type that the file means."""
    if leaf.nested or chunk.codec not in CODECS or not _KNOWN.issuperset(chunk.encodings):
        return False
    match leaf.type:
        case _ if pa.types.is_decimal(stored):
            same = type.kind is Kind.DECIMAL and stored.scale == type.scale and type.physical is Physical.I64
            return same and (leaf.type in (INT32, INT64) or (leaf.type == FIXED and 0 < leaf.width <= _WORD))
        case t if t == INT32 and pa.types.is_date32(stored):
            return type.kind is Kind.DATE
        case t if t in (INT32, INT64) and pa.types.is_signed_integer(stored):
            return type.is_integer
        case t if t == INT64 and pa.types.is_timestamp(stored):
            return type.kind is Kind.TIMESTAMP and stored.unit == "us"
        case t if t == DOUBLE:
            return type.kind is Kind.DOUBLE
        case t if t == FLOAT and pa.types.is_float32(stored):
            return type.kind in (Kind.REAL, Kind.DOUBLE)
        case t if t == BYTE_ARRAY:
            return _is_text(stored) and type.kind in (Kind.VARCHAR, Kind.CHAR)
        case _:
            return False


def _is_text(stored: pa.DataType) -> bool:
    return pa.types.is_string(stored) or pa.types.is_large_string(stored) or pa.types.is_string_view(stored)


def reader_of(chunk: Chunk, leaf: Leaf, data: Array, type: SqlType, coded: bool) -> Column:
    """The reader of a column that `is_read` has allowed; with `coded` its values must come as codes."""
    pages = Pages(chunk, leaf, data)
    if leaf.type != BYTE_ARRAY:
        return Numbers(pages, leaf)
    dictionary = _Texts(pages, type)
    few = dictionary.count <= min(BATCH_ROWS, max(chunk.values // _ROWS_A_TEXT, 1))
    if pages.all_coded and (few or coded):
        return Codes(pages, dictionary)
    if coded:
        raise NotHereError("texts without codes")
    return Texts(pages, dictionary, type)


class Column(ABC):
    """What all readers share: the words that native code fills it by, rows that are there, which of them are NULL."""

    def __init__(self, pages: Pages, form: int) -> None:
        self._capacity = BATCH_ROWS + pages.most_rows
        self._taken = 0
        self._pages = pages
        self._room = memory.empty(pages.most_bytes + OVERRUN if pages.is_snappy else 0, np.uint8)
        self._scratch = memory.empty(
            pages.most_rows + OVERRUN if pages.has_codes or pages.is_nullable else 0, np.int32)
        self._valid = memory.empty(self._capacity if pages.is_nullable else 0, np.uint8)
        words = self._words = memory.zeros(layout.COLUMN_WORDS, np.int64)
        words[layout.C_FORM] = form
        words[layout.C_DATA] = memory.address(pages.data)
        words[layout.C_PAGES] = memory.address(pages.table)
        words[layout.C_COUNT] = pages.count
        words[layout.C_SNAPPY] = pages.is_snappy
        words[layout.C_NULLABLE] = pages.is_nullable
        words[layout.C_ROOM] = memory.address(self._room)
        words[layout.C_CODES] = memory.address(self._scratch)
        words[layout.C_VALID] = memory.address(self._valid)
        words[layout.C_LOW], words[layout.C_HIGH] = _GREATEST, _LEAST
        self._held = (pages.data, self._room, self._scratch)  # counts as memory of each batch

    def take(self, rows: int) -> Decoded:
        """The next rows. They stay until the next call."""
        words = self._words
        filled = int(words[layout.C_FILLED])
        if self._taken:
            self._move(self._taken, filled)
            rest = filled - self._taken
            if words[layout.C_NULLS]:
                self._valid[:rest] = self._valid[self._taken : filled].copy()
            elif self._pages.is_nullable:
                self._valid[:rest] = 1
            words[layout.C_FILLED] = rest
        while found := pack.native("parquet_fill")(memory.address(words), rows):
            if found < 0:
                raise NotHereError("pages that are damaged, or of other kinds")
            self._make_room(found)
        self._taken = rows
        nulls = None
        if words[layout.C_NULLS] and not self._valid[:rows].all():
            nulls = null_bits(self._valid[:rows])
        return self._made(rows, nulls)

    def _make_room(self, size: int) -> None:
        raise NotHereError("room is for texts")

    @abstractmethod
    def _move(self, start: int, stop: int) -> None:
        """Rows start .. stop become the first ones."""

    @abstractmethod
    def _made(self, rows: int, nulls: Array | None) -> Decoded:
        """The first rows as a column."""


class Numbers(Column):
    """Integers, dates, timestamps, decimals and floats."""

    def __init__(self, pages: Pages, leaf: Leaf) -> None:
        super().__init__(pages, layout.NUMBERS)
        self._is_float = leaf.type in (FLOAT, DOUBLE)
        self._width = 4 if leaf.type in (INT32, FLOAT) else _WORD
        self._dtype = np.dtype(f"{'f' if self._is_float else 'i'}{self._width}")
        self._values = memory.empty(self._capacity, self._dtype)
        self._dictionary = _numbers(pages, self._dtype, leaf.width if leaf.type == FIXED else 0)
        self._bounded = False  # the dictionary's values are in the words for the range
        words = self._words
        words[layout.C_WIDTH] = self._width
        words[layout.C_FIXED] = leaf.width if leaf.type == FIXED else 0
        words[layout.C_DICTIONARY], words[layout.C_ENTRIES] = memory.address(self._dictionary), len(self._dictionary)
        words[layout.C_OUT] = memory.address(self._values)

    def _move(self, start: int, stop: int) -> None:
        self._values[: stop - start] = self._values[start:stop].copy()

    def _made(self, rows: int, nulls: Array | None) -> Decoded:
        words = self._words
        if self._is_float:
            return Decoded(self._column(abi.DK_RAW_FLOAT, rows), nulls, None, None)
        if words[layout.C_CODED] and not self._bounded:
            self._bounded = True
            words[layout.C_LOW] = min(words[layout.C_LOW], self._dictionary.min())
            words[layout.C_HIGH] = max(words[layout.C_HIGH], self._dictionary.max())
        low, high = int(words[layout.C_LOW]), int(words[layout.C_HIGH])
        bounds = (None, None) if low > high else (low, high)
        return Decoded(self._column(abi.DK_RAW_INT, rows), nulls, *bounds)

    def _column(self, kind: int, rows: int) -> NativeColumn:
        return NativeColumn(kind, rows, self._values[:rows], self._width, keep=self._held)


def _numbers(pages: Pages, dtype: np.dtype, fixed: int) -> Array:
    """The dictionary's values; `fixed`: of the big-endian ones in the file."""
    data, count = pages.dictionary or (memory.nothing(np.uint8), 0)
    if count * (fixed or dtype.itemsize) > len(data):
        raise NotHereError("a dictionary that is cut off")
    found = memory.empty(count, dtype)
    if fixed:
        pack.native("parquet_big")(memory.address(data), count, fixed, memory.address(found))
    else:
        ctypes.memmove(memory.address(found), memory.address(data), count * dtype.itemsize)
    return found


class _Texts:
    """The texts of a dictionary page, as views into it; none where there is no such page."""

    def __init__(self, pages: Pages, type: SqlType) -> None:
        self.data, self.count = pages.dictionary or (memory.nothing(np.uint8), 0)
        self.views = memory.zeros(2 * max(self.count, 1), np.int64)
        if pack.native("parquet_dictionary")(memory.address(self.data), len(self.data), self.count, *_limits(type),
                                             memory.address(self.views)) != 0:
            raise NotHereError("texts that are damaged, too long, or no UTF-8")


def _limits(type: SqlType) -> tuple[int, int]:
    """(are blanks at the end cut off?, the longest text)"""
    return int(type.kind is Kind.CHAR), type.length or _ANY_LENGTH


class Codes(Column):
    """Text as codes."""

    def __init__(self, pages: Pages, dictionary: _Texts) -> None:
        super().__init__(pages, layout.CODES)
        self._dictionary = dictionary
        self._bits = max(dictionary.count - 1, 0).bit_length()
        self._codes = memory.empty(self._capacity + OVERRUN, np.int32)
        words = self._words
        words[layout.C_ENTRIES] = dictionary.count
        words[layout.C_OUT] = memory.address(self._codes)

    def _move(self, start: int, stop: int) -> None:
        self._codes[: stop - start] = self._codes[start:stop].copy()

    def _made(self, rows: int, nulls: Array | None) -> Decoded:
        vectors = -(-rows // VECTOR_ROWS)
        step = LANES * self._bits
        words = memory.empty(vectors * step + TAIL_WORDS, np.int64)
        pack.native("parquet_pack")(memory.address(self._codes), rows, self._bits, memory.address(words))
        meta = memory.zeros(4 * vectors, np.int64)
        meta[0::4] = np.arange(vectors) * step
        meta[1::4] = self._bits
        column = NativeColumn(
            abi.DK_DICT_STR, rows, words, meta=meta, dictionary=self._dictionary.views,
            dictionary_rows=max(self._dictionary.count, 1), keep=(self._dictionary.data, *self._held),
        )
        return Decoded(column, nulls, None, None)


class Texts(Column):
    """Text as offsets and bytes."""

    def __init__(self, pages: Pages, dictionary: _Texts, type: SqlType) -> None:
        super().__init__(pages, layout.TEXTS)
        self._dictionary = dictionary
        self._views = memory.empty(2 * pages.most_rows, np.int64)
        self._offsets = memory.zeros(self._capacity + 1, np.uint32)
        self._bytes = memory.empty(0, np.uint8)
        self._make_room(2 * pages.most_bytes)
        words = self._words
        words[layout.C_DICTIONARY], words[layout.C_ENTRIES] = memory.address(dictionary.views), dictionary.count
        words[layout.C_VIEWS] = memory.address(self._views)
        words[layout.C_OUT] = memory.address(self._offsets)
        words[layout.C_TRIMMED], words[layout.C_LONGEST] = _limits(type)

    def _make_room(self, size: int) -> None:
        if size > _MOST_TEXT:
            raise NotHereError("too much text in a batch")
        wider = memory.empty(max(size, 2 * len(self._bytes)), np.uint8)
        used = int(self._words[layout.C_USED])
        wider[:used] = self._bytes[:used]
        self._bytes = wider
        self._words[layout.C_BYTES], self._words[layout.C_CAPACITY] = memory.address(wider), len(wider)

    def _move(self, start: int, stop: int) -> None:
        begins, used = int(self._offsets[start]), int(self._words[layout.C_USED])
        self._bytes[: used - begins] = self._bytes[begins:used].copy()
        self._offsets[: stop - start + 1] = self._offsets[start : stop + 1] - np.uint32(begins)
        self._words[layout.C_USED] = used - begins

    def _made(self, rows: int, nulls: Array | None) -> Decoded:
        ends = max(int(self._offsets[rows]), TEXT_PADDING)
        column = NativeColumn(
            abi.DK_RAW_STR, rows, self._bytes[:ends], offsets=self._offsets[: rows + 1], keep=self._held)
        return Decoded(column, nulls, None, None)
