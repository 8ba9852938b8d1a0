"""Rows of Arrow columns as text: what UNLOAD writes in its delimited, CSV, fixed-width and JSON formats.

    write_rows(columns, count, first, last, out, capacity, row, state) -> the first row that is not written

Goes row by row, since that is how the bytes lie in the file:

    columns   a: INT32 [1, 2]     b: TEXT ["x", "y|z"]          what stands before each: "" and "|"
    out       1|x\\n2|y\\|z\\n

A row that may not fit the rest of `out` is not begun: who calls empties it and goes on from there (state[0] has
the bytes that are in it). All widths are bounded beforehand (text_rows_layout.LONGEST), so nothing is checked per
byte. A value that is longer than its fixed width ends the work; state[1] names its column then, else it is -1.

How numbers and moments become text is in value_texts.py; values that are no integers inside (floats, intervals) come
as text. The layouts are in text_rows_layout.py; the slow reference is in tests/storage/writers/test_text.py.
"""
from __future__ import annotations

from .calendar import DAY
from .intrinsics import as_i64, i16p, i32p, i64p, inline, memory_fill, shared, u8p
from .registry import kernel
from .text_rows_layout import (
    ALWAYS,
    BEFORE,
    BEFORE_BYTES,
    BOOLEAN,
    CLASSES,
    COLUMN_WORDS,
    DATE,
    DECIMAL,
    DOUBLED,
    ESCAPED,
    FIRST,
    GROWTH,
    INT16,
    INT32,
    INT64,
    KIND,
    NULL,
    NULL_BYTES,
    OFFSETS,
    QUOTED,
    QUOTES,
    SCALE,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    TIMETZ,
    UNICODE,
    VALIDITY,
    VALUES,
    WIDTH,
)  # fmt: skip
from .value_texts import clock_text, copy_few, date_text, era_text, number_text, utc_text

_QUOTE, _BACKSLASH, _ZERO, _BLANK = 34, 92, 48, 32
_SCRATCH = 32  # bytes of state before its scratch memory


@shared
def _escaped(out, text, length, classes):
    """Bytes of text by their classes; where they end."""
    x, kinds = u8p(text), u8p(classes)
    for i in range(length):
        byte = x[i]
        kind = kinds[byte]
        o = u8p(out)
        if kind <= QUOTED:
            o[0] = byte
            out += 1
        elif kind == DOUBLED:
            o[0] = byte
            o[1] = byte
            out += 2
        elif kind == UNICODE:
            o[0] = _BACKSLASH
            o[1] = 117  # \u00
            o[2] = _ZERO
            o[3] = _ZERO
            high, low = byte >> 4, byte & 15
            o[4] = _ZERO + high if high < 10 else 87 + high
            o[5] = _ZERO + low if low < 10 else 87 + low
            out += 6
        else:
            o[0] = _BACKSLASH
            o[1] = byte if kind == ESCAPED else kind
            out += 2
    return out


@shared
def _special(text, length, classes):
    """Has any byte a class?"""
    x, kinds = u8p(text), u8p(classes)
    seen = 0
    for i in range(length):
        seen |= kinds[x[i]]
    return seen != 0


@shared
def _text(out, text, length, classes, quotes):
    """A text's field."""
    if classes == 0 or not _special(text, length, classes):
        if quotes == ALWAYS:
            u8p(out)[0] = _QUOTE
            copy_few(out + 1, text, length)
            u8p(out)[length + 1] = _QUOTE
            return out + length + 2
        copy_few(out, text, length)
        return out + length
    if quotes == 0:
        return _escaped(out, text, length, classes)
    u8p(out)[0] = _QUOTE
    out = _escaped(out + 1, text, length, classes)
    u8p(out)[0] = _QUOTE
    return out + 1


@shared
def _padded(start, end, width):
    """Blanks behind a field up to `width` characters; -1 when it has more."""
    x = u8p(start)
    characters = 0
    for i in range(end - start):
        characters += (x[i] & 0xC0) != 0x80
    if characters > width:
        return -1
    memory_fill(end, _BLANK, width - characters)
    return end + width - characters


@inline
def _integer(values, kind, row):
    value = i64p(values)[row] if kind == INT64 else 0
    if kind == INT32:
        value = as_i64(i32p(values)[row])
    elif kind == INT16:
        value = as_i64(i16p(values)[row])
    return value


@shared
def _value(out, kind, c, row, scratch):
    """A value that is no text, without quotation marks. Each helper is called once: it is compiled where it stands."""
    values = i64p(c)[VALUES]
    if kind == BOOLEAN:
        place = row + i64p(c)[FIRST]
        bit = (u8p(values)[place >> 3] >> (place & 7)) & 1
        u8p(out)[0] = 116 if bit else 102  # t, f
        return out + 1
    if kind in (INT16, INT32, INT64, DECIMAL):
        scale = 0
        if kind == DECIMAL:
            low, high, scale = i64p(values)[2 * row], i64p(values)[2 * row + 1], i64p(c)[SCALE]
        else:
            low = _integer(values, kind, row)
            high = low >> 63
        return number_text(out, low, high, scale, scratch)
    days, micros = 0, 0
    if kind == DATE:
        days = _integer(values, INT32, row)
    else:
        micros = i64p(values)[row]
        if kind in (TIMESTAMP, TIMESTAMPTZ):
            days = micros // DAY
            micros -= days * DAY
    before = False
    if kind in (DATE, TIMESTAMP, TIMESTAMPTZ):
        out, before = date_text(out, days, scratch)
    if kind in (TIMESTAMP, TIMESTAMPTZ):
        u8p(out)[0] = _BLANK
        out += 1
    if kind != DATE:
        out = clock_text(out, micros)
    if kind in (TIMESTAMPTZ, TIMETZ):
        out = utc_text(out)
    return era_text(out, before)


@kernel("write_rows", arity=8)
def write_rows(columns, count, first, last, out, capacity, row, state):
    r, s = i64p(row), i64p(state)
    scratch = state + _SCRATCH
    room = out + capacity - r[2]
    at = out
    s[1] = -1
    for i in range(first, last):
        start = at
        if at > room:
            s[0] = at - out
            return i
        for j in range(count):
            c = i64p(columns + 8 * COLUMN_WORDS * j)
            copy_few(at, c[BEFORE], c[BEFORE_BYTES])
            at += c[BEFORE_BYTES]
            field = at
            kind = c[KIND]
            valid = True
            if c[VALIDITY] != 0:
                place = i + c[FIRST]
                valid = ((u8p(c[VALIDITY])[place >> 3] >> (place & 7)) & 1) != 0
            if not valid:
                copy_few(at, c[NULL], c[NULL_BYTES])
                at += c[NULL_BYTES]
            elif kind == TEXT:
                begin = i32p(c[OFFSETS])[i]
                length = i32p(c[OFFSETS])[i + 1] - begin
                if at + length * c[GROWTH] > room:
                    s[0] = start - out
                    return i
                at = _text(at, c[VALUES] + begin, length, c[CLASSES], c[QUOTES])
            else:
                quoted = c[QUOTES] == ALWAYS
                if quoted:
                    u8p(at)[0] = _QUOTE
                    at += 1
                at = _value(at, kind, columns + 8 * COLUMN_WORDS * j, i, scratch)
                if quoted:
                    u8p(at)[0] = _QUOTE
                    at += 1
            if c[WIDTH] != 0:
                at = _padded(field, at, c[WIDTH])
                if at < 0:
                    s[0] = start - out
                    s[1] = j
                    return i
        copy_few(at, r[0], r[1])
        at += r[1]
    s[0] = at - out
    return last
