"""Records of an Avro file as columns: values that are of a column's own kind already go there without becoming text.

    [{"a": 1, "b": "x"}, {"a": None, "b": "y"}]   -->   a [1, null]   b ["x", "y"]

That is: integers into integers, text into CHAR and VARCHAR, and so on (_DIRECT). What has to be converted, mended or
refused is left to document_rows.py, a batch at a time; both ways load the same.
"""
from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..schema import Column
from ..types import Kind
from .document_rows import NULL
from .options import AUTO, TextOptions
from .text import FastParser

_INTEGERS, _NUMBERS = frozenset((int,)), frozenset((int, float))
_DIRECT: dict[Kind, frozenset[type]] = {
    Kind.SMALLINT: _INTEGERS,
    Kind.INTEGER: _INTEGERS,
    Kind.BIGINT: _INTEGERS,
    Kind.REAL: _NUMBERS,
    Kind.DOUBLE: _NUMBERS,
    Kind.DECIMAL: frozenset((Decimal,)),
    Kind.BOOLEAN: frozenset((bool,)),
    Kind.CHAR: frozenset((str,)),
    Kind.VARCHAR: frozenset((str,)),
    Kind.DATE: frozenset((datetime.date,)),
    Kind.TIMESTAMP: frozenset((datetime.datetime,)),
    Kind.TIMESTAMPTZ: frozenset((datetime.datetime,)),
}
_ABSENT = type(None)


class ColumnParser:
    """For the columns of one table; `fast` has their checks."""

    def __init__(self, columns: tuple[Column, ...], options: TextOptions, fast: FastParser) -> None:
        self._columns = columns
        self._fast = fast
        plain_dates = options.date_format in (None, AUTO) and options.time_format in (None, AUTO)
        self._usable = bool(columns) and plain_dates

    def batch(self, records: Sequence[dict[str, Any]]) -> pa.RecordBatch | None:
        """The records' values by columns' names; None where a value is not of its column's kind."""
        if not self._usable:
            return None
        arrays = []
        for column in self._columns:
            array = self._array(column, [record.get(column.name) for record in records])
            if array is None:
                return None
            arrays.append(array)
        return pa.RecordBatch.from_arrays(arrays, names=self._fast.names)

    def _array(self, column: Column, values: list[Any]) -> pa.Array | None:
        direct = _DIRECT.get(column.type.kind)
        if direct is None or not direct.issuperset({*map(type, values)} - {_ABSENT}):
            return None
        try:
            array = pa.array(values, self._fast.type_of(column))
        except (pa.ArrowException, UnicodeEncodeError, OverflowError):
            return None
        if column.type.is_string and pc.any(pc.equal(array, NULL)).as_py():
            return None
        found = self._fast.finish(column, pa.chunked_array([array]))
        return None if found is None else found.combine_chunks()
