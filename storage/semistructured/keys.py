"""What SUPER values are compared by: one text for equal values, and one whose bytes sort as ORDER BY does.

    normal(x)    equal exactly for values that PartiQL calls equal: numbers by value whatever their type (1, 1.0 and
                 1e+0), strings without trailing blanks, objects whatever the order of their attributes. It is a
                 SUPER value again. Joins, GROUP BY, DISTINCT and `=` work on its bytes.
    ranked(x)    boolean < number < string < array < object (query-super, "Order by"), and within one type by value;
                 behind a NUL byte the value itself, so that MIN and MAX can give it back (`of_ranked`).

Layout of a rank: one digit for the type, then

    number    n, o or p (negative, zero, positive), exponent and digits, both complemented where negative
    string    its characters, those below U+0002 as two; U+0001 U+0001 ends it inside of arrays and objects
    array     the ranks of its elements, then U+0001
    object    rank of name, rank of value ... in the order of names, then U+0001

Python per value; engine/functions/columns/semistructured.py finds batches in which every value is its own normal form.
"""
from __future__ import annotations

from decimal import Context
from typing import Any

from .form import Number, dump, exact, load

_WIDE = Context(prec=64)
_END = "\x01\x01"
_CLOSE = "\x01"
_HALF = 50_000  # exponents are below this: a float has at most 308
_COMPLEMENT = str.maketrans("0123456789", "9876543210")


def normal(text: str) -> str:
    """The text that all values equal to this one share."""
    first = text[0]
    if first == '"':
        return text if text[-2:-1] != " " else text[:-1].rstrip(" ") + '"'
    if first in "tf":
        return text
    if first in "[{":
        return dump(_normal(load(text)))
    return text if text.lstrip("-").isdigit() else _number(text)


def _normal(value: Any) -> Any:
    if isinstance(value, list):
        return [_normal(v) for v in value]
    if isinstance(value, dict):
        return {k: _normal(value[k]) for k in sorted(value)}
    if isinstance(value, Number):
        return value if value.is_integer else Number(_number(value))
    return value.rstrip(" ") if isinstance(value, str) else value


def _number(text: str) -> str:
    """The shortest exact spelling of a number; with an exponent where that would be long."""
    sign, digits, exponent = exact(text).normalize(_WIDE).as_tuple()
    shown, minus = "".join(map(str, digits)), "-" if sign else ""
    assert isinstance(exponent, int)
    if shown == "0":
        return "0"
    if exponent >= 0 and len(shown) + exponent <= 38:
        return minus + shown + "0" * exponent
    if exponent < 0 and max(len(shown), -exponent) <= 38:
        whole = shown.rjust(1 - exponent, "0")
        return f"{minus}{whole[:exponent]}.{whole[exponent:]}"
    point = f"{shown[0]}.{shown[1:]}" if len(shown) > 1 else shown
    return f"{minus}{point}e{len(shown) - 1 + exponent:+d}"


def ranked(text: str) -> str:
    """See the module's text."""
    return f"{rank(text)}\x00{text}"


def of_ranked(rank: str) -> str:
    return rank.partition("\x00")[2]


def rank(text: str) -> str:
    """A value's rank alone: what `<` compares within one type."""
    if text.isdigit() and text != "0":
        return f"2p{_HALF + len(text):05d}{text.rstrip('0')}"
    if text[0] == '"' and "\\" not in text:
        return "3" + text[1:-1].rstrip(" ")
    return _rank(load(text), top=True)


def _rank(value: Any, top: bool = False) -> str:
    if value is None:
        return "0"
    if value is True or value is False:
        return f"1{value:d}"
    if isinstance(value, Number):
        return "2" + _rank_of_number(value)
    if isinstance(value, str):
        return "3" + _rank_of_string(value) + ("" if top else _END)
    if isinstance(value, list):
        return "4" + "".join([_rank(v) for v in value]) + _CLOSE
    return "5" + "".join([_rank(k) + _rank(value[k]) for k in sorted(value)]) + _CLOSE


def _rank_of_string(value: str) -> str:
    value = value.rstrip(" ")
    if "\x00" in value or "\x01" in value:
        value = value.replace("\x01", "\x01\x03").replace("\x00", "\x01\x02")
    return value


def _rank_of_number(text: str) -> str:
    sign, digits, exponent = exact(text).normalize(_WIDE).as_tuple()
    assert isinstance(exponent, int)
    if digits == (0,):
        return "o"
    shown = f"{_HALF + len(digits) + exponent:05d}" + "".join(map(str, digits))
    return "n" + shown.translate(_COMPLEMENT) + "~" if sign else "p" + shown
