"""VARBYTE in memory and on disk: two lower-case hexadecimal digits for each byte.

    from_hex('4D20ff')   "4d20ff"        order, equality and prefixes of the digits are those of the bytes

Why digits and not the bytes: all that text has (dictionaries, zone maps, hashes, spilling, sorting) works on
them as it is, and none of its rules can do harm. Comparisons of text ignore trailing blanks, and Arrow's strings
must be UTF-8: bytes keep neither, digits both. The price is two bytes for one before compression
(decision 0017). Values leave as bytes: Arrow gets `binary`.
"""
from __future__ import annotations

import numpy as np

from .vector import TEXT_PADDING, Array

_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
_VALUES = np.full(256, 255, np.uint8)
for _digits in (b"0123456789abcdef", b"0123456789ABCDEF"):
    _VALUES[np.frombuffer(_digits, np.uint8)] = np.arange(16)


def digits_of(data: Array, padding: int = 0) -> Array:
    """The digits of bytes, with `padding` zero bytes behind."""
    out = np.zeros(2 * len(data) + padding, np.uint8)
    end = 2 * len(data)
    out[0:end:2] = _DIGITS[data >> 4]
    out[1:end:2] = _DIGITS[data & 15]
    return out


def bytes_of(digits: Array) -> Array | None:
    """The bytes of digits (an even number of them); None where one is no digit."""
    values = _VALUES[digits]
    if len(values) and values.max() > 15:
        return None
    return values[0::2] << 4 | values[1::2]


def padded_digits(data: Array) -> Array:
    """As a ColumnData keeps text."""
    return digits_of(data, TEXT_PADDING)
