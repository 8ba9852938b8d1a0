"""Values of Parquet pages as columns: levels, codes, dictionaries, texts.

    kernel              answers               does
    parquet_fill        0, -1, bytes          pages of a column until it has so many rows (parquet_layout.py, C_*)
    parquet_dictionary  0, -1                 texts of a dictionary page -> views (address, length)
    parquet_big         0                     big-endian numbers of up to 8 bytes -> int64
    parquet_pack        0                     codes -> bit-packed vectors (unpack.py)

-1: damaged, or of a kind that is not known here; nothing outside of the given sizes was touched. A positive answer of
parquet_fill is the room for bytes that the next page needs: give that and call again. Values, codes and bytes have
room for 64 bytes more than is asked for: they are written in strides.

A page is | levels | values |. Levels tell which rows have a value: runs of one bit a row. Values are PLAIN, one behind
the other, or codes, which are in runs too, behind a byte that tells their width:

    | varint 2 n     | one value, whole bytes |     n times this value
    | varint 2 n + 1 | n * width bytes        |     8 n values of `width` bits, the lowest bits first
"""
from __future__ import annotations

import numba as nb

from . import parquet_layout as layout
from .abi import VECTOR_ROWS
from .encode import pack_rows
from .intrinsics import (
    as_i64,
    as_u64,
    byte_swap,
    i32p,
    i64p,
    inline,
    memory_copy,
    memory_fill,
    shared,
    stack_buffer,
    u8p,
    u32p,
    u64p,
)
from .parquet_pages import copy16, unpack_snappy, varint
from .registry import kernel

_DAMAGED = -1
_AT, _END, _BAD = 0, 1, 2  # words of a cursor
_cursor = stack_buffer(64)
_wide = stack_buffer(VECTOR_ROWS * 8)
_LONG = 16  # bytes that are copied at once


@inline
def _unpack_groups(source, width, groups, out):
    """8 numbers a group, of `width` bits each, at most 32: they begin with a byte."""
    mask = as_u64((nb.int64(1) << width) - 1)
    b1, b2, b3, b4 = width >> 3, 2 * width >> 3, 3 * width >> 3, 4 * width >> 3
    b5, b6, b7 = 5 * width >> 3, 6 * width >> 3, 7 * width >> 3
    s1, s2, s3, s4 = as_u64(width & 7), as_u64(2 * width & 7), as_u64(3 * width & 7), as_u64(4 * width & 7)
    s5, s6, s7 = as_u64(5 * width & 7), as_u64(6 * width & 7), as_u64(7 * width & 7)
    for g in range(groups):
        x, o = source + g * width, i32p(out + 32 * g)
        o[0] = as_i64(u64p(x)[0] & mask)
        o[1] = as_i64(u64p(x + b1)[0] >> s1 & mask)
        o[2] = as_i64(u64p(x + b2)[0] >> s2 & mask)
        o[3] = as_i64(u64p(x + b3)[0] >> s3 & mask)
        o[4] = as_i64(u64p(x + b4)[0] >> s4 & mask)
        o[5] = as_i64(u64p(x + b5)[0] >> s5 & mask)
        o[6] = as_i64(u64p(x + b6)[0] >> s6 & mask)
        o[7] = as_i64(u64p(x + b7)[0] >> s7 & mask)


@shared
def _codes(source, size, width, count, limit, out):
    """`count` codes below `limit` to int32s at `out`, up to 7 more behind them; False where they are damaged."""
    cursor = _cursor(0)
    c, o = i64p(cursor), i32p(out)
    c[_AT], c[_END], c[_BAD] = 0, size, 0
    if width < 0 or width > 32:
        return False
    i = nb.int64(0)
    while i < count:
        head = varint(source, cursor)
        n, at = head >> 1, c[_AT]
        if c[_BAD] != 0 or n <= 0 or n > count:
            return False
        if head & 1:
            if n * width > size - at:
                return False
            c[_AT] = at + n * width
            n = min(n, (count - i + 7) >> 3)
            _unpack_groups(source + at, width, n, out + 4 * i)
            i += 8 * n
        else:
            bytes = (width + 7) >> 3
            if bytes > size - at:
                return False
            c[_AT] = at + bytes
            n = min(n, count - i)
            value = nb.int64(u32p(source + at)[0]) & ((nb.int64(1) << (8 * bytes)) - 1)
            for j in range(n):
                o[i + j] = value
            i += n
    most, u = nb.uint32(0), u32p(out)
    for j in range(count):
        most = max(most, u[j])
    return count == 0 or nb.int64(most) < limit


