"""Readers of external tables' files, one module a format; `reader_of` chooses by the definition.

    reader = reader_of(source, objects)
    reader.files(location)                  the files, as they are now
    reader.parts(file)                      the parts of a file that may be read apart: row groups, stripes, all of it
    reader.bounds(part, column)             what the file proves of a column there, to skip parts by
    reader.read(part, columns)              batches of Arrow arrays, one a column, in the file's own types

base.py has the face; choices.py columns of which each type has its own. Readers know nothing of partitions: their
columns are put in by engine/lake/source.py.
"""
from __future__ import annotations

from typing import Any

from .... import errors
from ..definition import Source
from .base import Bounds, Decoded, Objects, Part, Reader

__all__ = ["Bounds", "Decoded", "Part", "Reader", "reader_of"]


def reader_of(source: Source, objects: Objects) -> Reader:
    """The reader of a table's files."""
    if not any(name.startswith("column.origin.") for name, _ in source.properties):
        return _of_format(source, objects)
    from .choices import TYPED, ChoiceReader, without_choices

    reader: Any = _of_format(without_choices(source), objects)
    return ChoiceReader(source, reader, reader.file_type if source.format in TYPED else None)


def _of_format(source: Source, objects: Objects) -> Reader:
    match source.format:
        case "parquet":
            from .parquet import ParquetReader

            return ParquetReader(source, objects)
        case "text" | "csv":
            from .text import TextReader

            return TextReader(source, objects)
        case "json":
            from .json import JsonReader

            return JsonReader(source, objects)
        case "orc":
            from .orc import OrcReader

            return OrcReader(source, objects)
        case "avro":
            from .avro import AvroReader

            return AvroReader(source, objects)
        case "regex" | "grok":
            from .regex import RegexReader

            return RegexReader(source, objects)
        case "iceberg":
            from .iceberg import IcebergReader

            return IcebergReader(source, objects)
        case "ion":
            from .ion import IonReader

            return IonReader(source, objects)
        case _:
            raise errors.NotSupportedError(f"external tables of {source.format.upper()} files cannot be read yet")
