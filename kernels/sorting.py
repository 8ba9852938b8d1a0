"""Sorting: columns in, a stable permutation of row numbers out. Everything becomes sorts of plain uint64.

numpy sorts integers with SIMD, many times faster than it sorts indices. So each key column becomes a *code*,
an unsigned number that sorts as the column should (direction and NULLs included) in as few bits as its
range needs, and codes are packed with the row number below them:

    ORDER BY a DESC, b         63                                           0
                               |  max(a) - a  |  b - min(b)  |  row number  |   sort, keep the row numbers

When the codes do not fit over the row number they are cut into several words, sorted from the last to the
first (each sort is stable because the position so far is the tail of the word).

    I64, BOOL   value - smallest           F64   its bits, made to sort: -inf .. inf, NaN; -0 = 0
    I128        as I64 when it fits, else two codes           STR   the rank of the string, see _text_code
    NULL        0 before all others, or the largest behind them

`topk` finds the limit-th smallest first code by selection, and sorts only the rows up to it.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InternalError
from ..records import dataclass
from . import pack
from .abi import BATCH_ROWS
from .group_table import GroupKey, GroupTable
from .kinds import check_values
from .memory import address, empty

WORD_BITS = 64
_INT64 = np.iinfo(np.int64)
_NAN_BITS = np.int64(0x7FF8000000000000)
INTERN_SHARE = 0.5  # strings are interned first when a sample has at most this share of distinct ones


@dataclass(frozen=True, slots=True)
class SortColumn:
    """A key: contiguous values (I128, STR: (n, 2)), valid: uint8 or None. nulls_first is absolute."""

    physical: str
    values: np.ndarray
    valid: np.ndarray | None = None
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """Unsigned numbers below 2**bits that sort as the column should."""

    values: np.ndarray  # uint64
    bits: int


def sort_rows(columns: Sequence[SortColumn], rows: int) -> np.ndarray:
    """The permutation that puts `rows` rows in order; equal rows keep theirs."""
    perm = permutation(columns, rows)
    return np.arange(rows) if perm is None else perm


def permutation(columns: Sequence[SortColumn], rows: int) -> np.ndarray | None:
    """As `sort_rows`; None when the rows are in order already."""
    codes = [code for column in columns for code in _codes(column, rows)]
    return _sort_codes(codes, rows)


def order_codes(column: SortColumn, rows: int) -> np.ndarray:
    """int64 values that compare as the column's do, directions and NULLs aside."""
    check_values(column.physical, column.values, rows)
    match column.physical:
        case "i64":
            return column.values
        case "bool":
            return column.values.astype(np.int64)
        case "f64":
            return _sortable_float(column.values)
        case "str":
            return _text_ranks(_significant(column.values))
        case _:
            place = empty(rows, np.int64)
            place[sort_rows([column], rows)] = np.arange(rows)
            return place


def topk(columns: Sequence[SortColumn], rows: int, limit: int) -> np.ndarray:
    """The first `limit` row numbers of that permutation."""
    if limit <= 0 or rows == 0:
        return np.empty(0, np.int64)
    if not columns or 2 * limit >= rows:
        return sort_rows(columns, rows)[:limit]
    first = _coarse_code(columns[0], rows)
    border = np.partition(first, limit - 1)[limit - 1]
    candidates = np.flatnonzero(first <= border)
    if 2 * len(candidates) >= rows:
        return sort_rows(columns, rows)[:limit]
    chosen = [_take(column, candidates) for column in columns]
    return candidates[sort_rows(chosen, len(candidates))[:limit]]


def _take(column: SortColumn, rows: np.ndarray) -> SortColumn:
    valid = None if column.valid is None else column.valid[rows]
    return SortColumn(column.physical, column.values[rows], valid, column.descending, column.nulls_first)


def text_ranks(views: np.ndarray) -> np.ndarray:
    """Dense ranks of distinct strings (n, 2); those that differ in trailing blanks only share one."""
    return _sorted_ranks(_significant(views))


def has_trailing_blanks(views: np.ndarray) -> bool:
    """Whether some string (n, 2) ends in a blank."""
    return not np.array_equal(_significant(views)[:, 1], views[:, 1])


# -- sorting codes -----------------------------------------------------------------------------------


def _sort_codes(codes: Sequence[Code], rows: int) -> np.ndarray | None:
    """Sort by several codes, the first one counting most; None when nothing had to move."""
    row_bits = max(rows - 1, 0).bit_length()
    perm: np.ndarray | None = None
    for word in reversed(_words(codes, WORD_BITS - row_bits)):
        if perm is None and _ordered(word):
            continue
        perm = _sort_word(word, perm, row_bits)
    return perm


def _sort_word(word: np.ndarray, perm: np.ndarray | None, row_bits: int) -> np.ndarray:
    keyed = (word if perm is None else word[perm]) << np.uint64(row_bits)
    keyed |= np.arange(len(word), dtype=np.uint64)
    keyed.sort()
    keyed &= np.uint64((1 << row_bits) - 1)
    order = keyed.view(np.int64)
    return order if perm is None else perm[order]


def _ordered(word: np.ndarray) -> bool:
    return bool(np.all(word[1:] >= word[:-1]))


def _words(codes: Sequence[Code], room: int) -> list[np.ndarray]:
    """Codes side by side in as few words of `room` bits as they fill, the most significant first."""
    words: list[np.ndarray] = []
    word: np.ndarray | None = None
    used = 0
    for code in reversed(codes):
        rest, bits = code.values, code.bits
        while bits > 0:
            take = min(bits, room - used)
            part = rest if take == bits else rest & np.uint64((1 << take) - 1)
            word = part.copy() if word is None else word | (part << np.uint64(used))
            used += take
            bits -= take
            if bits:
                rest = rest >> np.uint64(take)
            if used == room:
                words.append(word)
                word, used = None, 0
    if word is not None:
        words.append(word)
    return words[::-1]


