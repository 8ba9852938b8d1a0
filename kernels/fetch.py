"""Values of the selected rows of a batch, from encoded columns (late materialisation).

    op (BLOCK)                          out                a                   k
    fetch_i64 f64 bool i128 str valid   F_N dense values   selection, 0 = all  column
    fetch_codes                         F_N dense codes    selection, 0 = all  column

A selection is F_N row numbers of the row group; -1 = no row, which gives 0 and invalid. Kinds and NULLs
are as in decode.py, whose decoders do the work for 1,024 rows that are one vector: `out` has room for whole
vectors. It goes by 1,024 rows, since decoding, looking up and zeroing NULLs each pass over them.

A fetch of selected rows from packed vectors finds runs of rows of one vector: a run shorter than SPARSE reads
its values one by one, else the vector is opened on the stack. It is right for rows in any order and fast for
ascending ones.
"""
from __future__ import annotations

from typing import Any

import numba as nb

from .abi import (
    D_CODES_META,
    D_DATA,
    D_DICT,
    D_KIND,
    D_META,
    D_NULLS,
    D_OFFSETS,
    D_WIDTH,
    DK_DICT_INT,
    DK_DICT_STR,
    DK_PACKED,
    DK_RAW_BOOL,
    DK_RAW_FLOAT,
    DK_RAW_I128,
    DK_RAW_INT,
    DK_RAW_STR,
    OK,
    PACK_DELTA,
    VECTOR_ROWS,
)
from .decode import (
    decode_booleans,
    decode_codes,
    decode_floats,
    decode_pairs,
    decode_strings,
    decode_validity,
    decode_words,
)
from .descriptors import descriptor, is_null, keep_mask, unknown_kind
from .intrinsics import (
    f32p,
    f64p,
    i8p,
    i16p,
    i32p,
    i64p,
    inline,
    shared,
    stack_buffer,
    u8p,
    u32p,
)
from .registry import op
from .unpack import META_BYTES, SPARSE, unpack, unpack_at

_vector_buffer = stack_buffer(VECTOR_ROWS * 8)


@shared
def packed_rows(words, metas, selection, out, n):
    """Values of `n` selected rows of packed vectors."""
    rows, o = i64p(selection), i64p(out)
    buffer = _vector_buffer(0)
    opened = -1
    i = 0
    while i < n:
        v = rows[i] >> 10
        end = i + 1
        while end < n and rows[end] >> 10 == v:
            end += 1
        meta = metas + v * META_BYTES
        if v < 0:
            for j in range(i, end):
                o[j] = 0
        elif v != opened and end - i < SPARSE and i64p(meta)[3] != PACK_DELTA:
            for j in range(i, end):
                o[j] = unpack_at(words, meta, rows[j] & (VECTOR_ROWS - 1))
        else:
            if v != opened:
                unpack(words, meta, buffer)
                opened = v
            x = i64p(buffer)
            for j in range(i, end):
                o[j] = x[rows[j] & (VECTOR_ROWS - 1)]
        i = end


@inline
def _raw_word(data, width, row):
    if width == 8:
        return i64p(data)[row]
    if width == 4:
        return nb.int64(i32p(data)[row])
    if width == 2:
        return nb.int64(i16p(data)[row])
    return nb.int64(i8p(data)[row])


@shared
def _zero_words(nulls, selection, out, n):
    """Zero the fetched 8-byte values whose row is NULL, without a branch."""
    o, rows = i64p(out), i64p(selection)
    for i in range(n):
        o[i] &= keep_mask(nulls, rows[i])


@shared
def _zero_pairs(nulls, selection, out, n):
    """Zero the fetched 16-byte values whose row is NULL, without a branch."""
    o, rows = i64p(out), i64p(selection)
    for i in range(n):
        keep = keep_mask(nulls, rows[i])
        o[2 * i] &= keep
        o[2 * i + 1] &= keep


# -- one piece of each class; False if the block's kind is not of the class ------------------------------


@shared
def _words(d, selection, out, n):
    o, rows, kind = i64p(out), i64p(selection), d[D_KIND]
    if kind == DK_RAW_INT:
        for i in range(n):
            row = rows[i]
            o[i] = _raw_word(d[D_DATA], d[D_WIDTH], row) if row >= 0 else 0
    elif kind in (DK_PACKED, DK_DICT_INT):
        packed_rows(d[D_DATA], d[D_META] if kind == DK_PACKED else d[D_CODES_META], selection, out, n)
    else:
        return False
    if kind == DK_DICT_INT:
        values = i64p(d[D_DICT])
        for i in range(n):
            o[i] = values[o[i]] if rows[i] >= 0 else 0
    if d[D_NULLS] != 0:
        _zero_words(d[D_NULLS], selection, out, n)
    return True


