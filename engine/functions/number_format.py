"""TO_CHAR of numbers and TO_NUMBER: numeric format strings, over single values (r_Numeric_formating).

    9 0          a digit; from the first 0 on, leading zeros are written
    . D  , G     decimal point; group separator
    S            sign at this place, next to the number; SG sign, MI minus, PL plus at this place
    PR           negative numbers in <angle brackets>
    L $          the currency symbol, a dollar sign
    RN rn        a Roman numeral          V  shifts digits: 99V9 writes 12.4 as 124
    TH th        ordinal ending           FM no blanks, no trailing zeros
    "text"       stands for itself, like all else

    to_char(-125.8, '999D99S')    '125.80-'      to_char(485, '9 9 9')   ' 4 8 5'

Without a sign token a place for the sign stands in front of the first digit. A number that has more digits than
the format shows as #.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ...errors import DataError
from ...records import dataclass
from ...storage.types import Kind, SqlType
from .base import Function
from .datetime_tokens import ordinal_ending

_TOKEN = re.compile(r'"[^"]*"|FM|SG|MI|PL|PR|RN|TH|EEEE|.', re.IGNORECASE | re.DOTALL)
_ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
          (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
_LARGEST_ROMAN = 3999
_ROMAN_WIDTH = 15


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A format taken apart. `items`: (kind, text) in order; whole, fraction: digit places."""

    items: tuple[tuple[str, str], ...]
    whole: int
    fraction: int
    shift: int  # digits behind V
    first_zero: int  # number of the first digit place that is written as 0; -1: none
    fill: bool
    sign: str  # '', 'S' before, 'T' behind, 'place' (SG, MI, PL), 'PR'


def _bad(text: str, why: str) -> DataError:
    return DataError(f'"{text}" is not a numeric format: {why}', sqlstate="22023")


@lru_cache(maxsize=256)
def parse_number_format(text: str) -> NumberFormat:
    reader = _Reader(text)
    for found in _TOKEN.finditer(text):
        reader.take(found.group(0))
    return reader.result()


