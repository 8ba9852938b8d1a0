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
from .narrow import NarrowColumn, RunColumn, plain
from .types import Physical
from .vector import Array, ColumnData

_WORD_BITS = 64
_SIGN = np.uint64(1 << 63)


def sort_order(keys: Sequence[RunColumn], rows: Array | None = None) -> Array | None:
    """int64 row numbers in the keys' order; None when the rows stand in that order already. `rows`: only those, of
    which the answer gives the places."""
    count = 0 if not keys else keys[0].rows if rows is None else len(rows)
    if count < 2:
        return None
    packed = _pack(keys, rows)
    if packed is None:
        return _arrow_order([_chosen(key, rows) for key in keys])
    words, bits = packed
    if bool((words[1:] >= words[:-1]).all()):
        return None
    row_bits = (count - 1).bit_length()
    if bits + row_bits > _WORD_BITS:
        return np.argsort(words, kind="stable")
    words <<= np.uint64(row_bits)
    words |= np.arange(count, dtype=np.uint64)
    words.sort()
    words &= np.uint64((1 << row_bits) - 1)
    return words.view(np.int64)


def _chosen(key: RunColumn, rows: Array | None) -> ColumnData:
    return plain(key if rows is None else key.take(rows))


def _pack(keys: Sequence[RunColumn], rows: Array | None) -> tuple[Array, int] | None:
    """One uint64 per row that sorts as the keys do, and its width; None if 64 bits do not suffice."""
    words: Array | None = None
    used = 0
    for key in keys:
        code = _code(key, rows)
        if code is None:
            return None
        values, bits = code
        used += bits
        if used > _WORD_BITS:
            return None
        if words is None:
            words = values
        elif bits:
            words <<= np.uint64(bits)
            words |= values
    return None if words is None else (words, used)


def _code(key: RunColumn, rows: Array | None) -> tuple[Array, int] | None:
    """A column's values as small non-negative numbers in the same order, an array of its own, and their width in
    bits."""
    values = _sortable(key, rows)
    if values is None:
        return None
    low, high = int(values.min()), int(values.max())
    span = high - low + (0 if key.valid is None else 1)
    if span >> _WORD_BITS:
        return None
    # Wrapping subtraction is right modulo 2**64, and the span fits.
    codes = np.subtract(values, np.int64(low), dtype=np.int64).view(np.uint64)
    if key.valid is not None:
        codes[(key.valid if rows is None else key.valid[rows]) == 0] = np.uint64(span)
    return codes, span.bit_length()


def _sortable(key: RunColumn, rows: Array | None) -> Array | None:
    """Integers of any width that sort as the values do."""
    if isinstance(key, NarrowColumn):
        return key.values if rows is None else key.values[rows]
    if not isinstance(key, ColumnData) or key.values is None:
        return None
    values = key.values if rows is None else key.values[rows]
    match key.type.physical:
        case Physical.I64:
            return values
        case Physical.BOOL:
            return values.astype(np.int64)
        case Physical.F64:
            return _ordered_bits(values)
        case _:
            return None


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