@shared
def _gather(dictionary, codes, count, width, out):
    """Values of 4, 8 or 16 bytes."""
    x = u32p(codes)
    if width == 8:
        d8, o8 = i64p(dictionary), i64p(out)
        for i in range(count):
            o8[i] = d8[x[i]]
    elif width == 4:
        d4, o4 = i32p(dictionary), i32p(out)
        for i in range(count):
            o4[i] = d4[x[i]]
    else:
        for i in range(count):
            copy16(out + 16 * i, dictionary + 16 * nb.int64(x[i]))


@shared
def _spread(valid, rows, live, width, values):
    """`live` values at the beginning of `values` go to their rows, from the last to the first; 0 to the others."""
    v, j = u8p(valid), live
    x4, x8 = i32p(values), i64p(values)
    for k in range(rows):
        i = rows - 1 - k
        there = v[i] != 0
        j -= 1 if there else 0
        if width == 4:
            x4[i] = x4[j] if there else 0
        elif width == 8:
            x8[i] = x8[j] if there else 0
        else:
            x8[2 * i] = x8[2 * j] if there else 0
            x8[2 * i + 1] = x8[2 * j + 1] if there else 0


@shared
def _big(source, count, width, out):
    o, shift = i64p(out), 64 - 8 * width
    for i in range(count):
        o[i] = as_i64(byte_swap(u64p(source + i * width)[0])) >> shift


@kernel("parquet_big", 4)
def parquet_big(source, count, width, out):
    _big(source, count, width, out)
    return 0


# -- texts -------------------------------------------------------------------------------------------------


@inline
def _continues(x, i, end):
    return i < end and (x[i] & 0xC0) == 0x80


@shared
def _is_utf8(text, length):
    x, i = u8p(text), nb.int64(0)
    while i < length:
        first = nb.int64(x[i])
        i += 1
        if first < 0x80:
            continue
        if first < 0xC2 or first > 0xF4 or not _continues(x, i, length):
            return False
        second = nb.int64(x[i])
        i += 1
        if first >= 0xE0:
            if (first == 0xE0 and second < 0xA0) or (first == 0xED and second > 0x9F):
                return False
            if (first == 0xF0 and second < 0x90) or (first == 0xF4 and second > 0x8F):
                return False
            if not _continues(x, i, length):
                return False
            i += 1
        if first >= 0xF0:
            if not _continues(x, i, length):
                return False
            i += 1
    return True


@shared
def _are_utf8(source, size, views, count):
    """Whether `count` texts within `size` bytes are; where all bytes are ASCII, they are (their lengths too)."""
    x, w = u8p(source), i64p(views)
    every = nb.uint8(0)
    for i in range(size):
        every |= x[i]
    if every < 0x80:
        return True
    wrong = nb.int64(0)
    for i in range(count):
        wrong += 0 if _is_utf8(w[2 * i], w[2 * i + 1]) else 1
    return wrong == 0


@shared
def _views(source, size, count, trimmed, longest, views):
    """Texts with their lengths before them; False where they are damaged, too long or no UTF-8."""
    w, at = i64p(views), nb.int64(0)
    for i in range(count):
        if size - at < 4:
            return False
        length = nb.int64(u32p(source + at)[0])
        at += 4
        if length > size - at:
            return False
        text = source + at
        at += length
        if trimmed != 0:
            while length > 0 and u8p(text)[length - 1] == 32:
                length -= 1
        if length > longest:
            return False
        w[2 * i], w[2 * i + 1] = text, length
    return _are_utf8(source, at, views, count)


