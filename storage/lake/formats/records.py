"""Records of nested values (JSON, Ion, Avro, ORC, Parquet) as columns of the table's types.

    {"id": "7", "Tags": ["a"], "m": {"x": 1}}
        id int                  7                            scalars by way of text: what is no int is NULL (values.py)
        tags array<string>      ["a"]                        nested ones as the JSON text of a SUPER value,
        m map<string,int>       [{"key":"x","value":1}]      with the declared names; a map as the manual has it

Names are found in any case, and written as they are declared.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ...formats.documents import document
from ...semistructured.form import Number, dump
from ...types import Kind, Physical
from ..definition import Field
from ..hive_types import HiveType
from .base import BATCH_ROWS
from .values import texts_of, typed


def columns_of(records: Sequence[Sequence[Any]], columns: Sequence[Field]) -> list[pa.Array]:
    """An array for each column of records that have a value for each."""
    return [column_of([record[i] for record in records], column) for i, column in enumerate(columns)]


def batches(records: Iterator[Sequence[Any]], columns: Sequence[Field]) -> Iterator[tuple[int, list[pa.Array]]]:
    """Records as (rows, arrays), a batch at a time."""
    made: list[Sequence[Any]] = []
    for record in records:
        made.append(record)
        if len(made) == BATCH_ROWS:
            yield len(made), columns_of(made, columns)
            made = []
    if made:
        yield len(made), columns_of(made, columns)


def column_of(values: list[Any], column: Field) -> pa.Array:
    """The values as the column's type has them."""
    if column.type.is_nested:
        return pa.array([None if v is None else _json(v, column.type) for v in values], pa.large_string())
    if column.type.sql.physical is Physical.STR and all(v is None or type(v) is str for v in values):
        return texts_of(values, column.type.sql)
    return typed(texts_of([_text(v) for v in values], column.type.sql), column.type.sql)


def nested(array: pa.Array, type: HiveType) -> pa.Array:
    """An Arrow array of structs, lists or maps as the column's JSON."""
    return pa.array([None if v is None else _json(v, type) for v in array.to_pylist()], pa.large_string())


def _json(value: Any, type: HiveType) -> str | None:
    made = _shaped(value, type)
    return None if made is None else dump(made)


def _shaped(value: Any, type: HiveType) -> Any:
    """The value in a type's form; None where it has none."""
    if value is None:
        return None
    if type.fields:
        if not isinstance(value, Mapping):
            return None
        by_name = {str(k).lower(): v for k, v in value.items()}
        return {name: _shaped(by_name.get(name), field) for name, field in type.fields}
    if len(type.items) == 1:
        return [_shaped(v, type.items[0]) for v in value] if isinstance(value, (list, tuple)) else None
    if type.items:
        pairs = value.items() if isinstance(value, Mapping) else value
        return [{"key": _shaped(k, type.items[0]), "value": _shaped(v, type.items[1])} for k, v in pairs]
    return _scalar(value, type)


def _scalar(value: Any, type: HiveType) -> Any:
    kind = type.sql.kind
    if isinstance(value, (datetime, date, time)):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if type.sql.is_temporal and isinstance(value, str):
        moment = typed(pa.array([value]), type.sql)[0].as_py()
        return None if moment is None else str(moment)
    if type.sql.is_string:
        return _text(value)
    made = document(value)
    if kind is Kind.BOOLEAN or isinstance(made, (bool, Number)):
        return made
    if type.sql.is_numeric and isinstance(made, str):
        found = typed(pa.array([made]), type.sql)[0].as_py()
        return None if found is None else document(found)
    return made


def _text(value: Any) -> str | None:
    """A scalar as a text file would have it."""
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (dict, list)):
        return dump(document(value))
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    return format(value, "f") if isinstance(value, Decimal) else str(value)
