"""Reading and opening blocks of the common encodings, many in one call: checked, and described for programs.

    kernel         answers          does
    open_blocks    blocks opened    for each job: bytes from the file, unless they are there already, checksum (right
                                    behind, while the bytes are in the processor's cache), frame, parts, vector table,
                                    dictionary -> descriptor

A job is JOB_WORDS int64:

    J_DATA, J_BYTES   the block as it was or will be read, 64-byte aligned, with slack behind it
    J_OFFSET          where it stands in the file
    J_CRC             its checksum by the extent's footer           J_ROWS    the rows it must have
    J_ENCODING        its encoding by the footer                    J_WIDTH   bytes a number has on disk
    J_FORM            one of FORM_*: what to make of it
    J_ROOM, J_LEFT    memory for the descriptor and what it points to besides the block, and its bytes
    J_OPENED          out: 1 = the descriptor stands at J_ROOM, 0 = refused

    J_ROOM    | descriptor, 16 words | meta, 4 words a vector | zones, 2 words a vector | dictionary |

What is refused, or could not be read whole, is not judged here: storage/block.py opens it and says what is
wrong, if anything is (compressed parts, values outside the dictionary, 128-bit numbers are right, but not for
here). What is opened has passed every check that storage/block.py and the encodings make:
tests/storage/test_block_load.py holds the two against each other, over damaged blocks too.
"""
from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types

from .abi import (
    BATCH_ROWS,
    D_BYTES,
    D_CODES_META,
    D_DATA,
    D_DICT,
    D_DICT_ROWS,
    D_KIND,
    D_META,
    D_NULLS,
    D_ROWS,
    D_WIDTH,
    D_ZONES,
    DESCRIPTOR_WORDS,
    DK_DICT_INT,
    DK_DICT_STR,
    DK_PACKED,
    DK_RAW_FLOAT,
    DK_RAW_INT,
    VECTOR_ROWS,
)
from .blocks_layout import (
    FORM_DICT_INT,
    FORM_DICT_STR,
    FORM_PACKED,
    FORM_RAW_FLOAT,
    FORM_RAW_INT,
    J_BYTES,
    J_CRC,
    J_DATA,
    J_ENCODING,
    J_FORM,
    J_LEFT,
    J_OFFSET,
    J_OPENED,
    J_ROOM,
    J_ROWS,
    J_WIDTH,
    JOB_WORDS,
    NO_FILE,
)
from .checksum import crc32
from .intrinsics import (
    I8,
    I32,
    I64,
    LANES,
    as_i64,
    i16p,
    i32p,
    i64p,
    make_intrinsic,
    popcount,
    shared,
    stack_buffer,
    u8p,
    u16p,
    u32p,
    u64p,
)
from .registry import kernel
from .unpack import META_BYTES
from .vector_table import ENTRY_BYTES, ZONE_BYTES, read_table, vector_within

# Numbers in files (storage/block.py, storage/encodings/base.py).
_MAGIC, _VERSION = np.int64(0x4B4C4257), np.int64(1)
_HEADER_BYTES, _PART_BYTES, _ALIGNMENT = 16, 32, 64
_NULLS, _VALUES, _VECTORS, _WORDS, _DICT_VALUES, _DICT_LENGTHS, _DICT_TEXT, _PARTS = 1, 2, 3, 4, 11, 12, 13, 20
_NUMBERS = 1 << _VALUES
_PACKED = 1 << _VECTORS | 1 << _WORDS
_INT_DICTIONARY = _PACKED | 1 << _DICT_VALUES
_STR_DICTIONARY = _PACKED | 1 << _DICT_LENGTHS | 1 << _DICT_TEXT
_DESCRIPTOR_BYTES = DESCRIPTOR_WORDS * 8
_BITMAP_BYTES = VECTOR_ROWS // 8

_places = stack_buffer(_PARTS * 16)  # int64[part][2]: address, bytes