@kernel("parquet_dictionary", 6)
def parquet_dictionary(source, size, count, trimmed, longest, views):
    return 0 if _views(source, size, count, trimmed, longest, views) else _DAMAGED


@shared
def _put_texts(c, rows):
    """A page's views become bytes and offsets."""
    w, o = i64p(c[layout.C_VIEWS]), u32p(c[layout.C_OUT] + 4 * c[layout.C_FILLED])
    data, used = c[layout.C_BYTES], c[layout.C_USED]
    o[0] = used
    for i in range(rows):
        text, length = w[2 * i], w[2 * i + 1]
        if length > _LONG:
            memory_copy(data + used, text, length)
        elif length > 0:
            copy16(data + used, text)
        used += length
        o[i + 1] = used
    c[layout.C_USED] = used


# -- pages ---------------------------------------------------------------------------------------------------


@shared
def _levels(c, source, size, rows):
    """Which of the page's rows have a value, behind those that there are; how many, -1 where they are damaged."""
    valid, codes, cursor = u8p(c[layout.C_VALID] + c[layout.C_FILLED]), c[layout.C_CODES], _cursor(0)
    w = i64p(cursor)
    w[_AT], w[_END], w[_BAD] = 0, size, 0
    head = varint(source, cursor)
    if head == 2 * rows and w[_AT] < size and u8p(source)[w[_AT]] == 1:  # one run: there is no NULL
        memory_fill(c[layout.C_VALID] + c[layout.C_FILLED], 1, rows)
        return rows
    if not _codes(source, size, 1, rows, 2, codes):
        return nb.int64(_DAMAGED)
    x, live = i32p(codes), nb.int64(0)
    for i in range(rows):
        valid[i] = x[i]
        live += x[i]
    c[layout.C_NULLS] += rows - live
    return live


@shared
def _coded(c, source, size, live, out, width):
    """A page's codes, or the dictionary's values in their place."""
    if live > 0:
        if size < 1:
            return False
        codes = out if c[layout.C_FORM] == layout.CODES else c[layout.C_CODES]
        if not _codes(source + 1, size - 1, nb.int64(u8p(source)[0]), live, c[layout.C_ENTRIES], codes):
            return False
        if c[layout.C_FORM] != layout.CODES:
            _gather(c[layout.C_DICTIONARY], codes, live, width, out)
        c[layout.C_CODED] += live
    return True


@shared
def _note_range(c, values, count, width):
    low, high = c[layout.C_LOW], c[layout.C_HIGH]
    if width == 8:
        x8 = i64p(values)
        for i in range(count):
            low, high = min(low, x8[i]), max(high, x8[i])
    else:
        x4 = i32p(values)
        for i in range(count):
            low, high = min(low, nb.int64(x4[i])), max(high, nb.int64(x4[i]))
    c[layout.C_LOW], c[layout.C_HIGH] = low, high


@shared
def _plain(c, source, size, live, out):
    """A page's values as they stand there."""
    form, width, fixed = c[layout.C_FORM], c[layout.C_WIDTH], c[layout.C_FIXED]
    if form == layout.TEXTS:
        return _views(source, size, live, c[layout.C_TRIMMED], c[layout.C_LONGEST], out)
    if form == layout.CODES or live * (fixed if fixed != 0 else width) > size:
        return False
    if fixed != 0:
        _big(source, live, fixed, out)
    else:
        memory_copy(out, source, live * width)
    _note_range(c, out, live, width)
    return True


@shared
def _room_for_texts(c, live, coded, size):
    """0, or the room that the page's texts need and that there is not."""
    needed = size
    if coded:
        w, needed = i64p(c[layout.C_VIEWS]), nb.int64(0)
        for i in range(live):
            needed += w[2 * i + 1]
    needed += c[layout.C_USED] + 64
    return needed if needed > c[layout.C_CAPACITY] else nb.int64(0)


