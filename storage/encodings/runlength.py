"""RUNLENGTH: each run of equal values once, with its length.

Suits columns whose values come in long runs: sorted flags, dates in load order, constants.

    rows     'A' 'A' 'A' 'N' 'N' 'A'         runs   ('A', 3) ('N', 2) ('A', 1)

    RUN_LENGTHS                               uint32 a run, none zero
    VALUES                                    numbers: the runs' values at declared width
    LENGTH_VECTORS, LENGTH_WORDS, TEXT        strings: the runs' values (strings.py)
    HIGH                                      high words of 128-bit values that need them, a row each

A row that is NULL repeats the value before it, so it ends no run. Decoded when the block enters the
buffer cache.
"""
from __future__ import annotations

import numpy as np

from ...errors import DataCorrupted
from ..types import Kind, Physical, SqlType
from ..vector import Array, ColumnData
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
from .dictionaries import distinct_strings


class RunLength(Encoding):
    name = "runlength"
    code = 11
    kinds = INTEGERS | TEMPORAL | FLOATS | TEXT | {Kind.BOOLEAN}

    def encode(self, column: ColumnData) -> Parts:
        if column.type.physical is Physical.STR:
            _, codes = distinct_strings(column)
            shown = packing.fill_nulls(np.arange(column.rows), column.valid)  # whose value stands here
            starts = _run_starts(codes[shown])
            return {**_lengths(starts, column.rows), **strings.text_parts(column.take(shown[starts]))}
        words, high = to_words(column)
        words = packing.fill_nulls(words, column.valid)
        starts = _run_starts(words)
        values = words[starts].astype(word_dtype(column.type))
        return {**_lengths(starts, column.rows), Part.VALUES: values, **high_parts(high)}

    def decode(self, parts: Parts, type: SqlType, rows: int) -> ColumnData:
        lengths = read(parts, Part.RUN_LENGTHS, np.uint32).astype(np.int64)
        if int(lengths.sum()) != rows or (lengths == 0).any():
            raise DataCorrupted(f"runs of {int(lengths.sum())} rows where {rows} should be")
        if type.physical is Physical.STR:
            offsets, data = strings.decode_text(parts, len(lengths))
            runs = ColumnData(type, len(lengths), offsets=offsets, data=data)
            return runs.take(np.repeat(np.arange(len(lengths)), lengths))
        values = read(parts, Part.VALUES, word_dtype(type), len(lengths)).astype(np.int64)
        return from_words(np.repeat(values, lengths), read_high(parts, rows), type)


def _run_starts(values: Array) -> Array:
    """The row at which each run begins."""
    if not len(values):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))


def _lengths(starts: Array, rows: int) -> dict[Part, Array]:
    return {Part.RUN_LENGTHS: np.diff(np.append(starts, rows)).astype(np.uint32)}