@shared
def _find_parts(data, size, places):
    """Addresses and lengths of a block's parts, all plain and inside it; the set of them, or -1."""
    p = i64p(places)
    count = np.int64(u16p(data)[3])
    if _HEADER_BYTES + count * _PART_BYTES > size:
        return -1
    seen = np.int64(0)
    for i in range(count):
        entry = data + _HEADER_BYTES + i * _PART_BYTES
        part, codec = np.int64(u16p(entry)[0]), np.int64(u16p(entry)[1])
        offset, stored, length = i64p(entry)[1], i64p(entry)[2], i64p(entry)[3]
        if part < 1 or part >= _PARTS or (seen >> part) & 1 or codec != 0 or stored != length:
            return -1
        if offset < 0 or offset > size or offset % _ALIGNMENT or stored < 0 or stored > size - offset:
            return -1
        p[2 * part], p[2 * part + 1] = data + offset, stored
        seen |= np.int64(1) << part
    return seen


@shared
def _marked(bitmap, size):
    words, total = u64p(bitmap), np.uint64(0)
    for i in range(size >> 3):
        total += popcount(words[i])
    return as_i64(total)


@shared
def _vectors(places, vectors, meta, zones):
    """Read the vector table; 1 when it fits the number of vectors and the words."""
    p = i64p(places)
    if p[2 * _VECTORS + 1] != vectors * ENTRY_BYTES or p[2 * _WORDS + 1] % 8:
        return 0
    used = read_table(p[2 * _VECTORS], vectors, meta, zones)
    return np.int64(used >= 0 and (used + LANES) * 8 == p[2 * _WORDS + 1])


@shared
def _codes(words, meta, vectors, entries):
    """1 when every packed code has an entry: its vector's width and base prove it, or all are looked at."""
    for vector in range(vectors):
        m = i64p(meta + vector * META_BYTES)
        width, base = m[1], m[2]
        if m[3] != 0:
            return 0  # steps are no codes
        proven = width <= 16 and base >= 0 and base <= entries and base + (np.int64(1) << width) <= entries
        if not proven and vector_within(words, meta + vector * META_BYTES, entries) == 0:
            return 0
    return 1


@shared
def _number_dictionary(places, width, left, out):
    """int64 entries of a dictionary of numbers at `out`; how many, or -1."""
    p = i64p(places)
    values, size = p[2 * _DICT_VALUES], p[2 * _DICT_VALUES + 1]
    if width <= 0 or size % width or size // width * 8 > left:
        return -1
    entries, o = size // width, i64p(out)
    for i in range(entries):
        if width == 8:
            o[i] = i64p(values)[i]
        elif width == 4:
            o[i] = np.int64(i32p(values)[i])
        elif width == 2:
            o[i] = np.int64(i16p(values)[i])
        else:
            return -1
    return entries


@shared
def _text_dictionary(places, left, out):
    """Views of a dictionary's strings at `out`; how many, or -1."""
    p = i64p(places)
    lengths, size = p[2 * _DICT_LENGTHS], p[2 * _DICT_LENGTHS + 1]
    if size % 4 or size // 4 * 16 > left:
        return -1
    entries, o = size // 4, i64p(out)
    at, end = p[2 * _DICT_TEXT], p[2 * _DICT_TEXT] + p[2 * _DICT_TEXT + 1]
    for i in range(entries):
        length = np.int64(u32p(lengths)[i])
        if length > end - at:
            return -1
        o[2 * i], o[2 * i + 1] = at, length
        at += length
    if at != end:
        return -1
    return entries


@shared
def _open_values(job, places, words):
    """RAW: numbers at their declared width."""
    j, p, d = i64p(job), i64p(places), i64p(words)
    if j[J_WIDTH] <= 0 or p[2 * _VALUES + 1] != j[J_ROWS] * j[J_WIDTH]:
        return 0
    d[D_KIND] = DK_RAW_INT if j[J_FORM] == FORM_RAW_INT else DK_RAW_FLOAT
    d[D_DATA], d[D_BYTES], d[D_WIDTH] = p[2 * _VALUES], p[2 * _VALUES + 1], j[J_WIDTH]
    return 1


