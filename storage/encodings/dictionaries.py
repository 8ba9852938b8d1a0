"""Building the dictionary of a block: its first different values, sorted, and each row's code.

    rows      7  3  7  9  3           dictionary  3  7  9        codes  1  0  1  2  0

Values beyond the limit get code 0 and are listed as extra rows. The hash tables are native
(kernels/encode.py, `number_codes` and `string_codes`): they number values as they appear; sorting the
few values and renumbering the codes is left to numpy.
"""
from __future__ import annotations

import threading

import numpy as np

from ...kernels import memory, pack
from ..vector import Array, ColumnData

_NO_ROWS = np.zeros(0, np.int64)
_MANY = 1 << 62

_local = threading.local()


def build_numbers(words: Array, limit: int) -> tuple[Array, Array, Array]:
    """(sorted values, code per row, rows whose value is not among the first `limit` ones)."""
    values, codes = distinct_numbers(words, limit)
    order = np.argsort(values)
    codes, extra = _renumber(codes, order)
    return values[order], codes, extra


def build_strings(column: ColumnData, limit: int) -> tuple[list[bytes], Array, Array]:
    """As `build_numbers`; entries are bytes, in byte order."""
    entries, codes = distinct_strings(column, limit)
    order = np.array(sorted(range(len(entries)), key=entries.__getitem__), np.int64)
    codes, extra = _renumber(codes, order)
    return [entries[i] for i in order.tolist()], codes, extra


def distinct_numbers(words: Array, limit: int = _MANY) -> tuple[Array, Array]:
    """(the first `limit` different values in order of appearance, code of each row or -1)."""
    words = np.ascontiguousarray(words)
    codes = np.empty(len(words), np.int64)
    count = _number_codes(words, limit, False, codes)
    return _values_of(words, codes, count), codes


def distinct_strings(column: ColumnData, limit: int = _MANY) -> tuple[list[bytes], Array]:
    """(the first `limit` different strings in order of appearance, code of each row or -1)."""
    codes = np.empty(column.rows, np.int64)
    firsts = np.empty(min(column.rows, limit), np.int64)
    count = _string_codes(column, limit, False, firsts, codes)
    return column.take(firsts[:count]).to_bytes(), codes


def few_strings(column: ColumnData, limit: int) -> tuple[Array, Array] | None:
    """(the row where each different string appears first, uint8 code of each row); None if there are more than
    `limit`, which is at most 256."""
    firsts = np.empty(min(column.rows, limit), np.int64)
    codes = _scratch("codes", column.rows)
    count = _string_codes(column, limit, True, firsts, codes)
    return None if count > limit else (firsts[:count], codes[: column.rows].astype(np.uint8))


def count_numbers(words: Array, limit: int) -> int:
    """How many different values, or limit + 1 when there are more (found early)."""
    words = np.ascontiguousarray(words)
    return _number_codes(words, limit, True, _scratch("codes", len(words)))


def count_strings(column: ColumnData, limit: int) -> tuple[int, int]:
    """(how many different strings, or limit + 1; bytes of all of them)."""
    firsts = np.empty(min(column.rows, limit), np.int64)
    count = _string_codes(column, limit, True, firsts, _scratch("codes", column.rows))
    if count > limit:
        return count, 0
    offsets, _ = column.text
    return count, int((offsets[firsts[:count] + 1] - offsets[firsts[:count]]).sum())


def _number_codes(words: Array, limit: int, stop: bool, codes: Array) -> int:
    slots, mask = _slots(min(limit, len(words)))
    return pack.native("number_codes")(
        memory.address(words), len(words), limit, int(stop),
        memory.address(slots), mask, memory.address(codes),
    )


def _string_codes(column: ColumnData, limit: int, stop: bool, firsts: Array, codes: Array) -> int:
    offsets, data = column.text
    offsets = np.ascontiguousarray(offsets)
    slots, mask = _slots(min(limit, column.rows))
    return pack.native("string_codes")(
        memory.address(offsets), memory.address(data), column.rows, limit, int(stop),
        memory.address(slots), mask, memory.address(firsts), memory.address(codes),
    )


def _values_of(words: Array, codes: Array, count: int) -> Array:
    """The value of each code: any row that bears it will do."""
    values = np.empty(count, np.int64)
    known = codes >= 0
    if known.all():
        values[codes] = words
    else:
        values[codes[known]] = words[known]
    return values


def _renumber(codes: Array, order: Array) -> tuple[Array, Array]:
    """(codes by place in `order`, -1 as 0; the rows that had -1)."""
    rank = np.empty(len(order) + 1, np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = -1
    codes = rank[codes]
    extra = np.flatnonzero(codes < 0) if len(codes) and int(codes.min()) < 0 else _NO_ROWS
    codes[extra] = 0
    return codes, extra


def _slots(values: int) -> tuple[Array, int]:
    """A zeroed hash table for so many values, at most half full, and its mask."""
    size = 1 << max(4, (2 * values).bit_length())
    slots = _scratch("slots", 2 * size)
    slots[: 2 * size] = 0
    return slots, size - 1


def _scratch(name: str, size: int) -> Array:
    """This thread's buffer of that name; its content is arbitrary."""
    held: Array | None = getattr(_local, name, None)
    if held is None or len(held) < size:
        held = memory.empty(size, np.int64)
        setattr(_local, name, held)
    return held
