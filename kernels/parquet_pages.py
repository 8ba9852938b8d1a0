"""Pages of Parquet files: their headers, and what is packed by Snappy. What is in them: parquet_values.py.

    kernel            answers                          does
    parquet_pages     0, -1, -2 if there are more      finds the pages of a column chunk (parquet_layout.py)
    snappy_unpack     0, -1                            unpacks a Snappy block of a known length

-1: damaged, or of a kind that is not known here; nothing outside of the given sizes was touched. What is read may be
read a little beyond its end (memory.py), and `out` of snappy_unpack has OVERRUN bytes of room behind what is asked for:
it writes in strides.
"""
from __future__ import annotations

import numba as nb
from llvmlite import ir

from . import parquet_layout as layout
from .intrinsics import I64, i64p, inline, memory_copy, shared, stack_buffer, u8p, u16p, u32p, vector_op
from .registry import kernel

_AT, _END, _BAD = 0, 1, 2  # words of a cursor
_cursor = stack_buffer(64)
_fields = stack_buffer(64)
_PAIR = ir.VectorType(I64, 2)
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _STRUCT = 0, 1, 2, 3, 4, 5, 6, 7, 8, 12
_DEEPEST = 3


def _emit_copy(b, a):  # to, from
    value = b.load(b.inttoptr(a[1], _PAIR.as_pointer()))
    value.align = 1
    b.store(value, b.inttoptr(a[0], _PAIR.as_pointer())).align = 1


copy16 = vector_op(_emit_copy, 2)


# -- headers of pages ---------------------------------------------------------------------------------


@shared
def varint(data, cursor):
    x, c = u8p(data), i64p(cursor)
    value, shift = nb.int64(0), nb.int64(0)
    while c[_AT] < c[_END] and shift < 64:
        byte = nb.int64(x[c[_AT]])
        c[_AT] += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value
        shift += 7
    c[_BAD] = 1
    return nb.int64(0)


@shared
def _value(data, cursor, kind):
    """A value of Thrift's compact protocol: what it is, of integers; behind it."""
    c = i64p(cursor)
    value = nb.int64(0)
    if kind == _TRUE:
        value = 1
    elif kind == _BYTE:
        c[_AT] += 1
    elif kind >= _I16 and kind <= _I64:
        coded = varint(data, cursor)
        value = (coded >> 1) ^ -(coded & 1)
    elif kind == _DOUBLE:
        c[_AT] += 8
    elif kind == _BINARY:
        size = varint(data, cursor)
        if size < 0 or size > c[_END] - c[_AT]:
            c[_BAD] = 1
        else:
            c[_AT] += size
    elif kind != _FALSE:
        c[_BAD] = 1  # headers have no lists
    return value


@inline
def _put(page, depth, outer, field, value):
    """One field of a header into the page's words."""
    if depth == 0:
        if field == 1:
            page[layout.KIND] = value
        elif field == 2:
            page[layout.UNPACKED] = value
        elif field == 3:
            page[layout.PACKED] = value
    elif depth == 1 and field == 1:
        page[layout.VALUES] = value
    elif depth == 1 and outer == 8:
        if field == 2:
            page[layout.NULLS] = value
        elif field == 4:
            page[layout.ENCODING] = value
        elif field == 5:
            page[layout.LEVELS] = value
        elif field == 6:
            page[layout.REPETITION] = value
        elif field == 7:
            page[layout.COMPRESSED] = value
    elif depth == 1 and field == 2:
        page[layout.ENCODING] = value
    elif depth == 1 and outer == 5 and field == 3:
        page[layout.LEVELS] = value


@shared
def _header(data, cursor, page_at):
    """A page's header; the cursor goes behind it, or is bad."""
    x, c, page, outer = u8p(data), i64p(cursor), i64p(page_at), i64p(_fields(0))
    for i in range(layout.PAGE_WORDS):
        page[i] = 0
    page[layout.KIND] = -1
    page[layout.COMPRESSED] = 1
    depth, field = nb.int64(0), nb.int64(0)
    while c[_AT] < c[_END] and c[_BAD] == 0:
        head = nb.int64(x[c[_AT]])
        c[_AT] += 1
        if head == _STOP:
            if depth == 0:
                return
            depth -= 1
            field = outer[depth]
            continue
        kind, distance = head & 15, head >> 4
        if distance != 0:
            field += distance
        else:
            coded = varint(data, cursor)
            field = (coded >> 1) ^ -(coded & 1)
        if kind == _STRUCT:
            if depth == _DEEPEST:
                c[_BAD] = 1
            else:
                outer[depth] = field
                depth += 1
                field = 0
        else:
            value = _value(data, cursor, kind)
            _put(page, depth, outer[0], field, value)
    c[_BAD] = 1


