"""The order of rows by a compound sort key, computed by sorting one packed word per row.

Sorting words is several times faster than sorting row numbers by key, so the key columns and the row
number are packed side by side into 64 bits, each as narrow as its values' range allows:

    | l_shipdate - min, 12 bits | l_orderkey - min, 23 bits | row number, 21 bits |    np.sort, then mask

When that does not fit (long strings, wide decimals, many columns) Arrow sorts row numbers instead.
NULLs come last, as on Redshift. Order only serves zone maps and runs: equal keys keep their order, and
nothing may rely on more.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from .arrow import to_arrow
from .types import Physical
from .vector import Array, ColumnData

_WORD_BITS = 64
_SIGN = np.uint64(1 << 63)


def sort_order(keys: Sequence[ColumnData]) -> Array | None:
    """int64 row numbers in the keys' order; None when the rows stand in that order already."""
    if not keys or keys[0].rows < 2:
        return None
    rows = keys[0].rows
    packed = _pack(keys)
    if packed is None:
        return _arrow_order(keys)
    words, bits = packed
    if bool((words[1:] >= words[:-1]).all()):
        return None
    row_bits = (rows - 1).bit_length()
    if bits + row_bits > _WORD_BITS:
        return np.argsort(words, kind="stable")
    words = (words << np.uint64(row_bits)) | np.arange(rows, dtype=np.uint64)
    words.sort()
    return (words & np.uint64((1 << row_bits) - 1)).astype(np.int64)


def _pack(keys: Sequence[ColumnData]) -> tuple[Array, int] | None:
    """One uint64 per row that sorts as the keys do, and its width; None if 64 bits do not suffice."""
    words: Array | None = None
    used = 0
    for key in keys:
        code = _code(key)
        if code is None:
            return None
        values, bits = code
        used += bits
        if used > _WORD_BITS:
            return None
        if words is None:
            words = values
        elif bits:
            words = (words << np.uint64(bits)) | values
    return None if words is None else (words, used)


def _code(key: ColumnData) -> tuple[Array, int] | None:
    """A column's values as small non-negative numbers in the same order, and their width in bits."""
    match key.type.physical:
        case Physical.I64:
            values = key.fixed
        case Physical.BOOL:
            values = key.fixed.astype(np.int64)
        case Physical.F64:
            values = _ordered_bits(key.fixed)
        case _:
            return None
    low, high = int(values.min()), int(values.max())
    span = high - low + (0 if key.valid is None else 1)
    if span >> _WORD_BITS:
        return None
    # Wrapping subtraction is right modulo 2**64, and the span fits.
    codes = values.view(np.uint64) - np.uint64(low & ((1 << _WORD_BITS) - 1))
    if key.valid is not None:
        codes = np.where(key.valid == 1, codes, np.uint64(span))
    return codes, span.bit_length()


def _ordered_bits(values: Array) -> Array:
    """Floats as integers in the same order (-0 as 0, NaN above all)."""
    bits = np.where(np.isnan(values), np.nan, values + 0.0).view(np.int64)
    return np.where(bits < 0, bits ^ np.int64((1 << 63) - 1), bits)


def _arrow_order(keys: Sequence[ColumnData]) -> Array:
    import pyarrow.compute as pc  # slow to import, and seldom needed

    names = [str(i) for i in range(len(keys))]
    table = pa.table([to_arrow(key) for key in keys], names=names)
    order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in names])
    return order.to_numpy().astype(np.int64)


def lead_codes(key: ColumnData) -> Array:
    """uint64 codes of values in their order: equal values have equal codes, a greater value's is not smaller.

    NULLs have the greatest. Texts are told apart by their first eight bytes, wide decimals by the upper word.
    """
    match key.type.physical:
        case Physical.STR:
            codes = _text_codes(key)
        case Physical.I128:
            codes = key.fixed[:, 1] ^ _SIGN
        case Physical.F64:
            codes = _ordered_bits(key.fixed).view(np.uint64) ^ _SIGN
        case _:
            codes = key.fixed.astype(np.int64).view(np.uint64) ^ _SIGN
    return codes if key.valid is None else np.where(key.valid == 1, codes, ~np.uint64(0))


def _text_codes(key: ColumnData) -> Array:
    """The first eight bytes, zeros behind, as a number."""
    offsets, data = key.text
    lengths = np.minimum(np.diff(offsets), 8)
    codes = np.zeros(key.rows, np.uint64)
    for i in range(8):
        codes <<= np.uint64(8)
        codes |= np.where(lengths > i, data[offsets[:-1] + i], 0).astype(np.uint64)
    return codes
