"""AZ64: integers, decimals, dates and times bit-packed in vectors of 1,024 values.

Redshift keeps the algorithm of its AZ64 to itself and says what it is for: small groups of values, packed
for SIMD. Here a group is a vector of 1,024 values, kept as distances from its smallest value (frame of
reference) or as steps from one value to the next, in as few bits as its range needs (packing.py draws it).
Each vector's smallest and largest value stand beside it: a zone map every 1,024 rows, which native scans
use, and read the words in place.

    VECTORS, WORDS              the values; of 128-bit DECIMAL the low words
    HIGH_VECTORS, HIGH_WORDS    their high words, when some value needs more than 64 bits

A row that is NULL repeats the live value before it, so that it widens no vector.
"""
from __future__ import annotations

from ...kernels import abi
from ..native import NativeColumn, raw_column
from ..types import Physical, SqlType
from ..vector import ColumnData
from . import packing
from .base import INTEGERS, TEMPORAL, Encoding, Part, Parts, from_words, to_words
from .strings import checked_packed, read_packed


class Az64(Encoding):
    name = "az64"
    code = 4
    kinds = INTEGERS | TEMPORAL

    def encode(self, column: ColumnData) -> Parts:
        words, high = to_words(column)
        packed = packing.pack(packing.fill_nulls(words, column.valid), column.valid)
        parts = {Part.VECTORS: packed.table, Part.WORDS: packed.words}
        if high is not None:
            upper = packing.pack(high)
            parts |= {Part.HIGH_VECTORS: upper.table, Part.HIGH_WORDS: upper.words}
        return parts

    def decode(self, parts: Parts, type: SqlType, rows: int) -> ColumnData:
        words = read_packed(parts, Part.VECTORS, Part.WORDS, rows)
        high = None
        if Part.HIGH_VECTORS in parts:
            high = read_packed(parts, Part.HIGH_VECTORS, Part.HIGH_WORDS, rows)
        return from_words(words, high, type)

    def native(self, parts: Parts, type: SqlType, rows: int) -> NativeColumn:
        if type.physical is Physical.I128:
            return raw_column(self.decode(parts, type, rows))
        table, words = checked_packed(parts, Part.VECTORS, Part.WORDS, rows)
        meta, zones, _ = packing.read_table(table)
        return NativeColumn(abi.DK_PACKED, rows, words, meta=meta, zones=zones)
