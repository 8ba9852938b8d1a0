"""String functions over STR views, the native part. A view is (address, length in bytes); text is UTF-8.

    op              out    a     b        c        k                      level
    length_str      I64    STR                                            vector      characters
    octet_length_str I64   STR                                            vector      bytes
    compare_str     BOOL   STR   STR               C_EQ .. C_GE           vector
    compare_str_k   BOOL   STR                     constant block         vector      make_comparison()
    in_list_str     BOOL   STR                     list block             vector      make_list()
    substring_str   STR    STR   I64 start  I64 count or 0                vector      start 1 = first
    left_str        STR    STR   I64 count                                vector      first characters
    right_str       STR    STR   I64 count                                vector      last characters
    trim_str        STR    STR                     trim block             vector      make_trim()
    position_str    I64    STR   STR (sought)                             vector      1 = first, 0 = not there
    concat_str      STR    STR   STR               arena                  BLOCK
    upper_str       STR    STR                     arena                  BLOCK       ASCII only, see below
    lower_str       STR    STR                     arena                  BLOCK

Comparisons and lists ignore trailing blanks (r_Character_types).
Vector ops run as block ops as well. What only cuts answers views into the bytes it was given. What makes new
bytes needs an arena, one per instruction: k -> [used, capacity, address, missing]; each call starts it
anew, and NEED_SPACE asks for capacity + missing.

upper_str and lower_str answer PYCALL when a string of the batch is not plain ASCII: Python maps that batch
(Arrow knows Unicode), fills `out` and goes on behind the instruction.

Counting characters means counting the bytes that do not continue one. Counts follow SQL: a substring that
starts before the text loses what lies there; a negative count is 0 in substring and, in left and right, means
"all but the last (first) -count characters".
Parameter blocks are made by text_blocks.py.
"""
from __future__ import annotations

from .abi import NEED_SPACE, OK, PYCALL
from .intrinsics import i64p, inline, memory_copy, u8p
from .registry import op
from .text import (
    at_character,
    count_characters,
    find_text,
    significant,
    text_compare,
    text_equal,
)
from .text_layout import (
    A_ADDRESS,
    A_CAPACITY,
    A_MISSING,
    A_USED,
    C_EQ,
    C_GE,
    C_GT,
    C_LE,
    C_LT,
    C_NE,
    I_COUNT,
    I_LINEAR,
    I_VIEWS,
    K_ADDRESS,
    K_COMPARISON,
    T_LEFT,
    T_RIGHT,
    T_SET,
)


@op("length_str")
def length_str(out, a, b, c, k, n, frame):
    o, x = i64p(out), i64p(a)
    for i in range(n):
        o[i] = count_characters(x[2 * i], x[2 * i + 1])
    return OK


@op("octet_length_str")
def octet_length_str(out, a, b, c, k, n, frame):
    o, x = i64p(out), i64p(a)
    for i in range(n):
        o[i] = x[2 * i + 1]
    return OK


@inline
def _compare(out, a, b, step, comparison, n):
    """Compare n views at `a` with those at `b`, `step` words apart (0: all with one)."""
    o, x, y = u8p(out), i64p(a), i64p(b)
    if comparison <= C_NE:
        for i in range(n):
            length = significant(x[2 * i], x[2 * i + 1])
            same = length == significant(y[step * i], y[step * i + 1])
            if same:
                same = text_equal(x[2 * i], y[step * i], length)
            o[i] = 1 if same == (comparison == C_EQ) else 0
    else:
        # An order is one of three; each comparison holds for some of them.
        low = 1 if comparison in (C_LT, C_LE) else 0
        equal = 1 if comparison in (C_LE, C_GE) else 0
        high = 1 if comparison in (C_GT, C_GE) else 0
        for i in range(n):
            x_length = significant(x[2 * i], x[2 * i + 1])
            y_length = significant(y[step * i], y[step * i + 1])
            order = text_compare(x[2 * i], x_length, y[step * i], y_length)
            o[i] = low if order < 0 else high if order > 0 else equal


@op("compare_str")
def compare_str(out, a, b, c, k, n, frame):
    _compare(out, a, b, 2, k, n)
    return OK


@op("compare_str_k")
def compare_str_k(out, a, b, c, k, n, frame):
    _compare(out, a, k + 8 * K_ADDRESS, 0, i64p(k)[K_COMPARISON], n)
    return OK


@inline
def _in_order(views, count, x, length):
    """Whether a string is in a list of views in order: binary search."""
    low, high, found = 0, count, False
    while low < high and not found:
        middle = (low + high) >> 1
        order = text_compare(x, length, views[2 * middle], views[2 * middle + 1])
        found = order == 0
        if order < 0:
            high = middle
        else:
            low = middle + 1
    return found


@inline
def _among(views, count, x, length):
    found = False
    j = 0
    while j < count and not found:
        if views[2 * j + 1] == length:
            found = text_equal(x, views[2 * j], length)
        j += 1
    return found


@op("in_list_str")
def in_list_str(out, a, b, c, k, n, frame):
    o, x, w, views = u8p(out), i64p(a), i64p(k), i64p(k + 8 * I_VIEWS)
    if w[I_LINEAR] != 0:
        for i in range(n):
            length = significant(x[2 * i], x[2 * i + 1])
            o[i] = 1 if _among(views, w[I_COUNT], x[2 * i], length) else 0
    else:
        for i in range(n):
            length = significant(x[2 * i], x[2 * i + 1])
            o[i] = 1 if _in_order(views, w[I_COUNT], x[2 * i], length) else 0
    return OK


