"""Rows of Arrow columns as text: what UNLOAD writes in its delimited, CSV, fixed-width and JSON formats.

    write_rows(columns, count, first, last, out, capacity, row, state) -> the first row that is not written

Goes row by row, since that is how the bytes lie in the file:

    columns   a: INT32 [1, 2]     b: TEXT ["x", "y|z"]          what stands before each: "" and "|"
    out       1|x\\n2|y\\|z\\n

A row that may not fit the rest of `out` is not begun: who calls empties it and goes on from there (state[0] has
the bytes that are in it). All widths are bounded beforehand (text_rows_layout.LONGEST), so nothing is checked per
byte. A value that is longer than its fixed width ends the work; state[1] names its column then, else it is -1.

Values that are no integers inside (floats, intervals) come as text. The layouts are in text_rows_layout.py; the
slow reference is in tests/storage/writers/test_text.py.
"""
from __future__ import annotations

from .calendar import DAY, HOUR, MINUTE, SECOND, civil
from .intrinsics import as_i64, as_u64, i16p, i32p, i64p, inline, memory_copy, memory_fill, shared, u8p, u32p, u64
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

_QUOTE, _BACKSLASH, _MINUS, _POINT, _ZERO, _BLANK, _COLON = 34, 92, 45, 46, 48, 32, 58
_LIMB = 1_000_000_000
_SCRATCH = 32  # bytes of state before its scratch memory
_SCRATCH_BYTES = 64


@inline
def _two(out, value):
    o = u8p(out)
    ten = (value * 205) >> 11  # value // 10 below 100
    o[0] = _ZERO + ten
    o[1] = _ZERO + value - 10 * ten
    return out + 2


@inline
def _copy(to, start, length):
    """A copy of a few bytes, without the call that a copy of any length takes."""
    if length > 32:
        memory_copy(to, start, length)
    elif length >= 8:
        i64p(to)[0] = i64p(start)[0]
        if length > 16:
            i64p(to)[1] = i64p(start)[1]
            i64p(to + length - 16)[0] = i64p(start + length - 16)[0]
        i64p(to + length - 8)[0] = i64p(start + length - 8)[0]
    elif length >= 4:
        u32p(to)[0] = u32p(start)[0]
        u32p(to + length - 4)[0] = u32p(start + length - 4)[0]
    elif length > 0:
        o, x = u8p(to), u8p(start)
        o[0] = x[0]
        o[length >> 1] = x[length >> 1]
        o[length - 1] = x[length - 1]


@inline
def _backwards(at, value, least):
    """The digits of `value` >= 0 (unsigned), at least `least` of them, ending before `at`; where they begin."""
    end = at
    while value >= u64(100):
        rest = value // u64(100)
        pair = as_i64(value - rest * u64(100))
        value = rest
        at -= 2
        ten = (pair * 205) >> 11
        u8p(at)[0] = _ZERO + ten
        u8p(at)[1] = _ZERO + pair - ten * 10
    last = as_i64(value)
    while last != 0:
        at -= 1
        u8p(at)[0] = _ZERO + last % 10
        last = last // 10
    while end - at < least:
        at -= 1
        u8p(at)[0] = _ZERO
    return at


@inline
def _point(start, end, scale):
    """Digits start..end with a point before the last `scale`; where they begin now."""
    o = u8p(start)
    for i in range(end - start - scale):
        o[i - 1] = o[i]
    o[end - start - scale - 1] = _POINT
    return start - 1


