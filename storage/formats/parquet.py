"""COPY ... FORMAT PARQUET: columns by position, as Redshift does, whatever their names in the file (columnar.py).

Parts are runs of row groups.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ..coded import MOST_ENTRIES
from ..schema import Column
from ..types import Kind
from .columnar import ColumnarOptions, is_packed, seekable, telling
from .listing import SourceFile
from .rejected import Findings
from .source import Part, PartsOfFiles, Progress

# Row groups that stand in one part: enough work for a reader, few enough to share a file out.
PART_BYTES = 32 << 20
BATCH_ROWS = 65_536
STRINGS = (pa.types.is_string, pa.types.is_string_view, pa.types.is_large_string)
# Rows of a part that are looked at to see which columns have small dictionaries.
PROBED_ROWS = 1024
# Read ahead in each column of a row group: never a whole one, which may be as large as its writer liked.
READ_AHEAD = 1 << 20


class ParquetSource(PartsOfFiles):
    """Parquet files."""

    def __init__(self, files: tuple[SourceFile, ...], options: Mapping[str, Any] | None = None) -> None:
        self._options = ColumnarOptions("Parquet", options or {})
        super().__init__(files, _parts)

    def read(
        self,
        part: Part,
        columns: tuple[Column, ...],
        on_progress: Progress | None = None,
        findings: Findings | None = None,
    ) -> Iterator[pa.RecordBatch]:
        with seekable(part.file) as raw, _file(raw, part.file) as file, telling(part.file, "cannot be read"):
            self._options.check(file.schema_arrow, columns, part.file.path)
            groups = list(range(part.start, part.stop))
            rows = sum(file.metadata.row_group(g).num_rows for g in groups)
            coded = _small_dictionaries(raw, file, self._texts(columns), groups) if rows >= BATCH_ROWS else []
            done = 0
            for batch in _reader(raw, file, coded).iter_batches(BATCH_ROWS, row_groups=groups):
                yield self._options.finish(batch, columns)
                if on_progress is not None and rows:
                    before, done = done, done + batch.num_rows
                    on_progress(part.bytes * done // rows - part.bytes * before // rows)

    def _texts(self, columns: tuple[Column, ...]) -> list[int]:
        """Places of columns that may come as codes: text that nothing but the load looks at."""
        if self._options.replacement is not None:
            return []
        return [i for i, column in enumerate(columns) if column.type.kind in (Kind.CHAR, Kind.VARCHAR)]


@contextmanager
def opened(file: SourceFile) -> Iterator[pq.ParquetFile]:
    """The file, wherever it lies; LoadError when it is none of Parquet."""
    with seekable(file) as raw, _file(raw, file) as found:
        yield found


@contextmanager
def _file(raw: str | BinaryIO, file: SourceFile) -> Iterator[pq.ParquetFile]:
    with telling(file, "is not a readable Parquet file"):
        found = pq.ParquetFile(raw, pre_buffer=False, buffer_size=READ_AHEAD)
    with found:
        yield found


def _reader(raw: str | BinaryIO, file: pq.ParquetFile, coded: list[str]) -> pq.ParquetFile:
    """The file, with those columns as codes and dictionaries."""
    if not coded:
        return file
    return pq.ParquetFile(
        raw, metadata=file.metadata, pre_buffer=False, buffer_size=READ_AHEAD, read_dictionary=coded
    )


def _small_dictionaries(raw: str | BinaryIO, file: pq.ParquetFile, places: list[int], groups: list[int]) -> list[str]:
    """Names of those columns that have small dictionaries, by a look at the first rows: then reading them as codes
    saves making strings. Not from the file's metadata, as in `_parts`."""
    schema = file.schema_arrow
    fields = [schema.field(i) for i in places if i < len(schema)]
    names = [field.name for field in fields if any(test(field.type) for test in STRINGS)]
    names = [name for name in names if "." not in name and schema.names.count(name) == 1]
    if not names:
        return []
    rows = _reader(raw, file, names).iter_batches(PROBED_ROWS, row_groups=groups[:1], columns=names)
    return [
        name
        for name, array in zip(names, next(rows, pa.RecordBatch.from_pydict({})).columns)
        if pa.types.is_dictionary(array.type) and len(array.dictionary) < MOST_ENTRIES
    ]


def _parts(file: SourceFile) -> Iterator[Part]:
    """Runs of row groups of about PART_BYTES; one part without rows for a file without rows. A file that must
    be unpacked is one part."""
    with opened(file) as found:
        # Not from its columns' metadata: where that is damaged, asking for it ends the process (seen with pyarrow 26).
        groups = [found.metadata.row_group(g) for g in range(found.metadata.num_row_groups)]
        held = [max(group.total_byte_size, 0) for group in groups]
    whole = sum(held) or 1
    sizes = [file.bytes * size // whole for size in held]
    start = 0
    while True:
        stop, size = start, 0
        while stop < len(sizes) and (stop == start or size + sizes[stop] <= PART_BYTES or is_packed(file)):
            size += sizes[stop]
            stop += 1
        yield Part(file, start, stop, size)
        start = stop
        if start >= len(sizes):
            return
