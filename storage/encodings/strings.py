"""How strings stand in blocks: packed lengths and one run of bytes; and dictionaries of strings.

    'ab' '' 'cde'    LENGTH_VECTORS, LENGTH_WORDS: 2 0 3 (packed)    TEXT: a b c d e

Lengths instead of offsets, because they pack into few bits; offsets are their running sum. A dictionary
is short, so its lengths are plain uint32 (DICT_LENGTHS, DICT_TEXT); its entries are sorted by bytes.
"""
from __future__ import annotations

import itertools

import numpy as np

from ...errors import DataCorrupted
from ...kernels import memory
from ..native import text_views
from ..vector import Array, ColumnData, padded_text
from . import packing
from .base import Part, Parts, read


def text_parts(column: ColumnData) -> dict[Part, Array]:
    """Lengths and bytes of a text column."""
    offsets, data = column.text
    packed = packing.pack(np.diff(offsets), allow_delta=False)
    return {
        Part.LENGTH_VECTORS: packed.table,
        Part.LENGTH_WORDS: packed.words,
        Part.TEXT: data[: column.text_bytes],
    }


def read_offsets(parts: Parts, rows: int) -> Array:
    """int64 offsets of `rows` strings, checked to rise and to end with the text."""
    lengths = read_packed(parts, Part.LENGTH_VECTORS, Part.LENGTH_WORDS, rows)
    text = read(parts, Part.TEXT, np.uint8)
    return offsets_of(lengths, text.nbytes)


def offsets_of(lengths: Array, text_bytes: int) -> Array:
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    negative = len(lengths) > 0 and (int(lengths.min()) < 0 or int(lengths.max()) > text_bytes)
    if negative or int(offsets[-1]) != text_bytes:
        raise DataCorrupted(f"the strings' lengths do not add up to their {text_bytes} bytes")
    return offsets


def native_offsets(parts: Parts, rows: int) -> Array:
    """The same as uint32, by one native pass."""
    table, words = checked_packed(parts, Part.LENGTH_VECTORS, Part.LENGTH_WORDS, rows)
    return packing.unpack_offsets(table, words, rows, read(parts, Part.TEXT, np.uint8).nbytes)


def read_packed(parts: Parts, vectors: Part, words: Part, rows: int) -> Array:
    """int64 values of a packed pair of parts, checked."""
    table, data = checked_packed(parts, vectors, words, rows)
    return packing.unpack(table, data, rows)


def checked_packed(parts: Parts, vectors: Part, words: Part, rows: int) -> tuple[Array, Array]:
    table = read(parts, vectors, packing.VECTOR_ENTRY)
    data = read(parts, words, np.int64)
    packing.check(table, data, rows)
    return table, data


def decode_text(parts: Parts, rows: int) -> tuple[Array, Array]:
    """Offsets and padded bytes."""
    return read_offsets(parts, rows), padded_text(read(parts, Part.TEXT, np.uint8))


# -- dictionaries -------------------------------------------------------------------------------------


def dictionary_parts(entries: list[bytes]) -> dict[Part, Array]:
    return {
        Part.DICT_LENGTHS: np.array([len(entry) for entry in entries], np.uint32),
        Part.DICT_TEXT: np.frombuffer(b"".join(entries), np.uint8),
    }


def read_dictionary(parts: Parts) -> list[bytes]:
    lengths, text = _dictionary_arrays(parts)
    offsets = offsets_of(lengths, text.nbytes).tolist()
    whole = text.tobytes()
    return [whole[a:b] for a, b in itertools.pairwise(offsets)]


def dictionary_views(parts: Parts) -> tuple[Array, int, Array]:
    """(views, entries, the bytes they point into)."""
    lengths, text = _dictionary_arrays(parts)
    offsets_of(lengths, text.nbytes)
    data = memory.padded(text)
    return text_views(lengths, data), len(lengths), data


def _dictionary_arrays(parts: Parts) -> tuple[Array, Array]:
    lengths = read(parts, Part.DICT_LENGTHS, np.uint32).astype(np.int64)
    return lengths, read(parts, Part.DICT_TEXT, np.uint8)
