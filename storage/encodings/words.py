"""TEXT255 and TEXT32K: a dictionary of words, for text in which the same words recur.

    rows    'Madison Square Garden'  'Garden State'  ''        dictionary   0 'Garden'  1 'Square' ...
    words     2       1      0          0      !       !       ! = not in the dictionary: kept in full
    full                                       'State' ''

A string is its words, joined by single blanks ('' is one empty word), so any text comes back as it was.
TEXT255 holds the first 245 different words of a block; TEXT32K as many as fit in 32 KB.

    WORD_COUNT_VECTORS, _WORDS            packed: words in each string
    VECTORS, WORDS                        packed: each word's entry; the number after the last one is "!"
    DICT_LENGTHS, DICT_TEXT               the dictionary, sorted by bytes
    LENGTH_VECTORS, LENGTH_WORDS, TEXT    the words kept in full

Redshift uses an index of one or two bytes; packed, an index takes the bits that the dictionary needs.
A block in which every string is one word of the dictionary is read in place, as codes and dictionary;
others are decoded when they enter the buffer cache. Dictionary entries of NULL rows are ''.
"""
from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...errors import DataCorrupted
from ..native import NativeColumn
from ..types import Kind, SqlType
from ..vector import Array, ColumnData, concat, gather_text
from . import packing, strings
from .base import Encoding, Part, Parts, read
from .bytedict import code_parts, dictionary_column, lookup, read_codes
from .dictionaries import distinct_strings

_BLANK = 0x20
ENTRY_OVERHEAD = 2  # bytes that an entry of TEXT32K's 32 KB costs besides its letters


class Text255(Encoding):
    name = "text255"
    code = 12
    kinds = frozenset((Kind.VARCHAR,))
    max_words: ClassVar[int] = 245
    max_bytes: ClassVar[int] = 1 << 30

    def encode(self, column: ColumnData) -> Parts:
        counts, words = split_words(column)
        entries, codes = distinct_strings(words)
        kept = self._first_entries(entries)
        order = sorted(range(kept), key=entries.__getitem__)
        renumber = np.full(len(entries), kept, np.int64)
        renumber[order] = np.arange(kept)
        codes = renumber[codes]
        packed = packing.pack(counts, allow_delta=False)
        return {
            Part.WORD_COUNT_VECTORS: packed.table,
            Part.WORD_COUNT_WORDS: packed.words,
            **code_parts(codes),
            **strings.dictionary_parts([entries[i] for i in order]),
            **strings.text_parts(words.take(np.flatnonzero(codes == kept))),
        }

    def _first_entries(self, entries: list[bytes]) -> int:
        """How many of the words, in order of appearance, the dictionary takes."""
        sizes = np.cumsum([len(entry) + ENTRY_OVERHEAD for entry in entries[: self.max_words]])
        return int(np.searchsorted(sizes, self.max_bytes, side="right"))

    def decode(self, parts: Parts, type: SqlType, rows: int) -> ColumnData:
        counts = strings.read_packed(parts, Part.WORD_COUNT_VECTORS, Part.WORD_COUNT_WORDS, rows)
        if rows and int(counts.min()) < 1:
            raise DataCorrupted("a string without words")
        total = int(counts.sum())
        entries = strings.read_dictionary(parts)
        codes = read_codes(parts, total, len(entries) + 1)
        full = np.flatnonzero(codes == len(entries))
        offsets, data = strings.decode_text(parts, len(full))
        known = lookup(type, [*entries, b""], codes)
        order = np.arange(total)
        order[full] = total + np.arange(len(full))
        words = concat([known, ColumnData(type, len(full), offsets=offsets, data=data)]).take(order)
        return join_words(words, counts, type)

    def native(self, parts: Parts, type: SqlType, rows: int) -> NativeColumn:
        counts = strings.read_packed(parts, Part.WORD_COUNT_VECTORS, Part.WORD_COUNT_WORDS, rows)
        # No word is kept in full (not even an empty one) exactly when no lengths are.
        if not len(read(parts, Part.LENGTH_VECTORS, packing.VECTOR_ENTRY)) and (counts == 1).all():
            return dictionary_column(parts, rows)
        return super().native(parts, type, rows)


class Text32K(Text255):
    name = "text32k"
    code = 13
    max_words = 65535
    max_bytes = 32768


def split_words(column: ColumnData) -> tuple[Array, ColumnData]:
    """(words in each string, all words one after the other)."""
    offsets, data = column.text
    text = data[: column.text_bytes]
    blanks = np.flatnonzero(text == _BLANK)
    counts = np.searchsorted(blanks, offsets[1:]) - np.searchsorted(blanks, offsets[:-1]) + 1
    # A word ends at a blank or at its string's end; pieces alternate: word, blank, word, blank...
    last_words = np.cumsum(counts) - 1
    ends = np.empty(int(counts.sum()), np.int64)
    starts = np.empty_like(ends)
    inner = np.ones(len(ends), bool)
    inner[last_words] = False
    ends[inner] = blanks
    ends[last_words] = offsets[1:]
    starts[1:][inner[:-1]] = ends[:-1][inner[:-1]] + 1
    starts[last_words - counts + 1] = offsets[:-1]
    pieces = np.empty(2 * len(ends) + 1, np.int64)
    pieces[0:-1:2], pieces[1::2], pieces[-1] = starts, ends, column.text_bytes
    word_offsets, word_data = gather_text(pieces, data, np.arange(0, 2 * len(ends), 2))
    return counts, ColumnData(column.type, len(ends), offsets=word_offsets, data=word_data)


def join_words(words: ColumnData, counts: Array, type: SqlType) -> ColumnData:
    """The strings whose words, `counts[i]` each, stand in `words`."""
    offsets, data = words.text
    last = np.cumsum(counts) - 1
    lengths = np.diff(offsets) + 1  # with the blank behind
    lengths[last] -= 1
    ends = np.zeros(words.rows + 1, np.int64)
    np.cumsum(lengths, out=ends[1:])
    out = np.full(int(ends[-1]) + len(data) - words.text_bytes, _BLANK, np.uint8)
    out[int(ends[-1]) :] = 0
    places = np.arange(words.text_bytes) + np.repeat(ends[:-1] - offsets[:-1], np.diff(offsets))
    out[places] = data[: words.text_bytes]
    all_offsets = np.zeros(len(counts) + 1, np.int64)
    all_offsets[1:] = ends[last + 1]
    return ColumnData(type, len(counts), offsets=all_offsets, data=out)
