"""One field's text as a value of its column, in physical form, or the reason why it is none.

This is the slow path, taken for chunks that the fast one (text.py) cannot read; it defines what COPY
accepts. Reasons are worded as in Redshift's stl_load_errors.
"""
from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Never

from ... import errors
from ..types import Kind, SqlType
from . import datetimes
from .options import TextOptions
from .rejected import (
    BAD_BOOLEAN,
    BAD_DATE,
    BAD_DECIMAL,
    BAD_FLOAT,
    BAD_INTERVAL,
    BAD_JSON,
    BAD_NUMBER,
    BAD_TIMESTAMP,
    BAD_TYPE,
    BAD_UTF8,
    INTEGER_OVERFLOW,
    NOT_ASCII,
    OUT_OF_RANGE,
    TOO_LONG,
)

TRUE_TEXTS = ("t", "T", "true", "TRUE", "True", "y", "Y", "yes", "YES", "Yes", "1")
FALSE_TEXTS = ("f", "F", "false", "FALSE", "False", "n", "N", "no", "NO", "No", "0")

# Redshift's names of types in reasons.
_REASON_TYPES = {
    Kind.SMALLINT: "Short",
    Kind.INTEGER: "Integer",
    Kind.BIGINT: "Long",
    Kind.DECIMAL: "Decimal",
    Kind.REAL: "Float",
    Kind.DOUBLE: "Double",
}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_FLOAT = re.compile(r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|inf(inity)?|nan)", re.IGNORECASE)
WIDE = Context(prec=100)
MAX_REAL = 3.4028234663852886e38
LONGEST_INTERVAL = 200  # characters
# Months and microseconds that an interval has at most.
_MOST_UNITS = {Kind.INTERVAL_YM: (1 << 31) - 1, Kind.INTERVAL_DS: (1 << 63) - 1}


