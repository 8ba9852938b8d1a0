"""What loading needs natively: packing, dictionaries, string gathers, bounds and sketches of a block.

    kernel             answers                     does
    pack_vectors       words used                  bit-packs whole vectors of int64 (unpack.py's layout)
    unpack_vectors     0                           opens packed vectors one after the other
    unpack_offsets     total, -1 if malformed      packed lengths -> running uint32 offsets
    read_vectors       words, -1 if impossible     a block's vector table -> D_META and D_ZONES of abi.py
    codes_within       1, 0 if some code is not    whether all packed codes are below a limit
    repeat_live        0                           values with each NULL row repeating the live one before
    number_codes       different values met        code of each int64, numbered as they appear
    string_codes       different strings met       the same for strings
    gather_offsets     total bytes                 offsets of chosen strings, one behind the other
    gather_strings     0                           copies the strings there
    text_key_bounds    1 if a text has a 0 byte    smallest and largest 8-byte key (storage/zones.py)
    sketch_add         0                           raises HyperLogLog registers (storage/statistics.py)

All take a whole column of a row group (up to 65,536 rows, though nothing here depends on that) in one
call. Arrays come from the caller, with the alignment and slack of memory.py; the plain functions over
arrays stand beside their references in storage/encodings/ and storage/vector.py.

Row numbers and codes are int64. A code of -1 means "beyond the limit". Strings are int64 offsets into
bytes that are readable 32 bytes past the end.
"""
from __future__ import annotations

import numpy as np
from llvmlite import ir

from .abi import PACK_DELTA, PACK_FOR, VECTOR_ROWS
from .hash_ops import hash_text
from .intrinsics import (
    I8,
    LANES,
    ROW_BYTES,
    as_i64,
    as_u64,
    i64p,
    inline,
    leading_zeros,
    load_row,
    memory_fill,
    mix,
    splat,
    stack_buffer,
    store_row,
    trailing_zeros,
    u8p,
    u32p,
    u64p,
    vector_op,
)
from .registry import kernel
from .text import ALL_BITS, prefix_word, text_equal
from .unpack import META_BYTES, ROWS, unpack
from .vector_table import all_within, read_table

VECTOR_BYTES = VECTOR_ROWS * 8
_LEAST, _MOST = np.int64(-(1 << 63)), np.int64((1 << 63) - 1)
_BLANK = np.uint64(0x20)
_CHUNK_TYPE = ir.VectorType(I8, 32)
_CHUNK = 32  # bytes copied at a time; what is copied too much is overwritten by the next string


# -- packing ------------------------------------------------------------------------------------------


def _emit_put(b, a):  # to, from, base, left shift: first bits of a word
    store_row(b, b.shl(b.sub(load_row(b, a[1]), splat(b, a[2])), splat(b, a[3])), a[0])


def _emit_add(b, a):  # to, from, base, left shift: further bits of a word
    value = b.shl(b.sub(load_row(b, a[1]), splat(b, a[2])), splat(b, a[3]))
    store_row(b, b.or_(load_row(b, a[0]), value), a[0])


def _emit_spill(b, a):  # to, from, base, right shift: what did not fit the word before
    store_row(b, b.lshr(b.sub(load_row(b, a[1]), splat(b, a[2])), splat(b, a[3])), a[0])


_put_row = vector_op(_emit_put, 4)
_add_row = vector_op(_emit_add, 4)
_spill_row = vector_op(_emit_spill, 4)
_scratch = stack_buffer(VECTOR_BYTES)
_open = stack_buffer(VECTOR_BYTES)


@inline
def _bits(low, high):
    """Bits that hold every distance from low to high (wrapping)."""
    return as_i64(64 - leading_zeros(as_u64(high - low)))


@inline
def pack_rows(source, base, width, words):
    """The 64 rows of a vector, `width` bits a value, to words at `words`."""
    for row in range(ROWS):
        bit = row * width
        word, shift = words + (bit >> 6) * ROW_BYTES, bit & 63
        here = source + row * ROW_BYTES
        if shift == 0:
            _put_row(word, here, base, 0)
        else:
            _add_row(word, here, base, shift)
            if shift + width > 64:
                _spill_row(word + ROW_BYTES, here, base, 64 - shift)


@inline
def _range(values, count):
    low, high = values[0], values[0]
    for i in range(count):
        low = min(low, values[i])
        high = max(high, values[i])
    return low, high


