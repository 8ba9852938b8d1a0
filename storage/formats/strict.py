"""The slow path of text formats: every record and field by itself, with an explanation for each refusal.

It defines what COPY accepts: the fast path (text.py) may only read a chunk when it is sure to give
the same rows. A chunk comes here when pyarrow refused it or something in it needs a closer look; either a
RejectedRow is raised, naming file, line, column, value and reason, or all its rows are right after all.
"""
from __future__ import annotations

from decimal import Decimal
from typing import Any, Never

import pyarrow as pa

from ..arrow import arrow_type
from ..schema import Column
from ..types import Kind
from .chunks import Chunk
from .options import NULL_STRING, TextOptions
from .records import BadRecord, Field, Record, fields, records
from .rejected import EXTRA_COLUMNS, NO_DELIMITER, NOT_NULL, RejectedRow, Rejection
from .values import BadValue, parse_value


class StrictParser:
    """Reads chunks of one file into batches of the columns' Arrow types."""

    def __init__(self, path: str, columns: tuple[Column, ...], options: TextOptions) -> None:
        self.path = path
        self.columns = columns
        self.options = options

    def parse(self, chunk: Chunk) -> pa.RecordBatch:
        values: list[list[Any]] = [[] for _ in self.columns]
        for record in records(chunk, self.options):
            for column, field, into in zip(self.columns, self._fields(record), values):
                into.append(self._value(record, column, field))
        arrays = [_to_array(column, found) for column, found in zip(self.columns, values)]
        return pa.RecordBatch.from_arrays(arrays, names=[str(i) for i in range(len(arrays))])

    def _fields(self, record: Record) -> list[Field | None]:
        """As many fields as columns; None: missing at the end, and FILLRECORD allows it."""
        try:
            found: list[Field | None] = list(fields(record, self.options))
        except BadRecord as e:
            self._reject(record, None, e.position, None, e.code, e.reason)
        wanted = len(self.columns)
        if len(found) == wanted + 1 and not self.options.csv and found[-1] and not found[-1].value:
            found.pop()  # a delimiter behind the last field ends it
        if len(found) > wanted:
            extra = found[wanted]
            position = extra.position if extra else 0
            self._reject(record, None, position, extra.value if extra else None, *EXTRA_COLUMNS)
        if len(found) < wanted:
            if not self.options.fill_record:
                self._reject(record, self.columns[len(found)], len(record.raw), None, *NO_DELIMITER)
            found.extend([None] * (wanted - len(found)))
        return found

    def _value(self, record: Record, column: Column, field: Field | None) -> Any:
        options, text = self.options, column.type.is_string
        if field is None:
            value: Any = "" if text and not options.empty_as_null else None
        elif self._is_null(field, text):
            value = None
        else:
            try:
                value = parse_value(field.value, column.type, options)
            except BadValue as e:
                self._reject(record, column, field.position, field.value, e.code, e.reason)
        if value is None and (not column.nullable or column.primary_key):
            raw = b"" if field is None else field.value
            self._reject(record, column, field.position if field else len(record.raw), raw, *NOT_NULL)
        return value

    def _is_null(self, field: Field, text: bool) -> bool:
        options = self.options
        if field.value == options.null_string.encode():
            return True
        if field.is_null_string and options.null_string == NULL_STRING:
            return True
        if not text:
            return not field.value.strip()
        if not field.value:
            return options.empty_as_null
        return options.blanks_as_null and not field.value.strip()

    def _reject(
        self,
        record: Record,
        column: Column | None,
        position: int,
        value: bytes | None,
        code: int,
        reason: str,
    ) -> Never:
        raise RejectedRow(
            Rejection(
                file=self.path,
                line=record.line,
                column=None if column is None else column.name,
                type=None if column is None else str(column.type),
                position=position,
                raw_line=record.raw.decode(errors="replace"),
                raw_value=None if value is None else value.decode(errors="replace"),
                code=code,
                reason=reason,
            )
        )


def _to_array(column: Column, values: list[Any]) -> pa.Array:
    """Physical values as an Arrow array of the column's type."""
    type_ = column.type
    match type_.kind:
        case Kind.DECIMAL:
            sign_digits = [None if v is None else Decimal(v).scaleb(-type_.scale) for v in values]
            return pa.array(sign_digits, pa.decimal128(38, type_.scale))
        case Kind.REAL:
            return pa.array(values, pa.float64())
        case Kind.DATE:
            return pa.array(values, pa.int32()).cast(pa.date32())
        case Kind.TIMESTAMP | Kind.TIMESTAMPTZ | Kind.TIME | Kind.TIMETZ:
            return pa.array(values, pa.int64()).cast(arrow_type(type_))
        case _:
            return pa.array(values, arrow_type(type_))
