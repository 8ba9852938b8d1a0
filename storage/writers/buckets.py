"""Which bucket a row goes to, as Hive has it, so that its other readers find what they look for.

    bucketed_by = ARRAY['a', 'b'], bucket_count = 8       ((31 * hash(a) + hash(b)) & 0x7fffffff) % 8

    integers, dates   their value; 64 bits: the upper half XOR the lower       booleans   1, 0
    REAL, DOUBLE      their bits, likewise                                     NULL       0
    text              31 * ... + byte, over its bytes in UTF-8, each with its sign
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ...errors import NotSupportedError
from ...records import dataclass
from ..types import Kind
from ..vector import Array
from .base import OutColumn

_FACTOR = np.uint32(31)
_SMALL = (Kind.SMALLINT, Kind.INTEGER, Kind.DATE, Kind.BOOLEAN)
_TEXT = (Kind.CHAR, Kind.VARCHAR)
_KINDS = (*_SMALL, Kind.BIGINT, Kind.REAL, Kind.DOUBLE, *_TEXT)


@dataclass(frozen=True, slots=True)
class Buckets:
    """`places`: of the columns that tell, in a batch; `kinds`: theirs."""

    places: tuple[int, ...]
    kinds: tuple[Kind, ...]
    count: int

    @staticmethod
    def of(columns: Sequence[OutColumn], names: Sequence[str], count: int) -> Buckets:
        """NotSupportedError for a type that tells no bucket."""
        places = tuple([c.name for c in columns].index(name) for name in names)
        for place in places:
            if columns[place].type.kind not in _KINDS:
                raise NotSupportedError(f'bucketed_by: column "{columns[place].name}" of type {columns[place].type} '
                                        "tells no bucket")
        return Buckets(places, tuple(columns[place].type.kind for place in places), count)

    def numbers(self, batch: pa.RecordBatch) -> Array:
        """The bucket of each row."""
        found = np.zeros(batch.num_rows, np.uint32)
        for place, kind in zip(self.places, self.kinds):
            found = found * _FACTOR + hive_hash(batch.column(place), kind)
        return (found & np.uint32(0x7FFFFFFF)).astype(np.int64) % self.count


def hive_hash(array: pa.Array, kind: Kind) -> Array:
    """Hive's hash of each value, as uint32."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    absent = np.asarray(array.is_null())
    if kind in _TEXT:
        return np.where(absent, np.uint32(0), _text_hash(array))
    if kind is Kind.DATE:
        array = array.cast(pa.int32())
    elif kind is Kind.BOOLEAN:
        array = array.cast(pa.int8())
    values = np.asarray(array.fill_null(0))
    if kind is Kind.REAL:
        made = values.astype(np.float32).view(np.uint32)
    elif kind in (Kind.BIGINT, Kind.DOUBLE):
        bits = values.astype(np.int64 if kind is Kind.BIGINT else np.float64).view(np.uint64)
        made = ((bits >> np.uint64(32)) ^ bits).astype(np.uint32)
    else:
        made = values.astype(np.int32).view(np.uint32)
    return np.where(absent, np.uint32(0), made)


def _text_hash(array: pa.Array) -> Array:
    """All texts at a time, a byte of each after the other."""
    texts = array.cast(pa.large_binary())
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64, len(texts) + 1, texts.offset * 8)
    signed = np.frombuffer(data, np.int8).astype(np.int32).view(np.uint32) if data is not None else np.zeros(0, "u4")
    found, lengths = np.zeros(len(texts), np.uint32), np.diff(ends)
    for at in range(int(lengths.max(initial=0))):
        rows = np.flatnonzero(lengths > at)
        found[rows] = found[rows] * _FACTOR + signed[ends[rows] + at]
    return found