@inline
def _live_range(values, valid):
    low, high = _MOST, _LEAST
    for i in range(VECTOR_ROWS):
        low = min(low, values[i] if valid[i] != 0 else _MOST)
        high = max(high, values[i] if valid[i] != 0 else _LEAST)
    return low, high


@kernel("pack_vectors", 6)
def pack_vectors(values, valid, vectors, table, words, allow_delta):
    """table: int64[vectors][5] = (width, flags, base, low, high); words: 1,025 a vector and 16 more."""
    steps = _scratch(0)
    s = i64p(steps)
    used = 0
    for vector in range(vectors):
        here = values + vector * VECTOR_BYTES
        v, entry = i64p(here), i64p(table + vector * 40)
        low, high = _range(v, VECTOR_ROWS)
        width, base, flags, source = _bits(low, high), low, PACK_FOR, here
        if allow_delta != 0 and width > 1:
            for i in range(1, VECTOR_ROWS):
                s[i] = v[i] - v[i - 1]
            s[0] = s[1]
            least, most = _range(s, VECTOR_ROWS)
            narrow = _bits(least, most)
            if 4 * narrow < 3 * width:
                width, base, flags, source = narrow, least, PACK_DELTA, steps
                s[0] = least
                i64p(words)[used] = v[0] - least
                used += 1
        if valid != 0:
            low, high = _live_range(v, u8p(valid + vector * VECTOR_ROWS))
        entry[0], entry[1], entry[2], entry[3], entry[4] = width, flags, base, low, high
        if width > 0:
            pack_rows(source, base, width, words + used * 8)
        used += width * LANES
    memory_fill(words + used * 8, 0, ROW_BYTES)
    return used


@kernel("read_vectors", 4)
def read_vectors(table, vectors, meta, zones):
    """table: entries of 26 bytes as on disk; see vector_table.py."""
    return read_table(table, vectors, meta, zones)


@kernel("unpack_vectors", 4)
def unpack_vectors(words, meta, vectors, out):
    for vector in range(vectors):
        unpack(words, meta + vector * META_BYTES, out + vector * VECTOR_BYTES)
    return 0