# -- cutting ----------------------------------------------------------------------------------------


@inline
def _cut(o, i, address, start, stop):
    """View i of the output: bytes start .. stop."""
    o[2 * i] = address + start
    o[2 * i + 1] = max(stop - start, 0)


@op("substring_str")
def substring_str(out, a, b, c, k, n, frame):
    o, x, starts, counts = i64p(out), i64p(a), i64p(b), i64p(c)
    for i in range(n):
        address, length = x[2 * i], x[2 * i + 1]
        # Clamped to what text can reach, so that sums cannot overflow.
        start = min(max(starts[i], -(1 << 40)), 1 << 40)
        first = max(start, 1) - 1
        begin = at_character(address, length, 0, first)
        stop = length
        if c != 0:
            last = start - 1 + min(max(counts[i], 0), 1 << 41)
            stop = at_character(address, length, begin, max(last - first, 0))
        _cut(o, i, address, begin, stop)
    return OK


@op("left_str")
def left_str(out, a, b, c, k, n, frame):
    o, x, counts = i64p(out), i64p(a), i64p(b)
    for i in range(n):
        address, length, count = x[2 * i], x[2 * i + 1], counts[i]
        if count < 0:
            count = max(count_characters(address, length) + count, 0)
        _cut(o, i, address, 0, at_character(address, length, 0, count))
    return OK


@op("right_str")
def right_str(out, a, b, c, k, n, frame):
    o, x, counts = i64p(out), i64p(a), i64p(b)
    for i in range(n):
        address, length, count = x[2 * i], x[2 * i + 1], counts[i]
        skip = -count if count < 0 else max(count_characters(address, length) - count, 0)
        _cut(o, i, address, at_character(address, length, 0, skip), length)
    return OK


@inline
def _in_set(bits, byte):
    return (bits[byte >> 6] >> (byte & 63)) & 1 != 0


@op("trim_str")
def trim_str(out, a, b, c, k, n, frame):
    o, x, w, bits = i64p(out), i64p(a), i64p(k), i64p(k + 8 * T_SET)
    for i in range(n):
        text, start, stop = u8p(x[2 * i]), 0, x[2 * i + 1]
        if w[T_RIGHT] != 0:
            while stop > start and _in_set(bits, text[stop - 1]):
                stop -= 1
        if w[T_LEFT] != 0:
            while start < stop and _in_set(bits, text[start]):
                start += 1
        _cut(o, i, x[2 * i], start, stop)
    return OK


@op("position_str")
def position_str(out, a, b, c, k, n, frame):
    o, x, y = i64p(out), i64p(a), i64p(b)
    for i in range(n):
        at = 0
        if y[2 * i + 1] > 0:
            at = find_text(x[2 * i], x[2 * i + 1], y[2 * i], y[2 * i + 1])
        o[i] = count_characters(x[2 * i], at) + 1 if at >= 0 else 0
    return OK


# -- making -----------------------------------------------------------------------------------------


@inline
def _reserve(arena, total):
    """Whether an arena, begun anew, has room for `total` bytes."""
    w = i64p(arena)
    w[A_USED] = min(total, w[A_CAPACITY])
    w[A_MISSING] = max(total - w[A_CAPACITY], 0)
    return w[A_MISSING] == 0


@inline
def _total(x, n):
    total = 0
    for i in range(n):
        total += x[2 * i + 1]
    return total


@op("concat_str")
def concat_str(out, a, b, c, k, n, frame):
    o, x, y = i64p(out), i64p(a), i64p(b)
    if not _reserve(k, _total(x, n) + _total(y, n)):
        return NEED_SPACE
    at = i64p(k)[A_ADDRESS]
    for i in range(n):
        first, second = x[2 * i + 1], y[2 * i + 1]
        memory_copy(at, x[2 * i], first)
        memory_copy(at + first, y[2 * i], second)
        o[2 * i] = at
        o[2 * i + 1] = first + second
        at += first + second
    return OK


@inline
def _is_ascii(x, length):
    text = u8p(x)
    bits = 0
    for i in range(length):
        bits |= text[i]
    return bits < 128


@inline
def _change_case(out, a, k, n, low):
    """Copy strings, flipping the case bit of the letters low .. low + 25; a status."""
    o, x = i64p(out), i64p(a)
    if not _reserve(k, _total(x, n)):
        return NEED_SPACE
    at = i64p(k)[A_ADDRESS]
    for i in range(n):
        length = x[2 * i + 1]
        if not _is_ascii(x[2 * i], length):
            return PYCALL
        text, to = u8p(x[2 * i]), u8p(at)
        for j in range(length):
            byte = text[j]
            to[j] = byte ^ 32 if low <= byte < low + 26 else byte
        o[2 * i] = at
        o[2 * i + 1] = length
        at += length
    return OK


@op("upper_str")
def upper_str(out, a, b, c, k, n, frame):
    return _change_case(out, a, k, n, 97)


@op("lower_str")
def lower_str(out, a, b, c, k, n, frame):
    return _change_case(out, a, k, n, 65)