@kernel("parquet_pages", 5)
def parquet_pages(data, size, table, most, summary):
    cursor = _cursor(0)
    c, s = i64p(cursor), i64p(summary)
    c[_AT], c[_END], c[_BAD] = 0, size, 0
    for i in range(layout.SUMMARY_WORDS):
        s[i] = 0
    dictionary = summary + layout.SUMMARY_WORDS * 8
    while c[_AT] < size:
        pages = s[layout.S_PAGES]
        if pages == most:
            return -2
        page = table + pages * layout.PAGE_WORDS * 8
        _header(data, cursor, page)
        p = i64p(page)
        if c[_BAD] != 0 or p[layout.PACKED] < 0 or p[layout.UNPACKED] < 0 or p[layout.VALUES] < 0:
            return -1
        if p[layout.PACKED] > size - c[_AT] or p[layout.ENCODING] < 0 or p[layout.ENCODING] > layout.MOST_ENCODING:
            return -1
        p[layout.START] = c[_AT]
        c[_AT] += p[layout.PACKED]
        if p[layout.KIND] == layout.DICTIONARY:
            s[layout.S_DICTIONARIES] += 1
            memory_copy(dictionary, page, layout.PAGE_WORDS * 8)
        elif p[layout.KIND] == layout.DATA or p[layout.KIND] == layout.DATA_V2:
            s[layout.S_PAGES] += 1
            s[layout.S_ENCODINGS] |= nb.int64(1) << p[layout.ENCODING]
            s[layout.S_VALUES] += p[layout.VALUES]
            s[layout.S_MOST_VALUES] = max(s[layout.S_MOST_VALUES], p[layout.VALUES])
            s[layout.S_MOST_BYTES] = max(s[layout.S_MOST_BYTES], p[layout.UNPACKED])
        elif p[layout.KIND] != layout.INDEX:
            return -1
    return 0


# -- Snappy ---------------------------------------------------------------------------------------------


@inline
def _copy_back(out, offset, n):
    """n <= 64 bytes again that stand `offset` before `out`."""
    if offset >= 16:
        for i in range(0, n, 16):
            copy16(out + i, out + i - offset)
    elif offset >= 8:
        for i in range(0, n, 8):
            i64p(out + i)[0] = i64p(out + i - offset)[0]
    else:
        o, x = u8p(out), u8p(out - offset)
        for i in range(n):
            o[i] = x[i]


@shared
def unpack_snappy(source, size, out, length):
    """0; -1 where it is damaged."""
    cursor = _cursor(0)
    c, x = i64p(cursor), u8p(source)
    c[_AT], c[_END], c[_BAD] = 0, size, 0
    if varint(source, cursor) != length or c[_BAD] != 0:
        return -1
    s, o = c[_AT], nb.int64(0)
    while s < size:
        tag = nb.int64(x[s])
        s += 1
        kind = tag & 3
        if kind == 0:
            n = (tag >> 2) + 1
            if n > 60:
                extra = n - 60
                n = (nb.int64(u32p(source + s)[0]) & ((nb.int64(1) << (8 * extra)) - 1)) + 1
                s += extra
            if n > size - s or n > length - o:
                return -1
            if n <= 16:
                copy16(out + o, source + s)
            else:
                memory_copy(out + o, source + s, n)
            s += n
        else:
            if kind == 1:
                n = 4 + ((tag >> 2) & 7)
                offset = ((tag >> 5) << 8) | nb.int64(x[s])
                s += 1
            elif kind == 2:
                n = (tag >> 2) + 1
                offset = nb.int64(u16p(source + s)[0])
                s += 2
            else:
                n = (tag >> 2) + 1
                offset = nb.int64(u32p(source + s)[0])
                s += 4
            if s > size or offset == 0 or offset > o or n > length - o:
                return -1
            _copy_back(out + o, offset, n)
        o += n
    return 0 if o == length else -1


@kernel("snappy_unpack", 4)
def snappy_unpack(source, size, out, length):
    return unpack_snappy(source, size, out, length)