class _Reader:
    """A format's text taken word by word."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._items: list[tuple[str, str]] = []
        self._whole = self._fraction = self._shift = 0
        self._first_zero, self._fill, self._sign = -1, True, ""
        self._after = self._shifted = False  # behind the decimal point, behind V

    def take(self, word: str) -> None:
        name = word.upper()
        match name:
            case "FM":
                self._fill = False
            case "EEEE":
                raise DataError('"EEEE" of numeric formats is not supported', sqlstate="0A000")
            case "9" | "0":
                self._take_digit(name)
            case "." | "D":
                if self._after:
                    raise _bad(self._text, "there are two decimal points")
                self._after = True
                self._items.append(("point", "."))
            case "V":
                if self._after:
                    raise _bad(self._text, "V behind a decimal point")
                self._shifted = True
            case "S" | "SG" | "MI" | "PL" | "PR":
                self._take_sign(name, word)
            case _:
                self._items.append(self._item(name, word))

    def _take_digit(self, name: str) -> None:
        if name == "0" and self._first_zero < 0 and not self._after:
            self._first_zero = self._whole
        if self._after:
            self._fraction += 1
        else:
            self._whole += 1
            self._shift += self._shifted
        self._items.append(("digit", name))

    def _take_sign(self, name: str, word: str) -> None:
        if name == "PR":
            self._sign = "PR"
        elif name == "S":
            if self._sign:
                raise _bad(self._text, "there are two signs")
            self._sign = "T" if self._whole or self._after else "S"
        else:
            if self._sign not in ("", "place"):
                raise _bad(self._text, "there are two signs")
            self._sign = "place"
            self._items.append((name, word))

    def _item(self, name: str, word: str) -> tuple[str, str]:
        """What is written as it stands, or in a way of its own."""
        if name in (",", "G"):
            return "group", ","
        if name in ("TH", "RN"):
            return name, word
        if name == "L":
            return "text", "$"
        if name == "C" and not self._items:
            return "text", "USD"
        return "text", word[1:-1] if word[:1] == '"' and len(word) > 1 else word

    def result(self) -> NumberFormat:
        return NumberFormat(
            tuple(self._items), self._whole, self._fraction, self._shift, self._first_zero, self._fill, self._sign
        )


# -- writing -----------------------------------------------------------------------------------


def to_char(value: int, scale: int, format: str) -> str:
    """value / 10**scale as the format says."""
    f = parse_number_format(format)
    roman = next((text for kind, text in f.items if kind == "RN"), None)
    if roman is not None:
        return _roman(_rounded(value, scale, 0), roman, f.fill)
    scaled = _rounded(abs(value) * 10**f.shift, scale, f.fraction)
    negative = value < 0 and scaled != 0
    digits = str(scaled).rjust(f.fraction + 1, "0")
    whole, fraction = (digits[: -f.fraction], digits[-f.fraction :]) if f.fraction else (digits, "")
    whole = whole.lstrip("0")
    if len(whole) > f.whole:
        return _laid_out(f, "#" * f.whole, "#" * f.fraction, negative)
    if not whole and not f.fraction and f.whole:
        whole = "0"
    if f.first_zero >= 0:
        whole = whole.rjust(f.whole - f.first_zero, "0")
    return _laid_out(f, whole.rjust(f.whole), fraction, negative)


def _rounded(value: int, scale: int, digits: int) -> int:
    """value / 10**scale in units of 10**-digits, halves away from zero."""
    if digits >= scale:
        return value * 10 ** (digits - scale)
    power = 10 ** (scale - digits)
    whole = (2 * abs(value) + power) // (2 * power)
    return -whole if value < 0 else whole


def _laid_out(f: NumberFormat, whole: str, fraction: str, negative: bool) -> str:
    """The digits put into the format. `whole` has a blank for each place that shows nothing."""
    kept = fraction if f.fill else _without_zeros(f, fraction)
    out: list[str] = []
    mark = _mark(f, negative)
    signed = not mark  # whether the sign has been written
    place, started = 0, False
    for kind, text in f.items:
        if kind == "digit" and place < f.whole:
            c = whole[place]
            if c != " " and not signed:
                out.append(mark)
                signed = True
            started = started or c != " "
            out.append(c if c != " " or f.fill else "")
            place += 1
        elif kind == "digit":
            at = place - f.whole
            out.append(kept[at] if at < len(kept) else "")
            place += 1
        elif kind == "point":
            if not signed:
                out.append(mark)
                signed = True
            started = True
            out.append(".")
        elif kind == "group":
            out.append("," if started else " " if f.fill else "")
        else:
            out.append(_placed(kind, text, whole, negative, f.fill))
    if not signed:
        out.append(mark)
    return "".join(out) + _ending(f, negative)


def _without_zeros(f: NumberFormat, fraction: str) -> str:
    """FM drops trailing zeros, but not those that the format writes as 0."""
    wanted = [text for kind, text in f.items if kind == "digit"][f.whole :]
    keep = len(fraction)
    while keep and fraction[keep - 1] == "0" and wanted[keep - 1] == "9":
        keep -= 1
    return fraction[:keep]


def _mark(f: NumberFormat, negative: bool) -> str:
    """What stands in front of the first digit."""
    match f.sign:
        case "":
            return "-" if negative else " " if f.fill else ""
        case "S":
            return "-" if negative else "+"
        case "PR":
            return "<" if negative else " " if f.fill else ""
        case _:
            return ""


def _ending(f: NumberFormat, negative: bool) -> str:
    if f.sign == "T":
        return "-" if negative else "+"
    if f.sign == "PR":
        return ">" if negative else " " if f.fill else ""
    return ""


def _placed(kind: str, text: str, whole: str, negative: bool, fill: bool) -> str:
    match kind:
        case "SG":
            return "-" if negative else "+"
        case "MI":
            return "-" if negative else " " if fill else ""
        case "PL":
            return "+" if not negative else " " if fill else ""
        case "TH":
            return "" if negative else ordinal_ending(whole.strip(), text)
        case _:
            return text


def _roman(value: int, style: str, fill: bool) -> str:
    if not 1 <= value <= _LARGEST_ROMAN:
        return "#" * _ROMAN_WIDTH
    text = ""
    for worth, letters in _ROMAN:
        text += letters * (value // worth)
        value %= worth
    text = text if style.isupper() else text.lower()
    return text.rjust(_ROMAN_WIDTH) if fill else text


def _to_char(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str:
    value, type = args[0], types[0]
    if not type.is_float:
        return to_char(value, type.scale if type.kind is Kind.DECIMAL else 0, args[1])
    if value != value or value in (float("inf"), float("-inf")):
        raise DataError(f"{value} cannot be written as a number", sqlstate="22003")
    whole, _, fraction = f"{value:.15f}".partition(".")  # a double has 15 digits behind the point at most
    return to_char(int(whole + fraction), 15, args[1])


# -- reading -----------------------------------------------------------------------------------


def to_number(text: str, format: str, scale: int) -> int:
    """The number in a text, in units of 10**-scale."""
    f = parse_number_format(format)
    bare = text.strip()
    negative = "-" in bare or (f.sign == "PR" and bare.startswith("<"))
    for kind, word in f.items:
        if kind == "text" and word.strip():
            bare = bare.replace(word, "", 1)
    bare = re.sub(r"[-+<>,\s$]|(?<=\d)(?:st|nd|rd|th)\Z", "", bare, flags=re.IGNORECASE)
    found = re.fullmatch(r"(\d*)(?:\.(\d*))?", bare)
    if found is None or not (found.group(1) or found.group(2)):
        raise DataError(f'invalid input syntax for type numeric: "{text}"', sqlstate="22P02")
    whole, fraction = found.group(1), found.group(2) or ""
    if len(whole.lstrip("0")) > f.whole:
        raise DataError(f'"{text}" has more digits than the format "{format}"', sqlstate="22003")
    value = int((whole + fraction[:scale].ljust(scale, "0")) or "0")
    if f.shift:
        value //= 10**f.shift
    return -value if negative else value


FUNCTIONS: dict[str, Function] = {
    "to_char_number": _to_char,
    "to_number": lambda a, t, to: to_number(a[0], a[1], to.scale),
}
