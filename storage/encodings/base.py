"""What every encoding answers: is it usable, how well would it do, encode, decode, describe yourself.

An encoding turns the values of one block (a column of one row group) into named **parts**, arrays that
block.py stores one after the other, and back. NULLs are not its business: the block keeps a bitmap and
clears what stands under NULL after decoding, so an encoder sees 0 or '' there and may replace it by
whatever suits (DELTA repeats the value before).

    ColumnData --encode--> {VECTORS: ..., WORDS: ...} --block.py--> bytes on disk
    ColumnData <--decode-- {VECTORS: ..., WORDS: ...}                               (reference)
    NativeColumn <-native-                                                          (buffer.py)

`decode` is the slow, plain path that tests trust. `native` gives what native code reads (abi.py, DK_*):
for most encodings the parts as they are, else the decoded column in raw form.

Numbers of every type go through encoders as int64 **words**: floats and booleans as bit patterns of
their declared width, 128-bit DECIMAL as its low words; the high words are a part of their own and only
stored when some value does not fit 64 bits.
"""
from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ...errors import DataCorrupted
from ..native import NativeColumn, raw_column
from ..types import Kind, Physical, SqlType
from ..vector import Array, ColumnData

SAMPLE_ROWS = 8192  # an estimate encodes at most so many rows, in a few runs over the block
_SAMPLE_RUNS = 4


class Part(enum.IntEnum):
    """Names of a block's parts. The numbers are in files: never change or reuse one."""

    NULLS = 1  # bitmap, 1 = NULL, whole vectors of 1,024 rows
    VALUES = 2  # numbers at their declared width, or at the encoding's own
    VECTORS = 3  # packing.VECTOR_ENTRY
    WORDS = 4  # packed words
    HIGH = 5  # int64 high words of 128-bit values
    HIGH_VECTORS = 6
    HIGH_WORDS = 7
    LENGTH_VECTORS = 8  # packed lengths of strings
    LENGTH_WORDS = 9
    TEXT = 10  # bytes of strings
    DICT_VALUES = 11  # dictionary of numbers
    DICT_LENGTHS = 12  # uint32 lengths of a dictionary's strings
    DICT_TEXT = 13
    EXTRA_ROWS = 14  # uint32 rows (or positions) of values kept in full
    EXTRA_VALUES = 15
    RUN_LENGTHS = 16  # uint32
    STEPS = 17  # int8 or int16 steps
    WORD_COUNT_VECTORS = 18  # packed numbers of words in each string
    WORD_COUNT_WORDS = 19


class Codec(enum.IntEnum):
    """General compression of a part. The numbers are in files."""

    NONE = 0
    LZ4 = 1
    ZSTD = 2


Parts = Mapping[Part, Array]

INTEGERS = frozenset((Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT, Kind.DECIMAL))
TEMPORAL = frozenset((Kind.DATE, Kind.TIME, Kind.TIMETZ, Kind.TIMESTAMP, Kind.TIMESTAMPTZ,
                      Kind.INTERVAL_YM, Kind.INTERVAL_DS))
FLOATS = frozenset((Kind.REAL, Kind.DOUBLE))
TEXT = frozenset((Kind.CHAR, Kind.VARCHAR))


class Encoding(ABC):
    """One encoding; stateless, so one instance serves all."""

    name: ClassVar[str]
    code: ClassVar[int]  # its number in files: never changed or reused
    codec: ClassVar[Codec] = Codec.NONE  # applied by block.py to VALUES and TEXT
    kinds: ClassVar[frozenset[Kind]]

    def usable_for(self, type: SqlType) -> bool:
        """Redshift's rule on which types may have this encoding."""
        return type.kind in self.kinds

    @abstractmethod
    def encode(self, column: ColumnData) -> Parts: ...

    @abstractmethod
    def decode(self, parts: Parts, type: SqlType, rows: int) -> ColumnData:
        """Values without validity; what stands under NULL is arbitrary. Raises DataCorrupted."""

    def native(self, parts: Parts, type: SqlType, rows: int) -> NativeColumn:
        """The form that native code reads; checked so far that no address can point outside."""
        return raw_column(self.decode(parts, type, rows))

    def estimate(self, column: ColumnData) -> int:
        """About how many bytes `column` would take, from a sample of its rows."""
        from ..block import stored_bytes

        sample = sample_rows(column)
        size = stored_bytes(self, sample)
        return size if sample.rows == column.rows else size * column.rows // max(1, sample.rows)

    def describe(self) -> str:
        """One line for people: the first line of the module's text."""
        import sys

        text = sys.modules[type(self).__module__].__doc__ or self.name
        return text.strip().splitlines()[0]


def sample_rows(column: ColumnData) -> ColumnData:
    """A few runs of neighbouring rows, spread over the block: runs and steps stay visible."""
    if column.rows <= SAMPLE_ROWS:
        return column
    length = SAMPLE_ROWS // _SAMPLE_RUNS
    starts = np.linspace(0, column.rows - length, _SAMPLE_RUNS).astype(np.int64)
    return column.take((starts[:, None] + np.arange(length)).reshape(-1))


# -- numbers as words ---------------------------------------------------------------------------------


def to_words(column: ColumnData) -> tuple[Array, Array | None]:
    """(int64 words, high words or None) of a column of numbers."""
    values = column.fixed
    match column.type.physical:
        case Physical.F64 if column.type.kind is Kind.REAL:
            return values.astype(np.float32).view(np.int32).astype(np.int64), None
        case Physical.F64:
            return np.ascontiguousarray(values).view(np.int64), None
        case Physical.I128:
            words = values.view(np.int64)
            low, high = np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1])
            return low, None if np.array_equal(high, low >> 63) else high
        case Physical.BOOL:
            return values.astype(np.int64), None
        case _:
            return values, None


def from_words(words: Array, high: Array | None, type: SqlType) -> ColumnData:
    """The column that `to_words` took apart."""
    rows = len(words)
    match type.physical:
        case Physical.F64 if type.kind is Kind.REAL:
            values = words.astype(np.int32).view(np.float32).astype(np.float64)
        case Physical.F64:
            values = np.ascontiguousarray(words).view(np.float64)
        case Physical.I128:
            values = np.empty((rows, 2), np.int64)
            values[:, 0] = words
            values[:, 1] = words >> 63 if high is None else high
            values = values.view(np.uint64)
        case Physical.BOOL:
            values = (words != 0).astype(np.uint8)
        case _:
            values = words
    return ColumnData(type, rows, values)


def word_dtype(type: SqlType) -> np.dtype[Any]:
    """Signed integers of the type's declared width: how its words stand on disk."""
    return np.dtype(f"<i{min(8, type.storage_bytes)}")


def high_parts(high: Array | None) -> dict[Part, Array]:
    return {} if high is None else {Part.HIGH: high}


def read_high(parts: Parts, rows: int) -> Array | None:
    return read(parts, Part.HIGH, np.int64, rows) if Part.HIGH in parts else None


def read(parts: Parts, part: Part, dtype: Any, count: int | None = None) -> Array:
    """A part as an array of `dtype`, of `count` elements if given; DataCorrupted if it is not."""
    kind = np.dtype(dtype)
    found = parts.get(part)
    if found is None:
        raise DataCorrupted(f"the part {part.name} is missing")
    size = found.nbytes
    if size % kind.itemsize or (count is not None and size != count * kind.itemsize):
        raise DataCorrupted(f"the part {part.name} has {size} bytes, not {count} of {kind.itemsize}")
    return found if found.dtype == kind else found.view(kind)
