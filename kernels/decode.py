"""From encoded columns to values, a vector at a time. Whole batches and selected rows: fetch.py.

    op (VECTOR)                         out                      k
    load_i64 f64 bool i128 str          values of the vector     column
    load_valid                          BOOL, 1 = not NULL       column

    D_KIND           payload                                  what is done
    DK_RAW_*         plain values of D_WIDTH bytes            widen
    DK_PACKED        bit-packed vectors                       unpack.py
    DK_DICT_*        bit-packed codes, a dictionary           unpack the codes, then look up
    DK_RAW_STR       uint32 offsets, bytes                    make views (address, length)

Storage may pack anything under a NULL: a column with a null bitmap is masked here, so that a value
under NULL is 0. Packed vectors are always whole, the tail too, and are opened whole: `out` has room for
1,024 rows.

Each class has one decoder (d, v, out, n) -> bool: rows 0 .. n of vector v of the column with descriptor d; False
if the block's kind is not of the class. They never fail else.
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
    F_VECTOR,
    OK,
    VECTOR_ROWS,
)
from .descriptors import descriptor, is_null, keep_mask, unknown_kind
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
    store_row,
    u8p,
    u16p,
    u32p,
    vector_op,
)
from .registry import op
from .unpack import META_BYTES, unpack

_NULL_BYTES = VECTOR_ROWS // 8


def _emit_mask(b: Any, a: Any) -> None:
    """Zero the lanes of the row at a[0] whose bit in a[1] is set."""
    bits = b.bitcast(b.trunc(a[1], ir.IntType(LANES)), ir.VectorType(ir.IntType(1), LANES))
    store_row(b, b.select(bits, ir.Constant(ROW, [0] * LANES), load_row(b, a[0])), a[0])


_mask_row = vector_op(_emit_mask, 2)


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
        keep = keep_mask(nulls, v * VECTOR_ROWS + i)
        o[2 * i] &= keep
        o[2 * i + 1] &= keep


# -- one vector of each class --------------------------------------------------------------------------


@shared
def _raw_words(d, v, out, n):
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
def decode_words(d, v, out, n):
    kind = d[D_KIND]
    if kind == DK_PACKED:
        unpack(d[D_DATA], d[D_META] + v * META_BYTES, out)
    elif kind == DK_RAW_INT:
        _raw_words(d, v, out, n)
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


@inline
def decode_floats(d, v, out, n):
    """Floats of 4 or 8 bytes, or the bits of doubles in an integer encoding."""
    if d[D_KIND] != DK_RAW_FLOAT:
        return decode_words(d, v, out, n)
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
    return True


@inline
def decode_booleans(d, v, out, n):
    if d[D_KIND] != DK_RAW_BOOL:
        return False
    o, x = u8p(out), u8p(d[D_DATA] + v * VECTOR_ROWS)
    nulls = d[D_NULLS]
    if nulls == 0:
        for i in range(n):
            o[i] = x[i]
    else:
        for i in range(n):
            o[i] = x[i] & ~is_null(nulls, v * VECTOR_ROWS + i) & 1
    return True


@inline
def decode_pairs(d, v, out, n):
    if d[D_KIND] != DK_RAW_I128:
        return False
    o, x = i64p(out), i64p(d[D_DATA] + v * VECTOR_ROWS * 16)
    for i in range(2 * n):
        o[i] = x[i]
    if d[D_NULLS] != 0:
        _mask_pairs(d[D_NULLS], v, out, n)
    return True


@inline
def decode_strings(d, v, out, n):
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
        return False
    if d[D_NULLS] != 0:
        _mask_pairs(d[D_NULLS], v, out, n)
    return True


@inline
def decode_codes(d, v, out, n):
    """Codes of a dictionary column. Under a NULL 0, which is in the dictionary."""
    if d[D_KIND] != DK_DICT_STR and d[D_KIND] != DK_DICT_INT:
        return False
    unpack(d[D_DATA], d[D_CODES_META] + v * META_BYTES, out)
    if d[D_NULLS] != 0:
        _mask_words(d[D_NULLS], v, out)
    return True


@inline
def decode_validity(d, v, out, n):
    o, nulls = u8p(out), d[D_NULLS]
    if nulls == 0:
        for i in range(n):
            o[i] = 1
    else:
        bits = u8p(nulls + v * _NULL_BYTES)
        for j in range((n + 7) >> 3):
            byte = ~bits[j]
            for i in range(8):
                o[8 * j + i] = (byte >> i) & 1
    return True


def _load(name: str, decode: Any) -> None:
    @op(name)
    def load(out, a, b, c, k, n, frame):
        return OK if decode(descriptor(frame, k), i64p(frame)[F_VECTOR], out, n) else unknown_kind(frame)


_load("load_i64", decode_words)
_load("load_f64", decode_floats)
_load("load_bool", decode_booleans)
_load("load_i128", decode_pairs)
_load("load_str", decode_strings)
_load("load_valid", decode_validity)
