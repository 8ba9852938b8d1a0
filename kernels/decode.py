"""From encoded columns to values: `load_*` opens one vector, `fetch_*` the selected rows of a batch.

    op                                  level    out                      a          k
    load_i64 f64 bool i128 str          VECTOR   values of the vector     -          column
    load_valid                          VECTOR   BOOL, 1 = not NULL       -          column
    dict_codes                          VECTOR   I64 codes (DK_DICT_STR)  -          column
    fetch_i64 f64 bool i128 str valid   BLOCK    F_N dense values         selection  column
    fetch_codes                         BLOCK    F_N dense codes          selection  column

frame[F_USER] is the address of int64[columns]: the descriptors (abi.py D_*) of the current row group.
A selection is F_N row numbers of the row group, -1 = no row (gives 0 and invalid), 0 = all rows in order.

    D_KIND           payload                                  what is done
    DK_RAW_*         plain values of D_WIDTH bytes            widen
    DK_PACKED        bit-packed vectors                       unpack.py
    DK_DICT_*        bit-packed codes, a dictionary           unpack the codes, then look up
    DK_RAW_STR       uint32 offsets, bytes                    make views (address, length)

Storage may pack anything under a NULL: a column with a null bitmap (bit i % 8 of byte i // 8, 1 = NULL,
whole vectors readable) is masked here, so that a value under NULL is 0. Packed vectors are always
whole, the tail too, and are opened whole: `out` has room for 1,024 rows.

A fetch finds runs of rows of one vector; a run shorter than SPARSE reads its values one by one,
else the vector is opened on the stack. It is right for rows in any order and fast for ascending ones.
"""
from __future__ import annotations

from typing import Any

import numba as nb
from llvmlite import ir

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
    ERR_BAD_ENCODING,
    F_ERROR_CODE,
    F_ERROR_ROW,
    F_USER,
    F_VECTOR,
    FAILED,
    OK,
    PACK_DELTA,
    VECTOR_ROWS,
)
from .intrinsics import (
    LANES,
    ROW,
    ROW_BYTES,
    f32p,
    f64p,
    i8p,
    i16p,
    i32p,
    i64p,
    inline,
    load_row,
    shared,
    stack_buffer,
    store_row,
    u8p,
    u16p,
    u32p,
    vector_op,
)
from .registry import op
from .unpack import META_BYTES, SPARSE, unpack, unpack_at

_NULL_BYTES = VECTOR_ROWS // 8


def _emit_mask(b: Any, a: Any) -> None:
    """Zero the lanes of the row at a[0] whose bit in a[1] is set."""
    bits = b.bitcast(b.trunc(a[1], ir.IntType(LANES)), ir.VectorType(ir.IntType(1), LANES))
    store_row(b, b.select(bits, ir.Constant(ROW, [0] * LANES), load_row(b, a[0])), a[0])


_mask_row = vector_op(_emit_mask, 2)
_vector_buffer = stack_buffer(VECTOR_ROWS * 8)


@inline
def _descriptor(frame, column):
    return i64p(i64p(i64p(frame)[F_USER])[column])


@inline
def _unknown_kind(frame):
    f = i64p(frame)
    f[F_ERROR_CODE] = ERR_BAD_ENCODING
    f[F_ERROR_ROW] = -1
    return FAILED


@inline
def _is_null(nulls, row):
    return (u8p(nulls)[row >> 3] >> (row & 7)) & 1


