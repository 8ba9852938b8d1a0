"""Avro files: columns by the names of the records' fields. A file is one part; fastavro reads it record by record."""
from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pyarrow as pa

from ...formats.avro import records
from ...formats.listing import SourceFile
from ...objects.base import ObjectInfo
from ...objects.registry import Objects
from ..definition import Field, Source
from .base import Part, Plain
from .lines import ROW_BYTES
from .records import batches


class AvroReader(Plain):
    """See the module's text."""

    def __init__(self, source: Source, objects: Objects) -> None:
        self._objects = objects

    def parts(self, file: ObjectInfo) -> list[Part]:
        return [Part(file, max(file.bytes // ROW_BYTES, 1), file.bytes)]

    def read(
        self, part: Part, columns: Sequence[Field], coded: Collection[str] = ()
    ) -> Iterator[tuple[int, list[pa.Array]]]:
        file = SourceFile(part.file.url, part.file.bytes, part.file.etag, objects=self._objects)
        yield from batches((_picked(record, columns) for record in records(file)), columns)


def _picked(record: dict[str, Any], columns: Sequence[Field]) -> list[Any]:
    by_name = {name.lower(): value for name, value in record.items()}
    return [by_name.get(column.name) for column in columns]
