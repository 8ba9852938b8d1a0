"""LIKE, the native part; patterns: like.py (what a block holds: text_layout.py, L_*).

    op           out    a      k                        level
    like_str     BOOL   STR    block of compile_like    vector

`like_text` matches one string; column_ops.py searches whole blocks with it.
"""
from __future__ import annotations

from .abi import OK
from .intrinsics import i64p, inline, shared, u8p
from .registry import op
from .text import character_bytes, find_text, text_equal
from .text_layout import (
    KIND_ANY,
    L_FOLD,
    L_FROM_START,
    L_MINIMUM,
    L_SEGMENT_WORDS,
    L_SEGMENTS,
    L_TO_END,
    S_BYTES,
    S_KINDS,
    S_LENGTH,
    S_PLAIN,
    SEGMENT_WORDS,
)


@inline
def _folded(byte, fold):
    return byte + 32 if fold != 0 and 65 <= byte <= 90 else byte


@shared
def _match_at(segment, fold, x, at, length):
    """Where the segment ends when it stands at offset `at`, -1 when it does not."""
    if segment[S_PLAIN] != 0:
        end = at + segment[S_LENGTH]
        return end if end <= length and text_equal(x + at, segment[S_BYTES], segment[S_LENGTH]) else -1
    pattern, kinds, text = u8p(segment[S_BYTES]), u8p(segment[S_KINDS]), u8p(x)
    j = 0
    while j < segment[S_LENGTH] and at >= 0:
        if at >= length:
            at = -1
        elif kinds[j] == KIND_ANY:
            at = min(at + character_bytes(x + at), length)
        elif _folded(text[at], fold) == pattern[j]:
            at += 1
        else:
            at = -1
        j += 1
    return at


@inline
def _search(segment, fold, x, at, length):
    """End of the leftmost place of a segment from offset `at` on, -1 when there is none."""
    if segment[S_PLAIN] != 0:
        found = find_text(x + at, length - at, segment[S_BYTES], segment[S_LENGTH])
        return at + found + segment[S_LENGTH] if found >= 0 else -1
    text, end = u8p(x), -1
    lead = u8p(segment[S_BYTES])[0] if u8p(segment[S_KINDS])[0] != KIND_ANY and fold == 0 else 0
    while end < 0 and at < length:
        if lead == 0 or text[at] == lead:
            end = _match_at(segment, fold, x, at, length)
        at += character_bytes(x + at)
    return end


@shared
def _match_end(segment, fold, x, at, length):
    """Whether the segment stands at the string's end, not before offset `at`."""
    if segment[S_PLAIN] != 0:
        start = length - segment[S_LENGTH]
        return start >= at and text_equal(x + start, segment[S_BYTES], segment[S_LENGTH])
    found = False
    while not found and at < length:
        found = _match_at(segment, fold, x, at, length) == length
        at += character_bytes(x + at)
    return found


@shared
def like_text(block, x, length):
    """Whether a string matches a pattern's block."""
    w = i64p(block)
    count, fold = w[L_SEGMENTS], w[L_FOLD]
    if length < w[L_MINIMUM]:
        return False
    at = 0
    for j in range(count):
        segment = i64p(block + 8 * (L_SEGMENT_WORDS + SEGMENT_WORDS * j))
        first, last = j == 0 and w[L_FROM_START] != 0, j == count - 1 and w[L_TO_END] != 0
        if first:
            at = _match_at(segment, fold, x, at, length)
            if at < 0 or (last and at != length):
                return False
        elif last:
            return _match_end(segment, fold, x, at, length)
        else:
            at = _search(segment, fold, x, at, length)
            if at < 0:
                return False
    return True


@op("like_str")
def like_str(out, a, b, c, k, n, frame):
    o, x = u8p(out), i64p(a)
    for i in range(n):
        o[i] = 1 if like_text(k, x[2 * i], x[2 * i + 1]) else 0
    return OK
