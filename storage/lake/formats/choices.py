"""Columns of which each type has its own: a column of the files that is a number here and text there (crawler).

    table property 'column.origin.code_int' = 'code', 'column.origin.code_string' = 'code'

    files of code        code_int   code_string
    7, 8  (int)          7, 8       NULL          Parquet and ORC: the file's type says which column has its values
    'x7', '9' (text)     NULL       'x7', '9'
    CSV, JSON, ...       7          NULL          text knows no types: a value is in the first column, numbers before
                         NULL       'x7'          moments before texts, that can have it

A reader around the format's own: that one is asked for the origin, by name or by its one place among the columns.
"""
from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from ...formats.columnar import fits
from ...objects.base import ObjectInfo
from ...types import MAX_VARCHAR, Kind, varchar
from ..definition import Field, Source
from ..hive_types import HiveType
from .base import NOTHING_KNOWN, Bounds, Part, Reader
from .values import typed

ORIGIN = "column.origin."
TYPED = ("parquet", "orc")
_TEXT = HiveType(varchar(MAX_VARCHAR), "string")


def origins(source: Source) -> dict[str, str]:
    """column -> the files' column that it has values of."""
    given = dict(source.properties)
    found = {field.name: given.get(ORIGIN + field.name) for field in source.columns}
    return {name: origin.lower() for name, origin in found.items() if origin}


def without_choices(source: Source) -> Source:
    """The table with one column for each of the files'."""
    known = origins(source)
    fields: dict[str, Field] = {}
    for field in source.columns:
        origin = known.get(field.name)
        fields.setdefault(origin or field.name, field if origin is None else Field(origin, _TEXT))
    others = tuple(p for p in source.properties if not p[0].startswith(ORIGIN))
    return replace(source, columns=tuple(fields.values()), properties=others)


class ChoiceReader:
    """See the module's text. `file_type(file, column)` answers the type that a column has in a file, None where it has
    none; only formats that know types have it."""

    def __init__(
        self, source: Source, reader: Reader, file_type: Callable[[ObjectInfo, str], pa.DataType | None] | None
    ) -> None:
        self._reader = reader
        self._file_type = file_type
        self._origins = origins(source)
        self._choices: dict[str, list[Field]] = {}
        for field in source.columns:
            if field.name in self._origins:
                self._choices.setdefault(self._origins[field.name], []).append(field)
        for fields in self._choices.values():
            fields.sort(key=_rank)

    def files(self, location: str) -> list[ObjectInfo]:
        return self._reader.files(location)

    def parts(self, file: ObjectInfo) -> list[Part]:
        return self._reader.parts(file)

    def bounds(self, part: Part, column: Field) -> Bounds:
        if column.name not in self._origins:
            return self._reader.bounds(part, column)
        if self._file_type is None:
            return NOTHING_KNOWN
        if not self._has(part.file, column):
            return Bounds(nulls=part.rows)
        return self._reader.bounds(part, self._asked(column))

    def bytes_of(self, part: Part, columns: Sequence[Field]) -> int:
        asked = {field.name: field for field in map(self._asked, columns)}
        return self._reader.bytes_of(part, list(asked.values()))

    def is_coded(self, part: Part, column: Field) -> bool:
        if column.name not in self._origins:
            return self._reader.is_coded(part, column)
        return self._file_type is not None and self._has(part.file, column) and self._reader.is_coded(
            part, self._asked(column))  # fmt: skip

    def read(
        self, part: Part, columns: Sequence[Field], coded: Collection[str] = ()
    ) -> Iterator[tuple[int, list[pa.Array]]]:
        wanted: dict[str, Field] = {}
        for column in columns:
            if column.name not in self._origins or self._file_type is None or self._has(part.file, column):
                asked = self._asked(column)
                wanted[asked.name] = asked
        names = list(wanted)
        packed = {self._origins.get(name, name) for name in coded}
        for rows, arrays in self._reader.read(part, list(wanted.values()), packed & wanted.keys()):
            found = dict(zip(names, arrays, strict=True))
            yield rows, [self._array(column, found, rows, part.file) for column in columns]

    def _asked(self, column: Field) -> Field:
        """What the format's reader is asked for."""
        origin = self._origins.get(column.name)
        if origin is None:
            return column
        return Field(origin, _TEXT if self._file_type is None else column.type)

    def _has(self, file: ObjectInfo, column: Field) -> bool:
        """Whether a file's values of the origin are this column's."""
        assert self._file_type is not None
        origin = self._origins[column.name]
        type = self._file_type(file, origin)
        able = [field for field in self._choices[origin] if type is not None and _takes(field.type, type)]
        return bool(able) and able[0].name == column.name

    def _array(self, column: Field, found: dict[str, pa.Array], rows: int, file: ObjectInfo) -> pa.Array:
        origin = self._origins.get(column.name)
        if origin is None:
            return found[column.name]
        if self._file_type is None:
            return self._of_texts(column, found[origin], self._choices[origin])
        return found[origin] if self._has(file, column) else pa.nulls(rows)

    def _of_texts(self, column: Field, texts: pa.Array, choices: Sequence[Field]) -> pa.Array:
        """The texts that this column has: those that no column before it can have."""
        if pa.types.is_null(texts.type):
            return texts
        for field in choices:
            values = typed(texts, field.type.sql)
            if field.name == column.name:
                return values
            texts = pc.if_else(pc.is_valid(values), pa.scalar(None, texts.type), texts)
        raise AssertionError(column.name)


def _rank(field: Field) -> tuple[int, int]:
    """Numbers, moments, truth values, bytes before texts, nested ones last."""
    type = field.type.sql
    if field.type.is_nested:
        return 9, 0
    order = (type.is_numeric, type.is_temporal, type.kind is Kind.BOOLEAN, type.kind is Kind.VARBYTE, True)
    return order.index(True), int(type.is_float)


def _takes(type: HiveType, stored: pa.DataType) -> bool:
    return pa.types.is_nested(stored) if type.is_nested else not pa.types.is_nested(stored) and fits(stored, type.sql)