@kernel("unpack_offsets", 5)
def unpack_offsets(words, meta, rows, limit, out):
    """uint32[rows + 1] offsets of strings; no length may be negative, their sum not above `limit`."""
    buffer = _open(0)
    lengths, offsets = i64p(buffer), u32p(out)
    total = 0
    offsets[0] = 0
    for first in range(0, rows, VECTOR_ROWS):
        unpack(words, meta + (first // VECTOR_ROWS) * META_BYTES, buffer)
        for i in range(min(VECTOR_ROWS, rows - first)):
            length = lengths[i]
            if length < 0 or length > limit - total:
                return -1
            total += length
            offsets[first + i + 1] = total
    return total


@kernel("codes_within", 4)
def codes_within(words, meta, vectors, limit):
    return all_within(words, meta, vectors, limit)


@kernel("repeat_live", 4)
def repeat_live(values, valid, rows, out):
    """The NULL rows before the first live one repeat that one; 0 when there is none."""
    v, live, o = i64p(values), u8p(valid), i64p(out)
    last = np.int64(0)
    for i in range(rows):
        if live[i] != 0:
            last = v[i]
            break
    for i in range(rows):
        last = v[i] if live[i] != 0 else last
        o[i] = last
    return 0


# -- dictionaries -------------------------------------------------------------------------------------


@kernel("number_codes", 7)
def number_codes(values, rows, limit, stop, slots, mask, codes):
    """slots: int64[mask + 1][2], zeroed, at least twice `limit`: (value, code + 1).

    Values after the first `limit` different ones get code -1; with `stop` the answer is then
    limit + 1 at once, and codes are not complete.
    """
    v, table, c = i64p(values), i64p(slots), i64p(codes)
    count = 0
    for i in range(rows):
        slot = as_i64(mix(as_u64(v[i]))) & mask
        while table[2 * slot + 1] != 0 and table[2 * slot] != v[i]:
            slot = (slot + 1) & mask
        code = table[2 * slot + 1] - 1
        if code < 0:
            if count < limit:
                code = count
                count += 1
                table[2 * slot] = v[i]
                table[2 * slot + 1] = count
            elif stop != 0:
                return limit + 1
        c[i] = code
    return count


@kernel("string_codes", 9)
def string_codes(offsets, data, rows, limit, stop, slots, mask, firsts, codes):
    """slots: int64[mask + 1][2], zeroed: (hash, code + 1); firsts: the row where each code appears first."""
    at, table, c, f = i64p(offsets), i64p(slots), i64p(codes), i64p(firsts)
    count = 0
    for i in range(rows):
        start, length = data + at[i], at[i + 1] - at[i]
        h = as_i64(hash_text(start, length))
        slot = h & mask
        code = table[2 * slot + 1] - 1
        while code >= 0:
            if table[2 * slot] == h:
                other = f[code]
                if at[other + 1] - at[other] == length and text_equal(data + at[other], start, length):
                    break
            slot = (slot + 1) & mask
            code = table[2 * slot + 1] - 1
        if code < 0:
            if count < limit:
                code = count
                f[code] = i
                count += 1
                table[2 * slot] = h
                table[2 * slot + 1] = count
            elif stop != 0:
                return limit + 1
        c[i] = code
    return count


# -- strings ------------------------------------------------------------------------------------------


@kernel("gather_offsets", 4)
def gather_offsets(offsets, indices, n, out):
    at, rows, o = i64p(offsets), i64p(indices), i64p(out)
    total = np.int64(0)
    o[0] = 0
    for i in range(n):
        total += at[rows[i] + 1] - at[rows[i]]
        o[i + 1] = total
    return total


def _emit_chunk(b, a):
    kind = load_row(b, a[1], _CHUNK_TYPE, 1)
    store_row(b, kind, a[0], 1)


_copy_chunk = vector_op(_emit_chunk, 2)


@kernel("gather_strings", 6)
def gather_strings(offsets, data, indices, n, out_offsets, out):
    """`out` has 32 bytes more than the strings need: each is copied in whole chunks."""
    at, rows, o = i64p(offsets), i64p(indices), i64p(out_offsets)
    for i in range(n):
        source, target, end = data + at[rows[i]], out + o[i], out + o[i + 1]
        while target < end:
            _copy_chunk(target, source)
            target += _CHUNK
            source += _CHUNK
    return 0


@inline
def _strip_blanks(key):
    """A key whose trailing blanks are zeros."""
    while key != np.uint64(0):
        shift = trailing_zeros(key) & np.uint64(56)
        if (key >> shift) & np.uint64(0xFF) != _BLANK:
            break
        key ^= _BLANK << shift
    return key


@kernel("text_key_bounds", 5)
def text_key_bounds(offsets, data, valid, rows, out):
    """out: uint64 (low, high) over live rows; low with blanks stripped. (all ones, 0) if there are none.

    Answers 1 when some key ends in a zero byte of the text's own, and so says less than it seems to.
    """
    at, live, o = i64p(offsets), u8p(valid), u64p(out)
    low, high = ALL_BITS, np.uint64(0)
    zeros = 0
    for i in range(rows):
        if valid == 0 or live[i] != 0:
            length = at[i + 1] - at[i]
            key = prefix_word(data + at[i], length)
            high = max(high, key)
            last = key & np.uint64(0xFF)
            if last == np.uint64(0):
                kept = 8 - as_i64(trailing_zeros(key) >> np.uint64(3)) if key != np.uint64(0) else 0
                zeros |= 1 if kept < min(length, 8) else 0
                key = _strip_blanks(key)
            elif last == _BLANK:
                key = _strip_blanks(key)
            low = min(low, key)
    o[0] = low
    o[1] = high
    return zeros


# -- sketches -----------------------------------------------------------------------------------------


@kernel("sketch_add", 5)
def sketch_add(hashes, valid, rows, precision, registers):
    """Register = the hash's upper bits; rank = the first 1 among the others, counted from 1."""
    h, live, r = u64p(hashes), u8p(valid), u8p(registers)
    up, down = as_u64(precision), as_u64(64 - precision)
    guard = np.uint64(1) << as_u64(precision - 1)
    for i in range(rows):
        if valid == 0 or live[i] != 0:
            place = as_i64(h[i] >> down)
            rank = as_i64(leading_zeros((h[i] << up) | guard)) + 1
            r[place] = max(as_i64(r[place]), rank)
    return 0
