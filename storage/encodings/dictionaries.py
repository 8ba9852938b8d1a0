"""Building the dictionary of a block: its first different values, sorted, and each row's code.

    rows      7  3  7  9  3           dictionary  3  7  9        codes  1  0  1  2  0

Values beyond the limit get code 0 and are listed as extra rows. Numpy and Arrow's hash table here.
"""
from __future__ import annotations

import numpy as np

from ..vector import Array, ColumnData

_NO_ROWS = np.zeros(0, np.int64)


def build_numbers(words: Array, limit: int) -> tuple[Array, Array, Array]:
    """(sorted values, code per row, rows whose value is not among the first `limit` ones)."""
    values, first, codes = np.unique(words, return_index=True, return_inverse=True)
    if len(values) <= limit:
        return values, codes, _NO_ROWS
    keep, renumber = _first_seen(first, limit)
    codes = renumber[codes]
    extra = np.flatnonzero(codes < 0)
    codes[extra] = 0
    return values[keep], codes, extra


def build_strings(column: ColumnData, limit: int) -> tuple[list[bytes], Array, Array]:
    """As `build_numbers`; entries are bytes, in byte order."""
    entries, codes = distinct_strings(column)
    order = sorted(range(len(entries)), key=entries.__getitem__)
    rank = np.empty(len(entries), np.int64)
    rank[order] = np.arange(len(entries))
    if len(entries) <= limit:
        return [entries[i] for i in order], rank[codes], _NO_ROWS
    # Arrow numbers entries as it meets them: the first `limit` are those that the dictionary holds.
    order = [i for i in order if i < limit]
    renumber = np.full(len(entries), -1, np.int64)
    renumber[order] = np.arange(limit)
    out = renumber[codes]
    extra = np.flatnonzero(out < 0)
    out[extra] = 0
    return [entries[i] for i in order], out, extra


def distinct_strings(column: ColumnData) -> tuple[list[bytes], Array]:
    """(different strings in order of appearance, index of each row's string)."""
    import pyarrow as pa

    offsets, data = column.text
    buffers = [None, pa.py_buffer(np.ascontiguousarray(offsets)), pa.py_buffer(data[: column.text_bytes])]
    array = pa.Array.from_buffers(pa.large_binary(), column.rows, buffers).dictionary_encode()
    codes = np.frombuffer(array.indices.buffers()[1], np.int32, column.rows) if column.rows else _NO_ROWS
    return array.dictionary.to_pylist(), codes.astype(np.int64)


def _first_seen(first: Array, limit: int) -> tuple[Array, Array]:
    """(positions of the `limit` values seen first, in value order; new number of each value or -1)."""
    keep = np.sort(np.argsort(first, kind="stable")[:limit])
    renumber = np.full(len(first), -1, np.int64)
    renumber[keep] = np.arange(limit)
    return keep, renumber
