"""DELTA and DELTA32K: keep the step from the previous value instead of the value.

Suits columns that climb in small steps: dates, timestamps, identity keys.

    values   100   103   104   9000   9001
    steps     !     +3    +1     !     +1      ! = kept in full: the first value, or a step too wide
    full     100               9000

    STEPS           int8 (DELTA) or int16 (DELTA32K) a row; the lowest number is the mark "!"
    EXTRA_VALUES    the values kept in full, at declared width, in row order
    HIGH            high words of 128-bit values that need them

Steps reach from -127 to 127, or from -32,767 to 32,767. A row that is NULL repeats the value before it,
so the steps around it stay small. Decoded when the block enters the buffer cache.
"""
from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...errors import DataCorrupted
from ..types import Kind, SqlType
from ..vector import Array, ColumnData
from . import packing
from .base import (
    INTEGERS,
    TEMPORAL,
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


class Delta(Encoding):
    name = "delta"
    code = 6
    kinds = INTEGERS | TEMPORAL
    step: ClassVar[Any] = np.int8

    def encode(self, column: ColumnData) -> Parts:
        words, high = to_words(column)
        words = packing.fill_nulls(words, column.valid)
        limits = np.iinfo(self.step)
        steps = np.empty(len(words), np.int64)
        steps[:1] = limits.min
        np.subtract(words[1:], words[:-1], out=steps[1:])
        # A step that wraps around int64 is no small step: its sign differs from the values' order.
        wide = (steps <= limits.min) | (steps > limits.max)
        wide[1:] |= (steps[1:] > 0) != (words[1:] > words[:-1])
        wide[:1] = True
        return {
            Part.STEPS: np.where(wide, limits.min, steps).astype(self.step),
            Part.EXTRA_VALUES: words[wide].astype(word_dtype(column.type)),
            **high_parts(high),
        }

    def decode(self, parts: Parts, type: SqlType, rows: int) -> ColumnData:
        steps = read(parts, Part.STEPS, self.step, rows).astype(np.int64)
        marks = steps == np.iinfo(self.step).min
        full = read(parts, Part.EXTRA_VALUES, word_dtype(type)).astype(np.int64)
        if len(full) != np.count_nonzero(marks) or (rows and not marks[0]):
            raise DataCorrupted(f"{len(full)} values in full where {np.count_nonzero(marks)} are marked")
        return from_words(_sum_steps(steps, marks, full), read_high(parts, rows), type)


class Delta32K(Delta):
    name = "delta32k"
    code = 7
    kinds = (INTEGERS | TEMPORAL) - {Kind.SMALLINT}
    step = np.int16


def _sum_steps(steps: Array, marks: Array, full: Array) -> Array:
    """Every value: the last one kept in full, plus the steps since."""
    if not len(steps):
        return steps
    total = np.cumsum(np.where(marks, 0, steps))
    last = np.cumsum(marks) - 1
    return full[last] + total - total[marks][last]
