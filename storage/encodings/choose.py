"""ENCODE AUTO: which encoding the values of one block get. The rules stand in registry.py.

The choice is made anew for every block, so a column may change its encoding from block to block, and
looks only at a sample: a wrong guess costs space, never a wrong value.
"""
from __future__ import annotations

import zlib

import numpy as np

from ..coded import CodedColumn
from ..types import Physical
from ..vector import ColumnData
from . import packing
from .base import Encoding, sample_rows, to_words
from .bytedict import ENTRIES
from .dictionaries import count_numbers, count_strings
from .registry import AZ64, BYTEDICT, RAW, TEXT32K, ZSTD
from .words import ENTRY_OVERHEAD, Text32K

_SAMPLE_BYTES = 16384
_WORTH_TEXT = 0.8  # ZSTD must bring a sample of text below this share
_WORTH_FLOATS = 0.67
_WORTH_DICTIONARY = 0.75
_MIN_ROWS = 1024  # fewer numbers are not worth a dictionary
_MIN_ENTRIES = 16  # nor are fewer strings
_MAX_WORDS = 8192
_BLANK = 0x20
_MIN_TEXT = 256  # bytes; less is not worth a codec


def choose(column: ColumnData) -> Encoding:
    """The encoding for this block's values."""
    match column.type.physical:
        case Physical.STR:
            return _for_text(column)
        case Physical.F64:
            return _for_floats(column)
        case Physical.BOOL:
            return RAW
        case _:
            return _for_integers(column)


def _for_integers(column: ColumnData) -> Encoding:
    words, high = to_words(column)
    if high is not None or column.rows < _MIN_ROWS:
        return AZ64
    entries = count_numbers(words, ENTRIES)
    if entries > ENTRIES:
        return AZ64
    table = packing.pack(packing.fill_nulls(words, column.valid)).table
    bits = float(table["width"].mean())
    return BYTEDICT if _code_bits(entries) < _WORTH_DICTIONARY * bits else AZ64


def _for_floats(column: ColumnData) -> Encoding:
    if column.rows >= _MIN_ROWS and count_numbers(to_words(column)[0], ENTRIES) <= ENTRIES:
        return BYTEDICT
    text = np.ascontiguousarray(sample_rows(column).fixed).tobytes()[:_SAMPLE_BYTES]
    return ZSTD if len(text) >= _MIN_TEXT and _shrinks(text, _WORTH_FLOATS) else RAW


def _for_text(column: ColumnData) -> Encoding:
    if column.rows >= _MIN_ENTRIES:
        limit = min(column.rows // 4, _MAX_WORDS)
        entries, size = count_strings(column, limit)
        if suits_codes(entries, column):
            return BYTEDICT
        if entries <= limit and _words_pay(column, entries, size):
            return TEXT32K
    _, data = column.text
    text = data[: min(column.text_bytes, _SAMPLE_BYTES)].tobytes()
    pays = len(text) >= _MIN_TEXT and ZSTD.usable_for(column.type) and _shrinks(text, _WORTH_TEXT)
    return ZSTD if pays else RAW


def suits_codes(entries: int, column: ColumnData | CodedColumn) -> bool:
    """Whether text of so many different values is BYTEDICT's."""
    enough = column.rows >= _MIN_ENTRIES and entries <= min(column.rows // 4, ENTRIES)
    return enough and BYTEDICT.usable_for(column.type)


def _words_pay(column: ColumnData, entries: int, size: int) -> bool:
    """Whether TEXT32K would hold every string as one word of its dictionary."""
    fits = size + ENTRY_OVERHEAD * entries <= Text32K.max_bytes and Text32K().usable_for(column.type)
    _, data = column.text
    return fits and not (data[: column.text_bytes] == _BLANK).any()


def _code_bits(entries: int) -> int:
    return max(1, (entries - 1).bit_length())


def _shrinks(text: bytes, share: float) -> bool:
    return len(zlib.compress(text, 1)) < share * len(text)
