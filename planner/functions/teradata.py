"""Formats of TEXT_TO_INT_ALT and TEXT_TO_NUMERIC_ALT: Teradata's format phrases, as far as Redshift takes them.

    '999V99'    three digits before the point and two behind it, which the text does not write: '12345' is 123.45
    '9(3)D9(F)' the same with a point in the text, and as many digits behind it as the result has
    '999S'      a signed zoned decimal: the last character is a digit and the sign, '123{' is 1230 and '123}' -1230
    'C9(I)'     C, L or N: the currency USD, $ or US Dollars before the number (or behind it)

Z is a digit, too, whose leading zeros are left out. G / , : % B + - E cannot be in a format. A format is checked when
the query is planned; engine/functions/teradata_text.py reads texts by it. Manual: r_Numeric-format-teradata.md.
"""
from __future__ import annotations

from ...errors import NotSupportedError, ProgrammingError
from ...patterns import pattern
from ...records import dataclass

CURRENCIES = {"L": "$", "C": "USD", "N": "US Dollars"}
_PIECE = pattern(r"(?P<digit>[9Z])(?:\((?P<count>[0-9]{1,2}|[IF])\))?|(?P<other>.)")
_NOT_HERE = pattern(r"FN9|FNE|[OUA]")
_MOST = 38


@dataclass(frozen=True)
class Format:
    """How many digits stand before and behind the point (None: as many as the type has), and what else is there."""

    text: str
    whole: int | None
    fraction: int | None
    implied: bool  # V: the text has no point
    zoned: bool  # S: the last character is a digit and the sign
    currency: str  # $, USD, US Dollars or nothing
    in_front: bool


def parse(text: str) -> Format:
    """The format; ProgrammingError where it is none, NotSupportedError for what Redshift does not support."""
    unsupported = _NOT_HERE.search(text)
    if unsupported is not None:
        raise NotSupportedError(f'"{unsupported[0]}" in the format "{text}" is not supported by Redshift')
    parts: list[int | None] = [0, 0]  # digits before and behind the point
    behind, point, zoned, currency, in_front, nines = 0, "", False, "", True, False
    for piece in _PIECE.finditer(text):
        other = piece["other"]
        if zoned and other not in CURRENCIES:
            raise _wrong(text, "S must stand behind the last digit")
        if other is None:
            if piece["digit"] == "9":
                if behind and "Z" in text[text.index(point):piece.start()]:
                    raise _wrong(text, "Z and 9 cannot both stand behind the point")
                nines = True
            elif nines:
                raise _wrong(text, "Z cannot stand behind 9")
            parts[behind] = _more(parts[behind], piece["count"], behind, text)
        elif other in ("D", ".", "V"):
            if point:
                raise _wrong(text, f"{other} cannot stand beside {point}")
            point, behind = other, 1
        elif other == "S":
            if parts == [0, 0]:
                raise _wrong(text, "S must stand behind the last digit")
            zoned = True
        elif other in CURRENCIES:
            if currency:
                raise _wrong(text, "a currency can stand in it once")
            currency, in_front = CURRENCIES[other], parts == [0, 0]
        else:
            raise _wrong(text, f'"{other}" cannot be in it')
    if parts == [0, 0]:
        raise _wrong(text, "it has no digit")
    if zoned and (point in ("D", ".") or "Z" in text or "F" in text):
        raise _wrong(text, "S cannot stand beside D, a point, Z or F")
    return Format(text, parts[0], parts[1], point == "V", zoned, currency, in_front)


def _more(digits: int | None, count: str | None, behind: int, text: str) -> int | None:
    """The digits of a part and those of one more piece: 9, 9(3), 9(I), 9(F)."""
    if count in ("I", "F"):
        if (count == "F") != bool(behind):
            raise _wrong(text, f"({count}) counts digits {'before' if count == 'I' else 'behind'} the point")
        return None
    more = 1 if count is None else int(count)
    if not 1 <= more <= _MOST:
        raise _wrong(text, f"it has 1 to {_MOST} digits")
    return None if digits is None else digits + more


def _wrong(text: str, why: str) -> ProgrammingError:
    return ProgrammingError(f'invalid format "{text}": {why}', sqlstate="22023")