@shared
def _page(c, page):
    """Rows of a page behind those that there are: 0, -1, or room that is needed."""
    p = i64p(page)
    source, packed = c[layout.C_DATA] + p[layout.START], p[layout.PACKED]
    size, rows = p[layout.UNPACKED], p[layout.VALUES]
    live, levels = rows, nb.int64(0)
    is_new = p[layout.KIND] == layout.DATA_V2
    if is_new:
        levels = p[layout.LEVELS]
        if levels < 0 or p[layout.REPETITION] != 0 or levels > min(packed, size):
            return nb.int64(_DAMAGED)
        if c[layout.C_NULLABLE] != 0:
            live = _levels(c, source, levels, rows)
        source, packed, size = source + levels, packed - levels, size - levels
    if c[layout.C_SNAPPY] != 0 and p[layout.COMPRESSED] != 0 and size > 0:
        if unpack_snappy(source, packed, c[layout.C_ROOM], size) != 0:
            return nb.int64(_DAMAGED)
        source = c[layout.C_ROOM]
    elif size > packed:
        return nb.int64(_DAMAGED)
    if not is_new and c[layout.C_NULLABLE] != 0:
        if size < 4 or p[layout.LEVELS] != layout.RLE:
            return nb.int64(_DAMAGED)
        levels = nb.int64(u32p(source)[0])
        if levels > size - 4:
            return nb.int64(_DAMAGED)
        live = _levels(c, source + 4, levels, rows)
        source, size = source + 4 + levels, size - 4 - levels
    if live < 0:
        return nb.int64(_DAMAGED)
    form = c[layout.C_FORM]
    width = nb.int64(16) if form == layout.TEXTS else nb.int64(4) if form == layout.CODES else c[layout.C_WIDTH]
    out = c[layout.C_VIEWS] if form == layout.TEXTS else c[layout.C_OUT] + width * c[layout.C_FILLED]
    coded = p[layout.ENCODING] != layout.PLAIN
    if not (_coded(c, source, size, live, out, width) if coded else _plain(c, source, size, live, out)):
        return nb.int64(_DAMAGED)
    if form == layout.TEXTS:
        needed = _room_for_texts(c, live, coded, size)
        if needed != 0:
            return needed
    if live < rows:
        _spread(c[layout.C_VALID] + c[layout.C_FILLED], rows, live, width, out)
    if form == layout.TEXTS:
        _put_texts(c, rows)
    return nb.int64(0)


@kernel("parquet_fill", 2)
def parquet_fill(column, rows):
    c = i64p(column)
    while c[layout.C_FILLED] < rows:
        if c[layout.C_NEXT] >= c[layout.C_COUNT]:
            return _DAMAGED
        page = c[layout.C_PAGES] + c[layout.C_NEXT] * layout.PAGE_WORDS * 8
        nulls, coded = c[layout.C_NULLS], c[layout.C_CODED]
        found = _page(c, page)
        if found != 0:
            c[layout.C_NULLS], c[layout.C_CODED] = nulls, coded
            return found
        c[layout.C_FILLED] += i64p(page)[layout.VALUES]
        c[layout.C_NEXT] += 1
    return 0


@kernel("parquet_pack", 4)
def parquet_pack(codes, count, width, words):
    """Whole vectors of `width` bits a code, the last one filled up with code 0."""
    wide = _wide(0)
    w, x = i64p(wide), u32p(codes)
    for first in range(0, count, VECTOR_ROWS):
        n = min(VECTOR_ROWS, count - first)
        for i in range(n):
            w[i] = x[first + i]
        if n < VECTOR_ROWS:
            memory_fill(wide + 8 * n, 0, 8 * (VECTOR_ROWS - n))
        pack_rows(wide, 0, width, words + (first >> 10) * width * 128)
    return 0
