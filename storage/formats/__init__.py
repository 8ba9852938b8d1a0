"""File formats for COPY: `open_source(source, format, options)` gives parts that can be read in parallel.

    listing.py   which files a prefix means               source.py    Part, Source: what all formats answer
    manifest.py  ... or a manifest                        rejected.py  rows that cannot be loaded
    streams.py   decompressed, in UTF-8                   options.py   COPY's options for text
    text.py      DELIMITER, CSV, FIXEDWIDTH: fast path    chunks.py    pieces of whole records
    strict.py    ... and the slow path that explains      rows.py      fields of a row to values
    values.py    one field's text to a value              datetimes.py formats of dates and times
    ranges.py    a large file in pieces, read at the same time
    json.py      documents one after the other            jsonpaths.py from a document to columns
    json_lines.py  ... a line each: fast path            json_tree.py what it finds in them
    avro.py      Avro, avro_columns.py its fast path      documents.py a document's values as fields
    parquet.py   orc.py      columnar.py: columns by position

Readers of other statements take a `Source` over files of their own: open_files.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import errors
from ..objects.registry import Objects
from .listing import SourceFile, list_files
from .source import Part, Progress, Source

__all__ = ["Part", "Progress", "Source", "SourceFile", "open_files", "open_source"]

ALL_MEMORY = 1 << 62
# A chunk of text is in memory several times (as it is, parsed, in batches that wait), for each reader.
CHUNK_SHARE, FEWEST_CHUNK_BYTES = 64, 1 << 20
COLUMNAR = ("parquet", "orc")


def open_source(
    source: str,
    format: str,
    options: Mapping[str, Any] | None = None,
    memory: int = ALL_MEMORY,
    objects: Objects | None = None,
) -> Source:
    """The files that a COPY source names, in a format: 'parquet', 'orc', 'csv', 'delimited', 'fixedwidth', 'json' or
    'avro'. `objects`: how stores are reached. `memory`: bytes that reading and loading have; a reader takes a small
    part of it at a time, whatever the files' size. The option MANIFEST says that `source` lists the files.

    Raises FileMissing when nothing is there and NotSupportedError for what is refused by name.
    """
    options = dict(options or {})
    objects = objects or Objects()
    if options.pop("MANIFEST", False):
        from .manifest import manifest_files

        files = manifest_files(source, objects, format.lower() in COLUMNAR)
    else:
        files = list_files(source, objects)
    return open_files(files, format, options, memory)


def open_files(
    files: tuple[SourceFile, ...], format: str, options: Mapping[str, Any] | None = None, memory: int = ALL_MEMORY
) -> Source:
    """The same for files that are known already."""
    options = options or {}
    match format.lower():
        case "parquet":
            from .parquet import ParquetSource

            return ParquetSource(files, options)
        case "orc":
            from .orc import OrcSource

            return OrcSource(files, options)
        case "csv" | "delimited" | "fixedwidth":
            from .chunks import CHUNK_BYTES
            from .text import TextSource

            chunk = min(CHUNK_BYTES, max(memory // CHUNK_SHARE, FEWEST_CHUNK_BYTES))
            return TextSource(files, format.lower(), options, chunk)
        case "json":
            from .json import JsonSource

            return JsonSource(files, options)
        case "avro":
            from .avro import AvroSource

            return AvroSource(files, options)
        case _:
            raise errors.NotSupportedError(f"COPY FORMAT {format.upper()} is not supported")
