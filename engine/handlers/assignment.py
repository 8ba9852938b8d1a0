"""Which types may be stored into which columns without a cast, and the storing of single values.

The table is the manual's (c_Supported_data_types, implicit conversions): numbers among each other,
dates and timestamps among each other, everything to text; text to anything else needs a CAST. A bare
literal ('2020-01-01', NULL) takes the column's type.
"""

from __future__ import annotations

from typing import Any

from ...errors import DatatypeMismatch, StringTooLong
from ...storage.schema import Column
from ...storage.types import Kind, SqlType
from ..evaluate import cast

_NUMBERS = frozenset((Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT, Kind.REAL, Kind.DOUBLE, Kind.DECIMAL))
_INTEGERS = frozenset((Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT))
_MOMENTS = frozenset((Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ))
_TEXT = frozenset((Kind.CHAR, Kind.VARCHAR))


def assignable(source: SqlType, target: SqlType) -> bool:
    """May a value of type `source` be stored as `target` without a cast?"""
    a, b = source.kind, target.kind
    if a is b or a is Kind.UNKNOWN or b in _TEXT:
        return a is not Kind.INTERVAL
    return (
        (a in _NUMBERS and b in _NUMBERS)
        or (a in _INTEGERS and b is Kind.BOOLEAN)
        or (a in _MOMENTS and b in _MOMENTS)
        or (a is Kind.TIMESTAMP and b is Kind.TIME)
    )


def check_assignable(source: SqlType, column: Column, position: int | None = None) -> None:
    if not assignable(source, column.type):
        raise DatatypeMismatch(
            f'column "{column.name}" is of type {column.type} but expression is of type {source}',
            hint="You will need to rewrite or cast the expression.",
            position=position,
        )


def assign(value: Any, source: SqlType, column: Column) -> Any:
    """A physical value as the column keeps it."""
    target = column.type
    if value is None:
        return None
    if source != target:
        value = cast(value, source, target)
    if target.kind in _TEXT:
        return fit_text(value, target)
    return value


def fit_text(value: str, type: SqlType) -> str:
    """Text within the declared bytes; blanks beyond them are cut, CHAR drops trailing blanks."""
    if type.kind is Kind.CHAR:
        value = value.rstrip(" ")
    if len(value) * 4 <= type.length:
        return value
    raw = value.encode()
    if len(raw) > type.length:
        if raw[type.length :].strip(b" "):
            raise StringTooLong(f"value too long for type {type}", detail=f"The value has {len(raw)} bytes.")
        return raw[: type.length].decode()
    return value
