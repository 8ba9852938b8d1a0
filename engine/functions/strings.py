"""Rare character functions over single values (see string.py of the catalogue for their signatures).

Positions and lengths count characters, except where a name says bytes. Texts are Python strings; the byte
limit of results is checked where they are stored.
"""
from __future__ import annotations

import re

from ...errors import DataError, StringTooLong
from ...reserved_words import quoted
from ...storage.types import MAX_VARCHAR
from .base import Function, plain

_WORD = re.compile(r"[^\W_]+")
_SOUNDS = {c: str(i + 1) for i, group in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r")) for c in group}
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def ascii_code(text: str) -> int:
    """The first character's code point; 0 for the empty text."""
    return ord(text[0]) if text else 0


def chr_ascii(code: int) -> str | None:
    """The ASCII character of a code; NULL where there is none (r_CHR)."""
    return chr(code) if 0 < code < 128 else None


def initcap(text: str) -> str:
    """First letters of words in upper case, the others in lower; words are runs of letters and digits."""
    return _WORD.sub(lambda word: word[0][0].upper() + word[0][1:].lower(), text)


def pad(text: str, length: int, fill: str, left: bool) -> str:
    """LPAD and RPAD: exactly `length` characters, longer text cut on the right."""
    length = max(length, 0)
    missing = length - len(text)
    if missing <= 0 or not fill:
        return text[:length]
    if missing > MAX_VARCHAR:
        raise StringTooLong(f"the result is longer than {MAX_VARCHAR} bytes")
    padding = (fill * (missing // len(fill) + 1))[:missing]
    return padding + text if left else text + padding


def repeat(text: str, count: int) -> str:
    if count > 0 and len(text.encode()) * count > MAX_VARCHAR:
        raise StringTooLong(f"the result is longer than {MAX_VARCHAR} bytes")
    return text * max(count, 0)


def replace(text: str, old: str, new: str) -> str:
    return text.replace(old, new) if old else text


def split_part(text: str, delimiter: str, part: int) -> str:
    """The part-th piece, from 1; the empty text beyond the last one."""
    if part < 1:
        raise DataError("field position must be greater than zero", sqlstate="22023")
    if not delimiter:
        return text if part == 1 else ""
    pieces = text.split(delimiter, part)
    return pieces[part - 1] if part <= len(pieces) else ""


def translate(text: str, old: str, new: str) -> str:
    """Characters of `old` by those of `new` at their places; without a partner they go."""
    table: dict[int, str | None] = {}
    for i, c in enumerate(old):
        table.setdefault(ord(c), new[i] if i < len(new) else None)
    return text.translate(table)


def octet_index(sought: str, text: str) -> int:
    """Byte position from 1; 0: not there."""
    return text.encode().find(sought.encode()) + 1


def quote_literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def soundex(text: str) -> str:
    """American Soundex of the English letters; H and W do not part equal sounds, vowels do."""
    letters = [c for c in text.lower() if "a" <= c <= "z"]
    if not letters:
        return ""
    code, last = letters[0].upper(), _SOUNDS.get(letters[0], "")
    for c in letters[1:]:
        sound = _SOUNDS.get(c, "")
        if sound and sound != last:
            code += sound
        if c not in "hw":
            last = sound
    return code[:4].ljust(4, "0")


def difference(a: str, b: str) -> int:
    """In how many places the Soundex codes agree; 1 where neither text has a code (DIFFERENCE)."""
    first, second = soundex(a), soundex(b)
    if not first and not second:
        return 1
    return sum(x == y for x, y in zip(first, second)) if first and second else 0


def strtol(text: str, base: int) -> int:
    """A number of base 2 to 36 at the start of the text, as C's strtol reads it, but refusing the rest."""
    if not 2 <= base <= 36:
        raise DataError(f"the base of STRTOL must be between 2 and 36, not {base}", sqlstate="22023")
    bare = text.split("\0", 1)[0].strip().lower()
    sign, digits = (-1, bare[1:]) if bare[:1] == "-" else (1, bare.removeprefix("+"))
    if base == 16:
        digits = digits.removeprefix("0x")
    if not digits:
        return 0
    if any(c not in _DIGITS[:base] for c in digits):
        raise DataError(f'the input "{text}" is not valid to be converted to base {base}', sqlstate="22P02")
    value = sign * int(digits, base)
    if not -(1 << 63) <= value < 1 << 63:
        raise DataError(f'the input "{text}" is out of range for type bigint', sqlstate="22003")
    return value


FUNCTIONS: dict[str, Function] = {
    "ascii": plain(ascii_code),
    "chr": plain(chr_ascii),
    "difference": plain(difference),
    "initcap": plain(initcap),
    "lpad": lambda a, t, to: pad(a[0], a[1], a[2] if len(a) > 2 else " ", True),
    "rpad": lambda a, t, to: pad(a[0], a[1], a[2] if len(a) > 2 else " ", False),
    "octetindex": plain(octet_index),
    "quote_ident": plain(quoted),
    "quote_literal": plain(quote_literal),
    "repeat": plain(repeat),
    "replace": plain(replace),
    "reverse": lambda a, t, to: a[0][::-1],
    "soundex": plain(soundex),
    "split_part": plain(split_part),
    "strtol": plain(strtol),
    "translate": plain(translate),
}