@shared
def _open_vectors(job, places, words):
    """AZ64: packed vectors; BYTEDICT: packed codes and their dictionary."""
    j, p, d = i64p(job), i64p(places), i64p(words)
    vectors = (j[J_ROWS] + VECTOR_ROWS - 1) // VECTOR_ROWS
    meta = words + _DESCRIPTOR_BYTES
    zones = meta + vectors * META_BYTES
    dictionary = zones + vectors * ZONE_BYTES
    left = j[J_LEFT] - (dictionary - words)
    if left < 0 or _vectors(places, vectors, meta, zones) == 0:
        return 0
    d[D_DATA], d[D_BYTES] = p[2 * _WORDS], p[2 * _WORDS + 1]
    if j[J_FORM] == FORM_PACKED:
        d[D_KIND], d[D_META], d[D_ZONES] = DK_PACKED, meta, zones
        return 1
    if j[J_FORM] == FORM_DICT_INT:
        entries = _number_dictionary(places, j[J_WIDTH], left, dictionary)
        d[D_KIND] = DK_DICT_INT
    else:
        entries = _text_dictionary(places, left, dictionary)
        d[D_KIND] = DK_DICT_STR
    if entries < 0 or _codes(p[2 * _WORDS], meta, vectors, entries) == 0:
        return 0
    d[D_CODES_META], d[D_DICT], d[D_DICT_ROWS] = meta, dictionary, entries
    return 1


@shared
def _expected(form):
    """The parts that a block of a form has, its nulls apart."""
    if form == FORM_PACKED:
        return _PACKED
    if form == FORM_DICT_INT:
        return _INT_DICTIONARY
    if form == FORM_DICT_STR:
        return _STR_DICTIONARY
    if form in (FORM_RAW_INT, FORM_RAW_FLOAT):
        return _NUMBERS
    return -1


@shared
def _open_block(job, tables):
    j = i64p(job)
    data, size, rows, form = j[J_DATA], j[J_BYTES], j[J_ROWS], j[J_FORM]
    if size < _HEADER_BYTES or rows <= 0 or rows > BATCH_ROWS or j[J_LEFT] < _DESCRIPTOR_BYTES:
        return 0
    if crc32(data, size, tables) != j[J_CRC]:
        return 0
    head, nulls = u32p(data), np.int64(u32p(data)[3])
    if np.int64(head[0]) != _MAGIC or np.int64(u8p(data)[4]) != j[J_ENCODING] or np.int64(u8p(data)[5]) != _VERSION:
        return 0
    if np.int64(head[2]) != rows or nulls > rows:
        return 0
    places = _places(0)
    p, words = i64p(places), j[J_ROOM]
    d = i64p(words)
    for i in range(DESCRIPTOR_WORDS):
        d[i] = 0
    seen = _find_parts(data, size, places)
    if seen < 0 or seen & ~np.int64(1 << _NULLS) != _expected(form):
        return 0
    if seen & (1 << _NULLS):
        if p[2 * _NULLS + 1] != (rows + VECTOR_ROWS - 1) // VECTOR_ROWS * _BITMAP_BYTES:
            return 0
        if _marked(p[2 * _NULLS], p[2 * _NULLS + 1]) != nulls:
            return 0
        d[D_NULLS] = p[2 * _NULLS]
    elif nulls != 0:
        return 0
    d[D_ROWS] = rows
    if form in (FORM_RAW_INT, FORM_RAW_FLOAT):
        return _open_values(job, places, words)
    return _open_vectors(job, places, words)


def _emit_pread(b, a):
    """libc's: (file, address, bytes, offset) -> bytes read, 0 at the end, -1 when it fails."""
    kind = ir.FunctionType(I64, [I32, I8.as_pointer(), I64, I64])
    function = b.module.globals.get("pread") or ir.Function(b.module, kind, "pread")
    return b.call(function, [b.trunc(a[0], I32), b.inttoptr(a[1], I8.as_pointer()), a[2], a[3]])


_pread = make_intrinsic(types.int64(*[types.int64] * 4), _emit_pread, 4)


@shared
def _read(file, job):
    """1 when the block's bytes have been read, all of them."""
    j, done = i64p(job), np.int64(0)
    while done < j[J_BYTES]:
        step = _pread(file, j[J_DATA] + done, j[J_BYTES] - done, j[J_OFFSET] + done)
        if step <= 0:
            return 0
        done += step
    return 1


@kernel("open_blocks", 4)
def open_blocks(jobs, count, tables, file):
    opened = np.int64(0)
    for i in range(count):
        job = jobs + i * JOB_WORDS * 8
        result = np.int64(0)
        if file == NO_FILE or _read(file, job) == 1:
            result = np.int64(_open_block(job, tables))
        i64p(job)[J_OPENED] = result
        opened += result
    return opened
