"""Texts with numbers in Teradata's way: a sign in front or behind, exponents, currencies, zoned decimals.

    '-12'  '12-'  '+1.5E3'  '$ 12'  '12 USD'        without a format
    '123{' by '999S'                1230             the last character is a digit with the sign

Formats: planner/functions/teradata.py. What a text may hold: the manual's r_Numeric-format-teradata.md.
"""
from __future__ import annotations

import re
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache

from ...errors import InvalidText, NumericOutOfRange
from ...planner.functions.teradata import CURRENCIES, Format, parse

_SIGNED = re.compile(r"(?P<sign>[+-]?)(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?P<after>[+-]?)")
_IGNORED = str.maketrans("", "", "/,:%")
_DIGITS = 60  # more than any type has
WIDE = Context(prec=120)
_ZONES = {c: (str(d), "+") for d, c in enumerate("{ABCDEFGHI")} | {c: (str(d), "-") for d, c in enumerate("}JKLMNOPQR")}
_ZONES |= {str(d): (str(d), "+") for d in range(10)}
format_of = lru_cache(64)(parse)


def read_number(text: str, format: Format | None = None, scale: int = 0) -> Decimal:
    """The number in a text; a blank text is 0. `scale`: digits behind the point where the format says (F)."""
    bare = text.strip(" ").translate(_IGNORED)
    if not bare.strip(" "):
        return Decimal(0)
    bare = _without_currency(bare, format, text)
    if format is not None and format.zoned:
        bare = _zoned(bare, text)
    found = _SIGNED.fullmatch(bare)
    if found is None or (found["sign"] and found["after"]):
        raise _unreadable(text)
    try:
        value = WIDE.create_decimal(found["number"])
    except InvalidOperation:
        raise _unreadable(text) from None
    if value and value.adjusted() > _DIGITS:
        raise NumericOutOfRange(f'value "{text}" is out of range for type numeric')
    if format is not None:
        value = _fitting(value, found["number"], format, scale, text)
    return value.copy_negate() if "-" in (found["sign"], found["after"]) else value


def _without_currency(bare: str, format: Format | None, text: str) -> str:
    """The text without its currency: the one that the format wants, where it wants it; without a format any one."""
    for currency in CURRENCIES.values() if format is None else (format.currency,):
        if currency and bare.startswith(currency) and (format is None or format.in_front):
            return bare[len(currency):].strip(" ")
        if currency and bare.endswith(currency) and (format is None or not format.in_front):
            return bare[: -len(currency)].strip(" ")
    if format is not None and format.currency:
        raise InvalidText(f'the text "{text}" has no "{format.currency}" where the format "{format.text}" has it')
    return bare


def _zoned(bare: str, text: str) -> str:
    """'123}' as '-1230'."""
    zone = _ZONES.get(bare[-1:])
    if zone is None:
        raise _unreadable(text)
    return zone[1] + bare[:-1] + zone[0]


def _fitting(value: Decimal, digits: str, format: Format, scale: int, text: str) -> Decimal:
    """The value with the point where the format has it, if the format has room for it."""
    whole = format.whole
    if format.zoned and whole is not None and not format.fraction:
        whole += 1  # S is a digit itself
    if format.implied:
        if not digits.isdigit():
            raise _unreadable(text)
        behind = (scale if format.fraction is None else format.fraction) + format.zoned
        value = value.scaleb(-behind, WIDE)
    before = max(value.adjusted() + 1, 0) if value else 0
    after = max(-int(value.normalize(WIDE).as_tuple().exponent), 0)
    most_after = (format.fraction or 0) + (format.zoned if format.implied else 0)
    if (whole is not None and before > whole) or (format.fraction is not None and after > most_after):
        raise NumericOutOfRange(f'"{text}" has more digits than the format "{format.text}"')
    return value


def _unreadable(text: str) -> InvalidText:
    return InvalidText(f'invalid input syntax for type numeric: "{text}"')
