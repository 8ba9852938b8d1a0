"""MOSTLY8, MOSTLY16, MOSTLY32: values at a narrower width, the few that do not fit in full.

Suits columns declared wider than most of their values need.

    values (BIGINT)    5   -3   70000   12          MOSTLY8
    narrow (int8)      5   -3     !     12          ! = the lowest number of the width
    full (int64)             70000

    VALUES          int8, int16 or int32 a row
    EXTRA_VALUES    the values kept in full, at declared width, in row order
    HIGH            high words of 128-bit values that need them

A width must be narrower than the type: MOSTLY16 refuses SMALLINT, MOSTLY32 refuses INTEGER. DECIMAL
counts by its scaled value (1234.56 is 123,456). Decoded when the block enters the buffer cache.
"""
from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...errors import DataCorrupted
from ..types import Kind, SqlType
from ..vector import ColumnData
from .base import (
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


class Mostly8(Encoding):
    name = "mostly8"
    code = 8
    kinds = frozenset((Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT, Kind.DECIMAL))
    narrow: ClassVar[Any] = np.int8

    def encode(self, column: ColumnData) -> Parts:
        words, high = to_words(column)
        limits = np.iinfo(self.narrow)
        wide = (words <= limits.min) | (words > limits.max)
        return {
            Part.VALUES: np.where(wide, limits.min, words).astype(self.narrow),
            Part.EXTRA_VALUES: words[wide].astype(word_dtype(column.type)),
            **high_parts(high),
        }

    def decode(self, parts: Parts, type: SqlType, rows: int) -> ColumnData:
        words = read(parts, Part.VALUES, self.narrow, rows).astype(np.int64)
        wide = words == np.iinfo(self.narrow).min
        full = read(parts, Part.EXTRA_VALUES, word_dtype(type))
        if len(full) != np.count_nonzero(wide):
            raise DataCorrupted(f"{len(full)} values in full where {np.count_nonzero(wide)} are marked")
        words[wide] = full
        return from_words(words, read_high(parts, rows), type)


class Mostly16(Mostly8):
    name = "mostly16"
    code = 9
    kinds = frozenset((Kind.INTEGER, Kind.BIGINT, Kind.DECIMAL))
    narrow = np.int16


class Mostly32(Mostly8):
    name = "mostly32"
    code = 10
    kinds = frozenset((Kind.BIGINT, Kind.DECIMAL))
    narrow = np.int32
