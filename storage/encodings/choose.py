"""ENCODE AUTO: which encoding the values of one block get. The rules stand in registry.py.

The choice is made anew for every block, so a column may change its encoding from block to block, and
looks only at a sample: a wrong guess costs space, never a wrong value.
"""
from __future__ import annotations

import zlib

import numpy as np

from ..types import Physical
from ..vector import Array, ColumnData
from . import packing
from .base import Encoding, sample_rows, to_words
from .bytedict import ENTRIES
from .dictionaries import distinct_strings
from .registry import AZ64, BYTEDICT, RAW, ZSTD

_SAMPLE_BYTES = 16384
_WORTH_TEXT = 0.8  # ZSTD must bring a sample of text below this share
_WORTH_FLOATS = 0.67
_WORTH_DICTIONARY = 0.75
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
    sample = sample_rows(column)
    words, high = to_words(sample)
    if high is not None or column.rows < 4 * ENTRIES:
        return AZ64
    packed = packing.pack(words)
    bits = float(packed.table["width"].mean())
    if bits < 2 or not _few(words):
        return AZ64
    if not _few(to_words(column)[0]):
        return AZ64
    entries = len(np.unique(words))
    return BYTEDICT if max(1, (entries - 1).bit_length()) < _WORTH_DICTIONARY * bits else AZ64


def _few(words: Array) -> bool:
    """At most as many different values as a dictionary holds."""
    spread = words[:: max(1, len(words) // 2048)]
    return len(np.unique(spread)) <= ENTRIES and len(np.unique(words)) <= ENTRIES


def _for_floats(column: ColumnData) -> Encoding:
    sample = sample_rows(column)
    if column.rows >= 4 * ENTRIES and _few(to_words(column)[0]):
        return BYTEDICT
    text = np.ascontiguousarray(sample.fixed).tobytes()[:_SAMPLE_BYTES]
    return ZSTD if len(text) >= _MIN_TEXT and _shrinks(text, _WORTH_FLOATS) else RAW


def _for_text(column: ColumnData) -> Encoding:
    sample = sample_rows(column)
    entries, _ = distinct_strings(sample)
    if len(entries) <= ENTRIES and 2 * len(entries) <= sample.rows:
        entries, _ = distinct_strings(column)
        if len(entries) <= ENTRIES:
            return BYTEDICT
    _, data = column.text
    text = data[: min(column.text_bytes, _SAMPLE_BYTES)].tobytes()
    return ZSTD if len(text) >= _MIN_TEXT and _shrinks(text, _WORTH_TEXT) else RAW


def _shrinks(text: bytes, share: float) -> bool:
    return len(zlib.compress(text, 1)) < share * len(text)
