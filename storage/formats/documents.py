"""Values of JSON documents and Avro records as fields, which rows.py converts as it does those of text files.

    number, text   its text              true, false   true, false          null   NULL
    object, array  its JSON, compact     into a SUPER column: everything as JSON
"""
from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from ..schema import Column
from ..semistructured.form import Number, dump, from_float, number
from ..types import Kind
from .options import TextOptions
from .records import Field

NULL = Field(b"", 0, is_null=True)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


def field(value: Any, column: Column, options: TextOptions) -> Field:
    """What `Number`, str, bool, None, list and dict (JSON), and what fastavro makes of Avro's types become."""
    if value is None:
        return NULL
    if column.type.is_super:
        return _encoded(dump(document(value)))
    if isinstance(value, bool):
        return Field(b"true" if value else b"false", 0)
    if isinstance(value, str):  # Number too
        return _encoded(value)
    if isinstance(value, bytes):
        return Field(value.hex().encode() if column.type.kind is Kind.VARBYTE else value, 0)
    if isinstance(value, list | dict):
        return _encoded(dump(document(value)))
    if isinstance(value, datetime.datetime):
        return _encoded(_moment(value, column, options))
    return _encoded(repr(value) if isinstance(value, float) else str(value))


def _encoded(text: str) -> Field:
    """Bytes that were no UTF-8 in the file are as they were; half a surrogate pair becomes bytes that are none."""
    try:
        return Field(text.encode(errors="surrogateescape"), 0)
    except UnicodeEncodeError:
        return Field(text.encode(errors="surrogatepass"), 0)


def document(value: Any) -> Any:
    """What semistructured's `dump` takes."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, dict):
        return {str(key): document(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [document(item) for item in value]
    if isinstance(value, int):
        return number(str(value))
    if isinstance(value, float):
        return from_float(value)
    if isinstance(value, Decimal):
        return number(format(value, "f"))
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _moment(value: datetime.datetime, column: Column, options: TextOptions) -> str:
    """As TIMEFORMAT wants it; Avro's moments are instants in UTC, or local ones."""
    if options.time_format in ("epochsecs", "epochmillisecs"):
        whole = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
        microseconds = (whole - _EPOCH) // _MICROSECOND
        return str(microseconds // (1_000_000 if options.time_format == "epochsecs" else 1_000))
    return value.replace(tzinfo=None).isoformat(sep=" ") + (
        "+00" if column.type.kind is Kind.TIMESTAMPTZ and value.tzinfo else ""
    )


__all__ = ["NULL", "Number", "document", "field"]