@shared
def _mask_words(nulls, v, out):
    """Zero the 8-byte values of vector `v` at `out` that are NULL."""
    bits = u16p(nulls + v * _NULL_BYTES)
    for row in range(VECTOR_ROWS // LANES):
        if bits[row] != 0:
            _mask_row(out + row * ROW_BYTES, bits[row])


@shared
def _mask_pairs(nulls, v, out, n):
    """Zero the 16-byte values that are NULL."""
    o = i64p(out)
    for i in range(n):
        if _is_null(nulls, v * VECTOR_ROWS + i):
            o[2 * i] = 0
            o[2 * i + 1] = 0


# -- one vector ----------------------------------------------------------------------------------------


@shared
def _load_raw(d, v, out, n):
    """Signed integers of 1, 2, 4 or 8 bytes."""
    o, width = i64p(out), d[D_WIDTH]
    start = d[D_DATA] + v * VECTOR_ROWS * width
    if width == 8:
        x8 = i64p(start)
        for i in range(n):
            o[i] = x8[i]
    elif width == 4:
        x4 = i32p(start)
        for i in range(n):
            o[i] = x4[i]
    elif width == 2:
        x2 = i16p(start)
        for i in range(n):
            o[i] = x2[i]
    else:
        x1 = i8p(start)
        for i in range(n):
            o[i] = x1[i]


@shared
def _load_words(d, v, out, n):
    """8-byte values of every kind that has them; False if the kind has none."""
    kind = d[D_KIND]
    if kind == DK_PACKED:
        unpack(d[D_DATA], d[D_META] + v * META_BYTES, out)
    elif kind == DK_RAW_INT:
        _load_raw(d, v, out, n)
    elif kind == DK_DICT_INT:
        unpack(d[D_DATA], d[D_CODES_META] + v * META_BYTES, out)
        o, values = i64p(out), i64p(d[D_DICT])
        for i in range(n):
            o[i] = values[o[i]]
    else:
        return False
    if d[D_NULLS] != 0:
        _mask_words(d[D_NULLS], v, out)
    return True


@op("load_i64")
def load_i64(out, a, b, c, k, n, frame):
    if _load_words(_descriptor(frame, k), i64p(frame)[F_VECTOR], out, n):
        return OK
    return _unknown_kind(frame)


@op("load_f64")
def load_f64(out, a, b, c, k, n, frame):
    """Floats of 4 or 8 bytes, or the bits of doubles in an integer encoding."""
    d, v = _descriptor(frame, k), i64p(frame)[F_VECTOR]
    if d[D_KIND] != DK_RAW_FLOAT:
        return OK if _load_words(d, v, out, n) else _unknown_kind(frame)
    o = f64p(out)
    if d[D_WIDTH] == 8:
        x8 = f64p(d[D_DATA] + v * VECTOR_ROWS * 8)
        for i in range(n):
            o[i] = x8[i]
    else:
        x4 = f32p(d[D_DATA] + v * VECTOR_ROWS * 4)
        for i in range(n):
            o[i] = x4[i]
    if d[D_NULLS] != 0:
        _mask_words(d[D_NULLS], v, out)
    return OK


@op("load_bool")
def load_bool(out, a, b, c, k, n, frame):
    d, v = _descriptor(frame, k), i64p(frame)[F_VECTOR]
    if d[D_KIND] != DK_RAW_BOOL:
        return _unknown_kind(frame)
    o, x = u8p(out), u8p(d[D_DATA] + v * VECTOR_ROWS)
    nulls = d[D_NULLS]
    if nulls == 0:
        for i in range(n):
            o[i] = x[i]
    else:
        for i in range(n):
            o[i] = x[i] & ~_is_null(nulls, v * VECTOR_ROWS + i) & 1
    return OK


@op("load_i128")
def load_i128(out, a, b, c, k, n, frame):
    d, v = _descriptor(frame, k), i64p(frame)[F_VECTOR]
    if d[D_KIND] != DK_RAW_I128:
        return _unknown_kind(frame)
    o, x = i64p(out), i64p(d[D_DATA] + v * VECTOR_ROWS * 16)
    for i in range(2 * n):
        o[i] = x[i]
    if d[D_NULLS] != 0:
        _mask_pairs(d[D_NULLS], v, out, n)
    return OK


@op("load_str")
def load_str(out, a, b, c, k, n, frame):
    d, v = _descriptor(frame, k), i64p(frame)[F_VECTOR]
    o = i64p(out)
    if d[D_KIND] == DK_RAW_STR:
        offsets, data = u32p(d[D_OFFSETS] + v * VECTOR_ROWS * 4), d[D_DATA]
        for i in range(n):
            o[2 * i] = data + nb.int64(offsets[i])
            o[2 * i + 1] = nb.int64(offsets[i + 1]) - nb.int64(offsets[i])
    elif d[D_KIND] == DK_DICT_STR:
        # Codes go into the upper half of `out`; view i overwrites no code behind code i.
        unpack(d[D_DATA], d[D_CODES_META] + v * META_BYTES, out + VECTOR_ROWS * 8)
        codes, views = i64p(out + VECTOR_ROWS * 8), i64p(d[D_DICT])
        for i in range(n):
            code = codes[i]
            o[2 * i] = views[2 * code]
            o[2 * i + 1] = views[2 * code + 1]
    else:
        return _unknown_kind(frame)
    if d[D_NULLS] != 0:
        _mask_pairs(d[D_NULLS], v, out, n)
    return OK


@op("dict_codes")
def dict_codes(out, a, b, c, k, n, frame):
    """Codes of a dictionary column. Under a NULL: a code that is in the dictionary, or 0."""
    d, v = _descriptor(frame, k), i64p(frame)[F_VECTOR]
    if d[D_KIND] != DK_DICT_STR and d[D_KIND] != DK_DICT_INT:
        return _unknown_kind(frame)
    unpack(d[D_DATA], d[D_CODES_META] + v * META_BYTES, out)
    if d[D_NULLS] != 0:
        _mask_words(d[D_NULLS], v, out)
    return OK


@op("load_valid")
def load_valid(out, a, b, c, k, n, frame):
    o, nulls, v = u8p(out), _descriptor(frame, k)[D_NULLS], i64p(frame)[F_VECTOR]
    if nulls == 0:
        for i in range(n):
            o[i] = 1
    else:
        bits = u8p(nulls + v * _NULL_BYTES)
        for j in range((n + 7) >> 3):
            byte = ~bits[j]
            for i in range(8):
                o[8 * j + i] = (byte >> i) & 1
    return OK


# -- selected rows ---------------------------------------------------------------------------------------


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
        if row >= 0 and _is_null(nulls, row):
            o[i] = 0


@shared
def _zero_pairs(nulls, selection, out, n):
    """Zero the fetched 16-byte values whose row is NULL."""
    o = i64p(out)
    for i in range(n):
        row = _row(selection, i)
        if row >= 0 and _is_null(nulls, row):
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
    if _fetch_words(_descriptor(frame, k), a, out, n):
        return OK
    return _unknown_kind(frame)


@op("fetch_f64")
def fetch_f64(out, a, b, c, k, n, frame):
    d = _descriptor(frame, k)
    if d[D_KIND] != DK_RAW_FLOAT:
        return OK if _fetch_words(d, a, out, n) else _unknown_kind(frame)
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
    d = _descriptor(frame, k)
    if d[D_KIND] != DK_RAW_BOOL:
        return _unknown_kind(frame)
    o, x, nulls = u8p(out), u8p(d[D_DATA]), d[D_NULLS]
    for i in range(n):
        row = _row(a, i)
        o[i] = 0 if row < 0 or (nulls != 0 and _is_null(nulls, row)) else x[row]
    return OK


@op("fetch_i128")
def fetch_i128(out, a, b, c, k, n, frame):
    d = _descriptor(frame, k)
    if d[D_KIND] != DK_RAW_I128:
        return _unknown_kind(frame)
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
    d = _descriptor(frame, k)
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
        return _unknown_kind(frame)
    if d[D_NULLS] != 0:
        _zero_pairs(d[D_NULLS], a, out, n)
    return OK


@op("fetch_codes")
def fetch_codes(out, a, b, c, k, n, frame):
    d = _descriptor(frame, k)
    if d[D_KIND] != DK_DICT_STR and d[D_KIND] != DK_DICT_INT:
        return _unknown_kind(frame)
    _fetch_codes(d[D_DATA], d[D_CODES_META], a, out, n)
    if d[D_NULLS] != 0:
        _zero_words(d[D_NULLS], a, out, n)
    return OK


@op("fetch_valid")
def fetch_valid(out, a, b, c, k, n, frame):
    o, nulls = u8p(out), _descriptor(frame, k)[D_NULLS]
    for i in range(n):
        row = _row(a, i)
        o[i] = 0 if row < 0 else (1 if nulls == 0 else 1 - _is_null(nulls, row))
    return OK
