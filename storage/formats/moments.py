"""Dates and times in a format of the user's own, for the fast path: a column of texts to days or microseconds.

Each different text is parsed once, by the strict path's function; seconds or milliseconds since 1970 are arithmetic.
"""
from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ..arrow import arrow_type
from ..schema import Column
from ..types import Kind
from .datetimes import EPOCH_FACTORS
from .options import TextOptions
from .values import BadValue, parse_value


def moments(column: Column, array: pa.ChunkedArray, options: TextOptions) -> pa.ChunkedArray | None:
    """None where a row must be looked at."""
    absent = pc.equal(pc.utf8_trim_whitespace(array), "")
    if options.null_string is not None:
        absent = pc.or_(absent, pc.equal(array, options.null_string))
    texts = pc.if_else(absent, pa.scalar(None, pa.string()), array).combine_chunks()
    factor = EPOCH_FACTORS.get(options.time_format or "") if column.type.kind is not Kind.DATE else None
    made = _parsed(column, texts, options) if factor is None else _multiplied(texts, factor)
    if made is None or (made.null_count and (not column.nullable or column.primary_key)):
        return None
    return pa.chunked_array([made.cast(arrow_type(column.type))])


def _parsed(column: Column, texts: pa.Array, options: TextOptions) -> pa.Array | None:
    encoded = texts.dictionary_encode()
    try:
        values = [parse_value(text.encode(), column.type, options) for text in encoded.dictionary.to_pylist()]
    except BadValue:
        return None
    return pa.array(values, pa.int32() if column.type.kind is Kind.DATE else pa.int64()).take(encoded.indices)


def _multiplied(texts: pa.Array, factor: int) -> pa.Array | None:
    try:
        return pc.multiply_checked(texts.cast(pa.int64()), factor)
    except pa.ArrowInvalid:
        return None
