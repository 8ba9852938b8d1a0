"""COPY ... FORMAT AVRO: records of an Avro file, their fields by name or by the paths of a JSONPaths file.

fastavro reads blocks and types; values of a column's own kind go there as they are (avro_columns.py), others by way
of text, as JSON's do (documents.py). Snappy blocks are opened by Arrow's codec, which needs no further package.
"""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as OptionMap
from contextlib import contextmanager
from io import BytesIO
from itertools import islice
from typing import Any

import pyarrow as pa

from ... import errors
from ..schema import Column
from .avro_columns import ColumnParser
from .document_rows import BATCH_ROWS, DocumentRows, Row
from .jsonpaths import AUTO, NOSHRED, Mapping, mapping
from .listing import SourceFile
from .options import text_options
from .rejected import Findings
from .source import Part, PartsOfFiles, Progress
from .streams import Counting, telling
from .text import check_formats
from .values import BadValue

_CHECKSUM_BYTES = 4


class AvroSource(PartsOfFiles):
    """Avro files; `options["AVRO"]`: auto, auto ignorecase, or the name of a JSONPaths file."""

    def __init__(self, files: tuple[SourceFile, ...], options: OptionMap[str, Any]) -> None:
        super().__init__(files)
        self.options = text_options("avro", options)
        check_formats(self.options)
        self._argument = options.get("AVRO", AUTO)
        if self._argument == NOSHRED:
            raise errors.ProgrammingError("AVRO 'noshred' is not supported, JSON 'noshred' is")

    def read(
        self,
        part: Part,
        columns: tuple[Column, ...],
        on_progress: Progress | None = None,
        findings: Findings | None = None,
    ) -> Iterator[pa.RecordBatch]:
        mapped = mapping(self._argument, part.file.objects, columns)
        rows = DocumentRows(part.file.path, columns, self.options, findings)
        keys = mapped.exact_keys
        direct = None if keys is None else ColumnParser(columns, keys, self.options, rows.fast)
        found, done = records(part.file, on_progress), 0
        while several := list(islice(found, BATCH_ROWS)):
            batch = None if direct is None else direct.batch(several)
            if batch is not None:
                yield batch
            else:
                yield from _by_rows(several, done, mapped, rows)
            done += len(several)


def _by_rows(
    several: list[dict[str, Any]], before: int, mapped: Mapping, rows: DocumentRows
) -> Iterator[pa.RecordBatch]:
    """Records of which some values must be converted, or refused."""
    for number, record in enumerate(several, start=before + 1):
        try:
            values = mapped.values(record)
        except BadValue as e:
            yield from rows.reject(number, b"", e)
        else:
            yield from rows.add(Row(number, values, bytes))
    yield from rows.flush()


def records(file: SourceFile, on_progress: Progress | None = None) -> Iterator[dict[str, Any]]:
    """The records of a file, as fastavro gives them. LoadError for one that is no Avro file of records."""
    with telling(file), file.open() as raw:
        with _telling(file):
            reader = _reader(Counting(raw, on_progress))
            schema = reader.writer_schema
        if not isinstance(schema, dict) or schema.get("type") != "record":
            raise errors.LoadError(f'file "{file.path}": the Avro schema must be of type record')
        with _telling(file):
            yield from reader


@contextmanager
def _telling(file: SourceFile) -> Iterator[None]:
    """A broken file shows itself in errors of any kind."""
    try:
        yield
    except (errors.Error, OSError):
        raise
    except Exception as e:
        raise errors.LoadError(f'file "{file.path}" is not a readable Avro file: {e or type(e).__name__}') from e


def _reader(stream: Any) -> Any:
    from fastavro import read

    read.BLOCK_READERS["snappy"] = _snappy
    return read.reader(stream)


def _snappy(stream: Any) -> BytesIO:
    """A block: its raw Snappy bytes, which begin with their length once opened, and a checksum."""
    from fastavro._read import read_bytes  # type: ignore[attr-defined]

    data = read_bytes(stream)[:-_CHECKSUM_BYTES]
    size = shift = 0
    for byte in data[:5]:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return BytesIO(pa.decompress(data, size, codec="snappy", asbytes=True))
