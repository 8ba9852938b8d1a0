"""Arrow arrays as SUPER values: JSON text that is parsed, and nested or scalar values that become JSON.

    from_json     ['{"a": 1}', null]         -> ['{"a":1}', null]        text files, write_arrow, Parquet text
    from_values   [{"a": 1}, null]           -> ['{"a":1}', null]        SERIALIZETOJSON: structs, lists, maps, scalars

Both give canonical text (form.py), in Python once per value. Dates and times become strings, as COPY from ORC has it.
"""
from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ...errors import DataError, DatatypeMismatch
from .form import Number, dump, from_float, given, number, parse

TEXT = pa.large_string()


def from_json(array: pa.Array, name: str) -> pa.Array:
    """JSON texts in canonical form; DataError names the column and the row of its batch."""
    known: dict[str, str | None] = {}
    made: list[str | None] = []
    for row, text in enumerate(array.to_pylist()):
        if text is not None and text not in known:
            try:
                known[text] = parse(text)
            except DataError as error:
                where = f'column "{name}", row {row} of its batch'
                error.detail = where if error.detail is None else f"{where}: {error.detail}"
                raise
        made.append(None if text is None else known[text])
    return pa.array(made, TEXT)


def from_values(array: pa.Array, name: str) -> pa.Array:
    """Values of any Arrow type as canonical text."""
    made = [None if v is None else given(dump(_value(v, array.type, name))) for v in array.to_pylist()]
    return pa.array(made, TEXT)


def _value(value: Any, type: pa.DataType, name: str) -> Any:
    """A Python value of an Arrow type as form.dump takes it."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if pa.types.is_struct(type):
        return {field.name: _value(value[field.name], field.type, name) for field in type}
    if pa.types.is_map(type):
        return {str(k): _value(v, type.item_type, name) for k, v in value}
    if isinstance(value, list):
        return [_value(v, type.value_type, name) for v in value]
    if isinstance(value, int):
        return number(str(value))
    if isinstance(value, float):
        return from_float(value, pa.types.is_float32(type))
    if isinstance(value, Decimal):
        return Number(f"{value:f}")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat(" ") if isinstance(value, datetime.datetime) else value.isoformat()
    raise DatatypeMismatch(f'column "{name}": a value of type {type} has no form in SUPER')