# -- from columns to codes ----------------------------------------------------------------------------


def _codes(column: SortColumn, rows: int) -> list[Code]:
    """One code, or a few for wide columns, the most significant first."""
    check_values(column.physical, column.values, rows)
    values = column.values
    match column.physical:
        case "i64":
            return _integer_codes(values, column)
        case "bool":
            return _integer_codes(values.astype(np.int64), column)
        case "f64":
            return _integer_codes(_sortable_float(values), column)
        case "i128":
            return _wide_codes(values.view(np.int64).reshape(rows, 2), column)
        case "str":
            return _integer_codes(_text_ranks(_significant(values)), column)
        case _:
            raise InternalError(f"cannot sort by {column.physical}")


def _range(values: np.ndarray, valid: np.ndarray | None) -> tuple[int, int]:
    found = np.array([_INT64.max, _INT64.min, 0])
    values = np.ascontiguousarray(values)
    at = 0 if valid is None else address(valid)
    pack.native("key_range")(address(values), at, 0, len(values), address(found))
    return (int(found[0]), int(found[1])) if found[2] else (0, 0)


def _integer_codes(values: np.ndarray, column: SortColumn) -> list[Code]:
    """value - smallest (or largest - value), NULL below or above."""
    low, high = _range(values, column.valid)
    span = high - low
    code = np.subtract(high, values) if column.descending else np.subtract(values, low)
    code = code.view(np.uint64)
    if column.valid is None:
        return [Code(code, span.bit_length())]
    null = column.valid == 0
    if span >= (1 << 63):  # no room for one more value: NULLs get a bit of their own
        code[null] = 0
        flag = null != column.nulls_first
        return [Code(flag.astype(np.uint64), 1), Code(code, WORD_BITS)]
    if column.nulls_first:
        code += np.uint64(1)
    code[null] = 0 if column.nulls_first else span + 1
    return [Code(code, (span + 1).bit_length())]


def _sortable_float(values: np.ndarray) -> np.ndarray:
    """Floats as int64 of the same order; -0.0 is 0.0, NaN above all."""
    bits = (values + 0.0).view(np.int64)
    bits[np.isnan(values)] = _NAN_BITS
    return bits ^ ((bits >> 63) & _INT64.max)


def _wide_codes(values: np.ndarray, column: SortColumn) -> list[Code]:
    low, high = np.ascontiguousarray(values[:, 0]), np.ascontiguousarray(values[:, 1])
    if np.array_equal(high, low >> 63):
        return _integer_codes(low, column)
    tail = ~low if column.descending else low
    if column.valid is not None:
        tail[column.valid == 0] = 0
    return [*_integer_codes(high, column), Code(tail.view(np.uint64), WORD_BITS)]


# -- strings ------------------------------------------------------------------------------------------


def _significant(views: np.ndarray) -> np.ndarray:
    """The strings without their trailing blanks."""
    views = np.ascontiguousarray(views)
    out = empty(views.size, views.dtype).reshape(views.shape)
    pack.native("text_significant")(address(views), len(views), address(out))
    return out


def _text_ranks(views: np.ndarray) -> np.ndarray:
    """Dense ranks of strings. Few distinct ones (by a sample) are interned, and only they are sorted."""
    sample = views[:BATCH_ROWS]
    table, ids = _intern(sample)
    if len(views) < 64 or table.count > INTERN_SHARE * len(sample):
        return _sorted_ranks(views)
    if len(views) > len(sample):
        table, ids = _intern(views)
    return _sorted_ranks(table.export()[0].values)[ids]


def _intern(views: np.ndarray) -> tuple[GroupTable, np.ndarray]:
    """A table of the distinct strings, and each row's id in it."""
    table = GroupTable([GroupKey("str")])
    return table, table.ids(views)


def _text_words(views: np.ndarray) -> tuple[np.ndarray, int]:
    """Order words behind the prefix that all share, and that prefix's length."""
    rows, at = len(views), address(views)
    skip = pack.native("text_shared_prefix")(at, rows)
    words = empty(rows, np.uint64)
    pack.native("text_words")(at, rows, skip, address(words))
    return words, skip


def _sorted_ranks(views: np.ndarray) -> np.ndarray:
    """Sort by order words, then each run of equal words by what follows."""
    views = np.ascontiguousarray(views)
    rows, at = len(views), address(views)
    words, skip = _text_words(views)
    perm = _sort_codes([Code(words, WORD_BITS)], rows)
    perm = np.arange(rows) if perm is None else perm
    room, ranks = empty(rows, np.int64), empty(rows, np.int64)
    pack.native("text_ties")(at, rows, skip, address(words), address(perm), address(room))
    pack.native("text_ranks")(at, rows, address(perm), address(ranks))
    return ranks


def _coarse_code(column: SortColumn, rows: int) -> np.ndarray:
    """A uint64 array whose order the column's order refines: equal words may hide different values."""
    if column.physical != "str":
        codes = _codes(column, rows)
        return codes[0].values
    words, _ = _text_words(_significant(column.values))
    words >>= np.uint64(2)  # room for NULL on either side; what is lost only makes more candidates
    if column.descending:
        words = np.uint64((1 << 62) - 1) - words
    if column.valid is not None:
        words[column.valid == 0] = 0 if column.nulls_first else 1 << 63
        if column.nulls_first:
            words[column.valid != 0] += np.uint64(1)
    return words