@inline
def _floats(d, selection, out, n):
    """Floats of 4 or 8 bytes, or the bits of doubles in an integer encoding."""
    if d[D_KIND] != DK_RAW_FLOAT:
        return _words(d, selection, out, n)
    o, rows, x8, x4 = f64p(out), i64p(selection), f64p(d[D_DATA]), f32p(d[D_DATA])
    for i in range(n):
        row = rows[i]
        if row < 0:
            o[i] = 0.0
        elif d[D_WIDTH] == 8:
            o[i] = x8[row]
        else:
            o[i] = x4[row]
    if d[D_NULLS] != 0:
        _zero_words(d[D_NULLS], selection, out, n)
    return True


@inline
def _booleans(d, selection, out, n):
    if d[D_KIND] != DK_RAW_BOOL:
        return False
    o, rows, x, nulls = u8p(out), i64p(selection), u8p(d[D_DATA]), d[D_NULLS]
    for i in range(n):
        row = rows[i]
        value = nb.int64(x[row]) if row >= 0 else 0
        o[i] = value if nulls == 0 else value & keep_mask(nulls, row)
    return True


@inline
def _pairs(d, selection, out, n):
    if d[D_KIND] != DK_RAW_I128:
        return False
    o, rows, x = i64p(out), i64p(selection), i64p(d[D_DATA])
    for i in range(n):
        row = rows[i]
        o[2 * i] = x[2 * row] if row >= 0 else 0
        o[2 * i + 1] = x[2 * row + 1] if row >= 0 else 0
    if d[D_NULLS] != 0:
        _zero_pairs(d[D_NULLS], selection, out, n)
    return True


@inline
def _strings(d, selection, out, n):
    """Codes are fetched into the upper half of the n views, then turned into views (see decode_strings)."""
    o, rows = i64p(out), i64p(selection)
    if d[D_KIND] == DK_RAW_STR:
        offsets, data = u32p(d[D_OFFSETS]), d[D_DATA]
        for i in range(n):
            row = rows[i]
            o[2 * i] = data + nb.int64(offsets[row]) if row >= 0 else 0
            o[2 * i + 1] = nb.int64(offsets[row + 1]) - nb.int64(offsets[row]) if row >= 0 else 0
    elif d[D_KIND] == DK_DICT_STR:
        packed_rows(d[D_DATA], d[D_CODES_META], selection, out + n * 8, n)
        codes, views = i64p(out + n * 8), i64p(d[D_DICT])
        for i in range(n):
            code = codes[i]
            valid = rows[i] >= 0
            o[2 * i] = views[2 * code] if valid else 0
            o[2 * i + 1] = views[2 * code + 1] if valid else 0
    else:
        return False
    if d[D_NULLS] != 0:
        _zero_pairs(d[D_NULLS], selection, out, n)
    return True


@inline
def _codes(d, selection, out, n):
    if d[D_KIND] != DK_DICT_STR and d[D_KIND] != DK_DICT_INT:
        return False
    packed_rows(d[D_DATA], d[D_CODES_META], selection, out, n)
    if d[D_NULLS] != 0:
        _zero_words(d[D_NULLS], selection, out, n)
    return True


@inline
def _validity(d, selection, out, n):
    o, rows, nulls = u8p(out), i64p(selection), d[D_NULLS]
    for i in range(n):
        row = rows[i]
        o[i] = 0 if row < 0 else (1 if nulls == 0 else 1 - is_null(nulls, row))
    return True


@inline
def run_start(selection, n):
    """The first row of a selection that goes up in steps of one, else -1. Filters leave many such stretches:
    what most rows pass, and what cuts a sorted row group at one end."""
    rows, wrong = i64p(selection), 0
    start = rows[0]
    for i in range(n):
        wrong |= rows[i] ^ (start + i)
    return start if wrong == 0 else -1


def _fetch(name: str, width: int, decode: Any, piece: Any) -> None:
    @op(name)
    def fetch(out, a, b, c, k, n, frame):
        d = descriptor(frame, k)
        for first in range(0, n, VECTOR_ROWS):
            rows, at, to = min(VECTOR_ROWS, n - first), a + first * 8, out + first * width
            start = first if a == 0 else run_start(at, rows)
            if start >= 0 and start & (VECTOR_ROWS - 1) == 0:
                known = decode(d, start // VECTOR_ROWS, to, rows)
            else:
                known = piece(d, at, to, rows)
            if not known:
                return unknown_kind(frame)
        return OK


_fetch("fetch_i64", 8, decode_words, _words)
_fetch("fetch_f64", 8, decode_floats, _floats)
_fetch("fetch_bool", 1, decode_booleans, _booleans)
_fetch("fetch_i128", 16, decode_pairs, _pairs)
_fetch("fetch_str", 16, decode_strings, _strings)
_fetch("fetch_codes", 8, decode_codes, _codes)
_fetch("fetch_valid", 1, decode_validity, _validity)
