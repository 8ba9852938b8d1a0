"""Navigation into SUPER values and unnesting, the native part: views into the values' text.

    op              out    a     k                    level
    super_path_str  STR    STR   path block           vector     make_path() of document_blocks.py

    count_members, list_members                       kernels    elements of arrays, attributes of objects

A value is compact JSON (storage/semistructured/form.py): no blanks between tokens, each name spelled in one way and
once in an object. So an attribute is found by comparing the bytes of its name in quotes, and what a path leads to is a
part of the text: nothing is copied. What is not there, and null, is a view of no bytes.

Scanning never leaves the value, whatever its bytes are: a text that is cut short ends the search.
"""
from __future__ import annotations

from .abi import OK
from .document_layout import M_ARRAY, M_OBJECT, P_ATTRIBUTE, P_COUNT, P_KIND, P_LENGTH, P_STEP_WORDS, P_STEPS, P_WHERE
from .intrinsics import i64p, inline, u8p
from .registry import kernel, op
from .text import text_equal

QUOTE, BACKSLASH, COMMA = 0x22, 0x5C, 0x2C
OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY = M_OBJECT, 0x7D, M_ARRAY, 0x5D
NULL = 0x6E  # its first byte


@inline
def after_string(text, at, end):
    """Behind the string that begins at `at`."""
    at += 1
    while at < end and text[at] != QUOTE:
        at += 2 if text[at] == BACKSLASH else 1
    return min(at + 1, end)


@inline
def after_value(text, at, end):
    """Behind the value that begins at `at`."""
    depth = 0
    going = at < end
    while going:
        byte = text[at]
        if byte == QUOTE:
            at = after_string(text, at, end)
        elif byte in (OPEN_OBJECT, OPEN_ARRAY):
            depth += 1
            at += 1
        elif byte in (CLOSE_OBJECT, CLOSE_ARRAY):
            if depth > 0:
                depth -= 1
                at += 1
        elif depth > 0 or byte != COMMA:
            at += 1
        # A scalar ends at what follows it, an array or object behind its own end.
        going = at < end and (depth > 0 or not _ends(text, at))
    return at


@inline
def _ends(text, at):
    return text[at] in (COMMA, CLOSE_OBJECT, CLOSE_ARRAY)


@inline
def attribute(text, address, at, end, name, length):
    """Where the value of an attribute begins in the object at `at`; -1 where it is not."""
    found = -1
    at = at + 1 if at < end and text[at] == OPEN_OBJECT else end
    while at < end and found < 0 and text[at] == QUOTE:
        behind = after_string(text, at, end)
        if behind - at == length and text_equal(address + at, name, length):
            found = behind + 1
        else:
            at = after_value(text, behind + 1, end) + 1
    return found


@inline
def element(text, at, end, index):
    """Where element `index` begins in the array at `at`; -1 where it is not."""
    at = at + 1 if index >= 0 and at < end and text[at] == OPEN_ARRAY else end
    while at < end and index > 0:
        at = after_value(text, at, end)
        at = at + 1 if at < end and text[at] == COMMA else end
        index -= 1
    return at if at < end and text[at] != CLOSE_ARRAY else -1


@op("super_path_str")
def super_path_str(out, a, b, c, k, n, frame):
    o, x, w = i64p(out), i64p(a), i64p(k)
    for i in range(n):
        address, end = x[2 * i], x[2 * i + 1]
        text = u8p(address)
        at = 0
        for step in range(w[P_COUNT]):
            base = P_STEPS + step * P_STEP_WORDS
            if at < 0:
                pass
            elif w[base + P_KIND] == P_ATTRIBUTE:
                at = attribute(text, address, at, end, w[base + P_WHERE], w[base + P_LENGTH])
            else:
                at = element(text, at, end, w[base + P_WHERE])
        stop = after_value(text, at, end) if at >= 0 else 0
        if at < 0 or at >= stop or text[at] == NULL:
            o[2 * i] = 0
            o[2 * i + 1] = 0
        else:
            o[2 * i] = address + at
            o[2 * i + 1] = stop - at
    return OK


@kernel("count_members", arity=4)
def count_members(views, rows, opening, counts):
    """Elements (`opening` [) or attributes ({) of each value; 0 for other values. Answers how many there are."""
    x, o = i64p(views), i64p(counts)
    total = 0
    for i in range(rows):
        text, end = u8p(x[2 * i]), x[2 * i + 1]
        at, count = first_member(text, end, opening), 0
        while at < end:
            at = next_member(text, member_value(text, at, end, opening), end)
            count += 1
        o[i] = count
        total += count
    return total


@kernel("list_members", arity=6)
def list_members(views, rows, opening, starts, values, names):
    """Views of the values, row i's from place starts[i] on; null is a view of no bytes. Where `names` is given, of
    attributes' names without quotes too, their length negative where they have escapes."""
    x, s, v, w = i64p(views), i64p(starts), i64p(values), i64p(names)
    for i in range(rows):
        address, end = x[2 * i], x[2 * i + 1]
        text = u8p(address)
        at, place = first_member(text, end, opening), s[i]
        while at < end:
            value = member_value(text, at, end, opening)
            stop = after_value(text, value, end)
            there = value < stop and text[value] != NULL
            v[2 * place] = address + value if there else 0
            v[2 * place + 1] = stop - value if there else 0
            if names != 0:
                length = value - at - 3
                w[2 * place] = address + at + 1
                w[2 * place + 1] = -length if has_escape(text, at + 1, length) else length
            place += 1
            at = next_member(text, value, end)
    return 0


@inline
def has_escape(text, at, length):
    found = False
    for i in range(at, at + length):
        found = found or text[i] == BACKSLASH
    return found


@inline
def first_member(text, end, opening):
    """Where the first member of an array or object begins; `end` where there is none."""
    closing = CLOSE_ARRAY if opening == OPEN_ARRAY else CLOSE_OBJECT
    return 1 if end > 1 and text[0] == opening and text[1] != closing else end


@inline
def member_value(text, at, end, opening):
    """Where the value of the member at `at` begins: behind its name in objects."""
    return after_string(text, at, end) + 1 if opening == OPEN_OBJECT else at


@inline
def next_member(text, value, end):
    stop = after_value(text, value, end)
    return stop + 1 if stop < end and text[stop] == COMMA else end
