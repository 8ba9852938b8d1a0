"""VARBYTE functions (varbyte-functions in the manual), and the bit operators & | # ~ << >>.

A VARBYTE value is carried as its hexadecimal digits (storage/hexadecimal.py), so some functions of text do the
work: CONCAT as it is, SUBSTRING with doubled places, TO_HEX without any.

    bitwise("bit_and", a, b)     integers of one width; VARBYTEs of one length
    bitwise("shift_left", a, n)  integers
"""
from __future__ import annotations

from collections.abc import Sequence

from ...storage.types import BIGINT, INTEGER, MAX_VARBYTE, MAX_VARCHAR, Kind, SqlType, varbyte, varchar
from .. import build
from ..coercion import coerce, wider_integer
from ..expressions import Call, Cast, Expr, Literal, Span
from .signature import Signature, Site, first, string, whole

SYMBOLS = {"bit_and": "&", "bit_or": "|", "bit_xor": "#", "bit_not": "~", "shift_left": "<<", "shift_right": ">>"}


def binary(type: SqlType) -> SqlType | None:
    """VARBYTE only."""
    return type if type.kind is Kind.VARBYTE else None


def octets(type: SqlType) -> SqlType | None:
    """VARBYTE; quoted text is its UTF-8 bytes."""
    return varbyte() if type.kind is Kind.UNKNOWN else binary(type)


def _substring(site: Site, args: tuple[Expr, ...]) -> Expr:
    """Byte n has the digits 2n - 1 and 2n."""
    value, start = args[0], coerce(args[1], BIGINT)
    first_digit = build.arithmetic("subtract", build.arithmetic("multiply", start, _two()), Literal(1, BIGINT))
    digits = [build.arithmetic("multiply", coerce(a, BIGINT), _two()) for a in args[2:]]
    return Call("substring", (value, first_digit, *digits), value.type, site.span)


def _two() -> Literal:
    return Literal(2, BIGINT)


def _digits(site: Site, args: tuple[Expr, ...]) -> Expr:
    """TO_HEX: the digits themselves, up to the longest VARCHAR."""
    return Call("to_hex_binary", args, varchar(min(2 * (args[0].type.length or MAX_VARBYTE), MAX_VARCHAR)), site.span)


def _concat(site: Site, args: tuple[Expr, ...]) -> Expr:
    return build.concat(args[0], args[1], site.span)


def _joined(types: Sequence[SqlType]) -> SqlType:
    return varbyte(min(sum(t.length for t in types), MAX_VARBYTE))


FUNCTIONS: tuple[Signature, ...] = (
    Signature(("from_hex",), "from_hex", (string,), varbyte(), fallible=True),
    Signature(("to_hex",), "to_hex_binary", (binary,), varchar(MAX_VARCHAR), fallible=True, build=_digits),
    Signature(("from_varbyte",), "from_varbyte", (octets, string), varchar(MAX_VARCHAR), fallible=True),
    Signature(("to_varbyte",), "to_varbyte", (string, string), varbyte(), fallible=True),
    Signature(("getbit",), "getbit", (octets, whole), INTEGER, fallible=True),
    Signature(("len", "length", "char_length", "character_length", "textlen", "octet_length"), "binary_length",
              (binary,), INTEGER),
    Signature(("substring", "substr"), "substring", (binary, whole, whole), first, optional=1, fallible=True,
              build=_substring),
    Signature(("concat",), "concat", (binary, octets), _joined, build=_concat),
    Signature(("concat",), "concat", (octets, binary), _joined, build=_concat),
    Signature(("farmfingerprint64",), "farmfingerprint64_binary", (binary,), BIGINT),
)
KEYS = (*SYMBOLS, "to_hex_binary")
FALLIBLE = ("bit_and", "bit_or", "bit_xor", "shift_left", "shift_right", "to_hex_binary")


def bitwise(key: str, left: Expr, right: Expr | None, span: Span | None) -> Expr:
    """`left op right`; of one operand for ~."""
    if right is None:
        if not (left.type.is_integer or left.type.kind is Kind.VARBYTE):
            raise build.undefined_operator(SYMBOLS[key], None, left.type, span)
        return Call(key, (left,), left.type, span)
    if right.type.kind is Kind.UNKNOWN:
        right = coerce(right, INTEGER if key.startswith("shift") and left.type.is_integer else left.type)
    elif left.type.kind is Kind.UNKNOWN:
        left = coerce(left, right.type)
    a, b = left.type, right.type
    if key.startswith("shift") and a.is_integer and b.is_integer:
        return Call(key, (left, coerce(right, INTEGER)), a, span)
    if key.startswith("shift") or a.kind is Kind.UNKNOWN:
        raise build.undefined_operator(SYMBOLS[key], a, b, span)
    if a.is_integer and b.is_integer:
        type = wider_integer(a, b)
        return Call(key, (_as(left, type), _as(right, type)), type, span)
    if a.kind is b.kind is Kind.VARBYTE:
        return Call(key, (left, right), varbyte(max(a.length, b.length)), span)
    raise build.undefined_operator(SYMBOLS[key], a, b, span)


def _as(expr: Expr, type: SqlType) -> Expr:
    """An integer of the wider type; literals too."""
    return expr if expr.type == type else coerce(expr, type) if isinstance(expr, Literal) else Cast(expr, type, True)
