"""Rows of fields into rows of values: what every format that comes by way of text has in common.

    fields of a record  --NULL rules, conversion--> values      or a Rejection told to `findings`

It defines what COPY accepts: the fast path (text.py) may only read what it is sure to read in the same way.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ..arrow import arrow_type, of_numbers
from ..schema import Column
from ..types import Kind
from .options import TextOptions
from .records import BadRecord, Field, Record, fields
from .rejected import EXTRA_COLUMNS, NO_DELIMITER, NOT_NULL, Findings, Rejection, Replacement
from .values import WIDE, BadValue, converter

SHOWN_BYTES = 1024
# What is invalid in UTF-8 or stands for no character (multi-byte-character-load-errors): noncharacters too.
_LAST_TWO = "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
NONCHARACTERS = re.compile(f"[\ufdd0-\ufdef{_LAST_TWO}]")


class RowReader:
    """Reads records of one file. A row is a list of physical values, None where it is rejected."""

    def __init__(
        self, path: str, columns: tuple[Column, ...], options: TextOptions, findings: Findings, start_offset: int = 0
    ) -> None:
        self.path = path
        self.columns = columns
        self.options = options
        self.findings = findings
        self._start_offset = start_offset
        self._kinds = [
            (c.type.is_string, c.nullable and not c.primary_key, converter(c.type, options)) for c in columns
        ]
        self._null = None if options.null_string is None else options.null_string.encode()

    def record(self, record: Record) -> list[Any] | None:
        """A line of text: its fields, then their values."""
        try:
            found: list[Field | None] = list(fields(record, self.options))
        except BadRecord as e:
            self.reject(record, None, e.position, None, e.code, e.reason)
            return None
        wanted = len(self.columns)
        if len(found) == wanted + 1 and not self.options.csv and found[-1] and not found[-1].value:
            found.pop()  # a delimiter behind the last field ends it
        if len(found) > wanted:
            extra = found[wanted]
            position = extra.position if extra else 0
            self.reject(record, None, position, extra.value if extra else None, *EXTRA_COLUMNS, found[:wanted])
            return None
        if len(found) < wanted:
            if not self.options.fill_record:
                self.reject(record, self.columns[len(found)], len(record.raw), None, *NO_DELIMITER, found)
                return None
            found.extend([None] * (wanted - len(found)))
        return self.row(record, found)

    def row(self, record: Record, found: Sequence[Field | None]) -> list[Any] | None:
        """As many fields as columns; None: missing at the end, and FILLRECORD allows it."""
        values = []
        replaced: Column | None = None
        mending = self.options.replacement is not None
        for i, (column, field) in enumerate(zip(self.columns, found)):
            if mending and field is not None and self.options.replacement and column.type.kind is Kind.VARCHAR:
                whole = mended(field.value, self.options.replacement)
                if whole is not None:
                    field, replaced = Field(whole, field.position, field.is_null), replaced or column
            try:
                values.append(self._value(field, *self._kinds[i]))
            except BadValue as e:
                position = field.position if field else len(record.raw)
                self.reject(record, column, position, field.value if field else b"", e.code, e.reason, found[: i + 1])
                return None
        if replaced is not None:
            self.findings.replaced(Replacement(self.path, record.line, replaced.name, _shown(record.raw)))
        return values

    def _value(self, field: Field | None, text: bool, nullable: bool, convert: Callable[[bytes], Any]) -> Any:
        if field is None:
            value: Any = "" if text and not self.options.empty_as_null else None
        elif self._is_null(field, text):
            value = None
        else:
            value = convert(field.value)
        if value is None and not nullable:
            raise BadValue(*NOT_NULL)
        return value

    def _is_null(self, field: Field, text: bool) -> bool:
        if field.is_null or (field.value.rstrip(b" ") if self.options.widths else field.value) == self._null:
            return True  # in fixed widths blanks fill up the null string as any other
        if not text:
            return not field.value.strip()
        if not field.value:
            return self.options.empty_as_null
        return self.options.blanks_as_null and not field.value.strip()

    def reject(
        self, record: Record, column: Column | None, position: int, value: bytes | None, code: int, reason: str,
        before: Sequence[Field | None] = (),
    ) -> None:
        """Tell of a row that is left out."""
        self.findings.rejected(
            Rejection(
                file=self.path,
                line=record.line,
                column=None if column is None else column.name,
                type=None if column is None else str(column.type),
                position=position,
                raw_line=_shown(record.raw),
                raw_value=None if value is None else _shown(value),
                code=code,
                reason=reason,
                values=tuple(None if f is None else _shown(f.value) for f in before),
                length=str(column.type.length) if column is not None and column.type.is_string else "",
                start_offset=self._start_offset,
            )
        )


def _shown(raw: bytes) -> str:
    """As much as stl_load_errors keeps of a line or a field."""
    return raw[:SHOWN_BYTES].decode(errors="replace")


def to_batch(columns: tuple[Column, ...], rows: Sequence[Sequence[Any]]) -> pa.RecordBatch:
    """Rows of physical values as a batch of the columns' Arrow types."""
    by_column = list(zip(*rows)) if rows else [()] * len(columns)
    arrays = [_to_array(column, values) for column, values in zip(columns, by_column)]
    return pa.RecordBatch.from_arrays(arrays, names=[str(i) for i in range(len(arrays))])


def _to_array(column: Column, values: Sequence[Any]) -> pa.Array:
    type_ = column.type
    match type_.kind:
        case Kind.DECIMAL:
            sign_digits = [None if v is None else Decimal(v).scaleb(-type_.scale, WIDE) for v in values]
            return pa.array(sign_digits, pa.decimal128(38, type_.scale))
        case Kind.REAL:
            return pa.array(values, pa.float64())
        case Kind.DATE:
            return pa.array(values, pa.int32()).cast(pa.date32())
        case Kind.TIMESTAMP | Kind.TIMESTAMPTZ | Kind.TIME | Kind.TIMETZ | Kind.INTERVAL_YM | Kind.INTERVAL_DS:
            return of_numbers(pa.array(values, pa.int64()), type_)
        case _:
            return pa.array(values, arrow_type(type_))


def mended(value: bytes, replacement: str) -> bytes | None:
    """ACCEPTINVCHARS: the text with each invalid sequence replaced by as many characters; None: nothing is invalid."""
    mark = replacement.encode()
    parts, at, bad = [], 0, False
    while True:
        try:
            text = value[at:].decode()
            break
        except UnicodeDecodeError as e:
            bad = True
            parts += [value[at : at + e.start], mark * (e.end - e.start)]
            at += e.end
    parts.append(text.encode())
    whole = b"".join(parts).decode()
    found = NONCHARACTERS.search(whole)
    if not bad and found is None:
        return None
    return NONCHARACTERS.sub(lambda m: replacement * len(m[0].encode()), whole).encode()
