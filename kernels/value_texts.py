"""Numbers and moments as text, digit by digit: what text_rows.py puts into its rows.

    number_text    12345, scale 2     123.45        up to 128 bits; at least one digit before the point
    date_text      days since 1970    2024-02-29    years before 1 as PostgreSQL has them, era_text behind
    clock_text     microseconds       23:59:59.5    without zeros at the end of the fraction
    utc_text                          +00

Each writes at `out` and answers where its text ends. Digits are made from the last one on, in `scratch` memory of
SCRATCH_BYTES where it is not known beforehand how many there are.
"""
from __future__ import annotations

from .calendar import HOUR, MINUTE, SECOND, civil
from .intrinsics import as_i64, as_u64, i64p, inline, memory_copy, shared, u8p, u32p, u64

_MINUS, _POINT, _ZERO, _BLANK, _COLON = 45, 46, 48, 32, 58
_LIMB = 1_000_000_000
SCRATCH_BYTES = 64


@inline
def two_digits(out, value):
    o = u8p(out)
    ten = (value * 205) >> 11  # value // 10 below 100
    o[0] = _ZERO + ten
    o[1] = _ZERO + value - 10 * ten
    return out + 2


@inline
def copy_few(to, start, length):
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
def digits_backwards(at, value, least):
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
def with_point(start, end, scale):
    """Digits start..end with a point before the last `scale`; where they begin now."""
    o = u8p(start)
    for i in range(end - start - scale):
        o[i - 1] = o[i]
    o[end - start - scale - 1] = _POINT
    return start - 1


@shared
def wide_digits(end, low, high, least):
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
        at = digits_backwards(at, as_u64(rest % _LIMB), 9 if more else 1)
    while end - at < least:
        at -= 1
        u8p(at)[0] = _ZERO
    return at


@inline
def number_text(out, low, high, scale, scratch):
    """A scaled integer of 128 bits; where its text ends."""
    negative = high < 0
    least = scale + 1
    end = scratch + SCRATCH_BYTES
    if high == (low >> 63):
        magnitude = u64(0) - as_u64(low) if negative else as_u64(low)
        at = digits_backwards(end, magnitude, least)
    else:
        if negative:
            low = -low
            high = ~high + (1 if low == 0 else 0)
        at = wide_digits(end, low, high, least)
    if scale > 0:
        at = with_point(at, end, scale)
    if negative:
        at -= 1
        u8p(at)[0] = _MINUS
    copy_few(out, at, end - at)
    return out + end - at


@inline
def date_text(out, days, scratch):
    year, month, day = civil(days)
    before = year <= 0
    if before:
        year = 1 - year
    if year < 10000:
        two_digits(out, year // 100)
        out = two_digits(out + 2, year % 100)
    else:
        end = scratch + SCRATCH_BYTES
        at = digits_backwards(end, as_u64(year), 4)
        copy_few(out, at, end - at)
        out += end - at
    o = u8p(out)
    o[0] = _MINUS
    two_digits(out + 1, month)
    o[3] = _MINUS
    two_digits(out + 4, day)
    return out + 6, before


@inline
def clock_text(out, micros):
    """HH:MM:SS, and the fraction without its trailing zeros."""
    o = u8p(out)
    two_digits(out, micros // HOUR)
    o[2] = _COLON
    two_digits(out + 3, micros % HOUR // MINUTE)
    o[5] = _COLON
    two_digits(out + 6, micros % MINUTE // SECOND)
    out += 8
    fraction = micros % SECOND
    if fraction != 0:
        u8p(out)[0] = _POINT
        digits = 6
        while fraction % 10 == 0:
            fraction //= 10
            digits -= 1
        digits_backwards(out + 1 + digits, as_u64(fraction), digits)
        out += 1 + digits
    return out


@inline
def utc_text(out):
    o = u8p(out)
    o[0] = 43  # +00
    o[1] = _ZERO
    o[2] = _ZERO
    return out + 3


@inline
def era_text(out, before):
    if before:
        o = u8p(out)
        o[0] = _BLANK
        o[1] = 66  # BC
        o[2] = 67
        out += 3
    return out