@shared
def _wide_digits(end, low, high, least):
    """As _backwards, of a value of 128 bits that is not negative: nine digits at a time."""
    limbs = (high >> 32, high & 0xFFFFFFFF, (low >> 32) & 0xFFFFFFFF, low & 0xFFFFFFFF)
    a, b, c, d = limbs
    at = end
    while a != 0 or b != 0 or c != 0 or d != 0:
        rest = a % _LIMB
        a = a // _LIMB
        rest = (rest << 32) | b
        b = rest // _LIMB
        rest = ((rest % _LIMB) << 32) | c
        c = rest // _LIMB
        rest = ((rest % _LIMB) << 32) | d
        d = rest // _LIMB
        more = a != 0 or b != 0 or c != 0 or d != 0
        at = _backwards(at, as_u64(rest % _LIMB), 9 if more else 1)
    while end - at < least:
        at -= 1
        u8p(at)[0] = _ZERO
    return at


@inline
def _number(out, low, high, scale, scratch):
    """A scaled integer of 128 bits; where its text ends."""
    negative = high < 0
    least = scale + 1
    end = scratch + _SCRATCH_BYTES
    if high == (low >> 63):
        magnitude = u64(0) - as_u64(low) if negative else as_u64(low)
        at = _backwards(end, magnitude, least)
    else:
        if negative:
            low = -low
            high = ~high + (1 if low == 0 else 0)
        at = _wide_digits(end, low, high, least)
    if scale > 0:
        at = _point(at, end, scale)
    if negative:
        at -= 1
        u8p(at)[0] = _MINUS
    _copy(out, at, end - at)
    return out + end - at


@inline
def _date(out, days, scratch):
    year, month, day = civil(days)
    before = year <= 0
    if before:
        year = 1 - year
    if year < 10000:
        _two(out, year // 100)
        out = _two(out + 2, year % 100)
    else:
        end = scratch + _SCRATCH_BYTES
        at = _backwards(end, as_u64(year), 4)
        _copy(out, at, end - at)
        out += end - at
    o = u8p(out)
    o[0] = _MINUS
    _two(out + 1, month)
    o[3] = _MINUS
    _two(out + 4, day)
    return out + 6, before


@inline
def _clock(out, micros):
    """HH:MM:SS, and the fraction without its trailing zeros."""
    o = u8p(out)
    _two(out, micros // HOUR)
    o[2] = _COLON
    _two(out + 3, micros % HOUR // MINUTE)
    o[5] = _COLON
    _two(out + 6, micros % MINUTE // SECOND)
    out += 8
    fraction = micros % SECOND
    if fraction != 0:
        u8p(out)[0] = _POINT
        digits = 6
        while fraction % 10 == 0:
            fraction //= 10
            digits -= 1
        _backwards(out + 1 + digits, as_u64(fraction), digits)
        out += 1 + digits
    return out


@inline
def _utc(out):
    o = u8p(out)
    o[0] = 43  # +00
    o[1] = _ZERO
    o[2] = _ZERO
    return out + 3


@inline
def _era(out, before):
    if before:
        o = u8p(out)
        o[0] = _BLANK
        o[1] = 66  # BC
        o[2] = 67
        out += 3
    return out


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
            _copy(out + 1, text, length)
            u8p(out)[length + 1] = _QUOTE
            return out + length + 2
        _copy(out, text, length)
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
        return _number(out, low, high, scale, scratch)
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
        out, before = _date(out, days, scratch)
    if kind in (TIMESTAMP, TIMESTAMPTZ):
        u8p(out)[0] = _BLANK
        out += 1
    if kind != DATE:
        out = _clock(out, micros)
    if kind in (TIMESTAMPTZ, TIMETZ):
        out = _utc(out)
    return _era(out, before)


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
            _copy(at, c[BEFORE], c[BEFORE_BYTES])
            at += c[BEFORE_BYTES]
            field = at
            kind = c[KIND]
            valid = True
            if c[VALIDITY] != 0:
                place = i + c[FIRST]
                valid = ((u8p(c[VALIDITY])[place >> 3] >> (place & 7)) & 1) != 0
            if not valid:
                _copy(at, c[NULL], c[NULL_BYTES])
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
        _copy(at, r[0], r[1])
        at += r[1]
    s[0] = at - out
    return last
