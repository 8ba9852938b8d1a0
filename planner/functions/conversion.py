"""Formatting and conversion: TO_CHAR, TO_DATE, TO_TIMESTAMP, TO_NUMBER, TO_HEX, TEXT_TO_INT_ALT ..."""
from __future__ import annotations

import re

from ...errors import NotSupportedError, ProgrammingError
from ...patterns import pattern
from ...storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    INTEGER,
    MAX_PRECISION,
    TIMESTAMPTZ,
    Kind,
    SqlType,
    decimal,
    varchar,
)
from ..expressions import Call, Expr, Literal
from .signature import Build, Signature, Site, boolean, integers, number, stamps, string, text, whole
from .string import ANY_TEXT

_QUIET = pattern(r'"[^"]*"')
_STRICT = Literal(False, BOOLEAN)


def _read(key: str, type: SqlType) -> Build:
    """TO_DATE, TO_TIMESTAMP: `is_strict` is FALSE unless given."""
    return lambda site, args: Call(key, (*args, _STRICT)[:3], type, site.span)


def _constant(site: Site, arg: Expr, what: str) -> Literal:
    if not isinstance(arg, Literal) or arg.value is None:
        raise NotSupportedError(f"{what} of {site.name.upper()} must be a constant", position=site.position)
    return Literal(arg.value, arg.type, -1, arg.span)  # it decides the result's type: part of the shape


def _to_number(site: Site, args: tuple[Expr, ...]) -> Expr:
    """TO_NUMBER(text, format): NUMERIC with the digits that the format has."""
    format = _constant(site, args[1], "the format")
    bare = _QUIET.sub("", str(format.value)).upper()
    whole_part, _, fraction = bare.replace("D", ".").partition(".")
    digits, scale = len(re.findall("[09]", whole_part)), len(re.findall("[09]", fraction))
    if not 1 <= digits + scale <= MAX_PRECISION:
        raise ProgrammingError(
            f"a numeric format has 1 to {MAX_PRECISION} digits, not {digits + scale}", sqlstate="22023",
            position=site.position,
        )
    return Call("to_number", (args[0], format), decimal(digits + scale, scale), site.span)


def _format(site: Site, arg: Expr) -> Literal:
    """A format of Teradata's, which must be right before any text is read by it."""
    from .teradata import parse

    format = _constant(site, arg, "the format")
    try:
        parse(str(format.value))
    except ProgrammingError as error:
        raise type(error)(error.message, sqlstate=error.sqlstate, position=site.position) from None
    return format


def _text_to_int(site: Site, args: tuple[Expr, ...]) -> Expr:
    """TEXT_TO_INT_ALT(text, format)."""
    return Call("text_to_int_alt", (args[0], _format(site, args[1])), INTEGER, site.span)


def _text_to_numeric(site: Site, args: tuple[Expr, ...]) -> Expr:
    """TEXT_TO_NUMERIC_ALT(text [, format] [, precision, scale])."""
    precision, scale = MAX_PRECISION, 0
    if len(args) > 2:
        precision, scale = (int(_constant(site, a, "precision and scale").value) for a in args[-2:])
    if not (1 <= precision <= MAX_PRECISION and 0 <= scale <= min(precision, MAX_PRECISION - 1)):
        raise ProgrammingError(f"NUMERIC({precision},{scale}) is no type", sqlstate="22023", position=site.position)
    read = (args[0], _format(site, args[1])) if len(args) in (2, 4) else args[:1]
    return Call("text_to_numeric_alt", read, decimal(precision, scale), site.span)


def _hexadecimal(type: SqlType) -> SqlType | None:
    """Integers as they are; a quoted number is a BIGINT, another exact one too."""
    if type.kind is Kind.DECIMAL and type.scale == 0:
        return BIGINT
    return BIGINT if type.kind is Kind.UNKNOWN else integers(type)


FUNCTIONS: tuple[Signature, ...] = (
    Signature(("to_char",), "to_char_datetime", (stamps, string), ANY_TEXT, fallible=True),
    Signature(("to_char",), "to_char_number", (number, string), ANY_TEXT, fallible=True),
    Signature(("to_date",), "to_date", (text, string, boolean), DATE, optional=1, fallible=True,
              build=_read("to_date", DATE)),
    Signature(("to_timestamp",), "to_timestamp", (text, string, boolean), TIMESTAMPTZ, optional=1, fallible=True,
              build=_read("to_timestamp", TIMESTAMPTZ)),
    Signature(("to_number",), "to_number", (text, string), decimal(MAX_PRECISION, 0), fallible=True,
              build=_to_number),
    Signature(("to_hex",), "to_hex", (_hexadecimal,), varchar(16)),
    Signature(("text_to_int_alt",), "text_to_int_alt", (string,), INTEGER, fallible=True),
    Signature(("text_to_int_alt",), "text_to_int_alt", (string, string), INTEGER, fallible=True, build=_text_to_int),
    Signature(("text_to_numeric_alt",), "text_to_numeric_alt", (string,), decimal(MAX_PRECISION, 0), fallible=True),
    Signature(("text_to_numeric_alt",), "text_to_numeric_alt", (string, whole, whole), decimal(MAX_PRECISION, 0),
              fallible=True, build=_text_to_numeric),
    Signature(("text_to_numeric_alt",), "text_to_numeric_alt", (string, string), decimal(MAX_PRECISION, 0),
              fallible=True, build=_text_to_numeric),
    Signature(("text_to_numeric_alt",), "text_to_numeric_alt", (string, string, whole, whole),
              decimal(MAX_PRECISION, 0), fallible=True, build=_text_to_numeric),
)
# print_float is made by binder/float_digits.py.
KEYS = ("print_float", "to_date", "to_timestamp", "to_number", "try_cast")
