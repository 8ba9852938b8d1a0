"""Dates and times in a format of the user's own, and intervals, for the fast path: a column of texts to numbers.

Each different text is parsed once, by the strict path's function; seconds or milliseconds since 1970 are arithmetic.
"""
from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ..arrow import of_numbers
from ..schema import Column
from ..types import Kind, SqlType
from .datetimes import EPOCH_FACTORS
from .options import TextOptions
from .values import BadValue, parse_value


def moments(column: Column, array: pa.ChunkedArray, options: TextOptions) -> pa.ChunkedArray | None:
    """None where a row must be looked at."""
    absent = pc.equal(pc.ascii_trim_whitespace(array), "")
    if options.null_string is not None:
        absent = pc.or_(absent, pc.equal(array, options.null_string))
    texts = pc.if_else(absent, pa.scalar(None, pa.string()), array).combine_chunks()
    epochs = column.type.kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
    factor = EPOCH_FACTORS.get(options.time_format or "") if epochs else None
    try:
        if factor is None:
            made = parsed(texts, column.type, options)
        else:
            made = pc.multiply_checked(texts.cast(pa.int64()), factor)
    except (BadValue, pa.ArrowInvalid):
        return None
    if made.null_count and (not column.nullable or column.primary_key):
        return None
    return pa.chunked_array([of_numbers(made, column.type)])


def parsed(texts: pa.Array, type: SqlType, options: TextOptions) -> pa.Array:
    """Days, microseconds or months of the texts; raises BadValue."""
    encoded = texts.dictionary_encode()
    values = [parse_value(text.encode(), type, options) for text in encoded.dictionary.to_pylist()]
    return pa.array(values, pa.int32() if type.kind is Kind.DATE else pa.int64()).take(encoded.indices)

