"""Inlined helpers over bytes: equality, order, prefix, UTF-8. Memory is readable 32 bytes past a string.

Bytes are compared eight at a time: equal words are skipped, the last partial word is masked. The
order is that of unsigned bytes, which for UTF-8 is the order of code points. A string of length 0
may have any address and is never read.
"""
from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types

from .intrinsics import (
    I8,
    I64,
    as_i64,
    as_u64,
    byte_swap,
    inline,
    load_row,
    make_intrinsic,
    popcount,
    shared,
    splat,
    trailing_zeros,
    u8p,
    u64p,
)

BYTE_ONES = np.uint64(0x0101010101010101)
HIGH_BITS = np.uint64(0x8080808080808080)
ALL_BITS = np.uint64(0xFFFFFFFFFFFFFFFF)
BLANK = 0x20


@inline
def low_mask(count):
    """A mask of the lowest `count` bytes of a word, 0..8."""
    return ALL_BITS >> as_u64(64 - 8 * count) if count > 0 else np.uint64(0)


@inline
def text_equal(x, y, length):
    """Whether `length` bytes at two addresses are the same."""
    at = 0
    while at + 8 <= length and u64p(x + at)[0] == u64p(y + at)[0]:
        at += 8
    rest = length - at
    same = rest == 0
    if 0 < rest < 8:
        same = (u64p(x + at)[0] ^ u64p(y + at)[0]) & low_mask(rest) == np.uint64(0)
    return same


@inline
def significant(x, length):
    """The length of a string without its trailing blanks: they do not count when values are compared."""
    while length > 0 and u8p(x + length - 1)[0] == BLANK:
        length -= 1
    return length


@shared
def text_compare(x, x_length, y, y_length):
    """-1, 0 or 1: the order of two strings."""
    shared = min(x_length, y_length)
    at = 0
    while at + 8 <= shared and u64p(x + at)[0] == u64p(y + at)[0]:
        at += 8
    order = 0
    if at < shared:
        mask = low_mask(min(shared - at, 8))
        p, q = byte_swap(u64p(x + at)[0] & mask), byte_swap(u64p(y + at)[0] & mask)
        order = (1 if p > q else 0) - (1 if p < q else 0)
    if order == 0:
        order = (1 if x_length > y_length else 0) - (1 if x_length < y_length else 0)
    return order


@inline
def prefix_word(x, length):
    """The first 8 bytes as a number that sorts as they do (missing bytes are 0)."""
    return byte_swap(u64p(x)[0] & low_mask(min(length, 8))) if length > 0 else np.uint64(0)


@inline
def character_bytes(x):
    """Bytes of the UTF-8 character that starts at an address (1 for a byte that starts none)."""
    lead = u8p(x)[0]
    return 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4


@inline
def count_characters(x, length):
    """Characters in `length` bytes of UTF-8: all bytes but those of the form 10xxxxxx."""
    count, at = length, 0
    while at + 8 <= length:
        w = u64p(x + at)[0]
        count -= as_i64(popcount((w >> np.uint64(7)) & (~w >> np.uint64(6)) & BYTE_ONES))
        at += 8
    if at < length:
        w = u64p(x + at)[0] & low_mask(length - at)
        count -= as_i64(popcount((w >> np.uint64(7)) & (~w >> np.uint64(6)) & BYTE_ONES))
    return count


@inline
def at_character(x, length, start, count):
    """The offset `count` characters behind offset `start` (at most `length`)."""
    text = u8p(x)
    at = start
    left = count
    while left >= 8 and at + 8 <= length and u64p(x + at)[0] & HIGH_BITS == np.uint64(0):
        at += 8  # eight characters of one byte
        left -= 8
    while left > 0 and at < length:
        at += 1
        while at < length and (text[at] & 0xC0) == 0x80:
            at += 1
        left -= 1
    return at


# -- searching ----------------------------------------------------------------------------------------

POSITIONS = 32
_BYTES = ir.VectorType(I8, POSITIONS)


def _emit_candidates(b, a):
    first = b.icmp_signed("==", load_row(b, a[0], _BYTES, 1), splat(b, b.trunc(a[2], I8), POSITIONS))
    last = b.icmp_signed("==", load_row(b, a[1], _BYTES, 1), splat(b, b.trunc(a[3], I8), POSITIONS))
    return b.zext(b.bitcast(b.and_(first, last), ir.IntType(POSITIONS)), I64)


_four = [types.int64] * 4
# (x, y, p, q) -> bit i is set when byte i at x is p and byte i at y is q, for 32 positions
candidates = make_intrinsic(types.uint64(*_four), _emit_candidates, 4)


@shared
def find_text(x, length, needle, needle_length):
    """Offset of the first occurrence of a non-empty needle, -1 when there is none.

    32 positions at a time: where its first and last byte fit, the whole is compared.
    """
    last = length - needle_length
    head, tail = u8p(needle)[0], u8p(needle)[needle_length - 1]
    at, found = 0, -1
    while found < 0 and at <= last:
        bits = candidates(x + at, x + at + needle_length - 1, head, tail)
        while bits != np.uint64(0) and found < 0:
            hit = at + as_i64(trailing_zeros(bits))
            if hit > last:
                bits = np.uint64(0)
            elif text_equal(x + hit, needle, needle_length):
                found = hit
            else:
                bits &= bits - np.uint64(1)
        at += POSITIONS
    return found
