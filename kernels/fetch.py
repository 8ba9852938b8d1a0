"""Values of the selected rows of a batch, from encoded columns (late materialisation).

    op (BLOCK)                          out                a                   k
    fetch_i64 f64 bool i128 str valid   F_N dense values   selection, 0 = all  column
    fetch_codes                         F_N dense codes    selection, 0 = all  column

A selection is F_N row numbers of the row group; -1 = no row, which gives 0 and invalid. Kinds and NULLs
are as in decode.py.

A fetch from packed vectors finds runs of rows of one vector: a run shorter than SPARSE reads its values
one by one, else the vector is opened on the stack. It is right for rows in any order and fast for
ascending ones. With all rows, whole vectors are opened into `out`, which has room for the last one's tail.
"""
from __future__ import annotations

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
from .descriptors import descriptor, is_null, unknown_kind
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
def _fetch_packed(words, metas, selection, out, n):
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
def _fetch_all_packed(words, metas, out, n):
    for v in range((n + VECTOR_ROWS - 1) // VECTOR_ROWS):
        unpack(words, metas + v * META_BYTES, out + v * VECTOR_ROWS * 8)


@shared
def _fetch_codes(words, metas, selection, out, n):
    if selection == 0:
        _fetch_all_packed(words, metas, out, n)
    else:
        _fetch_packed(words, metas, selection, out, n)


@inline
def _row(selection, i):
    """Row number of the i-th selected row."""
    return i if selection == 0 else i64p(selection)[i]


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
    """Zero the fetched 8-byte values whose row is NULL."""
    o = i64p(out)
    for i in range(n):
        row = _row(selection, i)
        if row >= 0 and is_null(nulls, row):
            o[i] = 0


@shared
def _zero_pairs(nulls, selection, out, n):
    """Zero the fetched 16-byte values whose row is NULL."""
    o = i64p(out)
    for i in range(n):
        row = _row(selection, i)
        if row >= 0 and is_null(nulls, row):
            o[2 * i] = 0
            o[2 * i + 1] = 0


@shared
def _fetch_words(d, selection, out, n):
    """8-byte values; False if the kind has none."""
    o, kind = i64p(out), d[D_KIND]
    if kind == DK_RAW_INT:
        for i in range(n):
            row = _row(selection, i)
            o[i] = _raw_word(d[D_DATA], d[D_WIDTH], row) if row >= 0 else 0
    elif kind in (DK_PACKED, DK_DICT_INT):
        _fetch_codes(d[D_DATA], d[D_META] if kind == DK_PACKED else d[D_CODES_META], selection, out, n)
    else:
        return False
    if kind == DK_DICT_INT:
        values = i64p(d[D_DICT])
        for i in range(n):
            o[i] = values[o[i]] if _row(selection, i) >= 0 else 0
    if d[D_NULLS] != 0:
        _zero_words(d[D_NULLS], selection, out, n)
    return True


@op("fetch_i64")
def fetch_i64(out, a, b, c, k, n, frame):
    if _fetch_words(descriptor(frame, k), a, out, n):
        return OK
    return unknown_kind(frame)


@op("fetch_f64")
def fetch_f64(out, a, b, c, k, n, frame):
    d = descriptor(frame, k)
    if d[D_KIND] != DK_RAW_FLOAT:
        return OK if _fetch_words(d, a, out, n) else unknown_kind(frame)
    o, x8, x4 = f64p(out), f64p(d[D_DATA]), f32p(d[D_DATA])
    for i in range(n):
        row = _row(a, i)
        if row < 0:
            o[i] = 0.0
        elif d[D_WIDTH] == 8:
            o[i] = x8[row]
        else:
            o[i] = x4[row]
    if d[D_NULLS] != 0:
        _zero_words(d[D_NULLS], a, out, n)
    return OK


@op("fetch_bool")
def fetch_bool(out, a, b, c, k, n, frame):
    d = descriptor(frame, k)
    if d[D_KIND] != DK_RAW_BOOL:
        return unknown_kind(frame)
    o, x, nulls = u8p(out), u8p(d[D_DATA]), d[D_NULLS]
    for i in range(n):
        row = _row(a, i)
        o[i] = 0 if row < 0 or (nulls != 0 and is_null(nulls, row)) else x[row]
    return OK


@op("fetch_i128")
def fetch_i128(out, a, b, c, k, n, frame):
    d = descriptor(frame, k)
    if d[D_KIND] != DK_RAW_I128:
        return unknown_kind(frame)
    o, x = i64p(out), i64p(d[D_DATA])
    for i in range(n):
        row = _row(a, i)
        o[2 * i] = x[2 * row] if row >= 0 else 0
        o[2 * i + 1] = x[2 * row + 1] if row >= 0 else 0
    if d[D_NULLS] != 0:
        _zero_pairs(d[D_NULLS], a, out, n)
    return OK


@op("fetch_str")
def fetch_str(out, a, b, c, k, n, frame):
    """Codes are fetched into the upper half of the n views, then turned into views (see load_str)."""
    d = descriptor(frame, k)
    o = i64p(out)
    if d[D_KIND] == DK_RAW_STR:
        offsets, data = u32p(d[D_OFFSETS]), d[D_DATA]
        for i in range(n):
            row = _row(a, i)
            o[2 * i] = data + nb.int64(offsets[row]) if row >= 0 else 0
            o[2 * i + 1] = nb.int64(offsets[row + 1]) - nb.int64(offsets[row]) if row >= 0 else 0
    elif d[D_KIND] == DK_DICT_STR:
        # All rows: whole vectors are opened, so the codes need room for the last one's tail (out has it).
        _fetch_codes(d[D_DATA], d[D_CODES_META], a, out + n * 8, n)
        codes, views = i64p(out + n * 8), i64p(d[D_DICT])
        for i in range(n):
            code = codes[i]
            valid = _row(a, i) >= 0
            o[2 * i] = views[2 * code] if valid else 0
            o[2 * i + 1] = views[2 * code + 1] if valid else 0
    else:
        return unknown_kind(frame)
    if d[D_NULLS] != 0:
        _zero_pairs(d[D_NULLS], a, out, n)
    return OK


@op("fetch_codes")
def fetch_codes(out, a, b, c, k, n, frame):
    d = descriptor(frame, k)
    if d[D_KIND] != DK_DICT_STR and d[D_KIND] != DK_DICT_INT:
        return unknown_kind(frame)
    _fetch_codes(d[D_DATA], d[D_CODES_META], a, out, n)
    if d[D_NULLS] != 0:
        _zero_words(d[D_NULLS], a, out, n)
    return OK


@op("fetch_valid")
def fetch_valid(out, a, b, c, k, n, frame):
    o, nulls = u8p(out), descriptor(frame, k)[D_NULLS]
    for i in range(n):
        row = _row(a, i)
        o[i] = 0 if row < 0 else (1 if nulls == 0 else 1 - is_null(nulls, row))
    return OK
