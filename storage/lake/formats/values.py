"""Texts of files as values of a column: what is none of the type is NULL, as Hive's serdes have it.

    typed(["12", "x", "99999999999"], INTEGER)   ->   [12, NULL, NULL]

Vectorised where texts look as they mostly do; the others are read one by one, each different text once. Dates are
taken in the manual's forms (r_CREATE_EXTERNAL_TABLE), timestamps as yyyy-mm-dd hh:mi:ss.ffffff, also with a T and Z.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import arrow_type
from ...formats.values import WIDE
from ...types import Kind, Physical, SqlType

_INTEGER = r"^[+-]?[0-9]{1,18}$"
_FLOAT = r"^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[iI][nN][fF](inity)?|[nN][aA][nN])$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_TIMESTAMP = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?$"
_MONTHS = {m: i for i, m in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1)}
_PARTS = re.compile(r"(\w+)-(\w+)-(\w+)")
_TRUE, _FALSE = ("true", "t", "1"), ("false", "f", "0")


def typed(texts: pa.Array, type: SqlType) -> pa.Array:
    """The column's values, in an Arrow type that storage/arrow.py takes for it."""
    if type.physical is Physical.STR:
        return texts
    trimmed = pc.utf8_trim_whitespace(texts)
    match type.kind:
        case Kind.SMALLINT | Kind.INTEGER | Kind.BIGINT:
            found = _where(trimmed, _INTEGER, pa.decimal128(38, 0), lambda t: _integer(t))
            low, high = (pa.scalar(Decimal(v), pa.decimal128(38, 0)) for v in type.integer_limits)
            inside = pc.and_(pc.greater_equal(found, low), pc.less_equal(found, high))
            return pc.if_else(inside, found, None).cast(pa.int64())
        case Kind.DECIMAL:
            return _each(trimmed, lambda t: _decimal(t, type), pa.decimal128(38, type.scale))
        case Kind.REAL | Kind.DOUBLE:
            return _where(trimmed, _FLOAT, pa.float64(), lambda t: None)
        case Kind.BOOLEAN:
            lower = pc.utf8_lower(trimmed)
            true, false = (pc.is_in(lower, pa.array(words)) for words in (_TRUE, _FALSE))
            return pc.if_else(true, True, pc.if_else(false, False, pa.scalar(None, pa.bool_())))
        case Kind.DATE:
            return _where(trimmed, _DATE, pa.date32(), _date)
        case _:
            return _where(trimmed, _TIMESTAMP, pa.timestamp("us"), _timestamp)


def texts_of(values: Sequence[str | None], type: SqlType) -> pa.Array:
    """Texts that were decoded with surrogates for what is no UTF-8: as they were in the file where text is wanted, for
    cleansing.py to judge, and NULL for another type."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        raw = [None if v is None else v.encode(errors="surrogateescape") for v in values]
    if type.physical is Physical.STR:
        return pa.array(raw, pa.binary()).view(pa.string())
    return pa.array([b.decode(errors="replace") if b is not None else None for b in raw], pa.string())


def _where(texts: pa.Array, pattern: str, type: pa.DataType, otherwise: Callable[[str], Any]) -> pa.Array:
    """Texts of the usual form by one cast; if there are others, or a cast fails, one by one."""
    usual = pc.fill_null(pc.match_substring_regex(texts, pattern), True)
    if pc.all(usual).as_py() is not False:
        try:
            return pc.cast(texts, type)
        except pa.ArrowInvalid:
            pass

    def one(text: str) -> Any:
        if re.match(pattern, text):
            try:
                return pa.scalar(text).cast(type).as_py()
            except pa.ArrowInvalid:
                return None
        return otherwise(text)

    return _each(texts, one, type)


def _each(texts: pa.Array, one: Callable[[str], Any], type: pa.DataType) -> pa.Array:
    """One by one, each different text once."""
    coded = texts.dictionary_encode()
    values = pa.array([one(text) for text in coded.dictionary.to_pylist()], type)
    return values.take(coded.indices)


def _integer(text: str) -> Decimal | None:
    """A longer one, which is NULL unless it fits."""
    return Decimal(text) if re.fullmatch(r"[+-]?[0-9]{1,30}", text) else None


def _decimal(text: str, type: SqlType) -> Decimal | None:
    try:
        value = Decimal(text)
        if not value.is_finite():
            return None
        value = value.quantize(Decimal(1).scaleb(-type.scale), "ROUND_HALF_UP", WIDE)
    except InvalidOperation:
        return None
    low, high = type.integer_limits
    return value if low <= int(value.scaleb(type.scale, WIDE)) <= high else None


def _date(text: str) -> date | None:
    """mm-dd-yyyy, mmm-dd-yyyy, dd-mmm-yyyy, yyyy-mmm-dd; a year of two digits is one of 1970 to 2069."""
    found = _PARTS.fullmatch(text)
    if found is None:
        stamp = _timestamp(text)
        return None if stamp is None else stamp.date()
    parts = list(found.groups())
    named = next((i for i, part in enumerate(parts) if part.lower() in _MONTHS), None)
    if named is not None:
        month = _MONTHS[parts.pop(named).lower()]
        day, year = (parts[1], parts[0]) if len(parts[0]) > 2 else (parts[0], parts[1])
    elif all(part.isdigit() for part in parts):
        year, month, day = (parts[0], int(parts[1]), parts[2]) if len(parts[0]) > 2 else (
            parts[2], int(parts[0]), parts[1])
    else:
        return None
    try:
        number = int(year)
        return date(number + (2000 if number < 70 else 1900 if number < 100 else 0), month, int(day))
    except ValueError:
        return None


def _timestamp(text: str) -> datetime | None:
    """ISO 8601: a zone is taken away, after the moment was brought to UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        moment = (moment - moment.utcoffset()).replace(tzinfo=None)  # type: ignore[operator]
    return moment


def read_type(type: SqlType) -> pa.DataType | None:
    """The type in which pyarrow's CSV reader gives such values as `typed` would; None: as text."""
    match type.kind:
        case Kind.SMALLINT | Kind.INTEGER | Kind.BIGINT | Kind.DOUBLE | Kind.DATE | Kind.TIMESTAMP:
            return arrow_type(type)
        case Kind.REAL:
            return pa.float64()
        case Kind.DECIMAL:
            return arrow_type(type)
        case _:
            return None