class BadValue(Exception):
    """Why a field is no value of its column; becomes a RejectedRow where file and line are known."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def parse_value(field: bytes, type_: SqlType, options: TextOptions) -> Any:
    """The physical value of a field that is not NULL; None for a date that ACCEPTANYDATE lets pass."""
    return converter(type_, options)(field)


@lru_cache(maxsize=1024)
def converter(type_: SqlType, options: TextOptions) -> Callable[[bytes], Any]:
    """`parse_value` for one column; raises BadValue."""
    parse = _parser(type_, options)

    def convert(field: bytes) -> Any:
        try:
            text = field.decode()
        except UnicodeDecodeError as e:
            bad = field[e.start : e.start + 4].hex(" ")
            raise BadValue(
                BAD_UTF8,
                f"String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: {bad}",
            ) from None
        return parse(text)

    return convert


def _parser(type_: SqlType, options: TextOptions) -> Callable[[str], Any]:
    match type_.kind:
        case Kind.SMALLINT | Kind.INTEGER | Kind.BIGINT:
            limits = type_.integer_limits
            return lambda text: _integer(text.strip(), type_, limits)
        case Kind.DECIMAL:
            limits = type_.integer_limits
            return lambda text: _decimal(text.strip(), type_, options, limits)
        case Kind.REAL | Kind.DOUBLE:
            return lambda text: _float(text.strip(), type_)
        case Kind.BOOLEAN:
            return lambda text: _boolean(text.strip())
        case Kind.CHAR | Kind.VARCHAR:
            return lambda text: _text(text, type_, options)
        case Kind.SUPER:
            return _document
        case Kind.VARBYTE:
            return lambda text: _binary(text.strip(), type_)
        case Kind.HLLSKETCH:
            return _sketch
        case Kind.DATE:
            return lambda text: _date(text.strip(), options)
        case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
            zoned = type_.kind is Kind.TIMESTAMPTZ
            return lambda text: _timestamp(text.strip(), options, zoned)
        case Kind.TIME | Kind.TIMETZ:
            zoned = type_.kind is Kind.TIMETZ
            return lambda text: _time(text.strip(), zoned)
        case Kind.INTERVAL_YM | Kind.INTERVAL_DS:
            return lambda text: _interval(text.strip(), type_)
        case _:
            return lambda text: _refused(type_)


def _refused(type_: SqlType) -> Never:
    raise BadValue(BAD_TYPE, f"COPY cannot load type {type_} from text")


def _interval(text: str, type_: SqlType) -> int:
    """Months or microseconds, of what a cast reads."""
    from ..interval_text import read_interval

    try:
        value = read_interval(text, type_) if len(text) <= LONGEST_INTERVAL else None
    except errors.Error:
        value = None
    if value is None:
        raise BadValue(*BAD_INTERVAL)
    if abs(value) > _MOST_UNITS[type_.kind]:
        raise BadValue(OUT_OF_RANGE, f"Overflow, Value '{text}', Type: {type_}")
    return value


def _document(text: str) -> str | None:
    """JSON in canonical form; None for null."""
    from ..semistructured.form import parse

    try:
        return parse(text)
    except errors.DataError as e:
        raise BadValue(BAD_JSON, e.message) from None


def _sketch(text: str) -> str:
    from ..sketches import parse

    try:
        return parse(text)
    except errors.DataError as e:
        raise BadValue(BAD_JSON, e.message) from None


def _bad_digit(text: str, pattern: str, type_: SqlType) -> BadValue:
    """Names the first character at which `text` stops to look like a number."""
    good = re.match(pattern, text)
    at = good.end() if good else 0
    shown = text[at] if at < len(text) else text
    name = _REASON_TYPES[type_.kind]
    code = BAD_DECIMAL if type_.kind is Kind.DECIMAL else BAD_FLOAT if type_.is_float else BAD_NUMBER
    return BadValue(code, f"Invalid digit, Value '{shown}', Pos {at}, Type: {name}")


def _overflow(text: str, type_: SqlType) -> BadValue:
    name = str(type_) if type_.kind is Kind.DECIMAL else _REASON_TYPES[type_.kind]
    code = INTEGER_OVERFLOW if type_.is_integer else OUT_OF_RANGE
    return BadValue(code, f"Overflow, Value '{text}', Type: {name}")


def _integer(text: str, type_: SqlType, limits: tuple[int, int]) -> int:
    if not _INTEGER.fullmatch(text):
        raise _bad_digit(text, r"[+-]?[0-9]*", type_)
    value = int(text) if len(text) < 40 else 1 << 99
    least, most = limits
    if not least <= value <= most:
        raise _overflow(text, type_)
    return value


def _decimal(text: str, type_: SqlType, options: TextOptions, limits: tuple[int, int]) -> int:
    if not _DECIMAL.fullmatch(text):
        raise _bad_digit(text, r"[+-]?[0-9]*(\.[0-9]*)?([eE][+-]?[0-9]*)?", type_)
    rounding = ROUND_HALF_UP if options.round_decimals else ROUND_DOWN
    try:
        scaled = Decimal(text).scaleb(type_.scale, WIDE).quantize(Decimal(1), rounding, WIDE)
    except InvalidOperation:
        raise _overflow(text, type_) from None
    least, most = limits
    if not least <= scaled <= most:
        raise _overflow(text, type_)
    return int(scaled)


def _float(text: str, type_: SqlType) -> float:
    if not _FLOAT.fullmatch(text):
        raise _bad_digit(text, r"[+-]?[0-9]*(\.[0-9]*)?([eE][+-]?[0-9]*)?", type_)
    value = float(text)
    limit = MAX_REAL if type_.kind is Kind.REAL else math.inf
    if (math.isinf(value) and "inf" not in text.lower()) or (math.isfinite(value) and abs(value) > limit):
        raise _overflow(text, type_)
    return value


def _boolean(text: str) -> bool:
    if text in TRUE_TEXTS:
        return True
    if text in FALSE_TEXTS:
        return False
    code, reason = BAD_BOOLEAN
    raise BadValue(code, f"{reason}, Value '{text}'")


def _text(text: str, type_: SqlType, options: TextOptions) -> str:
    if options.trim_blanks and type_.kind is Kind.VARCHAR:
        text = text.rstrip(" ")
    if type_.kind is Kind.CHAR:
        text = text.rstrip(" ")
        if not text.isascii():
            bad = next(c for c in text if not c.isascii()).encode().hex(" ")
            raise BadValue(
                NOT_ASCII, f"Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: {bad}"
            )
    if len(text.encode()) <= type_.length:
        return text
    if options.truncate_columns:
        return text.encode()[: type_.length].decode(errors="ignore")
    raise BadValue(*TOO_LONG)


def _binary(text: str, type_: SqlType) -> bytes:
    """Hexadecimal digits (copy-usage-varbyte)."""
    if len(text) % 2 or text.lower().strip("0123456789abcdef"):
        raise BadValue(BAD_NUMBER, "Invalid hexadecimal value for a VARBYTE column")
    if len(text) > type_.text_limit:
        raise BadValue(*TOO_LONG)
    return bytes.fromhex(text)


def _date(text: str, options: TextOptions) -> int | None:
    try:
        return datetimes.parse_date(text, options.date_format)
    except (ValueError, KeyError):
        if options.any_date:
            return None
        if options.date_format is None and len(text) < len("YYYY-MM-DD"):
            raise BadValue(BAD_DATE, "Invalid Date Format - length must be 10 or more") from None
        shown = options.date_format or "YYYY-MM-DD"
        raise BadValue(BAD_DATE, f"Invalid date format or value [{shown}]") from None


def _timestamp(text: str, options: TextOptions, zoned: bool) -> int | None:
    try:
        return datetimes.parse_timestamp(text, options.time_format, zoned)
    except (ValueError, KeyError, OverflowError):
        if options.any_date:
            return None
        shown = options.time_format or "YYYY-MM-DD HH24:MI:SS"
        raise BadValue(BAD_TIMESTAMP, f"Invalid timestamp format or value [{shown}]") from None


def _time(text: str, zoned: bool = False) -> int:
    try:
        return datetimes.parse_time(text, zoned)
    except ValueError:
        raise BadValue(BAD_TIMESTAMP, "Invalid time format or value [HH24:MI:SS]") from None
