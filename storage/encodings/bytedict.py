"""BYTEDICT: a dictionary of up to 256 values a block, and a code for each row.

Suits columns with few distinct values: flags, states, categories. Filters, joins and groups can work on
the codes alone.

    rows        'AIR' 'RAIL' 'AIR' 'SHIP' ...          dictionary   0 'AIR'  1 'RAIL'  2 'SHIP'
    codes         0     1      0     2                 (sorted)

    DICT_VALUES | DICT_LENGTHS, DICT_TEXT    the dictionary: the first 256 different values
    VECTORS, WORDS                           codes, packed into as many bits as they need (<= 8)
    EXTRA_ROWS, EXTRA_VALUES | LENGTH.. TEXT rows whose value is not in the dictionary, and the value

With extra values the block is decoded when it enters the buffer cache; without, native code reads codes
and dictionary. Under NULL stands 0 or '', which takes a place in the dictionary.
"""
from __future__ import annotations

import numpy as np

from ...errors import DataCorrupted
from ...kernels import abi, memory
from ..coded import CodedColumn
from ..native import NativeColumn, raw_column
from ..types import Physical, SqlType
from ..vector import TEXT_PADDING, Array, ColumnData, concat
from . import packing, strings
from .base import (
    FLOATS,
    INTEGERS,
    TEMPORAL,
    TEXT,
    Encoding,
    Part,
    Parts,
    from_words,
    high_parts,
    read,
    read_high,
    to_words,
    word_dtype,
)
from .dictionaries import build_numbers, build_strings

ENTRIES = 256


class ByteDict(Encoding):
    name = "bytedict"
    code = 5
    kinds = INTEGERS | TEMPORAL | FLOATS | TEXT

    def encode(self, column: ColumnData) -> Parts:
        if column.type.physical is Physical.STR:
            return _encode_strings(column)
        words, high = to_words(column)
        values, codes, extra = build_numbers(words, ENTRIES)
        narrow = word_dtype(column.type)
        parts = {Part.DICT_VALUES: values.astype(narrow), **code_parts(codes), **high_parts(high)}
        if len(extra):
            parts[Part.EXTRA_ROWS] = extra.astype(np.uint32)
            parts[Part.EXTRA_VALUES] = words[extra].astype(narrow)
        return parts

    def decode(self, parts: Parts, type: SqlType, rows: int) -> ColumnData:
        if type.physical is Physical.STR:
            return _decode_strings(parts, type, rows)
        values = read(parts, Part.DICT_VALUES, word_dtype(type)).astype(np.int64)
        words = values[read_codes(parts, rows, len(values))] if rows else values[:0]
        if Part.EXTRA_ROWS in parts:
            extra = _extra_rows(parts, rows)
            words[extra] = read(parts, Part.EXTRA_VALUES, word_dtype(type), len(extra))
        return from_words(words, read_high(parts, rows), type)

    def native(self, parts: Parts, type: SqlType, rows: int) -> NativeColumn:
        if Part.EXTRA_ROWS in parts or type.physical not in (Physical.I64, Physical.STR):
            return raw_column(self.decode(parts, type, rows))
        if type.physical is Physical.STR:
            return dictionary_column(parts, rows)
        values = read(parts, Part.DICT_VALUES, word_dtype(type)).astype(np.int64)
        table, words = checked_codes(parts, rows, len(values))
        dictionary = memory.empty(len(values), np.int64)
        dictionary[:] = values
        meta = packing.meta_words(table)
        return NativeColumn(
            abi.DK_DICT_INT, rows, words, meta=meta, dictionary=dictionary, dictionary_rows=len(values)
        )


def encode_codes(column: CodedColumn) -> Parts:
    """Parts of text in codes as CodedColumn.compact leaves it: the entries in order, and all in use."""
    return {**strings.dictionary_parts(column.entries.to_bytes()), **code_parts(column.codes.astype(np.int64))}


def dictionary_column(parts: Parts, rows: int) -> NativeColumn:
    """Native form of codes over a dictionary of strings (BYTEDICT, and TEXT32K of single words)."""
    entries = read(parts, Part.DICT_LENGTHS, np.uint32)
    table, words = checked_codes(parts, rows, len(entries))
    views, count, data = strings.dictionary_views(parts)
    meta = packing.meta_words(table)
    return NativeColumn(
        abi.DK_DICT_STR, rows, words, meta=meta, dictionary=views, dictionary_rows=count, keep=(data,)
    )


def code_parts(codes: Array) -> dict[Part, Array]:
    packed = packing.pack(codes, allow_delta=False)
    return {Part.VECTORS: packed.table, Part.WORDS: packed.words}


def read_codes(parts: Parts, rows: int, entries: int) -> Array:
    table, words = checked_codes(parts, rows, entries)
    return packing.unpack(table, words, rows)


def checked_codes(parts: Parts, rows: int, entries: int) -> tuple[Array, Array]:
    """Packed codes of which each is proven to have an entry."""
    table, words = strings.checked_packed(parts, Part.VECTORS, Part.WORDS, rows)
    if len(table) and table["flags"].any():
        raise DataCorrupted("dictionary codes are packed as steps")
    if len(table) and not _fits(table, entries) and not packing.all_below(table, words, entries):
        raise DataCorrupted(f"a code points outside the dictionary of {entries} entries")
    return table, words


def _fits(table: Array, entries: int) -> bool:
    """Whether widths and bases alone prove that every code has an entry."""
    if int(table["width"].max()) > 16 or int(table["base"].min()) < 0 or int(table["base"].max()) > entries:
        return False
    return int((table["base"] + (np.int64(1) << table["width"].astype(np.int64))).max()) <= entries


def _extra_rows(parts: Parts, rows: int) -> Array:
    extra = read(parts, Part.EXTRA_ROWS, np.uint32).astype(np.int64)
    if len(extra) and int(extra.max()) >= rows:
        raise DataCorrupted(f"a value is kept for a row beyond the block's {rows}")
    return extra


def _encode_strings(column: ColumnData) -> Parts:
    entries, codes, extra = build_strings(column, ENTRIES)
    parts = {**strings.dictionary_parts(entries), **code_parts(codes)}
    if len(extra):
        parts |= {Part.EXTRA_ROWS: extra.astype(np.uint32), **strings.text_parts(column.take(extra))}
    return parts


def _decode_strings(parts: Parts, type: SqlType, rows: int) -> ColumnData:
    entries = strings.read_dictionary(parts)
    column = lookup(type, entries, read_codes(parts, rows, len(entries)))
    if Part.EXTRA_ROWS not in parts:
        return column
    extra = _extra_rows(parts, rows)
    offsets, data = strings.decode_text(parts, len(extra))
    order = np.arange(rows)
    order[extra] = rows + np.arange(len(extra))
    return concat([column, ColumnData(type, len(extra), offsets=offsets, data=data)]).take(order)


def lookup(type: SqlType, entries: list[bytes], codes: Array) -> ColumnData:
    """The column of the dictionary's strings at `codes`."""
    offsets = np.zeros(len(entries) + 1, np.int64)
    np.cumsum([len(entry) for entry in entries], out=offsets[1:])
    data = np.frombuffer(b"".join(entries) + bytes(TEXT_PADDING), np.uint8)
    return ColumnData(type, len(entries), offsets=offsets, data=data).take(codes)
