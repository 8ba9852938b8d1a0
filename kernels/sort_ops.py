"""Sorting strings, the native part: order words, and what is left to compare behind them. Arrays: sorting.py.

    text_significant(views, n, out)       the strings without their trailing blanks, which do not count
    text_shared_prefix(views, n)          answers how many bytes all non-empty strings have in common
    text_words(views, n, skip, out)       u64 per string: 7 bytes from `skip` on, then min(bytes left, 8) + 1;
                                          0 for an empty string, when there is a shared prefix
    text_ties(views, n, skip, words, rows, room)   rows are sorted by words[row]: orders runs of equal ones
    text_ranks(views, n, rows, ranks)     rows in order -> each row's dense rank; answers how many there are

A word decides unless two strings share 7 bytes and both go on: only those runs are compared in full, by
a merge sort that keeps equal strings in the order they came.
"""
from __future__ import annotations

import numpy as np

from .abi import OK
from .intrinsics import as_i64, i64p, inline, u8p, u64p
from .registry import kernel
from .text import prefix_word, significant, text_compare, text_equal

WORD_BYTES = 7
LOW_BYTE = np.uint64(0xFF)


@kernel("text_significant", arity=3)
def text_significant(views, n, out):
    x, o = i64p(views), i64p(out)
    for i in range(n):
        o[2 * i] = x[2 * i]
        o[2 * i + 1] = significant(x[2 * i], x[2 * i + 1])
    return OK


@kernel("text_shared_prefix", arity=2)
def text_shared_prefix(views, n):
    x = i64p(views)
    first, shared = -1, 0
    for i in range(n):
        length = x[2 * i + 1]
        if length == 0:
            continue
        if first < 0:
            first, shared = i, length
        shared = min(shared, length)
        p, q, same = u8p(x[2 * first]), u8p(x[2 * i]), 0
        while same < shared and p[same] == q[same]:
            same += 1
        shared = same
        if shared == 0:
            break
    return shared


@kernel("text_words", arity=4)
def text_words(views, n, skip, out):
    x, o = i64p(views), u64p(out)
    for i in range(n):
        left = x[2 * i + 1] - skip
        word = prefix_word(x[2 * i] + skip, min(left, WORD_BYTES))
        o[i] = (word & ~LOW_BYTE) | np.uint64(max(min(left, WORD_BYTES + 1) + 1, 0))
    return OK


@inline
def _after(views, skip, p, q):
    """Whether row p's string comes behind row q's, from byte `skip` on."""
    x = i64p(views)
    p_skip, q_skip = min(skip, x[2 * p + 1]), min(skip, x[2 * q + 1])
    order = text_compare(
        x[2 * p] + p_skip, x[2 * p + 1] - p_skip, x[2 * q] + q_skip, x[2 * q + 1] - q_skip
    )
    return order > 0


@inline
def _merge(views, skip, source, target, start, middle, stop):
    """Merge rows start .. middle and middle .. stop of one array into the other."""
    a, o = i64p(source), i64p(target)
    left, right = start, middle
    for at in range(start, stop):
        take_right = left == middle
        if left < middle and right < stop:
            take_right = _after(views, skip, a[left], a[right])
        if take_right:
            o[at] = a[right]
            right += 1
        else:
            o[at] = a[left]
            left += 1


@inline
def _sort_run(views, skip, rows, room, start, stop):
    """Merge sort of rows[start:stop], bottom up, with the same part of `room` as second array."""
    source, target, width = rows, room, 1
    while width < stop - start:
        for begin in range(start, stop, 2 * width):
            middle, end = min(begin + width, stop), min(begin + 2 * width, stop)
            _merge(views, skip, source, target, begin, middle, end)
        source, target = target, source
        width *= 2
    if source != rows:
        r, s = i64p(rows), i64p(room)
        for i in range(start, stop):
            r[i] = s[i]


@kernel("text_ties", arity=6)
def text_ties(views, n, skip, words, rows, room):
    w, r = u64p(words), i64p(rows)
    start = 0
    for i in range(1, n + 1):
        if i < n and w[r[i]] == w[r[start]]:
            continue
        if i - start > 1 and as_i64(w[r[start]] & LOW_BYTE) > WORD_BYTES + 1:
            _sort_run(views, skip + WORD_BYTES, rows, room, start, i)
        start = i
    return OK


@kernel("text_ranks", arity=4)
def text_ranks(views, n, rows, ranks):
    x, r, o = i64p(views), i64p(rows), i64p(ranks)
    rank = 0
    for i in range(n):
        if i > 0:
            p, q = r[i - 1], r[i]
            same = x[2 * p + 1] == x[2 * q + 1]
            if same:
                same = text_equal(x[2 * p], x[2 * q], x[2 * p + 1])
            rank += 0 if same else 1
        o[r[i]] = rank
    return rank + 1 if n > 0 else 0
